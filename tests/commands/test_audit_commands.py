"""`audit …` as people use it: who asked for what, found again, taken away as a file, and checked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.access.audit_seals import is_keyed
from bot.commands.builtin import COMMANDS
from bot.commands.builtin import audit as audit_commands
from bot.commands.model import Entry, File, Place
from bot.commands.registry import Registry
from bot.store.database import Database
from tests.access.trails import NO_KEYS, Trail, entry, tamper
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.talking import DIRECT, GROUP, OWNER, Conversation, conversation

ADA = "ada@example.com"
KEY = "encryption-key-of-the-tests-long-enough"
MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def talk(database: Database) -> Conversation:
    """The owner's conversation with a bot that has a key."""
    talk = conversation(database, clients={"bakery": Bakery()}, environ={"SPARKOPS_ENCRYPTION_KEY": KEY})
    talk.services = replace(talk.services, registry=Registry([*COMMANDS, *bakery.COMMANDS]))
    return talk


@pytest.fixture
def trail(talk: Conversation) -> Trail:
    """The trail that the bot writes."""
    return Trail(talk.services.database, talk.services.audit_keys)


def at_half_past_nine(database: Database) -> None:
    """All that was asked so far was asked on 1 March 2026 at 9:30 UTC, a second apart."""
    tamper(database, "UPDATE audit SET at = TIMESTAMPTZ '2026-03-01 09:30:00Z' + id * INTERVAL '1 second'")


# --- list


def test_the_list_shows_everything_that_was_asked_and_what_became_of_it(
    database: Database, talk: Conversation
) -> None:
    assert talk.say("audit list") == "No such requests yet."
    talk.say("ping")
    talk.say("run list", person="Eve@example.com")
    talk.say("run shw 1")
    talk.say("run show")
    talk.say("run show x")
    talk.say("run show 1")
    talk.say('say "hello')
    at_half_past_nine(database)
    assert talk.say("audit list") == (
        "```\n"
        "UTC             who              asked       came to     by\n"
        '03-01 09:30:08  you@example.com  say "hello  wrong\n'
        "03-01 09:30:07  you@example.com  run show 1  refused     owner\n"
        "03-01 09:30:06  you@example.com  run show x  wrong       owner\n"
        "03-01 09:30:05  you@example.com  run show    incomplete  owner\n"
        "03-01 09:30:04  you@example.com  run shw 1   unknown\n"
        "03-01 09:30:03  eve@example.com  run list    denied      nothing allows it\n"
        "03-01 09:30:02  you@example.com  ping        ok          owner\n"
        "03-01 09:30:01  you@example.com  audit list  ok          owner\n"
        "```"
    )
    only_eve = (
        "```\n"
        "UTC             who              asked     came to  by\n"
        "03-01 09:30:03  eve@example.com  run list  denied   nothing allows it\n"
        "```"
    )
    assert talk.say("audit list --denied --last 1") == only_eve
    assert talk.say("audit list --person EVE@example.com") == only_eve
    assert talk.say("audit list --denied --person you@example.com") == "No such requests yet."


def test_who_agreed_is_shown_where_somebody_had_to(
    database: Database, talk: Conversation, trail: Trail
) -> None:
    trail.record(entry("a", "run cancel 1", approval="7K3F9Q", approvers=("grace@example.com",)))
    trail.record(entry("b", "ping"))
    at_half_past_nine(database)
    assert talk.say("audit list") == (
        "```\n"
        "UTC             who              asked         came to  by     agreed\n"
        "03-01 09:30:02  ada@example.com  ping          ok       owner\n"
        "03-01 09:30:01  ada@example.com  run cancel 1  ok       owner  grace@example.com\n"
        "```"
    )


def test_a_request_is_written_with_its_arguments(talk: Conversation, trail: Trail) -> None:
    talk.say("bread list --kind rye --last 3")
    talk.say("bread list --kind rye", person=ADA)
    talk.say("bread list --kind oat")
    assert [(row.decision, row.arguments) for row in trail.rows()] == [
        ("allowed", {"kind": ["rye"], "last": ["3"]}),
        ("denied", {"kind": ["rye"], "last": ["5"]}),
        ("wrong", {}),
    ]


def test_no_secret_is_in_a_row(database: Database, trail: Trail) -> None:
    talk = conversation(database, clients={}, environ={"OTHER_TOKEN": "sesame-opens-all"})
    talk.say("audit search sesame-opens-all password=hunter2 --person sesame-opens-all", place=DIRECT)
    [row] = trail.rows()
    told = json.dumps([row.line, row.rule, row.result, row.arguments])
    assert "sesame" not in told and "hunter2" not in told
    assert row.arguments["text"] == ["«redacted»", "password=«redacted»"]


# --- search


@pytest.fixture
def found(talk: Conversation, trail: Trail, database: Database) -> Any:
    """Five requests, and what a search finds of them, oldest first."""
    for key, line, changes in (
        (
            "a",
            "jenkins build api",
            {"command": "jenkins build", "arguments": {"parameters": ("BRANCH=main",)}},
        ),
        ("b", "jenkins status api", {"command": "jenkins status", "room_id": "room-2"}),
        (
            "c",
            "jenkins_build 100%",
            {"command": "jenkins_build", "decision": "denied", "person": "grace@example.com"},
        ),
        ("d", "ping", {"decision": "confirmation asked", "result": "code 7K3F9Q", "room_id": None}),
        (
            "e",
            "run cancel 3",
            {"command": "run cancel", "approvers": ("grace@example.com",), "room_id": "room-old"},
        ),
    ):
        trail.record(entry(key, line, **changes))
    for number in range(5):
        tamper(
            database,
            "UPDATE audit SET at = :at WHERE id = :id",
            id=number + 1,
            at=MOMENT + timedelta(days=number),
        )
    with database.transaction() as session:
        session.execute(
            text("""
                INSERT INTO rooms (room_id, title, type, former_ids) VALUES
                ('room-1', 'Sparkops demo', 'group', '{}'), ('room-2', 'Ops 100%', 'group', '{"ids": ["room-old"]}')
            """)
        )

    def search(line: str, **changes: Any) -> list[str]:
        said = talk.say(f"audit search {line}", **changes)
        tamper(database, "DELETE FROM audit WHERE id > 5")
        head, *rows = [row for row in said.splitlines() if row.startswith(("UTC", "03-"))] or ["asked"]
        return [row[head.index("asked") :].split("  ")[0] for row in reversed(rows)]

    return search


BUILD, STATUS, DENIED, PING, CANCEL = (
    "jenkins build api", "jenkins status api", "jenkins_build 100%", "ping", "run cancel 3"
)  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "lines"),
    [
        ("", [BUILD, STATUS, DENIED, PING, CANCEL]),
        ("JENKINS api", [BUILD, STATUS]),
        ("jenkins nothing", []),
        ("branch=MAIN", [BUILD]),
        ("100%", [DENIED]),
        ("s_b", [DENIED]),
        ("7k3f", [PING]),
        ("grace@example.com", [DENIED, CANCEL]),
        ("--person GRACE@example.com", [DENIED]),
        ("--command 'jenkins *'", [BUILD, STATUS]),
        ("--command 'jenkins?build'", [BUILD, DENIED]),
        ("--command jenkins_build", [DENIED]),
        ("--command 'RUN cancel'", [CANCEL]),
        ("--command run", []),
        ("--decision denied", [DENIED]),
        ("--decision confirmation", [PING]),
        ("--room here", [BUILD, DENIED]),
        ("--room room-2", [STATUS, CANCEL]),
        ("--room room-old", [STATUS, CANCEL]),
        ("--room 'ops *'", [STATUS, CANCEL]),
        ("--room 'sparkops demo' --decision allowed", [BUILD]),
        ("--since 2026-03-04", [PING, CANCEL]),
        ("--since 2026-03-04T09:30", [PING, CANCEL]),
        ("--since 2026-03-04T09:30:01", [CANCEL]),
        ("--since 2026-03-02 --until 2026-03-04T10:30:00+01:00", [STATUS, DENIED]),
        ("--until 2026-03-02", [BUILD]),
        ("--since 1h", []),
        ("--until 1h", [BUILD, STATUS, DENIED, PING, CANCEL]),
        ("--last 2", [PING, CANCEL]),
    ],
)
def test_a_search_finds_what_fits_all_that_was_asked(found: Any, filters: str, lines: list[str]) -> None:
    assert found(filters) == lines


def test_a_search_by_this_room_finds_its_former_ids(found: Any) -> None:
    assert found("--room here", place=Place(("room-2", "room-old"), "Ops", "group")) == [STATUS, CANCEL]


@pytest.mark.parametrize(
    ("line", "changes", "answer"),
    [
        ("audit search xyzzy", {}, "No such requests. Fewer words or a longer time find more."),
        ("audit export xyzzy", {}, "No such requests. Fewer words or a longer time find more."),
        ("audit search --room here", {"place": Place(), "entry": Entry.TERMINAL},
         "⚠️ `--room here` was asked in no room. Name it by its title or its id."),
        ("audit search --room Kitchen", {},
         "⚠️ I know no room `Kitchen`. A glob finds titles by a part: `--room \"*ops*\"`."),
        ("audit search --since yesterday", {},
         "⚠️ Invalid value for '--since': 'yesterday' is neither a time ago such as 2h or 7d nor a date such as "
         "2026-11-01. It is written `audit search [TEXT…] [--person …] [--command …] [--decision …] [--room …] "
         '[--since …] [--until …] [--last …] [--as …]`, for example `audit search "run cancel" --since 7d`.'),
    ],
)  # fmt: skip
def test_what_finds_nothing_says_so(
    talk: Conversation, line: str, changes: Mapping[str, Any], answer: str
) -> None:
    assert talk.say(line, **changes) == answer


def test_that_there_are_more_is_said(talk: Conversation, trail: Trail) -> None:
    trail.write(3)
    assert talk.say("audit search ping --last 3").endswith("```")
    assert talk.say("audit search ping --last 2").endswith(
        "```\n\nThere are more; `audit export` gives all of them, `--last` more of them here."
    )


def test_a_search_asked_again_later_is_the_same_request(talk: Conversation, trail: Trail) -> None:
    talk.say("audit search --since 2h --until 2026-12-01")
    assert trail.rows()[0].arguments == {"since": ["2h"], "until": ["2026-12-01"]}


def test_only_who_may_sees_the_trail(talk: Conversation) -> None:
    for line in ("audit list", "audit search ping", "audit export", "audit verify"):
        assert talk.outcome(line, person=ADA).decision == "denied"


# --- export


def exported(talk: Conversation, line: str) -> tuple[str, File]:
    [reply] = talk.outcome(line).replies
    assert reply.file is not None, reply.markdown
    return reply.markdown, reply.file


def test_an_export_is_a_file_with_every_column_in_the_order_of_the_chain(
    talk: Conversation, trail: Trail
) -> None:
    trail.record(
        entry("first", "jenkins build api", arguments={"job": ("api",), "token": ("«redacted»",)},
              approval="7K3F9Q", approvers=("grace@example.com",), room_id=None)
    )  # fmt: skip
    trail.write(1)
    trail.seal()
    trail.write(1)
    tamper(trail.database, "UPDATE audit SET at = '2026-03-01 09:30:00.000007+02'")
    said, file = exported(talk, "audit export --format jsonl")
    assert (said, file.content_type) == ("3 rows.", "application/x-ndjson")
    assert file.name == f"audit-{datetime.now(UTC):%Y-%m-%d}.jsonl"
    rows = [json.loads(line) for line in file.content.decode().splitlines()]
    stored = trail.row(1)
    assert rows[0] == {
        "seq": 1, "id": 1, "at": "2026-03-01T07:30:00.000007+00:00", "entry": "text",
        "person_email": "ada@example.com", "room_id": None, "command": "jenkins build api",
        "line": "jenkins build api", "arguments": ["job=api", "token=«redacted»"], "decision": "allowed",
        "rule": "owner", "approvers": {"code": "7K3F9Q", "by": ["grace@example.com"]}, "result": "ok",
        "duration_ms": 12, "correlation_id": "c0ffee", "request_key": "first",
        "content_hash": stored.content_hash, "chain_hash": stored.chain_hash,
    }  # fmt: skip
    assert is_keyed(rows[0]["chain_hash"]) and is_keyed(rows[0]["content_hash"])
    assert [(row["seq"], row["line"]) for row in rows] == [
        (1, "jenkins build api"),
        (2, "ping 1"),
        (None, "ping 2"),
    ]

    said, file = exported(talk, "audit export ping --until 2026-03-02")
    table = list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))
    assert (said, file.content_type, file.name) == (
        "2 rows.",
        "text/csv",
        f"audit-{datetime.now(UTC):%Y-%m-%d}.csv",
    )
    assert list(table[0]) == list(rows[0])
    assert [(row["seq"], row["line"]) for row in table] == [("2", "ping 1"), ("", "ping 2")]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_exported_passes_redaction_as_it_is(talk: Conversation, trail: Trail, kind: str) -> None:
    trail.record(
        entry("a", "x password=«redacted»", arguments={"token": ("«redacted»",), "api_key": ("«redacted»",)})
    )
    trail.seal()
    _, file = exported(talk, f"audit export --format {kind}")
    assert talk.services.redactor.redact_bytes(file.content) == file.content


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_finds_no_formula_in_what_was_typed(
    talk: Conversation, trail: Trail, typed: str
) -> None:
    trail.record(entry("a", typed, rule=typed, result='say "x", y\nz'))
    _, file = exported(talk, "audit export")
    [row] = csv.DictReader(io.StringIO(file.content.decode(), newline=""))
    assert (row["line"], row["rule"], row["result"]) == (f"'{typed}", f"'{typed}", 'say "x", y\nz')


def test_a_file_that_would_grow_too_large_stops_and_says_where(
    talk: Conversation, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.sealed(5)
    at_half_past_nine(trail.database)
    monkeypatch.setattr(audit_commands, "_LARGEST_FILE", 1500)
    said, file = exported(talk, "audit export")
    rows = list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))
    assert len(file.content) <= 1500
    assert [row["line"] for row in rows] == [f"ping {n}" for n in range(1, len(rows) + 1)]
    assert 1 < len(rows) < 5
    assert said == (
        f"The first {len(rows)} rows: the file would grow too large. What comes next is of 2026-03-01 09:30 UTC; "
        "`--since` and `--until` choose a part."
    )


# --- verify


def test_a_whole_trail(talk: Conversation, trail: Trail) -> None:
    assert talk.say("audit verify") == "No row is sealed yet."
    trail.seal()
    assert talk.say("audit verify") == "✅ 1 row, 1 to 1: each is what was sealed, and none is missing."
    trail.write(3)
    trail.seal()
    assert talk.say("audit verify") == "✅ 5 rows, 1 to 5: each is what was sealed, and none is missing."
    trail.seal()
    assert (
        talk.say("audit verify --from 5")
        == "✅ 2 rows, 5 to 6: each is what was sealed, and none is missing."
    )


def test_rows_that_wait_to_be_sealed_are_told(talk: Conversation, trail: Trail) -> None:
    trail.sealed(2).write(1)
    tamper(trail.database, "UPDATE audit SET at = '2026-03-01 09:30:00Z' WHERE seq IS NULL")
    assert talk.say("audit verify").endswith(
        "1 row not sealed yet, the oldest of 2026-03-01 09:30:00 UTC; a worker does it in a second."
    )


def test_a_broken_trail_says_where_how_and_what_next(talk: Conversation, trail: Trail) -> None:
    trail.sealed(6)
    tamper(
        trail.database,
        "UPDATE audit SET at = '2026-03-01 09:30:00Z', person_email = 'e_e@example.com', line = 'a `b`' WHERE seq = 4",
    )
    assert talk.say("audit verify").split("\n\n")[0] == (
        "⛔ The audit trail is broken. Row 4 was changed: it is not what was written. It says that "
        "e\\_e@example.com asked `` a `b` `` at 2026-03-01 09:30:00 UTC. The 3 rows before it, from 1 on, are what "
        "was sealed. `audit verify --from 5` checks what comes after."
    )
    assert talk.say("audit verify --from 5").startswith("✅ 2 rows, 5 to 6")


def test_a_gap_and_a_cut_are_told_without_a_row(talk: Conversation, trail: Trail) -> None:
    trail.sealed(6)
    tamper(trail.database, "DELETE FROM audit WHERE seq = 6")
    assert talk.say("audit verify").split("\n\n")[0] == (
        "⛔ The audit trail is broken. Row 6 is missing at the end: the tail was cut off. The 5 rows before it, from 1 "
        "on, are what was sealed."
    )
    tamper(trail.database, "DELETE FROM audit WHERE seq IN (1, 2)")
    assert talk.say("audit verify").split("\n\n")[0] == (
        "⛔ The audit trail is broken. Rows 1 to 2 are missing. `audit verify --from 4` checks what comes after."
    )


def test_a_row_that_is_not_there_yet_cannot_be_begun_with(talk: Conversation, trail: Trail) -> None:
    trail.sealed(2)
    assert talk.say("audit verify --from 9") == (
        "⚠️ The audit trail has no row 9 yet. `audit verify` checks all there are."
    )


def test_without_a_key_it_says_what_that_is_worth(database: Database, tmp_path: Path) -> None:
    talk = conversation(database, clients={})
    Trail(database, NO_KEYS).sealed(2)
    assert talk.say("audit verify") == (
        "✅ 2 rows, 1 to 2: each is what was sealed, and none is missing.\n\n"
        "Without `SPARKOPS_ENCRYPTION_KEY` the seals show accidents and careless hands only: whoever can write the "
        "database could make them anew."
    )


def test_what_was_sealed_before_there_was_a_key_is_told(talk: Conversation, trail: Trail) -> None:
    Trail(trail.database, NO_KEYS).sealed(2)
    trail.record(entry("c"))
    trail.seal()
    assert talk.say("audit verify") == (
        "✅ 3 rows, 1 to 3: each is what was sealed, and none is missing.\n\n"
        "Up to row 2 there are seals made without a key: whoever could write the database could have made those."
    )


def test_every_entry_leaves_a_row_that_verifies(talk: Conversation, trail: Trail) -> None:
    for door, place in (
        (Entry.TEXT, GROUP),
        (Entry.TEXT, DIRECT),
        (Entry.TERMINAL, Place()),
        (Entry.REST, Place()),
    ):
        talk.say("ping", entry=door, place=place)
    talk.words(("ping",))
    talk.say("🍞" * 3000 + " \x00", person=OWNER.upper())
    trail.seal()
    assert (trail.verify().broken, trail.verify().checked) == (None, 6)
