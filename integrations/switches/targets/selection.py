"""The switches a target means in an inventory. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import product
from math import prod

from integrations.switches.inventory.model import Inventory, Switch
from integrations.switches.targets.expression import (
    MOST_NAMES,
    And,
    Everything,
    Expression,
    Labelled,
    Named,
    Not,
    Or,
    TargetError,
    parse,
    read_range,
)

_PIECES = re.compile(r"\[[^\]]*\]|[*?]|[^\[*?]+")


@dataclass(frozen=True, slots=True)
class Selection:
    """The switches of a target, in the inventory's order; `missing` are numbers of its ranges that are no switch."""

    switches: tuple[Switch, ...]
    missing: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(switch.name for switch in self.switches)


def select(target: str, inventory: Inventory) -> Selection:
    """Read a target and look up what it means. Raises TargetError: at least one switch there must be."""
    tree = parse(target)
    looking = _Looking(inventory, target)
    names = looking.names(tree)
    if not names:
        raise TargetError(target, 0, looking.emptiness(tree))
    switches = tuple(switch for name, switch in inventory.switches.items() if name in names)
    return Selection(switches, tuple(dict.fromkeys(looking.missing)))


def check_groups(inventory: Inventory) -> None:
    """Raises TargetError, with the group, for one that cannot be read, names no group there is, or holds itself."""
    trees: dict[str, Expression] = {}
    for name, text in inventory.groups.items():
        try:
            trees[name.casefold()] = parse(text)
        except TargetError as error:
            raise TargetError(text, error.at, error.says, name) from error
    for name, text in inventory.groups.items():
        for label in _groups_in(trees[name.casefold()], trees):
            if label.label.casefold() not in trees and not _has_glob(label.label):
                says = f"there is no group {label.label!r}{_near(label.label, inventory.groups)}"
                raise TargetError(text, label.at, says, name)
        if (circle := _circle(name.casefold(), trees, ())) is not None:
            raise TargetError(text, 0, f"the group holds itself: {' > '.join(circle)}", name)


def _circle(name: str, trees: Mapping[str, Expression], above: tuple[str, ...]) -> tuple[str, ...] | None:
    if name in above:
        return (*above[above.index(name) :], name)
    for label in _groups_in(trees[name], trees):
        for inner in [each for each in trees if fnmatchcase(each, label.label.casefold())]:
            if (circle := _circle(inner, trees, (*above, name))) is not None:
                return circle
    return None


def _groups_in(tree: Expression, groups: Mapping[str, Expression]) -> Iterator[Labelled]:
    """The labels in it that are groups."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from _groups_in(part, groups)
    elif isinstance(tree, Not):
        yield from _groups_in(tree.part, groups)
    elif isinstance(tree, Labelled):
        known = any(fnmatchcase(name, tree.label.casefold()) for name in groups)
        if tree.kind == "group" or (tree.kind == "any" and known):
            yield tree


class _Looking:
    """One look through an inventory."""

    def __init__(self, inventory: Inventory, text: str) -> None:
        self._inventory = inventory
        self._text = text
        self._groups = {name.casefold(): text for name, text in inventory.groups.items()}
        self.missing: list[str] = []

    def names(self, tree: Expression) -> frozenset[str]:
        """The names of the switches it means."""
        everything = frozenset(self._inventory.switches)
        if isinstance(tree, Everything):
            return everything
        if isinstance(tree, Not):
            return everything - self.names(tree.part)
        if isinstance(tree, And):
            return frozenset.intersection(*(self.names(part) for part in tree.parts))
        if isinstance(tree, Or):
            return frozenset().union(*(self.names(part) for part in tree.parts))
        return self._labelled(tree) if isinstance(tree, Labelled) else self._named(tree)

    def emptiness(self, tree: Expression) -> str:
        """Why nothing is left, with what each part alone would be."""
        if not self._inventory.switches:
            return "there are no switches at all"
        parts = tree.parts if isinstance(tree, And) else (tree,)
        counts = [f"`{part}` {_are(len(self.names(part)))}" for part in parts]
        if len(parts) == 1:
            return f"no switch is meant: {counts[0]} of {len(self._inventory)}"
        return f"no switch is meant: {', '.join(counts)}, and none is in all of these"

    def _named(self, tree: Named) -> frozenset[str]:
        pieces = _PIECES.findall(tree.pattern)
        ranges = [read_range(piece[1:-1], self._text, tree.at) for piece in pieces if piece.startswith("[")]
        if prod(map(len, ranges)) > MOST_NAMES:
            raise TargetError(self._text, tree.at, f"`{tree.pattern}` is more than {MOST_NAMES:,} names")
        found = self._by_glob(pieces) if _has_glob(tree.pattern) else self._by_name(pieces, ranges)
        if not found:
            raise TargetError(self._text, tree.at, self._unknown(tree.pattern))
        return found

    def _by_name(self, pieces: list[str], ranges: list[tuple[str, ...]]) -> frozenset[str]:
        known, found, missing = self._inventory.by_folded_name, set[str](), list[str]()
        for numbers in product(*ranges):
            following = iter(numbers)
            name = "".join(next(following) if piece.startswith("[") else piece for piece in pieces)
            spelled = known.get(name.casefold())
            missing.append(name) if spelled is None else found.add(spelled)
        if found:
            self.missing += missing
        return frozenset(found)

    def _by_glob(self, pieces: list[str]) -> frozenset[str]:
        allowed = [frozenset(read_range(piece[1:-1])) for piece in pieces if piece.startswith("[")]
        signs = {"*": ".*", "?": "."}
        pattern = re.compile(
            "".join(
                "([0-9]+)" if piece.startswith("[") else signs.get(piece) or re.escape(piece.casefold())
                for piece in pieces
            )
        )
        found = set[str]()
        for folded, name in self._inventory.by_folded_name.items():
            match = pattern.fullmatch(folded)
            if match and all(
                number in numbers for number, numbers in zip(match.groups(), allowed, strict=True)
            ):
                found.add(name)
        return frozenset(found)

    def _labelled(self, tree: Labelled) -> frozenset[str]:
        label, found, known = tree.label.casefold(), list[frozenset[str]](), False
        for kind, labels in (("tag", self._inventory.tags), ("site", self._inventory.sites)):
            if tree.kind in ("any", kind):
                found += [names for each, names in labels.items() if fnmatchcase(each, label)]
        if tree.kind in ("any", "group"):
            for name, text in self._groups.items():
                if fnmatchcase(name, label):
                    known = True
                    found.append(self._group(name, text))
        if not found and not known:
            raise TargetError(self._text, tree.at, self._unknown_label(tree))
        return frozenset().union(*found)

    def _group(self, name: str, text: str) -> frozenset[str]:
        inner = _Looking(self._inventory, text)
        try:
            return inner.names(parse(text))
        except TargetError as error:
            raise TargetError(
                text, error.at, f"in the group {name!r} of the inventory: {error.says}", name
            ) from error

    def _unknown(self, pattern: str) -> str:
        bare = pattern.casefold()
        if bare in self._inventory.tags or bare in self._groups or bare in self._inventory.sites:
            return f"there is no switch {pattern!r}; did you mean `@{pattern}`?"
        if _has_glob(pattern):
            return f"no switch is called `{pattern}`"
        if "[" in pattern:
            return f"no switch is called `{pattern}`{self._padded(pattern)}"
        return f"there is no switch {pattern!r}{_near(pattern, self._inventory.switches)}"

    def _padded(self, pattern: str) -> str:
        """Whether it is only the zeros: `leaf[1-48]` where the names are leaf01 to leaf48."""
        for width in (2, 3, 4):
            wider = _zero_padded(pattern, width)
            ranges = [read_range(piece[1:-1]) for piece in _PIECES.findall(wider) if piece.startswith("[")]
            if wider != pattern and self._by_name(_PIECES.findall(wider), ranges):
                self.missing.clear()
                return f"; did you mean `{wider}`?"
        return ""

    def _unknown_label(self, tree: Labelled) -> str:
        kinds = {"tag": self._inventory.tags, "site": self._inventory.sites, "group": self._groups}
        known = [name for kind, names in kinds.items() if tree.kind in ("any", kind) for name in names]
        what = "tag, group or site" if tree.kind == "any" else tree.kind
        return f"there is no {what} {tree.label!r}{_near(tree.label, known)}"


def _zero_padded(pattern: str, width: int) -> str:
    return re.sub(r"\d+", lambda match: match[0].zfill(width), pattern)


def _near(name: str, known: Mapping[str, object] | list[str]) -> str:
    spelled = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), list(spelled), n=1)
    return f"; did you mean {spelled[near[0]]!r}?" if near else ""


def _has_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _are(count: int) -> str:
    return {0: "is none", 1: "is one"}.get(count, f"are {count:,}")
