"""The bot's web side and its worker's parts in this process, around a stand-in Webex and a real database.

What the worker does with jobs and threads, a test does here step by step: `work()` carries out all that is
due, and `let_pass()` lets the time go by that something waits for.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import structlog
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from bot.app import make_app
from bot.assembly import Parts, make_services, make_web, make_webex
from bot.commands.builtin import COMMANDS
from bot.commands.context import Services
from bot.commands.model import Command
from bot.commands.registry import Registry
from bot.inbound import inbox
from bot.inbound.handle import InboxHandler
from bot.inbound.identity import Identity, save_identity
from bot.inbound.rooms import Rooms
from bot.inbound.web import Web
from bot.inbound.webex_events import WebexEvents
from bot.inbound.webhook_watch import WebhookWatch
from bot.integration import Integration, Loaded
from bot.outbound.redact import Redactor
from bot.outbound.sender import Sender
from bot.runs.ownership import Ownership
from bot.store.database import Database
from tests.playground.running import Webex
from tests.talking import OWNER, settings_of, wait_for

SECRET = "webhook-secret-of-the-tests"
API_TOKEN = "api-token-of-the-tests"
BOT = "sparkops@webex.bot"


@dataclass
class BotInProcess:
    """Everything a delivery passes, from the HTTP edge to the reply in the room."""

    webex: Webex
    database: Database
    services: Services
    web: Web
    app: Flask
    http: FlaskClient
    ownership: Ownership
    me: Identity
    rooms: Rooms
    sender: Sender
    handler: InboxHandler
    watch: WebhookWatch
    room: str = ""

    def deliver(
        self,
        event: Mapping[str, Any] | bytes,
        *,
        secret: str = SECRET,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Post an event to the hook as Webex does, signed with `secret` unless other headers are given."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        signed = {"X-Spark-Signature": hmac.digest(secret.encode(), body, hashlib.sha1).hex()}
        return self.http.post("/hooks/webex", data=body, headers=signed if headers is None else dict(headers))

    def say(
        self, line: str, *, person: str = OWNER, room: str | None = None, parent: str | None = None
    ) -> dict[str, Any]:
        """A person mentions the bot in the room; returns the message. Nothing is delivered yet."""
        fields = {"parentId": parent} if parent else {}
        markdown = f"<@personEmail:{BOT}|Sparkops> {line}"
        message: dict[str, Any] = self.webex.person(person).post(
            "messages", roomId=room or self.room, markdown=markdown, **fields
        )
        return message

    def hear(self, line: str, **more: Any) -> dict[str, Any]:
        """A person mentions the bot, and Webex delivers it; returns the message."""
        message = self.say(line, **more)
        assert self.deliver(about(message)).status_code == 200
        return message

    def ask(self, line: str, **more: Any) -> str:
        """Say a line, let the bot work, and return the first reply's markdown."""
        message = self.hear(line, **more)
        self.work()
        return self.thread(message["parentId"] if "parentId" in message else message["id"])[0]

    def thread(self, message_id: str) -> list[str]:
        """The markdown of the replies below a message, oldest first."""
        return [each.get("markdown") or each.get("text", "") for each in self.messages(parentId=message_id)]

    def messages(self, *, person: str = OWNER, room: str | None = None, **query: Any) -> list[dict[str, Any]]:
        """The messages of the room, oldest first."""
        items = self.webex.person(person).get("messages", roomId=room or self.room, max=100, **query)["items"]
        return list(reversed(items))

    def serve(self, services: Services) -> None:
        """Go on with other services: another policy, other commands."""
        self.services = services
        self.handler.close()
        self.handler = handler_of(
            services, self.rooms, self.me, self.sender, self.web.integrations, self.ownership
        )

    def work(self) -> None:
        """Do all that is due now: queued events, events whose wait is over, and messages to be sent."""
        while True:
            with self.database.transaction() as session:
                inbox.queue_due(session)
            events = self.handler.claim(50)
            for event in events:
                self.handler.handle(event)
            sent = self.sender.kick_due()
            self.wait_until_sent()
            if not events and not sent:
                return

    def wait_until_sent(self) -> None:
        """Wait until no lane is in anybody's hands."""
        query = text("SELECT count(*) FROM outbox_lanes WHERE owner IS NOT NULL")

        def nobody() -> bool:
            with self.database.transaction() as session:
                return session.scalar(query) == 0

        wait_for(nobody, "the sender to put down its lanes")

    def let_pass(self, seconds: float) -> None:
        """Move everything that waits in rows this much nearer."""
        columns = (
            ("inbox", "not_before"),
            ("outbox", "not_before"),
            ("outbox_lanes", "not_before"),
            ("live_messages", "edited_at"),
            ("buckets", "full_at"),
            ("notification_preferences", "muted_until"),
            ("notification_preferences", "digest_from"),
        )
        with self.database.transaction() as session:
            for table, column in columns:
                session.execute(
                    text(f"UPDATE {table} SET {column} = {column} - make_interval(secs => :s)"),
                    {"s": seconds},
                )

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query finds, for looking where no person can."""
        with self.database.transaction() as session:
            return [tuple(row) for row in session.execute(text(query), values)]

    def metric(self, name: str, **labels: str) -> float:
        """One figure of /metrics, 0 where it is not there."""
        answer = self.http.get("/metrics")
        assert answer.status_code == 200
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return 0.0


def about(message: Mapping[str, Any], event: str = "created", **changes: Any) -> dict[str, Any]:
    """The delivery that tells of a message: ids and no words."""
    names = ("id", "roomId", "roomType", "personId", "personEmail", "parentId", "mentionedPeople", "created")
    return delivery("messages", event, {name: message[name] for name in names if name in message} | changes)


def delivery(resource: str, event: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery's body in Webex's shape (developer.webex.com, Webhooks guide)."""
    return {
        "id": "Y2lzY29zcGFyazovL3VzL1dFQkhPT0svMQ",
        "name": f"sparkops {resource} {event}",
        "targetUrl": "https://bot.example.com/hooks/webex",
        "resource": resource,
        "event": event,
        "orgId": "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8x",
        "createdBy": "Y2lzY29zcGFyazovL3VzL1BFT1BMRS8x",
        "appId": "Y2lzY29zcGFyazovL3VzL0FQUExJQ0FUSU9OLzE",
        "ownedBy": "creator",
        "status": "active",
        "created": "2026-11-01T10:00:00.000Z",
        "actorId": data.get("personId"),
        "data": dict(data),
    }


@contextmanager
def bot_in_process(
    webex: Webex,
    database: Database,
    *,
    environ: Mapping[str, str] | None = None,
    commands: tuple[Command, ...] = (),
    integrations: tuple[Integration, ...] = (),
    room: bool = True,
    config: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Iterator[BotInProcess]:
    """The bot for as long as the block runs, in a room with its owner unless `room` is False."""
    # structlog's own default draws every traceback with all its variables, which takes seconds.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.stdlib.add_log_level, plain])
    settings = settings_of(
        {
            "WEBEX_ACCESS_TOKEN": f"bot:{BOT}",
            "WEBEX_API_URL": webex.api,
            "WEBEX_WEBHOOK_SECRET": SECRET,
            "SPARKOPS_API_TOKENS": API_TOKEN,
            "PUBLIC_URL": "http://127.0.0.1:9",
            **(environ or {}),
        },
        config,
        folder,
    )
    registry = Registry([*COMMANDS, *commands])
    loaded = {each.name: Loaded(each, None) for each in integrations}
    parts = Parts(settings, loaded, Redactor(settings.secrets()), registry, {})
    services = make_services(parts, database, make_webex(settings))
    services.policies.refresh_grants()
    web = make_web(parts, database)
    app = make_app(web)
    ownership = Ownership(database.url)
    me = save_identity(database, services.webex.me())
    rooms = Rooms(database, services.webex)
    sender = Sender(database, services.webex, web.counters, ownership.id, threads=4)
    bot = BotInProcess(
        webex=webex,
        database=database,
        services=services,
        web=web,
        app=app,
        http=app.test_client(),
        ownership=ownership,
        me=me,
        rooms=rooms,
        sender=sender,
        handler=handler_of(services, rooms, me, sender, loaded, ownership),
        watch=WebhookWatch(services, sender),
        room=webex.room_with_bot("Sparkops demo") if room else "",
    )
    try:
        yield bot
    finally:
        bot.handler.close()
        sender.close()
        web.counters.flush()
        ownership.close()
        services.webex.close()


def handler_of(
    services: Services,
    rooms: Rooms,
    me: Identity,
    sender: Sender,
    loaded: Mapping[str, Loaded],
    ownership: Ownership,
) -> InboxHandler:
    """What carries out the inbox, with these services."""
    settings = services.settings
    events = WebexEvents(
        services.webex, rooms, me, allowed_bots=settings.allowed_bots, max_age=settings.max_event_age
    )
    return InboxHandler(services, events, rooms, sender, loaded, ownership.id, threads=4)


@contextmanager
def working(bot: BotInProcess) -> Iterator[None]:
    """Have the bot work beside, as the worker process does, for as long as the block runs."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.01):
            bot.work()

    thread = threading.Thread(target=work, name="working")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve the application over real HTTP on a port of 127.0.0.1, a free one by default; gives its URL."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def database_away(url: str) -> Iterator[None]:
    """Cut every connection to the database and let nobody in, for as long as the block runs."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, dbname="template1", autocommit=True) as elsewhere:
        elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            cut_connections(elsewhere, str(name))
            yield
        finally:
            elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def cut_connections(connection: psycopg.Connection[Any], name: str) -> None:
    """End every session of a database, as a restart of the server does."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
        (name,),
    )
