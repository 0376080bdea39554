"""The JSON Schema of `stack.yaml`, for editors and for other programs' checks. Pure."""

from __future__ import annotations

from typing import Any

from integrations.stacks.spec.model import StackSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def stack_schema() -> dict[str, Any]:
    """The schema; it tells of types and keys what `lint` does, and nothing of what lies in other files."""
    schema = StackSpec.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": DIALECT, **schema, "title": "stack.yaml"}
