"""The stand-in Webex as an aiohttp application: API under /v1, switches under /playground, chat page at /."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import aiohttp
from aiohttp import web

from playground.webex import control, rest_messages, rest_people, rest_rooms, rest_teams
from playground.webex.contents import MAX_FILE_BYTES
from playground.webex.deliveries import Deliveries
from playground.webex.faults import Faults
from playground.webex.gate import gate
from playground.webex.site import SITE, Site
from playground.webex.streams import Streams
from playground.webex.world import World

PAGE = Path(__file__).parent / "page"
# A form has some bytes around its file.
MAX_BODY_BYTES = MAX_FILE_BYTES + 1024 * 1024


def make_app(world: World, random: Random | None = None) -> web.Application:
    """Return the application that serves `world`; `random` decides about faults of a probability below 1."""
    faults = Faults(random or Random())
    app = web.Application(middlewares=[gate], client_max_size=MAX_BODY_BYTES)
    app[SITE] = Site(world, faults, Deliveries(world, faults), Streams(world))
    for part in (rest_rooms, rest_teams, rest_messages, rest_people, control):
        app.add_routes(part.ROUTES)
    app.router.add_get("/", _index)
    app.router.add_static("/page/", PAGE)
    app.cleanup_ctx.append(_http_client)
    app.on_shutdown.append(_close_streams)
    return app


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _http_client(app: web.Application) -> AsyncIterator[None]:
    site = app[SITE]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, headers={"User-Agent": "WebexPlayground"}
    ) as session:
        site.http = session
        site.deliveries.start(session)
        yield
        await site.deliveries.stop()
        site.http = None


async def _close_streams(app: web.Application) -> None:
    app[SITE].streams.close()
