"""Words become a command with typed arguments, or a clear word on what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.builtin import COMMANDS
from bot.commands.context import Context
from bot.commands.model import Reply, command, join_words
from bot.commands.normalise import split_words
from bot.commands.parameters import ASSIGNMENT, BUILD_NUMBER, DURATION, Assignment, instance_option
from bot.commands.parse import Incomplete, Parsed, Unknown, Wrong, parse, words_of
from bot.commands.registry import Registry
from tests.commands import bakery
from tests.talking import Conversation

REGISTRY = Registry([*COMMANDS, *bakery.COMMANDS])


def read(line: str) -> Parsed | Unknown | Incomplete | Wrong:
    words = words_of(line)
    assert isinstance(words, tuple)
    return parse(words, REGISTRY)


@pytest.mark.parametrize(
    ("line", "parameters", "arguments"),
    [
        ("bread list", {"kind": None, "last": 5}, {"kind": (), "last": ("5",)}),
        ("bread list --kind rye --last 9", {"kind": "rye", "last": 9}, {"kind": ("rye",), "last": ("9",)}),
        ("bread list --kind=rye", {"kind": "rye", "last": 5}, {"kind": ("rye",), "last": ("5",)}),
        ('bread bake rye "Sunday Morning" Round long',
         {"kind": "rye", "name": "Sunday Morning", "shapes": ("Round", "long")},
         {"kind": ("rye",), "name": ("Sunday Morning",), "shapes": ("Round", "long")}),
        ("bread order mill A=1 B= --to home C=x=y",
         {"to": "home", "shop": "mill",
          "extras": (Assignment("A", "1"), Assignment("B", ""), Assignment("C", "x=y"))},
         {"to": ("home",), "shop": ("mill",), "extras": ("A=1", "B=", "C=x=y"),
          "extras.A": ("1",), "extras.B": ("",), "extras.C": ("x=y",)}),
        ("bread order mill A=1 a=2 A=3 --to home",
         {"to": "home", "shop": "mill",
          "extras": (Assignment("A", "1"), Assignment("a", "2"), Assignment("A", "3"))},
         {"to": ("home",), "shop": ("mill",), "extras": ("A=1", "a=2", "A=3"),
          "extras.A": ("1", "3"), "extras.a": ("2",)}),
        ("run show 007", {"number": 7}, {"number": ("7",)}),
        ("run list --all --last 20", {"everything": True, "last": 20, "kind": None},
         {"everything": ("True",), "last": ("20",), "kind": ()}),
        ("bread throw -- --all", {"loaves": ("--all",)}, {"loaves": ("--all",)}),
        ("oven timer 90s #12", {"length": timedelta(seconds=90), "oven": 12},
         {"length": ("0:01:30",), "oven": ("12",)}),
    ],
)  # fmt: skip
def test_arguments_are_typed_for_the_handler_and_words_for_the_policy(
    line: str, parameters: dict[str, Any], arguments: dict[str, tuple[str, ...]]
) -> None:
    parsed = read(line)
    assert isinstance(parsed, Parsed)
    assert parsed.parameters == parameters
    assert parsed.arguments == arguments


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("bread bake", ("kind", "name", "shapes")),
        ("bread bake rye", ("name", "shapes")),
        ("bread bake rye Sunday", ("shapes",)),
        ("bread order mill", ("to",)),
        ("bread order", ("to", "shop")),
        ("run log --last 3", ("number",)),
    ],
)
def test_what_is_missing(line: str, missing: tuple[str, ...]) -> None:
    incomplete = read(line)
    assert isinstance(incomplete, Incomplete)
    assert incomplete.missing == missing
    assert incomplete.rest == tuple(line.split()[2:])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bread bake", "`bread bake` needs rye|wheat, NAME, SHAPES."),
        ("bread bake rye Sunday", "`bread bake` needs SHAPES."),
        ("bread order mill", "`bread order` needs --to."),
        ("confirm", "`confirm` needs CODE."),
    ],
)
def test_a_person_is_told_what_is_missing(talk: Conversation, line: str, says: str) -> None:
    said = talk.outcome(line)
    assert said.replies[0].markdown.startswith(f"{says} It is written `")
    assert (said.decision, said.result) == ("incomplete", "asked for input")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bread list --last x",
         "⚠️ Invalid value for '--last': 'x' is not a valid integer range. "
         "It is written `bread list [--kind …] [--last …]`, for example `bread list --kind rye`."),
        ("bread list --last 10",
         "⚠️ Invalid value for '--last': 10 is not in the range 1\\<=x\\<=9. "
         "It is written `bread list [--kind …] [--last …]`, for example `bread list --kind rye`."),
        ("bread list --kind spelt",
         "⚠️ Invalid value for '--kind': 'spelt' is not one of 'rye', 'wheat'. "
         "It is written `bread list [--kind …] [--last …]`, for example `bread list --kind rye`."),
        ("bread list --knid rye",
         "⚠️ No such option '--knid'. Did you mean '--kind'? "
         "It is written `bread list [--kind …] [--last …]`, for example `bread list --kind rye`."),
        ("bread list --last",
         "⚠️ Option '--last' requires an argument. "
         "It is written `bread list [--kind …] [--last …]`, for example `bread list --kind rye`."),
        ("bread order mill --to home FLOUR",
         "⚠️ Invalid value for '\\[EXTRAS\\]...': 'FLOUR' is not of the form NAME=value. "
         "It is written `bread order --to … SHOP [EXTRAS…]`, "
         "for example `bread order mill FLOUR=rye --to home`."),
        ("oven timer soon 3",
         "⚠️ Invalid value for 'LENGTH': 'soon' is not a duration such as 90s, 15m, 2h or 30d. "
         "It is written `oven timer LENGTH OVEN`, for example `oven timer 1h30m #3`."),
        ("oven timer 99999999999999w 3",
         "⚠️ Invalid value for 'LENGTH': '99999999999999w' is longer than I can count. "
         "It is written `oven timer LENGTH OVEN`, for example `oven timer 1h30m #3`."),
        ("oven run three",
         "⚠️ Invalid value for 'OVEN': 'three' is not a number such as 12 or \\#12. "
         "It is written `oven run OVEN`, for example `oven run 3`."),
        ("ping me",
         "⚠️ Got unexpected extra argument \\(me\\). It is written `ping`."),
        ("run show `<@all>`",
         "⚠️ Invalid value for 'NUMBER': '\\<\u200b@all\\>' is not a number such as 12 or \\#12. "
         "It is written `run show NUMBER`, for example `run show 1`."),
    ],
)  # fmt: skip
def test_a_person_is_told_what_is_wrong_and_how_it_is_written(
    talk: Conversation, line: str, says: str
) -> None:
    said = talk.outcome(line)
    assert said.replies[0].markdown == says
    assert (said.decision, said.result) == ("wrong", "usage")


def test_a_quotation_that_is_never_closed_is_shown(talk: Conversation) -> None:
    said = talk.outcome('bread bake rye "Sunday')
    assert said.replies[0].markdown == (
        "⚠️ I cannot read that.\n\n"
        "```\n"
        'The " at character 16 is never closed:\n'
        'bread bake rye "Sunday\n'
        "               ^\n"
        'Close it, or write \\" where it is meant as a character.\n'
        "```"
    )
    assert (said.command, said.decision, said.result) == ("", "wrong", "refused")


def test_a_stranger_is_not_told_how_a_command_is_written_that_they_may_not_run(talk: Conversation) -> None:
    for line in ("bread bake", "bread list --last x", "bread list"):
        said = talk.outcome(line, person="eve@example.com")
        name = " ".join(line.split()[:2])
        assert said.decision == "denied"
        assert said.replies[0].markdown == (
            f"⛔ You may not run `{name}` here. No rule allows it, and what is not allowed is denied. "
            "`whoami` shows who I take you for; one of my owners can grant it."
        )
        assert said.replies[0].card is None


def test_a_broken_parameter_type_is_told_as_an_error_of_the_bot(talk: Conversation) -> None:
    class Broken(click.ParamType[str]):
        name = "broken"

        def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
            raise ZeroDivisionError

    @command("oven broken")
    @click.argument("one", type=Broken())
    def broken(context: Context, one: str) -> Reply:
        """Never come here."""
        return Reply(one)

    talk.services = replace(talk.services, registry=Registry([broken]))
    said = talk.outcome("oven broken x")
    assert said.replies[0].markdown == (
        "💥 That ended in an error of mine, not of yours. It is in my log under `c0ffee`; "
        "my owners can find it there."
    )
    assert said.result == "error"


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2H", timedelta(hours=2)),
        ("30d", timedelta(days=30)),
        ("1w2d", timedelta(days=9)),
        ("1 h 30 m", timedelta(minutes=90)),
        ("0s", timedelta()),
    ],
)
def test_durations(typed: str, length: timedelta) -> None:
    assert DURATION.convert(typed, None, None) == length


TOO_LONG = ["9" * 30 + "s", "9" * 5000 + "d"]


@pytest.mark.parametrize("typed", ["", "h", "15", "15 minutes", "-2h", "1.5h", "2h!", *TOO_LONG])
def test_no_durations(typed: str) -> None:
    with pytest.raises(click.BadParameter):
        DURATION.convert(typed, None, None)


@pytest.mark.parametrize(
    ("typed", "assignment"),
    [
        ("BRANCH=main", Assignment("BRANCH", "main")),
        ("NOTE=", Assignment("NOTE", "")),
        ("URL=http://x/?a=b", Assignment("URL", "http://x/?a=b")),
        ("NAME= with blanks ", Assignment("NAME", " with blanks ")),
    ],
)
def test_assignments(typed: str, assignment: Assignment) -> None:
    assert ASSIGNMENT.convert(typed, None, None) == assignment
    assert str(assignment) == typed


@pytest.mark.parametrize("typed", ["", "BRANCH", "=main", " =x"])
def test_no_assignments(typed: str) -> None:
    with pytest.raises(click.BadParameter, match=r"is not of the form NAME=value\."):
        ASSIGNMENT.convert(typed, None, None)


@pytest.mark.parametrize(("typed", "number"), [("12", 12), ("#12", 12), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_numbers(typed: str, number: int) -> None:
    assert BUILD_NUMBER.convert(typed, None, None) == number


@pytest.mark.parametrize("typed", ["", "#", "##1", "1.0", "-1", "²", "9" * 19, "9" * 5000])
def test_no_numbers(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a number such as 12 or #12"):
        BUILD_NUMBER.convert(typed, None, None)


@given(st.lists(st.text()))
def test_words_joined_to_a_line_are_cut_into_the_same_words(words: list[str]) -> None:
    assert split_words(join_words(tuple(words))) == tuple(words)


@given(
    st.lists(st.sampled_from(["bread", "bake", "list", "--kind", "rye", "--last", "--", "-", "", "A=1", "9"]))
)
def test_whatever_is_said_is_read_or_refused(words: list[str]) -> None:
    assert isinstance(parse(tuple(words), REGISTRY), Parsed | Unknown | Incomplete | Wrong)


@command("stall list")
@instance_option("market")
@click.option("--kind", help="only this kind")
def stalls(context: Context, on: str | None, kind: str | None) -> Reply:
    """List the stalls of a market."""
    raise AssertionError("nobody runs it here")


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("stall@north list", {"on": ("north",), "kind": ()}),
        ("Stall@north list --kind rye", {"on": ("north",), "kind": ("rye",)}),
        ("stall list --on north", {"on": ("north",), "kind": ()}),
        ("stall list", {"on": (), "kind": ()}),
    ],
)
def test_which_of_several_is_said_behind_the_noun(line: str, arguments: dict[str, tuple[str, ...]]) -> None:
    parsed = parse(tuple(line.split()), Registry([stalls]))
    assert isinstance(parsed, Parsed)
    assert parsed.arguments == arguments


def test_where_there_are_not_several_that_is_told(talk: Conversation) -> None:
    assert talk.say("run@market list").startswith(
        "⚠️ There are not several to choose from: say run list without @market."
    )


def test_an_address_is_no_noun(talk: Conversation) -> None:
    assert talk.say("ada@example.com list").startswith("I know no `ada@example.com list`.")
