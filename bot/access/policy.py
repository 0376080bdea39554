"""Decide who may run which command where. Pure: rules in, a decision with its reason out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bot.settings import AccessRule, Settings

OPEN_COMMANDS = frozenset({"help", "ping", "whoami", "version", "confirm", "leave"})
"""Commands anyone may run where no rule denies them: they tell nothing but how to be let in, or answer
what their asker was asked to confirm, which passes the gate again."""

_ROOM_TYPES = frozenset({"direct", "group", "none"})
"""Words that name a kind of place: whoever calls a room `direct` does not make it one."""


@dataclass(frozen=True, slots=True)
class Question:
    """May this person run this command with these arguments in this room?

    `room_ids` holds the room's id and the ids it had before it migrated. A room of None is the
    terminal or the REST API without a room.
    """

    person: str
    command: str
    effect: str
    room_ids: tuple[str, ...] = ()
    room_title: str = ""
    room_type: str = "none"
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, the rule that decided, and the reason in words for the person."""

    allowed: bool
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The owners, the groups and the rules in force."""

    owners: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[AccessRule, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> Policy:
        """The policy that the environment and `sparkops.yaml` describe."""
        return cls(
            owners=frozenset(email.casefold() for email in settings.admins),
            groups=settings.file.groups,
            rules=settings.file.access,
        )

    def decide(self, question: Question, *, any_arguments: bool = False) -> Decision:
        """An explicit deny wins, then owners, then the first rule that allows, then the open commands.

        With `any_arguments` the answer is whether some arguments exist that would be allowed.
        """
        for number, rule in enumerate(self.rules, start=1):
            if any_arguments and rule.arguments:
                continue
            if rule.deny and self._applies(rule, rule.deny, question):
                return Decision(False, f"access rule {number} (deny)", rule.reason or "A rule denies it.")
        if question.person.casefold() in self.owners:
            return Decision(True, "owner", "Owners may run everything.")
        for number, rule in enumerate(self.rules, start=1):
            loose = rule.model_copy(update={"arguments": {}}) if any_arguments else rule
            if rule.allow and self._applies(loose, rule.allow, question):
                return Decision(True, f"access rule {number} (allow)", rule.reason or "A rule allows it.")
        if question.command in OPEN_COMMANDS:
            return Decision(True, "open to all", "This command is open to everyone.")
        return Decision(False, "nothing allows it", "No rule allows it, and what is not allowed is denied.")

    def groups_of(self, person: str) -> tuple[str, ...]:
        """The names of the groups this e-mail belongs to."""
        return tuple(name for name, members in self.groups.items() if _any_glob(person, members))

    def _applies(self, rule: AccessRule, who: tuple[str, ...], question: Question) -> bool:
        return (
            any(self._is(question.person, name) for name in who)
            and _any_glob(question.command, rule.commands)
            and question.effect in rule.effects
            and _room_matches(rule.rooms, question)
            and _arguments_match(rule, question.arguments)
        )

    def _is(self, person: str, name: str) -> bool:
        if name == "everyone":
            return True
        if name in self.groups:
            return _any_glob(person, self.groups[name])
        return "@" in name and _glob(person, name)


def _room_matches(rooms: tuple[str, ...], question: Question) -> bool:
    return any(_is_room(question, room) for room in rooms)


def _is_room(question: Question, room: str) -> bool:
    if room == "*" or room in question.room_ids:
        return True
    if room.casefold() in _ROOM_TYPES:
        return room.casefold() == question.room_type
    return question.room_type == "group" and _glob(question.room_title, room)


def _arguments_match(rule: AccessRule, given: Mapping[str, tuple[str, ...]]) -> bool:
    """An allowed argument must match in every value; a denied one is caught by any value."""
    test = any if rule.deny else all
    return all(
        bool(given.get(name)) and test(_any_glob(value, globs) for value in given[name])
        for name, globs in rule.arguments.items()
    )


def _any_glob(value: str, globs: tuple[str, ...]) -> bool:
    return any(_glob(value, pattern) for pattern in globs)


def _glob(value: str, pattern: str) -> bool:
    """Globs know `*` and `?`. A bracket is itself: rooms are called `[prod] deploys`."""
    return fnmatchcase(value.casefold(), pattern.casefold().replace("[", "[[]"))
