"""/v1/messages, /v1/contents and /v1/attachment/actions."""

from urllib.parse import quote, unquote, urlsplit

import aiohttp
from aiohttp import web

from playground.webex.bodies import Fields, json_fields
from playground.webex.clock import parse_timestamp, timestamp
from playground.webex.contents import MAX_FILE_BYTES, Upload
from playground.webex.errors import BadRequest, NotFound
from playground.webex.messages import Draft, Selection
from playground.webex.paging import window
from playground.webex.records import Person, Room
from playground.webex.shapes import action_json, message_json
from playground.webex.site import CALLER, SITE, json_answer, page_answer, world_of
from playground.webex.world import World

DEFAULT_MEDIA_TYPE = "application/octet-stream"
FETCH_TIMEOUT = aiohttp.ClientTimeout(total=30)


async def list_messages(request: web.Request) -> web.Response:
    """GET /v1/messages."""
    query = dict(request.query)
    if "roomId" not in query:
        raise BadRequest("roomId is required.")
    world, caller = world_of(request), request[CALLER]
    selection = Selection(
        parent_id=query.get("parentId"),
        mentioned=query.get("mentionedPeople"),
        before=_moment(query.get("before")),
        before_message=query.get("beforeMessage"),
    )
    asked = window(query, default=50, largest=100 if selection.mentioned else 1000)
    page = world.messages.list(caller, world.rooms.get(caller, query["roomId"]), asked, selection)
    return page_answer(request, page, [message_json(message) for message in page.items])


async def list_direct_messages(request: web.Request) -> web.Response:
    """GET /v1/messages/direct."""
    query = dict(request.query)
    world, caller = world_of(request), request[CALLER]
    room = world.rooms.direct_if_any(caller, _other(world, query.get("personId"), query.get("personEmail")))
    asked = window(query, default=50, largest=1000)
    page = world.messages.list(caller, room, asked, Selection(parent_id=query.get("parentId")))
    return page_answer(request, page, [message_json(message) for message in page.items])


async def create_message(request: web.Request) -> web.Response:
    """POST /v1/messages, as JSON or as a form with one file."""
    if request.content_type == "multipart/form-data":
        fields, upload = await _form(request)
    else:
        fields = await json_fields(request)
        upload = await _fetched(request, fields.texts("files"))
    draft = Draft(
        text=fields.text("text"),
        markdown=fields.text("markdown"),
        parent_id=fields.text("parentId"),
        upload=upload,
        files_base=f"{request.url.origin()}/v1/contents/",
        cards=fields.objects("attachments"),
    )
    world, caller = world_of(request), request[CALLER]
    return json_answer(message_json(world.messages.post(caller, _room(world, caller, fields), draft)))


async def get_message(request: web.Request) -> web.Response:
    """GET /v1/messages/{id}."""
    return json_answer(
        message_json(world_of(request).messages.get(request[CALLER], request.match_info["id"]))
    )


async def edit_message(request: web.Request) -> web.Response:
    """PUT /v1/messages/{id}; a body that still has the `html` of a GET is refused, as the reference says."""
    fields = await json_fields(request)
    if "html" in fields.values:
        raise BadRequest("html cannot be set; leave it out and send text or markdown.")
    message = world_of(request).messages.edit(
        request[CALLER],
        request.match_info["id"],
        fields.required_text("roomId"),
        fields.text("text"),
        fields.text("markdown"),
    )
    return json_answer(message_json(message))


async def delete_message(request: web.Request) -> web.Response:
    """DELETE /v1/messages/{id}."""
    world_of(request).messages.delete(request[CALLER], request.match_info["id"])
    return web.Response(status=204)


async def get_content(request: web.Request) -> web.Response:
    """GET and HEAD /v1/contents/{id}: the file itself, to those who may read its message."""
    world = world_of(request)
    content = world.contents.get(request.match_info["id"])
    world.messages.get(request[CALLER], content.message_id)
    disposition = f"attachment; filename=\"{_ascii(content.name)}\"; filename*=UTF-8''{quote(content.name)}"
    return web.Response(
        body=content.body, headers={"Content-Type": content.media_type, "Content-Disposition": disposition}
    )


async def submit_card(request: web.Request) -> web.Response:
    """POST /v1/attachment/actions. Answers 200, as real Webex does, not the OpenAPI file's 202."""
    fields = await json_fields(request)
    if fields.required_text("type") != "submit":
        raise BadRequest("type must be 'submit'.")
    inputs = fields.values.get("inputs")
    if not isinstance(inputs, dict):
        raise BadRequest("inputs must be an object.")
    actions = world_of(request).actions
    return json_answer(
        action_json(actions.submit(request[CALLER], fields.required_text("messageId"), inputs))
    )


async def get_action(request: web.Request) -> web.Response:
    """GET /v1/attachment/actions/{id}."""
    return json_answer(action_json(world_of(request).actions.get(request[CALLER], request.match_info["id"])))


def _room(world: World, caller: Person, fields: Fields) -> Room:
    room_id, person_id, email = (fields.text(name) for name in ("roomId", "toPersonId", "toPersonEmail"))
    if sum(target is not None for target in (room_id, person_id, email)) != 1:
        raise BadRequest("Exactly one of roomId, toPersonId and toPersonEmail is required.")
    if room_id is not None:
        return world.rooms.get(caller, room_id)
    other = world.people.named(email) if email is not None else world.people.get(person_id or "")
    return world.rooms.direct(caller, other)


def _other(world: World, person_id: str | None, email: str | None) -> Person:
    if (person_id is None) == (email is None):
        raise BadRequest("Exactly one of personId and personEmail is required.")
    person = world.people.find(email) if email is not None else world.people.get(person_id or "")
    if person is None:
        raise NotFound()
    return person


async def _form(request: web.Request) -> tuple[Fields, Upload | None]:
    form = await request.post()
    files = [field for field in form.values() if isinstance(field, web.FileField)]
    if len(files) > 1:
        raise BadRequest("Only one file per message is supported.")
    if "attachments" in form:
        raise BadRequest("A form carries a file; send a card as JSON.")
    fields = Fields({name: value for name, value in form.items() if isinstance(value, str)})
    return fields, _upload(files[0]) if files else None


def _upload(field: web.FileField) -> Upload:
    return Upload(field.filename, field.content_type or DEFAULT_MEDIA_TYPE, field.file.read())


async def _fetched(request: web.Request, urls: tuple[str, ...]) -> Upload | None:
    """Return the file behind a public URL: with JSON, Webex itself fetches it."""
    if not urls:
        return None
    if len(urls) > 1:
        raise BadRequest("Only one file per message is supported.")
    parts = urlsplit(urls[0])
    session = request.app[SITE].http
    if parts.scheme not in ("http", "https") or session is None:
        raise BadRequest(f"files must hold an http or https URL, not '{urls[0]}'.")
    try:
        async with session.get(urls[0], timeout=FETCH_TIMEOUT, raise_for_status=True) as answer:
            body = await answer.content.read(MAX_FILE_BYTES + 1)
            media_type = answer.content_type
    except (aiohttp.ClientError, TimeoutError) as error:
        raise BadRequest(f"The file at '{urls[0]}' could not be fetched: {error}") from error
    if len(body) > MAX_FILE_BYTES:
        raise BadRequest(f"The file at '{urls[0]}' is larger than 100 MB.")
    return Upload(unquote(parts.path.rpartition("/")[2]) or "file", media_type, body)


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace('"', "'")


def _moment(written: str | None) -> str | None:
    if written is None:
        return None
    try:
        return timestamp(parse_timestamp(written))
    except ValueError as error:
        raise BadRequest(f"before must be an ISO 8601 time, not '{written}'.") from error


ROUTES = [
    web.get("/v1/messages", list_messages),
    web.post("/v1/messages", create_message),
    web.get("/v1/messages/direct", list_direct_messages),
    web.get("/v1/messages/{id}", get_message),
    web.put("/v1/messages/{id}", edit_message),
    web.delete("/v1/messages/{id}", delete_message),
    web.get("/v1/contents/{id}", get_content),
    web.post("/v1/attachment/actions", submit_card),
    web.get("/v1/attachment/actions/{id}", get_action),
]
