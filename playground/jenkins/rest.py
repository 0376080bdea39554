"""Jenkins' remote API: admits a request as Jenkins does, finds its handler, answers for the root."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web

from playground.jenkins import pages
from playground.jenkins.access import CRUMB_FIELD, SESSION_COOKIE, Caller, WrongCredentials
from playground.jenkins.computer_beans import computer, computer_set
from playground.jenkins.controller import Controller
from playground.jenkins.executors import Interruption
from playground.jenkins.faults import hang_up
from playground.jenkins.node_beans import hudson, plugin_manager, user
from playground.jenkins.nodes import Node, OfflineMark
from playground.jenkins.paths import Address
from playground.jenkins.queue_items import WaitingPart
from playground.jenkins.tree import Bean, Json, bean, pruner_for, render

MAX_TARGET = 8192
"""Bytes of a request target; beyond it Jetty answers 414 (measured: 5,000 pass, 9,000 do not)."""


@dataclass(frozen=True)
class Ask:
    """A request that came through: who asks whom, where to, and what the route's `*` stood for."""

    controller: Controller
    request: web.Request
    caller: Caller
    address: Address
    captured: tuple[str, ...] = ()

    @property
    def user(self) -> str:
        """The caller's name as Jenkins writes it."""
        return self.caller.name or "anonymous"

    @property
    def session(self) -> str:
        """The X-Jenkins-Session."""
        return self.controller.session

    async def submitted(self) -> dict[str, list[str]]:
        """What was sent in the query and as a form, each name with all its values."""
        values: dict[str, list[str]] = {}
        for source in (self.request.query, await self.request.post()):
            for name, value in source.items():
                if isinstance(value, str):
                    values.setdefault(name, []).append(value)
        return values

    async def field(self, name: str) -> str | None:
        """One submitted value, or None when it was not sent."""
        return next(iter((await self.submitted()).get(name, ())), None)


Subject = TypeVar("Subject")
Answer = Callable[[Ask], Awaitable[web.StreamResponse]]
Handler = Callable[[Ask, Subject], Awaitable[web.StreamResponse]]
Routes = Mapping[tuple[str, str], Handler[Subject]]
"""What to do for a method and the rest of a path, with the thing (Jenkins, a job, a build) it is asked of."""


def matched(
    routes: Routes[Subject], method: str, rest: tuple[str, ...]
) -> tuple[Handler[Subject], tuple[str, ...]] | None:
    """The handler for the rest of a path, and what its `*` stood for; `**` takes all that is left."""
    for (verb, pattern), handler in routes.items():
        captured = _captures(pattern, rest)
        if verb == method and captured is not None:
            return handler, captured
    return None


def _captures(pattern: str, rest: tuple[str, ...]) -> tuple[str, ...] | None:
    wanted = [segment for segment in pattern.split("/") if segment]
    if wanted[-1:] == ["**"]:
        wanted = wanted[:-1]
        if len(rest) <= len(wanted):
            return None
        rest = (*rest[: len(wanted)], "/".join(rest[len(wanted) :]))
        wanted.append("*")
    if len(wanted) != len(rest):
        return None
    if any(segment not in ("*", given) for segment, given in zip(wanted, rest, strict=True)):
        return None
    return tuple(given for segment, given in zip(wanted, rest, strict=True) if segment == "*")


async def dispatch(ask: Ask, subject: Subject, routes: Routes[Subject]) -> web.StreamResponse:
    """Answer from a table of routes: 404 outside it, 405 for a GET on something that acts."""
    method = "GET" if ask.request.method == "HEAD" else ask.request.method
    found = matched(routes, method, ask.address.rest)
    if found is None:
        acts = method == "GET" and matched(routes, "POST", ask.address.rest) is not None
        return pages.post_required(ask.session) if acts else pages.not_found(ask.session)
    handler, captured = found
    return await handler(replace(ask, captured=captured), subject)


async def serve(
    controller: Controller, request: web.Request, path: str, address: Address, answer: Answer
) -> web.StreamResponse:
    """One request, through restart, faults, credentials and crumb to its answer.

    `path` is below the context root, raw and with a slash in front; faults are matched with it.
    """
    if controller.phase == "refusing":
        return hang_up(request)
    if controller.phase == "booting":
        return pages.getting_ready()

    async def admitted() -> web.StreamResponse:
        return await _admit(controller, request, address, answer)

    return await controller.faults.apply(request, path, admitted)


async def _admit(
    controller: Controller, request: web.Request, address: Address, answer: Answer
) -> web.StreamResponse:
    if len(request.raw_path) > MAX_TARGET:
        return pages.servlet_error(request, 414, "URI Too Long")
    try:
        caller = controller.access.caller(request.headers.get("Authorization"))
    except WrongCredentials as error:
        refusal = pages.servlet_error(request, 401, str(error))
        refusal.headers["WWW-Authenticate"] = 'Basic realm="Jenkins"'
        return refusal
    crumb = request.headers.get(CRUMB_FIELD)
    if request.method == "POST" and not controller.access.crumb_fits(caller, request.cookies, crumb):
        return pages.servlet_error(request, 403, "No valid crumb was included in the request")
    reads = request.method in ("GET", "HEAD") and controller.access.anonymous_read
    if caller.name is None and not reads:
        return pages.authentication_required(controller.session)
    try:
        return await answer(Ask(controller, request, caller, address))
    except ValueError as error:
        return pages.oops(controller.session, str(error))


def api(ask: Ask, subject: Bean) -> web.Response:
    """A bean as `api/json`, narrowed by `tree` or `depth`. Raises ValueError when these make no sense."""
    query = ask.request.query
    response = as_json(render(subject, pruner_for(query.get("tree"), query.get("depth"))))
    response.headers.update(pages.jenkins_headers(ask.session))
    return response


def as_json(value: Json) -> web.Response:
    """JSON as Jenkins writes it: no spaces, no escapes for what UTF-8 can say."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return web.Response(body=text.encode(), headers={"Content-Type": "application/json;charset=utf-8"})


async def _root_page(ask: Ask, controller: Controller) -> web.StreamResponse:
    items = controller.world.children("")
    return pages.listing(ask.session, "Dashboard", items, controller.context)


async def _root(ask: Ask, controller: Controller) -> web.StreamResponse:
    queue = controller.queue
    reason = queue.quiet_down_reason if queue.quieting_down else None
    built_in = controller.nodes.built_in
    return api(ask, hudson(controller.exports, controller.root_url, built_in, queue.quieting_down, reason))


async def _view(ask: Ask, controller: Controller) -> web.StreamResponse:
    if ask.captured[0] != "all":
        return pages.not_found(ask.session)
    return api(ask, controller.exports.view("", ""))


async def _crumb(ask: Ask, controller: Controller) -> web.StreamResponse:
    access = controller.access
    session = access.session(ask.request.cookies)
    crumb = access.crumb(ask.caller, session)
    issued = bean("hudson.security.csrf.DefaultCrumbIssuer", 1, crumb=crumb, crumbRequestField=CRUMB_FIELD)
    response = api(ask, issued)
    response.set_cookie(SESSION_COOKIE, session, path=controller.context, httponly=True)
    return response


async def _me(ask: Ask, controller: Controller) -> web.StreamResponse:
    return api(ask, user(ask.user, controller.root_url))


async def _plugins(ask: Ask, controller: Controller) -> web.StreamResponse:
    return api(ask, plugin_manager())


async def _computers(ask: Ask, controller: Controller) -> web.StreamResponse:
    return api(ask, computer_set(controller.exports, controller.executors, controller.clock.now()))


async def _computer(ask: Ask, controller: Controller) -> web.StreamResponse:
    node = controller.nodes.find(ask.captured[0])
    if node is None:
        return pages.not_found(ask.session)
    return api(ask, computer(controller.exports, controller.executors, node, controller.clock.now()))


async def _computer_page(ask: Ask, controller: Controller) -> web.StreamResponse:
    node = controller.nodes.find(ask.captured[0])
    if node is None:
        return pages.not_found(ask.session)
    return pages.node_page(ask.session, node, controller.executors.on(node), controller.context)


async def _toggle_offline(ask: Ask, controller: Controller) -> web.StreamResponse:
    """Take a node offline for now, with a message, or put it online again; 302 to its page."""
    node = controller.nodes.find(ask.captured[0])
    if node is None:
        return pages.not_found(ask.session)
    message = await ask.field("offlineMessage") or ""
    mark = OfflineMark(ask.user, message, controller.clock.now()) if node.mark is None else None
    controller.mark_node(node, mark)
    return web.Response(status=302, headers={"Location": controller.world.url(_computer_path(node))})


def _computer_path(node: Node) -> str:
    return f"computer/{quote(node.name or '(built-in)')}/"


async def _queue(ask: Ask, controller: Controller) -> web.StreamResponse:
    return api(ask, controller.exports.queue())


async def _queue_item(ask: Ask, controller: Controller) -> web.StreamResponse:
    item = controller.queue.item(int(ask.captured[0])) if ask.captured[0].isdecimal() else None
    if item is not None:
        return api(ask, controller.exports.queue_item(item))
    part = _part(controller, ask.captured[0])
    return pages.not_found(ask.session) if part is None else api(ask, controller.exports.waiting_part(part))


def _part(controller: Controller, item_id: str) -> WaitingPart | None:
    return next((part for part in controller.executors.waiting() if str(part.id) == item_id), None)


async def _cancel_item(ask: Ask, controller: Controller) -> web.StreamResponse:
    """204; 404 for an item Jenkins does not know; 500 for one that left (hudson.model.Queue.doCancelItem)."""
    wanted = (await ask.submitted()).get("id", [""])[0]
    item = controller.queue.item(int(wanted)) if wanted.isdecimal() else None
    part = _part(controller, wanted)
    if part is not None:
        controller.executors.interrupt(part.build, Interruption("Queue task was cancelled"))
        return web.Response(status=204)
    if item is None:
        return pages.page(ask.session, "Error", f"<p>Provided id {escape(wanted)} not found</p>", 404)
    if not controller.queue.cancel(item):
        return pages.page(ask.session, "Error", f"<p>Could not cancel run with id {item.id}</p>", 500)
    return web.Response(status=204)


async def _quiet_down(ask: Ask, controller: Controller) -> web.StreamResponse:
    """With the `reason` that was given; cancelling it starts what waited."""
    controller.queue.quieting_down = True
    controller.queue.quiet_down_reason = await ask.field("reason")
    return _to_root(controller)


async def _cancel_quiet_down(ask: Ask, controller: Controller) -> web.StreamResponse:
    controller.queue.quieting_down = False
    controller.queue.maintain()
    return _to_root(controller)


def _to_root(controller: Controller) -> web.Response:
    return web.Response(status=302, headers={"Location": controller.root_url})


ROOT: Routes[Controller] = {
    ("GET", ""): _root_page,
    ("GET", "api/json"): _root,
    ("POST", "api/json"): _root,
    ("GET", "view/*/api/json"): _view,
    ("GET", "crumbIssuer/api/json"): _crumb,
    ("GET", "me/api/json"): _me,
    ("GET", "pluginManager/api/json"): _plugins,
    ("GET", "computer/api/json"): _computers,
    ("GET", "computer/*/api/json"): _computer,
    ("GET", "computer/*"): _computer_page,
    ("POST", "computer/*/toggleOffline"): _toggle_offline,
    ("GET", "queue/api/json"): _queue,
    ("GET", "queue/item/*/api/json"): _queue_item,
    ("POST", "queue/cancelItem"): _cancel_item,
    ("POST", "quietDown"): _quiet_down,
    ("POST", "cancelQuietDown"): _cancel_quiet_down,
}
