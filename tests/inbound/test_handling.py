"""From a stored event to the reply in the room: what is acted on, what is not, and what happens when it fails."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.commands.context import Context
from bot.commands.model import Effect, Reply, command
from bot.inbound import inbox
from bot.integration import Hook, HookEvent, Integration
from bot.runs.ownership import Ownership, free_work_of_the_dead
from bot.store.database import Database
from tests.bot_in_process import BOT, BotInProcess, about, bot_in_process, delivery
from tests.playground.running import Webex
from tests.talking import OWNER

ENDS = "SELECT state, reason FROM inbox ORDER BY id"


# Where a reply goes


def test_a_line_in_a_group_room_is_answered_in_its_thread(bot: BotInProcess) -> None:
    message = bot.hear("ping")
    bot.work()
    question, reply = bot.messages()
    assert (question["id"], reply["parentId"]) == (message["id"], message["id"])
    assert (reply["markdown"], reply["personEmail"]) == ("pong", BOT)
    assert bot.rows(ENDS) == [("done", None)]


def test_a_line_within_a_thread_is_answered_in_the_same_thread(bot: BotInProcess) -> None:
    root = bot.webex.person().post("messages", roomId=bot.room, text="The build is red")
    bot.hear("version", parent=root["id"])
    bot.work()
    assert bot.thread(root["id"])[-1].startswith("Sparkops ")


def test_alone_with_somebody_the_reply_stands_beside_the_question(bot: BotInProcess) -> None:
    you = bot.webex.person()
    question = you.post("messages", toPersonEmail=BOT, text="ping")
    bot.deliver(about(question))
    bot.work()
    reply = bot.messages(room=question["roomId"])[-1]
    assert reply["markdown"] == "pong"
    assert "parentId" not in reply


def test_alone_with_somebody_a_thread_stays_a_thread(bot: BotInProcess) -> None:
    you = bot.webex.person()
    root = you.post("messages", toPersonEmail=BOT, text="about the release")
    question = you.post("messages", toPersonEmail=BOT, text="ping", parentId=root["id"])
    bot.deliver(about(question))
    bot.work()
    assert bot.messages(room=root["roomId"])[-1]["parentId"] == root["id"]


def test_a_button_is_the_line_it_stands_for_under_the_rights_of_whoever_presses_it(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, commands=(drop,)) as bot:
        question = bot.hear("cluster drop eth-private")
        bot.work()
        card = bot.messages(parentId=question["id"])[0]
        assert card["markdown"].startswith("⚠️ Drop the cluster eth-private?")
        yes = card["attachments"][0]["content"]["actions"][0]
        assert yes["title"] == "Do it"

        bot.webex.person().post("memberships", roomId=bot.room, personEmail="mallory@example.com")
        press(bot, card, yes["data"], person="mallory@example.com")
        assert "was asked of you@example.com, and only they can confirm it." in bot.thread(question["id"])[-1]

        press(bot, card, yes["data"])
        assert bot.thread(question["id"])[-1] == "Dropped eth-private."
        assert bot.rows("SELECT entry, person_email, command, decision FROM audit ORDER BY id")[-1] == (
            "card",
            OWNER,
            "cluster drop",
            "allowed",
        )


def press(bot: BotInProcess, card: dict[str, Any], inputs: dict[str, Any], person: str = OWNER) -> None:
    action = bot.webex.person(person).post(
        "attachment/actions", type="submit", messageId=card["id"], inputs=inputs
    )
    names = ("id", "type", "messageId", "personId", "roomId", "created")
    event = delivery("attachmentActions", "created", {name: action[name] for name in names})
    assert bot.deliver(event).status_code == 200
    bot.work()


@command(
    "cluster drop",
    effect=Effect.DESTROY,
    says=lambda context, parameters: f"Drop the cluster {parameters['name']}?",
)
@click.argument("name")
def drop(context: Context, name: str) -> Reply:
    """Drop a cluster."""
    return Reply(f"Dropped {name}.")


def test_a_card_that_is_not_the_bots_own_is_left_alone(bot: BotInProcess) -> None:
    card = bot.webex.bot().post(
        "messages",
        roomId=bot.room,
        markdown="a poll",
        attachments=[
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {"type": "AdaptiveCard", "version": "1.3", "body": []},
            }
        ],
    )
    press(bot, card, {"answer": "yes"})
    assert bot.rows(ENDS) == [("ignored", "not a card of mine")]
    assert len(bot.messages()) == 1


# Who is not answered


@pytest.mark.parametrize(("bots", "replies"), [("", []), ("deployer@webex.bot", ["pong"])])
def test_another_bot_is_answered_only_if_it_is_named_in_the_settings(
    webex: Webex, database: Database, bots: str, replies: list[str]
) -> None:
    with bot_in_process(webex, database, environ={"SPARKOPS_ALLOWED_BOTS": bots}) as bot:
        webex.person().post("memberships", roomId=bot.room, personEmail="deployer@webex.bot")
        message = webex.bot("deployer@webex.bot").post(
            "messages", roomId=bot.room, markdown=f"<@personEmail:{BOT}> ping"
        )
        bot.deliver(about(message))
        bot.work()
        assert bot.thread(message["id"]) == replies


def test_what_does_not_mention_the_bot_is_not_for_it(bot: BotInProcess, webex: Webex) -> None:
    bystander = webex.person().post("messages", roomId=bot.room, text="Sparkops ping")
    bot.deliver(about(bystander))
    bot.work()
    # Webex does not show a bot what does not mention it: for the bot the message is not there.
    for _ in range(6):
        bot.let_pass(10)
        bot.work()
    [(state, reason)] = bot.rows(ENDS)
    assert state == "ignored"
    assert reason.startswith("gone before it was read: Reading message")
    assert len(bot.messages()) == 1


def test_a_deleted_message_asks_for_nothing(bot: BotInProcess) -> None:
    bot.deliver(about(bot.say("ping"), "deleted"))
    bot.work()
    assert bot.rows(ENDS) == [("ignored", "messages deleted asks for nothing")]


# Too old


def test_an_event_of_before_a_long_outage_is_recorded_and_not_acted_on(bot: BotInProcess) -> None:
    message = bot.say("ping")
    written = datetime.now(UTC) - timedelta(minutes=11)
    bot.deliver(about(message, created=written.isoformat()))
    bot.work()
    [(state, reason)] = bot.rows(ENDS)
    assert state == "stale"
    assert reason.endswith(" s old, more than 600 s")
    assert bot.thread(message["id"]) == []


def test_how_old_is_too_old_can_be_set(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, environ={"SPARKOPS_MAX_EVENT_AGE": "3600"}) as bot:
        written = datetime.now(UTC) - timedelta(minutes=59)
        message = bot.say("ping")
        bot.deliver(about(message, created=written.isoformat()))
        bot.work()
        assert bot.thread(message["id"]) == ["pong"]


@pytest.mark.parametrize("fault", [None, 429, 503])
def test_an_old_event_that_is_replayed_is_acted_on_however_old_it_is(
    bot: BotInProcess, fault: int | None
) -> None:
    message = bot.say("ping")
    bot.deliver(about(message, created="2026-01-01T00:00:00.000Z"))
    bot.work()
    [(number,)] = bot.rows("SELECT id FROM inbox WHERE state = 'stale'")
    if fault:
        path = f"/v1/messages/{message['id']}"
        bot.webex.fault(kind="status", status=fault, match={"method": "GET", "path": path}, count=1)
    with bot.database.transaction() as session:
        assert inbox.replay(session, number)
    bot.work()
    bot.let_pass(60)
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]
    assert [state for state, _ in bot.rows(ENDS)] == ["done"]


def test_only_an_ended_event_can_be_replayed(bot: BotInProcess) -> None:
    bot.hear("ping")
    [(number,)] = bot.rows("SELECT id FROM inbox")
    with bot.database.transaction() as session:
        assert not inbox.replay(session, number)
        assert not inbox.replay(session, number + 1)


# Webex says no


def test_a_429_waits_as_long_as_webex_says_and_is_no_failed_attempt(bot: BotInProcess) -> None:
    bot.webex.fault(
        kind="html", status=429, retryAfter=3600, match={"method": "GET", "path": "/v1/messages/*"}, count=1
    )
    message = bot.hear("ping")
    bot.work()
    assert bot.rows(
        "SELECT state, attempts, round(extract(epoch FROM not_before - now()) / 60) FROM inbox"
    ) == [("waiting", 0, 60)]
    bot.let_pass(3599)
    bot.work()
    assert bot.thread(message["id"]) == []
    bot.let_pass(2)
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]


def test_a_429_while_the_room_is_looked_up_does_not_lose_the_question(bot: BotInProcess) -> None:
    bot.webex.fault(kind="status", status=429, retryAfter=7, match={"path": "/v1/rooms/*"}, count=1)
    message = bot.hear("ping")
    bot.work()
    bot.let_pass(8)
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]


def test_a_message_that_webex_does_not_know_yet_is_asked_for_again(bot: BotInProcess) -> None:
    bot.webex.fault(kind="status", status=404, match={"method": "GET", "path": "/v1/messages/*"}, count=3)
    message = bot.hear("ping")
    for _ in range(3):
        bot.work()
        assert bot.rows("SELECT state FROM inbox") == [("waiting",)]
        bot.let_pass(2)
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]


def test_a_message_that_stays_unknown_is_believed_to_be_gone_after_ten_seconds(bot: BotInProcess) -> None:
    message = bot.hear("ping")
    bot.webex.person().delete(f"messages/{message['id']}")
    waits = []
    while bot.rows("SELECT state FROM inbox") != [("ignored",)]:
        bot.work()
        waits += [
            round(float(wait), 1)
            for (wait,) in bot.rows(
                "SELECT extract(epoch FROM not_before - now()) FROM inbox WHERE state = 'waiting'"
            )
        ]
        bot.let_pass(10)
    assert sum(waits) == pytest.approx(9.6, abs=0.5)
    assert bot.metric("sparkops_dead_letters") == 0


def test_an_event_that_keeps_failing_becomes_a_dead_letter_that_can_be_replayed(bot: BotInProcess) -> None:
    fault = bot.webex.fault(kind="status", status=403, match={"method": "GET", "path": "/v1/messages/*"})
    message = bot.hear("ping")
    for _ in range(6):
        bot.work()
        bot.let_pass(3600)
    [(state, reason)] = bot.rows(ENDS)
    assert state == "dead"
    assert reason.startswith(f"Reading message {message['id']}: Webex answered 403 Forbidden")
    assert bot.metric("sparkops_dead_letters") == 1
    assert bot.metric("sparkops_inbox", source="webex", state="dead") == 1
    [(number, correlation)] = bot.rows("SELECT id, correlation_id FROM inbox")
    apology = (
        "💥 I could not handle this, though I tried several times. It is kept: my owners find it as event "
        f"{number} (`{correlation}`) and can replay it."
    )
    assert bot.thread(message["id"]) == [apology]

    bot.webex.control("DELETE", f"faults/{fault}")
    with bot.database.transaction() as session:
        assert inbox.replay(session, number)
    bot.work()
    assert bot.thread(message["id"]) == [apology, "pong"]
    assert bot.metric("sparkops_dead_letters") == 0


def test_an_outage_of_webex_is_waited_out_and_is_no_dead_letter(bot: BotInProcess) -> None:
    fault = bot.webex.fault(kind="status", status=502, match={"method": "GET", "path": "/v1/messages/*"})
    message = bot.hear("ping")
    for _ in range(12):
        bot.work()
        bot.let_pass(60)
    [(state, reason)] = bot.rows(ENDS)
    assert (state, reason.split(" (")[0]) == (
        "waiting",
        f"Reading message {message['id']}: Webex answered 502 Bad Gateway: Bad Gateway",
    )
    bot.webex.control("DELETE", f"faults/{fault}")
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]


def test_after_too_long_an_outage_the_asker_is_told_to_say_it_again(bot: BotInProcess) -> None:
    fault = bot.webex.fault(kind="status", status=502, match={"method": "GET", "path": "/v1/messages/*"})
    message = bot.hear("ping")
    bot.work()
    with bot.database.transaction() as session:
        aged = "jsonb_set(payload, '{data,created}', '\"2026-01-01T00:00:00.000Z\"')"
        session.execute(text(f"UPDATE inbox SET payload = {aged}"))
    bot.webex.control("DELETE", f"faults/{fault}")
    bot.let_pass(60)
    bot.work()
    assert [state for state, _ in bot.rows(ENDS)] == ["stale"]
    assert bot.thread(message["id"]) == [
        "⌛ I could not reach Webex in time to act on this, and now it is too old to act on unasked. Say it again."
    ]


def test_a_dead_letter_holds_no_secret(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, integrations=(CI,)) as bot:
        report(bot, "no token-of-the-ci-server, said the server")
        die(bot)
        [(_, reason)] = bot.rows(ENDS)
        assert reason == "RuntimeError: no token=«redacted» said the server"


# The bot itself says no


def test_a_fault_of_the_database_that_comes_every_time_is_a_dead_letter_too_and_not_an_endless_loop(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, integrations=(CI,)) as bot:
        report(bot, "bad sql")
        die(bot)
        [(state, reason)] = bot.rows(ENDS)
        assert state == "dead"
        assert reason.startswith("DataError: (psycopg.errors.DivisionByZero)")


def test_a_reply_that_the_database_cannot_hold_is_still_answered(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, commands=(odd,)) as bot:
        assert bot.ask("odd") == "before � and � after"


@command("odd")
def odd(context: Context) -> Reply:
    """Answer with what neither PostgreSQL nor UTF-8 can hold."""
    return Reply("before \0 and \ud83d after")


def die(bot: BotInProcess) -> None:
    for _ in range(6):
        bot.work()
        bot.let_pass(3600)


def handle(event: HookEvent, services: Any, session: Any) -> tuple[str, ...]:
    said = event.payload["said"]
    if said == "bad sql":
        session.execute(text("SELECT 1 / 0"))
    if said == "cut":
        raise OperationalError("SELECT 1", {}, psycopg.OperationalError("server closed the connection"))
    raise RuntimeError(said.replace("token-of-the-ci-server,", "token=token-of-the-ci-server"))


CI = Integration(
    name="ci",
    hook=Hook(lambda _: ("end",), lambda body, _: HookEvent(body.decode(), {"said": body.decode()}), handle),
)


def report(bot: BotInProcess, said: str) -> None:
    assert bot.http.post("/hooks/ci/end", data=said.encode()).status_code == 200


def test_an_event_of_an_integration_that_was_taken_out_is_a_dead_letter(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, integrations=(CI,)) as bot:
        report(bot, "hello")
    with bot_in_process(webex, database) as bot:
        bot.work()
        assert bot.rows(ENDS) == [("dead", "the integration 'ci' is not installed")]


def test_an_outage_of_the_database_in_the_middle_leaves_the_event_to_be_handled_again(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, integrations=(CI,)) as bot:
        report(bot, "cut")
        bot.work()
        assert bot.rows("SELECT state, owner FROM inbox") == [("handling", bot.ownership.id)]
        with database.transaction() as session:
            bot.handler.put_back_forgotten(session)
        assert bot.rows("SELECT state, owner FROM inbox") == [("waiting", None)]


def test_the_work_of_a_dead_worker_is_handled_by_another(bot: BotInProcess) -> None:
    message = bot.hear("ping")
    dead = Ownership(bot.database.url)
    with bot.database.autocommit() as connection:
        assert len(inbox.claim(connection, dead.id, 10)) == 1
    bot.work()
    assert bot.thread(message["id"]) == []
    with bot.database.transaction() as session:
        assert free_work_of_the_dead(session) == ()
    kill(dead)
    with bot.database.transaction() as session:
        assert free_work_of_the_dead(session) == (dead.id,)
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]
    assert bot.rows("SELECT state, attempts FROM inbox") == [("done", 2)]


def kill(owner: Ownership) -> None:
    """As SIGKILL does: the socket closes without a word."""
    owner._connection.close()


def test_workers_that_reach_for_the_same_events_get_each_one_once(bot: BotInProcess) -> None:
    for _ in range(20):
        bot.hear("ping")
    start = threading.Barrier(4)

    def reach(_: int) -> list[int]:
        start.wait()
        taken: list[int] = []
        with bot.database.autocommit() as connection:
            while events := inbox.claim(connection, bot.ownership.id, 3):
                taken += [each.id for each in events]
        return taken

    with ThreadPoolExecutor(4) as workers:
        taken = [number for each in workers.map(reach, range(4)) for number in each]
    assert sorted(taken) == [number for (number,) in bot.rows("SELECT id FROM inbox ORDER BY id")]


def test_a_bug_of_a_command_is_told_once_in_the_room(webex: Webex, database: Database) -> None:
    @command("explode")
    def explode(context: Context) -> Reply:
        """End in an error."""
        raise RuntimeError("boom")

    with bot_in_process(webex, database, commands=(explode,)) as bot:
        assert bot.ask("explode").startswith("💥 That ended in an error of mine, not of yours.")
        assert bot.rows(ENDS) == [("done", None)]
