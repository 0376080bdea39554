"""Webhook registrations: their rules, and which of them want to hear of an event.

Resources, events and filters after the Webhooks guide of developer.webex.com.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from playground.webex.bus import Event
from playground.webex.clock import Clock, timestamp
from playground.webex.errors import BadRequest, NotFound
from playground.webex.identifiers import opaque, random_key
from playground.webex.paging import Page, Window, cut
from playground.webex.records import (
    AttachmentAction,
    Membership,
    Message,
    Person,
    Record,
    Room,
    Webhook,
    WebhookStatus,
)

ALL = "all"
EVENTS: Mapping[str, frozenset[str]] = {
    "messages": frozenset({"created", "updated", "deleted"}),
    "memberships": frozenset({"created", "updated", "deleted"}),
    "rooms": frozenset({"created", "updated", "migrated"}),
    "attachmentActions": frozenset({"created"}),
}
FILTERS: Mapping[str, frozenset[str]] = {
    "messages": frozenset(
        {"roomId", "roomType", "personId", "personEmail", "mentionedPeople", "hasFiles", "hasAttachments"}
    ),
    "memberships": frozenset({"roomId", "personId", "personEmail", "isModerator"}),
    "rooms": frozenset({"type", "isLocked"}),
    "attachmentActions": frozenset({"messageId", "personId", "roomId"}),
    ALL: frozenset(),
}
# The wildcard leaves out submitted cards (Webhooks guide, "The Firehose Webhook").
FIREHOSE = frozenset({"messages", "memberships", "rooms"})


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """What a caller says about a new webhook."""

    name: str
    target_url: str
    resource: str
    event: str
    filter: str | None = None
    secret: str | None = None


class Webhooks:
    """All registrations, by id and by the person who made them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Webhook] = {}
        self._by_owner: dict[str, dict[str, None]] = {}

    def create(self, caller: Person, draft: WebhookDraft) -> Webhook:
        """Register a webhook and return it.

        Raises BadRequest for a resource, event or filter that does not exist and for a target that is no
        http(s) URL.
        """
        _check_event(draft.resource, draft.event)
        _check_target(draft.target_url)
        webhook = Webhook(
            id=opaque("WEBHOOK", random_key()),
            name=_named(draft.name),
            target_url=draft.target_url,
            resource=draft.resource,
            event=draft.event,
            owner_id=caller.id,
            created=timestamp(self._clock()),
            filter=draft.filter,
            conditions=_conditions(draft.resource, draft.filter, caller),
            secret=draft.secret,
        )
        self._by_id[webhook.id] = webhook
        self._by_owner.setdefault(caller.id, {})[webhook.id] = None
        return webhook

    def list(self, caller: Person, asked: Window) -> Page[Webhook]:
        """Return one page of the caller's own webhooks, oldest first."""
        mine = [self._by_id[webhook_id] for webhook_id in self._by_owner.get(caller.id, ())]
        return cut(mine, lambda webhook: (webhook.created, webhook.id), asked)

    def get(self, caller: Person, webhook_id: str) -> Webhook:
        """Return one of the caller's own webhooks. Raises NotFound."""
        webhook = self._by_id.get(webhook_id)
        if webhook is None or webhook.owner_id != caller.id:
            raise NotFound()
        return webhook

    def update(
        self,
        caller: Person,
        webhook_id: str,
        *,
        name: str,
        target_url: str,
        secret: str | None,
        status: str | None,
    ) -> Webhook:
        """Change a webhook's name, target and secret, or activate it again, and return it.

        Raises BadRequest for a bad target, and for any status but "active": the API cannot deactivate.
        """
        webhook = self.get(caller, webhook_id)
        _check_target(target_url)
        if status not in (None, "active"):
            raise BadRequest(f"status can only be set to 'active', not '{status}'.")
        changed = replace(webhook, name=_named(name), target_url=target_url)
        if secret is not None:
            changed = replace(changed, secret=secret)
        if status is not None:
            changed = replace(changed, status="active")
        self._by_id[webhook_id] = changed
        return changed

    def delete(self, caller: Person, webhook_id: str) -> None:
        """Remove one of the caller's own webhooks. Raises NotFound."""
        self.get(caller, webhook_id)
        del self._by_id[webhook_id]
        del self._by_owner[caller.id][webhook_id]

    def current(self, webhook_id: str) -> Webhook | None:
        """Return a webhook as it is now, whoever asks, or None when it is gone."""
        return self._by_id.get(webhook_id)

    def set_status(self, webhook_id: str, status: WebhookStatus) -> Webhook:
        """Activate or deactivate a webhook from inside. Raises NotFound."""
        webhook = self._by_id.get(webhook_id)
        if webhook is None:
            raise NotFound()
        self._by_id[webhook_id] = replace(webhook, status=status)
        return self._by_id[webhook_id]

    def wanting(self, event: Event) -> Iterator[Webhook]:
        """Yield the active webhooks of the event's audience that want it and whose filter it meets."""
        if event.name not in EVENTS.get(event.resource, ()):
            return
        # The intersection walks the shorter side: a room of thousands costs no more than the few who
        # registered.
        for owner_id in self._by_owner.keys() & event.audience:
            for webhook_id in self._by_owner[owner_id]:
                webhook = self._by_id[webhook_id]
                if webhook.status == "active" and _covers(webhook, event) and _passes(webhook, event.record):
                    yield webhook


def _covers(webhook: Webhook, event: Event) -> bool:
    if webhook.resource == ALL:
        return event.resource in FIREHOSE
    return webhook.resource == event.resource and webhook.event in (ALL, event.name)


def _passes(webhook: Webhook, record: Record) -> bool:
    if not webhook.conditions:
        return True
    values = _filterable(record)
    return all(wanted in values.get(name, ()) for name, wanted in webhook.conditions)


def _filterable(record: Record) -> dict[str, tuple[str, ...]]:
    match record:
        case Message():
            return {
                "roomId": (record.room_id,),
                "roomType": (record.room_type,),
                "personId": (record.author.id,),
                "personEmail": (record.author.email.lower(),),
                "mentionedPeople": record.mentioned_people,
                "hasFiles": (_flag(bool(record.files)),),
                "hasAttachments": (_flag(bool(record.cards)),),
            }
        case Membership():
            return {
                "roomId": (record.room_id,),
                "personId": (record.person.id,),
                "personEmail": (record.person.email.lower(),),
                "isModerator": (_flag(record.is_moderator),),
            }
        case Room():
            return {"type": (record.type,), "isLocked": (_flag(record.is_locked),)}
        case AttachmentAction():
            return {
                "messageId": (record.message_id,),
                "personId": (record.person_id,),
                "roomId": (record.room_id,),
            }
        case Person():
            return {}


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _conditions(resource: str, written: str | None, caller: Person) -> tuple[tuple[str, str], ...]:
    if not written:
        return ()
    pairs = parse_qsl(written, keep_blank_values=True)
    for name, _ in pairs:
        if name not in FILTERS[resource]:
            raise BadRequest(f"Invalid filter '{name}' for resource '{resource}'.")
    if not pairs:
        raise BadRequest(f"The filter '{written}' is not of the form name=value&name=value.")
    return tuple((name, _condition(name, value, caller)) for name, value in pairs)


def _condition(name: str, value: str, caller: Person) -> str:
    if name == "mentionedPeople" and value == "me":
        return caller.id
    return value.lower() if name == "personEmail" else value


def _check_event(resource: str, event: str) -> None:
    if resource == ALL:
        if event != ALL:
            raise BadRequest("The resource 'all' takes only the event 'all'.")
        return
    if resource not in EVENTS:
        raise BadRequest(f"Unknown webhook resource '{resource}'.")
    if event != ALL and event not in EVENTS[resource]:
        raise BadRequest(f"Unknown event '{event}' for webhook resource '{resource}'.")


def _check_target(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadRequest(f"targetUrl must be an http or https URL, not '{url}'.")


def _named(name: str) -> str:
    if not name.strip():
        raise BadRequest("name cannot be empty.")
    return name
