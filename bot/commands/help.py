"""Help texts, made from the declarations. Only what the asker may run here is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import click

from bot.commands.model import Command, Effect

_MARKS = {Effect.READ: "", Effect.CHANGE: " ✏️", Effect.DESTROY: " ⚠️"}


def overview(commands: Iterable[Command], hidden: int) -> str:
    """Every noun with its verbs, one line each; a command of one word with what it does."""
    lines: list[str] = []
    example = "run list"
    for noun, group in groupby(commands, key=lambda each: each.words[0]):
        verbs = list(group)
        if verbs[0].words[1:]:
            shown = ", ".join(f"`{' '.join(each.words[1:])}`{_MARKS[each.effect]}" for each in verbs)
            lines.append(f"- **{noun}** {shown}")
            example = verbs[0].name
        else:
            lines.append(f"- **{noun}**: {verbs[0].summary}{_MARKS[verbs[0].effect]}")
    noun = example.split()[0]
    lines += ["", "✏️ changes something, ⚠️ destroys and asks first."]
    lines.append(f"`help {noun}` tells more of all of a kind, `help {example}` of one.")
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
