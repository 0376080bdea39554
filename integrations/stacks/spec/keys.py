"""Which keys a part of a `stack.yaml` may have, found in the types themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from integrations.stacks.spec.health import HealthCheck
from integrations.stacks.spec.model import StackSpec

_HEALTH = {
    tag.tag: model
    for model, tag in (get_args(each) for each in get_args(get_args(HealthCheck)[0]))
    if isinstance(tag, Tag)
}


def keys_at(loc: Sequence[int | str]) -> tuple[str, ...]:
    """The keys there are at a place, as pydantic names it: with the chosen type where several were possible."""
    models: list[type[BaseModel]] = [StackSpec]
    for step in loc:
        chosen = [model for model in models if _is_called(model, step)]
        if chosen and len(models) > 1:
            models = chosen
        elif below := [model for each in models for model in _below(each, step)]:
            models = below
    keys = [field.alias or name for model in models for name, field in model.model_fields.items()]
    return tuple(dict.fromkeys(keys))


def _is_called(model: type[BaseModel], step: int | str) -> bool:
    """Whether a union's tag means this one: by the value of its `type`, by its name, by its kind of check."""
    kind = model.model_fields.get("type")
    return (
        step == model.__name__
        or _HEALTH.get(str(step)) is model
        or (kind is not None and step in get_args(kind.annotation))
    )


def _below(model: type[BaseModel], step: int | str) -> Iterator[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if step in (name, field.alias):
            yield from _models_in(field)


def _models_in(part: Any) -> Iterator[type[BaseModel]]:
    if isinstance(part, FieldInfo):
        yield from _models_in(part.annotation)
    elif isinstance(part, type) and issubclass(part, BaseModel):
        yield part
    else:
        for each in get_args(part):
            yield from _models_in(each)
