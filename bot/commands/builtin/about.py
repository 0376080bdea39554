"""`help`, `ping`, `version`, `whoami`: what the bot is, and whom it takes you for."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches

import click

import bot
from bot.access import grants
from bot.access.policy import Rule
from bot.access.wording import access_in_words, moment
from bot.commands import help as helptext
from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Entry, Reply, Request, command
from bot.outbound.quoting import code, quote


@command("help", examples=("help", "help run list"))
@click.argument("words", nargs=-1)
def show_help(context: Context, words: tuple[str, ...]) -> Reply:
    """Show what you may run here, or tell more of one command."""
    services, request = context.services, context.request
    every = list(services.registry)
    mine = [each for each in every if services.may_ever(each, request.person, request.place).allowed]
    if not words:
        return Reply(helptext.overview(mine, len(every) - len(mine)))
    wanted = tuple(word.casefold() for word in words)
    found = [each for each in mine if each.words[: len(wanted)] == wanted]
    if not found:
        names = {each.name for each in mine} | {each.words[0] for each in mine}
        near = [f"`help {name}`" for name in get_close_matches(" ".join(wanted), sorted(names), n=2)]
        hint = f"Did you mean {' or '.join(near)}?" if near else "`help` shows what is."
        raise CommandError(f"There is no {code(' '.join(words))} that you may run here. {hint}")
    if len(found) == 1:
        return Reply(helptext.one_command(found[0]))
    return Reply(helptext.one_noun(" ".join(wanted), found))


@command("ping", examples=("ping",))
def ping(context: Context) -> Reply:
    """Answer, to show that I am there."""
    return Reply("pong")


@command("version", examples=("version",))
def version(context: Context) -> Reply:
    """Say which Sparkops this is."""
    return Reply(f"Sparkops {bot.__version__}")


@command("whoami", examples=("whoami",))
def whoami(context: Context) -> Reply:
    """Say who I take you for, where, and by what you are let in."""
    request, policy = context.request, context.services.policy
    groups = ", ".join(policy.groups_of(request.person)) or "none"
    owner = " You are one of my owners." if request.person.casefold() in policy.owners else ""
    said = f"You are **{quote(request.person)}**, {_where(request)}. Groups: {quote(groups)}.{owner}"
    granted = [
        f"- {rule.name}: {access_in_words(rule.says)}{f', until {moment(rule.until)}' if rule.until else ''}."
        for rule in policy.rules
        if grants.number_of(rule.name) is not None and _is_mine(rule, context)
    ]
    return Reply("\n".join([said, "", "From the chat:", "", *granted]) if granted else said)


def _is_mine(rule: Rule, context: Context) -> bool:
    """Whether the rule is in force and about whoever asks, here; a deny under any of their addresses."""
    request, policy = context.request, context.services.policy
    if rule.until is not None and rule.until <= datetime.now(UTC):
        return False
    question = context.services.question(context.command, request.person, request.place, {})
    if rule.says.allow:
        return policy.is_one_of(rule.says.allow, request.person, question)
    return any(
        policy.is_one_of(rule.says.deny, address, question, unknown=True)
        for address in policy.addresses_of(request.person)
    )


def _where(request: Request) -> str:
    if request.place.type == "direct":
        return "in our direct room"
    if request.place.room_id is not None:
        return f"in the room {quote(request.place.title)}"
    return "at the terminal" if request.entry is Entry.TERMINAL else "in no room"


COMMANDS: tuple[Command, ...] = (show_help, ping, version, whoami)
