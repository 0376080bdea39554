"""A first room with people in it, so that one can start talking at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from playground.webex.identifiers import stable_key
from playground.webex.rooms import RoomDraft
from playground.webex.world import World

COLLEAGUES = (("ada@example.com", "Ada Lovelace"), ("grace@example.com", "Grace Hopper"))


@dataclass(frozen=True, slots=True)
class DemoRoom:
    """A seed: the room `title`, made by `owner`, with the bot and some colleagues in it.

    The room keeps its identifier over restarts, so that what a bot has stored about it stays true.
    """

    title: str
    owner: str
    bot: str
    colleagues: Sequence[tuple[str, str]] = COLLEAGUES

    def __call__(self, world: World) -> None:
        """Put the room into an empty world."""
        owner = world.people.named(self.owner)
        guests = [world.people.authenticate(f"bot:{self.bot}")]
        guests += [world.people.named(email, name) for email, name in self.colleagues if email != self.owner]
        room = world.rooms.create(owner, RoomDraft(self.title, key=stable_key("demo", self.title)))
        for guest in guests:
            world.memberships.create(owner, room.id, guest, is_moderator=False)
