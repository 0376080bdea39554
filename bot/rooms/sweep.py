"""The run behind `room sweep`: choose rooms, ask where they are many, give notice, wait, act, read again, report.

Each step is short, and may be entered again after its process died. What a sweep found out stands in its rows
(`bot.rooms.sweep_items`); what it does to a room goes through an attempt, and where its answer was lost the room is
read before anything is said or done. The policy is the one the file has at that moment: who takes it out, or protects
a room in it, is heard at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func

from bot.access.policy import Question
from bot.rooms import notices, sweep_items
from bot.rooms.acting import Settled, settle, settle_unseen
from bot.rooms.choosing import PAGES_A_STEP, ROOMS_A_STEP, Listing, foresee_some, list_rooms
from bot.rooms.notices import Button
from bot.rooms.noticing import give_notice, wait_for_notice
from bot.rooms.services import RoomServices, stale_policy
from bot.rooms.stale import over_threshold
from bot.rooms.sweep_items import ACTED, CHOSEN, FAILED, GONE
from bot.rooms.telling import Telling
from bot.runs.kinds import End, RunKind, RunView, StepControl, Undecided, Wait
from bot.runs.states import State
from bot.stale_policy import StaleRooms
from bot.store.models import SweepItem
from bot.webex import NotFound, RateLimited, Unauthorized, Unreachable, WebexError

KIND = "room sweep"
GO = "go_by"
"""In the run's progress: who let a sweep go on that waits for a person."""

_NOTICES_A_STEP = 50
_POLL = 60.0
"""Seconds between looks whether a person has said something; a word wakes the run at once."""
_PATIENCE = timedelta(days=7)
"""How long a sweep over its threshold waits for a person."""
_UNDECIDED = 15.0
_LONGEST_WAIT = 300.0
_AGAIN_AFTER = (2.0, 10.0, 60.0, 300.0, 900.0, 1800.0)
"""Seconds to the next try at a room on which Webex fails; then it is given up, and told."""
_LOOK_AGAIN_AFTER = 10.0
"""Seconds after which a room that is not there is looked for again: it may just have got another id."""

May = Callable[[RunView, Any], str | None]
"""Why a run's requester may not have it any more, or None. Raises Undecided."""


class Progress(BaseModel):
    """What earlier steps found out; stored as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    me: str = ""
    """The bot's e-mail."""
    listing: Listing = Listing()
    report_room: str | None = None
    asked_at: datetime | None = None
    go_by: str | None = None
    tries: dict[str, int] = Field(default_factory=dict)
    """How often Webex failed on a room, by the room's key; and on a `404 `, whether it was missed before."""
    away: int = 0
    """How often in a row Webex did not answer at all."""


def sweep_kind(button: Button, may: May) -> RunKind:
    """The kind of run. `button` makes a card's button of typed words, `may` asks the gate whether it may go on."""

    def step(view: RunView, control: StepControl, services: Any) -> Wait | End:
        policy = stale_policy(services, str(view.arguments["policy"]))
        if policy is None:
            gone = "ended early, since its policy is not in sparkops.yaml any more"
            return Telling(view, services, "notify").end(State.CANCELLED, gone, _progress(view).report_room)
        return _Sweep(view, control, services, policy, button, may).step()

    return RunKind(KIND, step)


def lock_key(policy: str) -> str:
    """What keeps two sweeps by one policy from running at the same time."""
    return f"room sweep {policy.casefold()}"


def _progress(view: RunView) -> Progress:
    return Progress.model_validate(view.progress)


@dataclass(frozen=True)
class _Sweep:
    """One step of one sweep."""

    view: RunView
    control: StepControl
    services: RoomServices
    policy: StaleRooms
    button: Button
    may: May

    @property
    def progress(self) -> Progress:
        """What was found out so far."""
        return _progress(self.view)

    @property
    def telling(self) -> Telling:
        """What is told of it."""
        return Telling(self.view, self.services, self.policy.action)

    def end(self, state: State, how: str) -> End:
        """The sweep is over, with a report."""
        return self.telling.end(state, how, self.progress.report_room)

    def step(self) -> Wait | End:
        """Move on by one step. Where Webex is busy or away, that is waited out."""
        if self.view.cancel_requested_by is not None and self.view.state is not State.REQUESTED:
            return self.end(State.CANCELLED, f"was cancelled by {self.view.cancel_requested_by}")
        try:
            moved = self._moved()
        except WebexError as error:
            return self._wait_out(error)
        if isinstance(moved, Wait) and self.progress.away and "away" not in moved.progress:
            return replace(moved, progress={**moved.progress, "away": 0})
        return moved

    def _moved(self) -> Wait | End:
        match self.view.state:
            case State.REQUESTED:
                me = self.services.webex.me().email
                return self.telling.wait(0.0, State.PLANNING, "begins to look at my rooms", me=me)
            case State.PLANNING:
                return self._plan()
            case State.AWAITING_APPROVAL:
                return self._wait_for_a_person()
            case State.QUEUED:
                return self._begin()
            case State.VERIFYING:
                return self._verify()
        return self._go_on()

    # --- choosing

    def _plan(self) -> Wait | End:
        listing = self.progress.listing
        try:
            for _ in range(PAGES_A_STEP):
                if not listing.is_whole:
                    listing = list_rooms(listing, self.policy, self.services, self.view.id, self.view.room_id)
        except WebexError as error:
            return self._wait_out(error, listing=listing.model_dump())
        if not listing.is_whole or not self.progress.listing.is_whole:
            so_far = f"{listing.rooms:,} rooms so far"
            return self.telling.wait(0.0, State.PLANNING, so_far, listing=listing.model_dump())
        if foresee_some(self.policy, self.services, self.view.id, self.progress.me):
            return self.telling.wait(0.0, State.PLANNING, "reads where I am a moderator")
        return self._decide(listing)

    def _decide(self, listing: Listing) -> Wait | End:
        """Ask a person first, or begin; or give up where nobody could be told."""
        home = self.view.room_id
        if self.policy.report_to is not None and len(listing.report_rooms) != 1:
            found = "several" if listing.report_rooms else "no"
            says = f"{found} rooms of mine are meant by report_to: {self.policy.report_to}"
            if home is None:
                return self.end(State.FAILED, f"did nothing, since {says}")
            self.control.log(f"{says}; I report to where this was asked.")
        elif listing.report_rooms:
            home = listing.report_rooms[0]
        with self.services.database.transaction() as session:
            fates = sweep_items.fates(session, self.view.id, CHOSEN)
            reason = self._must_ask(sum(fates.values()), listing.rooms)
            if reason is None:
                return self.telling.wait(0.0, State.QUEUED, "has chosen", report_room=home)
            text = notices.question(self.view.id, self.policy, fates, listing.rooms, reason)
            self.telling.say(session, home, "question", text)
        self.control.log(text)
        asked_at = datetime.now(UTC).isoformat()
        return self.telling.wait(
            _POLL, State.AWAITING_APPROVAL,
            f"waits for a person: {sum(fates.values())} rooms, {reason}. `room sweep-go {self.view.id}` lets it go on",
            report_room=home, asked_at=asked_at,
        )  # fmt: skip

    def _must_ask(self, chosen: int, of: int) -> str | None:
        if not chosen:
            return None
        if (
            not self.view.asked and self.policy.action != "notify"
        ):  # by the clock: nobody's yes was asked for it
            question = Question(
                self.view.requester, "room sweep", "destroy", arguments={"policy": (self.policy.name,)}
            )
            if self.services.policies.current.approvals_for(question):
                return "and a sweep needs others' agreement"
        return over_threshold(self.policy, chosen, of)

    def _wait_for_a_person(self) -> Wait | End:
        progress = self.progress
        if progress.go_by is not None:
            return self.telling.wait(0.0, State.QUEUED, f"goes on, since {progress.go_by} said so")
        if progress.asked_at is not None and datetime.now(UTC) - progress.asked_at > _PATIENCE:
            return self.end(State.EXPIRED, f"is off: nobody let it go on within {_PATIENCE.days} days")
        return Wait(_POLL, State.AWAITING_APPROVAL)

    # --- acting

    def _begin(self) -> Wait | End:
        with self.services.database.transaction() as session:
            fates = sweep_items.fates(session, self.view.id, CHOSEN)
            if not fates:
                return self.end(State.DONE, f"found no stale room among my {self.progress.listing.rooms:,}")
            text = notices.plan(self.view.id, self.policy, fates, self.progress.listing.rooms)
            self.telling.say(session, self.progress.report_room, "plan", text, mentions=False)
        self.control.log(text)
        return self.telling.wait(0.0, State.RUNNING, "gives notice")

    def _go_on(self) -> Wait | End:
        with self.services.database.transaction() as session:
            noticed = give_notice(
                session, self.view, self.policy, self.services.redactor, self.button, _NOTICES_A_STEP
            )
            items = [] if noticed else sweep_items.due(session, self.view.id, ROOMS_A_STEP)
            items = wait_for_notice(session, self.view.id, self.policy, items)
        if noticed:
            return self.telling.wait(0.0, State.RUNNING, self.telling.so_far())
        if items:
            return self._act(items)
        with self.services.database.transaction() as session:
            seconds = sweep_items.seconds_to_next(session, self.view.id)
            unseen = sweep_items.counts(session, self.view.id).get(ACTED, 0)
        if seconds is not None:
            return self.telling.wait(max(0.5, seconds), State.RUNNING, self.telling.so_far())
        if unseen:
            return self.telling.wait(_AGAIN_AFTER[0], State.VERIFYING, f"reads {unseen} rooms again")
        return self.end(State.DONE, "is done")

    def _act(self, items: Sequence[SweepItem]) -> Wait | End:
        try:
            refused = self.may(self.view, self.services)
        except Undecided as error:
            return self.telling.wait(_UNDECIDED, State.RUNNING, f"waits. {error}")
        if refused is not None:
            return self.end(State.CANCELLED, f"ended early, since it is not allowed any more: {refused}")
        tries = dict(self.progress.tries)
        for item in items:
            if self.control.cancelled():
                break
            try:
                settled: Settled | None = settle(
                    item, self.policy, self.services, self.control, self.progress.me, datetime.now(UTC)
                )
            except (RateLimited, Unreachable, Unauthorized) as error:
                return self._wait_out(error, tries=tries)
            except WebexError as error:
                settled = self._after(error, item, tries)
            self._write_down(item, settled)
        return self.telling.wait(0.0, State.RUNNING, self.telling.so_far(), tries=tries)

    def _after(self, error: WebexError, item: SweepItem, tries: dict[str, int]) -> Settled | None:
        """What an error about one room means for it; None where it is tried again, and when is written down."""
        if isinstance(error, NotFound):
            missed, gone = f"404 {item.room_key}", "It is not there any more, or I am not in it any more."
            return Settled(GONE, gone) if self._put_off(item, missed, tries, (_LOOK_AGAIN_AFTER,)) else None
        if not error.retryable:
            return Settled(FAILED, error=str(error))
        given_up = self._put_off(item, item.room_key, tries, _AGAIN_AFTER)
        return Settled(FAILED, error=str(error)) if given_up else None

    def _put_off(self, item: SweepItem, key: str, tries: dict[str, int], waits: tuple[float, ...]) -> bool:
        """Try a room again later; True where it was tried often enough."""
        number = tries.get(key, 0)
        if number >= len(waits):
            return True
        tries[key] = number + 1
        with self.services.database.transaction() as session:
            later = func.now() + timedelta(seconds=waits[number])
            sweep_items.change(session, self.view.id, item.room_key, act_after=later)
        return False

    def _write_down(self, item: SweepItem, settled: Settled | None) -> None:
        if settled is None:
            return
        error = settled.error or item.error
        with self.services.database.transaction() as session:
            sweep_items.change(
                session,
                self.view.id,
                item.room_key,
                state=settled.state,
                outcome=settled.outcome,
                error=error,
            )

    def _verify(self) -> Wait | End:
        """Read again the rooms that could not be read right after they were acted on."""
        with self.services.database.transaction() as session:
            items = sweep_items.batch(session, self.view.id, ACTED, ROOMS_A_STEP)
        if not items:
            return self.end(State.DONE, "is done")
        tries = dict(self.progress.tries)
        seconds = 0.0
        for item in items:
            try:
                settled = settle_unseen(item, self.services, self.progress.me)
            except (RateLimited, Unreachable, Unauthorized) as error:
                return self._wait_out(error, tries=tries)
            except WebexError as error:
                number = tries.get(item.room_key, 0)
                tries[item.room_key] = number + 1
                if error.retryable and number < len(_AGAIN_AFTER):
                    seconds = max(seconds, _AGAIN_AFTER[number])
                    continue
                settled = Settled(
                    FAILED, error=f"Webex was asked, and whether it happened I could not see: {error}"
                )
            self._write_down(item, settled)
        return self.telling.wait(seconds, State.VERIFYING, "reads rooms again", tries=tries)

    def _wait_out(self, error: WebexError, **progress: Any) -> Wait | End:
        """Webex is busy, away, or wants another token: none of that is a reason to give up."""
        if not (error.retryable or isinstance(error, Unauthorized)):
            return self.end(State.FAILED, f"ended early. {error}")
        away = self.progress.away
        seconds = error.retry_after if isinstance(error, RateLimited) else min(_LONGEST_WAIT, 0.5 * 2.0**away)
        self.control.log(f"I wait {seconds:g} s. {error}")
        return Wait(seconds, self.view.state, {**progress, "away": away + 1}, why="waits for Webex")
