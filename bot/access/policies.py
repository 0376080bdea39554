"""The policy in force, as this process knows it: from the environment, `sparkops.yaml` and the grants of the chat."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from bot.access import grants
from bot.access.grants import Given
from bot.access.policy import Policy, Rule
from bot.access.relations import NoRelations
from bot.config_file import AccessRule, ConfigFile, SettingsError, read_config_file
from bot.settings import Settings
from bot.store.database import Database

log = structlog.get_logger(__name__)

_NOT_READ_YET = Rule(
    "starting",
    AccessRule(
        deny=("everyone",),
        reason="I have only just started, and have not read yet who may do what. Say it again in a moment.",
    ),
)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What the file said before, and what it says now."""

    before: ConfigFile
    after: ConfigFile


class Policies:
    """Holds the present policy. Reading `current` costs nothing; it is replaced as a whole.

    Who asks for a change (a grant, a reload) makes it count here at once; `PolicyWatch` does so in all
    other processes. An end that was set beforehand needs neither: the policy looks at the clock.
    """

    def __init__(
        self, policy: Policy, *, settings: Settings | None = None, database: Database | None = None
    ) -> None:
        self.current = policy
        self._from_file = policy
        self._settings = settings
        self._file = settings.file if settings else ConfigFile()
        self._database = database
        self._changing = threading.Lock()
        self._told_broken: set[int] = set()

    @classmethod
    def of_settings(cls, settings: Settings) -> Policies:
        """From the environment and the file alone."""
        return cls(_of_file(settings.file, settings), settings=settings)

    @classmethod
    def live(cls, settings: Settings, database: Database) -> Policies:
        """From the grants as well. Until they are first read, by `refresh_grants`, everything is denied."""
        policies = cls(_of_file(settings.file, settings), settings=settings, database=database)
        policies.current = replace(policies._from_file, rules=(_NOT_READ_YET,))
        return policies

    @property
    def file(self) -> ConfigFile:
        """`sparkops.yaml` as it is in force."""
        return self._file

    def refresh_grants(self) -> None:
        """Read the grants anew. Raises SQLAlchemyError, and then the policy stays as it was."""
        if self._database is None:
            return
        with self._changing, self._database.transaction() as session:
            self._take(self._from_file, grants.in_force(session, self._file.groups))

    def reload(self) -> Reloaded:
        """Read the file anew, and the grants. Where it cannot be taken, the policy stays as it was.

        Raises SettingsError: the file is gone or invalid (with the line and the reason), or with it a grant
        could no longer be read or revoked. Raises SQLAlchemyError.
        """
        with self._changing:
            file = self._read_file()
            policy = _of_file(file, self._settings) if self._settings else self._from_file
            if self._database is None:
                given: tuple[Given, ...] = ()
            else:
                with self._database.transaction() as session:
                    given = grants.in_force(session, file.groups)
                    before = grants.in_force(session, self._file.groups)
                _refuse_to_break(given, policy, before, self._from_file)
            reloaded = Reloaded(self._file, file)
            self._file, self._from_file = file, policy
            self._take(policy, given)
            return reloaded

    def as_of(self, session: Session) -> Policy:
        """The policy as it would be, did this session commit now."""
        return _with_grants(self._from_file, grants.in_force(session, self._file.groups))

    def _read_file(self) -> ConfigFile:
        path = self._settings.config_path if self._settings else None
        if self._settings is None or path is None:
            return self._file
        if path.exists():
            return read_config_file(path, self._settings.environment)
        if self._file != ConfigFile():
            raise SettingsError(f"{path} is not there any more, and its rules cannot be read.")
        return self._file

    def _take(self, from_file: Policy, given: tuple[Given, ...]) -> None:
        for each in given:
            if each.fault and each.number not in self._told_broken:
                self._told_broken.add(each.number)
                log.error("policy.grant_broken", grant=each.number, says=each.fault)
        policy = _with_grants(from_file, given)
        if policy != self.current:
            self.current = policy


def _of_file(file: ConfigFile, settings: Settings) -> Policy:
    return Policy.of_file(file, owners=settings.admins, allowed_bots=settings.allowed_bots)


def _with_grants(policy: Policy, given: Iterable[Given]) -> Policy:
    return replace(policy, rules=(*policy.rules, *(each.rule for each in given if each.rule is not None)))


def _refuse_to_break(
    given: tuple[Given, ...], policy: Policy, given_before: tuple[Given, ...], policy_before: Policy
) -> None:
    """Raises SettingsError for a grant that would break now; what was broken before stands in nobody's way."""
    faults = _faults(given, policy)
    known = _faults(given_before, policy_before)
    lines = [f"grant {number}: {fault}." for number, fault in faults.items() if number not in known]
    if lines:
        listed = "\n".join(lines)
        raise SettingsError(f"With this file, grants of the chat would break:\n{listed}")


def _faults(given: tuple[Given, ...], policy: Policy) -> dict[int, str]:
    """What is wrong with grants, by their numbers. The file's own denies are its writer's business."""
    of_the_chat = _with_grants(replace(policy, rules=()), given)
    faults = {each.number: each.fault for each in given if each.fault}
    for each in given:
        if each.denies and not grants.is_revocable(of_the_chat, each.number, NoRelations()):
            faults.setdefault(each.number, "no owner could revoke it any more")
    return faults
