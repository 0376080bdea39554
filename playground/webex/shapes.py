"""Records in the JSON that Webex answers with. Fields without a value are left out, as Webex does."""

from typing import Any

from playground.webex.identifiers import APPLICATION_ID, ORGANIZATION_ID
from playground.webex.records import AttachmentAction, Membership, Message, Person, Room, Team, Webhook
from playground.webex.team_memberships import TeamMembership

Json = dict[str, Any]


def person_json(person: Person) -> Json:
    """Return a person as GET /people/{id} does."""
    first, _, last = person.display_name.partition(" ")
    shape: Json = {
        "id": person.id,
        "emails": [person.email],
        "phoneNumbers": [],
        "displayName": person.display_name,
        "nickName": person.first_name,
    }
    if not person.is_bot:
        shape |= {"firstName": first, "lastName": last}
    return shape | {"orgId": ORGANIZATION_ID, "created": person.created, "type": person.type}


def room_json(room: Room, title: str) -> Json:
    """Return a room as GET /rooms/{id} does; `title` is the one the caller sees (a direct room has two)."""
    shape: Json = {
        "id": room.id,
        "title": title,
        "type": room.type,
        "isLocked": room.is_locked,
        "lastActivity": room.last_activity,
        "creatorId": room.creator_id,
        "created": room.created,
        "ownerId": ORGANIZATION_ID,
        "isPublic": room.is_public,
        "isReadOnly": room.is_read_only,
    }
    if room.is_announcement_only:
        shape["isAnnouncementOnly"] = True
    return shape | _present(teamId=room.team_id, description=room.description, madePublic=room.made_public)


def team_json(team: Team) -> Json:
    """Return a team as GET /teams does."""
    shape: Json = {"id": team.id, "name": team.name, "created": team.created}
    return shape | _present(description=team.description)


def team_membership_json(membership: TeamMembership) -> Json:
    """Return a team membership as GET /team/memberships/{id} does."""
    seat = membership.seat
    return {
        "id": membership.id,
        "teamId": membership.team.id,
        "personId": seat.person.id,
        "personEmail": seat.person.email,
        "personDisplayName": seat.person.display_name,
        "personOrgId": ORGANIZATION_ID,
        "isModerator": seat.is_moderator,
        "created": seat.created,
    }


def membership_json(membership: Membership) -> Json:
    """Return a membership as GET /memberships/{id} does."""
    person = membership.person
    return {
        "id": membership.id,
        "roomId": membership.room_id,
        "roomType": membership.room_type,
        "personId": person.id,
        "personEmail": person.email,
        "personDisplayName": person.display_name,
        "personOrgId": ORGANIZATION_ID,
        "isModerator": membership.is_moderator,
        "isMonitor": False,
        "isRoomHidden": membership.is_room_hidden,
        "created": membership.created,
    }


def message_json(message: Message) -> Json:
    """Return a message as GET /messages/{id} does."""
    return {
        "id": message.id,
        "roomId": message.room_id,
        "roomType": message.room_type,
        **_present(
            text=message.text, attachments=list(message.cards) or None, files=list(message.files) or None
        ),
        "personId": message.author.id,
        "personEmail": message.author.email,
        **_present(markdown=message.markdown, html=message.html),
        **_mentions(message),
        "created": message.created,
        **_present(updated=message.updated, parentId=message.parent_id),
    }


def message_summary(message: Message) -> Json:
    """Return what a webhook tells about a message: everything but its words and its card."""
    return {
        "id": message.id,
        "roomId": message.room_id,
        "roomType": message.room_type,
        "personId": message.author.id,
        "personEmail": message.author.email,
        **_mentions(message),
        **_present(files=list(message.files) or None),
        "created": message.created,
        **_present(updated=message.updated, parentId=message.parent_id),
    }


def room_summary(room: Room) -> Json:
    """Return what a webhook tells about a room.

    No genuine recording of a rooms.* webhook is known. Title and description are end-to-end encrypted in
    Webex just as the text of a message is, so they are left out here too: a client that needs them asks GET
    /rooms/{id}. After a migration `id` is the new room id, which the reference states ("The roomId has
    changed"); `migratedFrom` with the old id is this server's own addition, since the reference does not say
    how the two are tied.
    """
    shape = room_json(room, title="") | _present(migratedFrom=room.migrated_from)
    return {name: value for name, value in shape.items() if name not in ("title", "description")}


def action_json(action: AttachmentAction) -> Json:
    """Return a submitted card as GET /attachment/actions/{id} does."""
    return action_summary(action) | {"inputs": dict(action.inputs)}


def action_summary(action: AttachmentAction) -> Json:
    """Return what a webhook tells about a submitted card: not what was filled in."""
    return {
        "id": action.id,
        "type": "submit",
        "messageId": action.message_id,
        "personId": action.person_id,
        "roomId": action.room_id,
        "created": action.created,
    }


def webhook_json(webhook: Webhook) -> Json:
    """Return a webhook as GET /webhooks/{id} does, with its secret (real Webex echoes it too)."""
    return webhook_envelope(webhook) | _present(secret=webhook.secret)


def webhook_envelope(webhook: Webhook) -> Json:
    """Return the part of a webhook that every delivery repeats."""
    return {
        "id": webhook.id,
        "name": webhook.name,
        "targetUrl": webhook.target_url,
        "resource": webhook.resource,
        "event": webhook.event,
        **_present(filter=webhook.filter),
        "orgId": ORGANIZATION_ID,
        "createdBy": webhook.owner_id,
        "appId": APPLICATION_ID,
        "ownedBy": "creator",
        "status": webhook.status,
        "created": webhook.created,
    }


def _mentions(message: Message) -> Json:
    return _present(
        mentionedPeople=list(message.mentioned_people) or None,
        mentionedGroups=list(message.mentioned_groups) or None,
    )


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
