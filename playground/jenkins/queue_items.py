"""What stands in the build queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from playground.jenkins.causes import Cause, Change
from playground.jenkins.parameters import ParameterValue
from playground.jenkins.world import Build, Job

ItemState = Literal["waiting", "blocked", "buildable", "left"]


@dataclass(eq=False)
class QueueItem:
    """One request to build. `quiet_until` and the other times are epoch milliseconds.

    An item that is not `joinable` takes on no further causes, as a replay does not; `gone` is set when it left.
    """

    id: int
    job: Job
    parameters: tuple[ParameterValue, ...]
    causes: list[Cause]
    since: int
    quiet_until: int
    changes: tuple[Change, ...] = ()
    joinable: bool = True
    state: ItemState = "waiting"
    quiet_over: bool = False
    buildable_since: int | None = None
    left_at: int | None = None
    cancelled: bool = False
    build: Build | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class WaitingPart:
    """A running pipeline that waits for a node: Jenkins shows it in the queue as a task without a name."""

    id: int
    build: Build
    since: int
