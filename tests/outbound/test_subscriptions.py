"""Which rooms hear of what."""

from __future__ import annotations

import pytest

from bot.outbound.subscriptions import Stored, Subscribed, rooms_for, subscribe, subscriptions, unsubscribe
from bot.store.database import Database


def test_the_same_wish_with_other_options_is_changed(database: Database) -> None:
    with database.transaction() as session:
        subscribe(session, "jenkins", "api/*", "room-1", "you@example.com", {"on": "failures"})
        again = subscribe(session, "jenkins", "api/*", "room-1", "ada@example.com", {"on": "failures"})
        other = subscribe(session, "jenkins", "api/*", "room-1", "ada@example.com", {"on": "all"})
        assert (again, other) == (Stored.SAME, Stored.CHANGED)
        [wish] = subscriptions(session, "jenkins")
        assert wish == Subscribed("api/*", "room-1", "you@example.com", {"on": "all"})


def test_a_wish_is_stored_once_and_dropped_once(database: Database) -> None:
    with database.transaction() as session:
        assert subscribe(session, "jenkins", "api/*", "room-1", "you@example.com") is Stored.NEW
        assert subscribe(session, "jenkins", "api/*", "room-1", "ada@example.com") is Stored.SAME
        assert subscriptions(session, "jenkins") == (Subscribed("api/*", "room-1", "you@example.com"),)
        assert unsubscribe(session, "jenkins", "api/*", "room-1") is True
        assert unsubscribe(session, "jenkins", "api/*", "room-1") is False
        assert subscriptions(session, "jenkins") == ()


def test_a_rooms_wishes_are_its_own_and_those_about_one_system_are_not_about_another(
    database: Database,
) -> None:
    with database.transaction() as session:
        subscribe(session, "jenkins", "api/*", "room-1", "you@example.com")
        subscribe(session, "jenkins", "web/*", "room-2", "you@example.com")
        subscribe(session, "github", "api/*", "room-1", "you@example.com")
        assert [each.topic for each in subscriptions(session, "jenkins", "room-1")] == ["api/*"]
        assert [each.room_id for each in subscriptions(session, "jenkins")] == ["room-1", "room-2"]
        assert rooms_for(session, "github", "web/main") == ()


@pytest.mark.parametrize(
    ("topic", "rooms"),
    [
        ("api/main", ("every", "api", "main")),
        ("API/Main", ("every", "api", "main")),
        ("api/feature/login", ("every", "api")),
        ("web/main", ("every", "main")),
        ("tools", ("every",)),
    ],
)
def test_a_room_hears_of_what_matches_one_of_its_globs_and_of_each_thing_once(
    database: Database, topic: str, rooms: tuple[str, ...]
) -> None:
    with database.transaction() as session:
        for room, glob in (("every", "*"), ("every", "api/*"), ("api", "Api/*"), ("main", "*/main")):
            subscribe(session, "jenkins", glob, room, "you@example.com")
        assert rooms_for(session, "jenkins", topic) == rooms
