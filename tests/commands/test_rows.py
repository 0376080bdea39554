"""Tables as answers, and `--as`: the same rows as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.commands.model import Entry, File, Place, Reply
from bot.commands.rows import FileKind, Rows
from bot.runs import runs
from bot.store.database import Database
from tests.talking import Conversation

AT = datetime(2026, 3, 1, 10, 30, 5, tzinfo=timezone(timedelta(hours=1)))
ROWS = Rows(
    ("what", "since (UTC)", "how many"),
    [("a long name, " + "x" * 80, AT, 7), ('=cmd|" /C calc"!A0', None, -3), ("two\nlines", "never", 0)],
)
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


def file_of(kind: FileKind, rows: Rows = ROWS) -> File:
    reply = rows.reply(kind, "things")
    assert reply.file is not None
    return reply.file


def test_without_a_kind_it_is_a_table_with_cells_that_are_cut() -> None:
    assert ROWS.reply(None, "things", above="Three:", below="That is all.") == Reply(
        "Three:\n\n"
        "```\n"
        "what                                                          since (UTC)  how many\n"
        f"a long name, {'x' * 46}…  03-01 09:30  7\n"
        '=cmd|" /C calc"!A0                                                         -3\n'
        "two lines                                                     never        0\n"
        "```\n\n"
        "That is all."
    )


def test_a_file_is_named_after_what_it_holds_and_the_day() -> None:
    reply = ROWS.reply("csv", "my_things", above="Three:", below="That is all.")
    assert reply.markdown == f"Three:\n\n3 rows, in **my\\_things-{TODAY}.csv**.\n\nThat is all."
    one = Rows(("what",), [("x",)]).reply("txt", "things")
    assert one.markdown == f"1 row, in **things-{TODAY}.txt**."
    assert [(file_of(kind).name, file_of(kind).content_type) for kind in ("csv", "json", "txt")] == [
        (f"things-{TODAY}.csv", "text/csv"),
        (f"things-{TODAY}.json", "application/json"),
        (f"things-{TODAY}.txt", "text/plain"),
    ]


def test_in_csv_cells_are_whole_and_no_spreadsheet_takes_one_for_a_formula() -> None:
    assert list(csv.reader(io.StringIO(file_of("csv").content.decode(), newline=""))) == [
        ["what", "since (UTC)", "how many"],
        ["a long name, " + "x" * 80, "2026-03-01T09:30:05+00:00", "7"],
        ['\'=cmd|" /C calc"!A0', "", "-3"],
        ["two\nlines", "never", "0"],
    ]


@pytest.mark.parametrize(
    "begins", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]
)
def test_whatever_a_formula_begins_with_is_defused(begins: str) -> None:
    rows = Rows((begins,), [(begins,)])
    for line in csv.reader(io.StringIO(file_of("csv", rows).content.decode(), newline="")):
        assert line == ["'" + begins]


def test_in_json_each_row_is_an_object_and_numbers_are_numbers() -> None:
    assert json.loads(file_of("json").content) == [
        {"what": "a long name, " + "x" * 80, "since_utc": "2026-03-01T09:30:05+00:00", "how_many": 7},
        {"what": '=cmd|" /C calc"!A0', "since_utc": None, "how_many": -3},
        {"what": "two\nlines", "since_utc": "never", "how_many": 0},
    ]


def test_in_text_the_table_is_whole() -> None:
    assert (
        file_of("txt").content.decode().splitlines()[1] == f"a long name, {'x' * 80}  2026-03-01 09:30:05  7"
    )


# --- in commands


def start(database: Database, talk: Conversation, number: int) -> None:
    with database.transaction() as session:
        runs.start(
            session, talk.services.redactor, kind="heating", title=f"oven {number}", arguments={},
            requester="ada@example.com", request_key=str(number), room_id=None, parent_id=None,
            correlation_id="c0ffee", live="",
        )  # fmt: skip


def test_a_list_of_runs_is_twenty_in_the_room_and_all_of_them_as_a_file(
    database: Database, talk: Conversation
) -> None:
    for number in range(25):
        start(database, talk, number)
    assert talk.say("run list").count("oven") == 20
    [reply] = talk.outcome("run list --as json").replies
    assert reply.file is not None and reply.markdown == f"25 rows, in **runs-{TODAY}.json**."
    assert [each["what"] for each in json.loads(reply.file.content)] == [
        f"oven {n}" for n in range(24, -1, -1)
    ]
    [reply] = talk.outcome("run list --as csv --last 3").replies
    assert reply.file is not None and reply.file.content.count(b"oven") == 3


def test_where_there_is_nothing_no_file_is_made(talk: Conversation) -> None:
    [reply] = talk.outcome("run list --as csv").replies
    assert reply == Reply("Nothing is running. `run list --all` shows what was.")


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("audit list --as csv", b"run list"),
        ("audit search run --as txt", b"run list"),
        ("schedule list --as json", b'"name": "dawn"'),
        ("token list --as json", b'"name": "deploys"'),
    ],
)
def test_every_list_can_be_had_as_a_file(talk: Conversation, line: str, holds: bytes) -> None:
    talk.say("run list")
    talk.say('schedule add --name dawn "daily 06:00" ping')
    talk.say("token create deploys --as you@example.com", place=Place(), entry=Entry.TERMINAL)
    [reply] = talk.outcome(line).replies
    assert reply.file is not None, reply.markdown
    assert holds in talk.services.redactor.redact_bytes(reply.file.content)
