"""What happens in Jenkins that a sender may tell of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from playground.jenkins.nodes import Node
from playground.jenkins.queue_items import QueueItem
from playground.jenkins.script import InputRequest
from playground.jenkins.world import Build, Folder, Job

BuildPhase = Literal["QUEUED", "STARTED", "COMPLETED", "FINALIZED"]


@dataclass(frozen=True)
class BuildMoved:
    """A build entered a phase. QUEUED comes only when it starts, right before STARTED."""

    build: Build
    phase: BuildPhase


@dataclass(frozen=True)
class BuildDeleted:
    """A build was thrown away."""

    build: Build


@dataclass(frozen=True)
class ItemChanged:
    """A job or folder was made, changed, renamed (from `old_name`) or deleted by a user."""

    item: Job | Folder
    change: Literal["created", "updated", "deleted", "locationChanged"]
    user: str
    old_name: str | None = None


@dataclass(frozen=True)
class QueueChanged:
    """An item came into the queue or left it."""

    item: QueueItem
    change: Literal["entered", "left"]


@dataclass(frozen=True)
class InputChanged:
    """A pipeline asked a person, or got its answer from `approver`."""

    build: Build
    request: InputRequest
    result: Literal["PENDING", "APPROVED", "ABORTED"]
    approver: str | None = None


@dataclass(frozen=True)
class NodeChanged:
    """A node went offline or came back."""

    node: Node


Happening = BuildMoved | BuildDeleted | ItemChanged | QueueChanged | InputChanged | NodeChanged
Tell = Callable[[Happening], None]
