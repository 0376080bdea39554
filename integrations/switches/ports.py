"""Globs over the names of interfaces, and the speed of a port as a switch writes it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from integrations.switches.normalise import interface
from integrations.switches.targets.expression import TargetError, read_range

LONGEST = 200
"""Characters of a glob."""
_PIECES = re.compile(r"\[[^\]]*\]|[*?]|[^\[*?]+")
_BEGINNING = re.compile(r"([A-Za-z][A-Za-z-]*?)\s*(?=[0-9*?\[])")
_PLAIN = re.compile(r"[A-Za-z0-9/.,*?\[\] -]+")
_SPEED = re.compile(r"(?:a-)?(\d+(?:\.\d+)?)\s*([kmgt]?)(?:b/s|b)?(?:\(d\))?", re.IGNORECASE)
_UNITS = {"k": 1e3, "": 1e6, "m": 1e6, "g": 1e9, "t": 1e12}


class PortsError(Exception):
    """A glob over interfaces that cannot be read; the text says why."""


@lru_cache(maxsize=1_024)
def matcher(glob: str) -> Callable[[str], bool]:
    """Whether an interface's full name is meant: `Eth1/1`, `Ethernet1/[1-48]`, `Po*`, `eth1/49,eth1/50`, `*`.

    Raises PortsError.
    """
    if len(glob) > LONGEST or not _PLAIN.fullmatch(glob):
        raise PortsError(
            f"{glob[:60]!r} names no interfaces: write `Eth1/1`, `Eth1/[1-48]`, `Po*`, or several with commas"
        )
    patterns = [_pattern(part.strip()) for part in _parts(glob)]
    return re.compile("|".join(patterns), re.IGNORECASE).fullmatch  # type: ignore[return-value]


def _parts(glob: str) -> list[str]:
    """Split at commas that stand in no brackets."""
    parts = re.split(r",(?![^\[]*\])", glob)
    if any(not part.strip() for part in parts):
        raise PortsError(f"{glob!r} has a comma with nothing beside it")
    return parts


def _pattern(glob: str) -> str:
    # The switch's own short names; `interface` knows them with a number only.
    if begins := _BEGINNING.match(glob):
        return _expanded(interface(f"{begins[1]}1")[:-1] + glob[begins.end() :])
    return _expanded(interface(glob))


def _expanded(glob: str) -> str:
    return "".join(map(_piece, _PIECES.findall(glob)))


def _piece(piece: str) -> str:
    if piece == "*":
        return ".*"
    if piece == "?":
        return "."
    if piece.startswith("["):
        try:
            return f"(?:{'|'.join(read_range(piece[1:-1]))})"
        except TargetError as error:
            raise PortsError(error.says) from error
    return re.escape(piece)


@lru_cache(maxsize=1_024)
def bits_per_second(speed: str) -> int | None:
    """`1000` and `a-1000` (Mbit/s), `10G(D)`, `a-10G`, `10 Gb/s`, `1000 Mb/s`; None for `auto` and what says nothing.

    The forms are those of `show interface brief`, `show interface status` and `show interface`.
    """
    match = _SPEED.fullmatch(speed.strip())
    if match is None:
        return None
    return round(float(match[1]) * _UNITS[match[2].lower()]) or None
