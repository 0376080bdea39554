"""What a sweep says: in the rooms it is about, to whoever must be asked, and in its report. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.access.wording import moment
from bot.durations import span
from bot.outbound.quoting import quote
from bot.rooms.fate import Fate
from bot.rooms.sweep_items import ACTED, ACTIVE, FAILED, GONE, KEPT, NOTHING, NOTICED, REFUSED, VERIFIED
from bot.spreadsheets import csv_line
from bot.stale_policy import StaleRooms
from bot.store.models import SweepItem
from bot.webex import cards

Button = Callable[[str, tuple[str, ...]], dict[str, Any]]
"""Given a title and words, a button that stands for the typed words."""

KEEP_WORDS = ("room", "keep")
TOLD = 10
"""How many rooms are named in a message; the file with it has all."""

_WILL = {
    Fate.LEFT: "I leave this room, and it goes on without me",
    Fate.DELETED: "I delete this room, with everything in it, for everybody",
    Fate.ARCHIVED: "I archive this room, so that nobody can write in it any more",
    Fate.HIDDEN: "I hide this room on my side, until somebody writes in it again",
}
_IF_UNUSED = (
    "I do nothing about it. If nobody needs it any more, its people can archive or delete it, or let me go."
)
_HEAD = ("room", "id", "idle since", "by", "foreseen", "state", "outcome", "reason")
_FORESEEN = {NOTHING: "nothing but notice"}
_ENDS = {
    NOTICED: "given notice",
    KEPT: "kept",
    ACTIVE: "active again",
    GONE: "not there any more",
    REFUSED: "left as they were",
    ACTED: "acted on, and not seen since",
    FAILED: "failed",
}


def notice(policy: StaleRooms, item: SweepItem, act_after: datetime) -> str:
    """What the room itself is told before anything is done."""
    since = "" if item.idle_since is None else f" since {_day(item.idle_since)} ({item.measure})"
    if item.foreseen == NOTHING:
        will = _IF_UNUSED
    else:
        will = f"On **{moment(act_after)}** {_WILL[Fate(item.foreseen)]}, by the rule `{policy.name}`."
    return (
        f"🧹 **This room looks unused**: as far as I can see, nobody has said anything in it{since}. {will}\n\n"
        f"Do you still need it? Press **Keep**, or mention me with `{' '.join(KEEP_WORDS)}`: "
        f"then I leave it alone for {how_long(policy.keep)}."
    )


def notice_card(text: str, policy: StaleRooms, button: Button) -> dict[str, Any]:
    """The notice with its Keep button. Raises CardError where it would be too large."""
    return cards.card([cards.text(text)], [button(f"Keep for {how_long(policy.keep)}", KEEP_WORDS)])


def question(run_id: int, policy: StaleRooms, fates: Mapping[str, int], of: int, reason: str) -> str:
    """What is asked before so many rooms are touched."""
    return (
        f"⚠️ **Sweep `{policy.name}`** waits for a person: {_rooms(fates)} of my {of} rooms would be touched, "
        f"{reason}. {_would(policy, fates)} Each is listed in the file.\n\n"
        f"`room sweep-go {run_id}` lets it go on, `run cancel {run_id}` ends it. Without a word nothing is done."
    )


def plan(run_id: int, policy: StaleRooms, fates: Mapping[str, int], of: int) -> str:
    """What is told before the rooms are given notice."""
    text = (
        f"🧹 **Sweep `{policy.name}`** (run {run_id}): {_rooms(fates)} of my {of} rooms "
        f"{'is' if sum(fates.values()) == 1 else 'are'} stale, and each is given notice now. "
        f"{_would(policy, fates)} Each is listed in the file."
    )
    if policy.action == "notify":
        return text
    return f"{text}\n\n`room keep` in a room, or `room keep ROOM` here, spares it; `run cancel {run_id}` all of them."


def report(
    run_id: int, policy_name: str, ends: Mapping[str, int], outcomes: Mapping[str, int], how: str
) -> str:
    """What has become of the rooms, in a sentence; `how` is how the sweep ended."""
    parts = [f"{number} {outcome}" for outcome, number in sorted(outcomes.items())]
    parts += [f"{ends[state]} {words}" for state, words in _ENDS.items() if ends.get(state)]
    told = ", ".join(parts) or "nothing was done"
    return f"🧹 **Sweep `{policy_name}`** (run {run_id}) {how}: {told}."


def troubles(items: Sequence[SweepItem], of: int) -> str:
    """The first rooms that failed or were left as they were, each with its reason, as a list."""
    lines = [f"- {quote(each.title)}: {quote(each.error or each.outcome or '')}" for each in items[:TOLD]]
    if of > len(lines):
        lines.append(f"- … and {of - len(lines)} more, in the file")
    return "\n".join(lines)


def as_csv(items: Iterable[SweepItem]) -> bytes:
    """Every room of a sweep, and what became of it."""
    return "".join(csv_line(row) for row in [_HEAD, *map(_row, items)]).encode()


def how_long(of: timedelta) -> str:
    """A length of time in words: `90 days`; `1h30m` where it is no number of days."""
    if of % timedelta(days=1):
        return span(of)
    return f"{of.days} day" if of.days == 1 else f"{of.days} days"


def foreseen_words(fates: Mapping[str, int]) -> str:
    """`12 left, 3 archived`."""
    return ", ".join(f"{number} {_FORESEEN.get(fate, fate)}" for fate, number in sorted(fates.items()))


def _row(item: SweepItem) -> tuple[str, ...]:
    since = item.idle_since.astimezone(UTC).isoformat(timespec="seconds") if item.idle_since else ""
    seen = item.outcome or "" if item.state == VERIFIED else ""
    reason = item.error or ("" if item.state == VERIFIED else item.outcome or "")
    return (item.title, item.room_id, since, item.measure, item.foreseen, item.state, seen, reason)


def _would(policy: StaleRooms, fates: Mapping[str, int]) -> str:
    if policy.action == "notify":
        return "They are given notice, and nothing else."
    return f"After {how_long(policy.grace)} without a word from them: {foreseen_words(fates)}."


def _rooms(fates: Mapping[str, int]) -> str:
    return f"**{sum(fates.values())}**"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
