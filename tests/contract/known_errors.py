"""Where Webex's published description (public-spec/webex-messaging.json) is wrong or silent, with evidence.

Each entry sets one thing right before anything is checked. An entry without which nothing would deviate is
reported as an error itself, so this list cannot outlive the errors it lists.
"""

from __future__ import annotations

from typing import Any

from tests.contract.coverage import NeverAnswered
from tests.contract.description import KnownError

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_OBJECTS = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
_CARDS = {"type": "array", "items": {"$ref": "#/components/schemas/Attachment"}}

_REFUSAL = {
    "type": "object",
    "required": ["message", "errors", "trackingId"],
    "properties": {
        "message": _TEXT,
        "errors": {
            "type": "array",
            "items": {"type": "object", "required": ["description"], "properties": {"description": _TEXT}},
        },
        "trackingId": _TEXT,
    },
}
_ADAPTIVE_CARD = {
    "type": "object",
    "required": ["type", "version", "body"],
    "properties": {
        "$schema": _TEXT,
        "type": {"type": "string", "enum": ["AdaptiveCard"]},
        "version": {"type": "string", "enum": ["1.0", "1.1", "1.2", "1.3"]},
        "body": _OBJECTS,
        "actions": _OBJECTS,
    },
}
_MESSAGE_FORM = {
    "type": "object",
    "required": ["files"],
    "properties": {
        **dict.fromkeys(("roomId", "toPersonId", "toPersonEmail", "parentId", "text", "markdown"), _TEXT),
        "files": {"type": "string", "format": "binary"},
    },
}

_BASICS = "developer.webex.com/docs/basics"
_GUIDE = "developer.webex.com/docs/api/guides/webhooks"
_OWN_EXAMPLE = "the description's own example of this answer has the field"
_RECORDED = "recorded webhook bodies (2026) and GET /webhooks (2022)"


def _paged(path: str) -> KnownError:
    return KnownError(
        ("paths", path, "get", "parameters"),
        [{"name": "cursor", "in": "query", "schema": _TEXT}],
        "the parameter by which the Link to the next page tells where that begins is not declared",
        f"{_BASICS}, “Navigating Pages”: the Link is to be followed as it is; its example has 'after' and "
        "'before', declared nowhere either",
    )


def _lacks(schema: str, field: str, form: dict[str, Any], evidence: str = _OWN_EXAMPLE) -> KnownError:
    return KnownError(
        ("components", "schemas", schema, "properties"),
        {field: form},
        f"{schema} lacks the field '{field}'",
        evidence,
    )


def _takes_all(key: str, *place: str) -> KnownError:
    return KnownError(
        (*place, "properties", key, "enum"),
        ["all"],
        f"the enum of a webhook's {key} lacks 'all'",
        f"{_GUIDE}, “The Firehose Webhook”: resource and event 'all'; the event 'all' beside any resource",
    )


_PAGED_LISTS = (
    "/memberships",
    "/messages",
    "/people",
    "/rooms",
    "/team/memberships",
    "/teams",
    "/webhooks",
)
_NEW_WEBHOOK = ("paths", "/webhooks", "post", "requestBody", "content", "application/json", "schema")
_WEBHOOK = ("components", "schemas", "Webhook")

KNOWN_ERRORS: tuple[KnownError, ...] = (
    KnownError(
        (),
        {"servers": [{"url": "https://webexapis.com/v1"}]},
        "no server is named, so that all paths would lie at the root",
        f"{_BASICS}: the addresses in its examples begin with https://webexapis.com/v1",
    ),
    KnownError(
        ("paths",),
        {
            "/contents/{contentId}": {
                "parameters": [{"name": "contentId", "in": "path", "required": True, "schema": _TEXT}],
                "get": {
                    "responses": {
                        "200": {"description": "The file", "content": {"*/*": {}}},
                        "404": {"description": "Not Found"},
                    }
                },
                "head": {"responses": {"200": {"description": "Its name, type and length"}}},
            }
        },
        "the addresses in a message's 'files' lead to no operation",
        f"{_BASICS}, “Message Attachments”: GET and HEAD of /contents/… with the token; recorded messages "
        "(2026) hold such addresses",
    ),
    KnownError(
        ("paths", "*", "*", "responses", "[45]??"),
        {"content": {"application/json": {"schema": _REFUSAL}}},
        "refusals have no body",
        f"{_BASICS}, “API Errors”: message, errors[].description and trackingId",
    ),
    KnownError(
        ("paths", "*", "*", "responses", "429"),
        {"content": {"text/html": {}}},
        "a 429 of the gateway before the API is a page, not JSON",
        f"{_BASICS}, “Rate Limiting”: the example of a 429 has Content-Type: text/html",
    ),
    KnownError(
        ("paths", "/attachment/actions", "post", "responses"),
        {
            "200": {
                "description": "OK",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/AttachmentActivity"}}
                },
            }
        },
        "a submitted card is said to be answered 202",
        "the SDKs (webexpythonsdk 2.0.6, attachment_actions.create) take anything but 200 for an error",
    ),
    *(
        KnownError(
            ("components", "schemas", schema, "properties", "inputs"),
            {"additionalProperties": True},
            f"the inputs in {schema} can only be those of the reference's example (Name, Url, Email, Tel)",
            "developer.webex.com/docs/buttons-and-cards: inputs bear the ids that the card's author gave "
            "them; recorded actions (2026) have others",
        )
        for schema in ("SubmitCardAction", "AttachmentActivity")
    ),
    KnownError(
        ("components", "schemas"),
        {
            "AdaptiveCard": _ADAPTIVE_CARD,
            "Attachment": {"properties": {"content": {"$ref": "#/components/schemas/AdaptiveCard"}}},
        },
        "an attachment's content is tied to the schema of a file in an Enterprise Content Management system, "
        "which happens to have the name File",
        "the description's own examples of messages hold an Adaptive Card there; recorded messages (2026)",
    ),
    _lacks(
        "Attachment",
        "contentType",
        {"type": "string", "enum": ["application/vnd.microsoft.card.adaptive"]},
        "the description's own examples of messages have it; recorded messages (2026)",
    ),
    KnownError(
        ("paths", "/messages", "post", "requestBody", "content"),
        {"multipart/form-data": {"schema": _MESSAGE_FORM}},
        "a message is said to be JSON only, though files are uploaded as a form",
        f"{_BASICS}, “Message Attachments”: local files go as multipart/form-data",
    ),
    *(_paged(path) for path in _PAGED_LISTS),
    _lacks("Message", "html", _TEXT),
    _lacks("Message", "parentId", _TEXT),
    _lacks("DirectMessage", "html", _TEXT),
    _lacks("DirectMessage", "parentId", _TEXT),
    _lacks("DirectMessage", "updated", _TEXT),
    _lacks("DirectMessage", "attachments", _CARDS),
    *(_lacks("Webhook", field, _TEXT, _RECORDED) for field in ("orgId", "createdBy", "appId")),
    _takes_all("resource", *_NEW_WEBHOOK),
    _takes_all("event", *_NEW_WEBHOOK),
    _takes_all("resource", *_WEBHOOK),
    _takes_all("event", *_WEBHOOK),
)

_ADMINISTRATORS = "told to administrators only, or set up in the organisation; a bot sees none of it"

NEVER_ANSWERED: tuple[NeverAnswered, ...] = (
    NeverAnswered("/rooms", ("classificationId",), "only where an organisation classifies its rooms"),
    NeverAnswered("/messages", ("isVoiceClip",), "only beside audio files recorded in a client"),
    NeverAnswered(
        "/messages",
        ("toPersonId", "toPersonEmail"),
        "parameters of the request that stand among the fields of the answer; recorded messages lack them",
    ),
    NeverAnswered("/people", ("notFoundIds",), "only where one of the asked ids is nobody's"),
    NeverAnswered(
        "/people",
        (
            "addresses",
            "avatar",
            "department",
            "extension",
            "invitePending",
            "lastActivity",
            "lastModified",
            "licenses",
            "locationId",
            "loginEnabled",
            "manager",
            "managerId",
            "roles",
            "sipAddresses",
            "siteUrls",
            "status",
            "timezone",
            "title",
            "xmppFederationJid",
        ),
        _ADMINISTRATORS,
    ),
)
"""Fields that the description gives to an answer and the playground never gives, each for a reason."""
