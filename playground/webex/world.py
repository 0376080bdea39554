"""Everything the stand-in remembers, put together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from playground.webex.actions import Actions
from playground.webex.bus import Bus
from playground.webex.clock import Clock, utc_now
from playground.webex.contents import Contents
from playground.webex.memberships import Memberships
from playground.webex.messages import Messages
from playground.webex.people import People
from playground.webex.records import AttachmentAction, Membership, Message, Person, Record, Room
from playground.webex.rooms import Rooms
from playground.webex.roster import Roster
from playground.webex.shapes import Json, action_json, membership_json, message_json, person_json, room_json
from playground.webex.team_memberships import TeamMemberships
from playground.webex.webhooks import Webhooks

Seed = Callable[["World"], None]


class World:
    """All people, rooms, messages, cards and webhooks.

    `clock` gives the time, for tests that pass it by hand; `seed` fills a new world, and again after each
    reset.
    """

    bus: Bus
    people: People
    roster: Roster
    rooms: Rooms
    memberships: Memberships
    team_memberships: TeamMemberships
    contents: Contents
    messages: Messages
    actions: Actions
    webhooks: Webhooks

    def __init__(self, clock: Clock = utc_now, seed: Seed | None = None) -> None:
        self._present = clock
        self._past: datetime | None = None
        self.bus = Bus()
        self._seed = seed
        self.reset()

    def clock(self) -> datetime:
        """Return the moment it is in this world."""
        return self._past or self._present()

    @contextmanager
    def past(self, moment: datetime) -> Iterator[None]:
        """Let it be `moment` for as long as the block runs: for a seed whose rooms have a history."""
        self._past = moment
        try:
            yield
        finally:
            self._past = None

    def reset(self) -> None:
        """Forget everything and start from the seed; listeners on the bus stay."""
        self.people = People(self.clock, self.bus)
        self.roster = Roster()
        self.rooms = Rooms(self.clock, self.bus, self.people, self.roster)
        self.memberships = Memberships(self.bus, self.people, self.roster, self.rooms)
        self.team_memberships = TeamMemberships(self.roster, self.rooms, self.memberships)
        self.contents = Contents()
        self.messages = Messages(
            self.clock, self.bus, self.people, self.roster, self.rooms, self.memberships, self.contents
        )
        self.actions = Actions(self.clock, self.bus, self.messages)
        self.webhooks = Webhooks(self.clock)
        if self._seed:
            self._seed(self)

    def may_see(self, viewer_id: str, record: Record) -> bool:
        """Whether somebody in an event's audience may be told: bots hear of no message they cannot read.

        Asked for a message only, since all other events already go to the right people. A message that was
        just deleted is judged as it was.
        """
        return not isinstance(record, Message) or self.messages.visible(self.people.get(viewer_id), record)

    def as_seen_by(self, viewer: Person, record: Record) -> Json:
        """Return the full JSON of a record as this person would GET it."""
        match record:
            case Room():
                return room_json(record, self.rooms.title(record, viewer))
            case Membership():
                return membership_json(record)
            case Message():
                return message_json(record)
            case AttachmentAction():
                return action_json(record)
            case Person():
                return person_json(record)
