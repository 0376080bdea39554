"""Build parameters: what a job declares, what a trigger submits, and what Jenkins makes of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from playground.jenkins.tree import Bean, Exported, Value


class Kind(StrEnum):
    """The kinds of parameter core Jenkins has, files aside; the value is the stem of the Java class."""

    STRING = "String"
    CHOICE = "Choice"
    BOOLEAN = "Boolean"
    TEXT = "Text"
    PASSWORD = "Password"


class IllegalParameterValue(ValueError):
    """A value Jenkins cannot take for a parameter; it answers the trigger with a 500."""


@dataclass(frozen=True)
class ParameterDefinition:
    """One declared parameter. A choice's default is its first choice, whatever `default` says."""

    kind: Kind
    name: str
    default: str | bool = ""
    description: str = ""
    choices: tuple[str, ...] = ()

    def default_value(self) -> ParameterValue:
        """What the build gets when the trigger does not name this parameter."""
        default = self.choices[0] if self.kind is Kind.CHOICE else self.default
        return ParameterValue(self.kind, self.name, default)

    def value_of(self, submitted: Sequence[str]) -> ParameterValue:
        """The value of a submitted parameter.

        Raises IllegalParameterValue outside the choices, or when it was submitted more than once.
        """
        if len(submitted) != 1:
            raise IllegalParameterValue(
                f"Illegal number of parameter values for {self.name}: {len(submitted)}"
            )
        text = submitted[0]
        if self.kind is Kind.CHOICE and text not in self.choices:
            raise IllegalParameterValue(f"Illegal choice for parameter {self.name}: {text}")
        value = text.lower() == "true" if self.kind is Kind.BOOLEAN else text
        return ParameterValue(self.kind, self.name, value)


@dataclass(frozen=True)
class ParameterValue:
    """One parameter of one build."""

    kind: Kind
    name: str
    value: str | bool

    @property
    def sensitive(self) -> bool:
        """Whether Jenkins keeps the value to itself."""
        return self.kind is Kind.PASSWORD

    def as_text(self) -> str:
        """The value as the build's environment has it."""
        return str(self.value).lower() if isinstance(self.value, bool) else self.value


def values_for(
    definitions: Sequence[ParameterDefinition], submitted: Mapping[str, Sequence[str]]
) -> tuple[ParameterValue, ...]:
    """The parameters of a build: submitted values where the job declares them, defaults else.

    Undeclared names are dropped without a word, as Jenkins drops them since SECURITY-170.
    Raises IllegalParameterValue.
    """
    return tuple(
        definition.value_of(submitted[definition.name])
        if definition.name in submitted
        else definition.default_value()
        for definition in definitions
    )


def queue_text(values: Sequence[ParameterValue]) -> str:
    """The `params` of a queue item: one `NAME=value` a line, passwords starred."""
    return "".join(f"\n{value.name}={'****' if value.sensitive else value.as_text()}" for value in values)


def value_bean(value: ParameterValue) -> Bean:
    """A parameter value; a password is exported without one."""
    stem = Kind.STRING if value.kind is Kind.CHOICE else value.kind
    properties = {"name": Exported(value.name, 3)}
    if not value.sensitive:
        properties["value"] = Exported(value.value, 4)
    return Bean(f"hudson.model.{stem}ParameterValue", properties)


def values_action(values: Sequence[ParameterValue]) -> Bean:
    """The ParametersAction of a build or queue item."""
    beans: list[Value] = [value_bean(value) for value in values]
    return Bean("hudson.model.ParametersAction", {"parameters": Exported(beans, 2)})


def definitions_property(definitions: Sequence[ParameterDefinition]) -> Bean:
    """The ParametersDefinitionProperty, found under both `property` and `actions` of a job."""
    beans: list[Value] = [_definition_bean(definition) for definition in definitions]
    return Bean("hudson.model.ParametersDefinitionProperty", {"parameterDefinitions": Exported(beans, 2)})


def _definition_bean(definition: ParameterDefinition) -> Bean:
    class_name = f"{definition.kind}ParameterDefinition"
    properties = {
        "defaultParameterValue": Exported(value_bean(definition.default_value()), 3),
        "description": Exported(definition.description, 3),
        "name": Exported(definition.name, 3),
        "type": Exported(class_name, 3),
    }
    if definition.kind is Kind.CHOICE:
        properties["choices"] = Exported(list(definition.choices), 3)
    return Bean(f"hudson.model.{class_name}", properties)
