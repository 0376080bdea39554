"""From words to a command with typed arguments. Pure: exactly one of the results below comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from bot.commands.model import Command
from bot.commands.normalise import UnbalancedQuote, split_words
from bot.commands.registry import NoMatch, Registry


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command ready to run. `arguments` are the parameters as policy sees them: words by name."""

    command: Command
    parameters: Mapping[str, Any]
    arguments: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such command."""

    words: tuple[str, ...]
    noun: str | None
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The command is known; `missing` names the parameters it still needs."""

    command: Command
    rest: tuple[str, ...]
    missing: tuple[str, ...]
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The words cannot be read as asked; `reason` is one sentence. The command is None where none was found."""

    command: Command | None
    reason: str


def words_of(line: str) -> tuple[str, ...] | Wrong:
    """Split a line as a shell would, without a shell's surprises."""
    try:
        return split_words(line)
    except UnbalancedQuote as error:
        return Wrong(None, str(error))


def parse(words: tuple[str, ...], registry: Registry) -> Parsed | Unknown | Incomplete | Wrong:
    """Find the command and read its arguments by Click's types."""
    match = registry.find(words)
    if isinstance(match, NoMatch):
        return Unknown(words, match.noun, match.suggestions)
    command, rest = match.command, match.rest
    context = click.Context(command.click, info_name=command.name)
    try:
        with context:
            command.click.parse_args(context, list(rest))
            return Parsed(command, context.params, _as_words(command, context.params))
    except click.MissingParameter:
        return Incomplete(command, rest, _missing(command, rest), _given(command, rest))
    except click.UsageError as error:
        return Wrong(command, error.format_message())


def _given(command: Command, rest: tuple[str, ...]) -> Mapping[str, Any]:
    """What the words do give, read leniently."""
    context = click.Context(command.click, info_name=command.name, resilient_parsing=True)
    with context:
        command.click.parse_args(context, list(rest))
        return dict(context.params)


def _missing(command: Command, rest: tuple[str, ...]) -> tuple[str, ...]:
    given = _given(command, rest)
    return tuple(
        parameter.name
        for parameter in command.click.params
        if parameter.name and parameter.required and given.get(parameter.name) in (None, ())
    )


def _as_words(command: Command, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Parameters as policy's globs and the confirmation's digest see them."""
    return {
        parameter.name: _word_values(parameters.get(parameter.name))
        for parameter in command.click.params
        if parameter.name
    }


def _word_values(value: Any) -> tuple[str, ...]:
    if value is None or value is False:
        return ()
    if isinstance(value, tuple | list):
        return tuple(str(item) for item in value)
    return (str(value),)
