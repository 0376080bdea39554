"""/v1/teams and /v1/team/memberships."""

from aiohttp import web

from playground.webex.bodies import json_fields
from playground.webex.errors import BadRequest
from playground.webex.paging import window
from playground.webex.shapes import team_json, team_membership_json
from playground.webex.site import CALLER, json_answer, page_answer, person_named, world_of


async def list_teams(request: web.Request) -> web.Response:
    """GET /v1/teams."""
    page = world_of(request).rooms.teams(
        request[CALLER], window(dict(request.query), default=100, largest=1000)
    )
    return page_answer(request, page, [team_json(team) for team in page.items])


async def create_team(request: web.Request) -> web.Response:
    """POST /v1/teams."""
    fields = await json_fields(request)
    name, description = fields.required_text("name"), fields.text("description")
    return json_answer(team_json(world_of(request).rooms.create_team(request[CALLER], name, description)))


async def get_team(request: web.Request) -> web.Response:
    """GET /v1/teams/{id}."""
    return json_answer(team_json(world_of(request).rooms.team(request[CALLER], request.match_info["id"])))


async def update_team(request: web.Request) -> web.Response:
    """PUT /v1/teams/{id}; the reference requires `name`."""
    fields = await json_fields(request)
    team = world_of(request).rooms.update_team(
        request[CALLER],
        request.match_info["id"],
        fields.required_text("name"),
        fields.text("description"),
    )
    return json_answer(team_json(team))


async def delete_team(request: web.Request) -> web.Response:
    """DELETE /v1/teams/{id}."""
    world_of(request).rooms.delete_team(request[CALLER], request.match_info["id"])
    return web.Response(status=204)


async def list_memberships(request: web.Request) -> web.Response:
    """GET /v1/team/memberships; `teamId` is required."""
    team_id = request.query.get("teamId")
    if team_id is None:
        raise BadRequest("teamId cannot be null.")
    asked = window(dict(request.query), default=100, largest=1000)
    page = world_of(request).team_memberships.list(request[CALLER], asked, team_id=team_id)
    return page_answer(request, page, [team_membership_json(member) for member in page.items])


async def create_membership(request: web.Request) -> web.Response:
    """POST /v1/team/memberships."""
    fields = await json_fields(request)
    world = world_of(request)
    member = world.team_memberships.create(
        request[CALLER],
        fields.required_text("teamId"),
        person_named(world, fields),
        is_moderator=fields.flag("isModerator") or False,
    )
    return json_answer(team_membership_json(member))


async def get_membership(request: web.Request) -> web.Response:
    """GET /v1/team/memberships/{id}."""
    member = world_of(request).team_memberships.get(request[CALLER], request.match_info["id"])
    return json_answer(team_membership_json(member))


async def update_membership(request: web.Request) -> web.Response:
    """PUT /v1/team/memberships/{id}; the reference requires `isModerator`."""
    is_moderator = (await json_fields(request)).flag("isModerator")
    if is_moderator is None:
        raise BadRequest("isModerator cannot be null.")
    member = world_of(request).team_memberships.update(
        request[CALLER], request.match_info["id"], is_moderator=is_moderator
    )
    return json_answer(team_membership_json(member))


async def delete_membership(request: web.Request) -> web.Response:
    """DELETE /v1/team/memberships/{id}."""
    world_of(request).team_memberships.delete(request[CALLER], request.match_info["id"])
    return web.Response(status=204)


ROUTES = [
    web.get("/v1/teams", list_teams),
    web.post("/v1/teams", create_team),
    web.get("/v1/teams/{id}", get_team),
    web.put("/v1/teams/{id}", update_team),
    web.delete("/v1/teams/{id}", delete_team),
    web.get("/v1/team/memberships", list_memberships),
    web.post("/v1/team/memberships", create_membership),
    web.get("/v1/team/memberships/{id}", get_membership),
    web.put("/v1/team/memberships/{id}", update_membership),
    web.delete("/v1/team/memberships/{id}", delete_membership),
]
