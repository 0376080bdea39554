"""The control API under `/playground/`: faults, restarts, speed, hooks, tokens, injected builds, new jobs.

It needs no credentials, speaks JSON, and answers 400 with an `error` that says what a request lacks.
"""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.jenkins.controller import Controller
from playground.jenkins.faults import Fault, FaultKind
from playground.jenkins.notifications import Hook, Switch, SwitchKind
from playground.jenkins.parameters import IllegalParameterValue, Kind, ParameterDefinition, values_for
from playground.jenkins.recipes import plain, plain_recipe
from playground.jenkins.script import CaseResult, CaseStatus, Result
from playground.jenkins.tree import Json
from playground.jenkins.world import BY_CHANGE, Cause, Change, Folder, FolderKind, Job, JobKind, NameTaken

CONTROLLER = web.AppKey("CONTROLLER", Controller)


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOrder(_Order):
    """See faults.Fault."""

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    status: int = 500
    seconds: float = 5.0
    count: int | None = 1


class RestartOrder(_Order):
    """Real seconds of refused connections, then of the boot page."""

    refusing: float = Field(2.0, ge=0)
    booting: float = Field(3.0, ge=0)


class SpeedOrder(_Order):
    """How much faster than life builds and the quiet period go."""

    speed: float = Field(gt=0)


class TokenOrder(_Order):
    """The API token all share, or that of one user."""

    token: str
    user: str | None = None


class HookOrder(_Order):
    """See notifications.Hook."""

    url: str
    log_lines: int = 0


class SwitchOrder(_Order):
    """See notifications.Switch."""

    kind: SwitchKind
    phase: Literal["QUEUED", "STARTED", "COMPLETED", "FINALIZED"] | None = None
    count: int | None = 1


class CaseOrder(_Order):
    """A JUnit case of an injected build."""

    class_name: str
    name: str
    status: CaseStatus = "PASSED"
    seconds: float = 0.1
    error: str | None = None


class ChangeOrder(_Order):
    """A commit of an injected build."""

    author: str
    email: str
    message: str
    commit: str = "72aef114ab1201f5a5cd734220c9ec738c4e2910"
    files: tuple[str, ...] = ()


class BuildOrder(_Order):
    """A build Jenkins runs by itself: `seconds` ago it began, and it has ended."""

    job: str
    result: Result = "SUCCESS"
    log: str = ""
    seconds: float = Field(10.0, ge=0)
    parameters: dict[str, str] = {}
    user: str | None = None
    upstream: tuple[str, int] | None = None
    tests: tuple[CaseOrder, ...] = ()
    changes: tuple[ChangeOrder, ...] = ()


class ParameterOrder(_Order):
    """A parameter of a new job."""

    name: str
    kind: Literal["string", "choice", "boolean", "text", "password"] = "string"
    default: str | bool = ""
    description: str = ""
    choices: tuple[str, ...] = ()


class JobOrder(_Order):
    """A new job or folder. A job prints `log` over `seconds` and ends with `result`."""

    name: str
    kind: JobKind | FolderKind = "freestyle"
    description: str | None = None
    parameters: tuple[ParameterOrder, ...] = ()
    log: str = "+ make"
    seconds: float = Field(3.0, ge=0)
    result: Result | None = None
    stages: tuple[str, ...] = Field(("Build",), min_length=1)
    stubborn: bool = False


class QueueOrder(_Order):
    """Seconds Jenkins remembers an item that left; seconds until that item names its build; executors."""

    remembered: float | None = None
    executable_after: float | None = None
    executors: int | None = None


def routes() -> web.RouteTableDef:
    """The control API, to be added to an application that holds a CONTROLLER."""
    table = web.RouteTableDef()
    for method, path, handler in (
        ("POST", "/playground/faults", _add_fault),
        ("GET", "/playground/faults", _list_faults),
        ("DELETE", "/playground/faults", _clear_faults),
        ("POST", "/playground/restart", _restart),
        ("POST", "/playground/speed", _set_speed),
        ("POST", "/playground/token", _set_token),
        ("POST", "/playground/queue", _set_queue),
        ("GET", "/playground/hooks", _list_hooks),
        ("POST", "/playground/hooks", _add_hook),
        ("DELETE", "/playground/hooks", _clear_hooks),
        ("GET", "/playground/notifications", _list_notifications),
        ("POST", "/playground/notifications", _add_switch),
        ("POST", "/playground/builds", _inject_build),
        ("POST", "/playground/jobs", _add_job),
        ("POST", "/playground/reset", _reset),
    ):
        table.route(method, path)(handler)
    return table


@web.middleware
async def say_what_is_wrong(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns an order that does not parse into a 400 that says why."""
    try:
        return await handler(request)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return web.json_response({"error": f"{request.method} {request.path}: {problems}"}, status=400)
    except (NameTaken, IllegalParameterValue) as error:
        return web.json_response({"error": str(error)}, status=400)


def _controller(request: web.Request) -> Controller:
    return request.app[CONTROLLER]


async def _add_fault(request: web.Request) -> web.Response:
    order = FaultOrder.model_validate_json(await request.read())
    _controller(request).faults.active.append(Fault(**order.model_dump()))
    return await _list_faults(request)


async def _list_faults(request: web.Request) -> web.Response:
    return web.json_response([vars(fault) for fault in _controller(request).faults.active])


async def _clear_faults(request: web.Request) -> web.Response:
    _controller(request).faults.active.clear()
    return await _list_faults(request)


async def _restart(request: web.Request) -> web.Response:
    order = RestartOrder.model_validate_json(await request.read() or b"{}")
    controller = _controller(request)
    controller.restart(order.refusing, order.booting)
    return web.json_response({"restarting": True, "session": controller.session}, status=202)


async def _set_speed(request: web.Request) -> web.Response:
    controller = _controller(request)
    controller.clock.speed = SpeedOrder.model_validate_json(await request.read()).speed
    return web.json_response({"speed": controller.clock.speed})


async def _set_token(request: web.Request) -> web.Response:
    order = TokenOrder.model_validate_json(await request.read())
    access = _controller(request).access
    if order.user is None:
        access.token = order.token
    else:
        access.own_tokens[order.user] = order.token
    return web.json_response({"user": order.user, "set": True})


async def _set_queue(request: web.Request) -> web.Response:
    order = QueueOrder.model_validate_json(await request.read())
    controller = _controller(request)
    if order.remembered is not None:
        controller.queue.remembered = order.remembered
    if order.executable_after is not None:
        controller.queue.executable_after = order.executable_after
    if order.executors is not None:
        controller.executors.count = order.executors
        controller.queue.maintain()
    return web.json_response(
        {"remembered": controller.queue.remembered, "executors": controller.executors.count}
    )


async def _list_hooks(request: web.Request) -> web.Response:
    return web.json_response([vars(hook) for hook in _controller(request).notifier.hooks])


async def _add_hook(request: web.Request) -> web.Response:
    order = HookOrder.model_validate_json(await request.read())
    _controller(request).notifier.hooks.append(Hook(order.url, order.log_lines))
    return await _list_hooks(request)


async def _clear_hooks(request: web.Request) -> web.Response:
    _controller(request).notifier.hooks.clear()
    return await _list_hooks(request)


async def _list_notifications(request: web.Request) -> web.Response:
    return web.json_response([vars(delivery) for delivery in _controller(request).notifier.deliveries])


async def _add_switch(request: web.Request) -> web.Response:
    order = SwitchOrder.model_validate_json(await request.read())
    notifier = _controller(request).notifier
    notifier.switches.append(Switch(order.kind, order.phase, order.count))
    return web.json_response([vars(switch) for switch in notifier.switches])


async def _inject_build(request: web.Request) -> web.Response:
    order = BuildOrder.model_validate_json(await request.read())
    controller = _controller(request)
    job = controller.world.job(order.job)
    if job is None:
        known = ", ".join(known.full_name for known in controller.world.jobs())
        return web.json_response(
            {"error": f"injecting a build of {order.job}: the jobs are {known}"}, status=404
        )
    cases = tuple(
        CaseResult(case.class_name, case.name, case.status, case.seconds, case.error) for case in order.tests
    )
    script = plain(
        job.kind, lines=order.log.splitlines(), seconds=order.seconds, result=order.result, cases=cases
    )
    parameters = values_for(job.parameters, {name: [value] for name, value in order.parameters.items()})
    changes = tuple(
        Change(change.commit, change.author, change.email, change.message, change.files)
        for change in order.changes
    )
    build = controller.inject(job, script, _cause(order), parameters, changes, order.seconds)
    described: dict[str, Json] = {
        "job": job.full_name,
        "number": build.number,
        "queue_id": build.queue_id,
        "url": controller.world.url(build.path),
    }
    return web.json_response(described, status=201)


def _cause(order: BuildOrder) -> Cause:
    if order.upstream is not None:
        return Cause.by_build(*order.upstream)
    return BY_CHANGE if order.user is None else Cause.by_user(order.user)


async def _add_job(request: web.Request) -> web.Response:
    order = JobOrder.model_validate_json(await request.read())
    world = _controller(request).world
    item = _item(order)
    world.add(item)
    return web.json_response({"name": item.full_name, "url": world.url(item.path)}, status=201)


def _item(order: JobOrder) -> Job | Folder:
    if order.kind == "folder" or order.kind == "multibranch":
        return Folder(order.name, order.kind, order.description)
    recipe = plain_recipe(
        order.kind,
        lines=order.log.splitlines(),
        seconds=order.seconds,
        result=order.result,
        stages=order.stages,
        stubborn=order.stubborn,
    )
    definitions = tuple(
        ParameterDefinition(
            Kind(parameter.kind.capitalize()),
            parameter.name,
            parameter.default,
            parameter.description,
            parameter.choices,
        )
        for parameter in order.parameters
    )
    return Job(order.name, order.kind, recipe, definitions, order.description)


async def _reset(request: web.Request) -> web.Response:
    await _controller(request).reset()
    return web.json_response({"reset": True})
