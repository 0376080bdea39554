"""Memberships: adding, leaving, moderating, hiding."""

import pytest

from tests.playground.running import Webex


def test_a_person_is_added_by_address_or_by_id(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    seat = you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    assert (seat["personDisplayName"], seat["roomType"], seat["isModerator"]) == ("Ada", "group", False)
    grace = webex.person("grace@example.com").get("people/me")
    assert you.post("memberships", roomId=room_id, personId=grace["id"])["personEmail"] == "grace@example.com"
    assert you.get(f"memberships/{seat['id']}") == seat
    assert webex.person("ada@example.com").get("rooms")["items"][0]["id"] == room_id


def test_adding_somebody_twice_is_a_conflict(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    again = {"roomId": room_id, "personEmail": "sparkops@webex.bot"}
    assert webex.person().refused(409, "POST", "memberships", json=again) == "User is already a participant"


def test_adding_needs_a_room_and_somebody(webex: Webex) -> None:
    you = webex.person()
    assert you.refused(400, "POST", "memberships", json={}) == "roomId cannot be null."
    room_id = you.post("rooms", title="Ops")["id"]
    message = you.refused(400, "POST", "memberships", json={"roomId": room_id})
    assert message == "personId or personEmail is required."
    you.refused(404, "POST", "memberships", json={"roomId": room_id, "personId": "unknown"})
    you.refused(400, "POST", "memberships", json={"roomId": room_id, "personEmail": "no address"})


def test_only_moderators_add_to_remove_from_and_name_moderators_in_a_locked_room(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    room_id = you.post("rooms", title="Ops", isLocked=True)["id"]
    seat = you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    yours = you.get("memberships", roomId=room_id, personEmail="you@example.com")["items"][0]
    ada.refused(403, "POST", "memberships", json={"roomId": room_id, "personEmail": "grace@example.com"})
    ada.refused(403, "DELETE", f"memberships/{yours['id']}")
    ada.refused(403, "PUT", f"memberships/{seat['id']}", json={"isModerator": True})
    ada.delete(f"memberships/{seat['id']}")


def test_the_list_of_a_room_is_filtered_by_person(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    bot = webex.bot().get("people/me")
    you = webex.person()
    for query in ({"personId": bot["id"]}, {"personEmail": "Sparkops@webex.bot"}):
        assert [seat["personId"] for seat in you.get("memberships", roomId=room_id, **query)["items"]] == [
            bot["id"]
        ]


@pytest.mark.parametrize("name", ["personId", "personEmail"])
def test_asking_for_a_person_needs_a_room(webex: Webex, name: str) -> None:
    message = webex.person().refused(400, "GET", "memberships", params={name: "x"})
    assert message == "roomId is required when personId or personEmail is given."


def test_without_a_room_one_sees_ones_own_memberships(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    seats = webex.bot().get("memberships")["items"]
    assert [(seat["roomId"], seat["personEmail"]) for seat in seats] == [(room_id, "sparkops@webex.bot")]


def test_strangers_see_no_memberships(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    seat = webex.bot().get("memberships")["items"][0]
    stranger = webex.person("stranger@example.com")
    stranger.refused(404, "GET", f"memberships/{seat['id']}")
    stranger.refused(404, "GET", "memberships", params={"roomId": room_id})


def test_leaving_is_deleting_ones_own_membership(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webex.bot().delete(f"memberships/{webex.bot().get('memberships')['items'][0]['id']}")
    webex.bot().refused(404, "GET", f"rooms/{room_id}")


def test_a_hidden_direct_room_shows_again_with_the_next_message(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    you.post("messages", toPersonEmail="ada@example.com", text="hi")
    seat = ada.get("memberships")["items"][0]
    assert ada.put(f"memberships/{seat['id']}", isRoomHidden=True)["isRoomHidden"] is True
    you.post("messages", toPersonEmail="ada@example.com", text="hello?")
    assert ada.get(f"memberships/{seat['id']}")["isRoomHidden"] is False


def test_hiding_is_for_ones_own_direct_rooms(webex: Webex) -> None:
    you = webex.person()
    room_id = webex.room_with_bot()
    own = you.get("memberships", roomId=room_id, personEmail="you@example.com")["items"][0]
    you.refused(400, "PUT", f"memberships/{own['id']}", json={"isRoomHidden": True})
    direct = you.post("messages", toPersonEmail="ada@example.com", text="hi")["roomId"]
    other = you.get("memberships", roomId=direct, personEmail="ada@example.com")["items"][0]
    you.refused(403, "PUT", f"memberships/{other['id']}", json={"isRoomHidden": True})


def test_a_direct_room_cannot_be_joined_or_left(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("messages", toPersonEmail="ada@example.com", text="hi")["roomId"]
    you.refused(400, "POST", "memberships", json={"roomId": room_id, "personEmail": "grace@example.com"})
    you.refused(400, "DELETE", f"memberships/{you.get('memberships')['items'][0]['id']}")


def test_the_last_moderator_cannot_leave_the_general_room_of_a_team(webex: Webex) -> None:
    you = webex.person()
    you.post("teams", name="Platform")
    seat = you.get("memberships")["items"][0]
    message = you.refused(403, "DELETE", f"memberships/{seat['id']}")
    assert (
        message == "The last moderator of a team's General room cannot leave it; promote another one first."
    )
