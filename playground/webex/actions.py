"""Submitted cards (attachment actions)."""

from collections.abc import Mapping
from typing import Any

from playground.webex.bus import Bus
from playground.webex.clock import Clock, timestamp
from playground.webex.errors import BadRequest, NotFound
from playground.webex.identifiers import opaque, random_key
from playground.webex.messages import Messages
from playground.webex.records import AttachmentAction, Person


class Actions:
    """All submitted cards, with the author of each card, who alone hears of it."""

    def __init__(self, clock: Clock, bus: Bus, messages: Messages) -> None:
        self._clock = clock
        self._bus = bus
        self._messages = messages
        self._by_id: dict[str, tuple[AttachmentAction, str]] = {}

    def submit(self, caller: Person, message_id: str, inputs: Mapping[str, Any]) -> AttachmentAction:
        """Submit the card of a message the caller can read, and return the action.

        Raises NotFound for a message the caller cannot read, BadRequest for one without a card.
        """
        message = self._messages.get(caller, message_id)
        if not message.cards:
            raise BadRequest("This message has no card to submit.")
        action = AttachmentAction(
            id=opaque("ATTACHMENT_ACTION", random_key()),
            message_id=message_id,
            room_id=message.room_id,
            person_id=caller.id,
            inputs=inputs,
            created=timestamp(self._clock()),
        )
        self._by_id[action.id] = (action, message.author.id)
        self._bus.publish("attachmentActions", "created", caller.id, action, {message.author.id})
        return action

    def get(self, caller: Person, action_id: str) -> AttachmentAction:
        """Return an action to the author of the card or to whoever submitted it. Raises NotFound."""
        action, author_id = self._by_id.get(action_id, (None, ""))
        if action is None or caller.id not in (author_id, action.person_id):
            raise NotFound()
        return action
