"""The run behind `jenkins build`: ask for the build once, find it, follow it to its end, stop it if asked.

Every step is short and may be entered again. The one thing that must not happen twice, the trigger, goes
through an attempt; where its answer is lost, Jenkins is asked what it has before anything is said or done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from bot.access.credentials import CredentialError
from bot.commands.context import Services
from bot.outbound.quoting import quote
from bot.runs.kinds import End, Interrupted, RunKind, RunView, StepControl, Wait
from bot.runs.states import State
from bot.store.models import Run
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.credentials import client_as
from integrations.jenkins.errors import (
    BadParameter,
    CredentialGone,
    JenkinsError,
    NotFound,
    Starting,
    Unreachable,
)
from integrations.jenkins.model import Build, QueueItem, Result, Stage, Values, carries, shown_name

KIND = "jenkins.build"

_LOOKS = 5
"""How often Jenkins is asked for a build whose trigger's answer was lost, before none is believed."""
_LOOK_EVERY = 3.0
_TRIGGER_PATIENCE = 120.0
"""Seconds a build is still asked for while Jenkins starts or cannot be reached."""
_PATIENCE = 3600.0
"""Seconds a build that was started is followed while Jenkins does not answer."""
_LEFT_LOOKS = 60
"""Looks at an item that left the queue without a word on where to."""
_SLOWEST = 10.0


class BuildOrder(BaseModel):
    """What a build run is started with; stored as JSON."""

    model_config = ConfigDict(frozen=True)

    job: str
    parameterised: bool
    given: Values
    """The parameters to send; those left out are Jenkins' to fill in."""
    expected: Values
    """The parameters the build will show, defaults included."""
    next_number: int
    """The job's next build number before anything was asked: what is older is not ours."""
    as_user: str | None = None
    """The user in Jenkins that the requester is by their own credential; None: the bot's own account."""
    requester: str | None = None
    """Who the build's cause shall name, an e-mail address; None where that is left to Jenkins."""

    @property
    def cause(self) -> str | None:
        """What Jenkins shall give as the build's reason."""
        return f"Asked for by {self.requester} in Webex" if self.requester else None


class Progress(BaseModel):
    """What earlier steps of the run found out; stored as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    queue_id: int | None = None
    joined: bool = False
    shared: bool = False
    """Others asked for the same build: a cancelled run leaves it alone."""
    number: int | None = None
    jenkins_session: str | None = None
    looking: int = 0
    """Looks for a build whose trigger's answer was lost, and how that came about."""
    lost_by: str = ""
    polls: int = 0
    away_since: float | None = None
    stopped: bool = False
    taken_over: bool = False
    """Begun as the requester, and followed as the bot's own account since their credential is gone."""


class _Follower:
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
        self.order = BuildOrder.model_validate(view.arguments)
        self.progress = Progress.model_validate(view.progress)

    def step(self) -> Wait | End:
        """Move on by one step; Jenkins' being away is waited out."""
        if self.gone and self.view.state is not State.REQUESTED and not self.progress.taken_over:
            self.control.log(f"{self.gone}: from here on I follow it as my own account.")
        try:
            if self.progress.looking:
                return self._look(self.progress.lost_by)
            if self.progress.number is not None:
                return self._follow(self.progress.number)
            if self.progress.queue_id is not None:
                return self._queued(self.progress.queue_id)
            return self._trigger()
        except JenkinsError as error:
            return self._away(error)

    # --- asking for the build

    def _trigger(self) -> Wait | End:
        try:
            outcome = self.control.attempt("trigger", f"starting {shown_name(self.order.job)}", self._post)
        except Interrupted:
            return self._look("I was interrupted while asking for it")
        except (Starting, Unreachable):
            self.control.forget("trigger")
            raise
        except JenkinsError as error:
            return self._not_started(str(error))
        if "unknown" in outcome:
            return self._look(str(outcome["unknown"]))
        if "queue_id" not in outcome:  # it ended in an error that said nothing was done; then we died
            self.control.forget("trigger")
            return self._wait(0.0, State.REQUESTED)
        return self._in_queue(int(outcome["queue_id"]), joined=bool(outcome["joined"]))

    def _post(self) -> Mapping[str, Any]:
        order = self.order
        if self.gone:
            again = "Say it again, to have it done as my own account."
            raise CredentialGone(f"starting {order.job}", self.gone, again)
        try:
            triggered = self.client.trigger(order.job, order.given, parameterised=order.parameterised)
        except JenkinsError as error:
            if error.maybe_done:
                return {"unknown": str(error)}
            raise
        return triggered.model_dump()

    def _in_queue(self, queue_id: int, *, joined: bool) -> Wait:
        said = "Jenkins put it to an identical one that waited" if joined else "Jenkins took it"
        return self._wait(
            0.0,
            State.QUEUED,
            why=f"{said}, as queue item {queue_id}",
            live=self._queue_text("it begins in a moment", joined=joined),
            log=(f"{said}: queue item {queue_id}.",),
            queue_id=queue_id,
            joined=joined,
            shared=joined,
            looking=0,
            polls=0,
        )

    def _not_started(self, reason: str) -> End:
        says = render.not_started(self.order.job, reason)
        told = f"{says}\n{render.typed_build(self.order.job, self.order.given)} tries again."
        return End(State.FAILED, f"not started: {reason}", live=says, told=told, log=(reason,))

    # --- the answer to the trigger was lost

    def _look(self, reason: str) -> Wait | End:
        """Look for what the lost trigger may have made: adopt it, say that there is nothing, or give up."""
        found = self._candidates()
        if len(found) == 1:
            queue_id = next(iter(found))
            if not self._followed_elsewhere(queue_id):
                return self._in_queue(queue_id, joined=False)
        if found:
            which = " or ".join(found.values())
            return self._lost(f"{reason.rstrip('.')}, and Jenkins has what may be it or not: {which}")
        looks = self.progress.looking + 1
        if looks <= _LOOKS:
            live = render.looking(self.order.job)
            known: dict[str, Any] = {"looking": looks, "lost_by": reason}
            return self._wait(_LOOK_EVERY, State.QUEUED, why=reason, live=live, **known)
        return self._not_started(f"{reason.rstrip('.')}, and Jenkins has no such build: nothing was started.")

    def _candidates(self) -> dict[int, str]:
        """Queue items and builds since the order with our parameters and by our user, by queue id."""
        order, client = self.order, self.client
        asker = (order.as_user or client.user).casefold()

        def ours(each: Build | QueueItem) -> bool:
            by_us = any((cause.user or "").casefold() == asker for cause in each.causes)
            return by_us and carries(each.parameters, order.expected)

        found = {each.id: f"queue item {each.id}" for each in client.queue_of(order.job) if ours(each)}
        for build in client.builds(order.job):
            if build.number >= order.next_number and build.queue_id is not None and ours(build):
                found[build.queue_id] = f"#{build.number}"
        return found

    def _followed_elsewhere(self, queue_id: int) -> bool:
        same = select(Run.id).where(
            Run.kind == KIND,
            Run.id != self.view.id,
            Run.arguments["job"].astext == self.order.job,
            Run.progress["queue_id"].astext == str(queue_id),
        )
        with self.services.database.transaction() as session:
            return session.scalars(same).first() is not None

    # --- in the queue

    def _queued(self, queue_id: int) -> Wait | End:
        try:
            item = self.client.queue_item(queue_id)
        except NotFound:
            return self._forgotten(queue_id)
        shared = self.progress.shared or len(item.causes) > 1
        if item.number is not None:
            return self._follow(item.number, shared=shared)
        if item.cancelled:
            return self._taken_out()
        if item.left and self.progress.polls > _LEFT_LOOKS:
            return self._forgotten(queue_id)
        if self.view.cancel_requested_by and shared:
            return self._left_to_the_others()
        if self.view.cancel_requested_by and not item.left:
            return self._cancel_item(queue_id)
        live = self._queue_text(_waits_for(item), joined=self.progress.joined)
        return self._wait(
            self._delay(), State.QUEUED, live=live, shared=shared, polls=self.progress.polls + 1
        )

    def _forgotten(self, queue_id: int) -> Wait | End:
        """Jenkins remembers items that left for five minutes, and not over a restart: the build tells."""
        build = self.client.build_of(self.order.job, queue_id)
        if build is not None:
            return self._follow(build.number)
        return self._lost(f"Jenkins has forgotten queue item {queue_id} and shows no build that came of it")

    def _cancel_item(self, queue_id: int) -> Wait | End:
        try:
            self.client.cancel(queue_id)
        except (NotFound, BadParameter):
            self.control.log("It left the queue before it could be taken out.")
        return self._wait(0.5, State.QUEUED, why="asked to leave the queue", polls=self.progress.polls + 1)

    def _taken_out(self) -> End:
        says = render.taken_out(self.order.job, self.view.cancel_requested_by)
        return End(
            State.CANCELLED, "taken out of the queue", live=says, told=says, log=("Out of the queue.",)
        )

    def _left_to_the_others(self) -> End:
        says = render.left_to_the_others(self.order.job)
        why = "left to the others who asked for it"
        return End(State.CANCELLED, why, live=says, told=says, progress={"left": True})

    # --- the build

    def _follow(self, number: int, *, shared: bool | None = None) -> Wait | End:
        shared = self.progress.shared if shared is None else shared
        try:
            build = self.client.build(self.order.job, number)
        except NotFound as error:
            return self._lost(f"{error.came_back}: #{number} is gone, or the job was renamed")
        stages = self.client.stages(self.order.job, number) if build.is_pipeline else ()
        if not build.building:
            return self._ended(build, stages)
        new = self.progress.number is None
        began_in = self.client.jenkins_session if new else self.progress.jenkins_session
        known: dict[str, Any] = {"number": number, "shared": shared, "jenkins_session": began_in}
        if self.view.cancel_requested_by:
            if shared:
                return self._left_to_the_others()
            self._stop(number)
            live = render.stopping(self.order.job, build, self.view.cancel_requested_by, stages)
            return self._wait(1.0, State.RUNNING, why="asked to stop", live=live, stopped=True, **known)
        polls = 0 if new else self.progress.polls + 1
        return self._wait(
            self._delay(polls),
            State.RUNNING,
            why=f"build #{number} began",
            live=render.running(self.order.job, build, stages, self.order.given, time.time()),
            log=(f"Build #{number} began: {build.url}",) if new else (),
            polls=polls,
            **known,
        )

    def _stop(self, number: int) -> None:
        """Ask Jenkins once to stop the build. Asking again does no harm: an open attempt is simply redone."""
        if self.progress.stopped:
            return

        def ask() -> Mapping[str, Any]:
            self.client.stop(self.order.job, number)
            return {}

        try:
            self.control.attempt("stop", f"stopping #{number}", ask)
        except (Interrupted, JenkinsError) as error:
            self.control.forget("stop")
            if isinstance(error, JenkinsError):
                raise
            self.client.stop(self.order.job, number)

    def _ended(self, build: Build, stages: tuple[Stage, ...]) -> End:
        began_in, now_in = self.progress.jenkins_session, self.client.jenkins_session
        restarted = began_in is not None and began_in != now_in
        stopped = build.outcome is Result.ABORTED and build.interrupted
        state = (
            State.DONE if build.outcome is Result.SUCCESS else State.CANCELLED if stopped else State.FAILED
        )
        why = f"#{build.number} {render.ending(build, restarted=restarted)}"
        shown = (self.order.job, build, stages, self.order.given)
        return End(
            state,
            why,
            live=render.ended(*shown, restarted=restarted),
            told=render.told(*shown, restarted=restarted),
            progress={"number": build.number, "away_since": None},
            log=(why,),
        )

    # --- when things go wrong

    def _away(self, error: JenkinsError) -> Wait | End:
        """Jenkins does not answer as it should: wait, ever longer, but not for ever."""
        now = time.time()
        since = self.progress.away_since or now
        asked = self.view.state is not State.REQUESTED
        if not asked and now - since > _TRIGGER_PATIENCE:
            return self._not_started(str(error))
        if asked and now - since > _PATIENCE:
            return self._lost(f"for an hour Jenkins did not answer as it should ({error})")
        state = self.view.state
        log = (str(error),) if self.progress.away_since is None else ()
        live = render.away(self.view.title, str(error))
        return self._wait(min(30.0, 2.0 + (now - since) / 4), state, live=live, log=log, away_since=since)

    def _lost(self, reason: str) -> End:
        says = render.lost(self.order.job, reason)
        told = f"{says}\n{render.after_lost(self.order.job, self.view.id)}"
        return End(State.LOST, reason, live=says, told=told, log=(reason,))

    def _wait(
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
        # The engine steps a cancelled run at once unless its progress says that it knows.
        cancelling = {"cancelling": True} if self.view.cancel_requested_by else {}
        progress = {**found, **cancelling, "away_since": away_since, "taken_over": bool(self.gone)}
        return Wait(seconds, state, progress=progress, live=live, why=why, log=log)

    def _delay(self, polls: int | None = None) -> float:
        """Seconds to the next look: one at first, slowly growing to ten."""
        return float(min(_SLOWEST, 1.15 ** (self.progress.polls if polls is None else polls)))

    def _queue_text(self, why: str, *, joined: bool) -> str:
        return render.queued(self.order.job, self.order.given, joined=joined, why=why)


def _waits_for(item: QueueItem) -> str:
    if item.blocked:
        return "it waits for the build before it"
    return "it waits for a free executor" if item.buildable else "it begins in a moment"


def step(view: RunView, control: StepControl, services: Services) -> Wait | End:
    """Move a build's run on by one step."""
    client = services.clients.get("jenkins")
    if not isinstance(client, JenkinsClient):
        state = State.FAILED if view.state is State.REQUESTED else State.LOST
        why = "no Jenkins is set up here any more"
        says = f"❓ **{quote(view.title)}**: {why}, so I cannot follow it."
        return End(state, why, live=says, told=says)
    if not view.arguments.get("as_user"):
        return _Follower(view, control, services, client).step()
    try:
        own = client_as(view.requester, services, client)
        gone = "" if own else f"the credential for Jenkins that {view.requester} gave is removed"
    except CredentialError as error:
        own, gone = None, str(error)
    return _Follower(view, control, services, own or client, gone).step()


BUILD = RunKind(KIND, step, resumable=True)
