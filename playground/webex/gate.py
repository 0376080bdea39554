"""What every API call passes: counting, latency, faults, the token, and errors in Webex's shape."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from playground.webex.errors import NOT_FOUND, NotFound, Unauthorized, WebexError, error_body
from playground.webex.faults import ROOM_KINDS, Fault
from playground.webex.identifiers import random_key
from playground.webex.records import Person
from playground.webex.site import CALLER, SITE, Site, json_answer
from playground.webex.world import World

API = "/v1/"
CONTROL = "/playground/"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let API calls through to their handlers; control calls get the error shape, other paths nothing."""
    if request.path.startswith(API):
        return await _api_call(request, handler)
    if request.path.startswith(CONTROL):
        return await _answered(request, handler, _tracking_id())
    return await handler(request)


async def _api_call(request: web.Request, handler: Handler) -> web.StreamResponse:
    site = request.app[SITE]
    tracking_id = _tracking_id()
    if site.latency:
        await asyncio.sleep(site.latency)

    async def with_caller(call: web.Request) -> web.StreamResponse:
        broken = await _struck(site, call)
        if broken is not None:
            return broken
        call[CALLER] = _caller(site, call)
        return await handler(call)

    answer = await _answered(request, with_caller, tracking_id)
    site.calls[_route_name(request), answer.status] += 1
    return answer


async def _answered(request: web.Request, handler: Handler, tracking_id: str) -> web.StreamResponse:
    try:
        answer = await handler(request)
    except WebexError as error:
        answer = _error(error.status, error.message, tracking_id)
        answer.headers.update(error.headers)
    except web.HTTPException as error:
        answer = _error(error.status, _http_sentence(error), tracking_id)
    except Exception:
        # A defect of this server. It must look like Webex's own 500 to the client and be plain in our log.
        log.exception("%s %s ended in a defect of the playground", request.method, request.path)
        answer = _error(500, "Something went wrong on the server.", tracking_id)
    if not answer.prepared:
        answer.headers["Trackingid"] = tracking_id
    return answer


def _error(status: int, message: str, tracking_id: str) -> web.StreamResponse:
    answer = json_answer(error_body(message, tracking_id))
    answer.set_status(status)
    return answer


def _http_sentence(error: web.HTTPException) -> str:
    return NOT_FOUND if error.status == HTTPStatus.NOT_FOUND else error.reason


def _caller(site: Site, request: web.Request) -> Person:
    return site.world.people.authenticate(_token(request))


def _token(request: web.Request) -> str:
    token = _token_if_any(request)
    if token is None:
        raise Unauthorized()
    return token


def _token_if_any(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


async def _struck(site: Site, request: web.Request) -> web.StreamResponse | None:
    """Return the answer a fault gives instead of the real one, or None after at most a delay."""
    for fault in site.faults.of_call(request.method, request.path, _token_if_any(request) or ""):
        if fault.kind == "slow":
            await asyncio.sleep(fault.delay)
        elif fault.kind == "limit":
            _check_limit(site, request, fault)
        elif fault.kind in ROOM_KINDS:
            _befall(site.world, fault)
        elif fault.kind == "drop":
            return _drop(request)
        elif fault.kind == "html":
            return _html(fault)
        else:
            raise WebexError(
                _phrase(fault.status), status=fault.status, headers=_retry_after(fault.retry_after)
            )
    return None


def _check_limit(site: Site, request: web.Request, fault: Fault) -> None:
    wait = site.limiter.seconds_to_wait(fault, _token(request))
    if wait:
        raise WebexError(_phrase(429), status=429, headers=_retry_after(wait))


def _befall(world: World, fault: Fault) -> None:
    assert fault.room is not None, "a fault of a room names it"
    # A room that has gone away by itself meanwhile needs no fault any more.
    with suppress(NotFound):
        if fault.kind == "migrate":
            world.rooms.migrate(fault.room)
        else:
            room = world.rooms.any(fault.room)
            world.rooms.dissolve(world.people.get(room.creator_id), room)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


def _html(fault: Fault) -> web.Response:
    # The documented example of a 429 is an HTML page, not JSON.
    phrase = f"{fault.status} {_phrase(fault.status)}"
    page = f"<html><head><title>{phrase}</title></head><body><h1>{phrase}</h1></body></html>"
    headers = _retry_after(fault.retry_after)
    return web.Response(status=fault.status, text=page, content_type="text/html", headers=headers)


def _retry_after(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"


def _route_name(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else 'unknown'}"


def _tracking_id() -> str:
    return f"PLAYGROUND_{random_key()}"
