"""Parameters as the inputs of a card. Pure."""

from __future__ import annotations

from bot.commands.model import FormField
from integrations.jenkins.model import ParameterDefinition, ParameterKind
from integrations.jenkins.parameters import description_label


def field_for(definition: ParameterDefinition, value: str | None = None) -> FormField:
    """The input for a parameter, filled with `value`, or with its default; it becomes the word NAME=value."""
    # A card's list cannot offer a value with a comma; such a parameter is typed, and checked all the same.
    listable = definition.choices if not any("," in each for each in definition.choices) else ()
    default = definition.default or next(iter(listable), "")
    return FormField(
        name=definition.name,
        label=description_label(definition),
        required=False,
        choices=listable,
        default=default if value is None else value,
        toggle=definition.kind is ParameterKind.BOOLEAN,
        prefix=f"{definition.name}=",
        multiline=definition.kind is ParameterKind.TEXT,
    )


def password_field(definition: ParameterDefinition) -> FormField:
    """The input for a password; it becomes an option of the command, whose value is kept nowhere."""
    label = description_label(definition)
    return FormField(definition.name, label, required=False, prefix=f"--hidden={definition.name}=")
