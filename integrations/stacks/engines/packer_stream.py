"""What `packer … -machine-readable` says, line by line. Pure; recorded with packer 1.6.6.

A line is `timestamp,target,type,data…` (developer.hashicorp.com/packer/docs/commands#machine-readable-output);
commas in data are `%!(PACKER_COMMA)`, ends of lines `\\n` and `\\r`. Lines of `ui` have no target: which builder
speaks stands before its words, as `==> name:` or, set in by four, `name:`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from integrations.stacks.engines.model import Artifact, Diagnostic

_SPEAKER = re.compile(r"(?:==> |    )([^\s:][^:\n]*): ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with its escapes undone."""

    target: str
    kind: str
    data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What is told to people; `builder` is empty where packer itself speaks."""

    builder: str
    text: str


@dataclass
class Artifacts:
    """Gathers artifacts, whose parts come in a line each.

    Post-processors tell those of their builders again: the same id of the same builder counts once.
    """

    _open: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    _done: dict[tuple[str, str], Artifact] = field(default_factory=dict)

    def add(self, line: Line) -> Artifact | None:
        """Take in a line of type `artifact`; returns an artifact that is complete and was not told before."""
        number, part, *rest = (*line.data, "", "")[:5] if len(line.data) < 2 else line.data
        key = (line.target, number)
        if part != "end":
            self._open.setdefault(key, {}).setdefault(part, []).append(rest[-1] if rest else "")
            return None
        parts = self._open.pop(key, {})
        artifact = Artifact(
            builder=line.target,
            id=_last(parts, "id"),
            says=_last(parts, "string"),
            files=tuple(parts.get("file", ())),
        )
        known = (artifact.builder, artifact.id)
        if known in self._done:
            return None
        self._done[known] = artifact
        return artifact

    @property
    def all(self) -> tuple[Artifact, ...]:
        """The complete ones, in the order they came."""
        return tuple(self._done.values())


def read_line(line: str) -> Line | None:
    """A line, or None for what is none, as a crash is told."""
    stamp, *rest = line.split(",", 3)
    if len(rest) < 2 or not stamp.isdecimal():
        return None
    target, kind = rest[0], rest[1]
    data = tuple(map(_plain, rest[2].split(","))) if len(rest) > 2 else ()
    return Line(target, kind, data)


def words_of(line: Line) -> Words | None:
    """What a line of type `ui` says, and who says it; None where it says nothing."""
    text = line.data[1] if len(line.data) > 1 else ""
    match = _SPEAKER.fullmatch(text.strip("\n"))
    builder, said = (match[1], match[2]) if match else ("", text)
    said = said.strip()
    return Words(builder, said) if said else None


def error_of(line: Line) -> Diagnostic:
    """What a line of type `error` ends a builder with."""
    return Diagnostic("error", " ".join(" ".join(line.data).split()), address=line.target)


def _plain(data: str) -> str:
    return data.replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")


def _last(parts: dict[str, list[str]], name: str) -> str:
    values = parts.get(name)
    return values[-1] if values else ""
