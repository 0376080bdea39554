"""A room gets only so many messages nobody asked for; of the others one digest says how many, and what about."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from senders import Held, another_sender, in_room
from senders import put as put_reply
from sqlalchemy import text

from bot.config_file import Rate
from bot.integration import Hook
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing, safe
from bot.outbound.redact import Redactor
from bot.outbound.subscriptions import subscribe
from bot.store.database import Database
from bot.store.tidy import tidy
from integrations.jenkins import integration as jenkins
from tests.bot_in_process import BotInProcess, bot_in_process
from tests.playground.running import Webex

REDACTOR = Redactor(["swordfish"])
RATE = Rate(count=2, seconds=600.0)
MINUTES = 60
DIGEST = re.compile(
    r"🔇 (\d+) more messages? since \d\d:\d\d:\d\d UTC, left out so as not to flood this room:\n\n"
)


def report(database: Database, *texts: str, rate: Rate | None = RATE, **fields: Any) -> None:
    """An integration tells of these, each in a transaction of its own; each text is its own key."""
    for each in texts:
        values = {"room_id": "room", "key": each, "markdown": each, **fields}
        with database.transaction() as session:
            notify(session, Outgoing(**values), REDACTOR, rate)


def waiting(database: Database, lane: str = "room") -> list[str]:
    """The texts of the messages that wait to be sent in a lane."""
    query = "SELECT body ->> 'markdown' FROM outbox WHERE state = 'pending' AND lane = :lane ORDER BY id"
    with database.transaction() as session:
        return list(session.scalars(text(query), {"lane": lane}))


def counted(digest: str) -> int:
    """How many a digest says were left out."""
    match = DIGEST.match(digest)
    assert match, digest
    return int(match[1])


def listed(digest: str) -> list[str]:
    """The lines below its first."""
    return DIGEST.sub("", digest).replace("  \n", "\n").split("\n")


def test_within_the_budget_each_is_a_message(database: Database) -> None:
    report(database, "one", "two")
    assert waiting(database) == ["one", "two"]


def test_beyond_it_one_digest_counts_them_and_tells_how_they_began(database: Database) -> None:
    report(database, "one", "two", "❌ **api** failed\n\nall of its log", "four")
    *first, digest = waiting(database)
    assert first == ["one", "two"]
    assert counted(digest) == 2
    assert listed(digest) == ["- ❌ **api** failed", "- four"]


def test_the_digest_of_a_single_one_counts_right_too(database: Database) -> None:
    report(database, "one", "two", "three")
    digest = waiting(database)[-1]
    assert digest.startswith("🔇 1 more message since ")
    assert listed(digest) == ["- three"]


def test_a_digest_tells_of_the_first_ten_and_how_many_there_are_besides(database: Database) -> None:
    report(database, *(f"report {number}" for number in range(1, 40)))
    digest = waiting(database)[-1]
    assert counted(digest) == 37
    assert listed(digest) == [*(f"- report {number}" for number in range(3, 13)), "- … and 27 more"]


def test_each_room_and_each_person_has_a_budget_of_its_own(database: Database) -> None:
    report(database, "1", "2", "3")
    report(database, "4", "5", room_id="kitchen")
    report(database, "6", "7", room_id=None, to_person_email="ada@example.com")
    assert [counted(each) for each in waiting(database)[2:]] == [1]
    assert waiting(database, "kitchen") == ["4", "5"]
    assert waiting(database, "mailto:ada@example.com") == ["6", "7"]


def test_without_a_budget_nothing_is_left_out(database: Database) -> None:
    report(database, *map(str, range(50)), rate=None)
    assert waiting(database) == [str(number) for number in range(50)]


def test_the_same_report_twice_is_counted_once(database: Database) -> None:
    report(database, "one", "one", "two", "two", "three", "three", "one")
    *first, digest = waiting(database)
    assert (first, counted(digest)) == (["one", "two"], 1)


def test_what_is_rolled_back_is_not_counted(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        for key in ("one", "two", "three"):
            notify(session, Outgoing(key=key, markdown=key, room_id="room"), REDACTOR, RATE)
        raise ZeroDivisionError
    report(database, "one", "two")
    assert waiting(database) == ["one", "two"]


def test_what_was_left_out_is_forgotten_after_a_week(database: Database) -> None:
    report(database, "one", "two", "three", "four")
    with database.transaction() as session:
        session.execute(
            text("UPDATE outbox SET created_at = now() - interval '8 days' WHERE dedupe_key = 'three:0'")
        )
    tidy(database)
    with database.transaction() as session:
        left = session.scalars(text("SELECT dedupe_key FROM outbox WHERE state = 'left out'")).all()
    assert left == ["four:0"]


# As safe as any message


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("the password is swordfish", "- the password is «redacted»"),
        ("<@all> look", "- <\u200b@all> look"),
        ("\n\n## Nightly build\n\nbroken", "- Nightly build"),
        ("> 1. - quoted", "- quoted"),
        ("```\nrm *.log\n```", "- rm \\*.log"),
        ("```", "- …"),
        (" \n", "- …"),
    ],
)
def test_a_line_of_it_is_safe_and_fits_a_list(database: Database, message: str, line: str) -> None:
    report(database, "one", "two")
    report(database, message)
    assert listed(waiting(database)[-1]) == [line]


def test_however_long_the_messages_are_their_digest_is_one_message(database: Database) -> None:
    report(database, "one", "two")
    report(database, *(f"{number} **{'🚀' * 3000}" for number in range(30)))
    digest = waiting(database)[-1]
    assert len(digest.encode()) <= 7439
    assert listed(digest)[0].startswith("- 0 \\*\\*🚀")
    assert listed(digest)[0].endswith("🚀…")


def test_a_file_or_a_card_is_left_out_with_its_message(database: Database) -> None:
    report(database, "one", "two")
    report(database, "three", card={"type": "AdaptiveCard"}, file_name="log.txt", file_content=b"log")
    with database.transaction() as session:
        kept = session.execute(
            text("SELECT body, file_content FROM outbox WHERE dedupe_key = 'three:0'")
        ).one()
    assert tuple(kept) == ({"markdown": "three"}, None)


# In the room


def tell(bot: BotInProcess, *texts: str) -> None:
    report(bot.database, *texts, room_id=bot.room)


def test_the_digest_comes_when_the_room_may_be_told_something_again(bot: BotInProcess) -> None:
    tell(bot, "one", "two", "three", "four")
    bot.work()
    assert in_room(bot) == ["one", "two"]
    bot.let_pass(4 * MINUTES)
    bot.work()
    assert in_room(bot) == ["one", "two"]
    bot.let_pass(1 * MINUTES)
    bot.work()
    *first, digest = in_room(bot)
    assert (first, counted(digest)) == (["one", "two"], 2)


def test_the_digest_takes_the_place_of_a_message(bot: BotInProcess) -> None:
    tell(bot, "one", "two", "three")
    bot.let_pass(5 * MINUTES)
    bot.work()
    tell(bot, "four")
    bot.work()
    assert len(in_room(bot)) == 3
    bot.let_pass(5 * MINUTES)
    bot.work()
    *_, first, second = in_room(bot)
    assert (listed(first), listed(second)) == (["- three"], ["- four"])


def test_while_a_digest_waits_what_comes_goes_into_it_so_that_the_order_holds(bot: BotInProcess) -> None:
    tell(bot, "one", "two", "three")
    bot.let_pass(60 * MINUTES)
    tell(bot, "four")
    bot.work()
    tell(bot, "five")
    bot.work()
    *first, digest, last = in_room(bot)
    assert (first, listed(digest), last) == (["one", "two"], ["- three", "- four"], "five")


def test_no_budget_flows_in_while_webex_has_a_room_wait_so_that_it_is_not_told_too_much_at_once(
    bot: BotInProcess,
) -> None:
    bot.webex.fault(
        kind="status",
        status=429,
        retryAfter=20 * MINUTES,
        match={"method": "POST", "path": "/v1/messages"},
        count=1,
    )
    tell(bot, "one", "two")
    bot.work()
    bot.let_pass(20 * MINUTES)
    tell(bot, "three", "four")
    bot.work()
    assert in_room(bot) == ["one", "two"]
    bot.let_pass(5 * MINUTES)
    bot.work()
    *first, digest = in_room(bot)
    assert (first, listed(digest)) == (["one", "two"], ["- three", "- four"])


def test_replies_are_neither_counted_nor_kept_waiting(bot: BotInProcess) -> None:
    tell(bot, "one", "two", "three")
    put_reply(bot, *(f"reply {number}" for number in range(5)))
    bot.work()
    assert in_room(bot) == ["one", "two", *(f"reply {number}" for number in range(5))]
    assert bot.ask("ping") == "pong"


def test_what_is_left_out_while_a_digest_is_being_sent_is_in_the_next(bot: BotInProcess, held: Held) -> None:
    with another_sender(bot, held) as (sender, _owner):
        tell(bot, "one", "two", "three")
        sender.kick([bot.room])
        held.go.release(2)
        bot.wait_until_sent()
        bot.let_pass(5 * MINUTES)
        sender.kick([bot.room])
        for _ in range(3):
            assert held.arrived.acquire(timeout=30)
        tell(bot, "four", "five")
        held.go.release()
        bot.wait_until_sent()
    bot.let_pass(5 * MINUTES)
    bot.work()
    *_, first, second = in_room(bot)
    assert (listed(first), listed(second)) == (["- three"], ["- four", "- five"])


def test_a_sender_that_comes_while_a_digest_is_counted_on_waits_for_it(
    bot: BotInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(bot, "one", "two", "three")
    bot.work()
    bot.let_pass(5 * MINUTES)
    threads: list[threading.Thread] = []

    def meanwhile(*args: Any) -> str:
        threads.append(threading.Thread(target=bot.sender.kick, args=([bot.room],)))
        threads[0].start()
        threads[0].join(0.5)
        return safe(*args)

    monkeypatch.setattr("bot.outbound.budget.safe", meanwhile)
    tell(bot, "four")
    threads[0].join()
    bot.work()
    *_, digest = in_room(bot)
    assert listed(digest) == ["- three", "- four"]


def test_a_digest_that_webex_refuses_for_now_comes_later_beside_the_next(
    bot: BotInProcess, held: Held
) -> None:
    bot.webex.fault(kind="status", status=503, match={"method": "POST", "path": "/v1/messages"}, count=1)
    with another_sender(bot, held) as (sender, _owner):
        tell(bot, "one", "two", "three")
        with bot.database.transaction() as session:
            session.execute(text("DELETE FROM outbox WHERE state = 'pending' AND NOT is_digest"))
        bot.let_pass(5 * MINUTES)
        sender.kick([bot.room])
        assert held.arrived.acquire(timeout=30)
        tell(bot, "four")
        held.go.release()
        bot.wait_until_sent()
    assert in_room(bot) == []
    bot.let_pass(60 * MINUTES)
    bot.work()
    assert [listed(each) for each in in_room(bot)] == [["- three"], ["- four"]]


# Many at once


def test_of_two_that_report_at_once_each_message_is_sent_or_counted(database: Database) -> None:
    with ThreadPoolExecutor(2) as threads:
        done = [
            threads.submit(report, database, *(f"{name} {number}" for number in range(40)))
            for name in ("api", "web")
        ]
        for each in done:
            each.result()
    *first, digest = waiting(database)
    assert (len(first), counted(digest)) == (2, 78)


def test_a_job_that_reports_five_hundred_builds_does_not_flood_the_rooms_that_listen(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    assert jenkins.hook is not None
    hook = Hook(lambda _: ("secret-end",), jenkins.hook.read, jenkins.hook.handle)
    ci = replace(jenkins, settings=None, client=None, accounts=None, hook=hook)
    config = {"notifications": "30/1d"}
    with bot_in_process(webex, database, integrations=(ci,), config=config, folder=tmp_path) as bot:
        with database.transaction() as session:
            subscribe(session, "jenkins", "noisy", bot.room, "you@example.com", {"tells": "all"})
        for number in range(1, 501):
            build = {"job": "noisy", "number": number, "result": "FAILURE"}
            assert bot.http.post("/hooks/jenkins/secret-end", data=json.dumps(build)).status_code == 200
        bot.work()
        assert len(in_room(bot)) == 30
        assert bot.rows("SELECT state, count(*) FROM inbox GROUP BY 1") == [("done", 500)]
        bot.let_pass(86400)
        bot.work()
        *first, digest = in_room(bot)
        assert (len(first), counted(digest)) == (30, 470)
        assert listed(digest)[-1] == "- … and 460 more"
        assert bot.ask("ping") == "pong"
