"""The life of a stack's instance: its phases and the moves between them, as one table. Pure.

A run (`bot.runs`) moves an instance along; what a run is busy with and how it ended stands in the run. What is
here outlives runs: an instance that is up, partly made, or that nobody knows the truth of.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Phase(StrEnum):
    """Where an instance is."""

    REQUESTED = "requested"
    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    STALE = "stale"
    """Its plan is for a state or a revision that is not there any more: what was approved counts no more."""
    QUEUED = "queued"
    """Agreed to, and waiting for its turn."""
    APPLYING = "applying"
    HEALTH = "health"
    UP = "up"
    EXPIRING = "expiring"
    """Its lease has ended, and what follows has begun: a plan to destroy, and the agreement to it."""
    DESTROYING = "destroying"
    GONE = "gone"
    PARTIAL = "partial"
    """Something was made, and not all of it."""
    CANCELLED = "cancelled"
    """Stopped by somebody; what was made before is told by the next plan."""
    FAILED = "failed"
    """Ended in an error with nothing made, or, where it had been up, with nothing changed."""
    LOST = "lost"
    """Whoever worked on it died, and how far it came is not known: a human looks."""


class Happened(StrEnum):
    """What moves an instance on."""

    PLAN_BEGAN = "plan_began"
    PLANNED = "planned"
    NOTHING_TO_DO = "nothing_to_do"
    AGREED = "agreed"
    REFUSED = "refused"
    """Somebody said no, or nobody said anything in time."""
    STATE_CHANGED = "state_changed"
    REVISION_CHANGED = "revision_changed"
    APPLY_BEGAN = "apply_began"
    DESTROY_BEGAN = "destroy_began"
    DONE = "done"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    ERRED_EMPTY = "erred_empty"
    """An error, and nothing was changed."""
    ERRED_PARTLY = "erred_partly"
    """An error, after something was changed."""
    STOPPED = "stopped"
    WORKER_DIED = "worker_died"
    LEASE_ENDED = "lease_ended"
    EXTENDED = "extended"
    FOUND_UP = "found_up"
    """Somebody looked, and all of it stands."""
    FOUND_PARTIAL = "found_partial"
    FOUND_GONE = "found_gone"


class ImpossibleMove(Exception):
    """What is said to have happened cannot happen to an instance in this phase."""


_P, _H = Phase, Happened
_LOOKED = {_H.FOUND_UP: _P.UP, _H.FOUND_PARTIAL: _P.PARTIAL, _H.FOUND_GONE: _P.GONE}
_STANDING = {_H.PLAN_BEGAN: _P.PLANNING, _H.LEASE_ENDED: _P.EXPIRING}
"""What may be begun with an instance of which something stands."""

MOVES: Mapping[Phase, Mapping[Happened, Phase]] = MappingProxyType(
    {
        _P.REQUESTED: {_H.PLAN_BEGAN: _P.PLANNING, _H.STOPPED: _P.CANCELLED},
        _P.PLANNING: {
            _H.PLANNED: _P.AWAITING_APPROVAL,
            _H.AGREED: _P.QUEUED,  # where nobody has to agree
            _H.NOTHING_TO_DO: _P.UP,
            _H.FOUND_GONE: _P.GONE,  # to be destroyed, and there is nothing
            _H.ERRED_EMPTY: _P.FAILED,
            _H.STOPPED: _P.CANCELLED,
            _H.WORKER_DIED: _P.FAILED,  # a plan changes nothing
        },
        _P.AWAITING_APPROVAL: {
            _H.AGREED: _P.QUEUED,
            _H.REFUSED: _P.CANCELLED,
            _H.STOPPED: _P.CANCELLED,
            _H.STATE_CHANGED: _P.STALE,
            _H.REVISION_CHANGED: _P.STALE,
            _H.LEASE_ENDED: _P.EXPIRING,  # what was planned for it is void
        },
        _P.STALE: {_H.PLAN_BEGAN: _P.PLANNING, _H.STOPPED: _P.CANCELLED, _H.LEASE_ENDED: _P.EXPIRING},
        _P.QUEUED: {
            _H.APPLY_BEGAN: _P.APPLYING,
            _H.DESTROY_BEGAN: _P.DESTROYING,
            _H.STATE_CHANGED: _P.STALE,
            _H.REVISION_CHANGED: _P.STALE,
            _H.STOPPED: _P.CANCELLED,
        },
        _P.APPLYING: {
            _H.DONE: _P.HEALTH,
            _H.STATE_CHANGED: _P.STALE,  # the engine itself refused the plan
            _H.ERRED_EMPTY: _P.FAILED,
            _H.ERRED_PARTLY: _P.PARTIAL,
            _H.STOPPED: _P.CANCELLED,
            _H.WORKER_DIED: _P.LOST,
        },
        _P.HEALTH: {
            _H.HEALTHY: _P.UP,
            _H.UNHEALTHY: _P.PARTIAL,
            _H.STOPPED: _P.PARTIAL,
            _H.WORKER_DIED: _P.HEALTH,  # looking again does no harm
        },
        _P.UP: _STANDING,
        _P.EXPIRING: {
            _H.EXTENDED: _P.UP,
            _H.PLANNED: _P.AWAITING_APPROVAL,
            _H.AGREED: _P.QUEUED,
            _H.FOUND_GONE: _P.GONE,
            _H.ERRED_EMPTY: _P.EXPIRING,  # tried again, and told louder each time
            _H.WORKER_DIED: _P.EXPIRING,
        },
        _P.DESTROYING: {
            _H.DONE: _P.GONE,
            _H.STATE_CHANGED: _P.STALE,
            _H.ERRED_EMPTY: _P.FAILED,
            _H.ERRED_PARTLY: _P.PARTIAL,
            _H.STOPPED: _P.CANCELLED,
            _H.WORKER_DIED: _P.LOST,
        },
        _P.GONE: {_H.PLAN_BEGAN: _P.PLANNING},
        _P.PARTIAL: {**_STANDING, **_LOOKED},
        _P.CANCELLED: {**_STANDING, **_LOOKED},
        _P.FAILED: {**_STANDING, **_LOOKED},
        _P.LOST: {**_LOOKED, _H.LEASE_ENDED: _P.LOST},  # nothing is begun before somebody has looked
    }
)

BUSY = frozenset({_P.PLANNING, _P.APPLYING, _P.HEALTH, _P.DESTROYING})
"""An engine, or a check, may be at work."""
CHANGING = frozenset({_P.APPLYING, _P.DESTROYING})
"""What is there may be changing."""
MAY_STAND = frozenset(Phase) - {_P.REQUESTED, _P.GONE}
"""Something may be there that costs money."""


def after(phase: Phase, happened: Happened) -> Phase:
    """The phase that follows. Raises ImpossibleMove where the table does not lead on."""
    moves = MOVES[phase]
    if happened not in moves:
        raise ImpossibleMove(f"{happened} cannot happen to an instance that is {phase}.")
    return moves[happened]
