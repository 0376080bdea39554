"""Help texts, made from the declarations. Only what the asker may run here is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import click

from bot.commands.model import Command, Effect

_MARKS = {Effect.READ: "", Effect.CHANGE: " ✏️", Effect.DESTROY: " ⚠️"}


def overview(commands: Iterable[Command], hidden: int) -> str:
    """All commands by noun, one line each."""
    lines: list[str] = []
    for noun, group in groupby(commands, key=lambda each: each.words[0]):
        lines += [f"**{noun}**", ""]
        lines += [f"- `{each.usage}`: {each.summary}{_MARKS[each.effect]}" for each in group]
        lines.append("")
    lines.append("✏️ changes something, ⚠️ destroys and asks first. `help <command>` tells more.")
    if hidden:
        lines.append(f"{hidden} more {_are(hidden)} not yours to run here.")
    return "\n".join(lines)


def one_noun(noun: str, commands: Sequence[Command]) -> str:
    """The commands of one noun."""
    lines = [f"**{noun}**", ""]
    lines += [f"- `{each.usage}`: {each.summary}{_MARKS[each.effect]}" for each in commands]
    lines += ["", f"`help {noun} {commands[0].words[-1]}` tells more of one."]
    return "\n".join(lines)


def one_command(command: Command) -> str:
    """Everything about one command: usage, words, options, examples."""
    lines = [f"`{command.usage}`", "", command.summary]
    if command.details:
        lines += ["", command.details]
    options = [_option(each) for each in command.click.params if isinstance(each, click.Option)]
    if options:
        lines += ["", *options]
    if command.examples:
        lines += ["", "For example:", "", *(f"- `{example}`" for example in command.examples)]
    if command.effect is Effect.DESTROY:
        lines += ["", "⚠️ It destroys something, so it asks you to confirm."]
    return "\n".join(lines)


def usage_hint(command: Command) -> str:
    """How the command is written, with the first example that shows more than that."""
    telling = [each for each in command.examples if each not in (command.usage, command.name)]
    example = f", for example `{telling[0]}`" if telling else ""
    return f"It is written `{command.usage}`{example}."


def _option(option: click.Option) -> str:
    return f"- `{', '.join(option.opts)}`: {option.help or option.name}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
