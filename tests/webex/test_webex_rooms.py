"""People, rooms and memberships, against the playground's Webex."""

from __future__ import annotations

import pytest
from webex_peers import Account, Playground

from bot.webex import BadRequest, Conflict, NotFound, Room


def test_the_bot_learns_who_it_is(bot: Account) -> None:
    me = bot.client.me()

    assert me.email == bot.email
    assert me.is_bot
    assert bot.client.get_person(me.id) == me


def test_a_person_is_found_by_email_and_by_name(bot: Account, ada: Account) -> None:
    expected = ada.client.me()

    assert bot.client.find_people(email=ada.email) == [expected]
    assert expected in bot.client.find_people(display_name=expected.display_name)
    assert bot.client.find_people(email="nobody@example.com") == []


def test_a_search_for_people_needs_one_thing_to_go_by(bot: Account) -> None:
    with pytest.raises(ValueError, match="exactly one of email, display_name is needed, not 0"):
        bot.client.find_people()


def test_a_room_is_made_with_all_its_flags(bot: Account) -> None:
    """The SDK's forerunner dropped every one of them without a word."""
    made = bot.client.create_room(
        "War room", is_locked=True, is_public=True, description="Only when it burns"
    )

    assert made == bot.client.get_room(made.id)
    assert made.title == "War room"
    assert made.type == "group"
    assert made.is_locked is True
    assert made.is_public is True
    assert made.description == "Only when it burns"


def test_changing_one_flag_of_a_room_keeps_its_title(bot: Account) -> None:
    """Webex wants the title with every change."""
    made = bot.client.create_room("Release train")

    locked = bot.client.update_room(made.id, is_locked=True)

    assert locked.title == "Release train"
    assert locked.is_locked is True
    assert bot.client.update_room(made.id, title="Release bus").title == "Release bus"


def test_rooms_are_listed_by_type(bot: Account, room: Room) -> None:
    bot.client.post_message(to_person_email="grace@example.com", markdown="hello")

    assert [each.id for each in bot.client.list_rooms(type="group")] == [room.id]
    assert [each.type for each in bot.client.list_rooms(type="direct")] == ["direct"]


def test_a_direct_room_is_named_after_the_other_person(bot: Account) -> None:
    posted = bot.client.post_message(to_person_email="grace.hopper@example.com", markdown="hello")

    assert bot.client.get_room(posted.room_id).title == "Grace Hopper"


def test_rooms_are_fetched_page_by_page_and_only_as_far_as_they_are_read(
    bot: Account, playground: Playground
) -> None:
    made = {bot.client.create_room(f"Room {number}").id for number in range(7)}
    before = playground.calls("GET /v1/rooms")

    rooms = bot.client.list_rooms(page_size=3)
    assert playground.calls("GET /v1/rooms") == before

    first = [next(rooms).id for _ in range(3)]
    assert playground.calls("GET /v1/rooms") == before + 1

    rest = [each.id for each in rooms]
    assert playground.calls("GET /v1/rooms") == before + 3
    assert {*first, *rest} == made
    assert len(first) + len(rest) == 7


def test_a_maximum_of_rooms_is_a_maximum_over_all_pages(bot: Account, playground: Playground) -> None:
    for number in range(5):
        bot.client.create_room(f"Room {number}")
    before = playground.calls("GET /v1/rooms")

    assert len(list(bot.client.list_rooms(max=4, page_size=2))) == 4
    assert playground.calls("GET /v1/rooms") == before + 2


def test_the_latest_room_comes_first_when_sorted_by_activity(bot: Account) -> None:
    old, new = bot.client.create_room("Old"), bot.client.create_room("New")
    bot.client.post_message(old.id, markdown="still here")

    assert [each.id for each in bot.client.list_rooms(sort_by="lastactivity")] == [old.id, new.id]


def test_a_moderator_deletes_a_room(bot: Account) -> None:
    made = bot.client.create_room("Short-lived", is_locked=True)

    bot.client.delete_room(made.id)

    with pytest.raises(NotFound):
        bot.client.get_room(made.id)


def test_deleting_a_room_as_an_ordinary_member_only_leaves_it(bot: Account, ada: Account, room: Room) -> None:
    ada.client.update_room(room.id, is_locked=True)

    bot.client.delete_room(room.id)

    assert ada.client.get_room(room.id).title == "Release train"
    with pytest.raises(NotFound):
        bot.client.get_room(room.id)


def test_a_direct_room_cannot_be_deleted(bot: Account) -> None:
    posted = bot.client.post_message(to_person_email="grace@example.com", markdown="hello")

    with pytest.raises(BadRequest, match=f"Deleting room {posted.room_id}: Webex answered 400 Bad Request"):
        bot.client.delete_room(posted.room_id)


def test_who_is_in_a_room(bot: Account, ada: Account, room: Room) -> None:
    members = list(bot.client.list_memberships(room.id))

    assert {each.person_email for each in members} == {bot.email, ada.email}
    assert {each.room_id for each in members} == {room.id}
    assert [each.person_email for each in bot.client.list_memberships(room.id, person_email=ada.email)] == [
        ada.email
    ]


def test_where_the_bot_is(bot: Account, room: Room) -> None:
    assert [each.room_id for each in bot.client.list_memberships()] == [room.id]


def test_a_person_is_looked_up_only_within_a_room(bot: Account) -> None:
    with pytest.raises(ValueError, match="looked up by e-mail only within a room"):
        bot.client.list_memberships(person_email="ada@example.com")


def test_a_person_is_added_made_moderator_and_removed(bot: Account, room: Room) -> None:
    added = bot.client.add_member(room.id, email="grace@example.com")
    assert not added.is_moderator

    moderator = bot.client.update_membership(added.id, is_moderator=True)
    assert moderator.is_moderator
    assert moderator.person_email == "grace@example.com"

    bot.client.remove_membership(added.id)
    assert list(bot.client.list_memberships(room.id, person_email="grace@example.com")) == []


def test_hiding_a_direct_room_leaves_the_other_flag_alone(bot: Account) -> None:
    posted = bot.client.post_message(to_person_email="grace@example.com", markdown="hello")
    own = next(iter(bot.client.list_memberships(posted.room_id, person_email=bot.email)))

    hidden = bot.client.update_membership(own.id, is_room_hidden=True)

    assert hidden.is_room_hidden
    assert not hidden.is_moderator


def test_adding_somebody_twice_is_a_conflict(bot: Account, ada: Account, room: Room) -> None:
    with pytest.raises(Conflict) as caught:
        bot.client.add_member(room.id, email=ada.email)

    assert caught.value.status == 409
    assert not caught.value.retryable
    assert str(caught.value).startswith(
        f"Adding {ada.email} to room {room.id}: Webex answered 409 Conflict: "
    )
