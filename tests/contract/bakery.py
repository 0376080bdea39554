"""A small description of a bakery's API, and exchanges with it, for the tests of the contract."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from tests.contract.exchanges import Exchange, Sender

LOAF = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "grain": {"type": "string", "enum": ["rye", "wheat"]},
        "slices": {"type": "integer"},
    },
}

_DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "Bakery", "version": "1"},
    "servers": [{"url": "https://webexapis.com/v1"}],
    "paths": {
        "/loaves": {
            "get": {
                "parameters": [{"name": "max", "in": "query", "schema": {"type": "integer", "maximum": 5}}],
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "items": {
                                            "type": "array",
                                            "items": {"$ref": "#/components/schemas/Loaf"},
                                        }
                                    },
                                }
                            }
                        },
                    }
                },
            },
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["grain"],
                                "properties": {"grain": {"type": "string", "enum": ["rye", "wheat"]}},
                            }
                        }
                    }
                },
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Loaf"}}},
                    },
                    "400": {"description": "Bad Request"},
                },
            },
        },
        "/loaves/{loafId}": {
            "delete": {
                "parameters": [
                    {"name": "loafId", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"204": {"description": "No Content", "content": {}}},
            }
        },
    },
    "components": {"schemas": {"Loaf": LOAF}},
}


def description() -> dict[str, Any]:
    """The bakery's description, to be changed at will."""
    return deepcopy(_DESCRIPTION)


def bake(
    request: object,
    answer: object = None,
    status: int = 200,
    sender: Sender = "adapter",
    content_type: str = "application/json",
) -> Exchange:
    """POST /loaves; without an `answer` of its own, a good one."""
    return Exchange(
        sender,
        "POST",
        "/v1/loaves",
        status,
        {"content-type": "application/json;charset=utf-8"},
        json.dumps(request).encode(),
        {"content-type": content_type},
        _body({"id": "1", "grain": "rye"} if answer is None else answer),
    )


def ask(query: str = "", answer: object = None, status: int = 200) -> Exchange:
    """GET /loaves with a query ("?max=1")."""
    return Exchange(
        "adapter",
        "GET",
        f"/v1/loaves{query}",
        status,
        answer_headers={"content-type": "application/json"},
        answer_body=_body({"items": [{"id": "1", "grain": "rye"}]} if answer is None else answer),
    )


def eat(answer: bytes = b"") -> Exchange:
    """DELETE /loaves/1, answered 204."""
    headers = {"content-type": "application/json"} if answer else {}
    return Exchange("adapter", "DELETE", "/v1/loaves/1", 204, answer_headers=headers, answer_body=answer)


def _body(answer: object) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()
