"""What a command's handler is given: the request, and the services it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.access.audit_seals import SealKeys, seal_keys
from bot.access.credentials import Service, Vault
from bot.access.encryption import Reseal
from bot.access.policies import Policies
from bot.access.policy import Decision, Policy, Question
from bot.access.relations import NoRelations, Relations
from bot.commands.model import Command, Place, Reply, Request
from bot.commands.registry import Registry
from bot.outbound.redact import Redactor
from bot.rooms.find import Titles
from bot.runs import runs
from bot.settings import Settings
from bot.store.counters import Counting, NoCounters
from bot.store.database import Database
from bot.webex import WebexClient


@dataclass(frozen=True, slots=True)
class Services:
    """What all commands and runs share. `clients` holds each integration's own client by its name."""

    settings: Settings
    database: Database
    redactor: Redactor
    policies: Policies
    registry: Registry
    webex: WebexClient
    clients: Mapping[str, Any] = field(default_factory=dict)
    relations: Relations = field(default_factory=NoRelations)
    vault: Vault = field(default_factory=Vault)
    credentials: Mapping[str, Service] = field(default_factory=dict)
    """What people may give a credential for, by the integration's name."""
    reseals: tuple[Reseal, ...] = ()
    """What integrations keep encrypted, beside credentials."""
    titles: Titles = field(default_factory=Titles)
    """The bot's rooms by title."""
    counters: Counting = field(default_factory=NoCounters)

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policies.current

    @property
    def audit_keys(self) -> SealKeys:
        """What the rows of the audit trail are sealed with."""
        return seal_keys(self.settings.encryption_keys)

    def question(
        self, command: Command, person: str, place: Place, arguments: Mapping[str, tuple[str, ...]]
    ) -> Question:
        """The question to the policy that running this command is."""
        return Question(
            person=person,
            command=command.name,
            effect=command.effect.value,
            room_ids=place.ids,
            room_title=place.title,
            room_type=place.type,
            arguments=arguments,
            relations=self.relations,
        )

    def may_ever(self, command: Command, person: str, place: Place) -> Decision:
        """May this person run the command here with some arguments at least? For help and suggestions."""
        return self.policy.decide(self.question(command, person, place, {}), any_arguments=True)


@dataclass(frozen=True, slots=True)
class Context:
    """One request in the hands of one handler."""

    request: Request
    services: Services
    command: Command
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The parameters as the policy sees them."""

    def start_run(
        self,
        kind: str,
        title: str,
        arguments: Mapping[str, Any],
        *,
        live: str,
        lock_key: str | None = None,
        attempted: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Reply:
        """Start work that outlives this reply, or find the run this very request has started before.

        `live` is the first text of the run's live message; where there is no room, the reply says how
        to look at the run. `attempted` holds, by name, the outcomes of what the command has itself done of the
        run's attempts, since it held a secret that no run may keep: the run finds them as its own, and repeats none.
        """
        request = self.request
        with self.services.database.transaction() as session:
            run_id, new = runs.start(
                session,
                self.services.redactor,
                kind=kind,
                title=title,
                arguments=arguments,
                requester=request.person,
                request_key=request.key,
                room_id=request.place.room_id,
                parent_id=request.parent_id,
                correlation_id=request.correlation_id,
                live=live,
                lock_key=lock_key,
                asked=asked(self.command, request, self.arguments),
            )
            if new and attempted:
                runs.remember(session, self.services.redactor, run_id, attempted)
        return Reply(
            f"{live}\n\nThis is run {run_id}: `run show {run_id}`, `run log {run_id}`.", run_id=run_id
        )


def asked(command: Command, request: Request, arguments: Mapping[str, tuple[str, ...]]) -> Mapping[str, Any]:
    """What a run keeps of the request it came from, so that the same can be asked of the policy when it begins."""
    return {
        "command": command.name,
        "arguments": {name: list(values) for name, values in arguments.items()},
        "place": {
            "ids": list(request.place.ids),
            "title": request.place.title,
            "type": request.place.type,
        },
        "scope": request.scope.token_id if request.scope else None,
        "approved": request.approved,
    }
