"""Check what somebody typed against the parameters a job declares, before Jenkins sees it. Pure.

Jenkins itself drops unknown names without a word and answers 500 to a value outside the choices (measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.commands.parameters import Assignment
from bot.outbound.quoting import code, quote
from integrations.jenkins.model import ParameterDefinition, ParameterKind, Values

_YES = frozenset({"true", "yes", "on", "y", "1"})
_NO = frozenset({"false", "no", "off", "n", "0"})
_SHOWN_CHOICES = 12
_KINDS = {
    ParameterKind.RUN: "a build, as `JOB#12`",
    ParameterKind.CREDENTIALS: "the id of a credential in Jenkins, never what is in it",
    ParameterKind.FILE: "a file, which I cannot give",
    ParameterKind.PASSWORD: "a password",
}
_KNOWN_DEFAULTS = (ParameterKind.STRING, ParameterKind.TEXT, ParameterKind.CHOICE, ParameterKind.BOOLEAN)


class BadParameters(Exception):
    """One or more parameters cannot be taken; each problem is a sentence of markdown."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a build is started with: `given` is sent; `expected` is what it will show, defaults included."""

    given: Values
    expected: Values


def choose(definitions: Sequence[ParameterDefinition], typed: Sequence[Assignment]) -> Chosen:
    """The parameters to start with, in the job's order and spelling.

    Raises BadParameters with all problems there are.
    """
    given: dict[str, str] = {}
    problems: list[str] = []
    for each in typed:
        try:
            definition = _declared(definitions, each.name)
            value = _value(definition, each.value)
        except _Problem as problem:
            problems.append(str(problem))
            continue
        if definition.name in given:
            problems.append(f"{code(definition.name)} is there twice.")
        given[definition.name] = value
    if problems:
        raise BadParameters(tuple(problems))
    defaults = {each.name: each.default for each in definitions if each.kind in _KNOWN_DEFAULTS}
    expected = {name: value for name, value in defaults.items() if value is not None} | given
    order = [each.name for each in definitions]
    return Chosen(_ordered(given, order), _ordered(expected, order))


def describe(definition: ParameterDefinition) -> str:
    """A parameter in a few words of markdown: its name, what it takes, its default."""
    name = code(definition.name)
    if definition.kind in _KINDS:
        return f"{name} ({_KINDS[definition.kind]})"
    if definition.choices:
        return f"{name} ({_listed(definition.choices)})"
    if definition.kind is ParameterKind.BOOLEAN:
        return f"{name} (true or false, else {definition.default or 'false'})"
    return f"{name} (else {code(definition.default)})" if definition.default else name


def askable(definitions: Sequence[ParameterDefinition], requester: str) -> tuple[ParameterDefinition, ...]:
    """Those a form or a hint offers: no files, and not the one that is filled with who asks."""
    named = requester_definition(definitions, requester)
    return tuple(each for each in definitions if each.kind is not ParameterKind.FILE and each is not named)


def requester_definition(
    definitions: Sequence[ParameterDefinition], requester: str
) -> ParameterDefinition | None:
    """The string parameter named `requester`, which holds who asks, where a job declares it."""
    strings = [each for each in definitions if each.kind is ParameterKind.STRING]
    return next((each for each in strings if each.name == requester), None)


def naming(
    definitions: Sequence[ParameterDefinition], typed: Sequence[Assignment], requester: str, person: str
) -> tuple[Assignment, ...]:
    """What was typed, with the asker (an e-mail address) in the parameter for it, where the job has one.

    Raises BadParameters where it was typed to name another.
    """
    definition = requester_definition(definitions, requester)
    if definition is None:
        return tuple(typed)
    others = [each for each in typed if each.name.casefold() != requester.casefold()]
    told = [each.value.casefold() for each in typed if each.name.casefold() == requester.casefold()]
    if any(value != person.casefold() for value in told):
        mine = f"{code(definition.name)} names who asks, and that is {quote(person)}: leave it out."
        raise BadParameters((mine,))
    return (*others, Assignment(definition.name, person))


def with_passwords(definitions: Sequence[ParameterDefinition], typed: Sequence[tuple[str, str]]) -> Values:
    """Names and secrets as the job's password parameters, spelled as it does.

    Raises BadParameters for one that is none: Jenkins would show its value to whoever sees the build.
    """
    given: dict[str, str] = {}
    problems: list[str] = []
    for name, value in typed:
        try:
            definition = _declared(definitions, name)
        except _Problem as problem:
            problems.append(str(problem))
            continue
        if definition.kind is not ParameterKind.PASSWORD:
            problems.append(f"{code(definition.name)} is no password: Jenkins shows what it holds.")
        if definition.name in given:
            problems.append(f"{code(definition.name)} is there twice.")
        given[definition.name] = value
    if problems:
        raise BadParameters(tuple(problems))
    return tuple(given.items())


class _Problem(Exception):
    """One parameter's problem, as a sentence."""


def _declared(definitions: Sequence[ParameterDefinition], name: str) -> ParameterDefinition:
    """The definition of this name; capitals may differ where that leaves no doubt."""
    exact = [each for each in definitions if each.name == name]
    loose = [each for each in definitions if each.name.casefold() == name.casefold()]
    if exact or len(loose) == 1:
        return (exact or loose)[0]
    if not definitions:
        raise _Problem(f"The job takes no parameters, so there is no {code(name)}.")
    names = {each.name.casefold(): each.name for each in definitions}
    near = get_close_matches(name.casefold(), list(names), n=1, cutoff=0.6)
    if near:
        raise _Problem(f"There is no {code(name)}; did you mean {code(names[near[0]])}?")
    known = ", ".join(code(each.name) for each in definitions)
    raise _Problem(f"There is no {code(name)}; the job takes {known}.")


def _value(definition: ParameterDefinition, typed: str) -> str:
    if definition.kind is ParameterKind.PASSWORD:
        raise _Problem(
            f"{code(definition.name)} is a password, and I take none as text, where it stays to be read. "
            "Delete your message, and change the password where it comes from. `build-with-passwords` in "
            "place of `build` asks for it on a card in our direct room."
        )
    if definition.kind is ParameterKind.FILE:
        raise _Problem(
            f"{code(definition.name)} is a file, and I cannot give one. Start the build in Jenkins."
        )
    if definition.kind is ParameterKind.BOOLEAN:
        return _boolean(definition, typed)
    if definition.kind is ParameterKind.CHOICE and typed not in definition.choices:
        return _choice(definition, typed)
    return typed


def _boolean(definition: ParameterDefinition, typed: str) -> str:
    word = typed.strip().casefold()
    if word not in _YES | _NO:
        raise _Problem(f"{code(definition.name)} is true or false, and not {code(typed)}.")
    return "true" if word in _YES else "false"


def _choice(definition: ParameterDefinition, typed: str) -> str:
    loose = [each for each in definition.choices if each.casefold() == typed.strip().casefold()]
    if len(loose) == 1:
        return loose[0]
    word = typed.strip().casefold()
    near = [
        each
        for each in definition.choices
        if each.casefold().startswith(word) or word.startswith(each.casefold())
    ]
    near = near or get_close_matches(typed, definition.choices, n=1, cutoff=0.6)
    meant = f" Did you mean {code(near[0])}?" if near and typed else ""
    raise _Problem(
        f"{code(definition.name)} offers no {code(typed)}: it is {_listed(definition.choices)}.{meant}"
    )


def _listed(choices: Sequence[str]) -> str:
    shown = [code(each) for each in choices[:_SHOWN_CHOICES]]
    if len(choices) > _SHOWN_CHOICES:
        return f"{', '.join(shown)} or {len(choices) - _SHOWN_CHOICES} more"
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _ordered(values: dict[str, str], order: Sequence[str]) -> Values:
    return tuple((name, values[name]) for name in order if name in values)


def shown_values(values: Values) -> str:
    """Parameters on one line of markdown, each cut to a readable length."""
    return ", ".join(code(f"{name}={value}", 60) for name, value in values)


def description_label(definition: ParameterDefinition) -> str:
    """What a form writes beside the parameter's input."""
    if not definition.description:
        return definition.name
    # Not `NAME: …`: behind the name of a token that would look like one, and the card would be held back.
    return f"{definition.name} ({quote(definition.description, 120)})"
