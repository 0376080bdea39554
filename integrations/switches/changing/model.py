"""A change as its run knows it: the order, what a switch holds, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

CHANGE = "switches.change"
"""The kind of run that changes configuration."""
ROLLBACK = "switches.rollback"
"""The kind of run that takes a change back."""


class Holds(StrEnum):
    """What a switch holds of a change."""

    NOTHING = "nothing to do"
    """It held all of it before, and is not touched."""
    WAITING = "waiting"
    BUSY = "in work"
    OLD = "old"
    NEW = "new"
    BACK = "rolled back"
    NEITHER = "neither"
    UNKNOWN = "unknown"


class ChangeOrder(BaseModel):
    """What was confirmed and approved: every switch with the hashes of its lines and of what it held."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    text: str
    switches: tuple[str, ...]
    """Those that are touched, in order: the canaries first."""
    nothing: tuple[str, ...] = ()
    sent: dict[str, str]
    before: dict[str, str]
    digest: str
    canaries: int = 1
    batch: int = 1
    pause: float = 0.0
    """Seconds between the canaries and the rest."""
    max_failures: int = 1
    verify: str | None = None
    expect: str | None = None
    save: bool = False
    ignore_health: bool = False
    """Ports, BGP and vPC may be worse afterwards."""

    def stage(self, place: int) -> int:
        """0 for a canary, else the number of the batch that the switch at this place belongs to."""
        return 0 if place < self.canaries else 1 + (place - self.canaries) // self.batch

    @property
    def stages(self) -> int:
        """How many batches there are after the canaries."""
        return self.stage(len(self.switches) - 1) if self.switches else 0

    def checkpoint(self, run_id: int) -> str:
        """The checkpoint's name on every switch: after the run, and different where runs are counted anew."""
        return f"sparkops-{run_id}-{self.digest[:6]}"


class RollbackOrder(BaseModel):
    """Which switches go back to which checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of_run: int
    switches: tuple[str, ...]
    present: dict[str, str]
    """What each held when it was asked for."""
    save: bool = False


class Progress(BaseModel):
    """What a run of either kind remembers from step to step."""

    model_config = ConfigDict(extra="ignore")

    phase: str = "begin"
    going_back: bool = False
    why: str = ""
    until: float = 0.0
    paused: bool = False
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What came of one switch."""

    holds: Holds
    detail: str = ""
    failed: bool = False
    after: str = ""
    ill: tuple[str, ...] = ()
    interrupted: bool = False
