"""Exported beans and the two ways a client narrows them: `tree=` and `depth=`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Value: TypeAlias = "bool | int | float | str | Bean | Sequence[Value] | Mapping[str, Value] | None"


class Exported(NamedTuple):
    """One property of a bean, as Stapler's `@Exported` declares it.

    `value` may be a callable, so that what nobody asked for is never worked out. A property shows while its
    `visibility` is at least the level reached; `inline` does not count as a level.
    """

    value: Value | Callable[[], Value]
    visibility: int = 1
    inline: bool = False

    def read(self) -> Value:
        """The value itself, worked out if it has to be."""
        return self.value() if callable(self.value) else self.value


@dataclass(frozen=True)
class Bean:
    """An object of the API: its `_class` (None where Jenkins writes none) and its properties in order."""

    java_class: str | None
    properties: Mapping[str, Exported] = field(default_factory=dict)


def bean(java_class: str | None, visibility: int = 1, /, **properties: Value | Callable[[], Value]) -> Bean:
    """A bean all of whose properties have one visibility."""
    return Bean(java_class, {name: Exported(value, visibility) for name, value in properties.items()})


class Pruner(Protocol):
    """Decides which properties are written, and what part of a list."""

    @property
    def window(self) -> slice: ...

    def accept(self, name: str, exported: Exported) -> Pruner | None: ...


@dataclass(frozen=True)
class ByDepth:
    """`?depth=N`: everything visible enough. Starts at level 1 - N and counts one up per nesting."""

    level: int
    window: slice = field(default_factory=lambda: slice(None))

    def accept(self, name: str, exported: Exported) -> Pruner | None:
        """The pruner for the values of this property, or None when it stays out."""
        if exported.visibility < self.level:
            return None
        return self if exported.inline else ByDepth(self.level + 1)


@dataclass(frozen=True)
class ByTree:
    """`?tree=a,b[c]{0,10}`: exactly the named properties, visibility or not."""

    children: Mapping[str, ByTree] = field(default_factory=dict)
    window: slice = field(default_factory=lambda: slice(None))

    def accept(self, name: str, exported: Exported) -> Pruner | None:
        """The pruner for the values of this property, or None when it was not asked for."""
        return self.children.get(name) or self.children.get("*")


class MalformedTree(ValueError):
    """A `tree=` expression that does not parse. Jenkins answers it with a 500."""

    def __init__(self, expression: str, at: int) -> None:
        super().__init__(f"Malformed tree expression: {expression!r} at character {at}")


_TOKEN = re.compile(r"\s*(?:(?P<name>[^\s\[\]{},]+)|(?P<range>\{\s*\d*\s*,?\s*\d*\s*\})|(?P<mark>[\[\],]))")


def parse_tree(expression: str) -> ByTree:
    """Read a `tree=` expression.

    Grammar: Stapler's NamedPathPruner, `name`, `name[children]`, `{M,N}` ranges (M included, N excluded),
    `{M,}`, `{,N}`, `{N}` (the N-th only) and `*` for every property.

    Raises MalformedTree.
    """
    parser = _Parser(expression)
    tree = ByTree(parser.names())
    parser.expect_end()
    return tree


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._at = 0

    def names(self) -> dict[str, ByTree]:
        found: dict[str, ByTree] = {}
        while True:
            name = self._take("name")
            if name is None:
                raise MalformedTree(self._expression, self._at)
            found[name] = ByTree(self._children(), self._window())
            if not self._take("mark", ","):
                return found

    def expect_end(self) -> None:
        if self._expression[self._at :].strip():
            raise MalformedTree(self._expression, self._at)

    def _children(self) -> dict[str, ByTree]:
        if not self._take("mark", "["):
            return {}
        children = self.names()
        if not self._take("mark", "]"):
            raise MalformedTree(self._expression, self._at)
        return children

    def _window(self) -> slice:
        text = self._take("range")
        if text is None:
            return slice(None)
        low, comma, high = text.strip("{} ").partition(",")
        if not comma:
            if not low:
                raise MalformedTree(self._expression, self._at)
            return slice(int(low), int(low) + 1)
        return slice(int(low) if low.strip() else None, int(high) if high.strip() else None)

    def _take(self, kind: str, text: str | None = None) -> str | None:
        match = _TOKEN.match(self._expression, self._at)
        if match is None or match.group(kind) is None or (text is not None and match.group(kind) != text):
            return None
        self._at = match.end()
        return match.group(kind)


def pruner_for(tree: str | None, depth: str | None) -> Pruner:
    """The pruner a request's `tree` and `depth` ask for; `tree` wins, depth 0 is the default.

    Raises MalformedTree, or ValueError for a depth that is no number.
    """
    if tree is not None:
        return parse_tree(tree)
    return ByDepth(1 - int(depth or 0))


def render(value: Value, pruner: Pruner) -> Json:
    """Write a bean, a list of beans or a plain value as JSON, narrowed by the pruner."""
    if isinstance(value, Bean):
        return dict(_members(value, pruner))
    if isinstance(value, Mapping):
        return {name: render(member, pruner) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [render(member, pruner) for member in value[pruner.window]]
    return value


def _members(subject: Bean, pruner: Pruner) -> Iterator[tuple[str, Json]]:
    if subject.java_class is not None:
        yield "_class", subject.java_class
    for name, exported in subject.properties.items():
        below = pruner.accept(name, exported)
        if below is not None:
            yield name, render(exported.read(), below)
