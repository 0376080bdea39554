"""/v1/rooms and /v1/memberships."""

from aiohttp import web

from playground.webex.bodies import json_fields
from playground.webex.paging import window
from playground.webex.records import Person, Room
from playground.webex.rooms import RoomDraft
from playground.webex.shapes import Json, membership_json, room_json
from playground.webex.site import CALLER, json_answer, page_answer, person_named, world_of
from playground.webex.world import World

# Field names of the API and of the record, for the fields a caller may change.
_ROOM_TEXTS = {"title": "title", "description": "description", "teamId": "team_id"}
_ROOM_FLAGS = {"isLocked": "is_locked", "isPublic": "is_public", "isAnnouncementOnly": "is_announcement_only"}


async def list_rooms(request: web.Request) -> web.Response:
    """GET /v1/rooms."""
    world, caller = world_of(request), request[CALLER]
    query = request.query
    page = world.rooms.list(
        caller,
        window(dict(query), default=100, largest=1000),
        room_type=query.get("type"),
        team_id=query.get("teamId"),
        sort_by=query.get("sortBy"),
    )
    return page_answer(request, page, [_shape(world, room, caller) for room in page.items])


async def create_room(request: web.Request) -> web.Response:
    """POST /v1/rooms."""
    fields = await json_fields(request)
    draft = RoomDraft(
        title=fields.required_text("title"),
        team_id=fields.text("teamId"),
        is_locked=fields.flag("isLocked") or False,
        is_public=fields.flag("isPublic") or False,
        is_announcement_only=fields.flag("isAnnouncementOnly") or False,
        description=fields.text("description"),
    )
    world, caller = world_of(request), request[CALLER]
    room = world.rooms.create(caller, draft)
    return json_answer(_shape(world, room, caller))


async def get_room(request: web.Request) -> web.Response:
    """GET /v1/rooms/{id}."""
    world, caller = world_of(request), request[CALLER]
    return json_answer(_shape(world, world.rooms.get(caller, request.match_info["id"]), caller))


async def update_room(request: web.Request) -> web.Response:
    """PUT /v1/rooms/{id}; the reference requires `title`."""
    fields = await json_fields(request)
    fields.required_text("title")
    changes = {
        record: fields.text(api) for api, record in _ROOM_TEXTS.items() if fields.text(api) is not None
    }
    flags = {record: fields.flag(api) for api, record in _ROOM_FLAGS.items() if fields.flag(api) is not None}
    world, caller = world_of(request), request[CALLER]
    room = world.rooms.update(caller, request.match_info["id"], changes | flags)
    return json_answer(_shape(world, room, caller))


async def delete_room(request: web.Request) -> web.Response:
    """DELETE /v1/rooms/{id}."""
    world_of(request).rooms.delete(request[CALLER], request.match_info["id"])
    return web.Response(status=204)


async def list_memberships(request: web.Request) -> web.Response:
    """GET /v1/memberships."""
    query = request.query
    page = world_of(request).memberships.list(
        request[CALLER],
        window(dict(query), default=100, largest=1000),
        room_id=query.get("roomId"),
        person_id=query.get("personId"),
        email=query.get("personEmail"),
    )
    return page_answer(request, page, [membership_json(seat) for seat in page.items])


async def create_membership(request: web.Request) -> web.Response:
    """POST /v1/memberships."""
    fields = await json_fields(request)
    world = world_of(request)
    seat = world.memberships.create(
        request[CALLER],
        fields.required_text("roomId"),
        person_named(world, fields),
        is_moderator=fields.flag("isModerator") or False,
    )
    return json_answer(membership_json(seat))


async def get_membership(request: web.Request) -> web.Response:
    """GET /v1/memberships/{id}."""
    seat = world_of(request).memberships.get(request[CALLER], request.match_info["id"])
    return json_answer(membership_json(seat))


async def update_membership(request: web.Request) -> web.Response:
    """PUT /v1/memberships/{id}."""
    fields = await json_fields(request)
    seat = world_of(request).memberships.update(
        request[CALLER],
        request.match_info["id"],
        is_moderator=fields.flag("isModerator"),
        is_room_hidden=fields.flag("isRoomHidden"),
    )
    return json_answer(membership_json(seat))


async def delete_membership(request: web.Request) -> web.Response:
    """DELETE /v1/memberships/{id}."""
    world_of(request).memberships.delete(request[CALLER], request.match_info["id"])
    return web.Response(status=204)


def _shape(world: World, room: Room, viewer: Person) -> Json:
    return room_json(room, world.rooms.title(room, viewer))


ROUTES = [
    web.get("/v1/rooms", list_rooms),
    web.post("/v1/rooms", create_room),
    web.get("/v1/rooms/{id}", get_room),
    web.put("/v1/rooms/{id}", update_room),
    web.delete("/v1/rooms/{id}", delete_room),
    web.get("/v1/memberships", list_memberships),
    web.post("/v1/memberships", create_membership),
    web.get("/v1/memberships/{id}", get_membership),
    web.put("/v1/memberships/{id}", update_membership),
    web.delete("/v1/memberships/{id}", delete_membership),
]
