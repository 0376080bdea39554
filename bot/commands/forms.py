"""Card forms: a missing argument becomes an input; a submitted form becomes words again. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import click

from bot.characters import well_formed
from bot.commands.model import Command, Form, FormField, join_words
from bot.commands.normalise import UnbalancedQuote, normalise, split_words
from bot.outbound.quoting import for_card
from bot.webex import cards

_FORM = "form"


class UnreadableAnswer(ValueError):
    """A field for several words that cannot be cut into words; `line` is the whole as if it were typed."""

    def __init__(self, line: str) -> None:
        super().__init__(f"{line!r} cannot be cut into words.")
        self.line = line


def form_for(command: Command, rest: tuple[str, ...], missing: tuple[str, ...]) -> Form:
    """The form that asks for a command's missing parameters, after the words already typed."""
    parameters = [each for each in command.click.params if each.name in missing]
    fields = tuple(_field(each) for each in parameters)
    return Form(title=command.summary, words=(*command.words, *rest), fields=fields)


def _field(parameter: click.Parameter) -> FormField:
    choices = tuple(parameter.type.choices) if isinstance(parameter.type, click.Choice) else ()
    label = getattr(parameter, "help", None) or (parameter.metavar or str(parameter.name)).replace("_", " ")
    return FormField(
        name=str(parameter.name),
        label=label,
        required=parameter.required,
        choices=tuple(str(choice) for choice in choices),
        toggle=bool(getattr(parameter, "is_flag", False)),
        prefix=f"{parameter.opts[-1]} " if isinstance(parameter, click.Option) else "",
        many=parameter.nargs != 1,
    )


def form_card(form: Form) -> dict[str, Any]:
    """The Adaptive Card of a form."""
    return form_with_buttons(form, "Run")


def form_with_buttons(form: Form, submit: str, *others: dict[str, Any]) -> dict[str, Any]:
    """A form's card whose button is named `submit`, with other buttons beside it.

    What is needed to read the form's answer travels in its own button's data; the others read no input.
    """
    body: list[dict[str, Any]] = [cards.text(for_card(form.title), weight="Bolder")]
    for number, field in enumerate(form.fields):
        body.append(_input(f"field{number}", field))
    shape = [_shape(field) for field in form.fields]
    data = {"sparkops": _FORM, "words": json.dumps(form.words), "shape": json.dumps(shape)}
    return cards.card(body, [cards.submit(submit, data, style="positive"), *others])


def _shape(field: FormField) -> dict[str, Any]:
    """How a field's value becomes words. `token=` is told in two parts: whole, it looks like a secret's beginning."""
    shape = {"prefix": field.prefix, "toggle": field.toggle, "many": field.many}
    return shape | {"prefix": field.prefix[:-1], "joint": "="} if field.prefix.endswith("=") else shape


def confirmation_card(effect: str, answer: str) -> dict[str, Any]:
    """What is about to happen, with a button for yes and one for no."""
    yes = words_button("Do it", ("confirm", answer), "destructive")
    return cards.card([cards.text(for_card(effect))], [yes, words_button("Leave it", ("leave", answer))])


def approval_card(title: str, line: str, effect: str, answer: str) -> dict[str, Any]:
    """What others are asked to agree to: every word of it, with a button for yes, and one for no with a reason."""
    body = [cards.text(for_card(title), weight="Bolder"), cards.text(for_card(line))]
    body += [cards.text(for_card(effect))] if effect else []
    body.append(cards.input_text("field0", "Why not"))
    reason = json.dumps([{"prefix": "", "toggle": False, "many": False}])
    data = {"sparkops": _FORM, "words": json.dumps(["deny", answer]), "shape": reason}
    yes = words_button("Approve", ("approve", answer), "positive")
    return cards.card(body, [yes, cards.submit("Deny", data, style="destructive")])


def words_button(
    title: str, words: tuple[str, ...], style: Literal["default", "positive", "destructive"] = "default"
) -> dict[str, Any]:
    """A button that stands for a typed line: it passes the gate under the rights of whoever presses it."""
    return cards.submit(title, {"sparkops": _FORM, "words": json.dumps(words), "shape": "[]"}, style=style)


def _input(name: str, field: FormField) -> dict[str, Any]:
    if field.toggle:
        return cards.input_toggle(name, field.label, on=field.default.casefold() == "true")
    if field.choices:
        chosen = field.default or None
        return cards.input_choice(name, field.label, field.choices, value=chosen, required=field.required)
    multiline = field.multiline and not field.many
    return cards.input_text(
        name, field.label, value=field.default, required=field.required, multiline=multiline
    )


def words_of_submission(inputs: Mapping[str, str]) -> tuple[str, ...] | None:
    """The words a submitted form stands for; None where the inputs are not a form's.

    The inputs come from whoever submits, so nothing here is trusted: the words pass the same gate as
    typed ones. Raises UnreadableAnswer for an open quotation in a field for several words, and ValueError
    for a form that is none of ours.
    """
    if inputs.get("sparkops") != _FORM:
        return None
    words, shape = _list(inputs.get("words", "")), _list(inputs.get("shape", ""))
    if not words or not all(isinstance(word, str) for word in words):
        raise ValueError("The form's words are none.")
    if not all(isinstance(field, dict) for field in shape):
        raise ValueError("The form's fields are none.")
    answered = [_text(word) for word in words]
    left_empty = False
    for number, field in enumerate(shape):
        value = _text(inputs.get(f"field{number}", ""))
        positional = not field.get("prefix") and not field.get("toggle")
        if positional and left_empty:
            continue  # it would take the place of the one left empty; both are asked for again
        try:
            answer = _answer(field, value)
        except UnbalancedQuote as error:
            raise UnreadableAnswer(f"{join_words(tuple(answered))} {normalise(value)}") from error
        left_empty = left_empty or (positional and not answer)
        answered += answer
    return tuple(answered)


def _list(value: str) -> list[Any]:
    """A JSON list. Raises ValueError for anything else."""
    try:
        read = json.loads(value)
    except RecursionError as error:
        raise ValueError("The form's data is nested too deep.") from error
    if not isinstance(read, list):
        raise ValueError("The form's data is no list.")
    return read


def _text(value: str) -> str:
    """A value without what neither a line nor the database can hold: halves of characters, and NUL."""
    return well_formed(value).replace("\x00", "")


def _answer(field: Mapping[str, Any], value: str) -> list[str]:
    prefix = f"{field.get('prefix', '')}{field.get('joint', '')}"
    if field.get("toggle") and not prefix.endswith("="):
        return [prefix.strip()] if value.casefold() == "true" else []
    if value.strip() == "" and not prefix.endswith("="):
        return []
    if prefix.endswith(" "):
        return [prefix.strip(), *(_cut(value) if field.get("many") else (value,))]
    if field.get("many"):
        return list(_cut(value))
    return [prefix + value]


def _cut(value: str) -> tuple[str, ...]:
    """Several words in one field, typed on whatever keyboard."""
    return split_words(normalise(value))
