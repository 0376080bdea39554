"""Secrets in what people write: by which doors they may come, and what becomes of those that come by others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.commands.builtin import COMMANDS
from bot.commands.context import Context
from bot.commands.model import Effect, Entry, Outcome, Place, Reply, command
from bot.commands.parameters import BUILD_NUMBER, SECRET, SECRET_ASSIGNMENT, SecretAssignment
from bot.commands.parse import Incomplete, Parsed, Wrong, parse
from bot.commands.registry import Registry
from bot.store.database import Database
from bot.store.models import AuditRow
from tests.dumped import dumped
from tests.talking import DIRECT, GROUP, Conversation, conversation

KEY = "swordfish-of-the-tests"
PLAIN_TOKEN = "ghp_" + "a1" * 18
OPENED: list[tuple[int, SecretStr, tuple[SecretAssignment, ...]]] = []


@command("safe open", effect=Effect.CHANGE, examples=())
@click.argument("number", type=BUILD_NUMBER)
@click.argument("key", type=SECRET)
@click.argument("more", nargs=-1, type=SECRET_ASSIGNMENT)
def safe_open(context: Context, number: int, key: SecretStr, more: tuple[SecretAssignment, ...]) -> Reply:
    """Open a safe."""
    OPENED.append((number, key, more))
    return Reply(f"Safe {number} is open: {context.request.text}, {key}, {more}")


@pytest.fixture
def talk(database: Database) -> Conversation:
    """The owner's conversation with a bot that has a safe."""
    return with_safe(conversation(database, clients={}))


def with_safe(talk: Conversation) -> Conversation:
    OPENED.clear()
    talk.services = replace(talk.services, registry=Registry([*COMMANDS, safe_open]))
    return talk


def audited(database: Database) -> list[AuditRow]:
    with database.transaction() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


WORDS = ("safe", "open", "7", KEY, f"CODE={KEY}")
LINE = " ".join(WORDS)
SHOWN = "safe open 7 «secret» CODE=«secret»"


def submitted(talk: Conversation, *words: str, place: Place = DIRECT) -> Outcome:
    return talk.words(words, place=place)


# --- typed as secret


def test_a_secret_is_masked_in_what_policy_sees_and_kept_aside() -> None:
    parsed = parse(WORDS, Registry([safe_open]))
    assert isinstance(parsed, Parsed)
    assert parsed.arguments == {
        "number": ("7",),
        "key": ("«secret»",),
        "more": ("CODE=«secret»",),
        "more.CODE": ("«secret»",),
    }
    assert [each.get_secret_value() for each in parsed.secrets] == [KEY, KEY]
    assert KEY not in repr(parsed)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("safe", "open", KEY, "7"),
         "I cannot read the words behind the command, and do not repeat them: one may be a secret."),
        (("safe", "open", "7", "x", f"--{KEY}"),
         "I cannot read the words behind the command, and do not repeat them: one may be a secret."),
        (("safe", "open", "7", "x", KEY),
         "Invalid value for '[MORE]...': one of the words is not of the form NAME=value."),
        (("safe", "open", "7", "x", "CODE="), "Invalid value for '[MORE]...': CODE is empty."),
        (("safe", "open", "7", ""), "Invalid value for 'KEY': the secret is empty."),
    ],
)  # fmt: skip
def test_an_error_never_repeats_what_was_typed(
    talk: Conversation, database: Database, words: tuple[str, ...], reason: str
) -> None:
    parsed = parse(words, talk.services.registry)
    assert isinstance(parsed, Wrong) and parsed.reason == reason
    said = submitted(talk, *words)
    assert said.decision == "wrong"
    assert KEY not in said.replies[0].markdown
    assert audited(database)[0].line == "safe open «secret»"
    assert KEY not in dumped(database)


def test_a_form_for_what_is_missing_does_not_carry_a_secret_given_already(talk: Conversation) -> None:
    @command("safe show", examples=())
    @click.option("--key", type=SECRET, help="its key")
    @click.argument("number")
    def safe_show(context: Context, key: SecretStr | None, number: str) -> Reply:
        """Look into a safe."""
        return Reply(number)

    talk.services = replace(talk.services, registry=Registry([safe_show]))
    assert isinstance(parse(("safe", "show", "--key", KEY), talk.services.registry), Incomplete)
    said = submitted(talk, "safe", "show", "--key", KEY)
    assert said.result == "asked for input"
    assert said.replies[0].card is not None
    assert KEY not in repr(said)


def test_what_destroys_may_take_no_secret() -> None:
    with pytest.raises(ValueError, match=r"^The command 'safe blow' destroys, and so may take no secrets\.$"):

        @command("safe blow", effect=Effect.DESTROY, says=lambda *_: "Blow it up?")
        @click.argument("key", type=SECRET)
        def safe_blow(context: Context, key: SecretStr) -> Reply:
            """Blow a safe up."""
            return Reply("")


# --- by which doors


@pytest.mark.parametrize(
    ("entry", "place"), [(Entry.CARD, DIRECT), (Entry.TERMINAL, Place())], ids=["card", "terminal"]
)
def test_from_a_card_in_the_direct_room_and_at_the_terminal_it_is_taken_and_kept_nowhere(
    talk: Conversation, database: Database, entry: Entry, place: Place
) -> None:
    said = (
        submitted(talk, *WORDS, place=place)
        if entry is Entry.CARD
        else talk.outcome(LINE, entry=entry, place=place)
    )
    assert said.result == "ok"
    (number, key, (more,)) = OPENED[0]
    assert (number, key.get_secret_value(), more.value.get_secret_value()) == (7, KEY, KEY)
    assert KEY not in said.replies[0].markdown
    (row,) = audited(database)
    assert (row.line, row.decision) == (SHOWN, "allowed")
    assert (row.arguments["number"], row.arguments["key"]) == (["7"], ["«secret»"])
    assert KEY not in dumped(database), "not in the attempt row either"


def test_as_text_in_the_direct_room_it_is_refused_with_what_to_do(
    talk: Conversation, database: Database
) -> None:
    said = talk.outcome(LINE, place=DIRECT)
    assert said.replies[0].markdown == (
        "🔒 `safe open` takes a secret, and I take none as text, where it stays to be read: I ran nothing. Delete your "
        "message. Rotate it: make a new one where it comes from, and revoke this one. Then say `safe open` without "
        "it: I open a card for it."
    )
    assert not OPENED
    (row,) = audited(database)
    assert (row.decision, row.command, row.line) == ("secret", "safe open", SHOWN)
    assert KEY not in dumped(database)


@pytest.mark.parametrize(("entry", "way"), [(Entry.REST, "by REST"), (Entry.SCHEDULE, "from a schedule")])
def test_other_doors_keep_what_comes_by_them_and_are_shut(talk: Conversation, entry: Entry, way: str) -> None:
    said = talk.outcome(LINE, entry=entry, place=DIRECT)
    assert said.decision == "secret"
    assert said.replies[0].markdown.startswith(f"🔒 `safe open` takes a secret, and I take none {way}")
    assert not OPENED


@pytest.mark.parametrize("entry", [Entry.TEXT, Entry.CARD])
def test_in_a_group_room_nothing_is_run(talk: Conversation, database: Database, entry: Entry) -> None:
    said = submitted(talk, *WORDS, place=GROUP) if entry is Entry.CARD else talk.outcome(LINE)
    assert (said.decision, said.command, said.result) == ("secret", "safe open", "refused")
    assert KEY not in repr(said)
    assert not OPENED
    assert audited(database)[0].line == SHOWN


def test_what_others_would_have_to_approve_is_not_kept_meanwhile(database: Database, tmp_path: Path) -> None:
    config = {
        "groups": {"ops": ["ada@example.com"]},
        "approvals": [{"for": ["everyone", "owners"], "commands": "safe *", "of": "ops"}],
    }
    talk = with_safe(conversation(database, clients={}, config=config, folder=tmp_path))
    said = submitted(talk, *WORDS)
    assert said.decision == "secret"
    assert said.replies[0].markdown == (
        "⚠️ `safe open` needs others' agreement here, and takes a secret, which I do not keep while I wait: I ran "
        "nothing. An owner can leave this command out of `approvals:`."
    )
    assert not OPENED
    assert KEY not in dumped(database)


# --- a secret in a group room


@pytest.mark.parametrize(
    "line",
    [
        f"help {PLAIN_TOKEN}",
        "help password=hunter2hunter2",
        'help "password=hunter2hunter2',
        "help configured-token-of-the-tests",
        f"no such command {PLAIN_TOKEN}",
    ],
)
def test_a_line_that_holds_something_like_a_secret_is_not_run(database: Database, line: str) -> None:
    talk = conversation(database, clients={}, environ={"HOUSE_TOKEN": "configured-token-of-the-tests"})
    said = talk.outcome(line)
    assert said.decision == "secret"
    assert said.replies[0].markdown == (
        "🔒 <@personEmail:you@example.com> I saw something that looks like a secret, so I ran nothing. I may not "
        "delete your message here: please delete it yourself, now. Somebody may have read it. Rotate it: make a new "
        "one where it comes from, and revoke this one. I take secrets on a card in our direct room only: there, say "
        "the command without them."
    )
    assert said.replies[0].mentions == ("personEmail:you@example.com",)
    assert "«redacted»" in audited(database)[0].line
    for secret in (PLAIN_TOKEN, "hunter2", "configured-token-of-the-tests"):
        assert secret not in dumped(database)


def test_it_is_not_run_for_those_either_who_may_run_nothing(talk: Conversation) -> None:
    assert talk.outcome(f"run list {PLAIN_TOKEN}", person="eve@example.com").decision == "secret"


def test_a_card_that_carries_one_in_a_group_room_is_not_run(talk: Conversation) -> None:
    said = submitted(talk, "help", PLAIN_TOKEN, place=GROUP)
    assert said.decision == "secret"
    assert "What you entered is not shown in this room, but Webex keeps it." in said.replies[0].markdown


@pytest.mark.parametrize("place", [DIRECT, Place()])
def test_elsewhere_a_line_is_run_as_it_is(talk: Conversation, place: Place) -> None:
    entry = Entry.TEXT if place is DIRECT else Entry.TERMINAL
    assert talk.outcome(f"help {PLAIN_TOKEN}", place=place, entry=entry).decision == "allowed"


def test_a_command_with_no_secret_in_it_is_run(talk: Conversation) -> None:
    assert talk.outcome("help ping").decision == "allowed"
