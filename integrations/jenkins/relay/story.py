"""What a room was last told of one job and branch, and in which thread: the `topics` table, for Jenkins."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.models import OutboxMessage, Topic
from integrations.jenkins.model import Result
from integrations.jenkins.relay.noise import Past


class Story:
    """One job and branch in one room; locked until the transaction ends, so that two reports do not cross."""

    def __init__(self, session: Session, topic: Topic) -> None:
        self._session = session
        self._topic = topic

    @classmethod
    def of(cls, session: Session, source: str, subject: str, room_id: str) -> Story:
        """The story so far, an empty one at first. `source` is the server's account (`jenkins@prod`)."""
        key = {"source": source, "subject": subject, "room_id": room_id}
        # One that is there is updated to itself: that locks and returns it in the same round trip.
        known = insert(Topic).values(**key, state={})
        known = known.on_conflict_do_update(index_elements=list(key), set_={"state": Topic.state})
        fresh = {"populate_existing": True}
        return cls(session, session.scalars(known.returning(Topic), execution_options=fresh).one())

    def before(self, number: int) -> Past | None:
        """What was known before this build; None where a later one is known, so that it comes late."""
        known = Past.from_json(self._topic.state.get("past"))
        if number < known.number:
            return None
        return Past.from_json(self._topic.state.get("before")) if number == known.number else known

    def go_on(self, number: int, result: Result | None, at: float) -> None:
        """Remember a build's end, unless a later build's is known. It may turn out otherwise once more."""
        before = self.before(number)
        if before is not None:
            self._keep(past=before.after(number, result, at).as_json(), before=before.as_json())

    def thread(self, key: str) -> str | None:
        """The message to answer under; None where the message to be stored as `key` begins the thread."""
        thread = self.begun_thread()
        if thread is None:
            self._keep(root=key)
        return thread

    def begun_thread(self) -> str | None:
        """The message its thread hangs on; None where none was sent yet."""
        root = self._topic.state.get("root")
        if self._topic.state.get("thread") is None and root is not None:
            query = select(OutboxMessage.message_id).where(OutboxMessage.dedupe_key == f"{root}:0")
            if message_id := self._session.scalar(query):
                self._keep(thread=message_id)
        thread: str | None = self._topic.state.get("thread")
        return thread

    def _keep(self, **changes: Any) -> None:
        self._topic.state = {**self._topic.state, **changes}
        self._topic.updated_at = func.now()


def pasts_of(
    session: Session, source: str, subject: str, rooms: Collection[str], number: int
) -> dict[str, Past | None]:
    """As `Story.before` in each of these rooms, only looked at: nothing is locked, and no story is begun."""
    query = select(Topic).where(Topic.source == source, Topic.subject == subject, Topic.room_id.in_(rooms))
    stories = {topic.room_id: Story(session, topic) for topic in session.scalars(query)}
    return {room: stories[room].before(number) if room in stories else Past() for room in rooms}
