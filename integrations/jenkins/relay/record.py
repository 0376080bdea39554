"""What is known of each build, whoever told it: one row, whose phase only goes forward."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from integrations.jenkins.events import BuildEvent, Phase
from integrations.jenkins.model import read_result
from integrations.jenkins.store.models import JenkinsBuild

_SAME_MOMENT = 60.0
"""Seconds: senders tell when a build began by measures of their own, all within this."""


def record(session: Session, server: str, event: BuildEvent) -> JenkinsBuild:
    """Write down what an event tells, and return all that is known; the row stays locked.

    What comes late changes no phase and no result, and fills what was empty. A build of the same number
    and another queue item, or begun at another moment, is another build: its job was made anew.
    """
    key = {"server": server, "job": event.full_name, "number": event.number}
    # What is known already is updated to itself: that locks and returns it in the same round trip.
    begun = insert(JenkinsBuild).values(**key, phase=event.phase.order)
    known = begun.on_conflict_do_update(index_elements=list(key), set_={"phase": JenkinsBuild.phase})
    fresh = {"populate_existing": True}
    build = session.scalars(known.returning(JenkinsBuild), execution_options=fresh).one()
    if _is_another(build, event):
        session.delete(build)
        session.flush()
        build = JenkinsBuild(**key, phase=event.phase.order)
        session.add(build)
        session.flush()
        session.refresh(build)
    _take_in(build, event)
    return build


def _is_another(known: JenkinsBuild, event: BuildEvent) -> bool:
    if known.queue_id is not None and event.queue_id is not None:
        return known.queue_id != event.queue_id
    if known.started is None or event.started is None:
        return False
    return abs(known.started - event.started) > _SAME_MOMENT


def _take_in(build: JenkinsBuild, event: BuildEvent) -> None:
    if event.phase.order >= build.phase:
        build.phase = event.phase.order
        build.result = event.result or build.result if event.finished else None
        build.duration = event.duration if event.duration is not None else build.duration
    build.branch = build.branch or event.branch
    build.url = event.url if "://" in event.url or not build.url else build.url
    build.queue_id = event.queue_id if build.queue_id is None else build.queue_id
    build.started = event.started if build.started is None else build.started
    build.commit = build.commit or event.commit
    build.culprits = build.culprits or list(event.culprits)
    build.asked_by = build.asked_by or event.asked_by
    if event.upstream and build.upstream_job is None:
        build.upstream_job, build.upstream_number = event.upstream
    if event.finished and event.tests:
        build.tests = event.tests
        if event.failed_tests or not event.tests_failed:  # a sender that only counts tells no names
            build.failed_tests = build.failed_tests or list(event.failed_tests)


def known_as(build: JenkinsBuild, event: BuildEvent) -> BuildEvent:
    """The event with all that is known of its build."""
    upstream = (build.upstream_job, build.upstream_number or 0) if build.upstream_job else None
    return event.model_copy(
        update={
            "phase": list(Phase)[build.phase],
            "result": read_result(build.result),
            "branch": build.branch,
            "url": build.url,
            "queue_id": build.queue_id,
            "started": build.started,
            "duration": build.duration,
            "commit": build.commit,
            "culprits": tuple(build.culprits),
            "asked_by": build.asked_by,
            "upstream": upstream,
        }
    )


def downstream(session: Session, server: str, job: str, number: int) -> list[JenkinsBuild]:
    """The builds that one asked for, in the order they were heard of."""
    asked = select(JenkinsBuild).filter_by(server=server, upstream_job=job, upstream_number=number)
    return list(session.scalars(asked.order_by(JenkinsBuild.seen_at, JenkinsBuild.job)))
