"""What a `stack.yaml` may say, as types. `lint` reads the file; here is only what is right and what is not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from bot.config_file import ROLES, TEAM
from integrations.stacks.spec.fields import (
    CronLine,
    EnvironmentNames,
    Inside,
    Listed,
    Name,
    Span,
    Spans,
    Strict,
    VariableName,
    Versions,
)
from integrations.stacks.spec.health import HealthCheck
from integrations.stacks.spec.variables import Variable

EngineName = Literal["terraform", "packer", "ansible", "program"]
_BINARIES: dict[str, tuple[str, ...]] = {
    "terraform": ("terraform", "tofu"),
    "packer": ("packer",),
    "ansible": ("ansible-runner",),
    "program": (),
}
_VERSIONS = {"terraform": ">=1.5,<2", "packer": ">=1.6,<2", "ansible": ">=2.3,<3", "program": ""}
_GIT = re.compile(r"(https|ssh|file)://[^\s-]\S*|[\w.-]+@[\w.-]+:[^\s-]\S*", re.ASCII)


class GitSource(Strict):
    """A repository, at one commit for good."""

    git: str
    """Its URL: https, ssh or file."""
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    """The whole id of the commit; a branch or a tag may be moved, and is not taken."""

    @field_validator("git")
    @classmethod
    def _url(cls, value: str) -> str:
        if not _GIT.fullmatch(value):
            raise ValueError(f"{value!r} must be a Git URL that begins with https://, ssh:// or file://")
        if "@" in value.partition("://")[2].partition("/")[0] and value.startswith("https"):
            raise ValueError("it must hold no user or token: Git's own credential store knows those")
        return value


def _source_kind(value: object) -> str:
    return "folder" if isinstance(value, str) else "git"


Source = Annotated[
    Annotated[str, Tag("folder")] | Annotated[GitSource, Tag("git")], Discriminator(_source_kind)
]


class Packer(Strict):
    """What the engine packer is told."""

    template: Inside
    """The template, or the folder of `.pkr.hcl` files."""
    only: Listed = ()
    """The builders to run; all of them where there are none."""
    on_error: Literal["cleanup", "abort"] = "cleanup"
    """What is left of a builder that stops with an error."""


class Ansible(Strict):
    """What the engine ansible is told."""

    playbook: Inside
    """The playbook that makes the stack."""
    destroy: Inside | None = None
    """The playbook that takes it away; without one it cannot be destroyed from here."""
    inventory: Inside | None = None
    """The inventory; without one, this machine alone."""
    python: str | None = None
    """The Python on this machine that modules run with; the one the bot runs with where none is said."""


class Program(Strict):
    """What the engine program is told."""

    command: tuple[str, ...] = Field(min_length=1)
    """The program in the source's folder, and its first arguments; the operation is added as the last."""


class Approval(Strict):
    """Who must agree before it is applied."""

    need: int = Field(default=1, ge=0, le=20)
    """How many people."""
    from_: Listed = Field(default=("owners",), alias="from")
    """Who may: `group:NAME`, e-mails, `owners`, `moderators`, `team:NAME`."""
    not_requester: bool = True
    """Whether whoever asked for it does not count."""
    expires: Span = timedelta(minutes=30)
    """How long the plan may wait for it."""
    skip_if: Literal["no_changes", "never"] = "never"
    """`no_changes`: a plan that changes nothing needs nobody's agreement."""
    always_if: Literal["destroy", "never"] = "destroy"
    """`destroy`: a plan that takes something away needs it whatever else is said, of one person at least."""

    @field_validator("from_")
    @classmethod
    def _people(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            known = name in ROLES or "@" in name or (name.startswith(("group:", TEAM)) and name[-1] != ":")
            if not known:
                raise ValueError(f"{name!r} is nobody: it takes group:NAME, team:NAME, e-mails, {_roles()}")
        return names


class Lease(Strict):
    """How long it may stand."""

    default: Span = timedelta(hours=8)
    """How long where nobody says."""
    max: Span = timedelta(hours=72)
    """How long at most, counted from when it came up."""
    warn: Spans = (timedelta(hours=2), timedelta(minutes=30))
    """How long before the end people are warned."""
    on_expiry: Literal["destroy", "notify"] = "destroy"
    """What happens at the end."""
    protect: tuple[Name, ...] = ()
    """Instances that are destroyed at their end only with somebody's approval."""

    @model_validator(mode="after")
    def _consistent(self) -> Lease:
        if self.default > self.max:
            raise ValueError("default is longer than max")
        if any(each >= self.max for each in self.warn):
            raise ValueError("a warning as long before the end as max would come before it has begun")
        return self


class Cost(Strict):
    """What it is thought to cost."""

    estimate: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """An hour of one resource, by its type: `aws_instance`."""
    limit_month: float | None = Field(default=None, gt=0)
    """The most a month of it may cost."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """Of both."""


class Outputs(Strict):
    """Which outputs are told."""

    show: Listed = ()
    """Only these; without any, all but those hidden."""
    hide: Listed = ()
    """Never these. What the engine marks as sensitive is never told either."""

    @model_validator(mode="after")
    def _consistent(self) -> Outputs:
        if both := sorted(set(self.show) & set(self.hide)):
            raise ValueError(f"{', '.join(both)} cannot be both shown and hidden")
        return self

    def told(self, name: str, *, sensitive: bool) -> bool:
        """Whether people are told this one."""
        return not sensitive and name not in self.hide and (not self.show or name in self.show)


class Drift(Strict):
    """When it is looked at for changes made by other hands."""

    cron: CronLine
    """Five fields in UTC."""
    room: str | None = None
    """The room that hears of it: a title or an id. Without one, the room it was made in."""


class StackSpec(Strict):
    """One stack: what makes it, what it asks for, who must agree, how long it stands."""

    name: Name
    """What it is called in chat; the name of its folder."""
    about: str = Field("", max_length=200)
    """What it is, in a line."""
    engine: EngineName
    """What makes it."""
    source: Source = "."
    """The folder with the engine's files, told from the `stack.yaml` and below the folder of stacks; or a Git
    repository."""
    folder: Inside = "."
    """The folder in the source where the engine runs."""
    binary: Listed = ()
    """The programs to look for, best first; those of the engine where none are named."""
    version: Versions | None = None
    """The range of their versions that it takes, such as `>=1.6,<2`."""
    state: Literal["bot", "own"] = "bot"
    """Where terraform keeps its state: with the bot, or where the source's own `backend` says."""
    packer: Packer | None = None
    """For the engine packer."""
    ansible: Ansible | None = None
    """For the engine ansible."""
    program: Program | None = None
    """For the engine program."""
    environment: EnvironmentNames = ()
    """Environment variables of the bot that the engine is given, such as `AWS_PROFILE`."""
    variables: dict[VariableName, Variable] = Field(default_factory=dict)
    """What it asks for, by name."""
    approval: Approval = Approval()
    """Who must agree."""
    lock: str = "{stack}/{instance}"
    """What only one run at a time may work on; `{var.NAME}` stands for a variable."""
    lease: Lease | None = None
    """How long it may stand; for good where nothing is said."""
    cost: Cost = Cost()
    """What it is thought to cost."""
    outputs: Outputs = Outputs()
    """Which outputs are told."""
    health: tuple[HealthCheck, ...] = ()
    """What must hold before it counts as up."""
    drift: Drift | None = None
    """When it is looked at for changes made by other hands."""
    timeout: Span = timedelta(minutes=45)
    """How long the engine may take for one operation, after which it is stopped as by `stack cancel`."""

    @model_validator(mode="after")
    def _told_its_engine(self) -> StackSpec:
        for name in ("packer", "ansible", "program"):
            told = getattr(self, name) is not None
            if told and name != self.engine:
                raise ValueError(f"{name!r} is for the engine {name}, and this is {self.engine}")
            if not told and name == self.engine:
                raise ValueError(f"the engine {name} needs a part {name!r} that says what to run")
        return self

    @property
    def binaries(self) -> tuple[str, ...]:
        """The programs to look for, best first."""
        return self.binary or _BINARIES[self.engine]

    @property
    def versions(self) -> str:
        """The range of versions it takes."""
        return self.version or _VERSIONS[self.engine]


def _roles() -> str:
    return ", ".join(sorted(ROLES))
