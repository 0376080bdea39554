"""How shows, fields and conditions are typed behind a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from bot.commands.model import CommandError
from integrations.switches.conditions import Condition, condition
from integrations.switches.render.words import counted

H = TypeVar("H", bound=Callable[..., Any])
MOST_SHOWS = 12
_BEGINNINGS = frozenset(("show", "sho", "sh"))


class FieldsType(click.ParamType[tuple[str, ...]]):
    """Names of fields, parted by commas."""

    name = "fields"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Part them; there must be one."""
        if isinstance(value, tuple):
            return value
        found = tuple(dict.fromkeys(each.strip() for each in str(value).split(",") if each.strip()))
        return found or self.fail("names no field.", param, ctx)


class ConditionType(click.ParamType[Condition]):
    """`field=value`, `field!=value`, `field>number`, `field<number`."""

    name = "condition"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Condition:
        """Read it."""
        if isinstance(value, Condition):
            return value
        try:
            return condition(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def fields_option(handler: H) -> H:
    """Give a command `--fields a,b`."""
    return click.option(
        "--fields",
        type=FieldsType(),
        default=(),
        help="only these fields, parted by commas: `interface,state`",
    )(handler)


def condition_option(handler: H) -> H:
    """Give a command `--where field=value`, which may be repeated."""
    return click.option(
        "--where",
        "conditions",
        type=ConditionType(),
        multiple=True,
        help="only rows of which this holds: `state=up`, `interface=Ethernet1/*`, `speed>1000`",
    )(handler)


def commands_in(words: Sequence[str]) -> tuple[str, ...]:
    """The shows that are meant: each word that is a whole one, and those typed without quotes put together.

    `show version show clock` is two shows, as `"show version" "show clock"` is; the same show twice is one. Raises
    CommandError for more than a switch is asked at once.
    """
    found: list[str] = []
    quoted = True
    for word in words:
        if " " in word.strip():
            found.append(word)
            quoted = True
        elif word.lower() in _BEGINNINGS or quoted:
            found.append(word)
            quoted = word.lower() not in _BEGINNINGS
        else:
            found[-1] += f" {word}"
    if len(found) > MOST_SHOWS:
        raise CommandError(
            f"A switch is asked {MOST_SHOWS} shows at once at most, and these are {len(found):,}."
        )
    return tuple(dict.fromkeys(found))


def title_of(commands: Sequence[str], switches: int) -> str:
    """What a question is called: `show version on 812 switches`."""
    more = f" and {len(commands) - 1} more" if len(commands) > 1 else ""
    return f"{commands[0][:60]}{more} on {counted(switches, 'switch')}"
