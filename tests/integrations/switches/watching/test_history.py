"""`switch history`: the picture, the file, what was told; and what becomes of the history with time."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from bot.store.database import Database
from integrations.switches.store.watches import SwitchWatch, SwitchWatchEvent, SwitchWatchFrame
from integrations.switches.watching import history
from integrations.switches.watching.judging import Key
from tests.integrations.switches.farm import FleetTalk
from tests.integrations.switches.watching.watched import due_poll, steady

UPLINKS = 'switch watch leaf01 counters "Eth1/[49-50]" --when "in > 1k" --name uplinks'
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PORT: Key = ("leaf01", "Ethernet1/49")


def test_the_busiest_are_a_picture_with_their_peaks_and_what_was_told(talk: FleetTalk) -> None:
    talk.say(UPLINKS)
    due_poll(talk)
    due_poll(talk)
    [reply] = talk.outcome("switch history uplinks").replies
    lines = [" ".join(line.split()) for line in steady(reply.markdown).splitlines()]
    assert lines[:5] == [
        "📈 **uplinks** (`leaf01 counters Eth1/[49-50]`), DAY to DAY UTC: peaks of 1 min each.",
        "",
        "```",
        "switch subject peak in peak out",
        "leaf01 Ethernet1/50 RATE RATE",
    ]
    assert lines[7:9] == ["", "What it told (UTC):"]
    assert sorted(lines[9:]) == [
        "- MOMENT 🔴 `leaf01` Ethernet1/49: in RATE \\(0.0 %\\), out RATE \\(0.0 %\\)",
        "- MOMENT 🔴 `leaf01` Ethernet1/50: in RATE \\(0.0 %\\), out RATE \\(0.0 %\\)",
    ]
    assert reply.file is not None
    assert reply.file.name == "switch-watch-uplinks.png"
    assert reply.file.content.startswith(b"\x89PNG")


def test_a_file_has_the_mean_and_the_peak_of_every_moment(talk: FleetTalk) -> None:
    talk.say(UPLINKS)
    for _ in range(3):
        due_poll(talk)
    file = talk.file("switch history uplinks --as csv")
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert {(row["switch"], row["subject"]) for row in rows} == {
        PORT,
        ("leaf01", "Ethernet1/50"),
    }
    assert set(rows[0]) == {
        *("at", "seconds", "switch", "subject", "in bits/s mean", "in bits/s peak"),
        *("out bits/s mean", "out bits/s peak", "errors mean", "errors peak"),
    }
    assert all(0 < float(row["in bits/s mean"]) <= float(row["in bits/s peak"]) for row in rows)


def test_texts_are_counted(talk: FleetTalk) -> None:
    talk.say('switch watch leaf01 "show interface brief" state --name ports')
    due_poll(talk)
    rows = list(csv.DictReader(io.StringIO(talk.file("switch history ports --as csv").content.decode())))
    assert {row["subject"] for row in rows} == {"up", "down"}
    assert talk.outcome("switch history ports").replies[0].file is not None


def test_before_the_second_poll_there_is_nothing_to_show(talk: FleetTalk) -> None:
    talk.say(UPLINKS)
    due_poll(talk)
    assert talk.say("switch history uplinks") == (
        "**uplinks** has seen nothing in that time. It is polled every 1 min; rates need two polls."
    )


def test_a_watch_that_is_over_still_has_its_history(talk: FleetTalk) -> None:
    talk.say(UPLINKS)
    due_poll(talk)
    due_poll(talk)
    talk.say("switch unwatch uplinks")
    assert talk.say("switch history uplinks").startswith("📈 **uplinks**")


@pytest.fixture
def kept(database: Database) -> int:
    """A watch, and its number."""
    with database.transaction() as session:
        row = SwitchWatch(
            **{"room_id": "room-1", "name": "uplinks", "owner": "you@example.com", "target": "all"},
            **{"kind": "counters", "detail": "*", "every": 60, "asked": {}},
            **{"until": NOON + timedelta(days=90), "due_at": NOON},
        )
        session.add(row)
        session.flush()
        return row.id


def keep(
    database: Database, watch_id: int, at: datetime, values: dict[Key, tuple[float | None, ...]]
) -> None:
    with database.transaction() as session:
        history.keep_frame(session, watch_id, at, 3, values)


def test_after_a_day_polls_become_five_minutes_and_after_a_month_nothing(
    database: Database, kept: int
) -> None:
    for minute in range(11):
        keep(database, kept, NOON + timedelta(minutes=minute), {PORT: (float(minute), 100.0, 0.0)})
    with database.transaction() as session:
        history.thin_one(session, kept, NOON + timedelta(days=1, minutes=6))
        steps = list(
            session.execute(select(SwitchWatchFrame.step, SwitchWatchFrame.at).order_by(SwitchWatchFrame.at))
        )
        first, *rest = history.frames(session, kept, NOON)
    assert [step for step, _ in steps] == [300, *[0] * 6]
    assert (first.at, first.means, first.peaks) == (NOON, (2.0, 100.0, 0.0), (4.0, 100.0, 0.0))
    assert [frame.means[0] for frame in rest] == [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    with database.transaction() as session:
        history.thin_one(session, kept, NOON + timedelta(days=31))
        assert list(history.frames(session, kept, NOON)) == []


def test_thinning_again_changes_nothing(database: Database, kept: int) -> None:
    keep(database, kept, NOON, {PORT: (1.0, 2.0, 0.0)})
    for _ in range(2):
        with database.transaction() as session:
            history.thin_one(session, kept, NOON + timedelta(days=2))
    with database.transaction() as session:
        [frame] = history.frames(session, kept, NOON)
    assert frame.means == (1.0, 2.0, 0.0)


def test_a_subject_that_comes_later_has_no_values_before(database: Database, kept: int) -> None:
    late: Key = ("leaf02", "Ethernet1/49")
    keep(database, kept, NOON, {PORT: (1.0, 2.0, 0.0)})
    keep(database, kept, NOON + timedelta(minutes=1), {late: (7.0, 8.0, 9.0)})
    with database.transaction() as session:
        assert history.series(session, kept) == [PORT, late]
        first, second = history.frames(session, kept, NOON)
    assert (first.means, second.means) == ((1.0, 2.0, 0.0), (None, None, None, 7.0, 8.0, 9.0))


def test_of_so_many_subjects_and_no_more_history_is_kept(
    database: Database, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_SERIES", 3)
    values = {("leaf01", f"Ethernet1/{number}"): (1.0, 1.0, 1.0) for number in range(10)}
    for minute in range(2):
        keep(database, kept, NOON + timedelta(minutes=minute), values)
    with database.transaction() as session:
        assert len(history.series(session, kept)) == 3
        assert [len(frame.means) for frame in history.frames(session, kept, NOON)] == [9, 9]


def test_so_many_events_are_kept_and_a_watch_that_is_over_goes_with_its_history(
    database: Database, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_EVENTS", 2)
    now = datetime.now(UTC)
    with database.transaction() as session:
        for number in range(5):
            session.add(
                SwitchWatchEvent(
                    **{"watch_id": kept, "at": now, "kind": "begun", "switch": f"leaf0{number}"},
                    **{"subject": "", "says": "x"},
                )
            )
        session.execute(text("UPDATE switch_watches SET thinned_at = now() - interval '2 hours'"))
    history.thin(database)
    with database.transaction() as session:
        events = history.events(session, kept, now - timedelta(days=1), 10)
        assert [each.switch for each in events] == ["leaf04", "leaf03"]
        session.execute(
            text(
                "UPDATE switch_watches SET thinned_at = now() - interval '2 hours', ended_at = now() - interval '31 d'"
            )
        )
    history.thin(database)
    with database.transaction() as session:
        for table in (SwitchWatch, SwitchWatchEvent):
            assert session.scalar(select(func.count()).select_from(table)) == 0
