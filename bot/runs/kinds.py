"""What a kind of run is: a name, and a function that moves one run one short step on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.runs.states import State


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its step sees it; `progress` is what the last step left."""

    id: int
    kind: str
    title: str
    state: State
    arguments: Mapping[str, Any]
    progress: Mapping[str, Any]
    requester: str
    room_id: str | None
    correlation_id: str
    cancel_requested_by: str | None
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on in `seconds`. `live` is what the run's message shall show meanwhile."""

    seconds: float
    state: State
    progress: Mapping[str, Any] = field(default_factory=dict)
    live: str | None = None
    why: str = ""
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """The run is over (or lost). `live` is the last the live message shows, `told` a fresh message.

    `mention` asks for the requester to be mentioned in it, so that they are notified.
    """

    state: State
    why: str
    live: str
    told: str
    progress: Mapping[str, Any] = field(default_factory=dict)
    mention: bool = True
    log: tuple[str, ...] = ()
    file: tuple[str, bytes] | None = None
    """A file's name and content, to go with `told`."""
    card: Mapping[str, Any] | None = None
    """A card to go with `told`, which says the same and has buttons."""


class Interrupted(Exception):
    """A side effect was begun in an earlier life of this step, and nobody knows whether it happened."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Interrupted while {what}; whether it happened is not known.")
        self.what = what


class Undecided(Exception):
    """Whether a run may begin cannot be found out now; the text says why. It is asked again."""


class StepControl(Protocol):
    """What a step may ask of the engine."""

    def attempt(self, name: str, what: str, effect: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Do a side effect once in the life of the run, however often the step is entered.

        Returns its outcome (JSON), remembered when it was done before. Raises Interrupted where it was
        begun before and not seen to end; whatever `effect` raises is passed on, and counts as ended.
        """

    def forget(self, name: str) -> None:
        """Take an attempt back, once it is known not to have happened."""

    def cancelled(self) -> bool:
        """Whether somebody asked meanwhile to cancel the run."""

    def log(self, line: str) -> None:
        """Write a line to the run's log at once."""

    def show(self, live: str) -> None:
        """Have the run's message show this while the step goes on."""

    def post(self, key: str, markdown: str, card: Mapping[str, Any] | None = None) -> None:
        """Put a message of its own into the run's thread; the same `key` is one message in the life of the run."""


Step = Callable[[RunView, StepControl, Any], Wait | End]
"""Moves a run on. The third argument is the services (`bot.commands.context.Services`)."""


@dataclass(frozen=True, slots=True)
class RunKind:
    """A kind of run.

    `resumable`: a step may be entered again after its process died, since all its side effects go
    through `StepControl.attempt`. Any other run found without a living owner becomes lost.
    """

    name: str
    step: Step
    resumable: bool = True


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that is due again `every` so many seconds after it was last done, for one worker at a time.

    It must be harmless to do twice, since a worker may die in it. `every` is given the integration's
    settings; `run` the services (`bot.commands.context.Services`). It returns the outbox lanes it stored
    messages in.
    """

    name: str
    every: Callable[[Any], float]
    run: Callable[[Any], tuple[str, ...]]
