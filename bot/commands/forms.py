"""Card forms: a missing argument becomes an input; a submitted form becomes words again. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import click

from bot.commands.model import Command, Form, FormField
from bot.commands.normalise import UnbalancedQuote, split_words
from bot.webex import cards

_FORM = "form"


def form_for(command: Command, rest: tuple[str, ...], missing: tuple[str, ...]) -> Form:
    """The form that asks for a command's missing parameters, after the words already typed."""
    parameters = [each for each in command.click.params if each.name in missing]
    fields = tuple(_field(each) for each in parameters)
    return Form(title=command.summary, words=(*command.words, *rest), fields=fields)


def _field(parameter: click.Parameter) -> FormField:
    choices = tuple(parameter.type.choices) if isinstance(parameter.type, click.Choice) else ()
    label = getattr(parameter, "help", None) or str(parameter.name).replace("_", " ")
    return FormField(
        name=str(parameter.name),
        label=label,
        required=parameter.required,
        choices=tuple(str(choice) for choice in choices),
        toggle=bool(getattr(parameter, "is_flag", False)),
        prefix=f"{parameter.opts[-1]} " if isinstance(parameter, click.Option) else "",
        many=parameter.nargs == -1,
    )


def form_card(form: Form) -> dict[str, Any]:
    """The Adaptive Card of a form. What is needed to read its answer travels in the submit button's data."""
    body: list[dict[str, Any]] = [cards.text(form.title, weight="Bolder")]
    for number, field in enumerate(form.fields):
        body.append(_input(f"field{number}", field))
    shape = [{"prefix": field.prefix, "toggle": field.toggle, "many": field.many} for field in form.fields]
    data = {"sparkops": _FORM, "words": json.dumps(form.words), "shape": json.dumps(shape)}
    return cards.card(body, [cards.submit("Run", data, style="positive")])


def words_button(
    title: str, words: tuple[str, ...], style: Literal["default", "positive", "destructive"] = "default"
) -> dict[str, Any]:
    """A button that stands for a typed line: it passes the gate under the rights of whoever presses it."""
    return cards.submit(title, {"sparkops": _FORM, "words": json.dumps(words), "shape": "[]"}, style=style)


def _input(name: str, field: FormField) -> dict[str, Any]:
    if field.toggle:
        return cards.input_toggle(name, field.label, on=field.default.casefold() == "true")
    if field.choices:
        return cards.input_choice(name, field.label, field.choices, value=field.default or field.choices[0])
    return cards.input_text(name, field.label, value=field.default, required=field.required)


def words_of_submission(inputs: Mapping[str, str]) -> tuple[str, ...] | None:
    """The words a submitted form stands for; None where the inputs are not a form's.

    The inputs come from whoever submits, so nothing here is trusted: the words pass the same gate as
    typed ones. Raises ValueError for a form that cannot be read.
    """
    if inputs.get("sparkops") != _FORM:
        return None
    words = json.loads(inputs.get("words", "null"))
    shape = json.loads(inputs.get("shape", "null"))
    if not _are_words(words) or not isinstance(shape, list):
        raise ValueError("The form's data is not one of mine.")
    answered: list[str] = list(words)
    for number, field in enumerate(shape):
        answered += _answer(field, inputs.get(f"field{number}", ""))
    return tuple(answered)


def _are_words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _answer(field: Mapping[str, Any], value: str) -> list[str]:
    prefix = str(field.get("prefix", ""))
    if field.get("toggle") and not prefix.endswith("="):
        return [prefix.strip()] if value.casefold() == "true" else []
    if value.strip() == "" and not prefix.endswith("="):
        return []
    if field.get("many"):
        try:
            return list(split_words(value))
        except UnbalancedQuote as error:
            raise ValueError(str(error)) from error
    if prefix.endswith(" "):
        return [prefix.strip(), value]
    return [prefix + value]
