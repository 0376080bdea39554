"""`access …`: who may do what, as the file and the chat say it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import click
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot.access import grants
from bot.access.grants import NoSuchGrant
from bot.access.matching import glob
from bot.access.policies import Reloaded
from bot.access.policy import Policy, Question
from bot.access.policy_watch import ask_reload
from bot.access.wording import access_in_words, given_in_words, moment
from bot.commands.context import Context, Services
from bot.commands.model import Command, CommandError, Effect, File, Reply, command
from bot.commands.parameters import ASSIGNMENT, BUILD_NUMBER, DURATION, Assignment
from bot.config_file import ROLES, AccessRule, SettingsError, is_somebody
from bot.outbound.quoting import code, fence, quote

log = structlog.get_logger(__name__)

_LONGEST = timedelta(days=3650)
_MOST_LINES = 40
"""Beyond these a list goes into a file."""
_MOST_ENDED = 500


@command(
    "access grant",
    effect=Effect.CHANGE,
    examples=(
        'access grant ada@example.com "run *" --rooms "Ops *" --for 8h',
        "access grant --deny eve@example.com \"run cancel\" --reason 'On leave.'",
    ),
)
@click.argument("who")
@click.argument("commands", nargs=-1, required=True)
@click.option(
    "--rooms", multiple=True, help="only there: a title or a glob of titles, an id, direct, group, none"
)
@click.option(
    "--effects", multiple=True, type=click.Choice([each.value for each in Effect]), help="only what does that"
)
@click.option("--argument", "conditions", multiple=True, type=ASSIGNMENT, help="only with NAME=GLOB")
@click.option("--for", "lasts", type=DURATION, help="how long: 90m, 8h, 2d; without it until it is revoked")
@click.option("--deny", is_flag=True, help="keep out instead of letting in")
@click.option("--reason", default="", help="told to whoever a deny stops")
def grant(
    context: Context,
    who: str,
    commands: tuple[str, ...],
    rooms: tuple[str, ...],
    effects: tuple[str, ...],
    conditions: tuple[Assignment, ...],
    lasts: timedelta | None,
    deny: bool,
    reason: str,
) -> Reply:
    """Let somebody run commands, or keep them from it.

    WHO is an e-mail, a glob of e-mails, a group, `everyone`, `owners`, `moderators` (of the room asked in) or
    `team:NAME`. COMMANDS are names or globs, each in quotes: `"run list"`, `"jenkins *"`.
    A deny wins over every allow, and over owners. Only owners may let in.
    """
    services, person = context.services, context.request.person
    if not deny:
        _owners_only(context, "let people in")
    rule = _rule(services, who, commands, rooms, effects, conditions, deny=deny, reason=reason)
    if lasts is not None and not timedelta() < lasts <= _LONGEST:
        raise CommandError(
            "A grant lasts longer than no time and at most 3650d. Leave `--for` out for no end."
        )
    with services.database.transaction() as session:
        grants.begin(session)
        number = grants.give(session, rule, by=person, lasts=lasts)
        if deny and not grants.is_revocable(services.policies.as_of(session), number, services.relations):
            raise CommandError(
                "I did not store that deny: no owner could revoke it any more, since it is about every owner "
                "and about `access revoke`. Name the commands, the rooms or the people more narrowly."
            )
        given = grants.find(session, number, services.policy.groups)
    _refresh(services)
    until = f", until {moment(given.until)}" if given and given.until else ""
    return Reply(f"Grant {number}: {access_in_words(rule)}{until}. `access revoke {number}` takes it back.")


@command("access revoke", effect=Effect.CHANGE, examples=("access revoke 1",))
@click.argument("number", type=BUILD_NUMBER)
def revoke(context: Context, number: int) -> Reply:
    """Take a grant back, by its number in `access list`. Only owners may take back a deny."""
    services = context.services
    with services.database.transaction() as session:
        grants.begin(session)
        given = grants.find(session, number, services.policy.groups)
        if given is not None and given.denies:
            _owners_only(context, "take back what keeps people out")
        try:
            grants.revoke(session, number, by=context.request.person)
        except NoSuchGrant as error:
            raise CommandError(str(error)) from error
    _refresh(services)
    said = f" It said: {access_in_words(given.rule.says)}." if given and given.rule else ""
    return Reply(f"Grant {number} is revoked.{said}")


@command("access list", examples=("access list", "access list --person ada@example.com", "access list --all"))
@click.option("--person", help="only what is about this e-mail")
@click.option("--all", "everything", is_flag=True, help="grants that have ended as well")
def show(context: Context, person: str | None, everything: bool) -> Reply:
    """Show who may do what: the rules of `sparkops.yaml`, and the grants, who gave them and until when."""
    services = context.services
    policy = services.policy
    with services.database.transaction() as session:
        given = (
            grants.listed(session, policy.groups, last=_MOST_ENDED)
            if everything
            else grants.in_force(session, policy.groups)
        )
    rules = [rule for rule in policy.rules if grants.number_of(rule.name) is None]
    if person is not None:
        rules = [rule for rule in rules if _is_about(policy, rule.says, person)]
        given = tuple(each for each in given if each.rule and _is_about(policy, each.rule.says, person))
    owners = [owner for owner in sorted(policy.owners) if person is None or owner == person.casefold()]
    lines = [f"**Owners**, who may run everything: {', '.join(map(quote, owners))}."] if owners else []
    lines += _section(
        "From `sparkops.yaml`", (f"{each.name}: {access_in_words(each.says)}." for each in rules)
    )
    lines += _section("From the chat", (f"{each.name}: {given_in_words(each)}" for each in given))
    if not lines:
        return Reply("No rule is about that. What no rule allows is denied.")
    return _as_reply(lines, "access.md")


@command("access groups", examples=("access groups",))
def groups(context: Context) -> Reply:
    """Show the groups that rules name, and who is in them."""
    policy = context.services.policy
    lines = [f"**owners**: {', '.join(map(quote, sorted(policy.owners))) or 'nobody'}"]
    lines += [
        f"**{quote(name)}**: {', '.join(map(code, members)) or 'nobody'}"
        for name, members in policy.groups.items()
    ]
    words = ", ".join(code(role) for role in sorted(ROLES))
    lines = [f"- {line}" for line in lines]
    lines += [
        "",
        f"Rules may also say {words} (`moderators`: of the room asked in), `team:NAME`, an e-mail or a glob of "
        "e-mails.",
    ]
    return _as_reply(lines, "groups.md")


@command("access reload", effect=Effect.CHANGE, repeatable=True, examples=("access reload",))
def reload(context: Context) -> Reply:
    """Read `sparkops.yaml` anew, in every process. One that cannot be taken changes nothing."""
    services = context.services
    try:
        reloaded = services.policies.reload()
    except SettingsError as error:
        raise CommandError(
            f"I read the file anew and cannot take it; the old policy stays in force.\n\n{fence(str(error))}\n\n"
            "Mend it, then say `access reload` again."
        ) from error
    with services.database.transaction() as session:
        ask_reload(session)
    return Reply("\n".join(_changes(reloaded, services)))


def _owners_only(context: Context, what: str) -> None:
    person = context.request.person
    if not context.services.policy.is_owner(person):
        raise CommandError(
            f"Only owners may {what} from the chat, and {quote(person)} is none, whatever else the rules allow. "
            "You may keep people out (`access grant --deny …`) and revoke what lets them in."
        )


def _rule(
    services: Services,
    who: str,
    commands: tuple[str, ...],
    rooms: tuple[str, ...],
    effects: tuple[str, ...],
    conditions: tuple[Assignment, ...],
    *,
    deny: bool,
    reason: str,
) -> AccessRule:
    """The rule these words mean. Raises CommandError for what would never be about anything."""
    if not is_somebody(who, services.policy.groups):
        raise CommandError(
            f"{code(who)} is no e-mail, no group and no role, so the rule would be about nobody. "
            "`access groups` shows the names there are."
        )
    named = [each for each in services.registry if _is_named(each, commands)]
    _check_commands(services, commands)
    values: dict[str, list[str]] = {}
    for each in conditions:
        _check_argument(each.name, named)
        values.setdefault(each.name, []).append(each.value)
    said: dict[str, Any] = {"commands": commands, "arguments": values, "reason": reason}
    said |= {name: given for name, given in (("rooms", rooms), ("effects", effects)) if given}
    try:
        return AccessRule.model_validate({"deny" if deny else "allow": (who,), **said})
    except ValidationError as error:
        faults = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        raise CommandError(f"That is no rule: {quote(faults)}.") from error


def _check_commands(services: Services, globs: tuple[str, ...]) -> None:
    for pattern in globs:
        if any(_is_named(each, (pattern,)) for each in services.registry):
            continue
        together = " ".join(globs)
        if len(globs) > 1 and any(_is_named(each, (together,)) for each in services.registry):
            raise CommandError(
                f'No command is called {code(pattern)}. Put the name in quotes: `"{together}"`.'
            )
        raise CommandError(
            f"No command is called {code(pattern)}, so the rule would be about nothing. `help` shows their names."
        )


def _check_argument(name: str, named: list[Command]) -> None:
    """A condition on an argument that none of the commands has would never be met."""
    arguments = {each.name for command in named for each in command.click.params if each.name}
    if name.partition(".")[0] not in arguments and not any(command.resolve for command in named):
        known = ", ".join(map(code, sorted(arguments))) or "none"
        raise CommandError(f"These commands have no argument {code(name)}. They have {known}.")


def _is_named(each: Command, globs: tuple[str, ...]) -> bool:
    return any(glob(pattern)(each.name.casefold()) for pattern in globs)


def _is_about(policy: Policy, rule: AccessRule, person: str) -> bool:
    """Whether the rule may ever be about the person; who moderates or is in a team depends on Webex."""
    nowhere = Question(person=person, command="", effect="read")
    addresses = policy.addresses_of(person) if rule.deny else (person,)
    who = rule.allow or rule.deny
    return "moderators" in who or any(
        policy.is_one_of(who, address, nowhere, unknown=True) for address in addresses
    )


def _refresh(services: Services) -> None:
    """Let the grant count here at once; where that cannot be done, the policy's watch does it in a moment."""
    try:
        services.policies.refresh_grants()
    except SQLAlchemyError as error:
        log.warning("policy.refreshed_later", error=str(error))


def _changes(reloaded: Reloaded, services: Services) -> list[str]:
    """What another file has changed, in counts, and what in it is about nothing."""
    before, after = reloaded.before, reloaded.after
    counts = [
        _count(name, [each.model_dump_json() for each in old], [each.model_dump_json() for each in new])
        for name, old, new in (
            ("access rules", before.access, after.access),
            ("approvals", before.approvals, after.approvals),
            ("limits", before.limits, after.limits),
        )
    ]
    counts.append(_count("groups", _pairs(before.groups), _pairs(after.groups)))
    counts.append(_count("people", _pairs(before.people), _pairs(after.people)))
    lines = [f"I read the file anew, and all my processes do: {'; '.join(counts)}."]
    if [before.integrations, before.modules] != [after.integrations, after.modules]:
        lines += ["", "The settings of integrations have changed too: they count after a restart."]
    unknown = services.policies.current.unknown_commands(each.name for each in services.registry)
    lines += _section(
        "These globs match no command", (f"{code(pattern)} in {where}" for where, pattern in unknown)
    )
    return lines


def _count(what: str, before: list[str], after: list[str]) -> str:
    new, gone = len(set(after) - set(before)), len(set(before) - set(after))
    changed = ", ".join(f"{count} {word}" for count, word in ((new, "new"), (gone, "gone")) if count)
    return f"{len(after)} {what} ({changed or 'unchanged'})"


def _pairs(named: Any) -> list[str]:
    return [f"{name}: {members}" for name, members in named.items()]


def _section(title: str, entries: Iterable[str]) -> list[str]:
    lines = [f"- {entry}" for entry in entries]
    return ["", f"**{title}**", "", *lines] if lines else []


def _as_reply(lines: list[str], name: str) -> Reply:
    text = "\n".join(lines).strip("\n")
    if len(lines) <= _MOST_LINES:
        return Reply(text)
    start = "\n".join(lines[:_MOST_LINES]).strip("\n")
    more = f"{start}\n\n{len(lines) - _MOST_LINES} more lines are in the file."
    return Reply(more, file=File(name, text.encode(), "text/markdown"))


COMMANDS: tuple[Command, ...] = (grant, revoke, show, groups, reload)
