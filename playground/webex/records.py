"""The things this server remembers, each an immutable record; a change makes a new record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PersonType = Literal["person", "bot"]
RoomType = Literal["direct", "group"]
WebhookStatus = Literal["active", "inactive"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token: a human or a bot."""

    id: str
    email: str
    display_name: str
    type: PersonType
    created: str

    @property
    def is_bot(self) -> bool:
        """Whether Webex's limits for bots apply."""
        return self.type == "bot"

    @property
    def first_name(self) -> str:
        """The first word of the display name; Webex shows only this one in a mention."""
        return self.display_name.split(" ")[0]


@dataclass(frozen=True, slots=True)
class Team:
    """A team; its members are the members of its General room."""

    id: str
    name: str
    description: str | None
    general_room_id: str
    created: str


@dataclass(frozen=True, slots=True)
class Room:
    """A conversation. `activity` orders rooms whose last activity falls into one millisecond."""

    id: str
    type: RoomType
    title: str
    creator_id: str
    created: str
    last_activity: str
    sequence: int
    activity: int
    is_locked: bool = False
    is_public: bool = False
    is_read_only: bool = False
    is_announcement_only: bool = False
    description: str | None = None
    team_id: str | None = None
    made_public: str | None = None
    migrated_from: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """One person in one room."""

    id: str
    room_id: str
    room_type: RoomType
    person: Person
    created: str
    sequence: int
    is_moderator: bool = False
    is_room_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `files` are absolute URLs; `cards` are the attachments as they were posted."""

    id: str
    room_id: str
    room_type: RoomType
    author: Person
    created: str
    sequence: int
    text: str | None = None
    markdown: str | None = None
    html: str | None = None
    parent_id: str | None = None
    files: tuple[str, ...] = ()
    cards: tuple[Mapping[str, Any], ...] = ()
    mentioned_people: tuple[str, ...] = ()
    mentioned_groups: tuple[str, ...] = ()
    updated: str | None = None
    edits: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """An uploaded file; `message_id` says who may read it."""

    id: str
    message_id: str
    name: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttachmentAction:
    """A submitted card."""

    id: str
    message_id: str
    room_id: str
    person_id: str
    inputs: Mapping[str, Any]
    created: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registration. `filter` is kept as it was written, `conditions` is what it means."""

    id: str
    name: str
    target_url: str
    resource: str
    event: str
    owner_id: str
    created: str
    filter: str | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    secret: str | None = field(default=None, repr=False)
    status: WebhookStatus = "active"


Record = Person | Room | Membership | Message | AttachmentAction
