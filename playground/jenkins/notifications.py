"""Tells every hook what happens, in order and in the background, as the plugin does whose part the hook plays."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import aiohttp

from playground.jenkins.exports import Exports
from playground.jenkins.happenings import Happening
from playground.jenkins.senders.cloudevents import cloudevents
from playground.jenkins.senders.generic_event import generic_event
from playground.jenkins.senders.input_notification import input_notification
from playground.jenkins.senders.message import Message, Scene, Sender
from playground.jenkins.senders.notification_plugin import notification_plugin
from playground.jenkins.senders.outbound_webhook import outbound_webhook
from playground.jenkins.senders.plain_json import plain_json
from playground.jenkins.senders.statistics_gatherer import statistics_gatherer
from playground.jenkins.tree import Json
from playground.jenkins.world import World

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds; the Notification plugin's default."""

SwitchKind = Literal["duplicate", "hold", "drop"]
SenderName = Literal[
    "notification-plugin",
    "outbound-webhook",
    "generic-event",
    "statistics-gatherer",
    "cloudevents",
    "input-notification",
    "plain-json",
]
SENDERS: dict[SenderName, Sender] = {
    "notification-plugin": notification_plugin,
    "outbound-webhook": outbound_webhook,
    "generic-event": generic_event,
    "statistics-gatherer": statistics_gatherer,
    "cloudevents": cloudevents,
    "input-notification": input_notification,
    "plain-json": plain_json,
}


@dataclass(frozen=True)
class Hook:
    """Where notifications go, how many lines of the log they bring along (0: none), and who sends them."""

    url: str
    log_lines: int = 0
    sender: SenderName = "notification-plugin"

    @classmethod
    def parse(cls, text: str) -> Hook:
        """Read `URL` or `SENDER=URL`. Raises ValueError for a sender nobody knows."""
        before, equals, url = text.partition("=")
        if not equals or "/" in before:
            return cls(text)
        for name in get_args(SenderName):
            if name == before:
                return cls(url, sender=name)
        raise ValueError(f"hook {text}: no sender {before!r}; there are {', '.join(SENDERS)}")


@dataclass
class Switch:
    """Mistreats notifications: sends them twice, holds them until after the next one, or drops them.

    `phase` None means any; `count` None means for ever.
    """

    kind: SwitchKind
    phase: str | None = None
    count: int | None = 1


@dataclass
class Delivery:
    """One notification to one hook and what became of it: waiting, held, dropped, a status or an error."""

    hook: str
    phase: str
    build: str
    payload: dict[str, Json]
    headers: dict[str, str] = field(default_factory=dict)
    outcome: str = "waiting"

    @classmethod
    def of(cls, hook: Hook, message: Message) -> Delivery:
        """A message on its way to a hook."""
        return cls(hook.url, message.phase, message.about, message.body, dict(message.headers))


@dataclass
class _Line:
    """The deliveries on their way to one hook, one after the other."""

    queue: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    held: list[Delivery] = field(default_factory=list)
    worker: asyncio.Task[None] | None = None


class Notifier:
    """Sends notifications to every hook; keeps what it sent."""

    def __init__(
        self, world: World, exports: Exports, now: Callable[[], int], hooks: tuple[Hook, ...]
    ) -> None:
        self.hooks: list[Hook] = list(hooks)
        self.switches: list[Switch] = []
        self.deliveries: list[Delivery] = []
        self._world = world
        self._exports = exports
        self._now = now
        self._lines: dict[str, _Line] = {}
        self._session: aiohttp.ClientSession | None = None

    def tell(self, happening: Happening) -> None:
        """Put the notifications of every hook on their way; returns at once."""
        switches: dict[str, Switch | None] = {}
        for hook in tuple(self.hooks):
            for message in self.messages(hook, happening):
                if message.phase not in switches:
                    switches[message.phase] = self._take_switch(message.phase)
                self._dispatch(Delivery.of(hook, message), switches[message.phase])

    def messages(self, hook: Hook, happening: Happening) -> tuple[Message, ...]:
        """What a hook would be told of a happening."""
        scene = Scene(self._world, self._exports, self._now(), hook.log_lines)
        return SENDERS[hook.sender](scene, happening)

    async def close(self) -> None:
        """Stop sending; what is on its way is lost."""
        workers = [line.worker for line in self._lines.values() if line.worker is not None]
        self._lines.clear()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, delivery: Delivery) -> None:
        """POST once. The plugins look at no status and do not try again, so neither do we."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT), connector=connector
            )
        body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json;charset=UTF-8", **delivery.headers}
        try:
            async with self._session.post(delivery.hook, data=body, headers=headers) as response:
                delivery.outcome = str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            delivery.outcome = f"{type(error).__name__}: {error}"
            log.warning("notification of %s to %s: %s", delivery.build, delivery.hook, delivery.outcome)

    def _take_switch(self, phase: str) -> Switch | None:
        for switch in self.switches:
            if switch.phase in (None, phase):
                if switch.count is not None:
                    switch.count -= 1
                    if switch.count <= 0:
                        self.switches.remove(switch)
                return switch
        return None

    def _dispatch(self, delivery: Delivery, switch: Switch | None) -> None:
        line = self._line(delivery.hook)
        self.deliveries.append(delivery)
        kind = None if switch is None else switch.kind
        if kind == "drop":
            delivery.outcome = "dropped"
        elif kind == "hold":
            delivery.outcome = "held"
            line.held.append(delivery)
        else:
            line.queue.put_nowait(delivery)
            if kind == "duplicate":
                again = replace(delivery)
                self.deliveries.append(again)
                line.queue.put_nowait(again)
            for held in line.held:
                line.queue.put_nowait(held)
            line.held.clear()

    def _line(self, url: str) -> _Line:
        line = self._lines.setdefault(url, _Line())
        if line.worker is None:
            line.worker = asyncio.create_task(self._work(line), name=f"notifications to {url}")
        return line

    async def _work(self, line: _Line) -> None:
        while True:
            await self.post(await line.queue.get())
