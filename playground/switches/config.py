"""A switch's configuration as a value: its lines, its text, and the patch from one to another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_ORDER = (
    "hostname",
    "feature",
    "username",
    "snmp-server",
    "ntp",
    "tacacs-server",
    "logging",
    "vlan",
    "vrf",
    "vpc",
    "interface",
    "router",
    "line",
)
"""The order of topics in the text; anything else comes before `line`."""


@dataclass(frozen=True)
class Config:
    """The lines at the top, each with the lines below it; most have none."""

    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_line(self, line: str) -> Config:
        """The same with a line at the top, unless it is there."""
        return self if line in self.lines else Config({**self.lines, line: ()})

    def without(self, line: str) -> Config:
        """The same without a line at the top and what is below it."""
        return Config({top: below for top, below in self.lines.items() if top != line})

    def under(self, section: str, key: str, line: str | None) -> Config:
        """The same with a section's line that begins with `key` replaced; None takes it away."""
        below = [old for old in self.lines.get(section, ()) if not _is(old, key)]
        if line is not None:
            below.append(line)
        return Config({**self.lines, section: tuple(below)})

    def value(self, section: str, key: str) -> str | None:
        """What follows `key` in a section; empty when the line is the key itself, None without the line."""
        for line in self.lines.get(section, ()):
            if _is(line, key):
                return line[len(key) :].strip()
        return None

    def top(self, key: str) -> list[str]:
        """What follows `key` in the lines at the top that begin with it."""
        return [line[len(key) :].strip() for line in self.lines if _is(line, key)]

    def text(self) -> str:
        """The text as `show running-config` prints it, below its heading."""
        return "".join(_blocks(self))


def _is(line: str, key: str) -> bool:
    return line == key or line.startswith(f"{key} ")


def _blocks(config: Config) -> Iterator[str]:
    for line in sorted(config.lines, key=_place):
        below = config.lines[line]
        if below or _is(line, "interface"):
            yield f"\n{line}\n" + "".join(f"  {each}\n" for each in below)
        else:
            yield f"{line}\n"


def _place(line: str) -> tuple[int, list[tuple[int, str]]]:
    word = line.split(" ", 1)[0]
    topic = _ORDER.index(word) if word in _ORDER else len(_ORDER) - 2
    parts = re.findall(r"\d+|\D+", line)
    return topic, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def patch(before: Config, after: Config) -> list[str]:
    """The commands that make `after` out of `before`: lines below a section are indented by two blanks."""
    commands: list[str] = []
    for line in sorted(before.lines, key=_place):
        if line not in after.lines:
            commands.append(f"no {line}")
    for line in sorted(after.lines, key=_place):
        below = _below(before.lines.get(line), after.lines[line])
        if line not in before.lines or below:
            commands += [line, *below]
    return commands


def _below(before: tuple[str, ...] | None, after: tuple[str, ...]) -> list[str]:
    gone = [line for line in before or () if line not in after]
    come = [line for line in after if line not in (before or ())]
    return [
        *(f"  {_negated(line, come)}" for line in gone if _negated(line, come)),
        *(f"  {line}" for line in come),
    ]


def _negated(line: str, come: list[str]) -> str | None:
    """What takes a line away; nothing when a new line of the same keyword replaces it."""
    if line.startswith("no "):
        return line[3:]
    keyword = line.split(" ", 1)[0]
    if any(_is(new, keyword) for new in come):
        return None
    return f"no {keyword}" if keyword in ("description", "name") else f"no {line}"
