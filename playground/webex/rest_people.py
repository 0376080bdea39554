"""/v1/people and /v1/webhooks."""

from aiohttp import web

from playground.webex.bodies import json_fields
from playground.webex.paging import cut, window
from playground.webex.shapes import person_json, webhook_json
from playground.webex.site import CALLER, json_answer, page_answer, world_of
from playground.webex.webhooks import WebhookDraft


async def list_people(request: web.Request) -> web.Response:
    """GET /v1/people by email, displayName (its start) or id (comma-separated)."""
    query = request.query
    found = world_of(request).people.search(
        email=query.get("email"), display_name=query.get("displayName"), ids=query.get("id")
    )
    asked = window(dict(query), default=100, largest=1000)
    page = cut(found, lambda person: (person.display_name, person.id), asked)
    return page_answer(request, page, [person_json(person) for person in page.items])


async def get_me(request: web.Request) -> web.Response:
    """GET /v1/people/me."""
    return json_answer(person_json(request[CALLER]))


async def get_person(request: web.Request) -> web.Response:
    """GET /v1/people/{id}."""
    return json_answer(person_json(world_of(request).people.get(request.match_info["id"])))


async def list_webhooks(request: web.Request) -> web.Response:
    """GET /v1/webhooks."""
    page = world_of(request).webhooks.list(
        request[CALLER], window(dict(request.query), default=100, largest=1000)
    )
    return page_answer(request, page, [webhook_json(webhook) for webhook in page.items])


async def create_webhook(request: web.Request) -> web.Response:
    """POST /v1/webhooks."""
    fields = await json_fields(request)
    draft = WebhookDraft(
        name=fields.required_text("name"),
        target_url=fields.required_text("targetUrl"),
        resource=fields.required_text("resource"),
        event=fields.required_text("event"),
        filter=fields.text("filter"),
        secret=fields.text("secret"),
    )
    return json_answer(webhook_json(world_of(request).webhooks.create(request[CALLER], draft)))


async def get_webhook(request: web.Request) -> web.Response:
    """GET /v1/webhooks/{id}."""
    return json_answer(
        webhook_json(world_of(request).webhooks.get(request[CALLER], request.match_info["id"]))
    )


async def update_webhook(request: web.Request) -> web.Response:
    """PUT /v1/webhooks/{id}; only name, targetUrl, secret and status count, all else is ignored."""
    fields = await json_fields(request)
    webhook = world_of(request).webhooks.update(
        request[CALLER],
        request.match_info["id"],
        name=fields.required_text("name"),
        target_url=fields.required_text("targetUrl"),
        secret=fields.text("secret"),
        status=fields.text("status"),
    )
    return json_answer(webhook_json(webhook))


async def delete_webhook(request: web.Request) -> web.Response:
    """DELETE /v1/webhooks/{id}."""
    world_of(request).webhooks.delete(request[CALLER], request.match_info["id"])
    return web.Response(status=204)


ROUTES = [
    web.get("/v1/people", list_people),
    web.get("/v1/people/me", get_me),
    web.get("/v1/people/{id}", get_person),
    web.get("/v1/webhooks", list_webhooks),
    web.post("/v1/webhooks", create_webhook),
    web.get("/v1/webhooks/{id}", get_webhook),
    web.put("/v1/webhooks/{id}", update_webhook),
    web.delete("/v1/webhooks/{id}", delete_webhook),
]
