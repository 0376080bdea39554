"""In which thread of a room a build is told that another one asked for."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.store.models import LiveMessage
from integrations.jenkins.events import BuildEvent
from integrations.jenkins.relay.runs import runs_following
from integrations.jenkins.relay.story import Story
from integrations.jenkins.settings import account
from integrations.jenkins.store.models import JenkinsBuild

_GENERATIONS = 5
"""How far up a build's thread is looked for among those that asked for it."""


def thread_above(session: Session, server: str, event: BuildEvent, room_id: str) -> str | None:
    """The thread in this room of the build that asked for this one, or that asked for that one."""
    upstream = event.upstream
    for _ in range(_GENERATIONS):
        if upstream is None:
            return None
        above = session.get(JenkinsBuild, (server, *upstream))
        if above is None:
            return None
        if thread := _thread_of(session, server, above, room_id):
            return thread
        upstream = (above.upstream_job, above.upstream_number or 0) if above.upstream_job else None
    return None


def _thread_of(session: Session, server: str, build: JenkinsBuild, room_id: str) -> str | None:
    for run in runs_following(session, server, build.job, build.number, build.queue_id):
        if run.room_id == room_id:
            live = session.get(LiveMessage, run.live_id) if run.live_id else None
            if thread := run.parent_id or (live.message_id if live else None):
                return thread
    subject = f"{build.job}@{build.branch}" if build.branch else build.job
    return Story.of(session, account(server), subject, room_id).begun_thread()
