"""Commands are found by their words: never two for the same words, and the likeliest for mistyped ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import click
import pytest

from bot.assembly import load_parts
from bot.commands.builtin import COMMANDS
from bot.commands.context import Context
from bot.commands.model import Command, Effect, Reply, command
from bot.commands.parse import Parsed, parse, words_of
from bot.commands.registry import AmbiguousCommand, Match, NoMatch, Registry
from bot.store.database import Database
from tests.commands import bakery
from tests.talking import Conversation, conversation, settings_of

EVE = "eve@example.com"


def named(name: str) -> Command:
    """A command of this name that does nothing."""

    @command(name)
    def nothing(context: Context) -> Reply:
        """Do nothing."""
        return Reply("")

    return nothing


def every_command() -> Registry:
    """The commands of the core and of every integration installed."""
    return load_parts(settings_of({})).registry


def test_no_two_commands_are_ambiguous() -> None:
    commands = list(every_command())
    assert {"help", "run list"} <= {each.name for each in commands}
    for one, other in combinations(commands, 2):
        shared = min(len(one.words), len(other.words))
        assert one.words[:shared] != other.words[:shared], f"{one.name!r} and {other.name!r}"


def test_every_command_shows_how_it_is_written_by_an_example_that_finds_it() -> None:
    registry = every_command()
    for each in registry:
        assert each.examples, f"{each.name} has no example"
        for example in each.examples:
            words = words_of(example)
            assert isinstance(words, tuple), f"{example}: {words}"
            parsed = parse(words, registry)
            assert isinstance(parsed, Parsed), f"{example}: {parsed}"
            assert parsed.command is each


def test_every_command_says_what_it_does_in_one_sentence() -> None:
    for each in every_command():
        assert each.summary.endswith("."), f"{each.name}: {each.summary}"
        assert each.summary[0].isupper(), f"{each.name}: {each.summary}"


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("run", "run list"), "'run' is the beginning of 'run list'."),
        (("run list all", "run list"), "'run list' is the beginning of 'run list all'."),
        (("ping", "ping"), "Two commands are named 'ping'."),
        (("run  list", "run list"), "Two commands are named 'run list'."),
    ],
)
def test_ambiguous_commands_are_refused(names: tuple[str, ...], says: str) -> None:
    with pytest.raises(AmbiguousCommand) as caught:
        Registry(named(name) for name in names)
    assert str(caught.value) == says


def test_an_integration_whose_commands_clash_stops_the_bot_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "clashing_bakery.py").write_text(
        "from bot.integration import Integration\n"
        "from bot.commands.builtin.about import ping\n"
        "integration = Integration(name='clashing', commands=(ping,))\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        with pytest.raises(AmbiguousCommand, match=r"Two commands are named 'ping'\."):
            load_parts(settings_of({}, {"modules": ["clashing_bakery"]}, tmp_path))


def test_a_command_is_found_by_its_words_whatever_their_capitals() -> None:
    registry = Registry([*COMMANDS, named("a b c")])
    assert registry.find(("RUN", "List", "--All")) == Match(registry.get("run list"), ("--All",))
    assert registry.find(("A", "B", "C", "D")) == Match(registry.get("a b c"), ("D",))
    assert registry.find(("ping",)) == Match(registry.get("ping"), ())


@pytest.mark.parametrize(
    ("words", "noun", "suggestions"),
    [
        (("run", "lsit"), "run", ("run list",)),
        (("run", "logs", "1"), "run", ("run log",)),
        (("run", "frobnicate"), "run", ()),
        (("rnu", "cancel", "1"), None, ("run cancel",)),
        (("pnig",), None, ("ping",)),
        (("pnig", "me", "please"), None, ("ping",)),
        (("vresion", "--denied"), None, ("version",)),
        (("frobnicate",), None, ()),
        (("run",), "run", ()),
        ((), None, ()),
        (("", ""), None, ()),
        (("pong" * 2000,), None, ()),
    ],
)
def test_a_mistyped_command(words: tuple[str, ...], noun: str | None, suggestions: tuple[str, ...]) -> None:
    assert Registry(COMMANDS).find(words) == NoMatch(noun, suggestions)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("pnig", "I know no `pnig`. Did you mean `ping`?"),
        ("run lsit", "I know no `run lsit`. Did you mean `run list`?"),
        ("run away", "I know no `run away`. `help run` shows what I can do for you here."),
        ("rn log", "I know no `rn log`. Did you mean `run log`?"),
        ("bread bkae rye", "I know no `bread bkae rye`. Did you mean `bread bake`?"),
        ("frobnicate now", "I know no `frobnicate now`. `help` shows what I can do for you here."),
        ("frob `<@all>` *x*", "I know no `frob <\u200b@all> *x*`. `help` shows what I can do for you here."),
        ('mumble "a b"', 'I know no `mumble "a b"`. `help` shows what I can do for you here.'),
        ("x" * 200, f"I know no `{'x' * 80}`. `help` shows what I can do for you here."),
    ],
)
def test_what_a_person_sees_who_mistypes(talk: Conversation, line: str, answer: str) -> None:
    said = talk.outcome(line)
    assert (said.replies[0].markdown, said.decision, said.result) == (answer, "unknown", "no such command")


def test_nothing_is_suggested_that_the_asker_may_not_run(talk: Conversation) -> None:
    assert talk.say("run lsit", person=EVE) == (
        "I know no `run lsit`. `help` shows what I can do for you here."
    )
    assert talk.say("run", person=EVE) == "I know no `run`. `help` shows what I can do for you here."
    assert talk.say("pnig", person=EVE) == "I know no `pnig`. Did you mean `ping`?"


def test_what_the_asker_may_run_is_suggested_before_what_would_be_nearer(
    database: Database, tmp_path: Path
) -> None:
    rules = [{"allow": EVE, "commands": ["bread taste", "bread list"]}]
    talk = conversation(database, config={"access": rules}, folder=tmp_path, clients={})
    names = [f"bread {verb}" for verb in ("toast", "tasty", "tastes", "taster")]
    registry = Registry([*COMMANDS, *bakery.COMMANDS, *map(named, names)])
    talk.services = replace(talk.services, registry=registry)
    assert talk.say("bread tasti", person=EVE) == "I know no `bread tasti`. Did you mean `bread taste`?"
    assert talk.say("bread bkae", person=EVE) == (
        "I know no `bread bkae`. `help bread` shows what I can do for you here."
    )
    assert talk.say("bread", person=EVE) == (
        "**bread**\n\n"
        "- `bread list [--kind …] [--last …]`: Show what lies on the shelf.\n"
        "- `bread taste NAME [WISHES…] [--loud] [--note …]`: Taste a bread; asks how if nothing is said.\n\n"
        "`help bread list` tells more of one."
    )


def test_a_declaration_must_be_able_to_help_and_to_say_what_it_destroys() -> None:
    with pytest.raises(
        ValueError, match="The command 'oven bare' has no docstring, so it would have no help"
    ):

        @command("oven bare")
        def bare(context: Context) -> Reply:
            return Reply("")

    with pytest.raises(ValueError, match="The command 'oven scrap' destroys and must say what exactly will"):

        @command("oven scrap", effect=Effect.DESTROY)
        def scrap(context: Context) -> Reply:
            """Scrap it."""
            return Reply("")


def test_only_reading_commands_may_be_entered_twice_unless_declared() -> None:
    assert bakery.bread_list.repeatable
    assert bakery.oven_run.repeatable
    assert not bakery.bread_bake.repeatable
    assert not bakery.bread_throw.repeatable


def test_usage_shows_every_kind_of_parameter() -> None:
    @command("oven all")
    @click.argument("one")
    @click.argument("two", nargs=2)
    @click.argument("rest", nargs=-1)
    @click.option("--flag", is_flag=True)
    @click.option("-l", "--last", default=3)
    @click.option("--to", required=True)
    @click.option("--old", hidden=True)
    def every(context: Context) -> Reply:
        """Show all."""
        return Reply("")

    assert every.usage == "oven all ONE TWO… [REST…] [--flag] [--last …] --to …"
