"""Sealing: what a row's hash covers, how the chain grows, who may seal, and what keys do to it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from bot.access import audit, audit_chain
from bot.access.audit_chain import BrokenHead, Sealer, content_of, seal
from bot.access.audit_seals import HASHED, Verdict, row_content, seal_keys
from bot.store.database import Database
from bot.store.models import AuditRow
from tests.access.trails import FORMER, KEYS, NO_KEYS, SECRET, Trail, entry


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)


# --- what is written


def test_a_row_is_written_with_the_hash_of_all_its_columns(trail: Trail) -> None:
    trail.record(
        entry(
            "webex:1",
            "jenkins build api BRANCH=main",
            command="jenkins build",
            person="Ada@Example.com",
            arguments={"job": ("api",), "parameters": ("BRANCH=main",)},
            approval="7K3F9Q",
            approvers=("grace@example.com", "alan@example.com"),
        )
    )
    [row] = trail.rows()
    assert (row.person_email, row.command, row.line) == (
        "ada@example.com", "jenkins build", "jenkins build api BRANCH=main",
    )  # fmt: skip
    assert row.arguments == {"job": ["api"], "parameters": ["BRANCH=main"]}
    assert row.approvers == {"code": "7K3F9Q", "by": ["grace@example.com", "alan@example.com"]}
    assert KEYS.check(row.content_hash, content_of(row)) is Verdict.KEYED
    assert (row.seq, row.chain_hash) == (None, None)


def test_what_nobody_had_to_agree_to_names_nobody(trail: Trail) -> None:
    trail.write()
    assert trail.rows()[0].approvers == {}


def test_the_hash_is_over_what_is_stored_whatever_was_typed(trail: Trail) -> None:
    odd = "NUL \0, half a pair \ud83d, a whole one 🍞, é, \x7f, \\u0000"
    trail.record(
        entry("odd", odd, arguments={"words": (odd, "x" * 1000, *map(str, range(80)))}, rule=odd, result=odd)
    )
    [row] = trail.rows()
    assert row.line == "NUL \ufffd, half a pair \ufffd, a whole one 🍞, é, \x7f, \\u0000"
    assert row.arguments["words"][:2] == [row.line, "x" * 499 + "…"]
    assert len(row.arguments["words"]) == 50
    assert KEYS.check(row.content_hash, content_of(row)) is Verdict.KEYED


def test_a_request_handled_again_keeps_its_first_row(trail: Trail) -> None:
    trail.record(entry("webex:1", "ping"))
    trail.record(entry("webex:1", "ping", result="error"))
    assert [row.result for row in trail.rows()] == ["ok"]


def test_what_took_longer_than_a_column_can_tell_is_written_all_the_same(trail: Trail) -> None:
    trail.record(entry("run:1:done", entry="run", duration_ms=40 * 24 * 3600 * 1000))
    assert trail.rows()[0].duration_ms == 2**31 - 1


ROW = {
    "at": datetime(2026, 3, 1, 9, 30, 1, 7, UTC), "request_key": "k", "correlation_id": "c", "entry": "text",
    "person_email": "ada@example.com", "room_id": None, "command": "ping", "line": "ping", "decision": "allowed",
    "rule": "owner", "result": "ok", "duration_ms": 1, "arguments": {}, "approvers": {},
}  # fmt: skip


@pytest.mark.parametrize("column", HASHED)
def test_no_column_can_change_without_its_hash(column: str) -> None:
    changed = {"at": datetime(2026, 3, 1, 9, 30, 1, 8, UTC), "duration_ms": 2, "arguments": {"a": ["b"]}}
    changed["approvers"] = {"by": ["eve@example.com"]}
    other = ROW | {column: changed.get(column, "other")}
    assert KEYS.check(KEYS.seal(row_content(ROW)), row_content(other)) is Verdict.BROKEN


def test_every_column_is_under_a_hash_or_is_one() -> None:
    columns = {column.name for column in AuditRow.__table__.columns}
    assert columns == {*HASHED, "id", "content_hash", "seq", "chain_hash"}


def test_a_moment_is_the_same_in_every_time_zone() -> None:
    there = ROW["at"].astimezone(timezone(timedelta(hours=5, minutes=30)))  # type: ignore[attr-defined]
    assert row_content(ROW | {"at": there}) == row_content(ROW)


@given(first=st.tuples(st.text(), st.text()), second=st.tuples(st.text(), st.text()))
def test_two_rows_are_hashed_alike_only_where_they_are_alike(first: Any, second: Any) -> None:
    contents = [row_content(ROW | {"line": line, "result": result}) for line, result in (first, second)]
    assert (contents[0] == contents[1]) == (first == second)


# --- arguments hold no secret


def test_arguments_are_redacted_by_what_they_are_and_by_what_they_are_called(trail: Trail) -> None:
    from bot.outbound.redact import Redactor

    arguments = {
        "job": ("api",),
        "parameters": ("PASSWORD=hunter2", "A=s3cret-of-ours"),
        "token": ("abc", "de"),
    }
    assert audit.redacted(arguments | {"flag": ()}, Redactor(["s3cret-of-ours"])) == {
        "job": ("api",),
        "parameters": ("PASSWORD=«redacted»", "A=«redacted»"),
        "token": ("«redacted»", "«redacted»"),
    }


# --- the trigger


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET line = 'nothing'",
        "UPDATE audit SET line = 'nothing', seq = 1, chain_hash = 'x'",
        "UPDATE audit SET content_hash = 'x'",
        "DELETE FROM audit",
    ],
)
def test_sql_cannot_change_or_delete_a_row(trail: Trail, statement: str) -> None:
    trail.write()
    before = trail.rows()[0].line
    with (
        pytest.raises(DBAPIError, match="the audit trail is append-only"),
        trail.database.transaction() as session,
    ):
        session.execute(text(statement))
    assert [row.line for row in trail.rows()] == [before]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET seq = 9", "UPDATE audit SET seq = NULL", "DELETE FROM audit"]
)
def test_sql_cannot_move_a_sealed_row(trail: Trail, statement: str) -> None:
    trail.sealed(1)
    with (
        pytest.raises(DBAPIError, match="the audit trail is append-only"),
        trail.database.transaction() as session,
    ):
        session.execute(text(statement))


# --- the chain


def test_rows_are_sealed_in_their_order_without_a_gap(trail: Trail) -> None:
    trail.write(3)
    assert trail.seal() == 3
    trail.record(entry("webex:1"))  # a double, which uses up a number and writes nothing
    trail.write(2)
    assert trail.seal() == 2
    assert [(row.line, row.seq) for row in trail.rows()] == [(f"ping {n}", n) for n in range(1, 6)]
    assert [row.id for row in trail.rows()] == [1, 2, 3, 5, 6]
    assert len({row.chain_hash for row in trail.rows()}) == 5
    assert (trail.head()["seq"], trail.head()["chain_hash"]) == (5, trail.row(5).chain_hash)
    assert trail.verify().broken is None


def test_sealing_with_nothing_to_seal_does_nothing(trail: Trail) -> None:
    assert trail.seal() == 0
    trail.sealed(2)
    head = trail.head()
    assert trail.seal() == 0
    assert trail.head() == head


def test_more_than_a_batch_is_sealed_batch_by_batch(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 4)
    trail.write(10)
    assert [seal(trail.database, KEYS) for _ in range(4)] == [4, 4, 2, 0]
    assert trail.verify().checked == 10


def test_a_row_whose_number_comes_late_gets_the_next_place(trail: Trail) -> None:
    late, other = Database(trail.database.url), Trail(trail.database)
    with late.transaction() as session:
        audit.record(session, entry("late", "late"), KEYS)
        other.write(2)
        assert other.seal() == 2
    assert other.seal() == 1
    late.close()
    assert [(row.line, row.id, row.seq) for row in trail.rows()] == [
        ("late", 1, 3),
        ("ping 1", 2, 1),
        ("ping 2", 3, 2),
    ]
    assert trail.verify().broken is None


def test_workers_that_seal_at_the_same_time_make_one_chain(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 7)
    databases = [Database(trail.database.url) for _ in range(4)]
    writing = threading.Event()

    def work(database: Database) -> None:
        sealer = Sealer(database, KEYS)
        while not writing.is_set():
            sealer.tick()

    threads = [threading.Thread(target=work, args=(each,)) for each in databases]
    for thread in threads:
        thread.start()
    trail.write(200)
    writing.set()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    trail.seal()
    report = trail.verify()
    assert (report.broken, report.checked, report.unsealed) == (None, 200, 0)


def test_while_another_seals_nothing_is_done(trail: Trail) -> None:
    trail.write()
    with psycopg.connect(trail.database.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('sparkops audit chain', 0))")
        assert trail.seal() == 0
    assert trail.seal() == 1


def test_rows_from_before_there_were_hashes_are_sealed_as_they_are(trail: Trail) -> None:
    write_past_the_bot(trail, 3)
    trail.write(1)
    assert trail.verify().broken is None
    assert trail.seal() == 4
    assert trail.verify().broken is None
    assert [row.seq for row in trail.rows()] == [1, 2, 3, 4]
    assert all(KEYS.check(row.content_hash, content_of(row)) is Verdict.KEYED for row in trail.rows())


def test_later_a_row_without_a_hash_is_nobodys_and_is_told_when_it_is_sealed(trail: Trail) -> None:
    trail.sealed(2)
    write_past_the_bot(trail, 1)
    assert trail.broken() == (
        "changed", "The row with the id 3, not sealed yet, was changed, or was not written by me.", 2,
    )  # fmt: skip
    with capture_logs() as logs:
        Sealer(trail.database, KEYS).tick()
    assert [(each["event"], each["log_level"], each["seq"], each["id"]) for each in logs] == [
        ("audit.row_not_ours", "error", 3, 3)
    ]
    assert trail.broken() == ("inserted", "Row 3 was not written by me.", 2)
    assert trail.verify(start=4).broken is None


def write_past_the_bot(trail: Trail, count: int) -> None:
    with trail.database.transaction() as session:
        session.execute(
            text("""
                INSERT INTO audit (request_key, correlation_id, entry, person_email, command, line, decision, rule,
                                   result, duration_ms)
                SELECT 'old:' || n, 'c', 'text', 'eve@example.com', 'ping', 'ping', 'allowed', 'owner', 'ok', 1
                FROM generate_series(1, :count) AS n
            """),
            {"count": count},
        )


# --- keys


def test_rows_sealed_with_a_former_key_hold_while_it_is_kept(trail: Trail) -> None:
    Trail(trail.database, seal_keys((FORMER,))).sealed(2)
    both = replace(trail, keys=seal_keys((SECRET, FORMER)))
    both.record(entry("new"))
    both.seal()
    assert (both.verify().broken, both.verify().checked) == (None, 3)
    assert trail.broken() == (
        "unreadable",
        "Row 1 was sealed with a key that is not among mine. Put the former key behind the new one in "
        "SPARKOPS_ENCRYPTION_KEY, and ask again.",
        0,
    )
    assert trail.verify(start=3).broken is None, "from there on the new key sealed"


def test_without_the_key_that_was_used_nothing_is_sealed(trail: Trail) -> None:
    Trail(trail.database, seal_keys((FORMER,))).sealed(2)
    trail.record(entry("new"))
    sealer = Sealer(trail.database, KEYS)
    with capture_logs() as logs:
        sealer.tick()
        sealer.tick()
    assert [each["event"] for each in logs] == ["audit.not_sealed"]
    assert logs[0]["error"] == (
        "the note of where the chain ends was sealed with a key that is not among mine: put the former key behind "
        "the new one in SPARKOPS_ENCRYPTION_KEY; `audit verify` tells more"
    )
    assert trail.rows()[-1].seq is None
    Sealer(trail.database, seal_keys((SECRET, FORMER))).tick()
    assert trail.rows()[-1].seq == 3


def test_a_key_may_be_introduced_later_and_it_is_told_what_was_sealed_without(trail: Trail) -> None:
    Trail(trail.database, NO_KEYS).sealed(3)
    assert trail.rows()[0].content_hash is not None
    assert trail.rows()[0].content_hash.startswith("sha256:")
    trail.record(entry("keyed 1"))
    trail.record(entry("keyed 2"))
    assert trail.seal() == 2
    report = trail.verify()
    assert (report.broken, report.checked, report.plain_through) == (None, 5, 3)


def test_once_there_is_a_key_nothing_counts_that_is_sealed_without(trail: Trail) -> None:
    trail.sealed(2)
    Trail(trail.database, NO_KEYS).record(entry("from elsewhere"))
    trail.seal()
    assert trail.broken() == (
        "unkeyed",
        "Row 3 is sealed without a key, though rows before it have one. A process of mine without "
        "SPARKOPS_ENCRYPTION_KEY does that, and so does somebody who forges.",
        2,
    )


def test_seals_of_two_keys_differ_and_tell_nothing_of_them() -> None:
    seals = {seal_keys((key,)).seal(b"x") for key in (SECRET, FORMER)}
    assert len(seals) == 2
    assert seal_keys((SECRET,)).seal(b"x") in seals
    assert "tests" not in repr(seal_keys((SECRET,))) + "".join(seals)
    assert str(KEYS.keys[0]) not in repr(KEYS)


@pytest.mark.parametrize(
    "seal", ["", None, "sha256:", "sha256:00", "hmac-sha256:", "hmac-sha256:zz", "md5:1", "é:é:é"]
)
def test_what_is_no_seal_is_broken_or_unknown(seal: str | None) -> None:
    assert KEYS.check(seal, b"x") in {Verdict.BROKEN, Verdict.UNKNOWN_KEY}
    assert NO_KEYS.check(seal, b"x") in {Verdict.BROKEN, Verdict.UNKNOWN_KEY}


# --- the note of where the chain ends


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM facts WHERE name = 'audit head'",
         "rows are sealed, but the note of where the chain ends is gone"),
        ("UPDATE facts SET value = jsonb_set(value, '{seq}', '1') WHERE name = 'audit head'",
         "the note of where the chain ends was changed"),
        ("UPDATE facts SET value = jsonb_set(value, '{adopted_through}', '99') WHERE name = 'audit head'",
         "the note of where the chain ends was changed"),
        ("UPDATE facts SET value = value - 'seal' WHERE name = 'audit head'",
         "the note of where the chain ends cannot be read"),
    ],
)  # fmt: skip
def test_behind_an_end_that_cannot_be_trusted_nothing_is_sealed(
    trail: Trail, statement: str, why: str
) -> None:
    trail.sealed(3)
    trail.beneath(statement)
    trail.write()
    with pytest.raises(BrokenHead) as caught:
        seal(trail.database, KEYS)
    assert str(caught.value) == why
    assert trail.rows()[-1].seq is None
    assert trail.verify().broken is not None


def test_an_end_noted_without_a_key_is_not_believed_behind_rows_that_have_one(trail: Trail) -> None:
    trail.sealed(3)
    forged = NO_KEYS.seal(audit_chain.head_content(2, trail.row(2).chain_hash or "", 0))
    value = {"seq": 2, "chain_hash": trail.row(2).chain_hash, "adopted_through": 0, "seal": forged}
    trail.beneath(
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE facts SET value = CAST(:value AS jsonb)",
        value=json.dumps(value),
    )
    trail.write()
    with pytest.raises(BrokenHead, match="it has lost the seal of its key"):
        seal(trail.database, KEYS)


def test_behind_rows_that_no_seal_put_there_nothing_is_sealed(trail: Trail) -> None:
    trail.sealed(3)
    write_past_the_bot(trail, 1)
    trail.beneath("UPDATE audit SET seq = 4, chain_hash = 'x' WHERE seq IS NULL")
    trail.write()
    with pytest.raises(BrokenHead) as caught:
        seal(trail.database, KEYS)
    assert str(caught.value) == "rows stand after the chain's end at 3, which no seal put there"


def test_a_broken_end_is_logged_once_until_it_is_another_one(trail: Trail) -> None:
    trail.sealed(2)
    trail.write()
    sealer = Sealer(trail.database, KEYS)
    with capture_logs() as logs:
        kept = trail.head()
        trail.beneath("DELETE FROM facts")
        sealer.tick()
        sealer.tick()
        trail.beneath(
            "INSERT INTO facts (name, value) VALUES ('audit head', CAST(:head AS jsonb))",
            head=json.dumps(kept),
        )
        sealer.tick()
        trail.write()
        trail.beneath("DELETE FROM facts")
        sealer.tick()
    assert [each["event"] for each in logs] == ["audit.not_sealed", "audit.not_sealed"]
    assert trail.verify(1).checked == 3


def test_the_derived_key_is_not_the_given_one() -> None:
    assert SECRET.get_secret_value().encode() not in seal_keys((SECRET,)).keys
    assert [len(key) for key in seal_keys((SECRET, SecretStr("x" * 32))).keys] == [32, 32]
