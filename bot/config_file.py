"""`sparkops.yaml`: who may do what, what needs approval, what is limited; and the integrations' settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.config_fields import Arguments, Effects, Listed, Scopes, Span, Strict
from bot.durations import duration, span
from bot.guest_policy import Guests, faults_of_guests
from bot.stale_policy import Fault, StaleRooms, faults_of_stale_rooms
from bot.yaml_lines import LinedYaml, YamlError
from bot.yaml_lines import Path as Place

_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_RATE = re.compile(r"(\d+)\s*/\s*(\d*)\s*([smhd])", re.IGNORECASE)

ROLES = frozenset({"everyone", "owners", "moderators"})
"""Words that stand for people wherever a rule says who: all, the owners, the moderators of the room asked in."""
TEAM = "team:"
"""Before the name or id of a Webex team: its members."""
_POLICY = ("groups", "people", "access", "approvals", "limits", "stale_rooms")


class SettingsError(Exception):
    """The environment or `sparkops.yaml` cannot be used; the text says which line of which and why."""


class Where(Strict):
    """Which requests a rule is about."""

    rooms: Listed = ("*",)
    """Title globs, room ids, `direct`, `group`, or `none` for the terminal and REST calls without a room."""
    commands: Listed = ("*",)
    """Globs over `noun verb`."""
    effects: Effects = ("read", "change", "destroy")
    """Which effects the rule is about."""
    arguments: Arguments = Field(default_factory=dict)
    """By an argument's name, or `name.KEY` for one given as `KEY=value`: globs and ranges (`1..4`, `..10`).
    Capitals make no difference. An argument that is not given matches nothing."""
    reason: str = ""
    """Told to whoever the rule stops."""


class AccessRule(Where):
    """One line of `access:`; exactly one of `allow` and `deny` says whom it is about.

    Who: a group's name, an e-mail, an e-mail glob, `everyone`, `owners`, `moderators` (of the room asked in)
    or `team:NAME`. To be allowed, each value of an argument must match; a denied one is caught by any value.
    """

    allow: Listed = ()
    """Whom the rule lets in."""
    deny: Listed = ()
    """Whom it keeps out, owners too."""

    def model_post_init(self, _context: object) -> None:
        if bool(self.allow) == bool(self.deny):
            raise ValueError("a rule needs exactly one of 'allow' and 'deny'")


class ApprovalRule(Where):
    """One line of `approvals:`: what others must agree to first. All rules that match must be met."""

    for_: Listed = Field(("everyone",), alias="for")
    """Whose requests; owners' too."""
    of: Listed
    """Who may agree: groups, e-mails, globs, `owners`, `moderators`, `team:NAME`; never whoever asked."""
    count: int = Field(1, ge=1, le=20)
    """How many of them."""
    ask: str = "here"
    """Where they are asked: `here` (the thread it was asked in), `direct`, or a room's id or title."""
    within: Span = timedelta(hours=1)
    """How long it may take, after which it is off."""
    remind: Span | None = None
    """How often they are reminded meanwhile."""


class Rate(Strict):
    """So many in a time, written `30/1m`, `5/h`."""

    count: int = Field(ge=1)
    seconds: float = Field(gt=0)

    def __str__(self) -> str:
        """As it is written: `30/1m`."""
        return f"{self.count}/{span(timedelta(seconds=self.seconds))}"

    @classmethod
    def read(cls, value: object) -> object:
        """From `30/1m`. Raises ValueError for what is not written so."""
        if not isinstance(value, str):
            return value
        match = _RATE.fullmatch(value.strip())
        seconds = duration(f"{match[2] or 1}{match[3]}").total_seconds() if match else 0.0
        if match is None or int(match[1]) == 0 or seconds == 0:
            raise ValueError(f"{value!r} is not a rate such as 30/1m, 5/h or 100/1d")
        return cls(count=int(match[1]), seconds=seconds)


RateWritten = Annotated[Rate, BeforeValidator(Rate.read)]


class LimitRule(Where):
    """One line of `limits:`: how often. A bucket is kept for each person, room or command, or what `per` combines."""

    for_: Listed = Field(("everyone",), alias="for")
    """Whom it limits; owners too."""
    per: Scopes = ("person",)
    """What has a bucket of its own: `person`, `room`, `command`, or several together."""
    rate: RateWritten
    """How fast the bucket fills: `30/1m`."""
    burst: int | None = Field(None, ge=1)
    """How much it holds; by default as much as one period fills."""

    @property
    def capacity(self) -> int:
        """What the bucket holds."""
        return self.burst or self.rate.count


class ConfigFile(Strict):
    """What `sparkops.yaml` may hold."""

    groups: dict[str, Listed] = Field(default_factory=dict)
    """Names for people: a list of e-mails and e-mail globs each."""
    people: dict[str, Listed] = Field(default_factory=dict)
    """Addresses that belong to one person, under a name of your choice: nobody approves their own request."""
    access: tuple[AccessRule, ...] = ()
    """Who may do what; without a rule only owners may."""
    approvals: tuple[ApprovalRule, ...] = ()
    """What others must agree to first."""
    limits: tuple[LimitRule, ...] = ()
    """How often."""
    notifications: RateWritten | None = Field(default_factory=lambda: Rate(count=30, seconds=60.0))
    """How many messages nobody asked for (build reports) a room gets; the rest is summed up. `null`: no limit."""
    stale_rooms: tuple[StaleRooms, ...] = ()
    """Rooms nobody uses any more: which they are, and what becomes of them."""
    guests: Guests = Field(default_factory=Guests)
    """The bot as a guest in rooms: how it greets, and where it does not stay."""
    integrations: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Settings of an integration by its name, under the names of its settings' fields."""
    modules: tuple[str, ...] = ()
    """Further integrations to load, as importable module names."""

    def model_post_init(self, _context: object) -> None:
        """A rule about nobody is refused: a deny that is about nobody would let everybody in."""
        if faults := list(_faults(self)):
            raise ValidationError.from_exception_data(
                "sparkops.yaml",
                [
                    {
                        "type": PydanticCustomError("policy", "{says}", {"says": says}),
                        "loc": place,
                        "input": None,
                    }
                    for place, says in faults
                ],
            )


def _faults(file: ConfigFile) -> Iterator[Fault]:
    yield from _faults_of_groups(file)
    yield from _faults_of_people(file)
    for number, rule in enumerate(file.access):
        kind = "deny" if rule.deny else "allow"
        yield from _faults_of_rule(("access", number), rule, {kind: rule.deny or rule.allow}, file)
    for number, approval in enumerate(file.approvals):
        place, who = ("approvals", number), {"for": approval.for_, "of": approval.of}
        faults = list(_faults_of_rule(place, approval, who, file))
        yield from faults or _faults_of_approval(place, approval, file)
    for number, limit in enumerate(file.limits):
        yield from _faults_of_rule(("limits", number), limit, {"for": limit.for_}, file)
        if not limit.per:
            yield ("limits", number, "per"), "is empty: it needs person, room or command"
    yield from faults_of_stale_rooms(file.stale_rooms)
    yield from faults_of_guests(file.guests)


def _faults_of_groups(file: ConfigFile) -> Iterator[Fault]:
    for name, members in file.groups.items():
        if name in ROLES or name.startswith(TEAM) or "@" in name or not name:
            yield ("groups", name), f"{name!r} means something else in a rule, so no group can be called so"
        for number, member in enumerate(members):
            if "@" not in member and member != "*":
                yield ("groups", name, number), f"the group {name!r} holds {member!r}, which is no e-mail"


def _faults_of_people(file: ConfigFile) -> Iterator[Fault]:
    names: dict[str, str] = {}
    for name, addresses in file.people.items():
        for number, address in enumerate(addresses):
            if not _is_address(address):
                yield ("people", name, number), f"{address!r} is no e-mail of one person"
            elif name != (other := names.setdefault(address.casefold(), name)):
                yield ("people", name, number), f"{address!r} is {other!r} already, and belongs to one person"


def _faults_of_rule(
    place: tuple[int | str, ...], rule: Where, who: Mapping[str, tuple[str, ...]], file: ConfigFile
) -> Iterator[Fault]:
    for key, names in who.items():
        for number, name in enumerate(names):
            if not is_somebody(name, file.groups):
                says = f"{name!r} is no group, no e-mail, no team: and none of {', '.join(sorted(ROLES))}"
                yield (*place, key, number), says
    matched = {**who, "rooms": rule.rooms, "commands": rule.commands, "effects": rule.effects}
    for key, given in matched.items():
        if not given:
            yield (*place, key), "is empty, so that the rule would be about nothing"
    for name, values in rule.arguments.items():
        if not values:
            yield (*place, "arguments", name), "is empty, so that the rule would be about nothing"


def _faults_of_approval(
    place: tuple[int | str, ...], rule: ApprovalRule, file: ConfigFile
) -> Iterator[Fault]:
    """Whether there can be enough who may agree, and whether there is anybody to write to."""
    agreeing, asking = _everybody_of(rule.of, file), _everybody_of(rule.for_, file)
    if agreeing is not None:
        # Nobody agrees to what they asked for themselves; who asks is known only where `for` is.
        most = (
            len(agreeing) if asking is None else max((len(agreeing - {each}) for each in asking), default=0)
        )
        if most < rule.count:
            others = "" if most == len(agreeing) else " beside whoever asked"
            yield (*place, "count"), f"needs {rule.count} to agree, and 'of' has only {most}{others}"
    addresses = (each for name in rule.of for each in file.groups.get(name, (name,)))
    if rule.ask == "direct" and "owners" not in rule.of and not any(map(_is_address, addresses)):
        yield (*place, "ask"), "'direct' needs somebody to write to, and 'of' names nobody by an e-mail"


def _everybody_of(names: tuple[str, ...], file: ConfigFile) -> frozenset[str] | None:
    """One address for each person who is meant; None where that cannot be told from the file."""
    addresses = [each for name in names for each in file.groups.get(name, (name,))]
    if not all(map(_is_address, addresses)):
        return None
    first = {each.casefold(): mine[0].casefold() for mine in file.people.values() for each in mine}
    return frozenset(first.get(each.casefold(), each.casefold()) for each in addresses)


def _is_address(name: str) -> bool:
    return "@" in name and not {"*", "?"}.intersection(name)


def is_somebody(name: str, groups: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a rule may say `name` where it says who."""
    return "@" in name or name in ROLES or name in groups or (name.startswith(TEAM) and len(name) > len(TEAM))


def read_config_file(path: Path, environ: Mapping[str, str]) -> ConfigFile:
    """Parse `sparkops.yaml`, putting `${NAME}` from the environment in place.

    Raises SettingsError: a line for each fault, with the line of the file and the reason.
    """
    try:
        lined = LinedYaml(path.read_text(encoding="utf-8"))
        data = lined.data(as_written=_POLICY)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} cannot be read: it is not text in UTF-8.") from error
    except YamlError as error:
        raise SettingsError("\n".join(f"{path}, {where}: {says}." for where, says in error.faults)) from error
    file = _Reading(path, lined, environ)
    try:
        return ConfigFile.model_validate(file.substituted(data, ()))
    except ValidationError as error:
        raise SettingsError("\n".join(map(file.told, error.errors()))) from error


@dataclass(frozen=True)
class _Reading:
    """A file while it is read: what stands for what, and how a fault in it is told."""

    path: Path
    lined: LinedYaml
    environ: Mapping[str, str]

    def substituted(self, value: object, place: Place) -> Any:
        """The same with `${NAME}` replaced. Raises SettingsError where the environment has no such name."""
        if isinstance(value, dict):
            return {key: self.substituted(item, (*place, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.substituted(item, (*place, index)) for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value

        def named(match: re.Match[str]) -> str:
            given = from_environment(match[1], self.environ)
            if given is None:
                where = f"{self.path}, {self.lined.place(place)}"
                raise SettingsError(f"{where}: ${{{match[1]}}} is not set in the environment.")
            return given

        return _REFERENCE.sub(named, value)

    def told(self, fault: ErrorDetails) -> str:
        """The fault with its line. What came from the environment is told by its name: it may be a secret."""
        place, says = fault["loc"], _reason(fault)
        written = self.lined.scalar(place)
        if written is not None and _REFERENCE.search(written):
            says = says.replace(repr(self.substituted(written, place)), repr(written))
        return f"{self.path}, {self.lined.place(place)}: {says}{'' if says.endswith('?') else '.'}"


_REASONS = {"missing": "is missing", "tuple_type": "must be a list", "string_type": "must be text"}
_REASONS |= dict.fromkeys(("dict_type", "model_type"), "must be a mapping, `key: value`")
_MODELS: Mapping[str, type[BaseModel]] = {
    "access": AccessRule,
    "approvals": ApprovalRule,
    "limits": LimitRule,
    "stale_rooms": StaleRooms,
    "guests": Guests,
}


def _reason(fault: ErrorDetails) -> str:
    """What is wrong, in the words of the file."""
    *above, key = fault["loc"] or ("",)
    if fault["type"] != "extra_forbidden":
        says = _REASONS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        return f"{key!r} {says}" if fault["type"] == "missing" else says
    model = _MODELS[str(above[0])] if above else ConfigFile
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = get_close_matches(str(key), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"there is no key {key!r} here; {hint}"


def from_environment(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable's value, or the content of the file that `<name>_FILE` names. Raises SettingsError."""
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name)
    if environ.get(name):
        raise SettingsError(f"Both {name} and {name}_FILE are set: keep one.")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error


def explain(error: ValidationError, where: str) -> str:
    """One line per fault; rules count from 1, as in the audit."""
    lines = []
    for fault in error.errors():
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"])
        lines.append(f"{where}, {place or 'top level'}: {fault['msg'].removeprefix('Value error, ')}.")
    return "\n".join(lines)
