"""One step of one build's run: what it knows, and how it says what comes next."""

from __future__ import annotations

import random
import time
from typing import Any

from bot.commands.context import Services
from bot.runs.kinds import End, RunView, StepControl, Wait
from bot.runs.states import State
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.following.order import BuildOrder, Progress

_TRIGGER_PATIENCE = 120.0
"""Seconds a build is still asked for while Jenkins starts or cannot be reached."""
_PATIENCE = 3600.0
"""Seconds a build that was started is followed while Jenkins does not answer."""
_SLOWEST = 10.0


class Step:
    """One step of one run."""

    def __init__(
        self,
        view: RunView,
        control: StepControl,
        services: Services,
        client: JenkinsClient,
        gone: str = "",
    ) -> None:
        """`gone` says why the credential it was asked for with is not there any more, where that is so."""
        self.view = view
        self.control = control
        self.services = services
        self.client = client
        self.gone = gone
        self.progress = Progress.model_validate(view.progress)
        order = BuildOrder.model_validate(view.arguments)
        self.order = order.model_copy(update={"job": self.progress.job or order.job})

    def wait(
        self,
        seconds: float,
        state: State,
        *,
        why: str = "",
        live: str | None = None,
        log: tuple[str, ...] = (),
        away_since: float | None = None,
        **found: Any,
    ) -> Wait:
        """Go on in so many seconds; `found` is added to the progress."""
        # The engine steps a cancelled run at once unless its progress says that it knows.
        cancelling = {"cancelling": True} if self.view.cancel_requested_by else {}
        progress = {**found, **cancelling, "away_since": away_since, "taken_over": bool(self.gone)}
        return Wait(seconds, state, progress=progress, live=live, why=why, log=log)

    def delay(self, polls: int | None = None) -> float:
        """Seconds to the next look: one at first, slowly growing to ten."""
        return float(min(_SLOWEST, 1.15 ** (self.progress.polls if polls is None else polls)))

    def queue_text(self, why: str, *, joined: bool) -> str:
        """What the live message shows while it waits in the queue."""
        return render.queued(self.order.job, self.order.given, joined=joined, why=why)

    def not_started(self, reason: str) -> End:
        """Nothing came of it."""
        says = render.not_started(self.order.job, reason)
        again = render.typed_build(self.order.job, self.order.given, self.order.noun)
        return End(
            State.FAILED,
            f"not started: {reason}",
            live=says,
            told=f"{says}\n{again} tries again.",
            log=(reason,),
        )

    def lost(self, reason: str) -> End:
        """What became of it is not known: a human is asked."""
        says = render.lost(self.order.job, reason)
        told = f"{says}\n{render.after_lost(self.order.job, self.view.id, self.order.noun)}"
        return End(State.LOST, reason, live=says, told=told, log=(reason,))

    def away(self, error: JenkinsError) -> Wait | End:
        """Jenkins does not answer as it should: wait, ever longer, but not for ever."""
        now = time.time()
        since = self.progress.away_since or now
        asked = self.view.state is not State.REQUESTED
        if not asked and now - since > _TRIGGER_PATIENCE:
            return self.not_started(str(error))
        if asked and now - since > _PATIENCE:
            return self.lost(f"for an hour Jenkins did not answer as it should ({error})")
        state = self.view.state
        log = (str(error),) if self.progress.away_since is None else ()
        live = render.away(self.view.title, str(error))
        # Every run that waits for this Jenkins would ask it again in the same second.
        seconds = min(30.0, 2.0 + (now - since) / 4) * random.uniform(1.0, 1.5)
        return self.wait(seconds, state, live=live, log=log, away_since=since)

    def left_to_the_others(self) -> End:
        """It was to be cancelled, and others asked for the same build."""
        says = render.left_to_the_others(self.order.job, self.order.noun)
        why = "left to the others who asked for it"
        return End(State.CANCELLED, why, live=says, told=says, progress={"left": True})
