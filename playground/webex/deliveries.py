"""Delivering webhooks: a queue per webhook, signed bodies, and the switch-off after too many failures.

An API call never waits for a delivery. Deliveries of one webhook start in the order of the events; up to
`MAX_IN_FLIGHT` of them run at once, as Webex does not wait for one answer before it sends the next.
"""

import asyncio
import json
import logging
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from playground.webex import shapes
from playground.webex.bus import Event
from playground.webex.faults import Fault, Faults
from playground.webex.records import AttachmentAction, Membership, Message, Record, Room, Webhook
from playground.webex.signatures import signature_headers
from playground.webex.world import World

# The Webhooks guide: disabled after 100 failures within 5 minutes.
MAX_FAILURES = 100
FAILURE_WINDOW = timedelta(minutes=5)
MAX_IN_FLIGHT = 64
TIMEOUT = aiohttp.ClientTimeout(total=10)
LOG_LENGTH = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to be made.

    `delay` is in seconds; `refusal` is a status to report without calling anybody; `overtakes` is an earlier
    delivery that was held back until this one is through.
    """

    webhook_id: str
    url: str
    secret: str | None
    resource: str
    event: str
    data_id: str
    body: bytes
    attempt: int = 1
    delay: float = 0.0
    refusal: int | None = None
    overtakes: "Delivery | None" = None


@dataclass(slots=True)
class Outlet:
    """The queue of one webhook: what waits, runs or is held back to arrive late, and recent failures."""

    waiting: deque[Delivery] = field(default_factory=deque)
    in_flight: int = 0
    held: Delivery | None = None
    failures: deque[datetime] = field(default_factory=deque)


class Deliveries:
    """Listens to the world and calls the webhooks."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._outlets: dict[str, Outlet] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        world.bus.subscribe(self.on_event)

    def start(self, session: aiohttp.ClientSession) -> None:
        """Deliver through `session` from now on. Events before that reach nobody: nothing is running yet."""
        self._session = session

    async def stop(self) -> None:
        """End the deliveries that are under way."""
        self._session = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self) -> None:
        """Forget queues, failures and the log."""
        self._outlets.clear()
        self._log.clear()

    def recent(self) -> list[dict[str, Any]]:
        """Return the last deliveries, oldest first."""
        return list(self._log)

    def on_event(self, event: Event) -> None:
        """Queue an event for every webhook that wants it and whose owner may see it."""
        if self._session is None:
            return
        for webhook in self._world.webhooks.wanting(event):
            if self._world.may_see(webhook.owner_id, event.record):
                self._enqueue(self._delivery(webhook, event))

    def _delivery(self, webhook: Webhook, event: Event) -> Delivery:
        data = _summary(event.record)
        # A firehose webhook is registered for all/all; the body says what really happened.
        envelope = shapes.webhook_envelope(webhook) | {"resource": event.resource, "event": event.name}
        body = json.dumps(
            envelope | {"actorId": event.actor_id, "data": data}, separators=(",", ":")
        ).encode()
        return Delivery(
            webhook_id=webhook.id,
            url=webhook.target_url,
            secret=webhook.secret,
            resource=event.resource,
            event=event.name,
            data_id=data["id"],
            body=body,
        )

    def _enqueue(self, delivery: Delivery) -> None:
        outlet = self._outlets.setdefault(delivery.webhook_id, Outlet())
        struck = self._faults.of_delivery(delivery.webhook_id, delivery.resource, delivery.event)
        kinds = {fault.kind: fault for fault in struck}
        delivery = _altered(delivery, kinds)
        if "out-of-order" in kinds and outlet.held is None:
            self._hold(outlet, delivery, kinds["out-of-order"].delay)
            return
        outlet.waiting.append(replace(delivery, overtakes=outlet.held))
        outlet.held = None
        if "duplicate" in kinds:
            outlet.waiting.append(replace(delivery, attempt=2))
        self._pump(outlet)

    def _hold(self, outlet: Outlet, delivery: Delivery, longest: float) -> None:
        """Keep a delivery back until the next one is through, or for `longest` seconds when none comes."""
        outlet.held = delivery
        asyncio.get_running_loop().call_later(longest, self._release, outlet, delivery)

    def _release(self, outlet: Outlet, delivery: Delivery) -> None:
        if outlet.held is delivery:
            outlet.held = None
            outlet.waiting.append(delivery)
            self._pump(outlet)

    def _pump(self, outlet: Outlet) -> None:
        while outlet.waiting and outlet.in_flight < MAX_IN_FLIGHT:
            outlet.in_flight += 1
            task = asyncio.get_running_loop().create_task(self._run(outlet, outlet.waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, outlet: Outlet, delivery: Delivery) -> None:
        try:
            await self._deliver(outlet, delivery)
        finally:
            outlet.in_flight -= 1
            if delivery.overtakes is not None:
                outlet.waiting.append(delivery.overtakes)
            self._pump(outlet)

    async def _deliver(self, outlet: Outlet, delivery: Delivery) -> None:
        if delivery.delay:
            await asyncio.sleep(delivery.delay)
        webhook = self._world.webhooks.current(delivery.webhook_id)
        if webhook is None or webhook.status != "active":
            return
        started = time.monotonic()
        status, error = await self._post(delivery)
        self._note(delivery, status, error, (time.monotonic() - started) * 1000)
        if not 200 <= status < 300:
            self._count_failure(outlet, delivery)

    async def _post(self, delivery: Delivery) -> tuple[int, str | None]:
        """Return the status answered (0 when there was no answer) and what went wrong on the way."""
        if delivery.refusal is not None:
            return delivery.refusal, "refused by a fault"
        if self._session is None:
            return 0, "the server is stopping"
        headers = {"Content-Type": "application/json"} | signature_headers(delivery.secret, delivery.body)
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status, None
        except (aiohttp.ClientError, TimeoutError) as error:
            return 0, f"{type(error).__name__}: {error}"

    def _note(self, delivery: Delivery, status: int, error: str | None, elapsed_ms: float) -> None:
        entry: dict[str, Any] = {
            "webhookId": delivery.webhook_id,
            "url": delivery.url,
            "resource": delivery.resource,
            "event": delivery.event,
            "dataId": delivery.data_id,
            "status": status,
            "ms": round(elapsed_ms, 2),
            "attempt": delivery.attempt,
        }
        self._log.append(entry | ({"error": error} if error else {}))

    def _count_failure(self, outlet: Outlet, delivery: Delivery) -> None:
        now = self._world.clock()
        failures = outlet.failures
        failures.append(now)
        while failures[0] <= now - FAILURE_WINDOW:
            failures.popleft()
        webhook = self._world.webhooks.current(delivery.webhook_id)
        # The failures are kept when it is activated again: within the window one more disables it (Webhooks
        # guide).
        if len(failures) >= MAX_FAILURES and webhook is not None and webhook.status == "active":
            self._world.webhooks.set_status(delivery.webhook_id, "inactive")
            log.warning(
                "webhook %s (%s) is inactive after %d failures",
                webhook.name,
                webhook.target_url,
                len(failures),
            )


def _altered(delivery: Delivery, kinds: dict[str, Fault]) -> Delivery:
    if "delay" in kinds:
        delivery = replace(delivery, delay=kinds["delay"].delay)
    if "fail" in kinds:
        delivery = replace(delivery, refusal=kinds["fail"].status)
    return delivery


def _summary(record: Record) -> dict[str, Any]:
    match record:
        case Message():
            return shapes.message_summary(record)
        case Membership():
            return shapes.membership_json(record)
        case Room():
            return shapes.room_summary(record)
        case AttachmentAction():
            return shapes.action_summary(record)
        case _:
            raise TypeError(f"No webhook tells about a {type(record).__name__}.")
