"""The bot's own webhooks: made at start, kept alive, and everybody else's left alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bot.store.database import Database
from bot.webex.webhooks import SUBSCRIBED
from tests.bot_in_process import BOT, SECRET, BotInProcess, bot_in_process, served
from tests.playground.running import Webex
from tests.talking import OWNER, free_port, wait_for

HOOK = "http://127.0.0.1:9/hooks/webex"


def webhooks(webex: Webex) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = webex.bot().get("webhooks", max=100)["items"]
    return items


def told(bot: BotInProcess) -> dict[str, Any]:
    """What /readyz is told of Webex."""
    [(value,)] = bot.rows("SELECT value FROM facts WHERE name = 'webex'")
    assert isinstance(value, dict)
    return value


def said_to_owner(bot: BotInProcess) -> list[str]:
    items = bot.webex.person().call("GET", "messages/direct", params={"personEmail": BOT})
    return [each["markdown"] for each in reversed(items.json()["items"])] if items.status_code == 200 else []


def test_at_start_the_bot_makes_a_webhook_for_each_event_it_wants_and_a_second_start_changes_nothing(
    bot: BotInProcess,
) -> None:
    bot.watch.set_up()
    made = webhooks(bot.webex)
    assert sorted(
        (each["name"], each["resource"], each["event"], each["targetUrl"]) for each in made
    ) == sorted((f"sparkops {resource} {event}", resource, event, HOOK) for resource, event in SUBSCRIBED)
    bot.watch.set_up()
    assert [each["id"] for each in webhooks(bot.webex)] == [each["id"] for each in made]
    assert told(bot) == {"ok": True, "says": "The webhooks are in place."}


def test_other_peoples_webhooks_are_left_alone_at_start_and_later(bot: BotInProcess) -> None:
    others = [
        bot.webex.bot().post("webhooks", name=name, targetUrl=url, resource="messages", event="created")
        for name, url in (
            ("pagerduty", "https://pager.example.com/in"),
            ("sparkops", "https://elsewhere.example.com/hooks/webex"),
            ("sparkops messages created by hand", HOOK),
            ("my sparkops messages created", HOOK),
        )
    ]
    bot.webex.control("POST", f"webhooks/{others[0]['id']}/disable")
    before = webhooks(bot.webex)
    bot.watch.set_up()
    bot.watch.look()
    assert [each for each in webhooks(bot.webex) if each["id"] in {other["id"] for other in others}] == before


def test_after_a_move_to_another_address_the_same_webhooks_deliver_there(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, environ={"PUBLIC_URL": "http://127.0.0.1:10/old/"}) as bot:
        bot.watch.set_up()
        before = webhooks(webex)
        assert {each["targetUrl"] for each in before} == {"http://127.0.0.1:10/old/hooks/webex"}
    with bot_in_process(webex, database) as bot:
        bot.watch.set_up()
        after = webhooks(webex)
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert {each["targetUrl"] for each in after} == {HOOK}


def test_what_webex_delivers_to_them_is_accepted_also_after_the_secret_was_rotated(
    webex: Webex, database: Database
) -> None:
    port = free_port()
    for secrets in (SECRET, f"a-new-secret-of-the-tests, {SECRET}"):
        environ = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "WEBEX_WEBHOOK_SECRET": secrets}
        with bot_in_process(webex, database, environ=environ) as bot, served(bot.app, port):
            bot.watch.set_up()
            message = bot.say("ping")
            ours = text("SELECT count(*) FROM inbox WHERE dedupe_key LIKE :key")

            def stored(key: str = f"messages:created:{message['id']}", query: Any = ours) -> bool:
                with database.transaction() as session:
                    return session.scalar(query, {"key": key}) == 1

            wait_for(stored, "the delivery")
            bot.work()
            assert bot.thread(message["id"]) == ["pong"]
            [delivered] = [each for each in webex.deliveries() if each["dataId"] == message["id"]]
            assert delivered["status"] == 200


# Disabled by Webex


def disable(bot: BotInProcess, name: str = "sparkops messages created") -> None:
    [found] = [each for each in webhooks(bot.webex) if each["name"] == name]
    assert bot.webex.control("POST", f"webhooks/{found['id']}/disable").status_code == 200


def inactive(bot: BotInProcess) -> list[str]:
    return [each["name"] for each in webhooks(bot.webex) if each["status"] != "active"]


def test_a_disabled_webhook_is_enabled_again_and_the_owners_are_told(bot: BotInProcess) -> None:
    bot.watch.set_up()
    disable(bot)
    bot.watch.look()
    bot.work()
    assert inactive(bot) == []
    [sentence] = said_to_owner(bot)
    assert sentence.startswith(
        "Webex had disabled the webhook “sparkops messages created”, as it does when deliveries go unanswered; "
        "it is enabled again. Should it be disabled again, the next try is at "
    )


def test_one_that_is_disabled_again_is_left_until_its_wait_is_over_and_then_tried_again(
    bot: BotInProcess,
) -> None:
    bot.watch.set_up()
    disable(bot)
    bot.watch.look()
    disable(bot)
    bot.watch.look()
    assert inactive(bot) == ["sparkops messages created"]

    let_the_back_off_pass(bot)
    bot.watch.look()
    assert inactive(bot) == []
    bot.work()
    assert ["it is enabled again" in each for each in said_to_owner(bot)] == [True, True]
    assert "it is enabled again (try 2)." in said_to_owner(bot)[1]


def let_the_back_off_pass(bot: BotInProcess) -> None:
    with bot.database.transaction() as session:
        session.execute(
            text("""
                UPDATE facts SET value = (
                    SELECT jsonb_object_agg(key, each || '{"not_before": "2026-01-01T00:00:00+00:00"}')
                    FROM jsonb_each(value) AS pair (key, each))
                WHERE name = 'webhook back-off'
            """)
        )


def test_the_back_off_survives_a_restart_of_the_worker(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database) as bot:
        bot.watch.set_up()
        disable(bot)
        bot.watch.look()
        disable(bot)
    with bot_in_process(webex, database) as bot:
        bot.watch.look()
        assert inactive(bot) == ["sparkops messages created"]


def test_a_worker_that_starts_anew_enables_at_once_what_was_disabled_while_it_was_away(
    bot: BotInProcess,
) -> None:
    bot.watch.set_up()
    disable(bot)
    bot.watch.set_up()
    assert inactive(bot) == []


def test_one_that_somebody_deleted_is_made_again_within_a_minute(bot: BotInProcess) -> None:
    bot.watch.set_up()
    [gone] = [each for each in webhooks(bot.webex) if each["name"] == "sparkops rooms migrated"]
    bot.webex.bot().delete(f"webhooks/{gone['id']}")
    bot.watch.look()
    assert len(webhooks(bot.webex)) == len(SUBSCRIBED)


def test_a_look_at_healthy_webhooks_changes_nothing_at_webex(bot: BotInProcess) -> None:
    bot.watch.set_up()
    before = bot.webex.control("GET", "stats").json()["calls"]
    bot.watch.look()
    after = bot.webex.control("GET", "stats").json()["calls"]
    changed = {route for route in after if after[route] != before.get(route)}
    assert changed == {"GET /v1/webhooks"}


# When it cannot be done


def test_without_a_public_address_it_says_so_and_touches_nothing(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, environ={"PUBLIC_URL": ""}) as bot:
        bot.watch.set_up()
        bot.watch.look()
        assert told(bot)["says"] == "PUBLIC_URL is not set: Webex cannot reach this bot."
        assert webhooks(webex) == []


def test_what_webex_refuses_is_told_and_mended_at_the_next_look(bot: BotInProcess) -> None:
    bot.webex.fault(kind="status", status=500, match={"method": "POST", "path": "/v1/webhooks"}, count=1)
    bot.watch.set_up()
    assert told(bot)["ok"] is False
    assert told(bot)["says"].startswith(
        "Creating the webhook 'sparkops messages created': Webex answered 500 Internal Server Error"
    )
    assert len(webhooks(bot.webex)) == len(SUBSCRIBED) - 1
    bot.watch.look()
    assert told(bot) == {"ok": True, "says": "The webhooks are in place."}
    assert len(webhooks(bot.webex)) == len(SUBSCRIBED)


@pytest.mark.parametrize("status", [401, 502])
def test_when_the_webhooks_cannot_even_be_listed_it_says_so(bot: BotInProcess, status: int) -> None:
    bot.webex.fault(kind="status", status=status, match={"path": "/v1/webhooks"}, count=2)
    bot.watch.look()
    assert told(bot)["ok"] is False
    assert told(bot)["says"].startswith(f"Listing webhooks: Webex answered {status} ")
    assert webhooks(bot.webex) == []


def test_only_one_worker_at_a_time_touches_them(bot: BotInProcess) -> None:
    with bot.database.transaction() as another_worker:
        another_worker.execute(text("SELECT pg_advisory_xact_lock(73110002)"))
        bot.watch.set_up()
        bot.watch.look()
        assert webhooks(bot.webex) == []
    bot.watch.set_up()
    assert len(webhooks(bot.webex)) == len(SUBSCRIBED)


def test_the_report_reaches_every_owner(webex: Webex, database: Database) -> None:
    admins = f"{OWNER},ada@example.com"
    with bot_in_process(webex, database, environ={"SPARKOPS_ADMINS": admins}) as bot:
        bot.watch.set_up()
        disable(bot)
        bot.watch.look()
        bot.work()
        for owner in admins.split(","):
            items = webex.person(owner).get("messages/direct", personEmail=BOT)["items"]
            assert len(items) == 1
