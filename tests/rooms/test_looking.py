"""What is kept of rooms: by the look at all of them, by the sender, and by whoever handles what people say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.outbound.outbox import Outgoing, enqueue, start_live, update_live
from bot.rooms.idle import Measure
from bot.rooms.known import known_of
from bot.store.database import Database
from bot.webex import Room
from tests.bot_in_process import about, delivery
from tests.playground.running import Webex, running_webex
from tests.rooms.one_sweep import OneSweep, one_sweep


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def swept(webex: Webex, database: Database, tmp_path: Path) -> Iterator[OneSweep]:
    with one_sweep(webex, database, tmp_path) as running:
        yield running


def last_activity(swept: OneSweep, room: str) -> datetime:
    """As Webex tells it."""
    moment = swept.bot.services.webex.get_room(room).last_activity
    assert moment is not None
    return moment


def say(swept: OneSweep, text: str, room: str) -> None:
    """The bot says something nobody asked for."""
    with swept.bot.database.transaction() as session:
        enqueue(session, Outgoing(key=text, markdown=text, room_id=room), swept.bot.services.redactor)
    swept.bot.work()


def kept(swept: OneSweep, room: str) -> tuple[datetime | None, str | None, datetime | None]:
    """Since when, by which measure, and when the bot last posted."""
    columns = "person_active_at, person_active_by, own_post_at"
    [row] = swept.bot.rows(f"SELECT {columns} FROM rooms WHERE room_id = :id", id=room)
    return row  # type: ignore[return-value]


# The look


def test_a_look_takes_in_every_room_in_one_call(swept: OneSweep) -> None:
    old = swept.room("Old news", days=40)
    direct = swept.webex.person().post("messages", toPersonEmail="sparkops@webex.bot", text="hello")["roomId"]
    swept.look()
    rows = swept.bot.rows(
        "SELECT title, type FROM rooms WHERE room_id = ANY(:ids) ORDER BY type", ids=[old, direct]
    )
    assert [kind for _title, kind in rows] == ["direct", "group"]
    assert kept(swept, old) == (last_activity(swept, old), Measure.UNSURE, None)
    assert swept.webex.control("GET", "stats").json()["calls"]["GET /v1/rooms"] == {"200": 1}


def test_after_the_first_look_the_bots_own_posts_change_nothing(swept: OneSweep) -> None:
    room = swept.room("Old news", days=40)
    swept.look()
    first = kept(swept, room)[0]
    say(swept, "Nightly build: done.", room)
    swept.look()
    assert kept(swept, room) == (first, Measure.UNSURE, last_activity(swept, room))


def test_somebody_elses_words_are_kept_before_the_bots_next_post_hides_them(swept: OneSweep) -> None:
    room = swept.room("Old news", days=40)
    swept.look()
    say(swept, "Nightly build: done.", room)
    swept.webex.clock.advance(minutes=5)
    swept.webex.person().post("messages", roomId=room, text="without a mention")
    theirs = last_activity(swept, room)
    swept.look()
    assert kept(swept, room)[:2] == (theirs, Measure.OTHERS)
    swept.webex.clock.advance(minutes=5)
    say(swept, "Nightly build: red.", room)
    swept.look()
    assert kept(swept, room)[:2] == (theirs, Measure.OTHERS)


def test_a_look_that_webex_refuses_keeps_what_it_has_and_does_not_stop_the_worker(swept: OneSweep) -> None:
    swept.room("Old news")
    swept.webex.fault(kind="status", status=403, match={"path": "/v1/rooms"})
    swept.look()
    assert swept.bot.rows("SELECT count(*) FROM rooms WHERE title = 'Old news'") == [(0,)]


def test_a_renamed_room_is_renamed_and_a_room_that_has_not_changed_is_not_written(swept: OneSweep) -> None:
    old, other = swept.room("Old news"), swept.room("Other")
    swept.look()
    before = swept.moment("updated_at", other)
    swept.webex.person().put(f"rooms/{old}", title="New again")
    swept.look()
    assert swept.bot.rows("SELECT title FROM rooms WHERE room_id = :id", id=old) == [("New again",)]
    assert swept.moment("updated_at", other) == before


def test_an_older_finding_never_replaces_a_newer_one(database: Database) -> None:
    """Two looks at once, or a look beside a message: the later moment stays, with its measure."""
    from bot.rooms.known import _upsert, seen_active

    now = datetime(2026, 11, 23, tzinfo=UTC)

    def look(at: datetime | None, by: Measure | None) -> None:
        with database.transaction() as session:
            values = {"room_id": "R1", "title": "Ops", "type": "group", "left": False}
            _upsert(session, [values | {"person_active_at": at, "person_active_by": by and by.value}])

    def found() -> tuple[datetime | None, Measure | None]:
        with database.transaction() as session:
            known = known_of(session, ["R1"])["R1"]
        return known.person_active_at, known.person_active_by

    look(None, None)
    assert found() == (None, None)
    look(now, Measure.OTHERS)
    look(now - timedelta(days=1), Measure.UNSURE)
    look(None, None)
    assert found() == (now, Measure.OTHERS)
    for at in (now + timedelta(hours=2), now + timedelta(hours=1)):
        with database.transaction() as session:
            seen_active(session, "R1", "Ops", "group", at)
    assert found() == (now + timedelta(hours=2), Measure.PERSON)
    look(now + timedelta(hours=3), Measure.UNSURE)
    assert found() == (now + timedelta(hours=3), Measure.UNSURE)


def test_what_is_not_known_of_a_room_is_left_out(database: Database) -> None:
    with database.transaction() as session:
        assert known_of(session, [Room("R9", "Nowhere", "group").id]) == {}


# What people say, and what the bot says


def test_a_persons_message_is_kept_by_webex_clock(swept: OneSweep) -> None:
    message = swept.bot.hear("ping")
    swept.bot.work()
    at, by, own = kept(swept, swept.bot.room)
    assert (at, by) == (datetime.fromisoformat(message["created"]), Measure.PERSON)
    assert own == last_activity(swept, swept.bot.room)


def test_a_button_that_a_person_presses_is_kept(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.ask("room sweep old")
    swept.sweep()
    you = swept.webex.person()
    [notice] = [each for each in swept.bot.messages(room=room) if each.get("attachments")]
    [button] = notice["attachments"][0]["content"]["actions"]
    assert (button["title"], button["type"]) == ("Keep for 90 days", "Action.Submit")
    pressed = you.post("attachment/actions", type="submit", messageId=notice["id"], inputs=button["data"])
    data = {name: pressed[name] for name in ("id", "messageId", "personId", "roomId", "created")}
    swept.bot.deliver(delivery("attachmentActions", "created", data | {"personEmail": "you@example.com"}))
    swept.bot.work()
    assert kept(swept, room)[1] == Measure.PERSON
    assert swept.texts(room)[-1].startswith("👍 I keep this room for 90 days, until ")
    swept.let_pass(days=8)
    swept.sweep()
    assert swept.is_in(room)
    assert swept.items()["Old news"][0] == "kept"


def test_in_a_direct_room_it_is_kept_as_well(swept: OneSweep) -> None:
    question = swept.webex.person().post("messages", toPersonEmail="sparkops@webex.bot", text="ping")
    swept.bot.deliver(about(question))
    swept.bot.work()
    assert kept(swept, question["roomId"])[1] == Measure.PERSON


def test_an_edit_of_a_live_message_is_no_new_post(swept: OneSweep) -> None:
    """It does not refresh the room's last activity, so it may not be taken for it."""
    room = swept.room("Old news")
    swept.look()
    redactor = swept.bot.services.redactor
    with swept.bot.database.transaction() as session:
        live = start_live(session, room, None, "begins", redactor)
    swept.bot.work()
    posted = kept(swept, room)[2]
    assert posted == last_activity(swept, room)
    swept.webex.clock.advance(minutes=5)
    with swept.bot.database.transaction() as session:
        update_live(session, live, "ends", redactor, final=True, interval=1.0)
    swept.bot.work()
    assert swept.texts(room) == ["ends"]
    assert kept(swept, room)[2] == posted


def test_an_older_post_does_not_move_the_last_one_back(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.look()
    later = datetime.now(UTC) + timedelta(days=1)
    swept.bot.rows("UPDATE rooms SET own_post_at = :at WHERE room_id = :id RETURNING 1", at=later, id=room)
    say(swept, "Nightly build: done.", room)
    assert kept(swept, room)[2] == later


def test_a_migrated_room_takes_along_what_is_known_of_it(swept: OneSweep) -> None:
    room = swept.room("Old news")
    swept.look()
    before = kept(swept, room)
    assert kept(swept, swept.migrate(room)) == before
