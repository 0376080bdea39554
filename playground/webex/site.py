"""What the request handlers share: the world, the faults, the deliveries, the event streams, the counters."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from playground.webex.bodies import Fields
from playground.webex.deliveries import Deliveries
from playground.webex.errors import BadRequest
from playground.webex.faults import Faults
from playground.webex.limits import Limiter
from playground.webex.paging import Page, next_link
from playground.webex.records import Person
from playground.webex.streams import Streams
from playground.webex.world import World


@dataclass(slots=True)
class Site:
    """One running server. `latency` (seconds) delays every answer under /v1."""

    world: World
    faults: Faults
    deliveries: Deliveries
    streams: Streams
    limiter: Limiter = field(default_factory=Limiter)
    latency: float = 0.0
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    http: aiohttp.ClientSession | None = None

    def reset(self) -> None:
        """Back to the state right after the start."""
        self.faults.clear()
        self.deliveries.reset()
        self.limiter = Limiter()
        self.latency = 0.0
        self.calls.clear()
        self.world.reset()
        self.streams.announce_reset()


SITE: web.AppKey[Site] = web.AppKey("site", Site)
CALLER: web.RequestKey[Person] = web.RequestKey("caller", Person)


def world_of(request: web.Request) -> World:
    """Return the world behind a request."""
    return request.app[SITE].world


def person_named(world: World, fields: Fields) -> Person:
    """Return whom a body names by `personId` or `personEmail`. Raises BadRequest, NotFound."""
    person_id, email = fields.text("personId"), fields.text("personEmail")
    if person_id is not None:
        return world.people.get(person_id)
    if email is not None:
        return world.people.named(email)
    raise BadRequest("personId or personEmail is required.")


def json_answer(body: Any, *, headers: dict[str, str] | None = None) -> web.Response:
    """Return a 200 with a JSON body."""
    return web.Response(
        body=json.dumps(body, separators=(",", ":")).encode(),
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )


def page_answer(request: web.Request, page: Page[Any], items: list[Any]) -> web.Response:
    """Return `items`, the JSON of a page's records, with the Link to the next page when there is one."""
    headers = {"Link": next_link(request.url, page.cursor)} if page.cursor else None
    return json_answer({"items": items}, headers=headers)
