"""Keep our own webhooks right: made at start, looked at each minute, re-enabled when Webex has disabled them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from bot.commands.context import Services
from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.sender import Sender
from bot.store import locks
from bot.store.models import Fact
from bot.webex import NAME_PREFIX, Backoff, WebexError, hook_url, sync, watch

log = structlog.get_logger(__name__)

PREFIX = NAME_PREFIX
_HEALTH = "webex"
_BACKOFFS = "webhook back-off"


class WebhookWatch:
    """The bot's webhooks as seen by one worker; only one worker at a time touches them."""

    def __init__(self, services: Services, sender: Sender | None = None) -> None:
        self._services = services
        self._sender = sender

    @property
    def target_url(self) -> str | None:
        """Where Webex shall deliver; None while PUBLIC_URL is not known."""
        public = self._services.settings.public_url
        return hook_url(public) if public else None

    def set_up(self, *, watched: bool = False) -> None:
        """Make the webhooks what they should be. What Webex refuses is logged, told by `/readyz`, and tried again.

        `watched`: after the first time, a disabled webhook is left to `look`.
        """
        if self.target_url is None:
            log.warning("webhooks.no_public_url", says="PUBLIC_URL is not set: Webex cannot reach this bot.")
            self.say(ok=True, text="PUBLIC_URL is not set: Webex cannot reach this bot.")
            return
        secret = self._services.settings.webex_webhook_secrets[0].get_secret_value()
        with self._services.database.transaction() as session:
            if not session.scalar(locks.WEBHOOKS):
                return
            try:
                report = sync(self._services.webex, self.target_url, secret, PREFIX, watched=watched)
            except WebexError as error:
                log.error("webhooks.not_synced", error=str(error))
                self.say(ok=False, text=str(error))
                return
        for refused in report.errors:
            log.error("webhooks.not_synced", error=str(refused))
        self.say(
            ok=not report.errors, text="; ".join(map(str, report.errors)) or "The webhooks are in place."
        )
        if report.changed:
            log.info(
                "webhooks.synced", created=report.created, updated=report.updated, deleted=report.deleted
            )

    def look(self) -> None:
        """Once a minute: is each of our webhooks still there and active?"""
        if self.target_url is None:
            return
        self.set_up(watched=True)
        secret = self._services.settings.webex_webhook_secrets[0].get_secret_value()
        try:
            report = watch(self._services.webex, PREFIX, self._backoffs(), datetime.now(UTC), secret)
        except WebexError as error:
            log.error("webhooks.not_watched", error=str(error))
            self.say(ok=False, text=str(error))
            return
        self._save(_BACKOFFS, {name: _backoff_json(each) for name, each in report.state.items()})
        for sentence in report.sentences:
            log.warning("webhooks.watched", says=sentence)
        if report.sentences:
            self._tell_owners("\n\n".join(report.sentences))

    def say(self, *, ok: bool, text: str) -> None:
        """Let `/readyz` and `doctor` know how we stand with Webex."""
        self._save(_HEALTH, {"ok": ok, "says": self._services.redactor.redact(text)})

    def _tell_owners(self, markdown: str) -> None:
        services, lanes = self._services, []
        with services.database.transaction() as session:
            for owner in services.settings.admins:
                key = f"webhooks:{owner}:{datetime.now(UTC):%Y%m%d%H%M%S%f}"
                message = Outgoing(key=key, markdown=markdown, to_person_email=owner)
                lanes.append(enqueue(session, message, services.redactor))
        if self._sender is not None:
            self._sender.kick(lanes)

    def _backoffs(self) -> dict[str, Backoff]:
        with self._services.database.transaction() as session:
            fact = session.get(Fact, _BACKOFFS)
            return {name: _backoff(each) for name, each in fact.value.items()} if fact else {}

    def _save(self, name: str, value: Mapping[str, Any]) -> None:
        statement = insert(Fact).values(name=name, value=dict(value))
        with self._services.database.transaction() as session:
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=[Fact.name], set_={"value": dict(value), "updated_at": text("now()")}
                )
            )


def _backoff_json(backoff: Backoff) -> dict[str, Any]:
    return {
        "tries": backoff.tries,
        "tried_at": backoff.tried_at.isoformat(),
        "not_before": backoff.not_before.isoformat(),
    }


def _backoff(value: Mapping[str, Any]) -> Backoff:
    return Backoff(
        value["tries"],
        datetime.fromisoformat(value["tried_at"]),
        datetime.fromisoformat(value["not_before"]),
    )
