"""Keep a process's policy as everybody else's: told by PostgreSQL of new grants, and to read the file anew."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.access.policies import Policies
from bot.config_file import SettingsError
from bot.outbound.redact import Redactor
from bot.store.database import Database

log = structlog.get_logger(__name__)

CHANNEL = "sparkops_access"
"""Where every change of the grants is told (by a trigger), and every wish that the file be read anew."""
FACT = "policy"
"""The row of `facts` that says whether every process could read its file when it was last asked to."""

_FILE = "file"
_RETRY = 1.0
"""Seconds between looks at the grants while nothing can be heard."""
_LOOK_AT_STOP = 0.5
_ASK = text("""
    INSERT INTO facts (name, value)
    VALUES (:name, jsonb_build_object('ok', true, 'says', CAST(:says AS text), 'reloads', 1))
    ON CONFLICT (name) DO UPDATE SET updated_at = now(), value = EXCLUDED.value ||
        jsonb_build_object('reloads', coalesce((facts.value ->> 'reloads')::bigint, 0) + 1)
""")
_TELL = text("""
    INSERT INTO facts (name, value) VALUES (:name, jsonb_build_object('ok', false, 'says', CAST(:says AS text)))
    ON CONFLICT (name) DO UPDATE SET updated_at = now(), value = facts.value || EXCLUDED.value
""")
_RELOADS = "SELECT coalesce((value ->> 'reloads')::bigint, 0) FROM facts WHERE name = %s"


def ask_reload(session: Session) -> None:
    """Ask every process, when the session commits, to read its file anew."""
    session.execute(_ASK, {"name": FACT, "says": "Every process took the file it was asked to read."})
    session.execute(text("SELECT pg_notify(:channel, :what)"), {"channel": CHANNEL, "what": _FILE})


class PolicyWatch:
    """One thread that listens. While it cannot, it reads the grants each second; the policy stays meanwhile.

    A file that cannot be taken is logged and told in `facts`; the policy stays in force.
    """

    def __init__(self, policies: Policies, database: Database, redactor: Redactor) -> None:
        self._policies = policies
        self._database = database
        self._redactor = redactor
        self.listening = threading.Event()
        """Set while every change is heard."""
        self._stop = threading.Event()
        self._away = False
        self._reloads = -1
        """How many reloads had been asked for when this process last read its file; -1: it never did here."""
        self._thread = threading.Thread(target=self._run, name="policy", daemon=True)

    def start(self) -> None:
        """Read the grants now (until that is done everything is denied), and begin to listen."""
        self._guarded(self._policies.refresh_grants)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._guarded(self._listen)
            if not self._stop.wait(_RETRY):
                # The grants are read although nothing was heard: the listening may be all that is broken.
                self._guarded(self._policies.refresh_grants)

    def _guarded(self, look: Callable[[], None]) -> None:
        """A fault ends one look and not the thread, or nobody here would hear any more what is revoked."""
        try:
            look()
        except (psycopg.Error, SQLAlchemyError) as error:
            self._tell_away(error)
        except Exception:
            log.exception("policy.watch_broken")
        finally:
            self.listening.clear()

    def _listen(self) -> None:
        """Raises psycopg.Error and SQLAlchemyError."""
        with psycopg.connect(
            self._database.url,
            autocommit=True,
            connect_timeout=5,
            application_name="sparkops policy",
            keepalives_idle=10,  # a connection that died without a word is noticed within half a minute
            keepalives_interval=5,
            keepalives_count=3,
        ) as listening:
            listening.execute(f"LISTEN {CHANNEL}")
            self._catch_up(listening)
            if self._away:
                log.info("policy.database_back")
                self._away = False
            self.listening.set()
            while not self._stop.is_set():
                heard = [each.payload for each in listening.notifies(timeout=_LOOK_AT_STOP, stop_after=1)]
                if _FILE in heard:
                    self._catch_up(listening)
                elif heard:
                    self._policies.refresh_grants()

    def _catch_up(self, listening: psycopg.Connection[tuple[int]]) -> None:
        """Read the file where that was asked for since it was last read, and the grants in any case."""
        row = listening.execute(_RELOADS, (FACT,)).fetchone()
        asked = row[0] if row else 0
        if asked == self._reloads:
            self._policies.refresh_grants()
            return
        try:
            self._policies.reload()
        except SettingsError as error:
            self._tell_refused(error)
            self._policies.refresh_grants()
        self._reloads = asked

    def _tell_refused(self, error: SettingsError) -> None:
        log.error("policy.file_refused", says=str(error))
        me = f"{socket.gethostname()}, process {os.getpid()}"
        says = f"{me} keeps its old policy: {error} Mend the file there, then `access reload`."
        with self._database.transaction() as session:
            session.execute(_TELL, {"name": FACT, "says": self._redactor.redact(says)})

    def _tell_away(self, error: psycopg.Error | SQLAlchemyError) -> None:
        if not self._away:
            log.error("policy.database_away", error=str(error))
            self._away = True
