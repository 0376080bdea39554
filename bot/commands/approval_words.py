"""What people read of approvals: who must agree, who lacks, until when, and how it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.access.approvals import words_of
from bot.access.approvers import Standing
from bot.commands.model import join_words
from bot.commands.tables import utc
from bot.config_file import TEAM, ApprovalRule
from bot.outbound.quoting import code, quote
from bot.store.models import Approval

_ROLES = {"everyone": "anybody", "owners": "my owners", "moderators": "the room's moderators"}
_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_LONGER_THAN_A_CLOCK_TELLS = timedelta(hours=20)


def who(of: Sequence[str]) -> str:
    """Those a rule names, as one reads it: `ops, my owners or bob@example.com`."""
    return listed([_named(name) for name in of], "or")


def _named(name: str) -> str:
    if name.startswith(TEAM):
        return f"the Webex team {quote(name.removeprefix(TEAM))}"
    return _ROLES.get(name) or quote(name)


def needed(rules: Iterable[ApprovalRule]) -> str:
    """How many of whom: `2 of ops, and bob@example.com`."""
    return ", and ".join(_many(rule, rule.count, "") for rule in rules)


def lacking(standings: Iterable[Standing]) -> str:
    """How many of whom do not agree yet: `1 more of ops`."""
    return ", and ".join(
        _many(each.rule, each.lacks, " more" if each.agreed else "") for each in standings if each.lacks
    )


def _many(rule: ApprovalRule, count: int, more: str) -> str:
    one_person = len(rule.of) == 1 and "@" in rule.of[0] and not {"*", "?"} & set(rule.of[0])
    return who(rule.of) if one_person else f"{count}{more} of {who(rule.of)}"


def listed(words: Sequence[str], last: str) -> str:
    """`a, b and c`, with `last` before the last."""
    return f" {last} ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def span(length: timedelta, parts: int = 2) -> str:
    """A length of time in at most so many units, the largest first: `1 h 30 min`."""
    seconds, found = int(length.total_seconds()), list[str]()
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            found.append(f"{count} {name}")
    return " ".join(found[:parts]) or "0 s"


def until(row: Approval) -> str:
    """When it expires: the time of day, and the day where that would not tell."""
    is_long = row.expires_at - row.asked_at > _LONGER_THAN_A_CLOCK_TELLS
    return utc(row.expires_at, "%Y-%m-%d %H:%M UTC" if is_long else "%H:%M UTC")


def where(row: Approval) -> str:
    """Where it was asked, for those who are elsewhere."""
    if row.room_type == "group":
        return f"in the room {quote(row.room_title)}"
    if row.room_id is not None:
        return "in a direct room with me"
    return {"terminal": "at the terminal", "schedule": "by a schedule"}.get(row.entry, "by the REST API")


def command_line(row: Approval) -> str:
    """What was asked, as one line."""
    return join_words(words_of(row))


def asked_of_others(row: Approval, rules: Sequence[ApprovalRule], mentions: Sequence[str]) -> str:
    """The question to those who may agree. It shows every word: they must know what they agree to."""
    line = command_line(row)
    what = f"\n\n{row.effect_text}" if row.effect_text else ""
    return (
        f"🔏 **{quote(row.person_email)}** wants {code(line, len(line))}, {where(row)}.{what}\n\n"
        f"It needs the yes of {needed(rules)}. Say `approve {row.code}`, or `deny {row.code}` with a reason, "
        f"by {until(row)}.{called(mentions)}"
    )


def told_to_asker(row: Approval, rules: Sequence[ApprovalRule], where_asked: str) -> str:
    """The answer to whoever asked: what will happen, who must agree until when, and how to take it back."""
    what = row.effect_text or code(command_line(row))
    reasons = "".join(f" {quote(rule.reason)}" for rule in rules if rule.reason)
    return (
        f"⏳ {what}\n\nThis waits for the yes of {needed(rules)}, within {span(row.expires_at - row.asked_at)} "
        f"(by {until(row)}).{reasons} {where_asked} `leave {row.code}` takes it back."
    )


def reminder(
    row: Approval, rules: Sequence[ApprovalRule], voters: Sequence[str], mentions: Sequence[str]
) -> str:
    """The question once more, in one line."""
    so_far = f" So far {_people(voters)} agreed." if voters else ""
    return (
        f"⏰ {_subject(row)} still waits for the yes of {needed(rules)}.{so_far} Say `approve {row.code}`, "
        f"or `deny {row.code}` with a reason, by {until(row)}.{called(mentions)}"
    )


def counted(row: Approval, standings: Sequence[Standing], *, is_new: bool) -> str:
    """To somebody whose yes was not the last that lacked."""
    taken = "✅ Your yes to" if is_new else "Your yes counts once, and did already, to"
    return f"{taken} {_subject(row)}. It still needs {lacking(standings)}, by {until(row)}."


def approved(row: Approval, approvers: Sequence[str]) -> str:
    """Others have agreed."""
    return f"✅ {_subject(row)} is approved by {_people(approvers)}, and goes ahead."


def denied(row: Approval) -> str:
    """Somebody said no."""
    because = f": {quote(row.reason)}" if row.reason else "."
    return f"⛔ {_subject(row)} is denied by {quote(row.decided_by or '')}{because}"


def expired(row: Approval, voters: Sequence[str]) -> str:
    """Nobody agreed in time, or not enough."""
    agreed = f"only {_people(voters)} agreed" if voters else "nobody agreed"
    within = span(row.expires_at - row.asked_at)
    return f"⌛ {_subject(row)} is off: {agreed} within {within}. Say it again to ask anew."


def withdrawn(row: Approval) -> str:
    """Whoever asked does not want it any more."""
    return f"↩️ {_subject(row)} was taken back by {quote(row.decided_by or '')}. Nothing is done."


def not_carried_out(row: Approval) -> str:
    """It was approved, and was another thing when its turn came."""
    return f"⚠️ {_subject(row)} was approved and is not carried out: {row.reason}"


def entry(row: Approval, standings: Sequence[Standing], now: datetime) -> str:
    """One line of a list of what waits."""
    age = span(now - row.asked_at, parts=1)
    return (
        f"- `{row.code}` {_subject(row)}, asked {age} ago {where(row)}, "
        f"needs {lacking(standings) or 'nobody any more'} by {until(row)}"
    )


def called(mentions: Sequence[str]) -> str:
    """Mentions at the end of a message, so that those who are meant hear of it."""
    return "".join(f" <@personEmail:{email}>" for email in mentions)


def _subject(row: Approval) -> str:
    return f"{code(command_line(row))} for **{quote(row.person_email)}**"


def _people(emails: Sequence[str]) -> str:
    return listed([quote(email) for email in emails], "and")
