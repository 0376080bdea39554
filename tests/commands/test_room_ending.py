"""`room leave|delete`: the truth about what will become of each room, and about what became of it."""

from __future__ import annotations

import pytest

from tests.rooms.house import ADA, BOT, GRACE, House
from tests.talking import OWNER, confirmation_code


def test_leaving_this_room_says_goodbye_in_it_and_tells_the_asker_directly(house: House) -> None:
    room_id = house.here
    asked, ended = house.confirm("room leave")
    assert asked == "⚠️ Leave **Ops**? I leave it, and it goes on without me."
    [reply] = ended.replies
    assert reply.direct
    assert reply.markdown == (
        "1 of 1 room done:\n\n- ✅ Ops: I am not in it any more. Whether it still is there, I cannot see from outside."
    )
    assert house.members(room_id) == {OWNER, ADA}
    assert house.texts(room_id) == [
        "👋 I leave this room: you@example.com asked me to. Add me again whenever I can be of use."
    ]


def test_deleting_says_of_each_room_what_will_happen_and_then_what_did(house: House) -> None:
    mine, open_room = house.room("Mine", moderator=True), house.room("Open")
    sprint, direct = house.team_room("Sprint"), house.direct(GRACE)
    asked, ended = house.confirm("room delete Mine Open Sprint Grace Mine")
    assert asked == "\n".join(
        [
            "⚠️ Delete 4 rooms?",
            "",
            "- **Mine**: I am a moderator of it: it is deleted for everybody, for good.",
            "- **Open**: I am no moderator of it, so that it is not deleted: I only leave it, and it goes on without "
            "me.",
            "- **Sprint**: It is a team's room: it is archived, and the team can bring it back.",
            "- **Grace** (direct): A direct room cannot be deleted: I can only hide it, by leaving it.",
        ]
    )
    [reply] = ended.replies
    assert not reply.direct
    assert reply.markdown == "\n".join(
        [
            "3 of 4 rooms done:",
            "",
            "- ✅ Mine: It is deleted: I was its moderator, and it is not there any more.",
            "- ✅ Open: I am not in it any more. Whether it still is there, I cannot see from outside.",
            "- ✅ Sprint: It is archived: nobody can write in it any more.",
            "- ⛔ Grace: A direct room cannot be deleted: I can only hide it, by leaving it.",
        ]
    )
    assert not house.is_there(mine)
    assert house.members(open_room) == {OWNER}
    assert house.webex.world.rooms.any(sprint).is_read_only
    assert house.members(direct) == {GRACE, BOT}


def test_a_direct_room_is_hidden_by_leaving_it(house: House) -> None:
    direct = house.direct(GRACE)
    asked, ended = house.confirm(f"room leave {direct}")
    assert asked == (
        "⚠️ Leave **Grace** (direct)? A direct room can be neither left nor deleted: I hide it, until the next "
        "message in it."
    )
    assert ended.replies[0].markdown.endswith("- ✅ Grace: It is hidden, until the next message in it.")


def test_what_cannot_be_done_is_not_asked_to_be_confirmed(house: House) -> None:
    direct = house.direct(GRACE)
    assert house.say(f"room delete {direct}") == (
        "⚠️ That cannot be done. **Grace** (direct): A direct room cannot be deleted: I can only hide it, by leaving "
        "it."
    )


def test_a_yes_is_void_where_something_else_would_happen_now(house: House) -> None:
    board = house.room("Board", moderator=False)
    asked = house.say("room delete Board")
    assert "I only leave it" in asked
    owner = house.webex.person()
    [mine] = owner.get("memberships", roomId=board, personEmail=BOT)["items"]
    owner.put(f"memberships/{mine['id']}", isModerator=True, isRoomHidden=False)
    said = house.say(f"confirm {confirmation_code(asked)}")
    assert said == "⚠️ What was confirmed is not what would run now."
    assert house.is_there(board)


def test_a_yes_is_void_where_the_title_means_another_room_now(house: House) -> None:
    old = house.room("Old")
    asked = house.say("room delete Old")
    house.webex.person().put(f"rooms/{old}", title="Kept")
    other = house.room("Old")
    house.talk.services.titles.forget()
    said = house.say(f"confirm {confirmation_code(asked)}")
    assert said == "⚠️ What was confirmed is not what would run now."
    assert house.members(old) == house.members(other) == {OWNER, BOT}


def test_one_room_that_fails_does_not_keep_the_others_and_retry_does_only_it(house: House) -> None:
    one, two = house.room("One"), house.room("Two")
    house.webex.fault(
        kind="status", status=403, match={"method": "DELETE", "path": "/v1/memberships/*"}, count=1
    )
    _asked, ended = house.confirm("room leave One Two")
    said = ended.replies[0].markdown
    assert said.startswith("1 of 2 rooms done:\n\n- ❌ One: Removing membership ")
    assert "- ✅ Two: I am not in it any more." in said
    assert said.endswith("`retry 1` tries the one marked ❌ again, and nothing else.")
    assert (house.members(one), house.members(two)) == ({OWNER, BOT}, {OWNER})
    asked, ended = house.confirm("retry")
    assert asked == "⚠️ Leave **One**? I leave it, and it goes on without me."
    assert ended.result == "ok"
    assert house.members(one) == {OWNER}


def test_a_room_that_vanished_before_a_retry_is_told_as_such(house: House) -> None:
    one = house.room("One")
    house.webex.fault(
        kind="status", status=403, match={"method": "DELETE", "path": "/v1/memberships/*"}, count=1
    )
    house.confirm("room leave One")
    house.webex.control("POST", f"rooms/{one}/vanish")
    assert house.say("retry") == f"⚠️ That cannot be done. `{one}`: I am not in it."


@pytest.mark.parametrize("status", [429, 502, 503])
def test_an_outage_between_acting_and_looking_is_waited_out(house: House, status: int) -> None:
    one = house.room("One")
    house.webex.fault(
        kind="status",
        status=status,
        retryAfter=1,
        match={"method": "GET", "path": f"/v1/rooms/{one}"},
        after=4,
        count=1,
    )
    _asked, ended = house.confirm(f"room leave {one}")
    assert "- ✅ One: I am not in it any more." in ended.replies[0].markdown


def test_what_could_not_be_seen_afterwards_is_told_and_not_claimed(house: House) -> None:
    one = house.room("One")
    house.webex.fault(
        kind="status",
        status=429,
        retryAfter=3000,
        match={"method": "GET", "path": f"/v1/rooms/{one}"},
        after=4,
    )
    _asked, ended = house.confirm(f"room leave {one}")
    said = ended.replies[0].markdown
    assert said.startswith("0 of 1 room done:")
    assert "I asked for it and could not see whether it happened" in said


def test_a_room_in_which_i_may_not_write_is_left_without_a_word(house: House) -> None:
    one = house.room("One")
    house.webex.control("POST", f"rooms/{one}/read-only")
    _asked, ended = house.confirm("room leave One")
    assert "- ✅ One:" in ended.replies[0].markdown
    assert house.texts(one) == []


def test_more_rooms_than_one_command_takes(house: House) -> None:
    words = " ".join(f"O{'?' * number}s" for number in range(1, 2))
    assert house.say(f"room leave {words}").startswith("⚠️ Leave **Ops**?")
    ids = " ".join(f"Y2lzY29zcGFyazovL{number}" for number in range(26))
    assert house.say(f"room leave {ids}") == (
        "⚠️ These are 26 rooms; I take 25 at a time. For more there is `room sweep`."
    )
