"""A world of thousands of rooms of all kinds and ages, the same at every start, for trials of size."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from playground.webex.identifiers import stable_key
from playground.webex.messages import Draft
from playground.webex.records import Person, Room, Team
from playground.webex.rooms import RoomDraft
from playground.webex.world import World

Kind = Literal["open", "moderated", "others'", "announcements", "team", "read-only", "direct"]
"""`moderated`: locked, and the bot is a moderator. `others'`: locked, and it is none."""

# Of twenty rooms; most rooms of most people have no moderators.
_KINDS: tuple[Kind, ...] = (
    *(("open",) * 9),
    *(("moderated",) * 3),
    *(("others'",) * 2),
    *(("team",) * 2),
    *(("direct",) * 2),
    "read-only",
    "announcements",
)
_TOPICS = ("Release", "Incident", "Customer", "Project", "Lunch")
OLDEST_DAYS = 401
_TWINS_EVERY = 250
"""So many rooms on there is one with the title of the room before it: titles are no identities in Webex."""


@dataclass(frozen=True, slots=True)
class PlannedRoom:
    """One room as it is to be; days count back from the start.

    `person_days`: since a person last said something. `bot_days`: since the bot's own last post, where it was the
    last to post, so that the room looks livelier than it is. `mentions`: whether the person spoke to the bot.
    """

    number: int
    title: str
    kind: Kind
    person_days: int
    bot_days: int | None
    mentions: bool

    @property
    def last_activity_days(self) -> int:
        """Days since Webex's own `lastActivity`."""
        return self.person_days if self.bot_days is None else self.bot_days


def plan(count: int) -> Iterator[PlannedRoom]:
    """Return `count` rooms: kinds, topics, ages and last speakers are spread so that every mixture occurs."""
    for number in range(count):
        # Numbers without a common divisor (20 kinds, 401 days, 3 and 7), so that every mixture comes up.
        days = 1 + number * 37 % OLDEST_DAYS
        kind = _KINDS[number * 7 % len(_KINDS)]
        named = number - 1 if number % _TWINS_EVERY == _TWINS_EVERY - 1 else number
        yield PlannedRoom(
            number=number,
            title=f"Guest {number:05}" if kind == "direct" else _title(named),
            kind=kind,
            person_days=days,
            bot_days=days // 2 if number % 3 == 1 and kind != "announcements" else None,
            mentions=number % 7 < 3,
        )


def _title(number: int) -> str:
    return f"{_TOPICS[number // len(_KINDS) % len(_TOPICS)]} {number:05}"


@dataclass(frozen=True, slots=True)
class ManyRooms:
    """A seed: `count` rooms of `owner` with the bot in each, after `plan`."""

    count: int
    owner: str = "you@example.com"
    bot: str = "sparkops@webex.bot"

    def __call__(self, world: World) -> None:
        """Put the rooms into an empty world, in the order of the plan."""
        start = world.clock()
        # They were opened when the oldest word in them was said, and the team before them.
        with world.past(start - timedelta(days=OLDEST_DAYS + 1)):
            owner, bot = world.people.named(self.owner), world.people.authenticate(f"bot:{self.bot}")
            team = world.rooms.create_team(owner, "Release train", None)
        for planned in plan(self.count):
            with world.past(start - timedelta(days=planned.person_days)):
                room, speaker = _open(world, planned, owner, bot, team)
                world.messages.post(speaker, room, _words(planned, bot))
            if planned.bot_days is not None:
                with world.past(start - timedelta(days=planned.bot_days)):
                    world.messages.post(bot, room, Draft(text="Nightly build: done."))
            if planned.kind == "read-only":
                world.rooms.set_read_only(room.id, True)


def _open(world: World, planned: PlannedRoom, owner: Person, bot: Person, team: Team) -> tuple[Room, Person]:
    """Make the room with the bot in it; return it, and who speaks in it."""
    if planned.kind == "direct":
        guest = world.people.named(f"guest{planned.number:05}@example.com", planned.title)
        return world.rooms.direct(guest, bot), guest
    draft = RoomDraft(
        title=planned.title,
        team_id=team.id if planned.kind == "team" else None,
        is_locked=planned.kind in ("moderated", "others'", "announcements"),
        is_announcement_only=planned.kind == "announcements",
        key=stable_key("many", str(planned.number)),
    )
    room = world.rooms.create(owner, draft)
    world.memberships.create(owner, room.id, bot, is_moderator=planned.kind == "moderated")
    return room, owner


def _words(planned: PlannedRoom, bot: Person) -> Draft:
    """What the person said. Only the mention needs markdown, which is slow to make thousands of."""
    if planned.mentions and planned.kind != "direct":
        return Draft(markdown=f"<@personId:{bot.id}|{bot.display_name}> status")
    return Draft(text="status")
