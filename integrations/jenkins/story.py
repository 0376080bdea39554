"""What a room was last told of one job and branch, and in which thread: the `topics` table, for Jenkins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.models import OutboxMessage, Topic
from integrations.jenkins.model import Result, read_result

SOURCE = "jenkins"
_NO_PART = frozenset({None, Result.ABORTED, Result.NOT_BUILT})
"""Results that change nothing about whether a job is broken or well."""


class Story:
    """One job and branch in one room; locked until the transaction ends, so that two reports do not cross."""

    def __init__(self, session: Session, topic: Topic) -> None:
        self._session = session
        self._topic = topic

    @classmethod
    def of(cls, session: Session, subject: str, room_id: str) -> Story:
        """The story so far, an empty one at first."""
        values = {"source": SOURCE, "subject": subject, "room_id": room_id, "state": {}}
        session.execute(insert(Topic).values(**values).on_conflict_do_nothing())
        query = select(Topic).where(
            Topic.source == SOURCE, Topic.subject == subject, Topic.room_id == room_id
        )
        return cls(session, session.scalars(query.with_for_update()).one())

    def before(self, number: int) -> Result | None:
        """The result before this build, as far as it says something; None also for a build told late."""
        if number < self._number:
            return None
        return read_result(self._topic.state.get("before" if number == self._number else "result"))

    def go_on(self, number: int, result: Result | None) -> None:
        """Remember a build's result, unless a later build's is known. It may turn out otherwise once more."""
        if number < self._number:
            return
        before = self.before(number)
        now = before if result in _NO_PART else result
        self._keep(number=number, before=before, result=now)

    def thread(self, key: str) -> str | None:
        """The message to answer under; None where the message to be stored as `key` begins the thread."""
        root = self._topic.state.get("root")
        if self._topic.state.get("thread") is None and root is not None:
            query = select(OutboxMessage.message_id).where(OutboxMessage.dedupe_key == f"{root}:0")
            if message_id := self._session.scalar(query):
                self._keep(thread=message_id)
        thread: str | None = self._topic.state.get("thread")
        if thread is None:
            self._keep(root=key)
        return thread

    @property
    def _number(self) -> int:
        return int(self._topic.state.get("number", 0))

    def _keep(self, **changes: Any) -> None:
        self._topic.state = {**self._topic.state, **changes}
        self._topic.updated_at = self._session.scalars(select(func.now())).one()
