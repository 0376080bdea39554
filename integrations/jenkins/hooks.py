"""What Jenkins reports: the Notification plugin's JSON and a plain one, told to the rooms that subscribed.

The plugin's reports carry no signature and are not repeated when we are away, so nothing here is relied
upon for builds we follow ourselves: those are asked for. Source: jenkinsci/notification-plugin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote, urljoin, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.integration import HookEvent, UnreadableEvent
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.subscriptions import rooms_for
from bot.runs.states import State
from bot.store.models import Run
from integrations.jenkins import render
from integrations.jenkins.following.order import KIND
from integrations.jenkins.model import BuildEvent, Seconds, read_result, shown_name
from integrations.jenkins.servers import Servers
from integrations.jenkins.story import SOURCE, Story

_PHASES = ("QUEUED", "STARTED", "COMPLETED", "FINALIZED")

Text = Annotated[str, BeforeValidator(lambda text: text or ""), AfterValidator(lambda text: text[:500])]


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Scm(_Report):
    branch: Text = ""


class _Tests(_Report):
    total: int = 0
    failed: int = 0
    failed_tests: tuple[str, ...] = ()


class _PluginBuild(_Report):
    number: int = Field(ge=1)
    phase: str
    status: str | None = None
    url: Text = ""
    full_url: Text = ""
    """Missing where Jenkins does not know its own address."""
    queue_id: int | None = None
    timestamp: int | None = None
    duration: Seconds = None
    scm: _Scm = _Scm()
    test_summary: _Tests = _Tests()


class _PluginReport(_Report):
    """The Notification plugin's body. Nulls are left out; `name` is the short name, `url` has the folders."""

    url: str
    build: _PluginBuild


class _PlainReport(_Report):
    """What any other sender may post: a Jenkinsfile's `httpRequest`, a script."""

    job: str = Field(min_length=1, max_length=500)
    number: int = Field(ge=1)
    result: str | None = None
    url: Text = ""
    phase: str = "FINALIZED"
    duration: float | None = Field(None, ge=0)
    """Seconds."""
    branch: Text = ""


def read(body: bytes, _headers: Mapping[str, str]) -> HookEvent:
    """Type a report. The same phase of the same build is one event, however often it is sent.

    Raises UnreadableEvent for what is neither of the two shapes.
    """
    try:
        sent = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        raise UnreadableEvent("The body is not JSON in UTF-8; set the plugin's format to JSON.") from error
    if not isinstance(sent, dict):
        raise UnreadableEvent("The body is JSON, but no object.")
    try:
        event, when = _of_plugin(sent) if "build" in sent else _of_plain(sent)
    except ValidationError as error:
        raise UnreadableEvent(_explain(error)) from error
    if event.phase not in _PHASES:
        raise UnreadableEvent(f"The phase must be one of {', '.join(_PHASES)}.")
    key = f"{event.url or event.full_name}:{event.number}:{event.phase}:{when}"
    return HookEvent(key, event.model_dump(mode="json"))


def _of_plugin(sent: Mapping[str, Any]) -> tuple[BuildEvent, int | None]:
    report = _PluginReport.model_validate(sent)
    build = report.build
    finished = build.phase in ("COMPLETED", "FINALIZED")
    return BuildEvent(
        full_name=name_in_path(report.url),
        number=build.number,
        phase=build.phase,
        result=read_result(build.status) if finished else None,
        url=build.full_url or build.url,
        queue_id=build.queue_id,
        duration=build.duration if finished else None,
        branch=build.scm.branch.removeprefix("origin/"),
        tests=build.test_summary.total,
        tests_failed=build.test_summary.failed,
        failed_tests=tuple(each[:200] for each in build.test_summary.failed_tests[:10]),
    ), build.timestamp


def _of_plain(sent: Mapping[str, Any]) -> tuple[BuildEvent, None]:
    report = _PlainReport.model_validate(sent)
    return BuildEvent(
        full_name=report.job.strip("/"),
        number=report.number,
        phase=report.phase.upper(),
        result=read_result(report.result),
        url=report.url,
        duration=report.duration,
        branch=report.branch.removeprefix("origin/"),
    ), None


def name_in_path(path: str) -> str:
    """The full name in a job's path: `job/team/job/api/` is `team/api`; a view before it is no part of it.

    Raises UnreadableEvent where there is none.
    """
    segments = [unquote(each) for each in urlsplit(path).path.split("/") if each]
    start = segments.index("job") if "job" in segments else len(segments)
    words, names = segments[start::2], segments[start + 1 :: 2]
    if not names or len(names) != len(words) or set(words) != {"job"}:
        raise UnreadableEvent(f"The url {path[:200]!r} is no job's: it must read like job/team/job/api/.")
    return "/".join(names)


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}. The README of the Jenkins integration shows both shapes."


def handle(event: HookEvent, services: Services, session: Session) -> tuple[str, ...]:
    """Wake the runs that follow this build, and tell the subscribed rooms of its end; returns their lanes."""
    build = BuildEvent.model_validate(event.payload)
    following = _runs_following(session, build)
    session.execute(
        update(Run)
        .where(Run.id.in_([run.id for run in following]), Run.step == "idle", Run.next_step_at.is_not(None))
        .values(next_step_at=func.now())
    )
    if not build.finished:
        return ()
    told_by_runs = {
        run.room_id for run in following if run.state != State.LOST and not run.progress.get("left")
    }
    lanes = [_tell(build, room, room in told_by_runs, services, session) for room in _rooms(session, build)]
    return tuple(lane for lane in lanes if lane)


def _rooms(session: Session, build: BuildEvent) -> tuple[str, ...]:
    """The rooms that subscribed to the job, by its full name or as people write it; always in one order.

    Their stories and budgets are locked one by one, and two reports must not wait for each other.
    """
    spellings = dict.fromkeys([build.full_name, shown_name(build.full_name)])
    return tuple(sorted({room for name in spellings for room in rooms_for(session, SOURCE, name)}))


def _runs_following(session: Session, build: BuildEvent) -> list[Run]:
    """The runs of this very build: known by its number or, before that is known, by its queue item."""
    known = [Run.progress["number"].astext == str(build.number)]
    if build.queue_id is not None:
        known.append(Run.progress["queue_id"].astext == str(build.queue_id))
    query = select(Run).where(Run.kind == KIND, Run.arguments["job"].astext == build.full_name, or_(*known))
    return list(session.scalars(query))


def _tell(
    build: BuildEvent, room_id: str, told_by_run: bool, services: Services, session: Session
) -> str | None:
    """Tell one room of a build's end and return its lane; a build it follows itself only goes on the record.

    COMPLETED and FINALIZED both come, and either may be lost: the first is told, the other only where it
    tells another result, which the message's key sees to.
    """
    story = Story.of(session, build.subject, room_id)
    before = story.before(build.number)
    story.go_on(build.number, build.result)
    if told_by_run:
        return None
    key = f"jenkins:{build.url or build.full_name}:{build.number}:{build.result}:{room_id}"
    text = render.event(build, before, _address(build, services))
    message = Outgoing(key=key, markdown=text, room_id=room_id, parent_id=story.thread(key))
    return notify(session, message, services.redactor, services.policies.file.notifications)


def _address(build: BuildEvent, services: Services) -> str:
    """The build's page; made absolute with our own idea of where Jenkins is, where the report has none."""
    servers = services.clients.get(SOURCE)
    root = servers.get(servers.default).url if isinstance(servers, Servers) else ""
    address = urljoin(root, build.url) if build.url else ""
    return address if address.startswith(("http://", "https://")) else ""
