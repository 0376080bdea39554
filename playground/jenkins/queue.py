"""The build queue: quiet period, joining of identical items, blocking, cancelling, and forgetting."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from playground.jenkins.causes import Cause, Change
from playground.jenkins.clock import Clock
from playground.jenkins.executors import Executors
from playground.jenkins.happenings import QueueChanged, Tell
from playground.jenkins.parameters import ParameterValue
from playground.jenkins.queue_items import QueueItem
from playground.jenkins.world import Build, Job

QUIET_PERIOD = 5.0
REMEMBERED = 300.0
"""Seconds Jenkins keeps an item that left the queue (hudson.model.Queue, an expireAfterWrite cache)."""


class Queue:
    """Holds items until they may build; `call_later` plans the next look, seconds ahead."""

    def __init__(
        self,
        clock: Clock,
        executors: Executors,
        call_later: Callable[[float, Callable[[], None]], object],
        tell: Tell,
    ) -> None:
        self.quieting_down = False
        self.quiet_down_reason: str | None = None
        self.held = False
        self.remembered = REMEMBERED
        self.executable_after = 0.0
        self._clock = clock
        self._executors = executors
        self._call_later = call_later
        self._tell = tell
        self._ids = itertools.count(1)
        self._items: dict[int, QueueItem] = {}

    def next_id(self) -> int:
        """A queue id for a build that never waited."""
        return next(self._ids)

    def schedule(
        self,
        job: Job,
        parameters: tuple[ParameterValue, ...],
        *causes: Cause,
        delay: float | None = None,
        changes: tuple[Change, ...] = (),
        joinable: bool = True,
    ) -> tuple[QueueItem, bool]:
        """Ask for a build after `delay` seconds (the quiet period by default).

        Returns the item and whether it is new: a waiting item with the same parameters takes the causes on.
        """
        for item in self.pending():
            if joinable and item.joinable and item.job is job and item.parameters == parameters:
                item.causes += causes
                return item, False
        seconds = self._clock.scaled(QUIET_PERIOD if delay is None else delay)
        now = self._clock.now()
        quiet_until = now + round(seconds * 1000)
        item = QueueItem(self.next_id(), job, parameters, list(causes), now, quiet_until, changes, joinable)
        self._items[item.id] = item
        self._tell(QueueChanged(item, "entered"))
        self._call_later(seconds, lambda: self._end_quiet_period(item))
        return item, True

    def pending(self) -> Sequence[QueueItem]:
        """The items that have not left, oldest first."""
        return [item for item in self._items.values() if item.state != "left"]

    def item(self, item_id: int) -> QueueItem | None:
        """An item, also after it left, until Jenkins forgets it."""
        item = self._items.get(item_id)
        if item is None or item.left_at is None:
            return item
        if self._clock.now() - item.left_at < self.remembered * 1000:
            return item
        del self._items[item_id]
        return None

    def executable(self, item: QueueItem) -> Build | None:
        """The build of an item that left; with `executable_after` only so many seconds later.

        A real item was seen to say neither `executable` nor `cancelled` for a while.
        """
        if item.left_at is None or self._clock.now() - item.left_at < self.executable_after * 1000:
            return None
        return item.build

    def cancel(self, item: QueueItem) -> bool:
        """Take an item out; False when it has left already."""
        if item.state == "left":
            return False
        item.cancelled = True
        self._leave(item)
        return True

    def forget_left(self) -> None:
        """Lose the items that left, as a restart does; those that wait are kept on disk."""
        self._items = {item.id: item for item in self.pending()}

    def maintain(self) -> None:
        """Let every item on that may go on; none may while Jenkins quiets down or is held by a restart."""
        if self.quieting_down or self.held:
            return
        self._executors.seat_waiting()
        for item in self.pending():
            if item.quiet_over:
                self._advance(item)

    def drop(self, job: Job) -> None:
        """Take out all that waits for a job that is no more."""
        for item in self.pending():
            if item.job is job:
                self.cancel(item)

    def _end_quiet_period(self, item: QueueItem) -> None:
        item.quiet_over = True
        self.maintain()

    def _advance(self, item: QueueItem) -> None:
        item.buildable_since = item.buildable_since or self._clock.now()
        if item.job.running() and not item.job.concurrent:
            item.state = "blocked"
        elif item.job.kind == "freestyle" and self._executors.free_node(item.job.label) is None:
            item.state = "buildable"
        else:
            self._start(item)

    def _start(self, item: QueueItem) -> None:
        job = item.job
        build = Build(
            job,
            job.next_number,
            item.id,
            self._clock.now(),
            tuple(item.causes),
            item.parameters,
            item.changes,
            queued=item.since,
        )
        job.next_number += 1
        job.builds.append(build)
        item.build = build
        self._leave(item)
        self._executors.start(build)

    def _leave(self, item: QueueItem) -> None:
        item.state = "left"
        item.left_at = self._clock.now()
        item.gone.set()
        self._tell(QueueChanged(item, "left"))
