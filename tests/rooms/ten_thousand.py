"""What a sweep among ten thousand rooms must come to, worked out from how the rooms were made and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from playground.webex.many_rooms import PlannedRoom, plan

COUNT = 10_000
IDLE_DAYS = 370
TOPICS = ("Release", "Incident")
PROTECTED_TITLES = ("Incident 01", "Incident 02")
PROTECTED_NUMBER = 606
"""Of a room that is protected by its id."""
POLICY: Mapping[str, Any] = {
    "name": "releases",
    "titles": [f"{topic} *" for topic in TOPICS],
    "kinds": ["group", "team"],
    "idle": f"{IDLE_DAYS}d",
    "action": "delete",
    "grace": "2s",
    "protected": [f"{title}*" for title in PROTECTED_TITLES],
    "report_to": "Sparkops demo",
}

_FATES = {"moderated": "deleted", "team": "archived"}
"""All others the bot can only leave: it moderates none of them."""

State = tuple[str, str]
"""How the report says that a room has ended: its state, and what was seen of it where it was acted on."""


def is_remembered(room: PlannedRoom) -> bool:
    """Whether the bot has seen the room before its own last post made it look lively; it has of every second."""
    return room.bot_days is not None and room.number % 2 == 0


def is_stale(room: PlannedRoom) -> bool:
    """Whether nobody has said anything for so long, as far as the bot can know."""
    return (room.person_days if is_remembered(room) else room.last_activity_days) >= IDLE_DAYS


def is_protected(room: PlannedRoom) -> bool:
    """Whether the policy never touches it."""
    return room.number == PROTECTED_NUMBER or room.title.startswith(PROTECTED_TITLES)


def chosen(rooms: Sequence[PlannedRoom]) -> list[PlannedRoom]:
    """The rooms that the policy names, in the order of the plan."""
    return [
        room
        for room in rooms
        if room.kind != "direct"
        and room.title.startswith(TOPICS)
        and is_stale(room)
        and not is_protected(room)
    ]


def fate(room: PlannedRoom) -> State:
    """How a room ends in which nothing comes between."""
    return "verified", _FATES.get(room.kind, "left")


@dataclass(frozen=True)
class Troubles:
    """The rooms to which something happens while the sweep goes on, each to two or three."""

    vanishing_in_the_listing: Sequence[PlannedRoom]
    moving_in_the_listing: Sequence[PlannedRoom]
    kept: Sequence[PlannedRoom]
    spoken_in: Sequence[PlannedRoom]
    followed: Sequence[PlannedRoom]
    """They get another id, and the bot hears of it."""
    lost: Sequence[PlannedRoom]
    """They get another id, and the bot does not hear of it."""
    vanished: Sequence[PlannedRoom]
    unlocked: Sequence[PlannedRoom]
    """The bot moderates them no more, so that a deletion would only take it out of them."""
    renamed: Sequence[PlannedRoom]
    """To a title that is protected."""
    vanishing_at_the_act: Sequence[PlannedRoom]
    moving_at_the_act: Sequence[PlannedRoom]

    @classmethod
    def among(cls, rooms: Sequence[PlannedRoom]) -> Troubles:
        """Take them from the chosen rooms, the first ones first."""
        unlocked = (room for room in rooms if room.kind == "open")
        moderated = (room for room in rooms if room.kind == "moderated")
        team = (room for room in rooms if room.kind == "team")

        def some(opened: int, locked: int, of_team: int = 0) -> list[PlannedRoom]:
            return [*islice(unlocked, opened), *islice(moderated, locked), *islice(team, of_team)]

        return cls(
            vanishing_in_the_listing=some(0, 2),
            moving_in_the_listing=some(2, 0),
            kept=some(1, 1, 1),
            spoken_in=some(1, 1, 1),
            followed=some(1, 1, 1),
            lost=some(1, 1),
            vanished=some(1, 1, 1),
            unlocked=some(0, 2),
            renamed=some(2, 0),
            vanishing_at_the_act=some(1, 1),
            moving_at_the_act=some(1, 1),
        )

    def ends(self) -> Mapping[int, State]:
        """How these rooms end instead, by their numbers; those that are followed end like all others."""
        ends: dict[int, State] = {}
        for state, groups in (
            ("kept", [self.kept]),
            ("active", [self.spoken_in]),
            ("refused", [self.unlocked, self.renamed]),
            (
                "gone",
                [
                    self.vanishing_in_the_listing,
                    self.moving_in_the_listing,
                    self.lost,
                    self.vanished,
                    self.vanishing_at_the_act,
                    self.moving_at_the_act,
                ],
            ),
        ):
            ends |= {room.number: (state, "") for group in groups for room in group}
        return ends


ROOMS = tuple(plan(COUNT))
CHOSEN = chosen(ROOMS)
TROUBLES = Troubles.among(CHOSEN)


def expected() -> dict[int, State]:
    """How each chosen room ends, by its number."""
    return {room.number: fate(room) for room in CHOSEN} | dict(TROUBLES.ends())
