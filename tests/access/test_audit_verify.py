"""What `audit verify` finds of what is done to the table beneath its trigger, and what it says of it."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.access import audit_verify
from bot.access.audit_chain import HEAD, Head, content_of, read_head
from bot.access.audit_seals import SealKeys, head_content, link_content
from bot.store.database import Database
from bot.store.models import AuditRow
from tests.access.trails import NO_KEYS, Trail

NAMES = [column.name for column in AuditRow.__table__.columns]
COLUMNS = ", ".join(name for name in NAMES if name not in {"id", "seq", "chain_hash", "request_key"})
INSERT = f"""
    INSERT INTO audit (request_key, {COLUMNS}, seq, chain_hash)
    SELECT 'forged', {COLUMNS}, :seq, :chain_hash FROM audit WHERE seq = 1
"""


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)


def test_a_trail_nobody_touched_is_whole(trail: Trail) -> None:
    assert trail.verify().broken is None
    trail.sealed(6).write(2)
    report = trail.verify()
    assert (report.broken, report.start, report.checked, report.unsealed) == (None, 1, 6, 2)
    assert report.waiting_since == trail.rows()[6].at
    assert (report.plain_through, trail.verify(start=4).checked) == (0, 3)


def test_what_is_sealed_meanwhile_does_not_look_like_a_forgery(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_while_others_work(session: Session, keys: SealKeys) -> Head | None:
        head = read_head(session, keys)
        trail.sealed(2)
        return head

    trail.sealed(3)
    monkeypatch.setattr(audit_verify, "read_head", read_while_others_work)
    assert (trail.verify().broken, trail.verify().checked) == (None, 5)


# --- changed


@pytest.mark.parametrize(
    "change",
    [
        "person_email = 'eve@example.com'",
        "at = at - interval '1 microsecond'",
        "line = line || ' '",
        "decision = 'denied'",
        "room_id = NULL",
        "duration_ms = duration_ms + 1",
        'arguments = \'{"who": ["eve"]}\'',
        'approvers = \'{"by": ["eve@example.com"]}\'',
        "request_key = 'other'",
    ],
)
def test_a_changed_row_is_named(trail: Trail, change: str) -> None:
    trail.sealed().beneath(f"UPDATE audit SET {change} WHERE seq = 3")
    assert trail.broken() == ("changed", "Row 3 was changed: it is not what was written.", 2)
    assert trail.verify(start=4).broken is None


def test_a_row_changed_with_its_hash_is_named_as_well(trail: Trail) -> None:
    trail.sealed().beneath("UPDATE audit SET line = 'nothing', content_hash = 'sha256:00' WHERE seq = 3")
    assert trail.broken() == ("changed", "Row 3 was changed or replaced, and its hash with it.", 2)
    assert trail.verify(start=4).broken is None


def test_a_row_changed_before_it_was_sealed_is_found_before_and_after(trail: Trail) -> None:
    trail.sealed(2).write(1)
    trail.beneath("UPDATE audit SET line = 'nothing' WHERE seq IS NULL")
    kind, says, checked = trail.broken()
    assert (kind, checked) == ("changed", 2)
    assert says == "The row with the id 3, not sealed yet, was changed, or was not written by me."
    trail.seal()
    assert trail.broken() == ("changed", "Row 3 was changed: it is not what was written.", 2)


@pytest.mark.parametrize("column", ["id = 99", "chain_hash = 'sha256:00'"])
def test_a_row_whose_number_or_link_was_changed_does_not_fit(trail: Trail, column: str) -> None:
    trail.sealed().beneath(f"UPDATE audit SET {column} WHERE seq = 3")
    says = "Row 3 is not the one that was sealed there, which is gone: taken out, or exchanged for it."
    assert trail.broken() == ("missing", says, 2)


# --- missing


@pytest.mark.parametrize(
    ("condition", "says"), [("seq = 3", "Row 3 is missing."), ("seq IN (3, 4)", "Rows 3 to 4 are missing.")]
)
def test_deleted_rows_leave_a_gap(trail: Trail, condition: str, says: str) -> None:
    trail.sealed().beneath(f"DELETE FROM audit WHERE {condition}")
    assert trail.broken() == ("missing", says, 2)


def test_the_first_rows_deleted_are_missing_too(trail: Trail) -> None:
    trail.sealed().beneath("DELETE FROM audit WHERE seq <= 2")
    assert trail.broken() == ("missing", "Rows 1 to 2 are missing.", 0)


def test_closing_the_gap_does_not_hide_it(trail: Trail) -> None:
    trail.sealed()
    trail.beneath("DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 + 100 WHERE seq > 3",
                  "UPDATE audit SET seq = seq - 100 WHERE seq > 100")  # fmt: skip
    says = "Row 3 is not the one that was sealed there, which is gone: taken out, or exchanged for it."
    assert trail.broken() == ("missing", says, 2)


def test_beginning_behind_a_gap_the_row_before_must_be_there(trail: Trail) -> None:
    trail.sealed().beneath("DELETE FROM audit WHERE seq = 3")
    assert trail.broken(start=4) == ("missing", "There is no row 3, which row 4 would have to follow.", 0)
    assert trail.verify(start=5).broken is None


# --- cut


@pytest.mark.parametrize(
    ("condition", "says", "left"),
    [
        ("seq = 6", "Row 6 is missing at the end: the tail was cut off.", 5),
        ("seq > 3", "Rows 4 to 6 are missing at the end: the tail was cut off.", 3),
        ("true", "Rows 1 to 6 are missing at the end: the tail was cut off.", 0),
    ],
)
def test_a_tail_that_was_cut_off_is_missed(trail: Trail, condition: str, says: str, left: int) -> None:
    trail.sealed().beneath(f"DELETE FROM audit WHERE {condition}")
    assert trail.broken() == ("cut", says, left)


def test_what_is_written_after_the_cut_does_not_heal_it(trail: Trail) -> None:
    trail.sealed().beneath("DELETE FROM audit WHERE seq > 4")
    trail.sealed(2)
    assert trail.broken() == ("missing", "Rows 5 to 6 are missing.", 4)


def test_an_emptied_table_is_missed(trail: Trail) -> None:
    trail.sealed()
    with trail.database.transaction() as session:
        session.execute(text("TRUNCATE audit"))
    assert trail.broken() == ("cut", "Rows 1 to 6 are missing at the end: the tail was cut off.", 0)


def test_a_cut_cannot_be_hidden_by_a_new_note_of_the_end(trail: Trail) -> None:
    trail.sealed()
    chain_hash = trail.row(4).chain_hash or ""
    value = {"seq": 4, "chain_hash": chain_hash, "adopted_through": 0}
    for seal in (trail.head()["seal"], NO_KEYS.seal(head_content(4, chain_hash, 0))):
        trail.beneath(
            "DELETE FROM audit WHERE seq > 4",
            "UPDATE facts SET value = CAST(:value AS jsonb)",
            value=json.dumps(value | {"seal": seal}),
        )
        kind, says, checked = trail.broken()
        assert (kind, checked) == ("head", 4)
        assert says.startswith("The note of where the chain ends was changed")
        assert says.endswith("Rows may be missing at the end.")


def test_without_the_note_of_the_end_the_rows_are_checked_and_it_is_said(trail: Trail) -> None:
    trail.sealed().beneath("DELETE FROM facts")
    assert trail.broken() == (
        "head",
        "Rows are sealed, but the note of where the chain ends is gone. Rows may be missing at the end.",
        6,
    )
    trail.beneath("UPDATE audit SET line = 'nothing' WHERE seq = 2")
    assert trail.broken() == ("changed", "Row 2 was changed: it is not what was written.", 1)


# --- reordered


def swap(trail: Trail, one: int, other: int, columns: str) -> None:
    """Exchange these columns of the rows at two places."""
    moved = columns.split(", ")
    trail.beneath(
        "CREATE TEMPORARY TABLE taken ON COMMIT DROP AS SELECT * FROM audit WHERE seq IN (:one, :other)",
        "DELETE FROM audit WHERE seq IN (:one, :other)",
        f"INSERT INTO audit ({', '.join(NAMES)}) "
        f"SELECT {', '.join(f'theirs.{name}' if name in moved else f'ours.{name}' for name in NAMES)} "
        "FROM taken AS ours JOIN taken AS theirs ON ours.id <> theirs.id",
        one=one,
        other=other,
    )


ALL_BUT_PLACE = ", ".join(name for name in NAMES if name not in {"seq", "chain_hash"})


@pytest.mark.parametrize(
    "columns", ["seq", "seq, chain_hash", ALL_BUT_PLACE, ALL_BUT_PLACE.removeprefix("id, ")]
)
def test_rows_that_changed_places_are_found_whatever_moved_with_them(trail: Trail, columns: str) -> None:
    swap(trail.sealed(), 2, 5, columns)
    assert trail.broken() == (
        "reordered",
        "Rows were reordered: the one that was sealed at 2 is now at 5.",
        1,
    )


def test_neighbours_that_changed_places_are_found(trail: Trail) -> None:
    swap(trail.sealed(), 5, 6, "seq")
    assert trail.broken() == (
        "reordered",
        "Rows were reordered: the one that was sealed at 5 is now at 6.",
        4,
    )


# --- inserted


def test_a_row_put_in_is_found_though_the_others_made_room(trail: Trail) -> None:
    trail.sealed()
    trail.beneath(
        "UPDATE audit SET seq = seq + 100 WHERE seq >= 3",
        "UPDATE audit SET seq = seq - 99 WHERE seq > 100",
        INSERT,
        seq=3,
        chain_hash=trail.row(3).chain_hash,
    )
    assert trail.broken() == ("inserted", "Row 3 was put in; the one that was sealed there is now at 4.", 2)


def test_a_row_put_in_place_of_another_is_found(trail: Trail) -> None:
    trail.sealed()
    link = trail.row(3).chain_hash
    trail.beneath("DELETE FROM audit WHERE seq = 3", INSERT, seq=3, chain_hash=link)
    assert trail.broken() == ("changed", "Row 3 was changed or replaced, and its hash with it.", 2)


def test_a_row_put_at_the_end_is_found(trail: Trail) -> None:
    trail.sealed().beneath(INSERT, seq=7, chain_hash=trail.row(6).chain_hash)
    assert trail.broken() == (
        "inserted",
        "Row 7 follows after the chain's end at 6: no seal put it there.",
        6,
    )


def test_a_row_taken_out_of_the_chain_for_another_is_found_outside(trail: Trail) -> None:
    trail.sealed()
    link = trail.row(3).chain_hash
    trail.beneath("UPDATE audit SET seq = NULL WHERE seq = 3", INSERT, seq=3, chain_hash=link)
    assert trail.broken() == (
        "inserted", "Row 3 was put in; the one that was sealed there is now outside of the chain (id 3).", 2,
    )  # fmt: skip


# --- what a key is for


def forge(trail: Trail) -> None:
    """Rewrite the second row and every seal after it, as whoever knows this program but no key can."""
    previous = ""
    trail.beneath("UPDATE audit SET person_email = 'eve@example.com' WHERE seq = 2")
    for row in trail.rows():
        content_hash = NO_KEYS.seal(content_of(row))
        chain_hash = NO_KEYS.seal(link_content(row.seq or 0, row.id, content_hash, previous))
        trail.beneath(
            "UPDATE audit SET content_hash = :content_hash, chain_hash = :chain_hash WHERE id = :id",
            content_hash=content_hash, chain_hash=chain_hash, id=row.id,
        )  # fmt: skip
        previous = chain_hash
    seq = len(trail.rows())
    value = {"seq": seq, "chain_hash": previous, "adopted_through": 0}
    trail.beneath(
        "UPDATE facts SET value = CAST(:value AS jsonb) WHERE name = :name",
        name=HEAD, value=json.dumps(value | {"seal": NO_KEYS.seal(head_content(seq, previous, 0))}),
    )  # fmt: skip


def test_without_a_key_a_chain_made_anew_passes(database: Database) -> None:
    trail = Trail(database, NO_KEYS).sealed(3)
    forge(trail)
    assert trail.verify().broken is None


def test_with_a_key_a_chain_made_anew_shows_as_one_sealed_without(trail: Trail) -> None:
    trail.sealed(3)
    forge(trail)
    assert trail.verify().plain_through == 3
    trail.sealed(1)
    assert (trail.verify().broken, trail.verify().plain_through) == (None, 3)


def test_with_a_key_the_tail_cannot_be_made_anew(trail: Trail) -> None:
    trail.sealed(4)
    row = trail.row(4)
    trail.beneath("UPDATE audit SET line = 'nothing' WHERE seq = 4")
    content_hash = NO_KEYS.seal(content_of(trail.row(4)))
    link = NO_KEYS.seal(link_content(4, row.id, content_hash, trail.row(3).chain_hash or ""))
    trail.beneath("UPDATE audit SET content_hash = :c, chain_hash = :l WHERE seq = 4", c=content_hash, l=link)
    kind, says, checked = trail.broken()
    assert (kind, checked) == ("unkeyed", 3)
    assert says.startswith("Row 4 is sealed without a key, though rows before it have one.")


def test_with_a_key_no_link_can_be_made_without(trail: Trail) -> None:
    row = trail.sealed(4).row(3)
    link = NO_KEYS.seal(link_content(3, row.id, row.content_hash, trail.row(2).chain_hash or ""))
    trail.beneath("UPDATE audit SET chain_hash = :link WHERE seq = 3", link=link)
    assert (trail.broken()[0], trail.broken()[2]) == ("unkeyed", 2)
    assert trail.broken(start=3)[0] == "unkeyed"


# --- size


def test_a_long_trail_is_checked_in_little_memory(trail: Trail) -> None:
    with trail.database.transaction() as session:
        session.execute(
            text("""
                INSERT INTO audit (request_key, correlation_id, entry, person_email, command, line, decision, rule,
                                   result, duration_ms)
                SELECT 'old:' || n, 'c', 'text', 'ada@example.com', 'ping', repeat('x', 1900), 'allowed',
                       'owner', 'ok', 1
                FROM generate_series(1, 10000) AS n
            """)
        )
    assert trail.seal() == 10_000
    tracemalloc.start()
    report = trail.verify()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.broken, report.checked) == (None, 10_000)
    assert peak < 10_000_000, "all of them together are more than twenty megabytes"
