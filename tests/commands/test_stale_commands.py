"""`room stale`, `room sweep`, `room sweep-go`, `room keep`: what is said, by whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.commands.builtin import stale
from bot.rooms import sweep_by_clock
from bot.store.database import Database
from tests.playground.running import Webex, running_webex
from tests.rooms.one_sweep import POLICY, OneSweep, one_sweep

ADA = "ada@example.com"


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def swept(webex: Webex, database: Database, tmp_path: Path) -> Iterator[OneSweep]:
    with one_sweep(webex, database, tmp_path) as running:
        yield running


def say_as(swept: OneSweep, person: str, line: str, room: str | None = None) -> str:
    """What the bot answers somebody else."""
    message = swept.bot.hear(line, person=person, room=room)
    swept.bot.work()
    return str(swept.bot.messages(room=room, parentId=message["id"])[0]["markdown"])


def join(swept: OneSweep, room: str, person: str = ADA) -> None:
    swept.webex.person().post("memberships", roomId=room, personEmail=person)


# room stale


def test_a_dry_run_shows_what_a_policy_would_do_and_does_nothing(swept: OneSweep) -> None:
    swept.room("Old news", days=60)
    swept.room("Old hat", days=40)
    swept.room("Old friends", days=3)
    kept = swept.room("Old times", days=50)
    swept.say("room keep", room=kept)
    assert swept.say("room stale").replace("  \n", "\n") == (
        "**old** (idle for 30 days: leave): 2 of my 5 rooms are stale. Left alone: 1 kept, 1 not idle long enough.\n\n"
        "```\n"
        "room      idle  by                             would be\n"
        "Old news  60 d  last activity, perhaps my own  left\n"
        "Old hat   40 d  last activity, perhaps my own  left\n"
        "```\n\n"
        "Nothing is done yet: `room sweep old` gives them notice."
    )
    assert swept.bot.rows("SELECT count(*) FROM runs") == [(0,)]


def test_it_says_by_which_measure_a_room_is_idle(swept: OneSweep) -> None:
    room = swept.room("Old news", days=40)
    swept.look()
    swept.bot.rows(
        "UPDATE rooms SET own_post_at = now() - interval '100 days', person_active_at = NULL "
        "WHERE room_id = :id RETURNING 1",
        id=room,
    )
    assert "Old news  40 d  others' activity  left" in swept.say("room stale old")
    activity = swept.bot.services.webex.get_room(room).last_activity
    swept.bot.rows(
        "UPDATE rooms SET own_post_at = :at, person_active_by = 'person''s message', "
        "person_active_at = now() - interval '77 days 1 hour' WHERE room_id = :id RETURNING 1",
        id=room,
        at=activity,
    )
    assert "Old news  77 d  person's message  left" in swept.say("room stale old")


def test_many_rooms_are_asked_about_and_a_file_tells_of_every_room_and_why(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"most": 1, "protected": ["Old friends"]}) as swept:
        for title in ("Old news", "Old hat", "Old friends", "Other"):
            swept.room(title)
        assert swept.say("room stale old").endswith(
            "`room sweep old` gives them notice. That is more than the 1 rooms it may touch unasked, so that it asks "
            "once more before any notice (`room sweep-go`)."
        )
        swept.say("room stale old --as csv")
        _, lines = swept.report()
        assert {(line["room"], line["would be"], line["why"]) for line in lines} == {
            ("Old news", "left", ""),
            ("Old hat", "left", ""),
            ("Old friends", "spared", "The policy protects it."),
        }


def test_of_deleting_it_tells_where_the_bot_is_a_moderator(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"action": "delete"}) as swept:
        swept.room("Old mine", moderates=True, days=60)
        swept.room("Old theirs", locked=True)
        shown = swept.say("room stale")
        assert "Old mine    60 d  last activity, perhaps my own  deleted" in shown
        assert "Old theirs  40 d  last activity, perhaps my own  left" in shown


def test_the_room_it_is_asked_in_and_the_one_it_reports_to_are_no_stale_ones(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"report_to": "Old ops"}) as swept:
        swept.room("Old ops")
        swept.room("Old news")
        here = swept.room("Old hat")
        shown = swept.say("room stale", room=here)  # and so somebody has just said something in it
        assert "1 of my 4 rooms is stale. Left alone: 1 not idle long enough, 1 protected." in shown
        assert "Old news  40 d" in shown


def test_without_a_policy_it_says_how_to_write_one(webex: Webex, database: Database, tmp_path: Path) -> None:
    with one_sweep(webex, database, tmp_path) as swept:
        (tmp_path / "sparkops.yaml").write_text("{}")
        swept.bot.services.policies.reload()
        assert swept.say("room stale") == (
            "There is no policy for stale rooms. One of my owners can write one under `stale_rooms:` in "
            'sparkops.yaml, for example `- {name: old, titles: "*", idle: 90d}`, and say `access reload`.'
        )


def test_a_policy_that_there_is_not(swept: OneSweep) -> None:
    assert swept.say("room stale new") == "⚠️ There is no policy `new`. There is: `old`."
    assert swept.say("room sweep new") == "⚠️ There is no policy `new`. There is: `old`."


def test_while_webex_refuses_it_says_what_was_attempted(swept: OneSweep) -> None:
    swept.webex.fault(kind="status", status=403, match={"path": "/v1/rooms"}, count=1)
    assert swept.say("room stale").startswith("⚠️ Listing the bot's rooms: Webex answered 403 Forbidden")


def test_a_429_within_the_listing_is_waited_for(swept: OneSweep) -> None:
    swept.room("Old news")
    swept.webex.fault(kind="status", status=429, retryAfter=1, match={"path": "/v1/rooms"}, count=1)
    assert "1 of my 2 rooms is stale" in swept.say("room stale")


# room keep


def test_everyone_in_a_room_may_keep_it_and_nobody_else(swept: OneSweep) -> None:
    room, other = swept.room("Old news"), swept.room("Old hat")
    join(swept, room)
    assert say_as(swept, ADA, "room keep", room).startswith("👍 I keep this room for 90 days, until ")
    assert say_as(swept, ADA, '"room" keep "Old hat"', room) == (
        "⚠️ You are not in that room, as far as I can see. Whoever is in it can say `room keep` there."
    )
    assert swept.moment("kept_until", other) is None
    [(by,)] = swept.bot.rows("SELECT kept_by FROM rooms WHERE room_id = :id", id=room)
    assert by == ADA


def test_a_room_of_theirs_can_be_kept_from_another_room(swept: OneSweep) -> None:
    room = swept.room("Old news")
    join(swept, room)
    join(swept, swept.bot.room)
    assert say_as(swept, ADA, 'room keep "Old news"').startswith("👍 I keep **Old news** for 90 days, until ")
    assert swept.moment("kept_until", room) is not None


def test_whom_a_rule_lets_keep_rooms_need_not_be_in_them(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    rules = [{"allow": ADA, "commands": "room keep"}]
    with one_sweep(webex, database, tmp_path, access=rules) as swept:
        swept.room("Old news")
        join(swept, swept.bot.room)
        assert say_as(swept, ADA, 'room keep "Old news"').startswith("👍 I keep **Old news**")


def test_a_rule_may_keep_people_from_keeping(webex: Webex, database: Database, tmp_path: Path) -> None:
    rules = [{"deny": "everyone", "commands": "room keep", "rooms": "Old news", "reason": "It must go."}]
    with one_sweep(webex, database, tmp_path, access=rules) as swept:
        room = swept.room("Old news")
        join(swept, room)
        assert "It must go." in say_as(swept, ADA, "room keep", room)
        assert swept.moment("kept_until", room) is None


@pytest.mark.parametrize(
    ("person", "typed", "days", "says"),
    [
        (ADA, "10d", 10, "for 10 days, until "),
        (ADA, "900d", 90, "The policy allows no more than 90 days."),
        ("you@example.com", "900d", 900, "for 900 days, until "),
    ],
)
def test_how_long(swept: OneSweep, person: str, typed: str, days: int, says: str) -> None:
    """As the policy says or for less; only the owners may say longer."""
    room = swept.room("Old news")
    join(swept, room)
    assert says in say_as(swept, person, f"room keep --for {typed}", room)
    until = swept.moment("kept_until", room)
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=5)


def test_keep_lasts_as_long_as_the_policy_says_that_has_given_notice(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    longer = POLICY | {"name": "longer", "titles": ["Nothing"], "keep": "365d"}
    with one_sweep(webex, database, tmp_path, POLICY | {"keep": "20d"}, longer) as swept:
        room, other = swept.room("Old news"), swept.room("Other")
        swept.ask("room sweep old")
        swept.sweep()
        assert "then I leave it alone for 20 days." in swept.texts(room)[0]
        assert swept.say("room keep", room=room).startswith("👍 I keep this room for 20 days, until ")
        assert swept.say("room keep", room=other).startswith("👍 I keep this room for 365 days, until ")


def test_keep_needs_no_answer_of_webex(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.bot.rooms.refresh(room)
    message = swept.bot.hear("room keep", room=room)
    fault = swept.webex.fault(kind="drop", match={"path": "/v1/rooms*"})
    swept.bot.work()
    swept.webex.control("DELETE", f"faults/{fault}")
    assert swept.moment("kept_until", room) is not None, message


# room sweep-go


def test_only_a_sweep_that_waits_can_be_let_go_on(swept: OneSweep) -> None:
    swept.room("Old news")
    assert swept.say("room sweep-go 7") == "⚠️ There is no run 7. `run list` shows the latest."
    swept.ask("room sweep old")
    swept.sweep()
    assert (
        swept.say("room sweep-go 1") == "⚠️ Sweep 1 waits for nobody: it is running. `run show 1` tells more."
    )
    swept.bot.rows("UPDATE runs SET kind = 'room list', title = 'my rooms' RETURNING 1")
    assert swept.say("room sweep-go 1") == "⚠️ Run 1 is no sweep: it is my rooms."


def test_what_was_confirmed_is_void_where_the_rooms_have_changed(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"most": 0}) as swept:
        swept.room("Old news")
        swept.ask("room sweep old")
        swept.sweep(until="awaiting_approval")
        asked = swept.say("room sweep-go 1")
        assert asked.startswith("⚠️ **Sweep `old`** waits for a person: **1** of my 2 rooms would be touched")
        code = asked.partition("Say `confirm ")[2][:6]
        swept.bot.rows("UPDATE sweep_items SET foreseen = 'deleted' RETURNING 1")
        assert swept.say(f"confirm {code}") == "⚠️ What was confirmed is not what would run now."


# The examples, and the clock


def test_every_example_runs(webex: Webex, database: Database, tmp_path: Path) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"most": 0}) as swept:
        swept.room("Old news")
        for command in stale.COMMANDS:
            for example in command.examples:
                answer = swept.ask(example)
                assert answer
                assert not answer.startswith("⚠️"), answer
                if command is stale.room_sweep:
                    swept.sweep(until="awaiting_approval")


SCHEDULED: dict[str, Any] = {**POLICY, "schedule": "0 6 * * mon"}
SLOT = "2026-11-23T06:00:00+00:00"


def start(swept: OneSweep, slot: str = SLOT, policy: str = "old") -> int | None:
    """What the worker does with the clock's job."""
    return sweep_by_clock.start_by_clock(swept.bot.services, policy, slot)


def test_by_the_clock_a_sweep_runs_for_nobody_and_reports_to_the_room_of_its_policy(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, SCHEDULED) as swept:
        room = swept.room("Old news")
        assert start(swept) == 1
        swept.sweep()
        assert len(swept.texts(room)) == 1
        assert "**1** of my 2 rooms is stale" in swept.texts()[-1]
        swept.let_pass(days=8)
        swept.sweep()
        assert (swept.state(), swept.is_in(room)) == ("done", False)
        assert swept.texts()[-1] == "🧹 **Sweep `old`** (run 1) is done: 1 left."


def test_one_slot_is_one_sweep_and_one_that_goes_on_is_not_overtaken(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, SCHEDULED) as swept:
        swept.room("Old news")
        assert start(swept) == start(swept) == 1
        swept.sweep()
        assert start(swept, "2026-11-30T06:00:00+00:00") is None
        assert swept.bot.rows("SELECT count(*) FROM runs") == [(1,)]


def test_a_policy_that_has_left_the_file_or_the_clock_is_not_swept(swept: OneSweep) -> None:
    assert start(swept) is None
    assert start(swept, policy="gone") is None
    assert swept.bot.rows("SELECT count(*) FROM runs") == [(0,)]


@pytest.mark.parametrize("titles", [(), ("Reports", "Reports")])
def test_by_the_clock_nothing_is_done_where_nobody_could_be_told(
    webex: Webex, database: Database, tmp_path: Path, titles: tuple[str, ...]
) -> None:
    with one_sweep(webex, database, tmp_path, SCHEDULED | {"report_to": "Reports"}) as swept:
        room = swept.room("Old news")
        for title in titles:
            swept.room(title)
        start(swept)
        swept.sweep()
        assert swept.state() == "failed"
        assert swept.texts(room) == []
        meant = "several" if titles else "no"
        assert swept.bot.rows("SELECT result FROM runs") == [
            (f"did nothing, since {meant} rooms of mine are meant by report_to: Reports",)
        ]


def test_by_the_clock_a_policy_that_needs_others_agreement_waits_for_a_person(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    needs = [{"commands": "room sweep*", "of": [ADA, "bob@example.com"]}]
    with one_sweep(webex, database, tmp_path, SCHEDULED, approvals=needs) as swept:
        room = swept.room("Old news")
        start(swept)
        swept.sweep(until="awaiting_approval")
        assert swept.state() == "awaiting_approval"
        assert swept.texts(room) == []
        assert "would be touched, and a sweep needs others' agreement." in swept.texts()[-1]
        assert "wants `room sweep-go 1`, in the room Sparkops demo." in swept.ask("room sweep-go 1")
        assert swept.state() == "awaiting_approval"
