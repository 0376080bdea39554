"""What the drive left out: methods of the adapter, routes of the playground, fields of the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.contract.checking import Contract
from tests.contract.description import Json
from tests.contract.exchanges import Exchange

API = "/v1/"

_OF_ONE = re.compile(r"/(\{.*|me|direct)$")


@dataclass(frozen=True, slots=True)
class NeverAnswered:
    """Fields of a resource ("/rooms") that the playground leaves out of all its answers, and why."""

    resource: str
    fields: tuple[str, ...]
    reason: str


def uncalled_routes(app: web.Application, exchanges: Iterable[Exchange]) -> list[str]:
    """The routes below /v1 of an application that no exchange went to: "GET /v1/rooms/{id}"."""
    resources = [each for each in app.router.resources() if each.canonical.startswith(API)]
    called = {(each.method, _resource(resources, each.path)) for each in exchanges}
    return sorted(
        f"{route.method} {resource.canonical}"
        for resource in resources
        for route in resource
        if (route.method, resource.canonical) not in called and _is_asked_for(route)
    )


def field_faults(
    contract: Contract, exchanges: Sequence[Exchange], exempt: Sequence[NeverAnswered]
) -> list[str]:
    """The fields that the description gives to answers, no answer has, and no entry explains.

    The description requires no field of any answer, so that an empty object would satisfy it; this is what
    notices a field that is gone. An entry whose field is answered after all is a fault too.
    """
    declared, answered = _fields(contract, exchanges)
    excused = {(each.resource, field) for each in exempt for field in each.fields}
    missing = {
        (resource, field) for resource, fields in declared.items() for field in fields - answered[resource]
    }
    return [
        *(f"{resource}: no answer has the field '{field}'" for resource, field in sorted(missing - excused)),
        *(
            f"{resource}: '{field}' is answered or not in the description; remove it from NEVER_ANSWERED"
            for resource, field in sorted(excused - missing)
        ),
    ]


def _resource(resources: Sequence[web.AbstractResource], path: str) -> str | None:
    """The first resource that serves a path, as aiohttp itself chooses."""
    for resource in resources:
        info = resource.get_info()
        if info.get("path") == path or ("pattern" in info and info["pattern"].fullmatch(path)):
            return resource.canonical
    return None


def _is_asked_for(route: web.AbstractRoute) -> bool:
    """aiohttp answers HEAD wherever it answers GET; clients ask it of files only."""
    resource = route.resource
    return route.method != "HEAD" or (
        resource is not None and resource.canonical.startswith(f"{API}contents/")
    )


def _fields(
    contract: Contract, exchanges: Sequence[Exchange]
) -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """By resource, the fields that answers may have and those that some answer had."""
    declared: dict[str, set[str]] = {}
    answered: dict[str, set[str]] = {}
    for exchange in exchanges:
        operation = contract.operation(exchange)
        if operation is None or exchange.status >= 300 or not exchange.answer_body:
            continue
        schema = contract.answer_schema(operation, exchange.status)
        if schema is None:
            continue
        resource = _OF_ONE.sub("", operation.path)
        declared.setdefault(resource, set()).update(_declared(contract, schema))
        answered.setdefault(resource, set()).update(_answered(json.loads(exchange.answer_body)))
    return declared, answered


def _declared(contract: Contract, schema: Json) -> set[str]:
    properties = contract.resolved(schema).get("properties", {})
    if "items" not in properties:
        return set(properties)
    return set(properties) - {"items"} | _declared(contract, contract.resolved(properties["items"])["items"])


def _answered(body: Any) -> set[str]:
    if "items" not in body:
        return set(body)
    return set(body) - {"items"} | {field for item in body["items"] for field in item}
