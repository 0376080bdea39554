"""Which rooms a policy is about, and which it would act on: each with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.rooms.fate import Fate
from bot.rooms.idle import NOTHING_KNOWN, Idle, Known, Measure
from bot.rooms.stale import Chosen, Spared, Why, foreseen, judge, kind_of, needs_membership, over_threshold
from bot.stale_policy import StaleRooms
from bot.webex import Room

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=31)


def policy(**values: Any) -> StaleRooms:
    return StaleRooms.model_validate({"name": "old", "idle": "30d", **values})


def room(title: str = "Release 1", *, type: Any = "group", team: str | None = None, **values: Any) -> Room:
    return Room("R1", title, type, team_id=team, **{"last_activity": LONG_AGO, **values})


def test_an_idle_room_is_chosen_with_its_measure() -> None:
    assert judge(policy(), room(), NOTHING_KNOWN, NOW) == Chosen(room(), Idle(LONG_AGO, Measure.UNSURE))


def test_idle_for_exactly_as_long_is_idle_long_enough() -> None:
    edge = room(last_activity=NOW - timedelta(days=30))
    assert isinstance(judge(policy(), edge, NOTHING_KNOWN, NOW), Chosen)


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ({"titles": "Incident *"}, room()),
        ({"titles": "Release"}, room()),
        ({}, room(team="T1")),
        ({}, room(type="direct")),
        ({"kinds": ["team", "direct"]}, room()),
    ],
)
def test_other_titles_and_kinds_are_none_of_its_business(rules: dict[str, Any], what: Room) -> None:
    assert judge(policy(**rules), what, NOTHING_KNOWN, NOW) is None


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ({"titles": ["Incident *", "RELEASE *"]}, room()),
        ({"kinds": "team"}, room(team="T1")),
        ({"kinds": ["direct"]}, room(type="direct")),
        ({"titles": "[prod] *"}, room("[prod] deploys")),
    ],
)
def test_titles_and_kinds_it_names(rules: dict[str, Any], what: Room) -> None:
    assert isinstance(judge(policy(**rules), what, NOTHING_KNOWN, NOW), Chosen)


def test_the_kinds_of_rooms() -> None:
    assert [kind_of(each) for each in (room(), room(team="T1"), room(type="direct"))] == [
        "group",
        "team",
        "direct",
    ]


@pytest.mark.parametrize("name", ["Release 1", "release *", "R1", "R0"])
def test_a_protected_room_is_spared_by_title_glob_id_or_former_id(name: str) -> None:
    found = judge(policy(protected=[name]), room(), Known(former_ids=("R0",)), NOW)
    assert isinstance(found, Spared)
    assert (found.why, found.says) == (Why.PROTECTED, "The policy protects it.")


def test_another_rooms_protection_protects_it_not() -> None:
    assert isinstance(judge(policy(protected=["Release", "R2", "r1"]), room(), NOTHING_KNOWN, NOW), Chosen)


def test_a_kept_room_is_spared_until_then_and_no_longer() -> None:
    until = NOW + timedelta(days=3)
    known = Known(kept_until=until, kept_by="ada@example.com")
    found = judge(policy(), room(), known, NOW)
    assert isinstance(found, Spared)
    assert (found.why, found.says) == (Why.KEPT, "It is kept by ada@example.com until 2026-11-26.")
    assert isinstance(judge(policy(), room(), known, until), Chosen)


def test_a_room_in_another_sweeps_hands_is_spared() -> None:
    found = judge(policy(), room(), NOTHING_KNOWN, NOW, in_sweep=7)
    assert isinstance(found, Spared)
    assert (found.why, found.says) == (Why.IN_SWEEP, "Sweep 7 has it in hand.")


def test_a_younger_room_is_spared() -> None:
    found = judge(policy(), room(last_activity=NOW - timedelta(days=29)), NOTHING_KNOWN, NOW)
    assert isinstance(found, Spared)
    assert (found.why, found.says) == (Why.YOUNGER, "Something happened in it on 2026-10-25.")


def test_a_room_of_which_nothing_is_known_is_spared() -> None:
    found = judge(policy(), room(last_activity=None), NOTHING_KNOWN, NOW)
    assert isinstance(found, Spared)
    assert (found.why, found.says) == (
        Why.NOT_KNOWN, "Webex does not say when something last happened in it."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "moderates", "fate"),
    [
        ("notify", True, None),
        ("leave", True, Fate.LEFT),
        ("delete", False, Fate.LEFT),
        ("delete", True, Fate.DELETED),
    ],
)
def test_what_the_action_would_come_to(action: str, moderates: bool, fate: Fate | None) -> None:
    found = foreseen(policy(action=action), room(is_locked=True), moderates=moderates)
    assert (found and found.fate) == fate


def test_only_for_deleting_a_locked_room_the_own_membership_is_read() -> None:
    delete, locked = policy(action="delete"), room(is_locked=True)
    assert needs_membership(delete, locked)
    assert not needs_membership(delete, room())
    assert not needs_membership(delete, room(type="direct", is_locked=True))
    assert not needs_membership(policy(action="leave"), locked)


@pytest.mark.parametrize(
    ("chosen", "of", "why"),
    [
        (20, 100, None),
        (21, 1000, "more than the 20 rooms it may touch unasked"),
        (2, 7, "more than 25 % of my 7 rooms"),
        (1, 4, None),
        (0, 0, None),
    ],
)
def test_of_many_rooms_a_person_is_asked(chosen: int, of: int, why: str | None) -> None:
    assert over_threshold(policy(), chosen, of) == why


def test_a_policy_may_always_ask() -> None:
    assert over_threshold(policy(most=0), 1, 1000) == "more than the 0 rooms it may touch unasked"
