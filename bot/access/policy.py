"""Decide who may run which command where. Pure: rules in, a decision with its reason out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from bot.access.matching import ArgumentIndex, Index, RoomIndex, glob, numbers_of
from bot.access.people import AskedOnce, People, WhoIndex
from bot.access.relations import NoRelations, Relations
from bot.config_file import AccessRule, ApprovalRule, ConfigFile, LimitRule, Where

OPEN_COMMANDS = frozenset(
    {
        *("help", "ping", "whoami", "version", "why"),
        *("confirm", "leave", "approve", "deny", "approvals", "retry"),
        *("credentials list", "credentials set", "credentials forget"),
        "room keep",
    }
)
"""Commands anyone may run where no rule denies them: they tell nothing but how to be let in, answer what
somebody was asked to confirm or approve or what of one's own was left to do (which passes the gate again), are
about what is one's own, or answer the notice that was given in a room one is in."""

_BOT_DOMAINS = ("@webex.bot", "@sparkbot.io")

Says = TypeVar("Says")


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
    relations: Relations = field(default_factory=NoRelations)


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, the rule that decided, and the reason in words for the person."""

    allowed: bool
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """An access rule with the name it has in the audit, until when it holds, and what it says."""

    name: str
    says: AccessRule
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry(Generic[Says]):
    """One of several rules: what it says, about whom, where, and until when."""

    says: Says
    who: tuple[str, ...]
    where: Where
    until: datetime | None = None


class RuleSet(Generic[Says]):
    """Rules of one kind, made ready to find those about a question without looking at each.

    Rules that let in want every value of an argument to match, and are not met by whom Webex cannot tell to be
    meant; all others are met by any value, and hold where Webex cannot be asked.
    """

    def __init__(self, entries: Sequence[Entry[Says]], people: People, *, letting_in: bool = False) -> None:
        numbered = [(number, each.where) for number, each in enumerate(entries)]
        self._entries = tuple(entries)
        self._letting_in = letting_in
        self._who = WhoIndex(((n, word) for n, each in enumerate(entries) for word in each.who), people)
        self._commands = Index((n, each) for n, where in numbered for each in where.commands)
        self._effects = Index((n, each) for n, where in numbered for each in where.effects)
        self._rooms = RoomIndex((n, each) for n, where in numbered for each in where.rooms)
        self._arguments = ArgumentIndex((where.arguments for _, where in numbered), every=letting_in)

    def about(
        self, question: Question, persons: tuple[str, ...], facts: AskedOnce, *, any_arguments: bool = False
    ) -> Iterator[Says]:
        """The rules that are met, in their order, for a person under these addresses.

        With `any_arguments`: those that let in with some arguments, or hold whatever the arguments are.
        """
        met = self._commands.met_by(question.command) & self._effects.met_by(question.effect)
        met &= self._rooms.met_by(question.room_ids, question.room_title, question.room_type)
        if not any_arguments:
            met &= self._arguments.met_by(question.arguments)
        elif not self._letting_in:
            met &= ~self._arguments.wanting
        known = 0
        for person in persons:
            known |= self._who.met_by(person)
        for number in numbers_of(met & (known | self._who.asking_bits)):
            entry = self._entries[number]
            if entry.until is not None and entry.until <= datetime.now(UTC):
                continue
            # Webex is asked last, where nothing but its answer is wanting.
            if known >> number & 1 or self._who.asked(number, persons, facts, unknown=not self._letting_in):
                yield entry.says


@dataclass(frozen=True, slots=True)
class Policy:
    """The owners, the groups and the rules in force. Made ready once; deciding asks nothing of the database.

    A deny, an approval and a limit are about a person under all of their addresses; an allow is about the
    address they use.
    """

    owners: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    approvals: tuple[ApprovalRule, ...] = ()
    limits: tuple[LimitRule, ...] = ()
    allowed_bots: frozenset[str] = frozenset()
    _people: People = field(init=False, repr=False, compare=False)
    _denies: RuleSet[Rule] = field(init=False, repr=False, compare=False)
    _allows: RuleSet[Rule] = field(init=False, repr=False, compare=False)
    _approvals: RuleSet[ApprovalRule] = field(init=False, repr=False, compare=False)
    _limits: RuleSet[LimitRule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        people = People(self.owners, self.groups, self.people)
        denies = [Entry(rule, rule.says.deny, rule.says, rule.until) for rule in self.rules if rule.says.deny]
        allows = [
            Entry(rule, rule.says.allow, rule.says, rule.until) for rule in self.rules if rule.says.allow
        ]
        made = {
            "_people": people,
            "_denies": RuleSet(denies, people),
            "_allows": RuleSet(allows, people, letting_in=True),
            "_approvals": RuleSet([Entry(rule, rule.for_, rule) for rule in self.approvals], people),
            "_limits": RuleSet([Entry(rule, rule.for_, rule) for rule in self.limits], people),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_file(
        cls, file: ConfigFile, *, owners: tuple[str, ...] = (), allowed_bots: tuple[str, ...] = ()
    ) -> Policy:
        """The policy that the environment and `sparkops.yaml` describe."""
        return cls(
            owners=frozenset(email.casefold() for email in owners),
            groups=file.groups,
            people=file.people,
            rules=tuple(
                Rule(f"access rule {number} ({'deny' if each.deny else 'allow'})", each)
                for number, each in enumerate(file.access, start=1)
            ),
            approvals=file.approvals,
            limits=file.limits,
            allowed_bots=frozenset(email.casefold() for email in allowed_bots),
        )

    def decide(self, question: Question, *, any_arguments: bool = False) -> Decision:
        """An explicit deny wins, then owners, then the first rule that allows, then the open commands.

        With `any_arguments` the answer is whether some arguments exist that would be allowed.
        """
        person = question.person.casefold()
        if person.endswith(_BOT_DOMAINS) and person not in self.allowed_bots:
            return Decision(False, "bots", "Bots give me no commands, but those SPARKOPS_ALLOWED_BOTS lists.")
        facts = _facts(question)
        denies = self._denies.about(question, self.addresses_of(person), facts, any_arguments=any_arguments)
        for rule in denies:
            return Decision(False, rule.name, rule.says.reason or "A rule denies it.")
        if self.is_owner(person):
            return Decision(True, "owner", "Owners may run everything.")
        for rule in self._allows.about(question, (person,), facts, any_arguments=any_arguments):
            return Decision(True, rule.name, rule.says.reason or "A rule allows it.")
        if question.command in OPEN_COMMANDS:
            return Decision(True, "open to all", "This command is open to everyone.")
        return Decision(False, "nothing allows it", "No rule allows it, and what is not allowed is denied.")

    def approvals_for(self, question: Question) -> tuple[ApprovalRule, ...]:
        """The rules by which others must agree first; all of them must be met."""
        return tuple(self._approvals.about(question, self.addresses_of(question.person), _facts(question)))

    def limits_for(self, question: Question) -> tuple[LimitRule, ...]:
        """The limits that count this request."""
        return tuple(self._limits.about(question, self.addresses_of(question.person), _facts(question)))

    def groups_of(self, person: str) -> tuple[str, ...]:
        """The names of the groups this e-mail belongs to."""
        return self._people.groups_of(person)

    def is_owner(self, person: str) -> bool:
        """Whether this e-mail is an owner's."""
        return self._people.is_owner(person)

    def addresses_of(self, person: str) -> tuple[str, ...]:
        """Every address known to be this person's, the given one first."""
        return self._people.addresses_of(person)

    def identity(self, person: str) -> str:
        """The same for all addresses of one person, and another for anybody else."""
        return self._people.identity(person)

    def is_one_of(
        self, who: tuple[str, ...], person: str, question: Question, *, unknown: bool = False
    ) -> bool:
        """Whether `person` is meant by `who`; `unknown` is what counts where Webex cannot be asked."""
        index = WhoIndex(((0, word) for word in who), self._people)
        known = bool(index.met_by(person))
        return known or index.asked(0, (person.casefold(),), _facts(question), unknown=unknown)

    def unknown_commands(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Command globs that match none of the registry's `names`, each with the name of its rule.

        A rule about such a command is about nothing: a misspelt deny lets everybody in.
        """
        folded = [name.casefold() for name in names]
        written = [
            *((rule.name, rule.says) for rule in self.rules),
            *((f"approval rule {number}", rule) for number, rule in enumerate(self.approvals, start=1)),
            *((f"limit rule {number}", rule) for number, rule in enumerate(self.limits, start=1)),
        ]
        return tuple(
            (where, pattern)
            for where, rule in written
            for pattern in rule.commands
            if not any(map(glob(pattern), folded))
        )


def _facts(question: Question) -> AskedOnce:
    return AskedOnce(question.relations, question.room_ids[0] if question.room_ids else None)
