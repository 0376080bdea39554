"""A running configuration as a value: what it holds where, and what lines would change of it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from integrations.switches.changing.lines import Line, expanded
from integrations.switches.normalise import interface

Place = tuple[str, ...]

_HEADER = re.compile(
    r"!(?:Command|Running configuration last done at|Time|Startup config saved at|Generating)\b.*"
)
_RELATIVE = re.compile(
    r"switchport trunk allowed vlan (?:add|remove|except|none|all)\b.*|default\s.*|.*\b(?:append|prepend)\b.*",
    re.IGNORECASE,
)
"""Lines that the configuration shows in another form."""
_SINGLE = (
    *(
        "description",
        "name",
        "mtu",
        "speed",
        "duplex",
        "bandwidth",
        "delay",
        "hostname",
        "load-interval counter 1",
    ),
    *(
        "switchport access vlan",
        "switchport mode",
        "switchport trunk native vlan",
        "switchport trunk allowed vlan",
    ),
    *(
        "snmp-server contact",
        "snmp-server location",
        "ip address",
        "vrf member",
        "channel-group",
        "router-id",
    ),
    *("spanning-tree mode", "ip domain-name", "clock timezone", "switchname", "remote-as", "update-source"),
)
"""What there is one of in a section: a new line takes the old one's place."""
_OPPOSITES = ("shutdown", "switchport")
"""What the configuration shows with `no` or without, by what is usual on the interface."""


@dataclass(frozen=True)
class Running:
    """The lines below each heading, by the heading's place; those at the top are below `()`."""

    below: dict[Place, tuple[str, ...]] = field(default_factory=dict)

    def holds(self, place: Place) -> bool:
        """Whether there is such a line there."""
        return place[-1] in self.below.get(place[:-1], ())


@dataclass(frozen=True, slots=True)
class Edit:
    """A line that comes or goes, below which headings."""

    sign: Literal["+", "-"]
    text: str
    above: Place


def digest(text: str) -> str:
    """SHA-256 of a configuration, the same as long as nothing in it is changed: its date is left out."""
    return hashlib.sha256("\n".join(_lines(text)).encode()).hexdigest()


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip() and not _HEADER.match(line.strip()):
            yield line.rstrip()


def read_running(text: str) -> Running:
    """What a switch shows of its configuration."""
    below: dict[Place, dict[str, None]] = {}
    headings: list[tuple[int, str]] = []
    for line in _lines(text):
        if line.lstrip().startswith("!"):
            continue
        indent = len(line) - len(line.lstrip())
        headings = [each for each in headings if each[0] < indent]
        above = tuple(heading for _, heading in headings)
        for each in expanded(Line(_folded(line))):
            below.setdefault(above, {})[each.text] = None
        headings.append((indent, _folded(line)))
    return Running({place: tuple(lines) for place, lines in below.items()})


def _folded(line: str) -> str:
    """A line with one blank between words; a heading of an interface with the interface's full name."""
    text = " ".join(line.split())
    match = re.match(r"(no |default )?interface (\S.*)", text, re.IGNORECASE)
    return f"{(match[1] or '').lower()}interface {interface(match[2])}" if match else text


def _folded_place(line: Line) -> Place:
    return tuple(_folded(each) for each in line.place)


def missing(running: Running, lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that are not in force: those that should be there and are not, and those said `no` of that are."""
    return tuple(line for line in lines if not all(_in_force(running, each) for each in expanded(line)))


def _in_force(running: Running, line: Line) -> bool:
    place = _folded_place(line)
    if _RELATIVE.fullmatch(line.text):
        return True
    if line.negated is None:
        return running.holds(place)
    return running.holds(place) or not _meant_by_no(running, place[:-1], line.negated)


def _meant_by_no(running: Running, above: Place, negated: str) -> list[str]:
    """What `no …` takes away: the line itself, and those that begin with it."""
    bare = _folded(negated)
    return [each for each in running.below.get(above, ()) if each == bare or each.startswith(f"{bare} ")]


def edits(running: Running, lines: Sequence[Line]) -> tuple[Edit, ...]:
    """What the lines would change of it, as far as it can be told from the configuration alone."""
    now = dict(running.below)
    found: list[Edit] = []
    for line in (each for written in lines for each in expanded(written)):
        for edit in list(_edits_of(Running(now), line)):
            found.append(edit)
            there = now.get(edit.above, ())
            kept = tuple(each for each in there if each != edit.text)
            now[edit.above] = (*there, edit.text) if edit.sign == "+" else kept
    return tuple(found)


def _edits_of(running: Running, line: Line) -> Iterator[Edit]:
    *headings, text = _folded_place(line)
    above = tuple(headings)
    if running.holds((*above, text)) and not _RELATIVE.fullmatch(text):
        return
    if line.negated is not None and not _RELATIVE.fullmatch(text):
        yield from _taken_away(running, above, _folded(line.negated), text)
        return
    same = [key for key in _SINGLE if text.lower().startswith(f"{key} ")]
    for old in running.below.get(above, ()):
        if old == f"no {text}" or any(old.lower().startswith(f"{key} ") for key in same[-1:]):
            yield Edit("-", old, above)
    yield Edit("+", text, above)


def _taken_away(running: Running, above: Place, bare: str, text: str) -> Iterator[Edit]:
    gone = _meant_by_no(running, above, bare)
    for each in gone:
        for place, below in running.below.items():
            if place[: len(above) + 1] == (*above, each):
                yield from (Edit("-", line, place) for line in below)
        yield Edit("-", each, above)
    if not gone and bare in _OPPOSITES:
        yield Edit("+", text, above)


def as_diff(found: Iterable[Edit]) -> str:
    """The edits as text: `+` and `-` before lines, their headings above them."""
    shown: list[str] = []
    last: Place = ()
    for edit in found:
        for depth, heading in enumerate(edit.above):
            if (
                edit.above[: depth + 1] != last[: depth + 1]
                and f"+ {'  ' * depth}{heading}" not in shown[-1:]
            ):
                shown.append(f"  {'  ' * depth}{heading}")
        shown.append(f"{edit.sign} {'  ' * len(edit.above)}{edit.text}")
        last = (*edit.above, edit.text)
    return "\n".join(shown)
