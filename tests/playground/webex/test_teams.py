"""Teams: who is in them, who moderates them, what becomes of their rooms; and what the SDK makes of it."""

import pytest
from webexpythonsdk import ApiError

from tests.playground.running import Caller, Webex

ADA, GRACE, BOT = "ada@example.com", "grace@example.com", "sparkops@webex.bot"


def members(caller: Caller, team_id: str) -> list[tuple[str, bool]]:
    """Who is in a team, and who of them moderates it."""
    items = caller.get("team/memberships", teamId=team_id)["items"]
    return [(each["personEmail"], each["isModerator"]) for each in items]


def test_whoever_makes_a_team_is_in_it_and_moderates_it(webex: Webex) -> None:
    you = webex.person()
    team = you.post("teams", name="Build Squad", description="The A Team")
    assert set(team) == {"id", "name", "description", "created"}
    assert members(you, team["id"]) == [("you@example.com", True)]


def test_a_team_membership_has_the_fields_of_the_reference(webex: Webex) -> None:
    you = webex.person()
    team = you.post("teams", name="Build Squad")
    added = you.post("team/memberships", teamId=team["id"], personEmail=ADA)
    assert set(added) == {
        "id", "teamId", "personId", "personEmail", "personDisplayName", "personOrgId", "isModerator", "created",
    }  # fmt: skip
    assert (added["teamId"], added["personDisplayName"], added["isModerator"]) == (team["id"], "Ada", False)
    assert you.get(f"team/memberships/{added['id']}") == added


def test_a_bot_sees_only_the_teams_it_is_in(webex: Webex) -> None:
    you, bot = webex.person(), webex.bot()
    bot.get("people/me")
    ours, yours = you.post("teams", name="Ours"), you.post("teams", name="Yours alone")
    you.post("team/memberships", teamId=ours["id"], personEmail=BOT)
    assert bot.get("teams")["items"] == [ours]
    assert members(bot, ours["id"]) == [("you@example.com", True), (BOT, False)]
    said = bot.refused(404, "GET", "team/memberships", params={"teamId": yours["id"]})
    assert said == "Could not find a team with provided ID."
    foreign = you.get("team/memberships", teamId=yours["id"])["items"][0]["id"]
    bot.refused(404, "GET", f"team/memberships/{foreign}")


def test_who_joins_a_team_is_in_its_general_room_and_the_other_way_round(webex: Webex) -> None:
    you = webex.person()
    team = you.post("teams", name="Build Squad")
    general = you.get("rooms", teamId=team["id"])["items"][0]
    you.post("team/memberships", teamId=team["id"], personEmail=ADA)
    assert [room["id"] for room in webex.person(ADA).get("rooms")["items"]] == [general["id"]]
    you.post("memberships", roomId=general["id"], personEmail=GRACE)
    assert (GRACE, False) in members(you, team["id"])


def test_only_its_moderators_add_promote_and_remove(webex: Webex) -> None:
    you, ada = webex.person(), webex.person(ADA)
    team = you.post("teams", name="Build Squad")
    mine = you.get("team/memberships", teamId=team["id"])["items"][0]["id"]
    adas = you.post("team/memberships", teamId=team["id"], personEmail=ADA)["id"]
    grace = {"teamId": team["id"], "personEmail": GRACE}
    said = ada.refused(403, "POST", "team/memberships", json=grace)
    assert said == "Only the moderators of the team can add people."
    said = ada.refused(403, "PUT", f"team/memberships/{adas}", json={"isModerator": True})
    assert said == "Only the moderators of the team can name moderators."
    said = ada.refused(403, "DELETE", f"team/memberships/{mine}")
    assert said == "Only the moderators of the team can remove people."
    assert you.put(f"team/memberships/{adas}", isModerator=True)["isModerator"] is True
    ada.post("team/memberships", **grace)
    assert members(ada, team["id"]) == [("you@example.com", True), (ADA, True), (GRACE, False)]


def test_a_member_leaves_and_the_last_moderator_cannot(webex: Webex) -> None:
    you, ada = webex.person(), webex.person(ADA)
    team = you.post("teams", name="Build Squad")
    mine = you.get("team/memberships", teamId=team["id"])["items"][0]["id"]
    adas = you.post("team/memberships", teamId=team["id"], personEmail=ADA)["id"]
    ada.delete(f"team/memberships/{adas}")
    assert members(you, team["id"]) == [("you@example.com", True)]
    ada.refused(404, "GET", f"teams/{team['id']}")
    said = you.refused(403, "DELETE", f"team/memberships/{mine}")
    assert said == "The last moderator of a team's General room cannot leave it; promote another one first."


def test_what_a_call_must_say(webex: Webex) -> None:
    you = webex.person()
    team = you.post("teams", name="Build Squad")
    mine = you.get("team/memberships", teamId=team["id"])["items"][0]["id"]
    assert you.refused(400, "GET", "team/memberships") == "teamId cannot be null."
    assert you.refused(400, "POST", "team/memberships", json={}) == "teamId cannot be null."
    said = you.refused(400, "POST", "team/memberships", json={"teamId": team["id"]})
    assert said == "personId or personEmail is required."
    said = you.refused(400, "PUT", f"team/memberships/{mine}", json={})
    assert said == "isModerator cannot be null."
    again = {"teamId": team["id"], "personEmail": "you@example.com"}
    assert you.refused(409, "POST", "team/memberships", json=again) == "User is already a participant"
    you.refused(404, "PUT", "team/memberships/unknown", json={"isModerator": True})
    assert you.refused(400, "PUT", f"teams/{team['id']}", json={"name": " "}) == "name cannot be empty."


def test_the_members_of_a_large_team_come_in_pages(webex: Webex) -> None:
    you = webex.person()
    team = you.post("teams", name="Build Squad")
    for number in range(4):
        you.post("team/memberships", teamId=team["id"], personEmail=f"p{number}@example.com")
    first = you.call("GET", "team/memberships", params={"teamId": team["id"], "max": 3})
    assert len(first.json()["items"]) == 3
    assert 'rel="next"' in first.headers["Link"]
    api = webex.sdk("person:you@example.com")
    assert len(list(api.team_memberships.list(team["id"], max=2))) == 5


def test_the_sdk_makes_renames_fills_and_deletes_a_team(webex: Webex) -> None:
    api = webex.sdk("person:you@example.com")
    team = api.teams.create("Build Squad")
    assert api.teams.update(team.id, name="Build Crew").name == "Build Crew"
    assert [each.name for each in api.teams.list()] == ["Build Crew"]
    assert [each.title for each in api.rooms.list(teamId=team.id)] == ["Build Crew"]
    added = api.team_memberships.create(team.id, personEmail=ADA)
    assert api.team_memberships.update(added.id, isModerator=True).isModerator is True
    assert api.team_memberships.get(added.id).personEmail == ADA
    api.team_memberships.delete(added.id)
    api.teams.delete(team.id)
    assert list(api.teams.list()) == []
    with pytest.raises(ApiError, match="404"):
        api.teams.get(team.id)


def test_a_team_is_changed_and_deleted_by_its_moderators_and_takes_its_rooms_along(webex: Webex) -> None:
    you, ada = webex.person(), webex.person(ADA)
    team = you.post("teams", name="Build Squad")
    room = you.post("rooms", title="Releases", teamId=team["id"])
    you.post("team/memberships", teamId=team["id"], personEmail=ADA)
    assert ada.refused(403, "PUT", f"teams/{team['id']}", json={"name": "Mine"}) == (
        "Only the moderators of the team can change it."
    )
    said = ada.refused(403, "DELETE", f"teams/{team['id']}")
    assert said == "Only the moderators of the team can delete it."
    you.delete(f"teams/{team['id']}")
    assert you.get("teams")["items"] == []
    assert ada.get("rooms")["items"] == []
    you.refused(404, "GET", f"rooms/{room['id']}")


def test_of_a_locked_room_of_the_team_a_member_outside_of_it_sees_the_moderators_only(webex: Webex) -> None:
    """developer.webex.com, List Memberships: who is not a participant of the room, but in its team."""
    you, ada = webex.person(), webex.person(ADA)
    team = you.post("teams", name="Build Squad")
    you.post("team/memberships", teamId=team["id"], personEmail=ADA)
    locked = you.post("rooms", title="Releases", teamId=team["id"], isLocked=True)["id"]
    open_room = you.post("rooms", title="Lunch", teamId=team["id"])["id"]
    for room_id in (locked, open_room):
        you.post("memberships", roomId=room_id, personEmail=GRACE)

    def seen(room_id: str) -> list[str]:
        return [seat["personEmail"] for seat in ada.get("memberships", roomId=room_id)["items"]]

    assert seen(locked) == ["you@example.com"]
    assert seen(open_room) == ["you@example.com", GRACE]
    webex.person("stranger@example.com").refused(404, "GET", "memberships", params={"roomId": open_room})


def test_both_sides_of_a_direct_room_are_its_members(webex: Webex) -> None:
    bot = webex.bot()
    room_id = bot.post("messages", toPersonEmail=ADA, text="hi")["roomId"]
    seats = bot.get("memberships", roomId=room_id)["items"]
    assert [(seat["personEmail"], seat["roomType"]) for seat in seats] == [(BOT, "direct"), (ADA, "direct")]
    assert bot.get("memberships", roomId=room_id, personEmail=GRACE)["items"] == []
    assert bot.get("memberships", roomId=room_id, personEmail=ADA.upper())["items"] == seats[1:]
