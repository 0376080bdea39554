"""The control API under `/playground/`: what is true in the farm, faults, power, traffic, flaps, moves, TLS, time.

It needs no credentials, speaks JSON, and answers 400 with an `error` that says what a request lacks.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.switches.ask import Ask
from playground.switches.certificates import TlsMode
from playground.switches.door import Door
from playground.switches.fabric import End, Host
from playground.switches.farm import Farm, Impossible
from playground.switches.faults import Fault, FaultKind
from playground.switches.shows.files import running_config, startup_config

FARM = web.AppKey("FARM", Farm)

Release = Literal["7.0(3)I4(6)", "9.2(2)", "9.3(5)", "10.2(3)"]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOrder(_Order):
    """See faults.Fault."""

    kind: FaultKind
    switches: str = "*"
    percent: float = Field(100.0, gt=0, le=100)
    seed: int = 1
    command: str = "*"
    count: int | None = Field(1, ge=1)
    seconds: float = Field(5.0, ge=0)
    status: Literal[400, 404, 500, 502, 503] = 502


class PowerOrder(_Order):
    """Power of the switches that fit a glob."""

    switches: str
    power: Literal["on", "off"]


class TrafficOrder(_Order):
    """How much faster than at the start counters grow; 0 stops them."""

    rate: float = Field(ge=0)


class FlapOrder(_Order):
    """A link that goes down, comes up, or does both `times` times."""

    switch: str
    interface: str
    state: Literal["down", "up", "flap"] = "flap"
    times: int = Field(1, ge=1, le=1000)


class MoveOrder(_Order):
    """A host, by name or MAC, that hangs on another port from now on."""

    host: str
    switch: str
    interface: str


class TlsOrder(_Order):
    """See certificates.TlsMode."""

    switches: str
    mode: TlsMode


class PaceOrder(_Order):
    """Seconds of latency, and the part of it by which it varies."""

    switches: str = "*"
    latency: float = Field(ge=0)
    jitter: float = Field(0.0, ge=0, le=1)


class OptionsOrder(_Order):
    """What a switch is like; what is left out stays."""

    switches: str = "*"
    release: Release | None = None
    order_sensitive: bool | None = None
    command_timeout: float | None = Field(None, gt=0)
    sessions: int | None = Field(None, ge=1)
    largest_answer: int | None = Field(None, ge=1)


class ClockOrder(_Order):
    """Seconds to let go by."""

    advance: float = Field(ge=0)


def make_app(farm: Farm) -> web.Application:
    """The control API of a farm. The farm, bound before, starts and stops with the application."""
    app = web.Application(middlewares=[_say_what_is_wrong])
    app[FARM] = farm
    for method, path, handler in (
        ("GET", "/playground/switches", _list_switches),
        ("GET", "/playground/switches/{name}", _tell_switch),
        ("GET", "/playground/switches/{name}/config", _tell_config),
        ("GET", "/playground/anomalies", _tell_anomalies),
        ("GET", "/playground/hosts", _list_hosts),
        ("GET", "/playground/links", _list_links),
        ("POST", "/playground/faults", _add_fault),
        ("GET", "/playground/faults", _list_faults),
        ("DELETE", "/playground/faults", _clear_faults),
        ("POST", "/playground/power", _set_power),
        ("POST", "/playground/traffic", _set_traffic),
        ("POST", "/playground/flap", _flap),
        ("POST", "/playground/move", _move),
        ("POST", "/playground/tls", _set_tls),
        ("POST", "/playground/pace", _set_pace),
        ("POST", "/playground/options", _set_options),
        ("POST", "/playground/clock", _set_clock),
        ("POST", "/playground/reset", _reset),
    ):
        app.router.add_route(method, path, handler)
    app.cleanup_ctx.append(_with_the_server)
    return app


async def _with_the_server(app: web.Application) -> AsyncIterator[None]:
    await app[FARM].start()
    yield
    await app[FARM].stop()


@web.middleware
async def _say_what_is_wrong(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns an order that does not parse, or names what is not there, into a 400 that says why."""
    try:
        return await handler(request)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return web.json_response({"error": f"{request.method} {request.path}: {problems}"}, status=400)
    except (Impossible, ssl.SSLError) as error:
        return web.json_response({"error": f"{request.method} {request.path}: {error}"}, status=400)


def _farm(request: web.Request) -> Farm:
    return request.app[FARM]


def _named(farm: Farm, name: str) -> Door:
    if name not in farm.doors:
        raise Impossible(f"no switch is named {name}")
    return farm.doors[name]


def _told(farm: Farm, door: Door) -> dict[str, Any]:
    switch = door.switch
    return asdict(switch.chassis) | {
        "host": door.host,
        "port": door.port,
        "tls": door.mode,
        "fingerprint": farm.tls.fingerprint(door.mode, door.host),
        "release": switch.release,
        "powered": switch.powered,
        "management_ip": switch.chassis.management_ip,
        "requests": door.requests,
        "connections": door.connected,
        "logins": door.sessions.logins,
        "rejected": door.sessions.rejected,
        "checkpoints": [*switch.checkpoints],
    }


def _names(doors: list[Door]) -> web.Response:
    return web.json_response({"switches": [door.switch.name for door in doors]})


async def _list_switches(request: web.Request) -> web.Response:
    farm = _farm(request)
    return web.json_response([_told(farm, door) for door in farm.doors.values()])


async def _tell_switch(request: web.Request) -> web.Response:
    farm = _farm(request)
    return web.json_response(_told(farm, _named(farm, request.match_info["name"])))


async def _tell_config(request: web.Request) -> web.Response:
    ask = Ask(_named(_farm(request), request.match_info["name"]).switch)
    return web.json_response({"running": running_config(ask), "startup": startup_config(ask)})


async def _tell_anomalies(request: web.Request) -> web.Response:
    return web.json_response(asdict(_farm(request).world.anomalies))


async def _list_hosts(request: web.Request) -> web.Response:
    return web.json_response([asdict(host) for host in _farm(request).world.attachments.hosts.values()])


async def _list_links(request: web.Request) -> web.Response:
    return web.json_response([asdict(link) for link in _farm(request).world.fabric.links])


async def _add_fault(request: web.Request) -> web.Response:
    order = FaultOrder.model_validate_json(await request.read())
    farm = _farm(request)
    farm.chosen(order.switches)
    fault = Fault(**order.model_dump())
    if fault.kind == "refused" and "count" in order.model_fields_set and order.count is not None:
        raise Impossible("refused cannot be counted, as nobody hears who is refused: leave count out")
    farm.faults.active.append(fault)
    await farm.mind_refusals()
    return await _list_faults(request)


async def _list_faults(request: web.Request) -> web.Response:
    return web.json_response([vars(fault) for fault in _farm(request).faults.active])


async def _clear_faults(request: web.Request) -> web.Response:
    farm = _farm(request)
    farm.faults.active.clear()
    await farm.mind_refusals()
    return await _list_faults(request)


async def _set_power(request: web.Request) -> web.Response:
    order = PowerOrder.model_validate_json(await request.read())
    return _names(await _farm(request).power(order.switches, order.power == "on"))


async def _set_traffic(request: web.Request) -> web.Response:
    order = TrafficOrder.model_validate_json(await request.read())
    _farm(request).world.traffic.set_rate(order.rate)
    return web.json_response({"rate": order.rate})


async def _flap(request: web.Request) -> web.Response:
    order = FlapOrder.model_validate_json(await request.read())
    switch = _named(_farm(request), order.switch).switch
    _check_interface(switch.chassis.ports, order.interface)
    for _ in range(order.times):
        if order.state in ("down", "flap"):
            switch.flap(order.interface, down=True)
        if order.state in ("up", "flap"):
            switch.flap(order.interface, down=False)
    return web.json_response(
        {"switch": order.switch, "interface": order.interface, "down": sorted(switch.down)}
    )


def _check_interface(ports: int, interface: str) -> None:
    number = interface.removeprefix("Ethernet1/")
    if number == interface or not number.isdigit() or not 1 <= int(number) <= ports:
        raise Impossible(f"no interface is named {interface}: they are Ethernet1/1 to Ethernet1/{ports}")


async def _move(request: web.Request) -> web.Response:
    order = MoveOrder.model_validate_json(await request.read())
    farm = _farm(request)
    door = _named(farm, order.switch)
    _check_interface(door.switch.chassis.ports, order.interface)
    host = _host(farm, order.host)
    place = End(order.switch, order.interface)
    taken = [other.name for other in farm.world.attachments.on(order.switch) if place in other.places]
    cabled = farm.world.fabric.neighbours(order.switch)
    if taken or order.interface in cabled or door.switch.chassis.role != "leaf":
        held = taken[0] if taken else "a switch"
        raise Impossible(f"{order.switch} {order.interface} is no free host port: it is held by {held}")
    return web.json_response(asdict(farm.world.move(host, place)))


def _host(farm: Farm, wanted: str) -> Host:
    for host in farm.world.attachments.hosts.values():
        if wanted in (host.name, host.mac):
            return host
    raise Impossible(f"no host has the name or MAC {wanted}")


async def _set_tls(request: web.Request) -> web.Response:
    order = TlsOrder.model_validate_json(await request.read())
    return _names(await _farm(request).set_tls(order.switches, order.mode))


async def _set_pace(request: web.Request) -> web.Response:
    order = PaceOrder.model_validate_json(await request.read())
    doors = _farm(request).chosen(order.switches)
    for door in doors:
        door.latency, door.jitter = order.latency, order.jitter
    return _names(doors)


async def _set_options(request: web.Request) -> web.Response:
    order = OptionsOrder.model_validate_json(await request.read())
    doors = _farm(request).chosen(order.switches)
    for door in doors:
        if order.release is not None:
            door.switch.release = order.release
        if order.order_sensitive is not None:
            door.order_sensitive = order.order_sensitive
        if order.command_timeout is not None:
            door.command_timeout = order.command_timeout
        if order.sessions is not None:
            door.sessions.limit = order.sessions
        if order.largest_answer is not None:
            door.shows.largest = order.largest_answer
    return _names(doors)


async def _set_clock(request: web.Request) -> web.Response:
    order = ClockOrder.model_validate_json(await request.read())
    world = _farm(request).world
    world.advance(order.advance)
    return web.json_response({"now": world.now()})


async def _reset(request: web.Request) -> web.Response:
    await _farm(request).reset()
    return web.json_response({"reset": True})
