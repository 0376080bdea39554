"""What becomes of work when a process or the database dies in the middle of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from bot.integration import migrations_of
from bot.settings import Settings
from bot.store.database import Database
from bot.store.embedded import EmbeddedPostgres
from bot.store.migrate import migrate
from tests.playground.running import running_webex
from tests.talking import RunningBot, running_bot, wait_for


@contextmanager
def bot_with_an_oven(url: str, folder: Path) -> Iterator[RunningBot]:
    """A running bot that can bake (tests/runs/oven.py)."""
    config = folder / "sparkops.yaml"
    config.write_text(yaml.safe_dump({"modules": ["tests.runs.oven"]}))
    environ = {"SPARKOPS_CONFIG": str(config), "OVEN_LOAVES": str(folder / "loaves")}
    with running_webex() as webex, running_bot(webex, url, folder, environ) as bot:
        yield bot


def restart_killed(bot: RunningBot) -> None:
    """kill -9, then start again, as a supervisor does."""
    bot.worker.kill()
    bot.worker.start()


def test_a_run_goes_on_after_its_worker_was_killed(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    with bot_with_an_oven(postgres_url, tmp_path) as bot:
        asked = bot.say("oven bake 4 --seconds 1")
        bot.replies(asked)
        wait_for(lambda: "minute 1" in bot.ask("run log 1"), "the first minute")
        restart_killed(bot)
        thread = bot.replies(asked, at_least=2)
        assert thread[-1]["text"].startswith("✅ bread is baked.")
        assert (tmp_path / "loaves").read_text() == "lit for run 1\n", "the oven was lit once"


def test_a_run_killed_in_its_side_effect_is_lost_and_its_asker_decides(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    with bot_with_an_oven(postgres_url, tmp_path) as bot:
        asked = bot.say("oven bake 1 --lighting 30")
        wait_for((tmp_path / "loaves").exists, "the oven to be lit")
        restart_killed(bot)
        lost = bot.replies(asked, at_least=2)[-1]
        assert lost["markdown"] == (
            "❓ **bread** (run 1) is lost: it was interrupted while lighting the oven. I do not know how far it "
            "came, and I repeat nothing by myself. Please look, then `run cancel 1` frees what it holds. "
            "<@personEmail:you@example.com>"
        )
        assert (tmp_path / "loaves").read_text() == "lit for run 1\n", "nothing was repeated"


def test_the_bot_comes_back_when_the_database_does(tmp_path: Path) -> None:
    """The worker's lock goes with its connection, so the worker starts itself anew."""
    server = EmbeddedPostgres(tmp_path / "home")
    with server:
        url = server.start()
        migrate(url, migrations_of(Settings.load({})))
        with running_webex() as webex, running_bot(webex, url, tmp_path) as bot:
            assert bot.ask("ping") == "pong"
            server.stop()
            said = bot.say(
                "ping"
            )  # Webex delivers once, and is answered 503: this message is not ours to lose
            wait_for(
                lambda: any(each["status"] == 503 for each in webex.deliveries()),
                "the delivery to be refused",
            )
            server.start()
            bot.ready()
            assert bot.ask("ping") == "pong"
            assert webex.person().get("messages", roomId=bot.room, parentId=said)["items"] == []
