"""`POST /api/commands`: the same commands for programs, by the same way: stored, queued, waited for."""

from __future__ import annotations

import hmac
import time
from typing import Any
from uuid import uuid4

import psycopg
from flask import Blueprint, current_app, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot.inbound.inbox import receive
from bot.inbound.web import Web
from bot.store.models import InboxEvent

blueprint = Blueprint("rest", __name__)

_PATIENCE = 25.0
"""Seconds a caller waits for an answer before it is told where to ask later (Heroku cuts at 30)."""

Answer = tuple[dict[str, Any], int]


class CommandCall(BaseModel):
    """The body: the line, the e-mail on whose behalf, and optionally the room's id."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    command: str = Field(min_length=1, max_length=20_000)
    person: str = Field(alias="as", pattern=r"^[^@\s]+@[^@\s]+$")
    room: str | None = None


@blueprint.post("/api/commands")
def run_command() -> Answer:
    """Run a command as somebody. An `Idempotency-Key` makes a repeated call one request.

    200 with the replies; 202 with an id while it still runs; 401, 400, 503.
    """
    web: Web = current_app.extensions["sparkops"]
    if not _authorised(web):
        web.counters.count("inbound_refused", source="rest", reason="bad_token")
        return {"error": "A bearer token of SPARKOPS_API_TOKENS is needed."}, 401
    try:
        call = CommandCall.model_validate_json(request.get_data())
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
        return {"error": "The body cannot be used.", "faults": faults}, 400
    key = request.headers.get("Idempotency-Key") or uuid4().hex
    payload = {"line": call.command, "person": call.person, "room": call.room, "key": key}
    try:
        received = receive(web.database, "rest", key, payload, uuid4().hex[:12])
        return _wait_for(web, received.id)
    except (SQLAlchemyError, psycopg.Error):
        web.counters.count("inbound_refused", source="rest", reason="database_away")
        return {"error": "The database is away; nothing was stored."}, 503


@blueprint.get("/api/commands/<int:inbox_id>")
def look_up(inbox_id: int) -> Answer:
    """What became of an earlier call."""
    web: Web = current_app.extensions["sparkops"]
    if not _authorised(web):
        return {"error": "A bearer token of SPARKOPS_API_TOKENS is needed."}, 401
    return _state(web, inbox_id) or ({"id": inbox_id, "status": "running"}, 202)


def _authorised(web: Web) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = [hmac.compare_digest(token.encode(), each.encode()) for each in web.settings.api_tokens]
    return scheme.casefold() == "bearer" and any(known)


def _wait_for(web: Web, inbox_id: int) -> Answer:
    """Look often at first, then less so, until the answer is there or patience ends."""
    pause, until = 0.02, time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if answer := _state(web, inbox_id):
            return answer
        time.sleep(pause)
        pause = min(0.25, pause * 1.5)
    return {"id": inbox_id, "status": "running"}, 202


def _state(web: Web, inbox_id: int) -> Answer | None:
    with web.database.transaction() as session:
        row = session.get(InboxEvent, inbox_id)
        if row is None or row.source != "rest":
            return {"error": f"There is no call {inbox_id}."}, 404
        if row.state == "done":
            return {"id": inbox_id, "status": "done", **(row.answer or {})}, 200
        if row.state == "dead":
            return {"id": inbox_id, "status": "dead", "error": row.reason}, 500
    return None
