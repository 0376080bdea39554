"""Builders for Adaptive Cards 1.3, the version Webex shows; pure, each returns the JSON as a dict.

Elements: https://adaptivecards.io/explorer/. What Webex supports of them:
https://developer.webex.com/docs/buttons-and-cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

Element = dict[str, Any]

SIZE_LIMIT = 22_000
"""Bytes of JSON one card may have here. Webex names no figure; above this, send a file instead."""


class CardError(ValueError):
    """A card that could not be shown or whose inputs could not be told apart; the text says why."""


def card(body: Sequence[Element], actions: Sequence[Element] = ()) -> Element:
    """The whole card, of elements and buttons from below.

    Raises CardError for an empty body, more than SIZE_LIMIT bytes, an input id used twice, or one that is
    also a key of a button's data: Webex merges inputs and data into one flat object.
    """
    if not body:
        raise CardError("a card needs something in its body")
    whole: Element = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.3",
        "body": list(body),
    }
    if actions:
        whole["actions"] = list(actions)
    _check_inputs(body, actions)
    size = len(json.dumps(whole, ensure_ascii=False).encode())
    if size > SIZE_LIMIT:
        raise CardError(f"the card has {size} bytes; {SIZE_LIMIT} are allowed")
    return whole


def text(
    words: str,
    *,
    weight: Literal["Default", "Lighter", "Bolder"] | None = None,
    size: Literal["Small", "Default", "Medium", "Large", "ExtraLarge"] | None = None,
    color: Literal["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"] | None = None,
    subtle: bool = False,
    monospace: bool = False,
) -> Element:
    """A paragraph, wrapped. Of markdown, cards show bold, italics, lists and links only."""
    return _element(
        "TextBlock",
        text=words,
        wrap=True,
        weight=weight,
        size=size,
        color=color,
        isSubtle=subtle or None,
        fontType="Monospace" if monospace else None,
    )


def facts(pairs: Mapping[str, str]) -> Element:
    """A two-column list of names and values, in the mapping's order."""
    return {"type": "FactSet", "facts": [{"title": name, "value": value} for name, value in pairs.items()]}


def input_text(
    id: str,
    label: str,
    *,
    value: str | None = None,
    placeholder: str | None = None,
    required: bool = False,
    error: str | None = None,
    multiline: bool = False,
    max_length: int | None = None,
    regex: str | None = None,
) -> Element:
    """A text field; `error` is what the client shows when it is empty but required, or against `regex`."""
    return _element(
        "Input.Text",
        id=id,
        label=label,
        value=value,
        placeholder=placeholder,
        isRequired=required or None,
        errorMessage=error or (f"{label} is needed" if required else None),
        isMultiline=multiline or None,
        maxLength=max_length,
        regex=regex,
    )


def input_number(
    id: str,
    label: str,
    *,
    value: float | None = None,
    min: float | None = None,
    max: float | None = None,
    required: bool = False,
    error: str | None = None,
) -> Element:
    """A number field, both bounds inclusive; it arrives in `AttachmentAction.inputs` as text."""
    return _element(
        "Input.Number",
        id=id,
        label=label,
        value=value,
        min=min,
        max=max,
        isRequired=required or None,
        errorMessage=error or (f"{label} is needed" if required else None),
    )


def input_choice(
    id: str,
    label: str,
    choices: Sequence[str] | Mapping[str, str],
    *,
    value: str | None = None,
    several: bool = False,
    expanded: bool = False,
    required: bool = False,
    error: str | None = None,
) -> Element:
    """A choice of titles, or of value → title. With `several` the chosen values arrive joined by commas.

    Raises CardError for no choices, and for a comma in a value where several may be chosen.
    """
    titles = choices if isinstance(choices, Mapping) else {each: each for each in choices}
    if not titles:
        raise CardError(f"'{label}' has nothing to choose from")
    if several and any("," in each for each in titles):
        raise CardError(f"'{label}': a value with a comma cannot be told from two values")
    return _element(
        "Input.ChoiceSet",
        id=id,
        label=label,
        choices=[{"title": title, "value": each} for each, title in titles.items()],
        value=value,
        isMultiSelect=several or None,
        style="expanded" if expanded else "compact",
        isRequired=required or None,
        errorMessage=error or (f"{label} is needed" if required else None),
    )


def input_toggle(id: str, title: str, *, on: bool = False) -> Element:
    """A check box; it arrives as "true" or "false"."""
    return _element(
        "Input.Toggle", id=id, title=title, value="true" if on else "false", valueOn="true", valueOff="false"
    )


def submit(
    title: str,
    data: Mapping[str, str],
    style: Literal["default", "positive", "destructive"] = "default",
) -> Element:
    """A button that sends `data` together with all inputs."""
    return _action("Action.Submit", title, style, data=dict(data))


def open_url(title: str, url: str) -> Element:
    """A button that opens a page. Raises CardError for anything but http and https."""
    if not url.startswith(("https://", "http://")):
        raise CardError(f"the button '{title}' can open http and https only, not '{url}'")
    return _action("Action.OpenUrl", title, "default", url=url)


def _action(kind: str, title: str, style: str, **fields: object) -> Element:
    # "default" is left out: clients of before 1.2 know no style.
    return _element(kind, title=title, style=None if style == "default" else style, **fields)


def _element(kind: str, **fields: object) -> Element:
    return {"type": kind} | {key: value for key, value in fields.items() if value is not None}


def _inputs(body: Sequence[Element]) -> Iterator[str]:
    for element in body:
        if str(element.get("type", "")).startswith("Input."):
            yield element["id"]


def _check_inputs(body: Sequence[Element], actions: Sequence[Element]) -> None:
    seen: set[str] = set()
    for each in _inputs(body):
        if each in seen:
            raise CardError(f"two inputs have the id '{each}'")
        seen.add(each)
    for action in actions:
        for clash in sorted(seen & set(action.get("data", {}))):
            raise CardError(f"'{clash}' is both an input's id and a key of the button '{action['title']}'")
