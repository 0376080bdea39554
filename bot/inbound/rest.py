"""`POST /api/commands`: the same commands for programs, by the same way: stored, queued, waited for."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from flask import Blueprint, current_app, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot.access import api_tokens
from bot.access.api_tokens import ENVIRONMENT, NotAccepted
from bot.access.scopes import Scope
from bot.inbound.web import Web
from bot.settings import revealed
from bot.store.models import InboxEvent

log = structlog.get_logger(__name__)
blueprint = Blueprint("rest", __name__)

_PATIENCE = 25.0
"""Seconds a caller waits for an answer before it is told where to ask later (Heroku cuts at 30)."""

_seats = threading.BoundedSemaphore(4)
_LONGEST_KEY = 255
_NO_TOKEN = "A bearer token is needed: `Authorization: Bearer …`. `token create` makes one."
_AWAY = (SQLAlchemyError, psycopg.Error)

Answer = tuple[dict[str, Any], int]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token a call came with; without a scope it is one of SPARKOPS_API_TOKENS, which nothing binds."""

    scope: Scope | None = None

    @property
    def token_id(self) -> int | None:
        """The token's number; those of the environment share none."""
        return self.scope.token_id if self.scope else None

    @property
    def name(self) -> str:
        """The token's name."""
        return self.scope.token if self.scope else ENVIRONMENT

    def key(self, given: str) -> str:
        """The call's key: each token has its own, so that nobody meets another's calls by guessing theirs."""
        return f"token {self.token_id}: {given}" if self.scope else given


class CommandCall(BaseModel):
    """The body: the line, the e-mail on whose behalf, and optionally the room's id."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    command: str = Field(min_length=1, max_length=20_000)
    person: str = Field(alias="as", pattern=r"^[^@\s]+@[^@\s]+$")
    room: str | None = None


@blueprint.post("/api/commands")
def run_command() -> Answer:
    """Run a command as somebody. An `Idempotency-Key` makes a repeated call one request.

    200 with the replies; 202 with an id while it still runs; 400, 401, 403, 404, 413, 422, 500, 503.
    """
    web: Web = current_app.extensions["sparkops"]
    caller = _caller(web)
    if not isinstance(caller, Caller):
        return caller
    call = _read(web)
    if not isinstance(call, CommandCall):
        return call
    if caller.scope and not caller.scope.speaks_as(call.person):
        says = f"The token {caller.name} may not speak as {call.person}."
        return _refuse(web, "not_as", 403, says)
    key = request.headers.get("Idempotency-Key") or uuid4().hex
    if len(key) > _LONGEST_KEY:
        return _refuse(web, "bad_key", 400, f"The Idempotency-Key is longer than {_LONGEST_KEY} characters.")
    return _receive(web, caller, call, caller.key(key))


def _read(web: Web) -> CommandCall | Answer:
    body = web.body()
    if body is None:
        return _refuse(web, "too_large", 413, f"The body is larger than {web.settings.max_body_bytes} bytes.")
    try:
        return CommandCall.model_validate_json(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
        return _refuse(web, "bad_json", 400, "The body cannot be used.", faults=faults)


def _receive(web: Web, caller: Caller, call: CommandCall, key: str) -> Answer:
    payload = {
        "line": call.command,
        "person": call.person,
        "room": call.room,
        "key": key,
        "token_id": caller.token_id,
        "token": caller.name,
    }
    payload["call"] = _fingerprint(web, payload)
    try:
        received = web.intake.receive("rest", key, payload, uuid4().hex[:12])
        is_other = received.deliveries > 1 and _fingerprint_of(web, received.id) != payload["call"]
    except _AWAY as error:
        return _away(web, error, "The database is away; nothing was stored.")
    if is_other:
        says = "This Idempotency-Key was used for another call. Use a new key for each."
        return _refuse(web, "bad_key", 422, says)
    return _wait_for(web, received.id, caller)


@blueprint.get("/api/commands/<int:inbox_id>")
def look_up(inbox_id: int) -> Answer:
    """What became of an earlier call."""
    web: Web = current_app.extensions["sparkops"]
    caller = _caller(web)
    if not isinstance(caller, Caller):
        return caller
    try:
        return _state(web, inbox_id, caller) or ({"id": inbox_id, "status": "running"}, 202)
    except _AWAY as error:
        return _away(web, error, "The database is away.")


def _refuse(web: Web, reason: str, status: int, says: str, **more: Any) -> Answer:
    web.counters.count("inbound_refused", source="rest", reason=reason)
    return {"error": says, **more}, status


def _away(web: Web, error: Exception, says: str) -> Answer:
    log.error("inbound.database_away", source="rest", error=str(error))
    return _refuse(web, "database_away", 503, says)


def _caller(web: Web) -> Caller | Answer:
    """Whose token the call came with, or why it opens nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token:
        return _refuse(web, "bad_token", 401, _NO_TOKEN)
    known = [hmac.compare_digest(token.encode(), each.encode()) for each in revealed(web.settings.api_tokens)]
    if any(known):
        return Caller()
    if not token.startswith(api_tokens.PREFIX):
        return _refuse(web, "bad_token", 401, _NO_TOKEN)
    try:
        with web.database.transaction() as session:
            return Caller(api_tokens.accepted(session, token).scope)
    except NotAccepted as error:
        return _refuse(web, f"{error.reason}_token", 401, str(error))
    except _AWAY as error:
        return _away(web, error, "The database is away; nothing was stored.")


def _wait_for(web: Web, inbox_id: int, caller: Caller) -> Answer:
    """Look often at first, then less so, until the answer is there or patience ends.

    Only a few may wait in a process: its threads are there for Webex' deliveries first. Others are told at
    once where to ask.
    """
    if not _seats.acquire(blocking=False):
        return {"id": inbox_id, "status": "running"}, 202
    try:
        return _look_until_answered(web, inbox_id, caller)
    finally:
        _seats.release()


def _look_until_answered(web: Web, inbox_id: int, caller: Caller) -> Answer:
    pause, until = 0.02, time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            if answer := _state(web, inbox_id, caller):
                return answer
        except _AWAY as error:  # the call is stored: it will be carried out, and can be asked for later
            log.error("inbound.database_away", source="rest", error=str(error))
        time.sleep(pause)
        pause = min(0.25, pause * 1.5)
    return {"id": inbox_id, "status": "running"}, 202


def _state(web: Web, inbox_id: int, caller: Caller) -> Answer | None:
    """What became of a call, as only the token that made it is told; None while it is not done."""
    with web.database.transaction() as session:
        row = session.get(InboxEvent, inbox_id)
        if row is None or row.source != "rest" or row.payload.get("token_id") != caller.token_id:
            return {"error": f"There is no call {inbox_id}."}, 404
        if row.state == "done":
            return {"id": inbox_id, "status": "done", **(row.answer or {})}, 200
        if row.state in {"dead", "ignored"}:
            told = {"id": inbox_id, "status": row.state, "error": row.reason}
            return told, 500 if row.state == "dead" else 404
    return None


def _fingerprint(web: Web, payload: Mapping[str, Any]) -> str:
    """The same for the same call. What is stored of a call may be masked later, but this tells it from another."""
    key = web.settings.webex_webhook_secrets[0].get_secret_value().encode()
    return hmac.digest(key, json.dumps(payload, sort_keys=True).encode(), "sha256").hex()


def _fingerprint_of(web: Web, inbox_id: int) -> str | None:
    with web.database.transaction() as session:
        payload: Mapping[str, Any] = session.get_one(InboxEvent, inbox_id).payload
    return payload.get("call")
