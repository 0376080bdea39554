"""Reading request bodies: JSON objects and forms, field by field, with Webex's kind of complaint."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from playground.webex.errors import BadRequest, UnsupportedMediaType


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a body; each reader checks the type and raises BadRequest."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """Return a text field, None when it is absent or null."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"{name} must be a string.")
        return value

    def required_text(self, name: str) -> str:
        """Return a text field that must be there."""
        value = self.text(name)
        if value is None:
            raise BadRequest(f"{name} cannot be null.")
        return value

    def flag(self, name: str) -> bool | None:
        """Return a boolean field, None when it is absent or null."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise BadRequest(f"{name} must be true or false.")
        return value

    def seconds(self, name: str) -> float:
        """Return a number of seconds that must be there and not be negative."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadRequest(f"{name} must be a number of seconds.")
        return float(value)

    def objects(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Return a list of objects; empty when it is absent or null."""
        value = self.values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise BadRequest(f"{name} must be a list of objects.")
        return tuple(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty when it is absent or null."""
        value = self.values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BadRequest(f"{name} must be a list of strings.")
        return tuple(value)


async def json_fields(request: web.Request) -> Fields:
    """Return the JSON object of a request, whatever charset its Content-Type names.

    Raises UnsupportedMediaType for another type, BadRequest for a body that is no JSON object.
    """
    if request.content_type != "application/json":
        raise UnsupportedMediaType(f"Content type '{request.content_type}' not supported")
    return _parse(await request.read())


async def optional_fields(request: web.Request) -> Fields:
    """Return the JSON object of a control call, which may have no body at all."""
    raw = await request.read()
    return _parse(raw) if raw else Fields({})


def _parse(raw: bytes) -> Fields:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return Fields(body)
