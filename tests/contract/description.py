"""An OpenAPI 3.0 description, and the places where it is known to be wrong or silent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class DescriptionError(ValueError):
    """A description that cannot be used, or a known error whose place it does not have."""


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """A method and a path template: GET /rooms/{roomId}."""

    path: str
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class KnownError:
    """A place where the description is wrong or silent, and what it should say there.

    `place` are the keys that lead to it, with `*` and `?` as in file names, so that one entry can stand for
    many places. `adds` is laid over what is there as an update of the OpenAPI Overlay Specification is:
    objects are merged, lists grow, everything else is replaced
    (https://spec.openapis.org/overlay/latest.html, "Action Object").
    """

    place: tuple[str, ...]
    adds: Any
    reason: str
    evidence: str

    def __str__(self) -> str:
        return " › ".join(self.place) or "the whole description"


def read(file: Path) -> Json:
    """The description in a file. Raises DescriptionError unless it is an OpenAPI 3.0 document in JSON."""
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise DescriptionError(
            f"Reading the description {file}: {error.strerror}. Check the name."
        ) from error
    except ValueError as error:
        raise DescriptionError(f"Reading the description {file}: it is not JSON ({error}).") from error
    version = document.get("openapi") if isinstance(document, dict) else None
    if not str(version).startswith("3.0."):
        raise DescriptionError(f"Reading the description {file}: 'openapi' is {version!r} instead of 3.0.x.")
    if not isinstance(document.get("paths"), dict):
        raise DescriptionError(f"Reading the description {file}: it has no 'paths'.")
    return dict(document)


def amended(document: Json, errors: Sequence[KnownError]) -> Json:
    """A copy of the description with what the known errors say it should. Raises DescriptionError."""
    whole = deepcopy(document)
    for error in errors:
        places = list(_places(whole, error.place))
        if not places:
            raise DescriptionError(
                f"The known error at {error}: the description has no such place. Adapt or remove the entry."
            )
        for place in places:
            _lay_over(place, error.adds)
    return whole


def operations(document: Json) -> frozenset[Operation]:
    """All operations a description knows."""
    return frozenset(
        Operation(path, method.upper())
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    )


def _places(node: Any, keys: Sequence[str]) -> Iterator[Any]:
    if not keys:
        yield node
    elif isinstance(node, dict):
        for key in [key for key in node if fnmatchcase(key, keys[0])]:
            yield from _places(node[key], keys[1:])


def _lay_over(there: Any, adds: Any) -> None:
    if isinstance(there, list):
        there.extend(deepcopy(adds))
        return
    for key, value in adds.items():
        old = there.get(key)
        if isinstance(old, list | dict) and type(old) is type(value):
            _lay_over(old, value)
        else:
            there[key] = deepcopy(value)
