"""`/healthz`, `/readyz` and `/metrics`: what a platform, an operator and Prometheus are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from bot.app import create_app
from bot.config_file import SettingsError
from bot.inbound import inbox
from bot.integration import Integration
from bot.outbound.outbox import Outgoing, enqueue
from bot.runs.ownership import Ownership
from bot.store.counters import Counters
from bot.store.database import Database
from bot.store.models import Fact
from tests.bot_in_process import SECRET, BotInProcess, about, bot_in_process, database_away
from tests.playground.running import Webex, running_webex
from tests.talking import settings_of


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def bot(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    with bot_in_process(webex, database) as running:
        yield running


def ready(bot: BotInProcess) -> tuple[int, dict[str, Any]]:
    answer = bot.http.get("/readyz")
    assert isinstance(answer.json, dict)
    return answer.status_code, answer.json


def test_healthz_says_that_the_process_answers_and_looks_at_nothing_else(
    bot: BotInProcess, postgres_url: str
) -> None:
    with database_away(postgres_url):
        answer = bot.http.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


# Ready


def test_ready_is_a_database_a_worker_and_a_webex_that_takes_the_token(bot: BotInProcess) -> None:
    bot.watch.set_up()
    assert ready(bot) == (
        200,
        {
            "ready": True,
            "database": "ok",
            "queue": "ok",
            "clock": "ok",
            "webex": "The webhooks are in place.",
            "policy": "ok",
        },
    )


def test_a_process_that_could_not_take_the_new_policy_is_named_and_the_bot_goes_on_with_the_old_one(
    bot: BotInProcess,
) -> None:
    bot.watch.set_up()
    says = "host-2, process 7 keeps its old policy: sparkops.yaml, line 3: no such group."
    with bot.database.transaction() as session:
        session.add(Fact(name="policy", value={"ok": False, "says": says}))
    status, told = ready(bot)
    assert (status, told["policy"]) == (200, says)


def test_before_a_worker_has_spoken_with_webex_it_is_not_ready(bot: BotInProcess) -> None:
    status, told = ready(bot)
    assert (status, told["ready"], told["webex"]) == (503, False, "No worker has spoken with Webex yet.")


def test_a_wrong_token_is_told_in_one_sentence_with_what_to_do(bot: BotInProcess) -> None:
    bot.webex.fault(kind="status", status=401, match={"path": "/v1/webhooks"})
    bot.watch.set_up()
    status, told = ready(bot)
    assert status == 503
    assert told["webex"].startswith("Listing webhooks: Webex answered 401 Unauthorized")
    assert told["webex"].endswith(
        "Put the bot's present token into WEBEX_ACCESS_TOKEN (developer.webex.com, My Webex Apps)"
    )


def test_without_a_clock_nobody_looks_at_the_webhooks(bot: BotInProcess) -> None:
    bot.watch.set_up()
    with bot.database.transaction() as session:
        session.execute(
            text("UPDATE facts SET updated_at = now() - interval '20 minutes' WHERE name = 'webex'")
        )
    status, told = ready(bot)
    assert (status, told["clock"]) == (
        503,
        "The webhooks were last looked at 20 minutes ago: is the clock running?",
    )


def test_while_the_database_is_away_it_is_not_ready_and_says_so(bot: BotInProcess, postgres_url: str) -> None:
    bot.watch.set_up()
    with database_away(postgres_url):
        assert ready(bot) == (503, {"ready": False, "database": "The database is away."})
    bot.http.get("/readyz")
    assert ready(bot)[1]["database"] == "ok"


def test_without_a_worker_it_is_not_ready(bot: BotInProcess) -> None:
    bot.watch.set_up()
    bot.ownership.close()
    status, told = ready(bot)
    assert (status, told["queue"]) == (503, "No worker is running.")


def test_a_worker_that_was_killed_does_not_count_although_nobody_has_cleared_up_after_it(
    bot: BotInProcess,
) -> None:
    bot.watch.set_up()
    bot.ownership.close()
    killed = Ownership(bot.database.url)
    assert ready(bot)[0] == 200
    killed._connection.close()
    status, told = ready(bot)
    assert (status, told["queue"]) == (503, "No worker is running.")
    assert bot.metric("sparkops_executors") == 0


def test_an_event_that_nobody_takes_up_for_long_is_told(bot: BotInProcess) -> None:
    bot.watch.set_up()
    bot.hear("ping")
    assert ready(bot)[0] == 200
    with bot.database.transaction() as session:
        session.execute(text("UPDATE inbox SET received_at = now() - interval '75 seconds'"))
    status, told = ready(bot)
    assert (status, told["queue"]) == (503, "An event has been waiting for 75 s.")


def test_no_secret_is_told_to_whoever_asks(bot: BotInProcess) -> None:
    bot.watch.say(ok=False, text=f"it was signed with {SECRET}")
    assert ready(bot)[1]["webex"] == "it was signed with «redacted»"


# Metrics


def samples(bot: BotInProcess) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus reads out of a scrape."""
    answer = bot.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_every_figure_is_there_also_before_anything_has_happened(bot: BotInProcess) -> None:
    answer = bot.http.get("/metrics").text
    families = {family.name: family.type for family in text_string_to_metric_families(answer)}
    assert families == {
        "sparkops_inbox": "gauge",
        "sparkops_outbox": "gauge",
        "sparkops_runs": "gauge",
        "sparkops_executors": "gauge",
        "sparkops_inbox_lag_seconds": "gauge",
        "sparkops_dead_letters": "gauge",
        "sparkops_audit_unsealed": "gauge",
        "sparkops_audit_lag_seconds": "gauge",
        "sparkops_requests": "counter",
        "sparkops_inbound_refused": "counter",
        "sparkops_inbound_dropped": "counter",
        "sparkops_inbound_duplicates": "counter",
        "sparkops_outbox_sent_again": "counter",
    }


def test_what_happened_can_be_read_from_the_figures(bot: BotInProcess) -> None:
    message = bot.hear("ping")
    bot.deliver(about(message))
    bot.hear("run list", person="mallory@example.com") if bot.webex.person().post(
        "memberships", roomId=bot.room, personEmail="mallory@example.com"
    ) else None
    bot.work()
    bot.deliver(about(message | {"id": "forged"}), secret="wrong")
    bot.deliver(b"{")
    own = bot.webex.bot().post("messages", roomId=bot.room, text="mine")
    bot.deliver(about(own))
    with bot.database.transaction() as session:
        enqueue(session, Outgoing(key="k", markdown="waiting", room_id=bot.room), bot.services.redactor)
        session.execute(
            text("INSERT INTO counters (name, labels, value) VALUES ('of_a_later_version', '', 7)")
        )
    bot.deliver(about(message | {"id": "waiting"}))

    found = samples(bot)
    assert found.pop(("sparkops_inbox_lag_seconds", ())) >= 0
    assert found == {
        ("sparkops_inbox", (("source", "webex"), ("state", "done"))): 2,
        ("sparkops_inbox", (("source", "webex"), ("state", "queued"))): 1,
        ("sparkops_outbox", (("state", "pending"),)): 1,
        ("sparkops_outbox", (("state", "sent"),)): 2,
        ("sparkops_executors", ()): 1,
        ("sparkops_dead_letters", ()): 0,
        ("sparkops_audit_unsealed", ()): 2,
        ("sparkops_audit_lag_seconds", ()): 0,
        ("sparkops_requests_total", (("decision", "allowed"), ("entry", "text"), ("result", "ok"))): 1,
        ("sparkops_requests_total", (("decision", "denied"), ("entry", "text"), ("result", "denied"))): 1,
        ("sparkops_inbound_refused_total", (("reason", "bad_signature"), ("source", "webex"))): 1,
        ("sparkops_inbound_refused_total", (("reason", "bad_json"), ("source", "webex"))): 1,
        ("sparkops_inbound_dropped_total", (("reason", "own_or_bot"), ("source", "webex"))): 1,
        ("sparkops_inbound_duplicates_total", (("source", "webex"),)): 1,
    }


def test_the_lag_is_the_age_of_the_oldest_event_that_is_not_handled(bot: BotInProcess) -> None:
    assert bot.metric("sparkops_inbox_lag_seconds") == 0
    bot.hear("ping")
    with bot.database.transaction() as session:
        session.execute(text("UPDATE inbox SET received_at = now() - interval '1 hour'"))
    assert bot.metric("sparkops_inbox_lag_seconds") >= 3600
    bot.work()
    assert bot.metric("sparkops_inbox_lag_seconds") == 0


def test_dead_letters_are_shown_until_they_are_replayed(bot: BotInProcess) -> None:
    bot.hear("ping")
    with bot.database.transaction() as session:
        session.execute(text("UPDATE inbox SET state = 'dead'"))
    assert bot.metric("sparkops_dead_letters") == 1
    with bot.database.transaction() as session:
        inbox.replay(session, 1)
    assert bot.metric("sparkops_dead_letters") == 0


def test_the_figures_are_the_same_whichever_process_is_asked(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database) as one, bot_in_process(webex, database) as other:
        one.deliver(b"{", headers={})
        assert samples(one) == samples(other) | {("sparkops_executors", ()): 2.0}
        assert other.metric("sparkops_inbound_refused_total", source="webex", reason="bad_signature") == 1


def test_while_the_database_is_away_a_scrape_fails_and_nothing_counted_is_lost(
    bot: BotInProcess, postgres_url: str
) -> None:
    with database_away(postgres_url):
        bot.deliver(b"{", headers={})
        answer = bot.http.get("/metrics")
        assert (answer.status_code, answer.text) == (503, "# The database is away.\n")
    assert bot.metric("sparkops_inbound_refused_total", source="webex", reason="bad_signature") == 1


def test_what_integrations_count_is_shown_beside_what_the_bot_counts(
    webex: Webex, database: Database
) -> None:
    counting = Integration(name="ours", counted={"ours_asked": ("Questions to ours", "outcome,server")})
    with bot_in_process(webex, database, integrations=(counting,)) as bot:
        assert "# TYPE sparkops_ours_asked_total counter" in bot.http.get("/metrics").text
        counters = Counters(database)
        counters.count("ours_asked", server="main", outcome="ok")
        counters.flush()
        assert bot.metric("sparkops_ours_asked_total", server="main", outcome="ok") == 1


# What it does not start without


def test_without_a_webhook_secret_the_web_process_does_not_start_and_says_why() -> None:
    with pytest.raises(
        SettingsError, match=r"^WEBEX_WEBHOOK_SECRET is not set: without it nobody could tell"
    ):
        create_app(settings_of({"DATABASE_URL": "postgresql://127.0.0.1:9/x"}))


def test_on_a_dyno_without_a_database_the_web_process_does_not_start_and_says_why() -> None:
    with pytest.raises(SettingsError, match=r"^This is a Heroku dyno and DATABASE_URL is not set\."):
        create_app(settings_of({"DYNO": "web.1", "WEBEX_WEBHOOK_SECRET": "s"}))


def test_a_page_that_is_not_there_is_404(bot: BotInProcess) -> None:
    assert bot.http.get("/hooks/webex/nothing").status_code in {404, 405}
    assert bot.http.get("/nothing").status_code == 404
