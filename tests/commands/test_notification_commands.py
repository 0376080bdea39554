"""`notifications …`: what a person types and, word for word, what they see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.commands.model import Entry, Place
from bot.config_file import Rate
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.store.database import Database
from tests.talking import DIRECT, GROUP, Conversation, conversation

ADA = "ada@example.com"
NOTHING = (
    "This room hears what nobody asked for as it comes, at most 30 messages in 1m. "
    "`help notifications` tells how to change that."
)
NO_ZONE = "is no time zone such as Europe/Berlin. Did you mean Europe/Berlin?"
WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?= )")


class Room:
    """A room in which people say `notifications …`, and integrations tell of things."""

    def __init__(self, talk: Conversation, database: Database) -> None:
        self.talk = talk
        self.database = database

    def say(self, line: str, **changes: Any) -> str:
        """Say a line; the moments in the reply are made alike."""
        return WHEN.sub("‹then›", self.talk.say(f"notifications {line}", **changes))

    def told_when(self, line: str) -> datetime:
        """Say a line; the one moment in the reply, without its zone."""
        [when] = WHEN.findall(self.talk.say(f"notifications {line}"))
        return datetime.fromisoformat(when)

    def tell(self, *texts: str) -> None:
        """An integration tells the room of these."""
        for each in texts:
            with self.database.transaction() as session:
                message = Outgoing(key=each, markdown=each, room_id=GROUP.room_id)
                notify(session, message, self.talk.services.redactor, Rate(count=30, seconds=60.0))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self.database.transaction() as session:
            return [tuple(row) for row in session.execute(text(query))]


@pytest.fixture
def room(database: Database) -> Room:
    return Room(conversation(database, clients={}), database)


def minutes_from_now(when: datetime, zone: str = "UTC") -> int:
    """How many minutes from now a moment of a zone's wall clock is."""
    now = datetime.now(UTC)
    return round((when.replace(tzinfo=ZoneInfo(zone)) - now + timedelta(seconds=30)).total_seconds() / 60)


# show


def test_a_room_that_never_said_otherwise_hears_all_as_it_comes(room: Room) -> None:
    assert room.say("show") == NOTHING


@pytest.mark.parametrize(
    ("config", "head"),
    [
        ({"notifications": "5/h"}, "as it comes, at most 5 messages in 1h."),
        ({"notifications": None}, "as it comes."),
    ],
)
def test_the_budget_is_shown_as_the_file_has_it(
    database: Database, tmp_path: Path, config: Mapping[str, Any], head: str
) -> None:
    talk = conversation(database, config=config, folder=tmp_path, clients={})
    assert head in talk.say("notifications show")


def test_what_the_room_wants_and_what_waits_is_shown(room: Room) -> None:
    room.say("quiet 22:00-07:00 --zone europe/berlin --days mon-fri")
    room.say("digest 1h")
    room.say("mute 2h")
    assert room.say("show") == (
        "What this room hears that nobody asked for:\n\n"
        "- 🔕 Nothing until ‹then› Europe/Berlin: it is muted.\n"
        "- 🌙 Nothing that is not urgent in its quiet hours, 22:00-07:00 mon-fri \\(Europe/Berlin\\).\n"
        "- 📰 A digest every 1h, next at ‹then› Europe/Berlin.\n"
        "- Changed last by you@example.com.\n"
        "- At most 30 messages in 1m.\n\n"
        "Nothing waits."
    )
    room.tell(*(f"report {number}" for number in range(1, 13)))
    assert room.say("show").partition("in 1m.\n\n")[2] == "\n".join(
        [
            "12 messages wait until ‹then› Europe/Berlin:\n",
            *(f"- report {number}" for number in range(1, 11)),
            "- … and 2 more",
        ]
    )


def test_a_mute_that_is_over_is_shown_no_more(room: Room, database: Database) -> None:
    room.say("mute 1h")
    with database.transaction() as session:
        session.execute(text("UPDATE notification_preferences SET muted_until = now()"))
    assert room.say("show") == NOTHING
    assert room.say("unmute") == "This room is not muted."


# mute and unmute


def test_a_room_is_muted_for_a_time(room: Room) -> None:
    assert room.say("mute 2h") == (
        "🔕 Muted until ‹then› UTC: I post nothing here that nobody asked for, not even what is urgent, and then tell "
        "what there was. `notifications unmute` ends it."
    )
    assert minutes_from_now(room.told_when("mute 2h")) in (119, 120)
    assert minutes_from_now(room.told_when("mute 30d")) in (30 * 1440 - 1, 30 * 1440)


def test_unmuted_it_is_told_at_once_what_there_was(room: Room) -> None:
    room.say("mute 2h")
    room.tell("one", "two")
    assert room.say("mute 1d").endswith(" ends it. 2 messages wait until ‹then› UTC.")
    assert room.say("unmute") == "🔔 Muted no more. What waited, 2 messages, is told now."
    assert room.rows("SELECT not_before FROM outbox WHERE is_digest") == [(None,)]
    assert room.say("unmute") == "This room is not muted. What waited, 2 messages, is told now."


def test_a_room_that_is_not_muted_need_not_be_unmuted(room: Room) -> None:
    assert room.say("unmute") == "This room is not muted."
    assert room.rows("SELECT count(*) FROM notification_preferences") == [(0,)]


def test_what_still_waits_for_another_reason_is_told_when_unmuted(room: Room) -> None:
    room.say("digest 1d")
    room.say("mute 2h")
    room.tell("one")
    assert room.say("unmute") == "🔔 Muted no more. 1 message waits until ‹then› UTC."


@pytest.mark.parametrize(("time", "told"), [("59s", "59s"), ("31d", "4w3d"), ("0m", "0s")])
def test_a_mute_is_of_a_minute_to_thirty_days(room: Room, time: str, told: str) -> None:
    assert room.say(f"mute {time}") == f"⚠️ I mute a room for 1m to 30d, and not for {told}."


def test_what_is_no_time_is_told(room: Room) -> None:
    assert "'tomorrow' is not a duration such as 90s, 15m, 2h or 30d." in room.say("mute tomorrow")


# quiet


def test_quiet_hours_are_utc_unless_a_zone_is_said(room: Room) -> None:
    assert room.say("quiet 22:00-7:00") == (
        "🌙 Quiet hours 22:00-07:00 daily \\(UTC\\): what comes in them I tell in one message at their end. What is "
        "urgent is told at once. They are UTC; `--zone Europe/Berlin` says another time zone. "
        "`notifications quiet off` ends it."
    )
    assert room.say("quiet 22:00-07:00 --zone Europe/Berlin --days sat,sun") == (
        "🌙 Quiet hours 22:00-07:00 sat,sun \\(Europe/Berlin\\): what comes in them I tell in one message at their "
        "end. What is urgent is told at once. `notifications quiet off` ends it."
    )


def test_a_long_dash_is_understood(room: Room) -> None:
    assert room.say("quiet 22:00–07:00").startswith("🌙 Quiet hours 22:00-07:00 daily")


def test_quiet_hours_end_when_they_are_put_off(room: Room) -> None:
    now = datetime.now(UTC)
    room.say(f"quiet {now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}")
    room.tell("one")
    assert room.say("quiet off") == "🔔 No quiet hours any more. What waited, 1 message, is told now."
    assert room.say("show") == NOTHING


def test_a_room_without_quiet_hours_is_told_so(room: Room) -> None:
    assert room.say("quiet off") == "This room has no quiet hours."


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("nightly", "'nightly' is no span of hours such as 22:00-07:00."),
        ("22:00-07:00 --zone Berlin", f"'Berlin' {NO_ZONE}"),
        ("22:00-07:00 --zone Europe/Berln", f"'Europe/Berln' {NO_ZONE}"),
        ("22:00-07:00 --days often", "'often' are no days such as mon-fri, sat,sun or daily."),
        ("00:00-24:00", "That is all the time, and would never end."),
    ],
)
def test_quiet_hours_that_are_none_are_refused_with_an_example(room: Room, words: str, why: str) -> None:
    said = room.say(f"quiet {words}")
    assert said.startswith(f"⚠️ I cannot keep those quiet hours: {why}")
    assert said.endswith(
        " For example `notifications quiet 22:00-07:00 --zone Europe/Berlin --days mon-fri`."
    )
    assert room.say("show") == NOTHING


# digest


def test_a_digest_is_counted_from_when_it_is_asked_for(room: Room) -> None:
    assert room.say("digest 1h") == (
        "📰 A digest every 1h, next at ‹then› UTC: what comes I gather and tell in one message. What is urgent is told "
        "at once. `notifications digest off` ends it."
    )
    assert minutes_from_now(room.told_when("digest 1d")) in (1439, 1440)


def test_a_digest_that_is_made_shorter_brings_what_waits_sooner(room: Room) -> None:
    room.say("digest 1d")
    room.tell("one")
    assert room.say("digest 15m").endswith("ends it. 1 message waits until ‹then› UTC.")
    [(due,)] = room.rows("SELECT not_before FROM outbox WHERE is_digest")
    assert due < datetime.now(UTC) + timedelta(minutes=15)


def test_a_digest_that_is_put_off_is_told_at_once(room: Room) -> None:
    room.say("digest 1h")
    room.tell("one")
    assert room.say("digest OFF") == "🔔 No digest any more. What waited, 1 message, is told now."
    assert room.say("digest off").startswith("This room has no digest.")


@pytest.mark.parametrize(
    ("every", "why"),
    [
        ("14m", "A digest comes every 15m to 1d, and not every 14m."),
        ("25h", "A digest comes every 15m to 1d, and not every 1d1h."),
        ("often", "`often` is neither `off` nor a time such as `1h`, of 15m to 1d."),
    ],
)
def test_a_digest_comes_every_quarter_of_an_hour_to_every_day(room: Room, every: str, why: str) -> None:
    assert room.say(f"digest {every}") == f"⚠️ {why}"


# Where and by whom


def test_moments_are_told_in_the_zone_of_the_quiet_hours(room: Room) -> None:
    room.say("quiet 00:00-00:01 --zone Pacific/Auckland --days mon")
    assert minutes_from_now(room.told_when("mute 2h"), "Pacific/Auckland") in (119, 120, 121)


def test_each_room_wants_for_itself_and_a_direct_room_too(room: Room) -> None:
    room.say("mute 2h", place=DIRECT)
    assert "it is muted" in room.say("show", place=DIRECT)
    assert room.say("show") == NOTHING


@pytest.mark.parametrize("line", ["show", "mute 2h", "unmute", "quiet off", "digest 1h"])
def test_outside_of_rooms_there_is_nothing_to_be_muted(room: Room, line: str) -> None:
    assert room.say(line, place=Place(), entry=Entry.TERMINAL) == (
        f"⚠️ `notifications {line.split()[0]}` is about a room. Say it in the room that it is about."
    )


def test_only_who_may_mutes_a_room(room: Room) -> None:
    assert "may not" in room.say("mute 2h", person=ADA)
    assert room.say("show") == NOTHING
