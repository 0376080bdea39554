"""The door to the states: what terraform's `http` backend asks.

Its side of the talk is described at developer.hashicorp.com/terraform/language/backend/http. `GET` reads,
`POST ?ID=…` writes under the lock of that id, `LOCK` and `UNLOCK` take and free it, `DELETE` removes. Each
request carries the credential of one run for one instance (`doors`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import structlog
from flask import Blueprint, Response, jsonify, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from bot.settings import Settings
from bot.store.database import Database
from integrations.stacks.settings import StacksSettings
from integrations.stacks.state import locks, versions
from integrations.stacks.state.doors import Visitor, visitor
from integrations.stacks.state.locks import Lock, UnreadableLock, read_info
from integrations.stacks.state.sealing import CannotOpen, NoKey, Sealer
from integrations.stacks.state.versions import Conflict, UnreadableState

log = structlog.get_logger(__name__)

_LARGEST_LOCK = 64_000
_METHODS = ["GET", "POST", "DELETE", "LOCK", "UNLOCK"]


class Refused(Exception):
    """The request is not met; the text is told to whoever sent it."""

    def __init__(self, status: int, says: str, lock: Lock | None = None) -> None:
        super().__init__(says)
        self.status = status
        self.lock = lock


@dataclass(frozen=True, slots=True)
class Door:
    """What all requests share."""

    database: Database
    sealer: Sealer
    largest: int
    keep: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its sender known."""

    door: Door
    session: Session
    stack: str
    instance: str
    visitor: Visitor


def routes(settings: StacksSettings, bot: Settings, database: Database) -> Blueprint:
    """The blueprint, to be served below `/integrations/stacks`."""
    door = Door(database, Sealer(bot.encryption_keys), settings.state_mb * 1_000_000, settings.state_versions)
    blueprint = Blueprint("stacks", __name__)
    blueprint.add_url_rule(
        "/state/<stack>/<instance>", "state", _documented(partial(_answered, door)), methods=_METHODS
    )
    return blueprint


def _documented(view: Callable[..., Response]) -> Callable[..., Response]:
    view.__doc__ = """Terraform's state of one instance of a stack, for its `http` backend.

    Basic authentication with the credential of a run; 200, 400, 401, 403, 404, 409, 413, 423, 503.
    """
    return view


def _answered(door: Door, stack: str, instance: str) -> Response:
    try:
        with door.database.transaction() as session:
            who = _sender(session, stack, instance)
            return _ANSWERS[_method()](Asked(door, session, stack, instance, who))
    except Refused as refusal:
        log.info(
            "stack.state.refused", stack=stack, instance=instance, method=request.method,
            status=refusal.status, says=str(refusal),
        )  # fmt: skip
        return _refusal(refusal)
    except (NoKey, CannotOpen) as error:
        log.error("stack.state.unsealed", stack=stack, instance=instance, error=str(error))
        return _refusal(Refused(503, str(error)))
    except (SQLAlchemyError, psycopg.Error) as error:
        log.error("stack.state.database_away", stack=stack, instance=instance, error=str(error))
        return _refusal(Refused(503, "the database does not answer"))


def _method() -> str:
    return "GET" if request.method == "HEAD" else request.method


def _sender(session: Session, stack: str, instance: str) -> Visitor:
    given = request.authorization
    if given is not None and given.type == "basic":
        known = visitor(session, stack, instance, given.username or "", given.password or "")
        if known is not None:
            return known
    raise Refused(401, "a credential of a run of this instance is needed, and none that is valid was given")


def _read(asked: Asked) -> Response:
    content = versions.read(asked.session, asked.door.sealer, asked.stack, asked.instance)
    if content is None:
        raise Refused(404, "there is no state yet")
    answer = Response(content, mimetype="application/json")
    answer.headers["Content-MD5"] = _md5(content)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _write(asked: Asked) -> Response:
    _may_write(asked)
    content = _body(asked.door.largest)
    _under_the_lock(asked)
    try:
        versions.write(
            asked.session, asked.door.sealer, asked.stack, asked.instance, content,
            credential_id=asked.visitor.id, keep=asked.door.keep,
        )  # fmt: skip
    except UnreadableState as error:
        raise Refused(400, str(error)) from error
    except Conflict as error:
        raise Refused(409, str(error)) from error
    log.info("stack.state.written", stack=asked.stack, instance=asked.instance, bytes=len(content))
    return Response(status=200)


def _remove(asked: Asked) -> Response:
    _may_write(asked)
    _under_the_lock(asked)
    versions.remove(asked.session, asked.stack, asked.instance, credential_id=asked.visitor.id)
    return Response(status=200)


def _lock(asked: Asked) -> Response:
    info, whole = _lock_info()
    holder = locks.take(asked.session, asked.stack, asked.instance, info, whole, asked.visitor.id)
    if holder is not None:
        raise Refused(423, "it is locked", holder)
    log.info("stack.state.locked", stack=asked.stack, instance=asked.instance, who=info.who, lock_id=info.id)
    return Response(status=200)


def _unlock(asked: Asked) -> Response:
    """What has no body is `force-unlock`: whose lock it frees, an approver decides, and not a run."""
    info, _ = _lock_info()
    holder = locks.free(asked.session, asked.stack, asked.instance, info.id)
    if holder is not None:
        raise Refused(423, "another lock is held", holder)
    return Response(status=200)


_ANSWERS: dict[str, Callable[[Asked], Response]] = {
    "GET": _read,
    "POST": _write,
    "DELETE": _remove,
    "LOCK": _lock,
    "UNLOCK": _unlock,
}


def _may_write(asked: Asked) -> None:
    if not asked.visitor.may_write:
        raise Refused(403, "this credential is for a plan, which only reads")


def _under_the_lock(asked: Asked) -> None:
    """A write names the lock it is made under; whose lock was freed by others meanwhile writes no more."""
    given = request.args.get("ID", "")
    holder = locks.of(asked.session, asked.stack, asked.instance, for_update=True)
    if holder is None and given:
        raise Refused(
            409, f"the lock {given} was freed meanwhile: what was to be written under it is not taken"
        )
    if holder is not None and holder.id != given:
        raise Refused(423, "it is locked", holder)


def _lock_info() -> tuple[locks.LockInfo, dict[str, Any]]:
    try:
        return read_info(_body(_LARGEST_LOCK))
    except UnreadableLock as error:
        raise Refused(400, str(error)) from error


def _body(largest: int) -> bytes:
    """The body, if it is not too large and is what its Content-MD5 says.

    Werkzeug (3.1) cuts a body that does not tell its length at the limit without a word; that is one byte more
    than allowed, so what was cut can be seen.
    """
    request.max_content_length = largest + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = b"x" * (largest + 1)
    if len(body) > largest:
        raise Refused(413, f"it is larger than {largest:,} bytes, which is the most that is taken")
    given = request.headers.get("Content-MD5")
    if given is not None and not hmac.compare_digest(given.encode(), _md5(body).encode()):
        raise Refused(400, "its Content-MD5 is another: it was changed or cut on the way")
    return body


def _md5(content: bytes) -> str:
    """As RFC 1864 writes it; it tells of accidents only."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _refusal(refusal: Refused) -> Response:
    # Where it is locked, terraform reads the lock itself, and shows whoever waits the holder's own words.
    answer = jsonify(dict(refusal.lock.info) if refusal.lock else {"error": str(refusal)})
    answer.status_code = refusal.status
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="stack states", charset="UTF-8"'
    return answer
