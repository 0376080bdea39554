"""From words to a command with typed arguments. Pure: exactly one of the results below comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from pydantic import SecretStr

from bot.commands.model import Command
from bot.commands.normalise import UnbalancedQuote, split_words
from bot.commands.parameters import MASK, Assignment, InstanceOption, SecretAssignment, is_secret
from bot.commands.registry import NoMatch, Registry


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command ready to run. `arguments` are the parameters as policy sees them: words by name, secrets masked."""

    command: Command
    parameters: Mapping[str, Any]
    arguments: Mapping[str, tuple[str, ...]]
    secrets: tuple[SecretStr, ...] = ()


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
    secrets: tuple[SecretStr, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """The words cannot be read as asked; `reason` is one sentence. The command is None where none was found."""

    command: Command | None
    reason: str
    secrets: tuple[SecretStr, ...] = ()


def words_of(line: str) -> tuple[str, ...] | Wrong:
    """Split a line as a shell would, without a shell's surprises."""
    try:
        return split_words(line)
    except UnbalancedQuote as error:
        return Wrong(None, str(error))


def parse(words: tuple[str, ...], registry: Registry) -> Parsed | Unknown | Incomplete | Wrong:
    """Find the command and read its arguments by Click's types. `noun@NAME` says which one of several is meant."""
    words, instance = _without_instance(words, registry)
    match = registry.find(words)
    if isinstance(match, NoMatch):
        return Unknown(words, match.noun, match.suggestions)
    command, rest = match.command, match.rest
    if instance is not None:
        option = next((each for each in command.click.params if isinstance(each, InstanceOption)), None)
        if option is None:
            return Wrong(
                command, f"There are not several to choose from: say {command.name} without @{instance}."
            )
        rest = (option.opts[0], instance, *rest)
    context = click.Context(command.click, info_name=command.name, **command.click.context_settings)
    try:
        with context:
            command.click.parse_args(context, list(rest))
            secrets = _secrets(command, context.params)
            return Parsed(command, context.params, _as_words(command, context.params), secrets)
    except click.MissingParameter:
        secrets = _secrets(command, _given(command, rest))
        if secrets:
            rest = ()  # a form would carry them in its button, so it asks for everything
        return Incomplete(command, rest, _missing(command, rest), _given(command, rest), secrets)
    except click.UsageError as error:
        return Wrong(command, _reason(command, error), _secrets(command, _given(command, rest)))


def _without_instance(words: tuple[str, ...], registry: Registry) -> tuple[tuple[str, ...], str | None]:
    """`jenkins@prod jobs` as `jenkins jobs`, and `prod`."""
    noun, at, instance = words[0].partition("@") if words else ("", "", "")
    if not at or noun.casefold() not in registry.nouns():
        return words, None
    return (noun, *words[1:]), instance


def _reason(command: Command, error: click.UsageError) -> str:
    """What is wrong. Click's own words repeat what was typed, so a command that takes secrets has its own."""
    by_secret = isinstance(error, click.BadParameter) and error.param and is_secret(error.param)
    if by_secret or not command.takes_secrets:
        return error.format_message()
    return "I cannot read the words behind the command, and do not repeat them: one may be a secret."


def _secrets(command: Command, parameters: Mapping[str, Any]) -> tuple[SecretStr, ...]:
    """What was given for secret parameters."""
    given = [parameters.get(each.name) for each in command.click.params if each.name and is_secret(each)]
    values = [value for each in given for value in (each if isinstance(each, tuple) else (each,))]
    found = [each.value if isinstance(each, SecretAssignment) else each for each in values]
    return tuple(each for each in found if isinstance(each, SecretStr))


def _given(command: Command, rest: tuple[str, ...]) -> Mapping[str, Any]:
    """What the words do give, read leniently."""
    settings = command.click.context_settings
    context = click.Context(command.click, info_name=command.name, resilient_parsing=True, **settings)
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
    """Parameters as policy's globs and the confirmation's digest see them.

    What is given as `KEY=value` is there a second time under `name.KEY`, with all values of a key given twice.
    """
    words: dict[str, tuple[str, ...]] = {}
    for parameter in command.click.params:
        if parameter.name:
            value = parameters.get(parameter.name)
            words[parameter.name] = _word_values(value)
            for each in value if isinstance(value, tuple | list) else (value,):
                if isinstance(each, Assignment | SecretAssignment):
                    key = f"{parameter.name}.{each.name}"
                    words[key] = (*words.get(key, ()), _word(each.value))
    return words


def _word_values(value: Any) -> tuple[str, ...]:
    if value is None or value is False:
        return ()
    if isinstance(value, tuple | list):
        return tuple(_word(item) for item in value)
    return (_word(value),)


def _word(value: Any) -> str:
    return MASK if isinstance(value, SecretStr) else str(value)
