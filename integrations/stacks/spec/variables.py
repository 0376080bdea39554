"""A stack's variables: their types, and what a person gave for them made into values. Nothing goes through a shell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import re2
from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config_file import from_environment
from integrations.stacks.errors import BadValues, StackError
from integrations.stacks.spec.fields import Pattern, Strict

Value = int | bool | str
_LONGEST = 1_000
_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


class _Variable(Strict):
    about: str = Field("", max_length=200)
    """What it is for, told where somebody is asked for it."""


class IntVariable(_Variable):
    """A whole number."""

    type: Literal["int"]
    """`int`"""
    min: int | None = None
    """The least it may be."""
    max: int | None = None
    """The most."""
    default: int | None = Field(None, strict=True)
    """Taken where none is given; without one it must be given."""

    @model_validator(mode="after")
    def _consistent(self) -> IntVariable:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min is {self.min} and max {self.max}, so that nothing fits")
        if self.default is not None:
            self.checked(self.default)
        return self

    def read(self, word: str) -> int:
        """The number a person wrote. Raises ValueError."""
        digits = word[1:] if word[:1] in ("-", "+") else word
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            raise ValueError(f"{word!r} is no whole number")
        return self.checked(int(word))

    def checked(self, value: int) -> int:
        """Raises ValueError for one beyond its bounds."""
        low, high = self.min, self.max
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"{value} is not {self.takes}")
        return value

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        if self.min is not None and self.max is not None:
            return f"a whole number from {self.min} to {self.max}"
        if self.min is not None:
            return f"a whole number of at least {self.min}"
        return "a whole number" if self.max is None else f"a whole number of at most {self.max}"


class BoolVariable(_Variable):
    """Yes or no."""

    type: Literal["bool"]
    """`bool`"""
    default: bool | None = Field(None, strict=True)
    """Taken where none is given; without one it must be given."""

    def read(self, word: str) -> bool:
        """What a person wrote. Raises ValueError."""
        said = word.casefold()
        if said not in _YES | _NO:
            raise ValueError(f"{word!r} is not {self.takes}")
        return said in _YES

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        return "true or false"


class StringVariable(_Variable):
    """A line of text."""

    type: Literal["string"]
    """`string`"""
    pattern: Pattern | None = None
    """An RE2 pattern that the whole of it must match."""
    max_length: int = Field(200, ge=1, le=_LONGEST)
    """Characters it has at most."""
    default: str | None = Field(None, strict=True)
    """Taken where none is given; without one it must be given."""

    @model_validator(mode="after")
    def _consistent(self) -> StringVariable:
        if self.default is not None:
            self.read(self.default)
        return self

    def read(self, word: str) -> str:
        """The text a person wrote. Raises ValueError."""
        if len(word) > self.max_length:
            raise ValueError(f"it has {len(word)} characters, and {self.max_length} are the most")
        if not word.isprintable():
            raise ValueError(f"{word!r} holds a character that is no letter of a line of text")
        if self.pattern is not None and re2.fullmatch(self.pattern, word) is None:
            raise ValueError(f"{word!r} is not {self.takes}")
        return word

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        return "text" if self.pattern is None else f"text that matches {self.pattern}"


class ChoiceVariable(_Variable):
    """One of several words."""

    type: Literal["choice"]
    """`choice`"""
    choices: tuple[str, ...] = Field(min_length=1)
    """What may be chosen."""
    default: str | None = Field(None, strict=True)
    """Taken where none is given; without one it must be given."""

    @model_validator(mode="after")
    def _consistent(self) -> ChoiceVariable:
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("a choice is given twice")
        if self.default is not None:
            self.read(self.default)
        return self

    def read(self, word: str) -> str:
        """The choice a person wrote. Raises ValueError."""
        if word not in self.choices:
            near = get_close_matches(word, self.choices, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{word!r} is not {self.takes}{hint}")
        return word

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        return f"one of {', '.join(self.choices)}"


class SecretVariable(_Variable):
    """What only the operator gives: it is never asked for, shown or kept."""

    type: Literal["secret"]
    """`secret`"""
    from_: str = Field(alias="from")
    """Where it is read when the engine begins: `env:NAME` or `file:/path`."""

    @field_validator("from_")
    @classmethod
    def _place(cls, value: str) -> str:
        kind, colon, where = value.partition(":")
        if kind not in ("env", "file") or not colon or not where:
            raise ValueError(f"{value!r} must be env:NAME or file:/path; a secret stands in no stack.yaml")
        if kind == "file" and not where.startswith("/"):
            raise ValueError(f"{where!r} must be a path from the root")
        return value

    def fetch(self, environ: Mapping[str, str]) -> SecretStr | None:
        """The secret, or None where there is none. Raises OSError and SettingsError for a file that cannot be read."""
        kind, _, where = self.from_.partition(":")
        if kind == "env":
            value = from_environment(where, environ)
        else:
            value = Path(where).read_text(encoding="utf-8").rstrip("\n")
        return SecretStr(value) if value else None


Variable = Annotated[
    IntVariable | BoolVariable | StringVariable | ChoiceVariable | SecretVariable,
    Field(discriminator="type"),
]


@dataclass(frozen=True, slots=True)
class Values:
    """What an engine is given: what may be seen, and what may not."""

    plain: Mapping[str, Value] = field(default_factory=dict)
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)

    def revealed(self) -> dict[str, Value]:
        """All of them, for the file that the engine reads."""
        return {**self.plain, **{name: each.get_secret_value() for name, each in self.secrets.items()}}


def read_given(stack: str, variables: Mapping[str, Variable], given: Mapping[str, str]) -> dict[str, Value]:
    """The values of a stack's variables from the words a person gave, with the defaults of the others.

    Raises BadValues, which names every fault.
    """
    values: dict[str, Value] = {}
    faults = [_unknown(name, variables) for name in given if name not in variables]
    for name, variable in variables.items():
        if isinstance(variable, SecretVariable):
            faults += [_not_asked(name, variable)] if name in given else []
            continue
        try:
            value = variable.read(given[name]) if name in given else variable.default
        except ValueError as error:
            faults.append(f"{name}: {error}{'' if str(error).endswith('?') else '.'}")
            continue
        if value is None:
            faults.append(f"{name} is missing: it takes {variable.takes}.")
        else:
            values[name] = value
    if faults:
        raise BadValues(stack, faults)
    return values


def fetch_secrets(
    stack: str, variables: Mapping[str, Variable], environ: Mapping[str, str]
) -> dict[str, SecretStr]:
    """The secrets of a stack, from where its file says. Raises StackError where one is not there."""
    found: dict[str, SecretStr] = {}
    for name, variable in variables.items():
        if not isinstance(variable, SecretVariable):
            continue
        attempted, advice = (
            f"reading the secret {name} of {stack}",
            "My operator sets it and starts me again.",
        )
        try:
            secret = variable.fetch(environ)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise StackError(attempted, f"{variable.from_} cannot be read: {reason}", advice) from error
        if secret is None:
            raise StackError(attempted, f"{variable.from_} is not set", advice)
        found[name] = secret
    return found


def _unknown(name: str, variables: Mapping[str, Variable]) -> str:
    askable = [each for each, variable in variables.items() if not isinstance(variable, SecretVariable)]
    near = get_close_matches(name, askable, n=1)
    there = f"there are {', '.join(askable)}." if askable else "it takes none."
    return f"There is no variable {name!r}; {f'did you mean {near[0]!r}?' if near else there}"


def _not_asked(name: str, variable: SecretVariable) -> str:
    return f"{name} is a secret: it is read from {variable.from_} and never given in a message."
