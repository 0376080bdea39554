"""What rules say, in a sentence for people. Pure: rules in, markdown out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.access.grants import Given
from bot.access.policy import Policy
from bot.config_file import AccessRule, ApprovalRule, LimitRule, Where
from bot.durations import span
from bot.outbound.quoting import code, quote

_PLACES = {"direct": "direct rooms", "group": "group rooms", "none": "no room (the terminal, REST)"}
_ALL_EFFECTS = 3


def access_in_words(rule: AccessRule) -> str:
    """`ops` may run `jenkins *` in rooms `Ops *`: for either kind of rule, its reason at the end."""
    may = "may run" if rule.allow or _is_everything(rule) else "may not run"
    reason = f" ({quote(rule.reason)})" if rule.reason else ""
    return f"{_listed(rule.allow or rule.deny)} {may} {_where(rule)}{reason}"


def given_in_words(given: Given) -> str:
    """A grant: what it says, who gave it when, until when it holds, and what is wrong with it."""
    said = access_in_words(given.rule.says) if given.rule else "nothing of it is in force"
    fault = f" ⚠️ Broken: {quote(given.fault)}." if given.fault else ""
    return f"{said}. {given_by(given)}{fault}"


def given_by(given: Given) -> str:
    """Who gave a grant when, until when it holds, and how it ended."""
    if given.revoked_by and given.revoked_at:
        end = f"; revoked by {quote(given.revoked_by)} on {moment(given.revoked_at)}"
    elif given.until:
        end = f", {'which ended on' if given.ended else 'until'} {moment(given.until)}"
    else:
        end = ""
    return f"Given by {quote(given.by)} on {moment(given.at)}{end}."


def approval_in_words(rule: ApprovalRule, policy: Policy) -> str:
    """Who must agree, with the people behind the names of groups."""
    reason = f" ({quote(rule.reason)})" if rule.reason else ""
    return (
        f"{rule.count} of {', '.join(_with_members(name, policy) for name in rule.of)} must agree within "
        f"{span(rule.within)}, and never who asked{reason}"
    )


def limit_in_words(rule: LimitRule) -> str:
    """How often, and what is counted together."""
    burst = f", {rule.burst} at once" if rule.burst else ""
    reason = f" ({quote(rule.reason)})" if rule.reason else ""
    every = span(timedelta(seconds=rule.rate.seconds))
    return f"{rule.rate.count} in {every}{burst} for each {' and '.join(rule.per)}: {_where(rule)}{reason}"


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _where(rule: Where) -> str:
    denies = isinstance(rule, AccessRule) and bool(rule.deny)
    everything = "nothing" if denies else "everything"
    commands = everything if _is_everything(rule) else _listed(rule.commands)
    effects = "" if len(set(rule.effects)) == _ALL_EFFECTS else f" with effect {_listed(rule.effects)}"
    rooms = "" if "*" in rule.rooms else f" in {_either(tuple(_room(each) for each in rule.rooms))}"
    arguments = [f"{code(name)} is {_listed(values)}" for name, values in rule.arguments.items()]
    return f"{commands}{effects}{rooms}{' where ' if arguments else ''}{' and '.join(arguments)}"


def _is_everything(rule: Where) -> bool:
    return rule.commands == ("*",)


def _room(room: str) -> str:
    return _PLACES.get(room.casefold()) or f"rooms {code(room)}"


def _listed(names: tuple[str, ...]) -> str:
    return _either(tuple(code(name) for name in names))


def _either(names: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _with_members(name: str, policy: Policy) -> str:
    members = tuple(sorted(policy.owners)) if name == "owners" else policy.groups.get(name)
    if members is None:
        return code(name)
    return f"{code(name)} ({', '.join(map(quote, members)) or 'nobody'})"
