"""Webex's resources as immutable values, read from its JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Self

RoomType = Literal["direct", "group"]

_CARD = "application/vnd.microsoft.card.adaptive"


class BadData(ValueError):
    """JSON that is not the Webex resource it should be; the text names the resource and the field."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person or a bot: https://developer.webex.com/docs/api/v1/people/get-person-details."""

    id: str
    email: str
    display_name: str
    type: str | None
    organisation_id: str | None = None

    @property
    def is_bot(self) -> bool:
        """True for bot accounts; `type` is `person`, `bot` or `appuser`."""
        return self.type == "bot"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a person; the first e-mail counts. Raises BadData."""
        read = _Reader("person", data)
        emails = read.texts("emails")
        if not emails:
            raise read.wrong("emails", "no e-mail address")
        return cls(
            id=read.text("id"),
            email=emails[0],
            display_name=read.optional("displayName") or emails[0],
            type=read.optional("type"),
            organisation_id=read.optional("orgId"),
        )


@dataclass(frozen=True, slots=True)
class Room:
    """A room: https://developer.webex.com/docs/api/v1/rooms/get-room-details."""

    id: str
    title: str
    type: RoomType
    is_locked: bool | None = None
    team_id: str | None = None
    last_activity: datetime | None = None
    creator_id: str | None = None
    created: datetime | None = None
    description: str | None = None
    is_public: bool | None = None
    is_announcement_only: bool | None = None
    is_read_only: bool | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a room; a room without a title has the empty one. Raises BadData."""
        read = _Reader("room", data)
        return cls(
            id=read.text("id"),
            title=read.optional("title") or "",
            type=read.room_type("type"),
            is_locked=read.flag("isLocked"),
            team_id=read.optional("teamId"),
            last_activity=read.optional_moment("lastActivity"),
            creator_id=read.optional("creatorId"),
            created=read.optional_moment("created"),
            description=read.optional("description"),
            is_public=read.flag("isPublic"),
            is_announcement_only=read.flag("isAnnouncementOnly"),
            is_read_only=read.flag("isReadOnly"),
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a room: https://developer.webex.com/docs/api/v1/memberships/get-membership-details."""

    id: str
    room_id: str
    person_id: str
    person_email: str
    person_display_name: str | None = None
    room_type: RoomType | None = None
    is_moderator: bool = False
    is_monitor: bool = False
    is_room_hidden: bool = False
    created: datetime | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a membership; absent flags are False, an absent e-mail is empty. Raises BadData."""
        read = _Reader("membership", data)
        return cls(
            id=read.text("id"),
            room_id=read.text("roomId"),
            person_id=read.text("personId"),
            person_email=read.optional("personEmail") or "",
            person_display_name=read.optional("personDisplayName"),
            room_type=read.room_type("roomType") if "roomType" in data else None,
            is_moderator=bool(read.flag("isModerator")),
            is_monitor=bool(read.flag("isMonitor")),
            is_room_hidden=bool(read.flag("isRoomHidden")),
            created=read.optional_moment("created"),
        )


@dataclass(frozen=True, slots=True)
class Team:
    """A team: https://developer.webex.com/docs/api/v1/teams/get-team-details. Names are not unique."""

    id: str
    name: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a team. Raises BadData."""
        read = _Reader("team", data)
        return cls(id=read.text("id"), name=read.text("name"))


@dataclass(frozen=True, slots=True)
class TeamMembership:
    """A person in a team: https://developer.webex.com/docs/api/v1/team-memberships."""

    id: str
    team_id: str
    person_id: str
    person_email: str
    is_moderator: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a team membership; an absent flag is False, an absent e-mail is empty. Raises BadData."""
        read = _Reader("team membership", data)
        return cls(
            id=read.text("id"),
            team_id=read.text("teamId"),
            person_id=read.text("personId"),
            person_email=read.optional("personEmail") or "",
            is_moderator=bool(read.flag("isModerator")),
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A message: https://developer.webex.com/docs/api/v1/messages/get-message-details."""

    id: str
    room_id: str
    room_type: RoomType
    person_id: str
    person_email: str
    created: datetime
    text: str | None = None
    markdown: str | None = None
    html: str | None = None
    mentioned_people: tuple[str, ...] = ()
    mentioned_groups: tuple[str, ...] = ()
    parent_id: str | None = None
    files: tuple[str, ...] = ()
    has_card: bool = False
    updated: datetime | None = None

    @property
    def thread_id(self) -> str:
        """What a reply names as `parentId`: the thread's first message. Replies to replies are refused."""
        return self.parent_id or self.id

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a message; an absent e-mail is empty. Raises BadData."""
        read = _Reader("message", data)
        return cls(
            id=read.text("id"),
            room_id=read.text("roomId"),
            room_type=read.room_type("roomType"),
            person_id=read.text("personId"),
            person_email=read.optional("personEmail") or "",
            created=read.moment("created"),
            text=read.optional("text"),
            markdown=read.optional("markdown"),
            html=read.optional("html"),
            mentioned_people=read.texts("mentionedPeople"),
            mentioned_groups=read.texts("mentionedGroups"),
            parent_id=read.optional("parentId"),
            files=read.texts("files"),
            has_card=any(part.get("contentType") == _CARD for part in read.objects("attachments")),
            updated=read.optional_moment("updated"),
        )


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook: https://developer.webex.com/docs/api/v1/webhooks/get-webhook-details.

    Webex may echo the secret; what is kept of it is a fingerprint, enough to see that it has changed.
    """

    id: str
    name: str
    target_url: str
    resource: str
    event: str
    filter: str | None = None
    status: str | None = None
    created: datetime | None = None
    secret_fingerprint: str | None = field(default=None, repr=False)

    @property
    def is_active(self) -> bool:
        """False once Webex has disabled it: it then stays so until it is re-enabled."""
        return self.status in (None, "active")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a webhook; `filter` is absent where none is set. Raises BadData."""
        read = _Reader("webhook", data)
        secret = read.optional("secret")
        return cls(
            id=read.text("id"),
            name=read.text("name"),
            target_url=read.text("targetUrl"),
            resource=read.text("resource"),
            event=read.text("event"),
            filter=read.optional("filter"),
            status=read.optional("status"),
            created=read.optional_moment("created"),
            secret_fingerprint=fingerprint(secret) if secret else None,
        )


@dataclass(frozen=True, slots=True)
class AttachmentAction:
    """A submitted card: https://developer.webex.com/docs/api/v1/attachment-actions."""

    id: str
    message_id: str
    room_id: str
    person_id: str
    inputs: Mapping[str, str] = field(hash=False)
    created: datetime | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read an action; inputs that are not text become it, as JSON writes them. Raises BadData."""
        read = _Reader("attachment action", data)
        return cls(
            id=read.text("id"),
            message_id=read.text("messageId"),
            room_id=read.text("roomId"),
            person_id=read.text("personId"),
            inputs=MappingProxyType({key: _input(value) for key, value in read.object("inputs").items()}),
            created=read.optional_moment("created"),
        )


def fingerprint(secret: str) -> str:
    """16 hex digits that tell one webhook secret from another without being it."""
    return hmac.new(secret.encode(), b"webhook secret", hashlib.sha256).hexdigest()[:16]


def _input(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _Reader:
    """Takes typed fields out of one JSON object and says which field of what is wrong."""

    __slots__ = ("_data", "_what")

    def __init__(self, what: str, data: Mapping[str, Any]) -> None:
        self._what = what
        self._data = data
        if not isinstance(data, Mapping):
            raise BadData(f"a {what} should be a JSON object, not {type(data).__name__}")

    def wrong(self, key: str, found: str) -> BadData:
        return BadData(f"{self._what}: '{key}' holds {found}")

    def text(self, key: str) -> str:
        value = self.optional(key)
        if not value:
            raise self.wrong(key, "nothing")
        return value

    def optional(self, key: str) -> str | None:
        value = self._data.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self.wrong(key, f"{type(value).__name__} instead of text")

    def flag(self, key: str) -> bool | None:
        value = self._data.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong(key, f"{type(value).__name__} instead of true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._list(key)
        if all(isinstance(each, str) for each in value):
            return tuple(value)
        raise self.wrong(key, "something that is not text")

    def objects(self, key: str) -> tuple[Mapping[str, Any], ...]:
        value = self._list(key)
        if all(isinstance(each, Mapping) for each in value):
            return tuple(value)
        raise self.wrong(key, "something that is not an object")

    def object(self, key: str) -> Mapping[str, Any]:
        value = self._data.get(key)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        raise self.wrong(key, f"{type(value).__name__} instead of an object")

    def room_type(self, key: str) -> RoomType:
        value = self.text(key)
        if value == "direct":
            return "direct"
        if value == "group":
            return "group"
        raise self.wrong(key, f"'{value}' instead of 'direct' or 'group'")

    def moment(self, key: str) -> datetime:
        # Not the SDK's date properties: they refuse a timestamp without a fraction of a second.
        text = self.text(key)
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong(key, f"'{text}' instead of a date and time") from None
        if value.tzinfo is None:
            raise self.wrong(key, f"'{text}', a time without its zone")
        return value

    def optional_moment(self, key: str) -> datetime | None:
        return None if self._data.get(key) is None else self.moment(key)

    def _list(self, key: str) -> list[Any]:
        value = self._data.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self.wrong(key, f"{type(value).__name__} instead of a list")
