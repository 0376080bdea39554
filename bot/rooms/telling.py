"""What a sweep tells of itself: a question, its plan, its report; to the room of its policy, and where it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bot.outbound.outbox import Outgoing, enqueue
from bot.rooms import bulk, notices, sweep_items
from bot.rooms.bulk import Came, Result
from bot.rooms.known import present_id
from bot.rooms.services import RoomServices
from bot.rooms.sweep_items import ACTED, CHOSEN, FAILED, NOTICED, REFUSED
from bot.runs.kinds import End, RunView, Wait
from bot.runs.states import State
from bot.store.models import SweepItem


@dataclass(frozen=True, slots=True)
class Telling:
    """The words of one step of one sweep; each goes out once, however often the step is entered."""

    view: RunView
    services: RoomServices
    action: str
    """What the policy does to rooms."""

    @property
    def policy(self) -> str:
        """The policy's name."""
        return str(self.view.arguments["policy"])

    @property
    def is_asked(self) -> bool:
        """Whether a person asked for it; otherwise it came by the clock."""
        return bool(self.view.asked)

    def wait(self, seconds: float, state: State, live: str, **progress: Any) -> Wait:
        """Go on in so many seconds, with this in the live message."""
        return Wait(seconds, state, progress, live=f"🧹 **{self.view.title}**: {live}.", why=live[:200])

    def say(
        self, session: Session, room_id: str | None, key: str, text: str, *, mentions: bool = True
    ) -> None:
        """Tell a room something, with all of the sweep's rooms as a file; the asker is mentioned in their own."""
        if room_id is None:
            return
        content = notices.as_csv(sweep_items.every(session, self.view.id))
        mention = f"personEmail:{self.view.requester}"
        is_mentioned = mentions and self.is_asked and room_id == self.view.room_id
        message = Outgoing(
            key=f"sweep:{self.view.id}:{key}",
            markdown=f"{text} <@{mention}>" if is_mentioned else text,
            room_id=present_id(session, room_id),
            file_name=f"sweep-{self.policy}-{self.view.id}.csv",
            file_content=content,
            mentions=(mention,) if is_mentioned else (),
            correlation_id=self.view.correlation_id,
        )
        enqueue(session, message, self.services.redactor)

    def so_far(self) -> str:
        """How far it has come, for the live message."""
        with self.services.database.transaction() as session:
            ends = sweep_items.counts(session, self.view.id)
        chosen, waiting = ends.get(CHOSEN, 0), ends.get(NOTICED, 0)
        settled = sum(ends.values()) - waiting - chosen
        return f"{chosen} rooms to be given notice, {waiting} waiting for their date, {settled} settled"

    def end(self, state: State, how: str, report_room: str | None) -> End:
        """The report. Where rooms failed, a finished sweep is a partial one, and its asker may `retry` those."""
        view = self.view
        home = report_room or view.room_id
        with self.services.database.transaction() as session:
            ends = sweep_items.counts(session, view.id)
            text = notices.report(view.id, self.policy, ends, sweep_items.outcomes(session, view.id), how)
            failed = sweep_items.batch(session, view.id, FAILED, sum(ends.values()))
            refused = sweep_items.batch(session, view.id, REFUSED, notices.TOLD)
            troubles = notices.troubles([*failed, *refused], ends.get(FAILED, 0) + ends.get(REFUSED, 0))
            whole = "\n\n".join(filter(None, (text, troubles, self._left(session, failed))))
            if ends:
                self.say(session, home, "report", whole)
        if state is State.DONE and (ends.get(FAILED) or ends.get(ACTED)):
            state = State.PARTIAL
        told = "" if ends and home == view.room_id else whole
        return End(state, how, live=text, told=told, mention=self.is_asked, log=(whole,))

    def _left(self, session: Session, failed: Sequence[SweepItem]) -> str:
        """Keep what failed so that its asker can have only that done again, as a command of theirs."""
        if not failed or not self.is_asked or self.action == "notify":
            return ""
        number = bulk.keep(
            session,
            [_result(item) for item in failed],
            request_key=f"sweep:{self.view.id}",
            person=self.view.requester,
            room_id=self.view.room_id,
            words=("room", self.action),
            redactor=self.services.redactor,
        )
        return f"`retry {number}` tries again to {self.action} what failed, and only that."


def _result(item: SweepItem) -> Result:
    return Result(item.title, Came.FAILED, item.error or "", word=item.room_id)
