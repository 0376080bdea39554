"""A digest: one message that stands for several, how many there were and how the first of them began. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.characters import prefix_within, size
from bot.outbound.preferences import Why, written
from bot.outbound.quoting import quote
from bot.outbound.split import WEBEX_LIMIT

LISTED = 10
"""How many of those beyond the budget a digest tells the beginning of; of those that were held, all that fit."""
_LONGEST_LINE = 300
"""UTF-8 bytes of such a beginning: ten of them fit in one message."""
_LINES = WEBEX_LIMIT - 400
"""UTF-8 bytes that all the beginnings may have, whatever is then said above and below them."""
_BLOCK_MARKS = re.compile(r"^(?:(?:[#>]+|[-*+]|\d{1,9}[.)])\s+)+")
_FENCE = ("```", "~~~")
_HEADS = {
    Why.MUTED: "🔕 {messages} came while this room was muted, {first}:",
    Why.QUIET: "🌙 {messages} came in the quiet hours, {first}:",
    Why.DIGEST: "📰 {messages} came since the last digest, {first}:",
}


@dataclass(frozen=True, slots=True)
class Digest:
    """What came and was not posted: how many, when the first came, how they begin, and why they were not."""

    count: int
    since: datetime
    lines: tuple[str, ...]
    """How the first of them begin, as safe as any message."""
    why: Why
    zone: str = "UTC"
    """The time zone in which its moments are told."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Digest:
        """From the body of its message, as `body` made it."""
        return cls(
            body["left_out"],
            datetime.fromisoformat(body["since"]),
            tuple(body["lines"]),
            Why(body["why"]),
            body["zone"],
        )

    @property
    def body(self) -> dict[str, Any]:
        """Its message's body: the text, and what it takes to count further."""
        return {
            "markdown": self.markdown,
            "left_out": self.count,
            "since": self.since.isoformat(),
            "lines": list(self.lines),
            "why": self.why.value,
            "zone": self.zone,
        }

    @property
    def markdown(self) -> str:
        """The message itself, which always fits in one."""
        return listed(self._head, self.lines, self.count)

    def with_line(self, line: str) -> Digest:
        """The same and one message more, which begins like that; the line is kept where there is room for it."""
        return self.and_more(1, (line,))

    def and_more(self, count: int, lines: Sequence[str]) -> Digest:
        """The same and more messages that came later; what has no room is counted only."""
        kept = list(self.lines)
        for line in lines if len(self.lines) == self.count else ():
            if not self._has_room([*kept, line]):
                break
            kept.append(line)
        return replace(self, count=self.count + count, lines=tuple(kept))

    def _has_room(self, lines: Sequence[str]) -> bool:
        if self.why is Why.FLOOD:
            return len(lines) <= LISTED
        return size("\n".join(map(_item, lines))) <= _LINES

    @property
    def _head(self) -> str:
        count = self.count
        if self.why is Why.FLOOD:
            messages = "1 more message" if count == 1 else f"{count} more messages"
            since = f"{self.since.astimezone(UTC):%H:%M:%S}"
            return f"🔇 {messages} since {since} UTC, left out so as not to flood this room:"
        messages = "1 message" if count == 1 else f"{count:,} messages"
        first = f"{'at' if count == 1 else 'the first at'} {written(self.since, self.zone)}"
        return _HEADS[self.why].format(messages=messages, first=first)


def beginning(markdown: str) -> str:
    """A message's first line, fit for a list. What stood in a code block, or is cut, shows its own marks."""
    lines = [line.strip() for line in markdown.splitlines() if line.strip()]
    if not lines:
        return "…"
    if lines[0].startswith(_FENCE):
        return quote(lines[1] if len(lines) > 1 else "…")
    line = _BLOCK_MARKS.sub("", lines[0])
    within = prefix_within(line, _LONGEST_LINE)
    return line if within == len(line) else quote(line[:within] + "…")


def listed(head: str, lines: Sequence[str], count: int) -> str:
    """So many messages below a head: how the first of them begin, and how many there are besides."""
    items = [_item(line) for line in lines]
    if count > len(lines):
        items.append(_item(f"… and {count - len(lines):,} more"))
    return "\n".join([head, "", *items])


def _item(line: str) -> str:
    return f"- {line}"
