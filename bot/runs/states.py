"""The states of a run and the moves between them: the whole machine in one table."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a run is."""

    REQUESTED = "requested"
    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    PARTIAL = "partial"
    CANCELLED = "cancelled"
    LOST = "lost"
    EXPIRED = "expired"


ENDED = frozenset({State.DONE, State.FAILED, State.PARTIAL, State.CANCELLED, State.EXPIRED})
"""A run here is over and holds no lock. A lost one is not: a human decides, and its lock stays."""

MOVES: dict[State, frozenset[State]] = {
    State.REQUESTED: frozenset(
        {State.PLANNING, State.QUEUED, State.RUNNING, State.FAILED, State.CANCELLED, State.LOST}
    ),
    State.PLANNING: frozenset(
        {State.AWAITING_APPROVAL, State.QUEUED, State.FAILED, State.CANCELLED, State.LOST}
    ),
    State.AWAITING_APPROVAL: frozenset({State.QUEUED, State.CANCELLED, State.EXPIRED, State.FAILED}),
    State.QUEUED: frozenset({State.RUNNING, State.DONE, State.FAILED, State.CANCELLED, State.LOST}),
    State.RUNNING: frozenset(
        {State.VERIFYING, State.DONE, State.FAILED, State.PARTIAL, State.CANCELLED, State.LOST}
    ),
    State.VERIFYING: frozenset({State.DONE, State.FAILED, State.PARTIAL, State.CANCELLED, State.LOST}),
    State.LOST: frozenset({State.CANCELLED, State.DONE, State.FAILED, State.RUNNING}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.PARTIAL: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}


class ImpossibleMove(Exception):
    """A run was to move where the table does not lead."""


def check_move(old: State, new: State) -> None:
    """Raises ImpossibleMove unless the table leads from `old` to `new`."""
    if new not in MOVES[old]:
        raise ImpossibleMove(f"A run cannot go from {old} to {new}.")
