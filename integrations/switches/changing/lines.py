"""Lines of configuration as a person writes them: nested, with `{…}` for what differs by switch. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product

from pydantic import SecretStr

from integrations.switches.inventory.model import Switch
from integrations.switches.normalise import interface

MOST_LINES = 200
MOST_CHARACTERS = 16_000

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_RANGE = re.compile(r"(.*?)(\d+)\s*-\s*(\d+)")
_MOST_IN_A_RANGE = 1024
_NEGATED = re.compile(r"(no|default)\s+(?=\S)", re.IGNORECASE)


class LinesError(Exception):
    """The lines cannot be sent; the text says which, why, and what could be."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its indentation, and the headings it stands below, outermost first."""

    text: str
    above: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, ...]:
        """The headings and the line itself."""
        return (*self.above, self.text)

    @property
    def negated(self) -> str | None:
        """What `no` or `default` is said of; None for a line without either."""
        match = _NEGATED.match(self.text)
        return self.text[match.end() :] if match else None


def text_of(words: Sequence[str]) -> str:
    """The text that the words of a command hold: each a line or several where one has blanks, else all one line."""
    if any(re.search(r"\s", word) for word in words):
        return "\n".join(words)
    return " ".join(words)


def read(text: str) -> tuple[Line, ...]:
    """The lines of a text; empty ones and comments (`!`) are left out. Raises LinesError."""
    if len(text) > MOST_CHARACTERS:
        raise LinesError(f"A change has at most {MOST_CHARACTERS:,} characters, and this has {len(text):,}.")
    if "\t" in text:
        raise LinesError("There is a tab in the lines: indent with blanks.")
    # Blanks only: other signs that part words or lines are to be seen by whoever looks at the signs.
    written = [line.rstrip(" ") for line in textwrap.dedent(text.strip("\n")).split("\n")]
    written = [line for line in written if line and not line.lstrip(" ").startswith("!")]
    if not written:
        raise LinesError("There is no line of configuration. Write some, such as `ntp server 10.0.0.1`.")
    if len(written) > MOST_LINES:
        raise LinesError(f"A change has at most {MOST_LINES} lines, and this has {len(written):,}.")
    return tuple(_nested(written))


def _nested(written: Iterable[str]) -> Iterator[Line]:
    open_: list[tuple[int, str]] = []
    for number, line in enumerate(written, start=1):
        text, indent = " ".join(filter(None, line.split(" "))), len(line) - len(line.lstrip(" "))
        left = [level for level, _ in open_ if level >= indent]
        open_ = [each for each in open_ if each[0] < indent]
        if (left and left[0] != indent) or (indent and not open_):
            raise LinesError(f"Line {number} is indented as no line above it: {text[:60]!r}.")
        yield Line(text, tuple(heading for _, heading in open_))
        open_.append((indent, text))


def text_from(lines: Iterable[Line]) -> str:
    """The lines as text again, two blanks for each heading above."""
    return "\n".join(f"{'  ' * len(line.above)}{line.text}" for line in lines)


def commands(lines: Sequence[Line]) -> tuple[str, ...]:
    """What is sent, in order. A switch leaves a section by itself where a line belongs to the top; else by `exit`."""
    sent: list[str] = []
    depth = 0
    for line in lines:
        mine = len(line.above)
        if 0 < mine < depth:
            sent += ["exit"] * (depth - mine)
        sent.append(line.text)
        depth = mine
    return tuple(sent)


def rendered(lines: Iterable[Line], switch: Switch) -> tuple[Line, ...]:
    """The lines as they are meant for one switch. Raises LinesError for a placeholder it has no value for.

    `{{` and `}}` are braces. Values are put in as they are and not read again.
    """
    values = variables(switch)
    return tuple(
        Line(
            _filled(line.text, values, switch.name),
            tuple(_filled(each, values, switch.name) for each in line.above),
        )
        for line in lines
    )


def variables(switch: Switch) -> Mapping[str, str]:
    """What `{…}` may stand for on a switch, secrets in the clear: `name`, `site`, and its `vars:`."""
    site = {} if switch.site is None else {"site": switch.site}
    return {"name": switch.name, **site, **{name: _clear(value) for name, value in switch.variables}}


def _clear(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def secrets_of(switch: Switch) -> tuple[str, ...]:
    """The values of its variables that are shown to nobody."""
    return tuple(value.get_secret_value() for _, value in switch.variables if isinstance(value, SecretStr))


def without_placeholders(line: str, stand_in: str) -> str:
    """The line with `stand_in` for every placeholder."""
    return _PLACEHOLDER.sub(lambda match: stand_in if match[1] is not None else match[0][0], line)


def _filled(text: str, values: Mapping[str, str], switch: str) -> str:
    def put(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None:
            raise LinesError(f"There is a lone {match[0]!r} in {text[:60]!r}: write it twice, or close it.")
        if (value := values.get(match[1])) is None:
            near = get_close_matches(match[1], values, n=1)
            hint = f" Did you mean {{{near[0]}}}?" if near else " Give it one in `vars:` in the inventory."
            raise LinesError(f"{{{match[1][:40]}}} has no value on {switch}.{hint}")
        return value

    return _PLACEHOLDER.sub(put, text)


def expanded(line: Line) -> tuple[Line, ...]:
    """One line for each interface and VLAN that it or a heading of it stands for: `interface Ethernet1/1-2`."""
    return tuple(
        Line(place[-1], tuple(place[:-1])) for place in product(*(_meant(each) for each in line.place))
    )


def _meant(text: str) -> tuple[str, ...]:
    negation = match[0] if (match := _NEGATED.match(text)) else ""
    word, _, rest = text[len(negation) :].partition(" ")
    if word.lower() == "interface" and re.search(r"\d", rest):
        return tuple(f"{negation}interface {interface(each)}" for each in _listed(rest, keep=True))
    if word.lower() == "vlan" and re.fullmatch(r"[\d,\- ]+", rest):
        return tuple(f"{negation}vlan {each}" for each in _listed(rest, keep=False))
    return (text,)


def _listed(written: str, *, keep: bool) -> Iterator[str]:
    """`Ethernet1/1-2, Ethernet1/5` one by one; with `keep`, what stands before a range's number stays before each."""
    for part in written.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            yield part.strip()
            continue
        first, last = int(match[2]), int(match[3])
        if not first <= last < first + _MOST_IN_A_RANGE * 4:
            raise LinesError(f"{part.strip()!r} is no range.")
        yield from (f"{match[1] if keep else ''}{number}" for number in range(first, last + 1))
