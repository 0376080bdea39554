"""Rooms and teams: making, listing, changing, locking and the rules of deletion."""

from tests.playground.running import Webex


def test_a_new_room_has_its_maker_in_it_and_no_fields_without_a_value(webex: Webex) -> None:
    you = webex.person()
    room = you.post("rooms", title="Ops")
    assert set(room) == {
        "id", "title", "type", "isLocked", "lastActivity", "creatorId",
        "created", "ownerId", "isPublic", "isReadOnly",
    }  # fmt: skip
    assert (room["title"], room["type"], room["isLocked"]) == ("Ops", "group", False)
    assert you.get(f"rooms/{room['id']}") == room
    assert [seat["personEmail"] for seat in you.get("memberships", roomId=room["id"])["items"]] == [
        "you@example.com"
    ]


def test_the_sdk_makes_changes_lists_and_leaves_a_room(webex: Webex) -> None:
    api = webex.sdk("person:you@example.com")
    room = api.rooms.create("Ops")
    assert api.rooms.update(room.id, title="Operations").title == "Operations"
    assert [each.title for each in api.rooms.list()] == ["Operations"]
    api.rooms.delete(room.id)
    assert list(api.rooms.list()) == []


def test_only_members_see_a_room(webex: Webex) -> None:
    room_id = webex.person().post("rooms", title="Ops")["id"]
    stranger = webex.person("stranger@example.com")
    assert stranger.refused(404, "GET", f"rooms/{room_id}") == "Could not find a room with provided ID."
    assert stranger.get("rooms")["items"] == []
    stranger.refused(404, "POST", "messages", json={"roomId": room_id, "text": "hi"})


def test_a_room_needs_a_title(webex: Webex) -> None:
    assert webex.person().refused(400, "POST", "rooms", json={}) == "title cannot be null."
    assert webex.person().refused(400, "POST", "rooms", json={"title": " "}) == "title cannot be empty."


def test_a_description_is_removed_by_a_single_space(webex: Webex) -> None:
    you = webex.person()
    room = you.post("rooms", title="News", description="All news", isPublic=True)
    assert (room["description"], room["madePublic"]) == ("All news", room["created"])
    private = you.put(f"rooms/{room['id']}", title="News", isPublic=False, description=" ")
    assert "description" not in private


def test_rooms_are_listed_by_type_and_sorted(webex: Webex) -> None:
    you = webex.person()
    first, second = you.post("rooms", title="first"), you.post("rooms", title="second")
    you.post("messages", toPersonEmail="ada@example.com", text="hi")
    you.post("messages", roomId=first["id"], text="hi")
    titles = [room["title"] for room in you.get("rooms", sortBy="lastactivity")["items"]]
    assert titles == ["first", "Ada", "second"]
    assert [room["title"] for room in you.get("rooms", type="direct")["items"]] == ["Ada"]
    created = [room["title"] for room in you.get("rooms", type="group", sortBy="created")["items"]]
    assert created == ["second", "first"]
    by_id = [room["id"] for room in you.get("rooms", type="group", sortBy="id")["items"]]
    assert by_id == sorted([first["id"], second["id"]])
    assert "sortBy must be" in you.refused(400, "GET", "rooms", params={"sortBy": "title"})
    assert "type must be" in you.refused(400, "GET", "rooms", params={"type": "team"})


def test_last_activity_moves_with_every_message_also_with_the_bots_own(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    before = webex.bot().get(f"rooms/{room_id}")["lastActivity"]
    webex.clock.advance(minutes=3)
    posted = webex.bot().post("messages", roomId=room_id, text="still here")
    after = webex.bot().get(f"rooms/{room_id}")["lastActivity"]
    assert after == posted["created"] > before


def test_each_side_of_a_direct_room_sees_the_others_name(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    room_id = you.post("messages", toPersonEmail="ada@example.com", text="hi")["roomId"]
    assert you.get(f"rooms/{room_id}")["title"] == "Ada"
    assert ada.get(f"rooms/{room_id}")["title"] == "You"


def test_a_locked_room_is_changed_by_its_moderators_only(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    room_id = you.post("rooms", title="Ops", isLocked=True)["id"]
    seat = you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    message = ada.refused(403, "PUT", f"rooms/{room_id}", json={"title": "Mine"})
    assert message == "This room is locked: only its moderators can change it."
    you.put(f"memberships/{seat['id']}", isModerator=True)
    assert ada.put(f"rooms/{room_id}", title="Mine")["title"] == "Mine"


def test_locking_makes_the_caller_moderator_and_unlocking_leaves_nobody_one(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]

    def moderates() -> bool:
        flag = you.get("memberships", roomId=room_id)["items"][0]["isModerator"]
        assert isinstance(flag, bool)
        return flag

    assert not moderates()
    you.put(f"rooms/{room_id}", title="Ops", isLocked=True)
    assert moderates()
    you.put(f"rooms/{room_id}", title="Ops", isLocked=False)
    assert not moderates()


def test_announcement_mode_needs_a_locked_room_and_silences_the_others(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    draft = {"title": "News", "isAnnouncementOnly": True}
    message = you.refused(400, "POST", "rooms", json=draft)
    assert message == "A space can only be put into announcement mode when it is locked."
    room = you.post("rooms", **draft, isLocked=True)
    assert room["isAnnouncementOnly"] is True
    you.post("memberships", roomId=room["id"], personEmail="ada@example.com")
    you.post("messages", roomId=room["id"], text="news")
    ada.refused(403, "POST", "messages", json={"roomId": room["id"], "text": "reply"})


def test_delete_by_a_non_moderator_only_takes_the_caller_out(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webex.bot().delete(f"rooms/{room_id}")
    webex.bot().refused(404, "GET", f"rooms/{room_id}")
    assert webex.person().get(f"rooms/{room_id}")["title"] == "Ops"


def test_delete_in_an_unlocked_room_without_moderators_is_leaving_too(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webex.person().delete(f"rooms/{room_id}")
    webex.person().refused(404, "GET", f"rooms/{room_id}")
    assert webex.bot().get(f"rooms/{room_id}")["title"] == "Ops"


def test_delete_by_a_moderator_deletes_for_everybody(webex: Webex) -> None:
    you = webex.person()
    room_id = webex.room_with_bot()
    you.put(f"rooms/{room_id}", title="Ops", isLocked=True)
    message = you.post("messages", roomId=room_id, text="hi")
    you.delete(f"rooms/{room_id}")
    webex.bot().refused(404, "GET", f"rooms/{room_id}")
    you.refused(404, "GET", f"messages/{message['id']}")


def test_delete_of_a_team_room_archives_it(webex: Webex) -> None:
    you = webex.person()
    team = you.post("teams", name="Platform", description="We run things")
    assert you.get("teams")["items"] == [team] and you.get(f"teams/{team['id']}") == team
    room = you.post("rooms", title="Releases", teamId=team["id"])
    assert [each["title"] for each in you.get("rooms", teamId=team["id"])["items"]] == [
        "Platform",
        "Releases",
    ]
    you.delete(f"rooms/{room['id']}")
    assert you.get(f"rooms/{room['id']}")["isReadOnly"] is True
    you.refused(403, "POST", "messages", json={"roomId": room["id"], "text": "hi"})


def test_a_locked_team_room_is_only_left_by_a_non_moderator(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    team = you.post("teams", name="Platform")
    room_id = you.post("rooms", title="Releases", teamId=team["id"], isLocked=True)["id"]
    you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    ada.delete(f"rooms/{room_id}")
    ada.refused(404, "GET", f"rooms/{room_id}")
    assert you.get(f"rooms/{room_id}")["isReadOnly"] is False


def test_a_stranger_cannot_put_a_room_into_a_team(webex: Webex) -> None:
    team = webex.person().post("teams", name="Platform")
    webex.person("ada@example.com").refused(404, "POST", "rooms", json={"title": "x", "teamId": team["id"]})
    webex.person("ada@example.com").refused(404, "GET", f"teams/{team['id']}")


def test_a_direct_room_can_neither_be_deleted_nor_changed(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("messages", toPersonEmail="ada@example.com", text="hi")["roomId"]
    assert you.refused(400, "DELETE", f"rooms/{room_id}") == "A direct room cannot be deleted."
    you.refused(400, "PUT", f"rooms/{room_id}", json={"title": "x"})


def test_the_room_is_gone_when_the_last_one_has_left(webex: Webex) -> None:
    you = webex.person()
    room = you.post("rooms", title="Ops")
    you.delete(f"rooms/{room['id']}")
    assert you.get("rooms")["items"] == []
    assert webex.control("POST", f"rooms/{room['id']}/lock").status_code == 404
