"""How a sweep chooses its rooms: the listing page by page, then what would happen to each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from bot.rooms import sweep_items
from bot.rooms.fate import foresee, own_membership
from bot.rooms.idle import NOTHING_KNOWN, Idle, Known
from bot.rooms.known import remember
from bot.rooms.services import RoomServices
from bot.rooms.stale import Chosen, Spared, Why, foreseen, judge, needs_membership
from bot.rooms.sweep_items import CHOSEN, GONE, NOT_READ, NOTHING
from bot.stale_policy import StaleRooms
from bot.webex import NotFound, Room

PAGES_A_STEP = 5
ROOMS_A_STEP = 20
"""Rooms that are read or acted on in one step."""


class Listing(BaseModel):
    """How far the listing has come; stored as JSON between steps."""

    model_config = ConfigDict(frozen=True)

    next: str | None = None
    """The link to the next page; None before the first and after the last."""
    rooms: int = 0
    is_whole: bool = False
    spared: dict[str, int] = Field(default_factory=dict)
    """How many rooms the policy is about and leaves alone, by the reason."""
    report_rooms: tuple[str, ...] = ()
    """The ids of the rooms that `report_to` may mean."""


def list_rooms(
    listing: Listing, policy: StaleRooms, services: RoomServices, run_id: int, asked_in: str | None
) -> Listing:
    """Go through the next pages of the listing, and choose of each. One call for each 1,000 rooms.

    `asked_in`: the room the sweep was asked for in, which is never chosen. Raises WebexError; the listing goes on
    from the page that failed where what was done so far is handed back: one page is done at a time.
    """
    rooms, link = services.webex.room_page(listing.next)
    now = datetime.now(UTC)
    with services.database.transaction() as session:
        if listing.rooms == 0 and listing.next is None:
            sweep_items.forget_all(session, run_id)
        known = remember(session, rooms)
        reports = [room.id for room in rooms if is_report_room(policy, room, known[room.id])]
        spared = choose(session, run_id, policy, rooms, known, now, protected={*reports, asked_in})
    return Listing(
        next=link,
        rooms=listing.rooms + len(rooms),
        is_whole=link is None,
        spared=dict(Counter(listing.spared) + spared),
        report_rooms=(*listing.report_rooms, *reports),
    )


def choose(
    session: Session,
    run_id: int,
    policy: StaleRooms,
    rooms: Sequence[Room],
    known: dict[str, Known],
    now: datetime,
    *,
    protected: set[str | None],
) -> Counter[str]:
    """Put the rooms of a page that the policy would act on into the sweep; returns why how many others are not."""
    others = sweep_items.in_other_hands(session, [room.id for room in rooms], run_id)
    spared: Counter[str] = Counter()
    chosen: list[tuple[Room, Idle, str]] = []
    for room in rooms:
        found = judge(policy, room, known.get(room.id, NOTHING_KNOWN), now, in_sweep=others.get(room.id))
        if isinstance(found, Chosen) and room.id in protected:
            spared[Why.PROTECTED] += 1
        elif isinstance(found, Chosen):
            chosen.append((room, found.idle, _foreseen(policy, room)))
        elif isinstance(found, Spared):
            spared[found.why] += 1
    sweep_items.add(session, run_id, chosen)
    return spared


def is_report_room(policy: StaleRooms, room: Room, known: Known) -> bool:
    """Whether `report_to` may mean this room, by its id (also one it had before) or its title."""
    to = policy.report_to
    if to is None:
        return False
    return to in (room.id, *known.former_ids) or (
        room.type == "group" and room.title.casefold() == to.casefold()
    )


def foresee_some(policy: StaleRooms, services: RoomServices, run_id: int, me: str) -> bool:
    """Read of the next rooms what deleting them would do; False where none is left. Raises WebexError.

    Only of locked rooms, in which the bot may be a moderator: all others are known from the listing.
    """
    with services.database.transaction() as session:
        items = sweep_items.batch(session, run_id, CHOSEN, ROOMS_A_STEP, foreseen=NOT_READ)
    for item in items:
        try:
            room = services.webex.get_room(item.room_id)
            seen = foresee(room, own_membership(services.webex, room.id, me), "delete")
            values = {"foreseen": seen.fate.value}
        except NotFound:
            values = {"state": GONE, "outcome": "It was not there any more when I read it."}
        with services.database.transaction() as session:
            sweep_items.change(session, run_id, item.room_key, **values)
    return bool(items)


def _foreseen(policy: StaleRooms, room: Room) -> str:
    if needs_membership(policy, room):
        return NOT_READ
    seen = foreseen(policy, room, moderates=False)
    return NOTHING if seen is None else seen.fate.value
