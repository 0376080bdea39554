"""Cards in a room, from the person's click to the bot's answer, with the real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from bot.store.database import Database
from tests.conftest import empty
from tests.playground.running import running_webex
from tests.talking import OWNER, RunningBot, confirmation_code, running_bot

ADA = "ada@example.com"


@pytest.fixture(scope="module")
def bot(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """A running bot with the bakery, in a room with its owner and Ada."""
    folder = tmp_path_factory.mktemp("bot")
    config = folder / "sparkops.yaml"
    config.write_text(yaml.safe_dump({"modules": ["tests.commands.bakery"]}))
    database = Database(postgres_url, pool_size=1)
    empty(database)
    database.close()
    environ = {"SPARKOPS_CONFIG": str(config)}
    with running_webex() as webex, running_bot(webex, postgres_url, folder, environ) as running:
        webex.person(OWNER).post("memberships", roomId=running.room, personEmail=ADA)
        yield running


def submit(
    bot: RunningBot, message: Mapping[str, Any], button: int, person: str = OWNER, **inputs: str
) -> None:
    """Press a button of the message's card, with what is filled in."""
    card = message["attachments"][0]["content"]
    data = {**card["actions"][button]["data"], **inputs}
    bot.webex.person(person).post("attachment/actions", type="submit", messageId=message["id"], inputs=data)


def words(message: Mapping[str, Any]) -> str:
    return str(message.get("markdown") or message["text"])


def test_a_missing_argument_is_filled_in_and_the_command_runs_in_the_same_thread(bot: RunningBot) -> None:
    line = bot.say("bread bake")
    form = bot.replies(line)[0]
    assert words(form).startswith("`bread bake` needs rye|wheat, NAME, SHAPES.")
    submit(bot, form, 0, field0="wheat", field1="Sunday Morning", field2="round “very long”")
    assert words(bot.replies(line, at_least=2)[1]) == "Baked 2 of wheat for Sunday Morning."


def test_what_cannot_be_read_in_a_form_is_told(bot: RunningBot) -> None:
    line = bot.say("bread bake rye Sunday")
    submit(bot, bot.replies(line)[0], 0, field0='round "long')
    assert words(bot.replies(line, at_least=2)[1]).startswith("⚠️ I cannot read that.")


def test_only_the_asker_confirms_with_a_card(bot: RunningBot) -> None:
    line = bot.say("bread throw stale")
    question = bot.replies(line)[0]
    code = confirmation_code(words(question))
    submit(bot, question, 0, person=ADA)
    assert words(bot.replies(line, at_least=2)[1]) == (
        f"⚠️ {code} was asked of {OWNER}, and only they can confirm it."
    )
    submit(bot, question, 0)
    assert words(bot.replies(line, at_least=3)[2]) == "Thrown away: stale."


def test_a_forged_card_is_answered_or_ignored_and_stops_nothing(bot: RunningBot) -> None:
    line = bot.say("run show")
    form = bot.replies(line)[0]
    for forged in ("[" * 20_000, "null", json.dumps([["ping"]]), json.dumps(["frob\x00", "\ud83d"])):
        submit(bot, form, 0, words=forged)
    assert words(bot.replies(line, at_least=2)[1]).startswith("I know no `frob \ufffd`.")
    submit(bot, form, 0, field0="99999999999999999999")
    assert words(bot.replies(line, at_least=3)[2]).startswith("⚠️ Invalid value for 'NUMBER'")
    assert bot.ask("ping") == "pong"
