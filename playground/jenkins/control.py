"""The control API under `/playground/`: faults, restarts, speed, hooks, tokens, agents, injected builds, new jobs.

It needs no credentials, speaks JSON, and answers 400 with an `error` that says what a request lacks. The
orders and their fields stand in `orders`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from playground.jenkins import orders
from playground.jenkins.burst import SilentSender, burst
from playground.jenkins.controller import Controller
from playground.jenkins.faults import Fault
from playground.jenkins.happenings import ItemChanged
from playground.jenkins.many import add_many
from playground.jenkins.nodes import NodeTaken
from playground.jenkins.notifications import Hook, Switch
from playground.jenkins.parameters import IllegalParameterValue, values_for
from playground.jenkins.tree import Json
from playground.jenkins.world import NameTaken

CONTROLLER = web.AppKey("CONTROLLER", Controller)

OPERATOR = "playground"
"""The user who did what the control API was told to do."""


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
        ("POST", "/playground/agents", _add_agent),
        ("GET", "/playground/agents", _list_agents),
        ("POST", "/playground/agents/connection", _set_connection),
        ("POST", "/playground/builds", _inject_build),
        ("POST", "/playground/jobs", _add_job),
        ("POST", "/playground/jobs/many", _add_many),
        ("POST", "/playground/jobs/delete", _delete_job),
        ("POST", "/playground/burst", _burst),
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
    except (NameTaken, NodeTaken, IllegalParameterValue, SilentSender) as error:
        return web.json_response({"error": str(error)}, status=400)


def _controller(request: web.Request) -> Controller:
    return request.app[CONTROLLER]


async def _add_fault(request: web.Request) -> web.Response:
    order = orders.FaultOrder.model_validate_json(await request.read())
    _controller(request).faults.active.append(Fault(**order.model_dump()))
    return await _list_faults(request)


async def _list_faults(request: web.Request) -> web.Response:
    return web.json_response([vars(fault) for fault in _controller(request).faults.active])


async def _clear_faults(request: web.Request) -> web.Response:
    _controller(request).faults.active.clear()
    return await _list_faults(request)


async def _restart(request: web.Request) -> web.Response:
    order = orders.RestartOrder.model_validate_json(await request.read() or b"{}")
    controller = _controller(request)
    controller.restart(order.refusing, order.booting)
    return web.json_response({"restarting": True, "session": controller.session}, status=202)


async def _set_speed(request: web.Request) -> web.Response:
    controller = _controller(request)
    controller.clock.speed = orders.SpeedOrder.model_validate_json(await request.read()).speed
    return web.json_response({"speed": controller.clock.speed})


async def _set_token(request: web.Request) -> web.Response:
    order = orders.TokenOrder.model_validate_json(await request.read())
    access = _controller(request).access
    if order.user is None:
        access.token = order.token
    else:
        access.own_tokens[order.user] = order.token
    return web.json_response({"user": order.user, "set": True})


async def _set_queue(request: web.Request) -> web.Response:
    order = orders.QueueOrder.model_validate_json(await request.read())
    controller = _controller(request)
    if order.remembered is not None:
        controller.queue.remembered = order.remembered
    if order.executable_after is not None:
        controller.queue.executable_after = order.executable_after
    if order.executors is not None:
        controller.nodes.built_in.executors = order.executors
        controller.queue.maintain()
    return web.json_response(
        {"remembered": controller.queue.remembered, "executors": controller.nodes.built_in.executors}
    )


async def _list_hooks(request: web.Request) -> web.Response:
    return web.json_response([vars(hook) for hook in _controller(request).notifier.hooks])


async def _add_hook(request: web.Request) -> web.Response:
    order = orders.HookOrder.model_validate_json(await request.read())
    _controller(request).notifier.hooks.append(Hook(**order.model_dump()))
    return await _list_hooks(request)


async def _clear_hooks(request: web.Request) -> web.Response:
    _controller(request).notifier.hooks.clear()
    return await _list_hooks(request)


async def _list_notifications(request: web.Request) -> web.Response:
    return web.json_response([vars(delivery) for delivery in _controller(request).notifier.deliveries])


async def _add_switch(request: web.Request) -> web.Response:
    order = orders.SwitchOrder.model_validate_json(await request.read())
    notifier = _controller(request).notifier
    notifier.switches.append(Switch(**order.model_dump()))
    return web.json_response([vars(switch) for switch in notifier.switches])


async def _add_agent(request: web.Request) -> web.Response:
    order = orders.AgentOrder.model_validate_json(await request.read())
    controller = _controller(request)
    controller.nodes.add(order.node())
    controller.queue.maintain()
    return await _list_agents(request)


async def _list_agents(request: web.Request) -> web.Response:
    agents = [node for node in _controller(request).nodes if node.name]
    return web.json_response([{**asdict(agent), "online": agent.online} for agent in agents])


async def _set_connection(request: web.Request) -> web.Response:
    order = orders.ConnectionOrder.model_validate_json(await request.read())
    controller = _controller(request)
    agent = controller.nodes.find(order.name)
    if agent is None or not agent.name:
        agents = [node.name for node in controller.nodes if node.name]
        return _missing(f"setting the connection of {order.name}", "agents", agents)
    controller.connect_node(agent, not order.disconnected)
    return await _list_agents(request)


async def _inject_build(request: web.Request) -> web.Response:
    order = orders.BuildOrder.model_validate_json(await request.read())
    controller = _controller(request)
    job = controller.world.job(order.job)
    if job is None:
        known = (other.full_name for other in controller.world.jobs())
        return _missing(f"injecting a build of {order.job}", "jobs", known)
    parameters = values_for(job.parameters, {name: [value] for name, value in order.parameters.items()})
    changes = tuple(change.change() for change in order.changes)
    cause = order.cause(controller.world)
    begun = order.seconds + order.ago
    build = controller.inject(job, order.script(job.kind), cause, parameters, changes, begun)
    described: dict[str, Json] = {
        "job": job.full_name,
        "number": build.number,
        "queue_id": build.queue_id,
        "url": controller.world.url(build.path),
    }
    return web.json_response(described, status=201)


def _missing(attempt: str, kind: str, known: Iterable[str]) -> web.Response:
    message = f"{attempt}: the {kind} are {', '.join(known) or 'none'}"
    return web.json_response({"error": message}, status=404)


async def _add_job(request: web.Request) -> web.Response:
    order = orders.JobOrder.model_validate_json(await request.read())
    controller = _controller(request)
    item = order.item()
    controller.world.add(item)
    controller.tell(ItemChanged(item, "created", OPERATOR))
    url = controller.world.url(item.path)
    return web.json_response({"name": item.full_name, "url": url}, status=201)


async def _add_many(request: web.Request) -> web.Response:
    order = orders.ManyOrder.model_validate_json(await request.read())
    controller = _controller(request)
    add_many(controller.world, order, controller.clock.now(), controller.queue.next_id)
    return web.json_response({"jobs": order.count, "builds": order.count * order.builds}, status=201)


async def _delete_job(request: web.Request) -> web.Response:
    order = orders.DeletionOrder.model_validate_json(await request.read())
    controller = _controller(request)
    item = controller.world.items.get(order.name)
    if item is None:
        return _missing(f"deleting {order.name}", "jobs and folders", controller.world.items)
    controller.delete(item, OPERATOR)
    return web.json_response({"deleted": order.name})


async def _burst(request: web.Request) -> web.Response:
    order = orders.BurstOrder.model_validate_json(await request.read())
    report = await burst(_controller(request), order)
    return web.json_response(asdict(report))


async def _reset(request: web.Request) -> web.Response:
    await _controller(request).reset()
    return web.json_response({"reset": True})
