"""What the steps of both kinds of run share: the switches side by side, the record, how it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bot.commands.context import Services
from bot.runs.kinds import RunView, StepControl, Wait
from bot.runs.states import State
from integrations.switches.changing.lines import secrets_of
from integrations.switches.changing.model import Held, Holds, Progress
from integrations.switches.changing.record import Blocker, Record
from integrations.switches.client import SwitchesClient
from integrations.switches.render import changes as render
from integrations.switches.store.models import SwitchChangeState

SIDE_BY_SIDE = 8
"""Switches in work at a time."""
CHUNK = 16
"""Switches of a step."""
_LOCK_POLL = 5.0


class Step:
    """One step of a run that changes switches or takes a change back."""

    def __init__(
        self, view: RunView, control: StepControl, services: Services, client: SwitchesClient
    ) -> None:
        self.view = view
        self.control = control
        self.services = services
        self.client = client
        self.progress = Progress.model_validate(view.progress)
        self.record = Record(services.database, view.id)
        self.switches = client.inventory().switches
        mine = [self.switches[name] for name in view.arguments["switches"] if name in self.switches]
        services.redactor.learn(value for switch in mine for value in secrets_of(switch))

    def wait(
        self,
        seconds: float = 0.0,
        *,
        live: str | None = None,
        log: tuple[str, ...] = (),
        why: str = "",
        **known: Any,
    ) -> Wait:
        """Go on in so many seconds; `known` and, where it is given, `why` are added to the progress."""
        # The engine steps a cancelled run at once unless its progress says that it knows.
        cancelling = {"cancelling": True} if self.view.cancel_requested_by else {}
        told = {"why": why} if why else {}
        return Wait(seconds, State.RUNNING, {**known, **told, **cancelling}, live, why, log)

    def waits_for(self, other: Blocker) -> Wait:
        """Another run has switches that this one wants."""
        live = render.waiting(self.view.title, other)
        first = self.view.progress.get("waits_for") != other.run_id
        log = (f"Waits for run {other.run_id}, which has {', '.join(other.switches[:5])}.",) if first else ()
        known = {"waits_for": other.run_id}
        return Wait(_LOCK_POLL, State.REQUESTED, known, live, "another run has its switches", log)

    def each(
        self,
        rows: Sequence[SwitchChangeState],
        work: Callable[[SwitchChangeState], Held],
        is_enough: Callable[[Held], bool] = lambda _: False,
        *,
        heed_cancel: bool = True,
        marked: bool = False,
        doing: str = "",
    ) -> list[Held]:
        """Do it to these switches, some side by side, and write down what came of each as it comes.

        With `marked` each is written down as in work meanwhile. Once `is_enough` says so of one, or the run is
        called off, no further one is begun, and they wait on. `doing` goes before the lines of the log.
        """
        stop = threading.Event()

        def one(row: SwitchChangeState) -> Held | None:
            if stop.is_set() or (heed_cancel and self.control.cancelled()):
                stop.set()
                return None
            if marked:
                self.record.mark([row.switch], Holds.BUSY)
            held = work(row)
            self.record.held(row.switch, held)
            self.control.log(doing + render.log_line(row.switch, held))
            if is_enough(held):
                stop.set()
            return held

        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="change") as pool:
            return [held for held in pool.map(one, rows) if held is not None]
