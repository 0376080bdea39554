"""What watches tell their rooms, how they are listed, and their history as a text, a picture and a file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.commands.model import File
from bot.commands.rows import Rows
from bot.outbound.quoting import code, quote
from integrations.switches.render.words import counted, duration
from integrations.switches.watching.judging import Item, News
from integrations.switches.watching.what import What

SHOWN = 10
"""Lines of one kind that a message has; all are in its file."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message, and a file where it could not say all."""

    markdown: str
    file: File | None = None


_SECTIONS = (
    ("begun", "🔴", "{n} now {meet} {condition}:"),
    ("changed", "🔔", "{n} changed:"),
    ("recovered", "🟢", "{n} {meet} {condition} no more:"),
    ("still", "🔴", "{n} still {meet} {condition}:"),
    ("silent", "📵", "{n} {do} not answer:"),
    ("back", "📶", "{n} {answer} again:"),
)
_OF_SWITCHES = ("silent", "back")


def news(name: str, what: What, target: str, condition: str, news: News, now: float) -> Told:
    """What a poll has to tell, the worst first; more than SHOWN lines of a kind go into a file with all of them."""
    head = f"👁 **{quote(name)}** ({code(f'{target} {what}')})"
    parts = [head, *(_section(news, what.noun, *section, condition, now) for section in _SECTIONS)]
    every = [(kind, item) for kind, *_ in _SECTIONS for item in getattr(news, kind)]
    is_long = any(len(getattr(news, kind)) > SHOWN for kind, *_ in _SECTIONS)
    return Told("\n\n".join(filter(None, parts)), _file(every) if is_long else None)


def _section(news: News, noun: str, kind: str, mark: str, head: str, condition: str, now: float) -> str:
    items: tuple[Item, ...] = getattr(news, kind)
    if not items:
        return ""
    one = len(items) == 1
    said = head.format(
        n=_counted(kind, noun, items),
        meet="meets" if one else "meet",
        do="does" if one else "do",
        answer="answers" if one else "answer",
        condition=code(condition) if condition else "",
    )
    lines = [f"- {_line(kind, item, now)}" for item in items[:SHOWN]]
    if len(items) > SHOWN:
        lines.append(f"- and {len(items) - SHOWN:,} more, in the file")
    return "\n".join([f"{mark} {said}", *lines])


def _counted(kind: str, noun: str, items: Sequence[Item]) -> str:
    if kind in _OF_SWITCHES or all(not item.subject for item in items):
        return counted(len(items), "switch")
    return counted(len(items), noun)


def _line(kind: str, item: Item, now: float) -> str:
    subject = f" {quote(item.subject)}" if item.subject else ""
    word = {"still": "for", "recovered": "after", "back": "after"}.get(kind)
    since = f", {word} {duration(now - item.since)}" if word else ""
    return f"{code(item.switch)}{subject}: {quote(item.says)}{since}"


def _file(every: Sequence[tuple[str, Item]]) -> File:
    rows = [
        (kind, item.switch, item.subject, item.says, datetime.fromtimestamp(item.since, UTC))
        for kind, item in every
    ]
    return Rows(("kind", "switch", "subject", "says", "since"), rows).file("csv", "switch-watch")


def paused(name: str, owner: str, why: str) -> str:
    """A watch that may not go on."""
    return (
        f"⏸ I paused the watch **{quote(name)}** of **{quote(owner)}**: {_sentence(why)} "
        f"{code(f'switch resume {name}')} lets it go on once that is settled."
    )


def expired(name: str, target: str) -> str:
    """A watch whose time is over."""
    return (
        f"⌛ The watch **{quote(name)}** of {code(target)} is over, as was said when it was begun. "
        f"{code(f'switch history {name}')} shows for 30 days what it saw."
    )


def _sentence(why: str) -> str:
    return why if why.endswith((".", "!", "?", "`")) else f"{why}."


@dataclass(frozen=True, slots=True)
class Listed:
    """A watch as it is listed."""

    name: str
    target: str
    what: str
    condition: str
    every: int
    until: datetime
    owner: str
    standing: int
    silent: int
    paused: str | None

    @property
    def state(self) -> str:
        """How it stands, in a word or two."""
        if self.paused is not None:
            return "paused"
        parts = [f"{self.standing:,} met"] if self.standing else []
        parts += [f"{self.silent:,} silent"] if self.silent else []
        return ", ".join(parts) or "calm"


def watches(listed: Sequence[Listed]) -> Rows:
    """Each watch on a line."""
    head = ("name", "target", "what", "when", "every", "until (UTC)", "whose", "now")
    rows = [
        (
            *(each.name, each.target, each.what, each.condition or "(history only)"),
            *(duration(each.every), each.until, each.owner, each.state),
        )
        for each in listed
    ]
    return Rows(head, rows, widest=34)


def resting(listed: Sequence[Listed]) -> str:
    """Why those that are paused rest."""
    return "\n\n".join(_resting(listed))


def _resting(listed: Sequence[Listed]) -> Iterator[str]:
    for each in listed:
        if each.paused is not None:
            resumes = code(f"switch resume {each.name}")
            yield f"⏸ {code(each.name)} is paused: {_sentence(each.paused)} {resumes} lets it go on."
