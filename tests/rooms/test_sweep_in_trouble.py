"""A sweep when Webex is unwell, when rooms move and vanish, and when its process is killed: nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import Database
from bot.webex import ServerError
from tests.bot_in_process import BOT
from tests.playground.running import Webex, running_webex
from tests.rooms.one_sweep import POLICY, OneSweep, one_sweep
from tests.rooms.test_sweep import act, begin, rewrite
from tests.talking import PATIENCE, wait_for


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def swept(webex: Webex, database: Database, tmp_path: Path) -> Iterator[OneSweep]:
    with one_sweep(webex, database, tmp_path) as running:
        yield running


def calls(webex: Webex, route: str) -> Counter[str]:
    """How often this was asked of Webex, by the status of the answer."""
    return Counter(webex.control("GET", "stats").json()["calls"].get(route, {}))


LEAVING = "DELETE /v1/memberships/{id}"


# Rooms that move and vanish


def test_a_room_that_gets_another_id_is_followed(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    moved = swept.migrate(room)
    assert act(swept) == {"Old news": ("verified", "left", None)}
    assert not swept.is_in(moved)
    assert swept.report()[1][0]["id"] == moved


def test_the_word_that_a_room_has_another_id_may_come_late(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    moved = swept.migrate(room, heard=False)
    swept.let_pass(days=8)
    swept.sweep()
    assert swept.items() == {"Old news": ("noticed", None, None)}
    swept.bot.deliver(
        {"resource": "rooms", "event": "migrated", "data": {"id": moved, "migratedFrom": room}, "id": "W1"}
    )
    swept.bot.work()
    assert act(swept) == {"Old news": ("verified", "left", None)}


def test_a_room_that_is_gone_is_looked_for_twice_and_told(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    swept.webex.control("POST", f"rooms/{room}/vanish")
    swept.let_pass(days=8)
    swept.sweep()
    assert swept.items() == {"Old news": ("noticed", None, None)}
    assert act(swept) == {"Old news": ("gone", "It is not there any more, or I am not in it any more.", None)}
    assert swept.state() == "done"


# Notices that do not arrive


def test_a_room_that_takes_no_notice_is_swept_all_the_same_and_that_is_told(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.webex.control("POST", f"rooms/{room}/read-only")
    swept.ask("room sweep old")
    swept.sweep()
    assert swept.texts(room) == []
    state, outcome, error = act(swept)["Old news"]
    assert (state, outcome) == ("verified", "left")
    assert str(error).startswith("No notice could be given in it: Posting a message to room")
    assert "Webex answered 403 Forbidden" in swept.report()[1][0]["reason"]


def test_the_grace_counts_from_when_the_notice_has_arrived(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.ask("room sweep old")
    match = {"method": "POST", "path": "/v1/messages"}
    fault = swept.webex.fault(kind="status", status=503, match=match, count=None)
    swept.sweep()
    assert swept.texts(room) == []
    swept.let_pass(days=8)
    swept.sweep()
    swept.webex.control("DELETE", f"faults/{fault}")
    swept.bot.let_pass(3600)
    swept.bot.work()
    assert len(swept.texts(room)) == 1
    swept.let_pass(days=6)
    swept.sweep()
    assert swept.is_in(room)
    assert act(swept) == {"Old news": ("verified", "left", None)}


def test_a_notice_that_arrived_late_but_before_its_date_has_its_whole_grace(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.ask("room sweep old")
    match = {"method": "POST", "path": "/v1/messages"}
    fault = swept.webex.fault(kind="status", status=503, match=match, count=None)
    swept.sweep()
    swept.let_pass(days=5)
    swept.webex.control("DELETE", f"faults/{fault}")
    swept.bot.let_pass(3600)
    swept.bot.work()
    assert len(swept.texts(room)) == 1
    swept.let_pass(days=3)
    swept.sweep()
    assert swept.is_in(room)
    swept.let_pass(days=5)
    swept.sweep()
    assert swept.items() == {"Old news": ("verified", "left", None)}


# Webex is busy, away, or unwell


def test_a_429_in_the_listing_costs_time_and_no_page_that_was_read(swept: OneSweep) -> None:
    swept.room("Old news")
    asked = swept.ask("room sweep old")
    assert asked
    listed = calls(swept.webex, "GET /v1/rooms")["200"]
    swept.webex.fault(kind="status", status=429, retryAfter=77, match={"path": "/v1/rooms"}, count=1)
    swept.sweep()
    [(wait,)] = swept.bot.rows("SELECT extract(epoch FROM next_step_at - now()) FROM runs")
    assert 60 < wait <= 77
    assert swept.state() == "planning"
    swept.let_pass(seconds=80)
    swept.sweep()
    assert calls(swept.webex, "GET /v1/rooms")["200"] == listed + 1
    assert swept.state() == "running"


def test_webex_is_away_for_a_while_in_the_middle(swept: OneSweep) -> None:
    rooms = begin(swept, "Old friends", "Old news")
    swept.webex.fault(kind="drop", match={"path": "/v1/rooms/*"}, count=3)
    for _ in range(4):
        items = act(swept)
    assert [each[:2] for each in items.values()] == [("verified", "left")] * 2
    assert [swept.is_in(room) for room in rooms] == [False, False]


def test_a_room_on_which_webex_keeps_failing_is_given_up_and_told_and_the_others_are_not(
    swept: OneSweep,
) -> None:
    stuck, fine = begin(swept, "Old friends", "Old news")
    swept.webex.fault(kind="status", status=500, match={"path": f"/v1/rooms/{stuck}"}, count=None)
    for _ in range(8):
        items = act(swept)
    assert items["Old news"][:2] == ("verified", "left")
    state, _, error = items["Old friends"]
    assert state == "failed"
    assert "Webex answered 500 Internal Server Error" in str(error)
    assert swept.state() == "partial"
    assert (swept.is_in(stuck), swept.is_in(fine)) == (True, False)
    text, _lines = swept.report()
    assert "is done: 1 left, 1 failed." in text
    assert "- Old friends: Reading room" in text
    assert "`retry 1` tries again to leave what failed, and only that." in text


def test_retry_does_only_what_failed(swept: OneSweep) -> None:
    test_a_room_on_which_webex_keeps_failing_is_given_up_and_told_and_the_others_are_not(swept)
    swept.webex.control("DELETE", "faults")
    asked = swept.say("retry 1")
    assert "Old friends" in asked
    assert "Old news" not in asked
    swept.ask("retry 1")
    assert swept.bot.rows("SELECT count(*) FROM bulk_results") == [(0,)]


def test_what_webex_refuses_for_good_is_told_at_once(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    swept.webex.fault(kind="status", status=403, match={"method": "DELETE"}, count=1)
    state, _, error = act(swept)["Old news"]
    assert state == "failed"
    assert "Webex answered 403 Forbidden" in str(error)
    assert swept.is_in(room)


def test_a_room_that_cannot_be_read_after_it_was_left_is_read_later(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    swept.webex.fault(
        kind="status", status=503, match={"method": "GET", "path": f"/v1/rooms/{room}"}, count=2, after=1
    )
    swept.let_pass(days=8)
    swept.sweep(until="verifying")
    assert not swept.is_in(room)
    assert swept.items()["Old news"][0] == "acted"
    act(swept)
    assert act(swept)["Old news"][:2] == ("verified", "left")
    assert calls(swept.webex, LEAVING) == Counter({"204": 1})


# The process dies


class Dies(BaseException):
    """The process ends here: nothing of what it holds is put in order."""


def test_killed_after_webex_has_done_it_nothing_is_done_again(swept: OneSweep) -> None:
    begin(swept, "Old friends", "Old news", "Old times")
    leave, left = swept.bot.services.webex.remove_membership, list[str]()

    def die_after_the_second(membership_id: str) -> None:
        leave(membership_id)
        left.append(membership_id)
        if len(left) == 2:
            raise Dies

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swept.bot.services.webex, "remove_membership", die_after_the_second)
        with pytest.raises(Dies):
            act(swept)
    swept.kill_worker()
    assert [each[0] for each in swept.items().values()].count("verified") == 1
    swept.start_worker()
    swept.sweep()
    assert {title: each[:2] for title, each in swept.items().items()} == dict.fromkeys(
        ("Old friends", "Old news", "Old times"), ("verified", "left")
    )
    assert calls(swept.webex, LEAVING) == Counter({"204": 3})
    [(line,)] = swept.bot.rows("SELECT text FROM run_log WHERE text LIKE 'I was interrupted%'")
    assert line.endswith("I have read it again: left.")


def test_killed_before_webex_heard_of_it_the_room_is_read_and_then_acted_on(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")

    def die(_membership_id: str) -> None:
        raise Dies

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swept.bot.services.webex, "remove_membership", die)
        with pytest.raises(Dies):
            act(swept)
    swept.kill_worker()
    assert swept.is_in(room)
    swept.start_worker()
    swept.sweep()
    assert swept.items() == {"Old news": ("verified", "left", None)}
    assert calls(swept.webex, LEAVING) == Counter({"204": 1})


def test_killed_in_the_listing_no_room_is_chosen_twice_or_forgotten(swept: OneSweep) -> None:
    rooms = [swept.room(f"Old {number}") for number in range(5)]
    swept.ask("room sweep old")
    page = swept.bot.services.webex.room_page
    swept.sweep(until="planning")

    def small_pages(link: str | None = None) -> Any:
        return page(link, page_size=2)

    def die_at_the_third(link: str | None = None) -> Any:
        seen.append(link)
        if len(seen) == 3:
            raise Dies
        return page(link, page_size=2)

    seen: list[str | None] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swept.bot.services.webex, "room_page", die_at_the_third)
        with pytest.raises(Dies):
            swept.sweep()
        swept.kill_worker()
        patch.setattr(swept.bot.services.webex, "room_page", small_pages)
        swept.start_worker()
        swept.sweep()
    assert [len(swept.texts(room)) for room in rooms] == [1] * 5
    [(listing,)] = swept.bot.rows("SELECT progress->'listing' FROM runs")
    assert listing["rooms"] == 6


def test_killed_right_after_the_notices_were_stored_each_room_gets_one(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.ask("room sweep old")
    swept.sweep()
    swept.bot.rows("UPDATE runs SET next_step_at = now() RETURNING 1")
    swept.bot.rows("UPDATE sweep_items SET state = 'chosen' RETURNING 1")  # the commit that was lost
    swept.sweep()
    assert len(swept.texts(room)) == 1


_WORKER = """
import sys
from bot.assembly import load_parts
from bot.worker import Worker
from bot.settings import Settings
Worker(load_parts(Settings.load())).run()
"""


def test_a_worker_process_killed_in_the_middle_of_acting_is_followed_by_another(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    """With real processes: kill -9 while half of the rooms are left, then a second worker."""
    rules = POLICY | {"grace": "1s", "most": 100}
    titles = [f"Old {number:02}" for number in range(24)]
    with one_sweep(webex, database, tmp_path, rules) as swept:
        rooms = [swept.room(title) for title in titles]
        swept.ask("room sweep old")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "DATABASE_URL": database.url,
            "WEBEX_ACCESS_TOKEN": f"bot:{BOT}",
            "WEBEX_API_URL": webex.api,
            "WEBEX_WEBHOOK_SECRET": "a-secret-of-the-tests",
            "SPARKOPS_ADMINS": "you@example.com",
            "SPARKOPS_CONFIG": str(tmp_path / "sparkops.yaml"),
            "SPARKOPS_HOME": str(tmp_path),
        }
        webex.fault(kind="slow", delay=0.1, match={"method": "DELETE"})

        def worker() -> subprocess.Popen[bytes]:
            log = (tmp_path / "worker.log").open("ab")
            command = [sys.executable, "-c", _WORKER]
            return subprocess.Popen(
                command, env=environment, cwd=Path(__file__).parents[2], stdout=log, stderr=log
            )

        first = worker()
        try:
            wait_for(lambda: calls(webex, LEAVING)["204"] >= 5, "some rooms to be left", seconds=90)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait(PATIENCE)
        assert any(swept.is_in(room) for room in rooms)
        second = worker()
        try:
            wait_for(lambda: swept.state() in ("done", "partial", "lost"), "the sweep to end", seconds=90)
        finally:
            second.send_signal(signal.SIGTERM)
            second.wait(PATIENCE)
        assert swept.state() == "done"
        assert {title: each[:2] for title, each in swept.items().items()} == dict.fromkeys(
            titles, ("verified", "left")
        )
        assert calls(webex, LEAVING)["204"] == len(rooms)
        assert not any(swept.is_in(room) for room in rooms)


def test_an_answer_that_is_lost_is_no_second_deed(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    leave = swept.bot.services.webex.remove_membership

    def lose_the_answer(membership_id: str) -> None:
        leave(membership_id)
        raise ServerError("Leaving", 504)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swept.bot.services.webex, "remove_membership", lose_the_answer)
        assert act(swept)["Old news"][:2] == ("verified", "left")
    assert not swept.is_in(room)
    assert calls(swept.webex, LEAVING) == Counter({"204": 1})


def test_a_policy_that_only_gives_notice_now_acts_on_nothing(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    rewrite(swept, POLICY | {"action": "notify"})
    assert act(swept)["Old news"][:2] == ("refused", "The policy gives notice only now.")
    assert swept.is_in(room)
