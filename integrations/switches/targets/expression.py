"""What a person writes to say which switches, as a tree, and back as text. Pure.

    leaf01   leaf*   leaf[01-48]   leaf[01,03-05]   @leaf   tag:leaf   site:lab   group:core   all
    @leaf and not @pod2      (@spine or @leaf) and site:lab      leaf01, leaf02      @leaf -leaf03

Commas join, like `or`. What begins with `-` is taken from all the rest of its list. `and` binds closer than `or`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

LONGEST = 4_000
"""Characters of a target that are read."""
_DEEPEST = 50
_TOKEN = re.compile(r"\s*(?:(?P<sign>[(),])|(?P<minus>-(?=\S))|(?P<word>(?:\[[^\]]*\]|[^\s(),])+))")
_WORD = re.compile(r"[A-Za-z0-9_.*?/-]+|\[[^\]]*\]")
_SIGNS = {"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "+": "or", ";": ","}
Kind = Literal["any", "tag", "group", "site"]
_KINDS: dict[str, Kind] = {"tag": "tag", "group": "group", "site": "site"}


class TargetError(Exception):
    """A target cannot be understood or means no switch: what is wrong, and at which place of the text (from 0)."""

    def __init__(self, text: str, at: int, says: str, group: str = "") -> None:
        self.text = text
        self.at = at
        self.says = says
        self.group = group
        """The inventory's group in which it is written, where it is one."""
        super().__init__(f"{says[:1].upper()}{says[1:]}{'' if says.endswith('?') else '.'}\n{self.pointed()}")

    def pointed(self) -> str:
        """The text with a mark under the place."""
        start = max(0, self.at - 60)
        return f"  {self.text[start : start + 100]}\n  {' ' * (self.at - start)}^"


@dataclass(frozen=True, slots=True)
class Everything:
    """`all`."""

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class Named:
    """A name, a glob, or names with ranges of numbers."""

    pattern: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.pattern


@dataclass(frozen=True, slots=True)
class Labelled:
    """What belongs to a tag, a group or a site; `any` looks in all three."""

    kind: Kind
    label: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"@{self.label}" if self.kind == "any" else f"{self.kind}:{self.label}"


@dataclass(frozen=True, slots=True)
class Not:
    """All others."""

    part: Expression

    def __str__(self) -> str:
        return f"not {_within(self.part, (And, Or))}"


@dataclass(frozen=True, slots=True)
class And:
    """What is in every part; two or more, none of them an And."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(_within(part, (Or,)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """What is in any part; two or more, none of them an Or."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(str(part) for part in self.parts)


Expression = Everything | Named | Labelled | Not | And | Or


def _within(part: Expression, looser: tuple[type, ...]) -> str:
    return f"({part})" if isinstance(part, looser) else str(part)


def all_of(parts: Sequence[Expression]) -> Expression:
    """One part alone, or an And without Ands in it."""
    flat = tuple(each for part in parts for each in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(parts: Sequence[Expression]) -> Expression:
    """One part alone, or an Or without Ors in it."""
    flat = tuple(each for part in parts for each in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def parse(text: str) -> Expression:
    """The tree of a target. Raises TargetError."""
    if len(text) > LONGEST:
        raise TargetError(text, LONGEST, f"a target has at most {LONGEST:,} characters")
    return _Parser(text).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """`(`, `)`, `,`, `-`, `and`, `or`, `not`, `word` or `end`."""
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        assert match is not None, "every character begins a token"
        for name, value in match.groupdict().items():
            if value is not None:
                yield _token(name, value, match.start(name), text)
        at = match.end()
    yield _Token("end", "", len(text.rstrip()))


def _token(name: str, value: str, at: int, text: str) -> _Token:
    if name == "minus":
        return _Token("-", value, at)
    if name == "sign":
        return _Token(value, value, at)
    if (meant := _SIGNS.get(value)) is not None:
        raise TargetError(text, at, f"write `{meant}` in place of `{value}`")
    folded = value.casefold()
    return _Token(folded if folded in ("and", "or", "not") else "word", value, at)


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        if self._tokens[0].kind == "end":
            raise self._fault("no switch is named; `all` means all of them")
        found = self._list()
        token = self._tokens[self._next]
        if token.kind == ")":
            raise self._fault("there is no ( that this ) would close")
        if token.kind != "end":
            raise self._fault(f"between two parts there must be `and`, `or` or a comma before `{token.text}`")
        return found

    def _list(self) -> Expression:
        """Elements with commas between; exclusions may stand without."""
        taken, excluded = list[Expression](), list[Expression]()
        while True:
            if self._took("-"):
                excluded.append(self._unary())
            else:
                taken.append(self._or())
            if not self._took(",") and self._tokens[self._next].kind != "-":
                break
        whole = any_of(taken) if taken else None
        if not excluded:
            assert whole is not None
            return whole
        others = Not(any_of(excluded))
        return others if whole is None else all_of((whole, others))

    def _or(self) -> Expression:
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        return any_of(parts)

    def _and(self) -> Expression:
        parts = [self._unary()]
        while self._took("and"):
            parts.append(self._unary())
        return all_of(parts)

    def _unary(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fault(f"more than {_DEEPEST} parentheses and nots stand in each other")
        found = Not(self._unary()) if self._took("not") else self._primary()
        self._depth -= 1
        return found

    def _primary(self) -> Expression:
        token = self._tokens[self._next]
        if self._took("("):
            found = self._list()
            if not self._took(")"):
                raise TargetError(self._text, token.at, "this ( is never closed")
            return found
        if token.kind == "-":
            raise self._fault("after `and`, `or` and `not` write `not` in place of `-`")
        if token.kind != "word":
            what = "the target ends" if token.kind == "end" else f"there is `{token.text}`"
            raise self._fault(f"{what} where a switch, a tag or a group should stand")
        self._next += 1
        return self._term(token)

    def _term(self, token: _Token) -> Expression:
        word = token.text
        if word in ("all", "ALL", "All", "*"):
            return Everything()
        if word.startswith("@"):
            return Labelled("any", self._label(token, word[1:], 1), token.at)
        kind, colon, label = word.partition(":")
        if colon:
            if (known := _KINDS.get(kind.casefold())) is not None:
                return Labelled(known, self._label(token, label, len(kind) + 1), token.at)
            raise TargetError(self._text, token.at, f"there is no {kind}: here, only tag:, group: and site:")
        self._check(token, word, 0)
        return Named(word, token.at)

    def _label(self, token: _Token, label: str, after: int) -> str:
        if not label:
            raise TargetError(self._text, token.at, f"after `{token.text}` a name is missing")
        if "[" in label:
            place = token.at + token.text.index("[")
            raise TargetError(self._text, place, "ranges are for names of switches; a label has none")
        self._check(token, label, after)
        return label

    def _check(self, token: _Token, word: str, after: int) -> None:
        """Refuse what no name holds, and ranges that are none."""
        at = 0
        while at < len(word):
            match = _WORD.match(word, at)
            if match is None:
                place, found = token.at + after + at, word[at]
                says = "this [ is never closed" if found == "[" else f"no name holds {found!r}"
                hint = {"&": "; write `and`", "|": "; write `or`", "!": "; write `not`", "%": "; write `@`"}
                raise TargetError(self._text, place, says + hint.get(found, ""))
            if match[0].startswith("["):
                read_range(match[0][1:-1], self._text, token.at + after + at + 1)
            at = match.end()

    def _took(self, kind: str) -> bool:
        if self._tokens[self._next].kind != kind:
            return False
        self._next += 1
        return True

    def _fault(self, says: str) -> TargetError:
        return TargetError(self._text, self._tokens[self._next].at, says)


MOST_NAMES = 20_000
"""Names that one word with ranges may stand for."""


def read_range(written: str, text: str = "", at: int = 0) -> tuple[str, ...]:
    """The numbers of `01,03-05` as they are written in names: zeros before a range's low end are kept in all of it.

    Raises TargetError; `at` is the place of `written` in `text`.
    """
    found = list[str]()
    for part in written.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?\s*", part)
        if match is None:
            says = f"{part.strip()!r} is no number and no range such as 01-48"
            raise TargetError(text or written, at, says)
        low, high = match[1], match[2] or match[1]
        if int(high) < int(low):
            raise TargetError(text or written, at, f"{low}-{high} runs backwards: write {high}-{low}")
        if int(high) - int(low) + len(found) >= MOST_NAMES:
            raise TargetError(text or written, at, f"{low}-{high} is more than {MOST_NAMES:,} numbers")
        width = len(low) if low.startswith("0") or len(low) == len(high) else 0
        found += [str(number).zfill(width) for number in range(int(low), int(high) + 1)]
        at += len(part) + 1
    return tuple(dict.fromkeys(found))
