"""Which lines of configuration may be sent: plain characters, no secret, nothing that locks out. Pure.

What would cut the switch off from whoever changes it, say who may log in, run a program, or touch files is forbidden
to all; an owner can let it through for a group of people (`lines:`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase

from integrations.switches.changing.lines import Line, LinesError, without_placeholders
from integrations.switches.commands_allowed import ENVELOPE, LONGEST, odd
from integrations.switches.masking import MARK, mask
from integrations.switches.settings import LineRules

_PLAIN = re.compile(r"[A-Za-z0-9 ._:/,()*+=@^$\[\]{}\"'\\~%&#!-]*")
_SIGNS = {
    ";": "parts commands",
    "|": "sends what a command says to another",
    ">": "writes a file",
    "<": "reads a file",
    "`": "runs a command",
    "\n": "begins a new line",
    "\r": "begins a new line",
    "\t": "is a tab; write a blank",
    "?": "asks the switch for help",
}

_REACHED = "I reach the switch by it"
_NO_CONFIGURATION = "it is a command, and no configuration"
_FILES = "it touches files"
_RUNS = "it runs programs"
_OURS = "the change does that itself"

FORBIDDEN: Mapping[str, str] = {
    "username": "it says who may log in",
    "snmp-server community": "it says who may read and write the switch",
    "feature nxapi": _REACHED,
    "nxapi": _REACHED,
    "vrf context management": _REACHED,
    "vrf management": _REACHED,
    "vrf member management": _REACHED,
    "interface mgmt": _REACHED,
    "boot": "it says what the switch starts with",
    "reload": "it takes the switch down",
    "write": _FILES,
    "erase": _FILES,
    "copy": _FILES,
    "delete": _FILES,
    "format": _FILES,
    "move": _FILES,
    "install": "it changes the software",
    "bash": _RUNS,
    "run": _RUNS,
    "guestshell": _RUNS,
    "python": _RUNS,
    "tclsh": _RUNS,
    "feature bash-shell": _RUNS,
    "event manager": "it runs commands later, when nobody looks",
    "scheduler": "it runs commands later, when nobody looks",
    "cli": "it gives commands other names",
    "checkpoint": _OURS,
    "rollback": _OURS,
    "configure": _OURS,
    "end": "lines are nested by indentation",
    "exit": "lines are nested by indentation",
    "do": _NO_CONFIGURATION,
    "show": _NO_CONFIGURATION,
    "clear": _NO_CONFIGURATION,
    "debug": _NO_CONFIGURATION,
    "attach": _NO_CONFIGURATION,
    "switchto": _NO_CONFIGURATION,
    "terminal": _NO_CONFIGURATION,
}
"""Beginnings of lines that are not sent, with `no` before them or without, in whatever abbreviation; why."""

_MANAGEMENT = re.compile(r"in\w*\s.*\bm[a-z]*\s*0", re.IGNORECASE)
"""The interface mgmt0, also in a list of several."""


def rules_of(groups: Collection[str], settings: Mapping[str, LineRules]) -> LineRules:
    """What holds for a person of these groups: what is said of everyone, and of each group."""
    mine = [settings[name] for name in ("everyone", *groups) if name in settings]
    return LineRules(
        allow=tuple(glob for each in mine for glob in each.allow),
        deny=tuple(glob for each in mine for glob in each.deny),
        grant=tuple(glob for each in mine for glob in each.grant),
    )


def check_written(lines: Iterable[Line]) -> None:
    """Look at the lines as they were written: no sign that could hide a command, and no secret. Raises LinesError."""
    for line in lines:
        _refuse_signs(line.text)
        bare = without_placeholders(line.text, MARK)
        if _unquoted(mask(bare)) != _unquoted(bare):
            raise LinesError(
                f"`{mask(bare)}` holds a secret, and what is typed here is kept. Put it into the environment, name it "
                'in the inventory (`vars: {key: "${NAME}"}`), and write {key} in its place.'
            )


def _unquoted(line: str) -> str:
    return line.replace(f'"{MARK}"', MARK).replace(f"'{MARK}'", MARK)


def check_rendered(lines: Iterable[Line], rules: LineRules) -> None:
    """Look at the lines as they would be sent, values put in. Raises LinesError; its text holds no value."""
    for line in dict.fromkeys(lines):
        _refuse_signs(line.text, "as it would be sent")
        if (why := _why_not(line, rules)) is not None:
            raise LinesError(
                f"`{mask(line.text)[:120]}` is not sent from chat: {why}. An owner can grant it (`lines:`)."
            )


def _why_not(line: Line, rules: LineRules) -> str | None:
    meant = " ".join((line.negated or line.text).lower().split())
    whole = " ".join(line.text.lower().split())
    if any(_fits(each, glob) for glob in rules.grant for each in (meant, whole)):
        return None
    for beginning, why in FORBIDDEN.items():
        if _could_be(meant, beginning):
            return why
    if _MANAGEMENT.match(meant):
        return _REACHED
    if meant == "shutdown" and not line.above:
        return "it stands below no interface"
    if any(
        _fits(each, glob) or _could_be(each, glob.rstrip("* "))
        for glob in rules.deny
        for each in (meant, whole)
    ):
        return "a rule denies it"
    if rules.allow and not any(_fits(whole, glob) for glob in rules.allow):
        return "it is not among the lines you may send"
    return None


def _fits(line: str, glob: str) -> bool:
    return fnmatchcase(line, " ".join(glob.lower().split()))


def _could_be(line: str, beginning: str) -> bool:
    """Whether a switch could take the line for one that begins so: it takes any unique beginning of a word."""
    words, full = line.split(), beginning.lower().split()
    return len(words) >= len(full) > 0 and all(
        one.startswith(word) for word, one in zip(words, full, strict=False)
    )


def _refuse_signs(text: str, how: str = "") -> None:
    where = f" {how}" if how else ""
    if len(text) > LONGEST:
        raise LinesError(f"A line has at most {LONGEST} characters, and one{where} has {len(text):,}.")
    for place, character in enumerate(text, start=1):
        if _PLAIN.fullmatch(character) and character not in _SIGNS:
            continue
        told = _SIGNS.get(character) or odd(character)
        plain = character.isprintable() and character.isascii()
        shown = repr(character) if plain else f"U+{ord(character):04X}"
        raise LinesError(f"The character {shown} at place {place} of a line{where} {told}: nothing is sent.")
    if (match := ENVELOPE.search(text)) is not None:
        raise LinesError(
            f"{match[0]!r} in a line{where} could be taken for a part of NX-API's own request: nothing is sent."
        )
