"""Holding exchanges against a description: every deviation with its exact place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.casting.schemas.exceptions import CastError
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import ParameterValidationError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from tests.contract.description import Json, KnownError, Operation, amended
from tests.contract.exchanges import Exchange

HOST = "https://webexapis.com"

_LONGEST_SENTENCE = 300
_POSITION = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True, order=True)
class Deviation:
    """What is not as the description says, and where: the operation, the side, the place in its body."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


class Contract:
    """A description with its known errors set right, to hold exchanges against.

    Stricter than OpenAPI asks for: what the description does not name is a deviation too, be it a field, a
    query parameter, a part of a form or a body.
    """

    def __init__(self, document: Json, known_errors: Sequence[KnownError] = ()) -> None:
        """Raises DescriptionError where a known error has lost its place."""
        self._document = amended(document, known_errors)
        _remove_empty_contents(self._document)
        _close(self._document)
        self._api = OpenAPI.from_dict(self._document, Config(spec_validator_cls=None))
        self._finder = APICallPathFinder(self._api.spec)

    def operation(self, exchange: Exchange) -> Operation | None:
        """What of the description was called, or None when it has no such operation."""
        try:
            found = self._finder.find(exchange.method.lower(), HOST + exchange.path)
        except PathError:
            return None
        return Operation(found.path_result.pattern, exchange.method)

    def deviations(self, exchange: Exchange) -> list[Deviation]:
        """What is wrong with an exchange.

        Plain HTTP may ask wrongly on purpose, to see it refused (4xx); the adapter never may.
        """
        operation = self.operation(exchange)
        if operation is None:
            place = f"{exchange.method} {exchange.path}"
            return (
                [] if exchange.may_be_wrong else [Deviation(place, "the description has no such operation")]
            )
        said = self._document["paths"][operation.path][operation.method.lower()]
        found: list[Deviation] = []
        if not exchange.may_be_wrong:
            found += _at(f"{operation} › request", self._request_faults(exchange, said))
        return found + _at(f"{operation} › answer {exchange.status}", self._answer_faults(exchange, said))

    def answer_schema(self, operation: Operation, status: int) -> Json | None:
        """The schema of a JSON answer, or None where the description gives none."""
        said = self._document["paths"][operation.path][operation.method.lower()]["responses"].get(
            str(status), {}
        )
        schema: Json | None = said.get("content", {}).get("application/json", {}).get("schema")
        return schema

    def resolved(self, schema: Json) -> Json:
        """The schema itself, where this one only refers to it."""
        name = str(schema.get("$ref", "")).removeprefix("#/components/schemas/")
        return dict(self._document["components"]["schemas"][name]) if name else schema

    def _request_faults(self, exchange: Exchange, said: Json) -> Iterator[tuple[str, str]]:
        for error in self._api.iter_apicall_request_errors(_request(exchange)):
            yield from _faults(error)
        declared = {each["name"] for each in said.get("parameters", ()) if each["in"] == "query"}
        for name in sorted(exchange.query.keys() - declared):
            yield "", f"the query parameter '{name}' is not in the description"
        if exchange.request_body and "requestBody" not in said:
            yield "", "the description allows no body"
        form = said.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {})
        for name in sorted(_parts(exchange) - form.get("properties", {}).keys()):
            yield "", f"the form's part '{name}' is not in the description"

    def _answer_faults(self, exchange: Exchange, said: Json) -> Iterator[tuple[str, str]]:
        for error in self._api.iter_apicall_response_errors(_request(exchange), _answer(exchange)):
            yield from _faults(error)
        declared = said["responses"].get(str(exchange.status), {})
        if exchange.answer_body and declared and "content" not in declared:
            yield "", "the description gives this answer no body"


def stale(document: Json, errors: Sequence[KnownError], exchanges: Sequence[Exchange]) -> list[KnownError]:
    """The known errors without which no exchange would deviate: they hide nothing and have to go."""
    return [error for error in errors if not _is_needed(document, errors, error, exchanges)]


def _is_needed(
    document: Json, errors: Sequence[KnownError], error: KnownError, exchanges: Sequence[Exchange]
) -> bool:
    others = Contract(document, [each for each in errors if each is not error])
    return any(others.deviations(exchange) for exchange in exchanges)


def _remove_empty_contents(document: Json) -> None:
    """`"content": {}` says that there is no body; the validator would ask for one."""
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation.get("responses", {}).values() if isinstance(operation, dict) else ():
                if response.get("content") == {}:
                    del response["content"]


def _close(node: Any) -> None:
    """Let no object have fields that its schema does not name, unless it says so.

    The validator's own policy for this does the same at three times the cost.
    """
    if isinstance(node, list):
        for each in node:
            _close(each)
    elif isinstance(node, dict):
        if node.get("type") == "object" and isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        for each in node.values():
            _close(each)


def _request(exchange: Exchange) -> MockRequest:
    return MockRequest(
        HOST,
        exchange.method,
        exchange.path,
        args=exchange.query,
        headers=dict(exchange.request_headers),
        data=exchange.request_body,
        content_type=exchange.request_headers.get("content-type", ""),
    )


def _answer(exchange: Exchange) -> MockResponse:
    return MockResponse(
        exchange.answer_body,
        exchange.status,
        headers=dict(exchange.answer_headers),
        content_type=exchange.answer_headers.get("content-type", ""),
    )


def _parts(exchange: Exchange) -> set[str]:
    media_type, options = parse_options_header(exchange.request_headers.get("content-type"))
    if media_type != "multipart/form-data":
        return set()
    body = exchange.request_body
    _, form, files = FormDataParser().parse(BytesIO(body), media_type, len(body), options)
    return {*form, *files}


def _faults(error: BaseException) -> Iterator[tuple[str, str]]:
    """The parameter or the place in a body ("" for neither) and what is wrong, out of the nested errors."""
    parameter = (
        f"{error.location} parameter {error.name}" if isinstance(error, ParameterValidationError) else ""
    )
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, CastError):
            yield parameter, f"{cause.value!r} is not of type '{cause.type}'"
            return
        if isinstance(cause, InvalidSchemaValue):
            each: Any
            for each in cause.schema_errors:
                yield parameter or _POSITION.sub("[*]", each.json_path), each.message
            return
    yield parameter, str(causes[-1])


def _causes(error: BaseException) -> Iterator[BaseException]:
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = inner.__cause__


def _at(side: str, faults: Iterator[tuple[str, str]]) -> list[Deviation]:
    return [
        Deviation(f"{side} › {where}" if where else side, _shortened(sentence)) for where, sentence in faults
    ]


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST_SENTENCE else sentence[:_LONGEST_SENTENCE] + "…"
