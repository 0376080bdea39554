"""The policy as its documentation tells it, rule by rule and without any preparation: what the fast one must equal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from fractions import Fraction

from bot.access.policy import OPEN_COMMANDS, Decision, Policy, Question
from bot.config_file import AccessRule, ApprovalRule, LimitRule, Where


def decide(policy: Policy, question: Question, *, any_arguments: bool = False) -> Decision:
    """An explicit deny wins, then owners, then the first rule that allows, then the open commands."""
    person = question.person.casefold()
    if person.endswith(("@webex.bot", "@sparkbot.io")) and person not in policy.allowed_bots:
        return Decision(False, "bots", "Bots give me no commands, but those SPARKOPS_ALLOWED_BOTS lists.")
    rules = [rule for rule in policy.rules if rule.until is None or rule.until > datetime.now(UTC)]
    for rule in rules:
        says = rule.says
        if says.deny and not (any_arguments and says.arguments) and binds(policy, says.deny, says, question):
            return Decision(False, rule.name, says.reason or "A rule denies it.")
    if person in policy.owners:
        return Decision(True, "owner", "Owners may run everything.")
    for rule in rules:
        says = rule.says
        if (
            says.allow
            and any(is_meant(policy, name, person, question, unknown=False) for name in says.allow)
            and is_there(says, question)
            and (any_arguments or arguments_match(says, question.arguments))
        ):
            return Decision(True, rule.name, says.reason or "A rule allows it.")
    if question.command in OPEN_COMMANDS:
        return Decision(True, "open to all", "This command is open to everyone.")
    return Decision(False, "nothing allows it", "No rule allows it, and what is not allowed is denied.")


def approvals_for(policy: Policy, question: Question) -> tuple[ApprovalRule, ...]:
    """Every rule about the request."""
    return tuple(rule for rule in policy.approvals if binds(policy, rule.for_, rule, question))


def limits_for(policy: Policy, question: Question) -> tuple[LimitRule, ...]:
    """Every rule about the request."""
    return tuple(rule for rule in policy.limits if binds(policy, rule.for_, rule, question))


def binds(policy: Policy, who: tuple[str, ...], rule: Where, question: Question) -> bool:
    """Whether a rule that does not let in is about the request, under any address of its person."""
    return (
        is_there(rule, question)
        and arguments_match(rule, question.arguments)
        and any(
            is_meant(policy, name, address, question, unknown=True)
            for name in who
            for address in policy.addresses_of(question.person)
        )
    )


def is_meant(policy: Policy, name: str, person: str, question: Question, *, unknown: bool) -> bool:
    """Whether the word means the e-mail."""
    if name == "everyone":
        return True
    if name == "owners":
        return person in policy.owners
    if name == "moderators" or name.startswith("team:"):
        if name == "moderators" and not question.room_ids:
            return False
        known = (
            question.relations.moderates(person, question.room_ids[0])
            if name == "moderators"
            else question.relations.in_team(person, name.removeprefix("team:"))
        )
        return unknown if known is None else known
    members = policy.groups.get(name, (name,) if "@" in name else ())
    return any(meets(person, member) for member in members)


def is_there(rule: Where, question: Question) -> bool:
    """Whether the rule is about the command, its effect and the room."""
    return (
        any(meets(question.command, each) for each in rule.commands)
        and question.effect in rule.effects
        and any(is_room(question, room) for room in rule.rooms)
    )


def is_room(question: Question, room: str) -> bool:
    """Whether the word means the room."""
    if room == "*" or room in question.room_ids:
        return True
    if room.casefold() in ("direct", "group", "none"):
        return room.casefold() == question.room_type
    return question.room_type == "group" and meets(question.room_title, room)


def arguments_match(rule: Where, given: Mapping[str, tuple[str, ...]]) -> bool:
    """To be allowed, an argument must match in every value; otherwise a rule is met by any value."""
    test = all if isinstance(rule, AccessRule) and rule.allow else any
    for name, patterns in rule.arguments.items():
        values = [value for key, each in given.items() if key.casefold() == name.casefold() for value in each]
        if not values or not test(any(has(pattern, value) for pattern in patterns) for value in values):
            return False
    return True


def has(pattern: str, value: str) -> bool:
    """Whether the value is in the range or meets the glob."""
    ends = re.fullmatch(r"(-?[\d.]*\d)?\.\.(-?\d[\d.]*)?", pattern)
    if ends is None:
        return meets(value, pattern)
    try:
        number = Fraction(value)
    except ValueError:
        return False
    return (ends[1] is None or Fraction(ends[1]) <= number) and (
        ends[2] is None or number <= Fraction(ends[2])
    )


def meets(value: str, pattern: str) -> bool:
    """Globs know `*` and `?`; a bracket is itself."""
    return fnmatchcase(value.casefold(), pattern.casefold().replace("[", "[[]"))
