"""The playground's own calls under /playground: faults, latency, event streams, what a page needs to know.

They are not part of Webex and need no token.
"""

import asyncio

from aiohttp import web

from playground.webex.bodies import json_fields, optional_fields
from playground.webex.errors import BadRequest
from playground.webex.records import Person, Room
from playground.webex.shapes import Json, person_json, room_json, webhook_json
from playground.webex.site import SITE, json_answer, world_of
from playground.webex.world import World

KEEP_ALIVE_S = 15.0


async def events(request: web.Request) -> web.StreamResponse:
    """GET /playground/events?as=<e-mail>: Server-Sent Events, each with the JSON this person would GET."""
    streams = request.app[SITE].streams
    person = _viewer(request)
    with streams.open(person.id) as queue:
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await answer.prepare(request)
        try:
            await answer.write(b": connected\n\n")
            while (event := await _next(queue)) is not None:
                await answer.write(event)
        except ConnectionResetError:
            # The page was closed; there is nobody left to tell.
            return answer
    return answer


async def list_people(request: web.Request) -> web.Response:
    """GET /playground/people: everybody."""
    return json_answer({"items": [_brief(person) for person in world_of(request).people.everybody()]})


async def create_person(request: web.Request) -> web.Response:
    """POST /playground/people {"email", "displayName"?}; one that exists already is returned unchanged."""
    fields = await json_fields(request)
    return json_answer(
        person_json(world_of(request).people.named(fields.required_text("email"), fields.text("displayName")))
    )


async def list_rooms(request: web.Request) -> web.Response:
    """GET /playground/rooms?as=<e-mail>: a person's rooms with everybody in them."""
    world = world_of(request)
    viewer = _viewer(request)
    rooms = [world.rooms.any(seat.room_id) for seat in world.roster.of_person(viewer.id)]
    return json_answer({"items": [_room_with_members(world, room, viewer) for room in rooms]})


async def set_read_only(request: web.Request) -> web.Response:
    """POST /playground/rooms/{id}/read-only {"isReadOnly": true?}: what a compliance officer can do."""
    fields = await optional_fields(request)
    world = world_of(request)
    read_only = fields.flag("isReadOnly")
    return json_answer(_bare(world.rooms.set_read_only(request.match_info["id"], read_only is not False)))


async def set_lock(request: web.Request) -> web.Response:
    """POST /playground/rooms/{id}/lock {"isLocked": true?, "moderator": <e-mail>?}, else the creator."""
    fields = await optional_fields(request)
    world = world_of(request)
    room = world.rooms.any(request.match_info["id"])
    email = fields.text("moderator")
    moderator = world.people.named(email) if email else world.people.get(room.creator_id)
    return json_answer(
        _bare(world.rooms.set_locked(room.id, fields.flag("isLocked") is not False, moderator))
    )


async def migrate(request: web.Request) -> web.Response:
    """POST /playground/rooms/{id}/migrate: the room gets a new id; returns the room under it."""
    return json_answer(_bare(world_of(request).rooms.migrate(request.match_info["id"])))


async def vanish(request: web.Request) -> web.Response:
    """POST /playground/rooms/{id}/vanish: the room is gone, as when one of its moderators deletes it."""
    world = world_of(request)
    room = world.rooms.any(request.match_info["id"])
    world.rooms.dissolve(world.people.get(room.creator_id), room)
    return web.Response(status=204)


async def list_faults(request: web.Request) -> web.Response:
    """GET /playground/faults: those that can still strike."""
    return json_answer({"items": [fault.to_json() for fault in request.app[SITE].faults.all()]})


async def create_fault(request: web.Request) -> web.Response:
    """POST /playground/faults: switch one on; returns it with its id."""
    fields = await json_fields(request)
    return json_answer(request.app[SITE].faults.add(fields.values).to_json())


async def delete_faults(request: web.Request) -> web.Response:
    """DELETE /playground/faults: switch all off."""
    request.app[SITE].faults.clear()
    return web.Response(status=204)


async def delete_fault(request: web.Request) -> web.Response:
    """DELETE /playground/faults/{id}: switch one off."""
    request.app[SITE].faults.remove(request.match_info["id"])
    return web.Response(status=204)


async def disable_webhook(request: web.Request) -> web.Response:
    """POST /playground/webhooks/{id}/disable: as after too many failures."""
    return json_answer(
        webhook_json(world_of(request).webhooks.set_status(request.match_info["id"], "inactive"))
    )


async def set_latency(request: web.Request) -> web.Response:
    """POST /playground/latency {"seconds"}: delay every answer under /v1."""
    site = request.app[SITE]
    site.latency = (await json_fields(request)).seconds("seconds")
    return json_answer({"seconds": site.latency})


async def list_deliveries(request: web.Request) -> web.Response:
    """GET /playground/deliveries: the last 1,000 deliveries, oldest first; status 0 means no answer."""
    return json_answer({"items": request.app[SITE].deliveries.recent()})


async def stats(request: web.Request) -> web.Response:
    """GET /playground/stats: {"calls": {"GET /v1/rooms": {"200": 3}}}."""
    calls: dict[str, dict[str, int]] = {}
    for (route, status), number in sorted(request.app[SITE].calls.items()):
        calls.setdefault(route, {})[str(status)] = number
    return json_answer({"calls": calls})


async def reset(request: web.Request) -> web.Response:
    """POST /playground/reset: forget everything, start from the seed."""
    request.app[SITE].reset()
    return web.Response(status=204)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        return await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)
    except TimeoutError:
        # A comment line: without it nobody would notice that a silent page is gone.
        return b": keep-alive\n\n"


def _viewer(request: web.Request) -> Person:
    email = request.query.get("as")
    if not email:
        raise BadRequest("as=<e-mail> is required.")
    return world_of(request).people.named(email)


def _brief(person: Person) -> Json:
    return {
        "id": person.id,
        "displayName": person.display_name,
        "emails": [person.email],
        "type": person.type,
    }


def _bare(room: Room) -> Json:
    return room_json(room, room.title)


def _room_with_members(world: World, room: Room, viewer: Person) -> Json:
    members = [
        {
            "id": seat.person.id,
            "email": seat.person.email,
            "displayName": seat.person.display_name,
            "isModerator": seat.is_moderator,
            "type": world.people.get(seat.person.id).type,
        }
        for seat in world.roster.in_room(room.id)
    ]
    return room_json(room, world.rooms.title(room, viewer)) | {"members": members}


ROUTES = [
    web.get("/playground/events", events),
    web.get("/playground/people", list_people),
    web.post("/playground/people", create_person),
    web.get("/playground/rooms", list_rooms),
    web.post("/playground/rooms/{id}/read-only", set_read_only),
    web.post("/playground/rooms/{id}/lock", set_lock),
    web.post("/playground/rooms/{id}/migrate", migrate),
    web.post("/playground/rooms/{id}/vanish", vanish),
    web.get("/playground/faults", list_faults),
    web.post("/playground/faults", create_fault),
    web.delete("/playground/faults", delete_faults),
    web.delete("/playground/faults/{id}", delete_fault),
    web.post("/playground/webhooks/{id}/disable", disable_webhook),
    web.post("/playground/latency", set_latency),
    web.get("/playground/deliveries", list_deliveries),
    web.get("/playground/stats", stats),
    web.post("/playground/reset", reset),
]
