"""The hooks: `POST /hooks/webex` and `POST /hooks/<integration>/<secret>`. Check, store, queue, answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from flask import Blueprint, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from bot.inbound.identity import is_noise
from bot.inbound.inbox import DOOR
from bot.inbound.intake import UnstorableEvent
from bot.inbound.signatures import signed_by_one_of
from bot.inbound.web import Web
from bot.integration import UnreadableEvent
from bot.settings import revealed

log = structlog.get_logger(__name__)
blueprint = Blueprint("hooks", __name__)

Answer = tuple[dict[str, Any], int]


@blueprint.post("/hooks/webex")
def webex() -> Answer:
    """A delivery of Webex: signed, small, well-formed, stored. Anything else is counted and not acted on."""
    web: Web = current_app.extensions["sparkops"]
    body = web.body()
    if body is None:
        return _refuse(web, "webex", "too_large", 413)
    if not signed_by_one_of(body, request.headers, revealed(web.settings.webex_webhook_secrets)):
        return _refuse(web, "webex", "bad_signature", 401)
    payload = _webex_payload(body)
    if payload is None:
        return _refuse(web, "webex", "bad_json", 400)
    try:
        if is_noise(payload, web.identity.get(), web.settings.allowed_bots):
            web.counters.count("inbound_dropped", source="webex", reason="own_or_bot")
            return {"status": "dropped"}, 200
        return _store(web, "webex", _dedupe_key(payload), payload)
    except (SQLAlchemyError, psycopg.Error) as error:
        return _unavailable(web, "webex", error)


@blueprint.post("/hooks/<name>/<secret>")
def integration(name: str, secret: str) -> Answer:
    """A report of an outside system that knows the secret end of its URL."""
    web: Web = current_app.extensions["sparkops"]
    loaded = web.integrations.get(name)
    body = web.body()
    if body is None:
        return _refuse(web, name if loaded else "unknown", "too_large", 413)
    hook = loaded.integration.hook if loaded else None
    secrets = loaded.hook_secrets if loaded else ()
    known = [each for each in secrets if hmac.compare_digest(secret.encode(), each.encode())]
    if loaded is None or hook is None or not known:
        return _refuse(web, name if loaded else "unknown", "bad_secret", 401)
    try:
        event = hook.read(body, dict(request.headers))
    except UnreadableEvent as error:
        log.warning("hook.unreadable", integration=name, error=str(error))
        return _refuse(web, name, "bad_json", 400, str(error))
    try:
        if not (door := loaded.door(known[0])):
            return _store(web, name, event.dedupe_key, event.payload)
        return _store(web, name, f"{door}:{event.dedupe_key}", {**event.payload, DOOR: door})
    except (SQLAlchemyError, psycopg.Error) as error:
        return _unavailable(web, name, error)


def _store(web: Web, source: str, key: str, payload: Any) -> Answer:
    correlation_id = uuid4().hex[:12]
    try:
        received = web.intake.receive(source, key, payload, correlation_id)
    except UnstorableEvent as error:
        log.warning("inbound.unstorable", source=source, error=str(error))
        return _refuse(web, source, "bad_json", 400)
    if received.deliveries > 1:
        web.counters.count("inbound_duplicates", source=source)
    return {"status": "stored", "id": received.id}, 200


def _refuse(web: Web, source: str, reason: str, status: int, says: str = "") -> Answer:
    web.counters.count("inbound_refused", source=source, reason=reason)
    return {"error": says or reason.replace("_", " ")}, status


def _unavailable(web: Web, source: str, error: Exception) -> Answer:
    log.error("inbound.database_away", source=source, error=str(error))
    return _refuse(web, source, "database_away", 503)


def _webex_payload(body: bytes) -> dict[str, Any] | None:
    """What is kept of a delivery; None where it is not one."""
    try:
        sent = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(sent, dict) or not isinstance(sent.get("data"), dict):
        return None
    kept = {name: sent.get(name) for name in ("resource", "event", "data", "actorId")}
    named = all(
        isinstance(text, str) for text in (sent.get("resource"), sent.get("event"), sent["data"].get("id"))
    )
    return kept if named else None


def _dedupe_key(payload: dict[str, Any]) -> str:
    """(resource, event, data.id).

    What is updated, and a membership (which has the same id when the bot is added again), may rightly come
    again: there the content counts too, and only deliveries within the same ten seconds are taken for one.
    """
    key = f"{payload['resource']}:{payload['event']}:{payload['data']['id']}"
    if payload["event"] != "updated" and payload["resource"] != "memberships":
        return key
    content = json.dumps(payload["data"], sort_keys=True).encode()
    return f"{key}:{hashlib.sha256(content).hexdigest()[:16]}:{int(time.time() // 10)}"
