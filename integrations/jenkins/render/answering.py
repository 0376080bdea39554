"""The questions a Pipeline asks, and what became of them. Pure."""

from __future__ import annotations

from typing import Any

from bot.commands.forms import form_with_buttons, words_button
from bot.commands.model import Form, join_words
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.inputs import PendingInput
from integrations.jenkins.model import Values, shown_name
from integrations.jenkins.parameters import describe, shown_values
from integrations.jenkins.render.forms import field_for
from integrations.jenkins.render.words import build_name, with_values

_MESSAGE = 400
"""Characters shown of a question."""


def question(asked: PendingInput) -> str:
    """What is asked, on one line."""
    return f"**{quote(asked.message or asked.id, _MESSAGE)}**"


def input_card(
    noun: str, full_name: str, number: int, asked: PendingInput, url: str
) -> tuple[str, dict[str, Any]]:
    """A question for a thread: as markdown that says what to type, and as a card with its own fields.

    `noun` begins a command to that server in the thread's room: `jenkins`, or `jenkins@prod`. `url` is the build's
    page. The buttons stand for the typed lines, under the rights of who presses them.
    """
    approve, abort = (
        (noun, verb, full_name, f"#{number}", f"--input={asked.id}") for verb in ("approve", "abort")
    )
    typed = join_words(approve) + "".join(f" {each.name}=value" for each in asked.parameters[:1])
    takes = ", ".join(describe(each) for each in asked.parameters)
    lines = [
        f"⏸️ {build_name(full_name, number)} asks: {question(asked)} {link('Open', url)}",
        f"It takes {takes}." if takes else "",
        f"{code(typed)} lets it go on ({quote(asked.proceed)}), {code(join_words(abort))} ends it.",
    ]
    form = answer_form(asked, approve, full_name, number)
    card = form_with_buttons(form, _button(asked.proceed), words_button("Abort", abort, "destructive"))
    return "\n".join(filter(None, lines)), card


def answer_form(asked: PendingInput, words: tuple[str, ...], full_name: str, number: int) -> Form:
    """The form with a question's own parameters; `words` is what is typed before them."""
    title = f"{shown_name(full_name)} #{number}: {quote(asked.message or asked.id, _MESSAGE)}"
    return Form(title, words, tuple(field_for(each) for each in asked.parameters))


def _button(proceed: str) -> str:
    """What the button for yes says: the Pipeline's own word, short enough for a button."""
    return proceed.strip()[:30] or "Proceed"


def answering(full_name: str, number: int, asked: PendingInput, values: Values) -> str:
    """The question to whoever must agree to an answer: everything that it will hold."""
    return (
        f"Answer {question(asked)}, which {build_name(full_name, number)} asks, with "
        f"**{quote(asked.proceed)}**{f' and {shown_values(values)}' if values else ''}?"
    )


def aborting(full_name: str, number: int, asked: PendingInput) -> str:
    """The same for a no."""
    name = build_name(full_name, number)
    return f"Answer {question(asked)}, which {name} asks, with no, so that the build ends as aborted?"


def answered(full_name: str, number: int, asked: PendingInput, values: Values) -> str:
    """It goes on."""
    return (
        f"▶️ {build_name(full_name, number)} goes on: {question(asked)} is answered "
        f"**{quote(asked.proceed)}**{with_values(values)}."
    )


def aborted(full_name: str, number: int, asked: PendingInput) -> str:
    """It ends."""
    return f"🚫 {build_name(full_name, number)} is aborted: {question(asked)} is answered with no."
