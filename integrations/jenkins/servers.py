"""The Jenkins servers there are, and which of them is meant."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.settings import Settings
from bot.store.counters import Counting
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.relay.noise import Change
from integrations.jenkins.settings import JenkinsSettings
from integrations.jenkins.store.models import JenkinsRoom

AWAY = 20.0
"""Seconds for which a server that did not answer is not asked for what a report leaves out."""


class NoSuchServer(Exception):
    """No server is called so. `likely` is the name that may be meant, or empty."""

    def __init__(self, name: str, names: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.names = names
        self.likely = next(iter(get_close_matches(name.casefold(), names, n=1, cutoff=0.6)), "")


class Servers:
    """The bot's own client of each server, by name; the default one comes first."""

    def __init__(
        self,
        clients: Mapping[str, JenkinsClient],
        *,
        committers: Mapping[str, str] | None = None,
        templates: Mapping[str, str] | None = None,
        reporting: Collection[str] = (),
        log_bytes: int = 500_000_000,
    ) -> None:
        """`clients`: at least one. `reporting`: those whose hook has a secret, so that they report by themselves."""
        self._clients = dict(clients)
        self.committers = dict(committers or {})
        """The Webex address of people whom Jenkins knows by another name."""
        self.reporting = frozenset(reporting)
        self._away: dict[str, float] = {}
        self.log_bytes = log_bytes
        """Bytes of a log that a search reads at most."""
        self._templates = dict(templates or {})

    def is_away(self, name: str) -> bool:
        """Whether a server has not answered just now, so that what can do without it does."""
        return time.monotonic() < self._away.get(name, 0.0)

    def was_away(self, name: str) -> None:
        """Remember for a while that it did not answer: whoever waits for it holds up others' events."""
        self._away[name] = time.monotonic() + AWAY

    def template(self, name: str, change: Change) -> str | None:
        """The template to tell a build's end by: the one called so, the change's own, or the default; or none."""
        found = (self._templates.get(each) for each in (name, change.value, "default") if each)
        return next((each for each in found if each is not None), None)

    @property
    def templates(self) -> tuple[str, ...]:
        """The names a subscription may choose."""
        return tuple(self._templates)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, the default one first."""
        return tuple(self._clients)

    @property
    def default(self) -> str:
        """The server that is meant where neither the line nor the room says which."""
        return self.names[0]

    def get(self, name: str) -> JenkinsClient:
        """The client of one server; capitals make no difference. Raises NoSuchServer."""
        client = self._clients.get(name.casefold())
        if client is None:
            raise NoSuchServer(name, self.names)
        return client

    def every(self) -> tuple[JenkinsClient, ...]:
        """All clients."""
        return tuple(self._clients.values())

    def count_with(self, counters: Counting) -> None:
        """Count the requests to each server, by what becomes of them."""
        for name, client in self._clients.items():
            client.transport.counted = partial(_count, counters, name)

    def of_address(self, url: str) -> str | None:
        """The server whose root an absolute address lies below; None where that is none or not one alone."""
        found = [name for name, client in self._clients.items() if _below(url, client.url)]
        return found[0] if len(found) == 1 else None


def _count(counters: Counting, server: str, outcome: str) -> None:
    counters.count("jenkins_requests", server=server, outcome=outcome)


def _below(url: str, root: str) -> bool:
    address, base = urlsplit(url), urlsplit(root)
    return (address.scheme, address.netloc.casefold()) == (
        base.scheme,
        base.netloc.casefold(),
    ) and address.path.startswith(base.path)


def connect(settings: JenkinsSettings, _bot: Settings) -> Servers | None:
    """The servers of these settings; None where there is none."""
    clients = {}
    for name, server in settings.every.items():
        assert server.url and server.user and server.token  # `every` holds complete ones only
        token = server.token.get_secret_value()
        clients[name] = JenkinsClient(
            server.url,
            server.user,
            token,
            timeout=server.timeout,
            name=name,
            trigger_token=server.trigger_token.get_secret_value() if server.trigger_token else None,
            requester_parameter=server.requester_parameter,
        )
    reporting = {name for name, server in settings.every.items() if server.hook_secrets}
    if not clients:
        return None
    return Servers(
        clients,
        committers=settings.committers,
        templates=settings.templates,
        reporting=reporting,
        log_bytes=settings.log_search_mb * 1_000_000,
    )


def server_of_room(session: Session, room_id: str | None) -> str | None:
    """The server a room has chosen; None where it has chosen none."""
    row = session.get(JenkinsRoom, room_id) if room_id else None
    return row.server if row else None


def noun_in(session: Session, servers: Servers, server: str, room_id: str | None) -> str:
    """How a command to this server is begun in a room: `jenkins`, or `jenkins@prod` where that means another."""
    chosen = server_of_room(session, room_id)
    usual = chosen if chosen in servers.names else servers.default
    return "jenkins" if server == usual else f"jenkins@{server}"


def choose_server(session: Session, room_id: str, server: str, by: str) -> None:
    """Let this server be meant in a room where none is named."""
    values = {"server": server, "chosen_by": by}
    statement = insert(JenkinsRoom).values(room_id=room_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[JenkinsRoom.room_id], set_=values))


def unchoose_server(session: Session, room_id: str) -> None:
    """Let the default server be meant in a room again."""
    session.execute(delete(JenkinsRoom).where(JenkinsRoom.room_id == room_id))
