"""The aiohttp application of the stand-in Jenkins, for its own server or to be mounted below `/jenkins/`."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from playground.jenkins import pages
from playground.jenkins.build_rest import BUILD
from playground.jenkins.control import CONTROLLER, routes, say_what_is_wrong
from playground.jenkins.controller import Controller
from playground.jenkins.job_rest import FOLDER, JOB
from playground.jenkins.notifications import Hook
from playground.jenkins.paths import parse_path
from playground.jenkins.rest import ROOT, Ask, dispatch, serve
from playground.jenkins.world import Folder

MAX_FORM = 16 * 1024 * 1024
"""Bytes a form may have; well above what a client sends."""

MAX_LINE = 65_536
"""What a server of this application should let pass as request line, so that 414 is ours to say."""

_TAIL = "{tail:.*}"


def make_app(
    *,
    root_url: str,
    hooks: tuple[str, ...] = (),
    demo: bool = True,
    speed: float = 1.0,
    anonymous_read: bool = False,
) -> web.Application:
    """A stand-in Jenkins.

    root_url: where clients reach it, context path included, such as `http://127.0.0.1:8081/jenkins/`.
    hooks: who is told of what happens, each `URL` (as by the Notification plugin) or `SENDER=URL`.
    demo: fill it with the demo's jobs; without, it is empty and the control API adds jobs.
    speed: how much faster than life builds go. anonymous_read: let browsers look without logging in.
    Raises ValueError for a sender nobody knows.
    """
    app = web.Application(client_max_size=MAX_FORM, middlewares=[say_what_is_wrong])
    app[CONTROLLER] = Controller(
        root_url=root_url,
        hooks=tuple(Hook.parse(hook) for hook in hooks),
        demo=demo,
        speed=speed,
        anonymous_read=anonymous_read,
    )
    app.add_routes(routes())
    app.router.add_route("*", f"/{_TAIL}", _jenkins)
    app.cleanup_ctx.append(_end_with_the_server)
    return app


async def _end_with_the_server(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[CONTROLLER].close()


async def _jenkins(request: web.Request) -> web.StreamResponse:
    path = request.rel_url.raw_path[len(_mount(request)) :]
    return await serve(request.app[CONTROLLER], request, path, parse_path(path), _answer)


def _mount(request: web.Request) -> str:
    """The path this application is mounted under, without a slash at the end."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical.removesuffix("/{tail}")


async def _answer(ask: Ask) -> web.StreamResponse:
    world, address = ask.controller.world, ask.address
    if not address.job:
        return await dispatch(ask, ask.controller, ROOT)
    item = world.items.get("/".join(address.job))
    if item is None:
        return pages.not_found(ask.session)
    if isinstance(item, Folder):
        return await dispatch(ask, item, FOLDER)
    if address.build is None:
        return await dispatch(ask, item, JOB)
    build = item.build(address.build)
    if build is None:
        return pages.not_found(ask.session)
    return await dispatch(ask, build, BUILD)
