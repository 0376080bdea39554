"""Ships sealed audit rows elsewhere, in order and at least once: what nobody here can take back any more."""

from __future__ import annotations

import sys
import threading
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
import requests
import structlog
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.access.audit_formats import json_line
from bot.settings import Settings
from bot.store.database import Database
from bot.store.models import AuditRow, Fact

log = structlog.get_logger(__name__)

SHIPPED = "audit shipped"
"""The fact that holds the place in the chain up to which the sink has the rows."""
BATCH = 500
_ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(hashtextextended('sparkops audit shipping', 0))")
_EVERY = 1.0
_SHORTEST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and between two bytes of the answer."""


class SinkUnavailable(Exception):
    """The rows could not be handed over; the text says why, without the sink's path, which may hold a secret."""


class Sink(Protocol):
    """Where the rows go."""

    def take(self, lines: str) -> None:
        """Take these JSON lines, all of them. Raises SinkUnavailable."""


class StdoutSink:
    """The process's own output, for a platform that collects it; the logs go to stderr."""

    def take(self, lines: str) -> None:
        """Write them."""
        try:
            sys.stdout.write(lines)
            sys.stdout.flush()
        except OSError as error:
            raise SinkUnavailable(f"Writing audit rows to stdout: {error.strerror}.") from error


class HttpSink:
    """An address that takes JSON lines by POST and answers 2xx once it has them."""

    def __init__(
        self, url: str, token: SecretStr | None = None, *, timeout: tuple[float, float] = _TIMEOUT
    ) -> None:
        self._url = url
        self._host = urlsplit(url).hostname
        self._timeout = timeout
        self._http = requests.Session()
        self._http.headers["Content-Type"] = "application/x-ndjson"
        if token is not None:
            self._http.headers["Authorization"] = f"Bearer {token.get_secret_value()}"

    def take(self, lines: str) -> None:
        """Post them. A redirect is not followed: the rows go where the settings say."""
        attempted = f"Posting audit rows to {self._host}"
        try:
            answer = self._http.post(
                self._url, data=lines.encode(), timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise SinkUnavailable(f"{attempted}: {type(error).__name__}.") from None
        if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise SinkUnavailable(f"{attempted}: it answered {answer.status_code} {answer.reason}.")


def ship(database: Database, sink: Sink) -> int:
    """Hand the next rows over, five hundred at the most; returns how many, 0 while another process is at it.

    That they were is noted afterwards, so a crash in between ships them twice. Raises SinkUnavailable.
    """
    with database.transaction() as session:
        if not session.scalar(_ONE_AT_A_TIME):
            return 0
        shipped = int(session.scalar(select(Fact.value["seq"]).where(Fact.name == SHIPPED)) or 0)
        rows = session.scalars(
            select(AuditRow).where(AuditRow.seq > shipped).order_by(AuditRow.seq).limit(BATCH)
        ).all()
        if rows:
            sink.take("".join(map(json_line, rows)))
            _note(session, rows[-1].seq or 0)
        return len(rows)


def begin(database: Database) -> None:
    """Note that there is a sink and has nothing yet, unless it has: from then on its lag can be told."""
    with database.transaction() as session:
        session.execute(insert(Fact).values(name=SHIPPED, value={"seq": 0}).on_conflict_do_nothing())


def _note(session: Session, seq: int) -> None:
    statement = insert(Fact).values(name=SHIPPED, value={"seq": seq})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Fact.name], set_={"value": {"seq": seq}, "updated_at": func.now()}
        )
    )


class Shipper:
    """A thread that ships what was sealed; while the sink is away the rows wait, and nothing else does."""

    def __init__(self, database: Database, sink: Sink, *, every: float = _EVERY) -> None:
        """`every` is the seconds between looks while there is nothing to ship."""
        self._database = database
        self._sink = sink
        self._every = every
        self._is_away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-shipping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present batch, or without it where the sink takes its time: it is shipped again later."""
        self._stop.set()
        self._thread.join(timeout=_SHORTEST_WAIT)

    def _run(self) -> None:
        wait, has_begun = 0.0, False
        while not self._stop.wait(wait):
            try:
                if not has_begun:
                    begin(self._database)
                    has_begun = True
                shipped = ship(self._database, self._sink)
            except (SinkUnavailable, SQLAlchemyError, psycopg.Error) as error:
                self._away(error)
                wait = min(_LONGEST_WAIT, max(_SHORTEST_WAIT, wait * 2))
            else:
                self._back(shipped)
                wait = 0.0 if shipped == BATCH else self._every

    def _away(self, error: Exception) -> None:
        if not self._is_away:
            log.error("audit.not_shipped", error=str(error))
        self._is_away = True

    def _back(self, shipped: int) -> None:
        if self._is_away and shipped:
            log.info("audit.shipped_again", rows=shipped)
            self._is_away = False


def shipper_of(settings: Settings, database: Database) -> Shipper | None:
    """The shipper that the settings ask for, not started; None where there is no sink."""
    if settings.audit_sink is None:
        return None
    if settings.audit_sink == "stdout":
        return Shipper(database, StdoutSink())
    return Shipper(database, HttpSink(settings.audit_sink, settings.audit_sink_token))
