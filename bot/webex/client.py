"""The Webex API as the bot uses it: typed calls over the Webex SDK, safe to share between threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from bot.webex.model import (
    AttachmentAction,
    Membership,
    Message,
    Person,
    Room,
    RoomType,
    Team,
    TeamMembership,
    Webhook,
)
from bot.webex.session import File, Session
from bot.webex.transport import CallHook, attempting

CARD_CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"

_ROOMS_PER_PAGE = 200
_MESSAGES_PER_PAGE = 100


class WebexClient:
    """One account's view of Webex. Every method raises a WebexError when Webex does not do what is asked.

    Nothing here waits for a rate limit or tries again: the caller sees `RateLimited.retry_after` and decides.
    API reference: https://developer.webex.com/docs/api/v1/ followed by the page each method names.
    """

    def __init__(
        self,
        token: str,
        base_url: str = "https://webexapis.com/v1/",
        timeout: float = 15,
        on_call: CallHook | None = None,
    ) -> None:
        """`timeout`: seconds to connect, and again seconds of silence until the answer.

        `on_call(method, route, status, seconds)` is told of every call. Raises ValueError for an empty token
        or a `base_url` that is no address.
        """
        self._session = Session(token, base_url, timeout, on_call)
        self._api = self._session.api
        self._one = self._session.one
        self._all = self._session.all

    def __repr__(self) -> str:
        return f"WebexClient({self._session.base_url!r})"

    def close(self) -> None:
        """Close the kept connections. The client opens new ones if it is used again."""
        self._session.close()

    # People

    def me(self) -> Person:
        """Whose token this is (people/get-my-own-details)."""
        return self._one(Person, "Reading whose token this is", self._api.people.me)

    def get_person(self, person_id: str) -> Person:
        """One person (people/get-person-details)."""
        return self._one(Person, f"Reading person {person_id}", self._api.people.get, person_id)

    def find_people(self, *, email: str | None = None, display_name: str | None = None) -> list[Person]:
        """People with exactly this e-mail, or whose name begins so (people/list-people).

        Raises ValueError unless exactly one of the two is given.
        """
        _exactly_one(email=email, display_name=display_name)
        attempted = f"Looking for {email or display_name}"
        listing = self._api.people.list(email=email, displayName=display_name)
        return list(self._all(Person, attempted, listing))

    # Rooms

    def get_room(self, room_id: str) -> Room:
        """One room (rooms/get-room-details)."""
        return self._one(Room, f"Reading room {room_id}", self._api.rooms.get, room_id)

    def list_rooms(
        self,
        *,
        type: RoomType | None = None,
        max: int | None = None,
        sort_by: Literal["id", "lastactivity", "created"] | None = None,
        page_size: int = _ROOMS_PER_PAGE,
    ) -> Iterator[Room]:
        """The bot's rooms, at most `max` of them (None: all), fetched page by page as they are consumed.

        Webex documents sorting by lastactivity as unreliable above 3,000 rooms (rooms/list-rooms).
        """
        listing = self._api.rooms.list(type=type, sortBy=sort_by, max=_page(max, page_size))
        return islice(self._all(Room, "Listing the bot's rooms", listing), max)

    def room_page(
        self, link: str | None = None, *, type: RoomType | None = None, page_size: int = 1000
    ) -> tuple[list[Room], str | None]:
        """One page of the bot's rooms, which may be empty, and the link to the next (None: it was the last).

        A listing of thousands can so be shown as it goes, and goes on after a 429 where it was. Webex gives up to
        1,000 rooms a page (rooms/list-rooms).
        """
        params: dict[str, str | int] = {"max": page_size} | ({"type": type} if type else {})
        return self._session.page(Room, "Listing the bot's rooms", "rooms", params, link)

    def create_room(
        self,
        title: str,
        *,
        team_id: str | None = None,
        is_locked: bool | None = None,
        is_public: bool | None = None,
        is_announcement_only: bool | None = None,
        description: str | None = None,
    ) -> Room:
        """Make a group room with the bot in it; a locked one has it as moderator (rooms/create-a-room)."""
        return self._one(
            Room,
            f"Creating the room '{title}'",
            self._api.rooms.create,
            title,
            teamId=team_id,
            isLocked=is_locked,
            isPublic=is_public,
            isAnnouncementOnly=is_announcement_only,
            description=description,
        )

    def update_room(
        self,
        room_id: str,
        *,
        title: str | None = None,
        is_locked: bool | None = None,
        is_public: bool | None = None,
        is_announcement_only: bool | None = None,
        description: str | None = None,
    ) -> Room:
        """Change what is given, leave the rest (rooms/update-a-room).

        Webex wants the title every time; left out, it is read first.
        """
        return self._one(
            Room,
            f"Changing room {room_id}",
            self._api.rooms.update,
            room_id,
            title or self.get_room(room_id).title,
            isLocked=is_locked,
            isPublic=is_public,
            isAnnouncementOnly=is_announcement_only,
            description=description,
        )

    def delete_room(self, room_id: str) -> None:
        """Delete a room for good; success does not prove it is gone (rooms/delete-a-room).

        A bot that is no moderator is merely removed from the room, a team's room is archived, a direct room
        is refused. Read the room afterwards to see which it was.
        """
        with attempting(f"Deleting room {room_id}"):
            self._api.rooms.delete(room_id)

    # Memberships

    def list_memberships(
        self,
        room_id: str | None = None,
        *,
        person_email: str | None = None,
        max: int | None = None,
        page_size: int = _ROOMS_PER_PAGE,
    ) -> Iterator[Membership]:
        """Who is in a room, or without `room_id` where the bot itself is (memberships/list-memberships).

        Raises ValueError for a `person_email` without a room: Webex filters by person only inside one.
        """
        if person_email and not room_id:
            raise ValueError("a membership is looked up by e-mail only within a room")
        listing = self._api.memberships.list(
            roomId=room_id, personEmail=person_email, max=_page(max, page_size)
        )
        attempted = f"Listing the members of room {room_id}" if room_id else "Listing the bot's memberships"
        return islice(self._all(Membership, attempted, listing), max)

    def add_member(
        self,
        room_id: str,
        *,
        email: str | None = None,
        person_id: str | None = None,
        is_moderator: bool = False,
    ) -> Membership:
        """Add a person to a room; Conflict if there already (memberships/create-a-membership).

        Raises ValueError unless exactly one of `email` and `person_id` is given.
        """
        _exactly_one(email=email, person_id=person_id)
        return self._one(
            Membership,
            f"Adding {email or person_id} to room {room_id}",
            self._api.memberships.create,
            room_id,
            personId=person_id,
            personEmail=email,
            isModerator=is_moderator,
        )

    def update_membership(
        self,
        membership_id: str,
        *,
        is_moderator: bool | None = None,
        is_room_hidden: bool | None = None,
    ) -> Membership:
        """Make or unmake a moderator, or hide a direct room until its next message.

        Webex wants both flags every time; one left out is read first (memberships/update-a-membership).
        """
        attempted = f"Changing membership {membership_id}"
        if is_moderator is None or is_room_hidden is None:
            now = self._one(Membership, attempted, self._api.memberships.get, membership_id)
            is_moderator = now.is_moderator if is_moderator is None else is_moderator
            is_room_hidden = now.is_room_hidden if is_room_hidden is None else is_room_hidden
        return self._one(
            Membership,
            attempted,
            self._api.memberships.update,
            membership_id,
            isModerator=is_moderator,
            isRoomHidden=is_room_hidden,
        )

    def remove_membership(self, membership_id: str) -> None:
        """Remove a person from a room; the bot's own: leave it (memberships/delete-a-membership)."""
        with attempting(f"Removing membership {membership_id}"):
            self._api.memberships.delete(membership_id)

    # Teams

    def list_teams(self) -> Iterator[Team]:
        """The teams the bot is in, fetched page by page as they are consumed (teams/list-teams)."""
        return self._all(Team, "Listing the bot's teams", self._api.teams.list(max=_ROOMS_PER_PAGE))

    def list_team_memberships(self, team_id: str) -> Iterator[TeamMembership]:
        """Who is in one of the bot's teams (team-memberships/list-team-memberships)."""
        listing = self._api.team_memberships.list(team_id, max=_ROOMS_PER_PAGE)
        return self._all(TeamMembership, f"Listing the members of team {team_id}", listing)

    # Messages

    def get_message(self, message_id: str) -> Message:
        """One message; the ids in webhooks can be ahead of it for a moment (messages/get-message-details)."""
        return self._one(Message, f"Reading message {message_id}", self._api.messages.get, message_id)

    def list_messages(
        self,
        room_id: str,
        *,
        max: int | None = 50,
        parent_id: str | None = None,
        mentioned_me: bool = False,
    ) -> Iterator[Message]:
        """A room's messages, newest first, at most `max` of them (None: all) (messages/list-messages).

        In a group room a bot must say `mentioned_me`, otherwise Webex answers Forbidden.
        """
        listing = self._api.messages.list(
            room_id,
            parentId=parent_id,
            mentionedPeople="me" if mentioned_me else None,
            max=_page(max, _MESSAGES_PER_PAGE),
        )
        return islice(self._all(Message, f"Listing messages of room {room_id}", listing), max)

    def list_direct_messages(
        self, *, email: str | None = None, person_id: str | None = None, parent_id: str | None = None
    ) -> Iterator[Message]:
        """What was said between the bot and one person, newest first (messages/list-direct-messages).

        Raises ValueError unless exactly one of `email` and `person_id` is given.
        """
        _exactly_one(email=email, person_id=person_id)
        listing = self._api.messages.list_direct(personId=person_id, personEmail=email, parentId=parent_id)
        return self._all(Message, f"Listing messages with {email or person_id}", listing)

    def post_message(
        self,
        room_id: str | None = None,
        *,
        to_person_email: str | None = None,
        to_person_id: str | None = None,
        markdown: str | None = None,
        text: str | None = None,
        parent_id: str | None = None,
        card: Mapping[str, Any] | None = None,
        file: File | None = None,
    ) -> Message:
        """Post to a room or a person, with at most one card or one file (messages/create-a-message).

        `parent_id` is a thread's first message. Text and markdown may hold 7439 bytes each, else TooLarge.
        Raises ValueError for no or several addressees, nothing to say, a card without text for the clients
        that show none, or a card and a file at once, which Webex cannot take.
        """
        to = _exactly_one(room_id=room_id, to_person_email=to_person_email, to_person_id=to_person_id)
        _check_content(markdown or text, card, file)
        body = {
            "roomId": room_id,
            "toPersonId": to_person_id,
            "toPersonEmail": to_person_email,
            "parentId": parent_id,
            "text": text,
            "markdown": markdown,
        }
        attempted = f"Posting a message to {'room ' if room_id else ''}{to}"
        if file:
            return self._session.post_file(Message, attempted, body, file)
        attachments = [{"contentType": CARD_CONTENT_TYPE, "content": card}] if card else None
        return self._one(Message, attempted, self._api.messages.create, attachments=attachments, **body)

    def edit_message(self, message_id: str, room_id: str, markdown: str) -> Message:
        """Replace a message's text (messages/edit-a-message).

        BadRequest at the eleventh edit, and for a message with a file or a card.
        """
        attempted = f"Editing message {message_id}"
        return self._one(
            Message, attempted, self._api.messages.update, message_id, roomId=room_id, markdown=markdown
        )

    def delete_message(self, message_id: str) -> None:
        """Delete one of the bot's messages, or as moderator anybody's (messages/delete-a-message)."""
        with attempting(f"Deleting message {message_id}"):
            self._api.messages.delete(message_id)

    def get_attachment_action(self, action_id: str) -> AttachmentAction:
        """What was entered into a card (attachment-actions/get-attachment-action-details)."""
        attempted = f"Reading what was entered into a card ({action_id})"
        return self._one(AttachmentAction, attempted, self._api.attachment_actions.get, action_id)

    def download(self, url: str, max_bytes: int) -> tuple[str, bytes]:
        """The name and content of a file in `Message.files` (docs/basics, "Message Attachments").

        Locked while it is being scanned for malware, Gone where some was found, TooLarge over `max_bytes`;
        BadAnswer for an address outside the API's host, where the token does not go.
        """
        return self._session.download(url, max_bytes)

    # Webhooks

    def list_webhooks(self) -> list[Webhook]:
        """All webhooks made with this token, by whatever program (webhooks/list-webhooks)."""
        return list(self._all(Webhook, "Listing webhooks", self._api.webhooks.list(max=100)))

    def create_webhook(
        self,
        name: str,
        target_url: str,
        resource: str,
        event: str,
        *,
        filter: str | None = None,
        secret: str | None = None,
    ) -> Webhook:
        """Have events of a kind posted to `target_url`, signed with `secret` (webhooks/create-a-webhook)."""
        attempted = f"Creating the webhook '{name}'"
        create = self._api.webhooks.create
        return self._one(
            Webhook, attempted, create, name, target_url, resource, event, filter=filter, secret=secret
        )

    def update_webhook(
        self, webhook_id: str, name: str, target_url: str, *, secret: str | None = None
    ) -> Webhook:
        """Set name, address and secret, and re-enable it if Webex has disabled it.

        Resource, event and filter are fixed at a webhook's making (webhooks/update-a-webhook).
        """
        attempted = f"Updating the webhook '{name}'"
        update = self._api.webhooks.update
        return self._one(
            Webhook, attempted, update, webhook_id, name, target_url, secret=secret, status="active"
        )

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook (webhooks/delete-a-webhook)."""
        with attempting(f"Deleting webhook {webhook_id}"):
            self._api.webhooks.delete(webhook_id)


def _exactly_one(**choices: str | None) -> str:
    given = [value for value in choices.values() if value]
    if len(given) != 1:
        raise ValueError(f"exactly one of {', '.join(choices)} is needed, not {len(given)}")
    return given[0]


def _check_content(words: str | None, card: Mapping[str, Any] | None, file: File | None) -> None:
    if card and file:
        raise ValueError("a message holds a card or a file, not both")
    if card and not words:
        raise ValueError("a card needs markdown or text beside it, for clients that show no cards")
    if not (words or file):
        raise ValueError("a message needs markdown, text or a file")


def _page(wanted: int | None, page_size: int) -> int:
    """Ask for no more per page than is wanted altogether."""
    return page_size if wanted is None else max(1, min(wanted, page_size))
