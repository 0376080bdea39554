"""The trial of size: a sweep among ten thousand rooms, with trouble on every side, held against what became of each.

What must come out is worked out in `ten_thousand.py` from how the rooms were made; what did come out is read from
the playground's own books.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.rooms.idle import Measure
from bot.runs.states import ENDED, State
from bot.store.database import Database
from playground.webex.many_rooms import ManyRooms, PlannedRoom
from tests.bot_in_process import BOT
from tests.conftest import empty
from tests.playground.running import running_webex
from tests.rooms.sweeping import AS_BEFORE, Killed, Rooms, Trial, sweeping
from tests.rooms.ten_thousand import (
    CHOSEN,
    COUNT,
    ROOMS,
    TROUBLES,
    expected,
    fate,
    is_protected,
    is_remembered,
    is_stale,
)
from tests.talking import OWNER, confirmation_code

_ACTS_BEFORE_THE_KILL = 12


@dataclass(frozen=True)
class Swept:
    """What is there to be read when all is over."""

    rooms: Rooms
    state: State
    answers: Sequence[str]
    told: str
    report: dict[str, dict[str, str]]
    notices: dict[int, int]
    pages: int
    deletions: int
    refusals: Counter[str]
    killed: int

    def lines(self, planned: Sequence[PlannedRoom]) -> list[dict[str, str]]:
        """The report's lines of these rooms; a room that the bot has lost is under its first id."""
        now, first = self.rooms.ids, self.rooms.first_ids
        return [self.report.get(now[room.number]) or self.report[first[room.number]] for room in planned]


@pytest.fixture(scope="module")
def swept(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """Ten thousand rooms, swept."""
    database = Database(postgres_url, pool_size=5)
    empty(database)
    folder: Path = tmp_path_factory.mktemp("sweep")
    with running_webex(seed=ManyRooms(COUNT)) as webex, sweeping(webex, database, folder) as sweep:
        yield _sweep(sweep)
    database.close()


def _sweep(sweep: Trial) -> Swept:
    answers = [sweep.say("room sweep releases")]
    answers.append(sweep.say(f"confirm {confirmation_code(answers[-1])}"))
    listed = sweep.calls("GET /v1/rooms")["200"]
    _sprinkle(sweep)
    _in_the_listing(sweep)
    _until(sweep, lambda: sweep.state is State.AWAITING_APPROVAL)
    pages = sweep.calls("GET /v1/rooms")["200"] - listed
    answers.append(sweep.say("room sweep-go 1"))
    answers.append(sweep.say(f"confirm {confirmation_code(answers[-1])}"))
    _until(sweep, lambda: sweep.state is State.RUNNING and not sweep.count("chosen"))
    sweep.settle()
    _between_notice_and_act(sweep)
    killed = _act_until_killed(sweep)
    sweep.start_worker()
    _until(sweep, lambda: sweep.state in ENDED)
    sweep.settle()
    sweep.bot.webex.control("DELETE", "faults")
    sweep.rooms.find_moved()
    deletions = sweep.calls("DELETE /v1/rooms/{id}")["204"]
    refusals = sum(
        (Counter(each) for each in sweep.bot.webex.control("GET", "stats").json()["calls"].values()),
        Counter(),
    )
    told, report = sweep.report()
    return Swept(
        rooms=sweep.rooms,
        state=sweep.state,
        answers=answers,
        told=told,
        report=report,
        notices={room.number: sweep.rooms.notices(room) for room in CHOSEN},
        pages=pages,
        deletions=deletions,
        refusals=refusals,
        killed=killed,
    )


def _sprinkle(sweep: Trial) -> None:
    """Webex is busy, unwell or away: by turns every twentieth of the bot's calls meets with one of these."""
    faults: tuple[dict[str, Any], ...] = (
        {"kind": "status", "status": 429, "retryAfter": 30},
        {"kind": "html", "status": 503},
        {"kind": "drop"},
    )
    for number, fault in enumerate(faults):
        sweep.bot.webex.fault(match={"token": f"bot:{BOT}"}, every=60, after=20 * number, **fault)


def _in_the_listing(sweep: Trial) -> None:
    """Rooms that were on the first page go away while a later one is read."""
    for kind, rooms in (
        ("vanish", TROUBLES.vanishing_in_the_listing),
        ("migrate", TROUBLES.moving_in_the_listing),
    ):
        for room in rooms:
            match = {"method": "GET", "path": "/v1/rooms"}
            sweep.bot.webex.fault(match=match, kind=kind, room=sweep.rooms.ids[room.number], after=5)


def _between_notice_and_act(sweep: Trial) -> None:
    ids, webex = sweep.rooms.ids, sweep.bot.webex
    owner = webex.person(OWNER)
    webex.clock.advance(minutes=10)
    for room in TROUBLES.kept:
        sweep.say("room keep", room=ids[room.number])
    for room in TROUBLES.spoken_in:
        owner.post("messages", roomId=ids[room.number], text="Is anybody here?")
    for room in TROUBLES.followed:
        sweep.migrate(room, heard=True)
    for room in TROUBLES.lost:
        sweep.migrate(room, heard=False)
    for room in TROUBLES.vanished:
        webex.control("POST", f"rooms/{ids[room.number]}/vanish")
    for room in TROUBLES.unlocked:
        owner.put(f"rooms/{ids[room.number]}", title=room.title, isLocked=False)
    for room in TROUBLES.renamed:
        owner.put(f"rooms/{ids[room.number]}", title="Incident 01: what we learned")
    for kind, rooms in (("vanish", TROUBLES.vanishing_at_the_act), ("migrate", TROUBLES.moving_at_the_act)):
        for room in rooms:
            room_id = ids[room.number]
            webex.fault(match={"method": "DELETE", "path": f"/v1/rooms/{room_id}"}, kind=kind, room=room_id)
    sweep.settle()


def _act_until_killed(sweep: Trial) -> int:
    """The worker dies right after Webex has done what it asked for; returns after how many rooms."""
    webex, done = sweep.bot.services.webex, 0
    delete_room = webex.delete_room

    def deadly(room_id: str) -> None:
        nonlocal done
        delete_room(room_id)
        done += 1
        if done == _ACTS_BEFORE_THE_KILL:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(webex, "delete_room", deadly)
        _until(sweep, lambda: sweep.state in ENDED)
    sweep.kill_worker()
    return done


def _until(sweep: Trial, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        sweep.step()
        assert time.monotonic() < deadline, f"the sweep is still {sweep.state}"


def test_every_room_that_the_policy_names_is_in_the_report_and_no_other(swept: Swept) -> None:
    assert len(swept.lines(CHOSEN)) == len(swept.report) == len(CHOSEN)


def test_the_report_says_of_each_room_what_was_to_come_out(swept: Swept) -> None:
    said = {
        room.number: (line["state"], line["outcome"])
        for room, line in zip(CHOSEN, swept.lines(CHOSEN), strict=True)
    }
    assert said == expected()


def test_the_report_is_what_the_playground_says_of_each_room(swept: Swept) -> None:
    acted = {room.number: room for room in CHOSEN if expected()[room.number][0] == "verified"}
    said = dict(zip(acted, (line["outcome"] for line in swept.lines(list(acted.values()))), strict=True))
    assert said == {number: swept.rooms.fate(room) for number, room in acted.items()}
    gone = [*TROUBLES.vanishing_in_the_listing, *TROUBLES.vanished, *TROUBLES.vanishing_at_the_act]
    assert {swept.rooms.fate(room) for room in gone} == {"deleted"}
    spared = [room for room in CHOSEN if room.number not in acted and room not in gone]
    assert {swept.rooms.fate(room) for room in spared} == {AS_BEFORE}


def test_in_no_other_room_anything_has_happened(swept: Swept) -> None:
    others = [room for room in ROOMS if room not in CHOSEN]
    assert len(others) + len(CHOSEN) == COUNT
    assert [room for room in others if not swept.rooms.is_untouched(room)] == []


def test_protected_rooms_are_among_those_others_however_stale(swept: Swept) -> None:
    stale = [room for room in ROOMS if is_protected(room) and is_stale(room)]
    assert len(stale) > 20
    assert [room for room in stale if not swept.rooms.is_untouched(room)] == []


def test_each_room_is_acted_on_once(swept: Swept) -> None:
    acted = [room for room in CHOSEN if expected()[room.number][0] == "verified"]
    assert swept.deletions == len(acted)


def test_each_room_that_can_be_written_in_was_given_notice_once(swept: Swept) -> None:
    unheard = {*TROUBLES.vanishing_in_the_listing, *TROUBLES.moving_in_the_listing}
    there = [room for room in CHOSEN if swept.rooms.now(room) is not None and room not in unheard]
    mute = ("read-only", "announcements")
    assert {room.number: swept.notices[room.number] for room in there} == {
        room.number: int(room.kind not in mute) for room in there
    }
    assert all(swept.notices[room.number] == 0 for room in unheard)


def test_what_the_bot_remembers_of_a_room_counts_more_than_its_own_last_post(swept: Swept) -> None:
    said = {room.number: line["by"] for room, line in zip(CHOSEN, swept.lines(CHOSEN), strict=True)}
    assert said == {room.number: Measure.PERSON if is_remembered(room) else Measure.UNSURE for room in CHOSEN}


def test_the_listing_took_one_call_for_each_thousand_rooms(swept: Swept) -> None:
    assert swept.pages == -(-(COUNT + 1) // 1000)


def test_webex_was_busy_and_unwell_all_the_time(swept: Swept) -> None:
    assert swept.refusals["429"] > 10 and swept.refusals["503"] > 10
    assert swept.killed == _ACTS_BEFORE_THE_KILL
    assert swept.state is State.DONE


def test_a_person_is_asked_before_and_told_afterwards_in_true_numbers(swept: Swept) -> None:
    lost = len(TROUBLES.vanishing_in_the_listing)
    foreseen = Counter(fate(room)[1] for room in CHOSEN if room not in TROUBLES.vanishing_in_the_listing)
    came = Counter(state if state != "verified" else outcome for state, outcome in expected().values())
    asked, _began, asked_again, goes_on = swept.answers
    assert f": {len(CHOSEN)} of my 10,001 rooms would be given notice, with a Keep button" in asked
    assert f"**{len(CHOSEN) - lost}** of my 10" in asked_again
    assert (
        f"{foreseen['archived']} archived, {foreseen['deleted']} deleted, {foreseen['left']} left."
        in asked_again
    )
    assert goes_on.startswith("Sweep 1 goes on: each room is given notice now.")
    assert swept.told.startswith(
        f"🧹 Sweep releases (run 1) is done: {came['archived']} archived, {came['deleted']} deleted, "
        f"{came['left']} left, {came['kept']} kept, {came['active']} active again, "
        f"{came['gone']} not there any more, {came['refused']} left as they were."
    )
