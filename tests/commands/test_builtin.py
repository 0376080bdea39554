"""The core's own commands: what a person types and, word for word, what they see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

import bot
from bot.commands.builtin import COMMANDS, about, confirm, run, schedule
from bot.commands.model import Entry, Place
from bot.commands.registry import Registry
from bot.runs import runs
from bot.runs.states import State
from bot.store.database import Database
from bot.store.models import Run, RunLogLine
from tests.access.trails import tamper
from tests.talking import DIRECT, Conversation, confirmation_code, conversation

OVERVIEW = """\
- **confirm**: Say yes to what I asked you to confirm.
- **help**: Show what you may run here, or tell more of one command.
- **leave**: Say no to what I asked you to confirm, or take back what waits for others' yes.
- **ping**: Answer, to show that I am there.
- **run** `cancel` ⚠️, `list`, `log`, `show`
- **schedule** `add` ✏️, `list`, `remove` ✏️, `resume` ✏️
- **version**: Say which Sparkops this is.
- **whoami**: Say who I take you for, where, and by what you are let in.

✏️ changes something, ⚠️ destroys and asks first.
`help schedule` tells more of all of a kind, `help schedule add` of one."""

FOR_STRANGERS = """\
- **confirm**: Say yes to what I asked you to confirm.
- **help**: Show what you may run here, or tell more of one command.
- **leave**: Say no to what I asked you to confirm, or take back what waits for others' yes.
- **ping**: Answer, to show that I am there.
- **version**: Say which Sparkops this is.
- **whoami**: Say who I take you for, where, and by what you are let in.

✏️ changes something, ⚠️ destroys and asks first.
`help run` tells more of all of a kind, `help run list` of one.
8 more are not yours to run here."""

HELP_RUN = """\
**run**

- `run cancel NUMBER`: Ask a run to end; a lost one ends at once and frees what it holds. ⚠️
- `run list [--all] [--last …] [--as …]`: Show the runs that are going on.
- `run log NUMBER [--last …]`: Show the last lines a run wrote about itself.
- `run show NUMBER`: Show one run: its state, and every move it made.

`help run cancel` tells more of one."""

HELP_RUN_CANCEL = """\
`run cancel NUMBER`

Ask a run to end; a lost one ends at once and frees what it holds.

For example:

- `run cancel 1`

⚠️ It destroys something, so it asks you to confirm."""

HELP_AUDIT = """\
`audit list [--last …] [--person …] [--denied] [--as …]`

Show who asked for what lately, and what was decided.

- `--last`: how many rows, 15 in a table
- `--person`: only this e-mail's requests
- `--denied`: only what was denied
- `--as`: a file (csv, json or txt) of all rows in place of the table

For example:

- `audit list`
- `audit list --denied --last 5`"""


@pytest.fixture
def core(talk: Conversation) -> Conversation:
    """A bot without any integration."""
    talk.services = replace(talk.services, registry=Registry(COMMANDS))
    return talk


def start_run(database: Database, core: Conversation, title: str, key: str) -> int:
    with database.transaction() as session:
        number, _ = runs.start(
            session,
            core.services.redactor,
            kind="heating",
            title=title,
            arguments={},
            requester="ada@example.com",
            request_key=key,
            room_id=None,
            parent_id=None,
            correlation_id="c0ffee",
            live="",
        )
    return number


def move_run(database: Database, number: int, state: State, who: str, why: str) -> None:
    with database.transaction() as session:
        runs.move(session, session.get_one(Run, number), state, who=who, why=why)


def at_half_past_nine(database: Database) -> None:
    """All that has happened so far happened on 1 March 2026 at 9:30 UTC, a second apart."""
    moment = "SET {0} = TIMESTAMPTZ '2026-03-01 09:30:00Z' + id * INTERVAL '1 second'"
    with database.transaction() as session:
        for table, column in (
            ("runs", "created_at"),
            ("run_transitions", "at"),
            ("run_log", "at"),
        ):
            session.execute(text(f"UPDATE {table} {moment.format(column)}"))
    tamper(database, f"UPDATE audit {moment.format('at')}")


def test_ping(core: Conversation) -> None:
    assert core.say("ping") == "pong"


def test_version(core: Conversation) -> None:
    assert core.say("version") == f"Sparkops {bot.__version__}"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({},
         "You are **you@example.com**, in the room Sparkops demo. Groups: none. You are one of my owners."),
        ({"person": "You@Example.com", "place": DIRECT},
         "You are **You@Example.com**, in our direct room. Groups: none. You are one of my owners."),
        ({"person": "eve_e@example.com", "place": Place(("room-3",), "*Ops* <b>", "group")},
         "You are **eve\\_e@example.com**, in the room \\*Ops\\* \\<b\\>. Groups: none."),
        ({"place": Place(), "entry": Entry.TERMINAL},
         "You are **you@example.com**, at the terminal. Groups: none. You are one of my owners."),
        ({"place": Place(), "entry": Entry.REST, "person": "ci@example.com"},
         "You are **ci@example.com**, in no room. Groups: none."),
    ],
)  # fmt: skip
def test_whoami(core: Conversation, changes: dict[str, object], answer: str) -> None:
    assert core.say("whoami", **changes) == answer


def test_whoami_names_the_groups_by_which_a_person_is_let_in(database: Database, tmp_path: Path) -> None:
    groups = {"ops": ["ada@example.com"], "everyone here": ["*@example.com"], "others": ["*@other.example"]}
    talk = conversation(database, config={"groups": groups}, folder=tmp_path, clients={})
    assert talk.say("whoami", person="ADA@example.com", place=DIRECT) == (
        "You are **ADA@example.com**, in our direct room. Groups: everyone here, ops."
    )


@pytest.fixture
def few(core: Conversation) -> Conversation:
    """A bot with few commands, as an example of what help shows of many."""
    commands = (*about.COMMANDS, *confirm.COMMANDS, *run.COMMANDS, *schedule.COMMANDS)
    core.services = replace(core.services, registry=Registry(commands))
    return core


def test_help_shows_everything_to_an_owner(few: Conversation) -> None:
    assert few.say("help") == OVERVIEW


@pytest.mark.parametrize("line", ["", "``` ```", "  "])
def test_a_mention_alone_asks_for_help(few: Conversation, line: str) -> None:
    assert few.say(line) == OVERVIEW


def test_help_shows_a_stranger_what_strangers_may_do(few: Conversation) -> None:
    assert few.say("help", person="eve@example.com") == FOR_STRANGERS


def test_help_of_everything_there_is_fits_into_one_message(core: Conversation) -> None:
    assert len(core.say("help").encode()) < 5000


@pytest.mark.parametrize("line", ["help run", "HELP Run", "run", "Run"])
def test_help_of_a_noun(core: Conversation, line: str) -> None:
    assert core.say(line) == HELP_RUN


@pytest.mark.parametrize(
    ("line", "answer"), [("help run cancel", HELP_RUN_CANCEL), ("help audit list", HELP_AUDIT)]
)
def test_help_of_one_command(core: Conversation, line: str, answer: str) -> None:
    assert core.say(line) == answer


def test_help_of_a_command_with_details_required_options_and_a_change(talk: Conversation) -> None:
    assert talk.say("help bread bake") == (
        "`bread bake rye|wheat NAME SHAPES…`\n\n"
        "Bake loaves of one kind.\n\n"
        "They are on the shelf in an hour.\n\n"
        "For example:\n\n"
        "- `bread bake rye Sunday round long`"
    )
    assert "- `bread bake rye|wheat NAME SHAPES…`: Bake loaves of one kind. ✏️\n" in talk.say("help bread")
    assert talk.say("help bread order").startswith("`bread order --to … SHOP [EXTRAS…]`\n")


def test_help_of_something_mistyped(core: Conversation) -> None:
    assert core.say("help run lst") == (
        "⚠️ There is no `run lst` that you may run here. Did you mean `help run list` or `help run log`?"
    )


def test_help_asked_for_as_an_option(core: Conversation) -> None:
    assert core.say("run list --help") == core.say("help run list")


@pytest.mark.parametrize("line", ["help xyzzy", "help `*`"])
def test_help_of_nothing(core: Conversation, line: str) -> None:
    asked = line.removeprefix("help ").strip("`")
    assert core.say(line) == f"⚠️ There is no `{asked}` that you may run here. `help` shows what is."


def test_help_does_not_tell_a_stranger_what_there_is(core: Conversation) -> None:
    for noun in ("run", "run list", "audit", "audit list"):
        assert core.say(f"help {noun}", person="eve@example.com") == (
            f"⚠️ There is no `{noun}` that you may run here. `help` shows what is."
        )


def test_run_list(database: Database, core: Conversation) -> None:
    assert core.say("run list") == "Nothing is running. `run list --all` shows what was."
    assert core.say("run list --all") == "No runs yet."
    start_run(database, core, "oven 1", "a")
    move_run(database, start_run(database, core, "oven 2", "b"), State.CANCELLED, "ada@example.com", "enough")
    start_run(database, core, "oven 3\n```\n<@all>", "c")
    at_half_past_nine(database)
    assert core.say("run list") == (
        "````\n"
        "run  state      what               who              since (UTC)\n"
        "3    requested  oven 3 ``` <\u200b@all>  ada@example.com  03-01 09:30\n"
        "1    requested  oven 1             ada@example.com  03-01 09:30\n"
        "````"
    )
    assert core.say("run list --all --last 2") == (
        "````\n"
        "run  state      what               who              since (UTC)\n"
        "3    requested  oven 3 ``` <\u200b@all>  ada@example.com  03-01 09:30\n"
        "2    cancelled  oven 2             ada@example.com  03-01 09:30\n"
        "````"
    )


def test_run_show_and_run_log(database: Database, core: Conversation) -> None:
    start_run(database, core, "oven_1", "a")
    move_run(database, 1, State.RUNNING, "executor 1", "the fire is lit")
    with database.transaction() as session:
        session.add_all(RunLogLine(run_id=1, text=f"It is {degrees} degrees warm.") for degrees in (90, 180))
    at_half_past_nine(database)
    assert core.say("run show 1") == (
        "**oven\\_1** (run 1): **running**, for ada@example.com.\n\n"
        "```\n"
        "UTC       to         by               why\n"
        "09:30:01  requested  ada@example.com  asked for\n"
        "09:30:02  running    executor 1       the fire is lit\n"
        "```"
    )
    assert core.say("run log 1") == (
        "```\n09:30:01 It is 90 degrees warm.\n09:30:02 It is 180 degrees warm.\n```"
    )
    assert core.say("run log #1 --last 1") == "```\n09:30:02 It is 180 degrees warm.\n```"


def test_times_are_utc_whatever_the_database_thinks(
    database: Database, core: Conversation, postgres_url: str
) -> None:
    start_run(database, core, "oven 1", "a")
    core.say("ping")
    at_half_past_nine(database)
    more = "&" if "?" in postgres_url else "?"
    in_tokyo = Database(f"{postgres_url}{more}options=-c%20timezone%3DAsia/Tokyo")
    core.services = replace(core.services, database=in_tokyo)
    try:
        assert "ada@example.com  03-01 09:30\n" in core.say("run list")
        assert "\n09:30:01  requested" in core.say("run show 1")
        assert "\n03-01 09:30:01  you@example.com  ping" in core.say("audit list")
    finally:
        in_tokyo.close()


def test_a_run_that_wrote_nothing(database: Database, core: Conversation) -> None:
    start_run(database, core, "oven 1", "a")
    assert core.say("run log 1") == "Run 1 has written nothing."


@pytest.mark.parametrize("line", ["run show 7", "run log 7", "run cancel 7"])
def test_no_such_run(core: Conversation, line: str) -> None:
    assert core.say(line) == "⚠️ There is no run 7. `run list` shows the latest."


@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 5000, "x", "1.5", "²"])
def test_no_number(core: Conversation, number: str) -> None:
    said = core.outcome(f"run show {number}")
    assert said.result == "usage"
    assert said.replies[0].markdown.startswith("⚠️ Invalid value for 'NUMBER': '")
    assert said.replies[0].markdown.endswith(". It is written `run show NUMBER`, for example `run show 1`.")
    assert len(said.replies[0].markdown) < 400


def test_cancelling_a_run_that_goes_on(database: Database, core: Conversation) -> None:
    start_run(database, core, "oven 1", "a")
    asked = core.say("run cancel 1")
    code = confirmation_code(asked)
    assert asked == (
        "⚠️ Cancel run 1, **oven 1**, which is requested, for ada@example.com?\n\n"
        f"Say `confirm {code}` within 120 s to do it, or `leave {code}`."
    )
    assert core.say(f"confirm {code}") == (
        "Run 1 is asked to end. It says so in its own message when it has."
    )
    at_half_past_nine(database)
    assert core.say("run show 1").startswith(
        "**oven 1** (run 1): **requested**, for ada@example.com. you@example.com asked to cancel it.\n\n"
    )


def test_cancelling_a_lost_run_ends_it(database: Database, core: Conversation) -> None:
    start_run(database, core, "oven 1", "a")
    move_run(database, 1, State.LOST, "executor 1", "its worker died")
    code = confirmation_code(core.say("run cancel 1"))
    assert core.say(f"confirm {code}") == "Run 1 is cancelled."
    at_half_past_nine(database)
    assert core.say("run show 1").endswith(
        "09:30:02  lost       executor 1       its worker died\n"
        "09:30:03  cancelled  you@example.com  given up as lost\n```"
    )


def test_cancelling_a_run_that_is_over(database: Database, core: Conversation) -> None:
    start_run(database, core, "oven 1", "a")
    code = confirmation_code(core.say("run cancel 1"))
    move_run(database, 1, State.FAILED, "executor 1", "no fuse")
    assert core.say(f"confirm {code}") == "Run 1 is over already: failed."
    assert core.say("run cancel 1") == "⚠️ Run 1 is over already: failed."


def test_confirm_and_leave_with_a_code_nobody_gave(core: Conversation) -> None:
    assert core.say("confirm 7k3f*q") == "⚠️ Nothing waits for the code 7K3F\\*Q."
    assert core.say("leave 7k3f*q") == "⚠️ Nothing of yours waits for the code `7k3f*q`."
