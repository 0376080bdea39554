"""The bot's web side with the door to terraform's states, in this process or over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from bot.app import make_app
from bot.assembly import load_parts, make_web
from bot.store.database import Database
from integrations.stacks.engines.model import StateAccess
from integrations.stacks.state.doors import Issued, issue
from tests.bot_in_process import served
from tests.talking import settings_of

KEY = "a" * 40
LINEAGE = "8a6e0804-2bd0-4672-b79d-d97027f9071a"


def app_of(database: Database, **environ: str) -> Flask:
    """The real application over this database."""
    given = {"WEBEX_WEBHOOK_SECRET": "s" * 32, "SPARKOPS_ENCRYPTION_KEY": KEY} | environ
    return make_app(make_web(load_parts(settings_of(given)), database))


@dataclass
class StateDoor:
    """Terraform's side of the door, without terraform."""

    app: Flask
    database: Database
    path: str = "/integrations/stacks/state/eth/main"

    def issued(self, *, instance: str = "main", may_write: bool = True, lasts: float = 3600.0) -> Issued:
        """A new credential."""
        with self.database.transaction() as session:
            return issue(
                session,
                "eth",
                instance,
                may_write=may_write,
                issued_for="run 7",
                lasts=timedelta(seconds=lasts),
            )

    def ask(
        self,
        method: str,
        of: Issued | None,
        content: Any = None,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """One request, with its Content-MD5 as terraform sends it."""
        body = (
            content
            if isinstance(content, bytes)
            else b""
            if content is None
            else json.dumps(content).encode()
        )
        sent = {"Content-MD5": md5(body)} if body else {}
        auth = (of.username, of.password.get_secret_value()) if of else None
        return self.app.test_client().open(
            self.path + query, method=method, data=body, auth=auth, headers=sent | dict(headers or {})
        )


def md5(content: bytes) -> str:
    """As RFC 1864 writes it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def state(serial: int, **more: object) -> dict[str, object]:
    """A state as terraform writes it."""
    return {"version": 4, "serial": serial, "lineage": LINEAGE, "outputs": {}, "resources": []} | more


def lock(lock_id: str = "lock-1", who: str = "ada@laptop") -> dict[str, str]:
    """A lock as terraform sends it."""
    return {
        "ID": lock_id,
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": who,
        "Version": "1.11.4",
        "Created": "2026-11-28T14:53:45Z",
        "Path": "",
    }


@contextmanager
def state_server(database: Database) -> Iterator[str]:
    """The application over HTTP; gives its root."""
    with served(app_of(database)) as url:
        yield url


def access(database: Database, url: str, instance: str = "main", *, may_write: bool = True) -> StateAccess:
    """What a job is given to reach its state there."""
    with database.transaction() as session:
        issued = issue(
            session, "eth", instance, may_write=may_write, issued_for="run 7", lasts=timedelta(hours=1)
        )
    return StateAccess(f"{url}/integrations/stacks/state/eth/{instance}", issued.username, issued.password)
