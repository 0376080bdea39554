"""The truth about leaving and deleting: what is foreseen for every kind of room, and what is seen afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.rooms.fate import Action, Fate, OtherFate, Unverified, act, foresee, own_membership
from bot.webex import Forbidden, Membership, RateLimited, Room, ServerError, WebexClient
from tests.playground.running import Webex, running_webex
from tests.rooms.house import BOT, GRACE
from tests.talking import OWNER

KINDS = ("open", "moderated", "others'", "team", "team others'", "direct")
"""`moderated`: the bot is a moderator; `others'`: others are."""


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def client(webex: Webex) -> Iterator[WebexClient]:
    client = WebexClient(f"bot:{BOT}", webex.api)
    yield client
    client.close()


def room_of(kind: str, webex: Webex) -> str:
    """A room of a kind with the bot in it; its id."""
    owner = webex.person()
    webex.bot().get("people/me")
    if kind == "direct":
        return str(webex.person(GRACE).post("messages", toPersonEmail=BOT, text="Hello")["roomId"])
    fields = {}
    if kind.startswith("team"):
        team = owner.post("teams", name="Release train")
        owner.post("team/memberships", teamId=team["id"], personEmail=BOT)
        fields["teamId"] = team["id"]
    locked = kind not in ("open", "team")
    room = owner.post("rooms", title="Ops", isLocked=locked, **fields)
    owner.post("memberships", roomId=room["id"], personEmail=BOT, isModerator=kind == "moderated")
    return str(room["id"])


FATES = [
    ("open", "leave", Fate.LEFT),
    ("moderated", "leave", Fate.LEFT),
    ("others'", "leave", Fate.LEFT),
    ("team", "leave", Fate.LEFT),
    ("team others'", "leave", Fate.LEFT),
    ("direct", "leave", Fate.HIDDEN),
    ("open", "delete", Fate.LEFT),
    ("moderated", "delete", Fate.DELETED),
    ("others'", "delete", Fate.LEFT),
    ("team", "delete", Fate.ARCHIVED),
    ("team others'", "delete", Fate.LEFT),
    ("direct", "delete", Fate.IMPOSSIBLE),
]


@pytest.mark.parametrize(("kind", "action", "fate"), FATES)
def test_what_is_foreseen_is_what_happens(
    webex: Webex, client: WebexClient, kind: str, action: Action, fate: Fate
) -> None:
    room = client.get_room(room_of(kind, webex))
    assert foresee(room, own_membership(client, room.id, BOT), action).fate is fate
    assert act(client, room, action, BOT).fate is fate
    assert (
        state_of(webex, room.id)
        == {
            Fate.LEFT: {"members": {OWNER}, "read-only": False},
            Fate.DELETED: None,
            Fate.ARCHIVED: {"members": {OWNER, BOT}, "read-only": True},
            Fate.HIDDEN: {"members": {GRACE, BOT}, "read-only": False},
            Fate.IMPOSSIBLE: {"members": {GRACE, BOT}, "read-only": False},
        }[fate]
    )


def state_of(webex: Webex, room_id: str) -> dict[str, object] | None:
    """The room as the playground itself has it; None where it is gone."""
    room = webex.world.rooms._rooms.get(room_id)
    if room is None:
        return None
    seats = webex.world.roster.in_room(room_id)
    return {"members": {seat.person.email for seat in seats}, "read-only": bool(room.is_read_only)}


def test_of_a_room_i_am_not_in_nothing_becomes(webex: Webex, client: WebexClient) -> None:
    room = client.get_room(room_of("open", webex))
    assert foresee(room, None, "leave").fate is Fate.IMPOSSIBLE
    webex.control("POST", f"rooms/{room.id}/vanish")
    assert act(client, room, "delete", BOT).fate is Fate.IMPOSSIBLE


def test_nothing_else_is_done_than_what_was_told(webex: Webex, client: WebexClient) -> None:
    room = client.get_room(room_of("moderated", webex))
    with pytest.raises(OtherFate, match="So nothing was done"):
        act(client, room, "delete", BOT, told=Fate.LEFT)
    assert state_of(webex, room.id) == {"members": {OWNER, BOT}, "read-only": False}


def test_a_refusal_leaves_the_room_as_it_was(webex: Webex, client: WebexClient) -> None:
    room = client.get_room(room_of("open", webex))
    webex.fault(kind="status", status=403, match={"method": "DELETE"}, count=1)
    with pytest.raises(Forbidden):
        act(client, room, "leave", BOT)
    assert own_membership(client, room.id, BOT) is not None


class Deceived(WebexClient):
    """A client behind a gateway that answers 502, after having passed the request on or not."""

    passes_on = True

    def delete_room(self, room_id: str) -> None:
        if self.passes_on:
            super().delete_room(room_id)
        raise ServerError(f"Deleting room {room_id}", 502)


@pytest.mark.parametrize("passes_on", [True, False])
def test_an_error_that_may_be_a_success_is_looked_into(webex: Webex, passes_on: bool) -> None:
    client = Deceived(f"bot:{BOT}", webex.api)
    client.passes_on = passes_on
    room = client.get_room(room_of("moderated", webex))
    if passes_on:
        assert act(client, room, "delete", BOT).fate is Fate.DELETED
    else:
        with pytest.raises(ServerError):
            act(client, room, "delete", BOT)
        assert state_of(webex, room.id) is not None
    client.close()


class Unmoved(WebexClient):
    """A client whose Webex says yes and does nothing."""

    def remove_membership(self, membership_id: str) -> None:
        """Nothing."""

    delete_room = remove_membership

    def update_membership(self, membership_id: str, **_flags: bool | None) -> Membership:
        return Membership(membership_id, "", "", "")


@pytest.mark.parametrize(
    ("kind", "action"), [(kind, action) for kind, action, fate in FATES if fate is not Fate.IMPOSSIBLE]
)
def test_a_yes_of_webex_that_changed_nothing_is_told_as_such(webex: Webex, kind: str, action: Action) -> None:
    client = Unmoved(f"bot:{BOT}", webex.api)
    done = act(client, client.get_room(room_of(kind, webex)), action, BOT)
    assert (done.fate, done.says) == (
        Fate.UNCHANGED,
        "Webex said yes, and nothing has changed: the room answers as before.",
    )
    client.close()


def test_what_cannot_be_read_afterwards_is_not_claimed(webex: Webex, client: WebexClient) -> None:
    room = client.get_room(room_of("open", webex))
    webex.fault(
        kind="status", status=429, retryAfter=9, match={"method": "GET", "path": f"/v1/rooms/{room.id}"}
    )
    with pytest.raises(Unverified) as error:
        act(client, room, "leave", BOT)
    assert isinstance(error.value.error, RateLimited)
    assert error.value.foreseen.fate is Fate.LEFT


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Room("a", "Ops", "group"), "I am no moderator of it, so that it is not deleted"),
        (lambda: Room("a", "Ops", "group", team_id="t"), "it is archived, and the team can bring it back"),
        (lambda: Room("a", "Ada", "direct"), "A direct room cannot be deleted"),
    ],
)
def test_the_sentence_says_it_before(make: Callable[[], Room], says: str) -> None:
    mine = Membership("m", "a", "p", BOT)
    assert says in foresee(make(), mine, "delete").says
