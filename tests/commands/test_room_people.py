"""`room create|rename|add|remove|moderator` and `retry`: each person has a result of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.commands.model import Place
from bot.store.database import Database
from tests.rooms.house import ADA, BOB, BOT, GRACE, House
from tests.talking import OWNER, Stated, conversation


def test_a_room_is_made_with_whoever_asks_and_these_people(house: House) -> None:
    said = house.say(f'room create "Release 42" {ADA} nonsense')
    room_id = said.partition("Its id: `")[2].partition("`")[0]
    assert said == "\n".join(
        [
            f"**Release 42** is made. 2 added, 1 not added. Its id: `{room_id}`",
            "",
            "- ✅ you@example.com: added.",
            "- ✅ ada@example.com: added.",
            "- ⛔ nonsense: that is no e-mail address. `person find` finds it by the name.",
        ]
    )
    assert house.members(room_id) == {BOT, OWNER, ADA}
    assert house.moderators(room_id) == set()


def test_a_moderated_room_is_moderated_by_whoever_asks_for_it(house: House) -> None:
    house.say(f"room create Board {ADA} --moderated")
    [room_id] = [room.id for room in house.webex.world.rooms._rooms.values() if room.title == "Board"]
    assert house.moderators(room_id) == {BOT, OWNER}


def test_a_room_gets_another_title(house: House) -> None:
    assert house.say('room rename this "Ops Berlin"') == "**Ops** is called **Ops Berlin** now."
    assert house.say('room show "Ops Berlin"').startswith("**Ops Berlin**")
    house.room("Board", moderator=False)
    assert house.say("room rename Board Bored") == (
        "⚠️ I did nothing in **Board**. The room is moderated, and I am no moderator of it: only its moderators can "
        "change it. One of them can make me one."
    )


def test_each_person_added_has_a_result_of_their_own(house: House) -> None:
    said = house.say(f"room add {GRACE} {ADA} {GRACE.upper()} no@thing@example.com {BOB} --to Ops")
    assert said == "\n".join(
        [
            "**Ops**: 2 added, 1 as before, 1 not added.",
            "",
            "- ✅ grace@example.com: added.",
            "- ➖ ada@example.com: was in it already.",
            "- ⛔ no@thing@example.com: that is no e-mail address. `person find` finds it by the name.",
            "- ✅ bob@example.com: added.",
        ]
    )
    assert house.members(house.here) == {BOT, OWNER, ADA, GRACE, BOB}


def test_retry_does_only_what_failed_and_goes_on_until_nothing_is_left(house: House) -> None:
    house.webex.fault(
        kind="status", status=403, match={"method": "POST", "path": "/v1/memberships"}, after=1, count=2
    )
    said = house.say(f"room add {GRACE} {BOB} eve@example.com")
    assert said == "\n".join(
        [
            "**Ops**: 1 added, 2 not added.",
            "",
            "- ✅ grace@example.com: added.",
            "- ❌ bob@example.com: Webex does not let me: Forbidden.",
            "- ❌ eve@example.com: Webex does not let me: Forbidden.",
            "",
            "`retry 1` tries the 2 marked ❌ again, and nothing else.",
        ]
    )
    house.webex.fault(kind="status", status=403, match={"method": "POST", "path": "/v1/memberships"}, count=1)
    before = house.calls("POST /v1/memberships")
    again = house.say("retry")
    assert house.calls("POST /v1/memberships") - before == 2
    assert again.startswith("**Ops**: 1 added, 1 not added.")
    assert again.endswith("`retry 2` tries the one marked ❌ again, and nothing else.")
    assert house.say("retry 2").startswith("**Ops**: 1 added.\n\n- ✅ ")
    assert house.members(house.here) == {BOT, OWNER, ADA, GRACE, BOB, "eve@example.com"}
    for line in ("retry", "retry 1", "retry 2"):
        assert house.say(line).startswith("⚠️ Nothing of yours"), line


def test_retry_is_about_what_oneself_asked_in_this_room(
    house: House, database: Database, tmp_path: Path
) -> None:
    config = {"access": [{"allow": "everyone"}]}
    client = house.talk.services.webex
    place = house.talk.place
    house.talk = replace(
        conversation(database, webex=client, clients={}, config=config, folder=tmp_path), place=place
    )
    house.webex.fault(kind="status", status=403, match={"method": "POST", "path": "/v1/memberships"}, count=1)
    assert "`retry 1`" in house.say(f"room add {BOB}")
    assert house.say("retry", person=ADA).startswith("⚠️ Nothing of yours waits in this room")
    assert house.say("retry 1", person=ADA).startswith("⚠️ Nothing of yours has the number 1")
    lunch = Place((house.room("Lunch"),), "Lunch", "group")
    assert house.say("retry", place=lunch).startswith("⚠️ Nothing of yours waits in this room")
    assert house.say("retry #1", place=lunch).startswith("**Ops**: 1 added.")


def test_retry_passes_the_gate_with_the_rights_one_has_then(
    house: House, database: Database, tmp_path: Path
) -> None:
    config = {"access": [{"deny": ADA, "commands": "room add"}, {"allow": ADA}]}
    client, place = house.talk.services.webex, house.talk.place
    house.webex.fault(kind="status", status=403, match={"method": "POST", "path": "/v1/memberships"}, count=1)
    config_before = {"access": [{"allow": ADA}]}
    house.talk = replace(
        conversation(database, webex=client, clients={}, config=config_before, folder=tmp_path), place=place
    )
    assert "`retry 1`" in house.say(f"room add {BOB}", person=ADA)
    house.talk = replace(
        conversation(database, webex=client, clients={}, config=config, folder=tmp_path), place=place
    )
    assert house.say("retry", person=ADA).startswith("⛔ You may not run `room add` here.")
    assert BOB not in house.members(house.here)


def test_who_may_run_a_command_may_retry_it_without_being_granted_that_too(
    house: House, database: Database, tmp_path: Path
) -> None:
    config = {"access": [{"allow": ADA, "commands": "room add"}]}
    client, place = house.talk.services.webex, house.talk.place
    house.talk = replace(
        conversation(database, webex=client, clients={}, config=config, folder=tmp_path), place=place
    )
    house.webex.fault(kind="status", status=403, match={"method": "POST", "path": "/v1/memberships"}, count=1)
    assert "`retry 1`" in house.say(f"room add {BOB}", person=ADA)
    assert house.say("retry", person=ADA).startswith("**Ops**: 1 added.")


def test_a_429_in_the_middle_costs_time_and_nothing_else(house: House) -> None:
    house.webex.fault(
        kind="status",
        status=429,
        retryAfter=1,
        match={"method": "POST", "path": "/v1/memberships"},
        after=1,
        count=1,
    )
    assert house.say(f"room add {GRACE} {BOB}").startswith("**Ops**: 2 added.")


def test_a_429_longer_than_anybody_waits_leaves_the_rest_for_retry(house: House) -> None:
    house.webex.fault(
        kind="status",
        status=429,
        retryAfter=3600,
        match={"method": "POST", "path": "/v1/memberships"},
        after=1,
    )
    said = house.say(f"room add {GRACE} {BOB}")
    assert said.startswith("**Ops**: 1 added, 1 not added.")
    assert "retry after 3600 s" in said
    assert "`retry 1` tries the one marked ❌ again" in said


def test_in_a_moderated_room_each_is_told_why_and_retry_works_once_i_am_its_moderator(house: House) -> None:
    board = house.room("Board", moderator=False)
    why = (
        "The room is moderated, and I am no moderator of it: only its moderators can add people. One of them can "
        "make me one."
    )
    before = house.calls("POST /v1/memberships")
    assert house.say(f"room add {ADA} --to Board") == "\n".join(
        [
            "**Board**: 0 added, 1 not added.",
            "",
            f"- ❌ ada@example.com: {why}",
            "",
            "`retry 1` tries the one marked ❌ again, and nothing else.",
        ]
    )
    assert house.calls("POST /v1/memberships") == before
    owner = house.webex.person()
    [mine] = owner.get("memberships", roomId=board, personEmail=BOT)["items"]
    owner.put(f"memberships/{mine['id']}", isModerator=True, isRoomHidden=False)
    assert house.say("retry").startswith("**Board**: 1 added.")


def test_nobody_is_added_to_a_direct_room(house: House) -> None:
    direct = house.direct(GRACE)
    assert house.say(f"room add {ADA} --to {direct}") == (
        "⚠️ **Grace** (direct) is a direct room: nobody can add people in it."
    )


def test_people_are_removed_after_a_yes_each_with_a_result(house: House) -> None:
    asked, ended = house.confirm(f"room remove {ADA} {BOB} {BOT}")
    assert asked == "⚠️ Remove 3 people from **Ops**? ada@example.com, bob@example.com, sparkops@webex.bot."
    assert ended.replies[0].markdown == "\n".join(
        [
            "**Ops**: 1 removed, 1 as before, 1 not removed.",
            "",
            "- ✅ ada@example.com: removed.",
            "- ➖ bob@example.com: is not in it.",
            "- ⛔ sparkops@webex.bot: that is me. `room leave` has me leave.",
        ]
    )
    assert house.members(house.here) == {BOT, OWNER}


def test_what_could_not_be_removed_is_confirmed_again_at_a_retry(house: House) -> None:
    house.webex.fault(
        kind="status", status=403, match={"method": "DELETE", "path": "/v1/memberships/*"}, count=1
    )
    _asked, ended = house.confirm(f"room remove {ADA}")
    assert "❌ ada@example.com: Webex does not let me" in ended.replies[0].markdown
    asked, ended = house.confirm("retry")
    assert asked == "⚠️ Remove 1 person from **Ops**? ada@example.com."
    assert ended.replies[0].markdown.startswith("**Ops**: 1 removed.")


def test_what_is_removed_or_added_is_known_to_the_policy_at_once(house: House) -> None:
    forgotten: list[tuple[str, str | None]] = []

    class Watched(Stated):
        def forget(self, room_id: str, person: str | None = None) -> None:
            forgotten.append((room_id, person))

    house.talk.services = replace(house.talk.services, relations=Watched())
    house.say(f"room add {GRACE} {ADA}")
    assert forgotten == [(house.here, GRACE)]


def test_a_moderator_is_made_and_unmade(house: House) -> None:
    board = house.room("Board", ADA, moderator=True)
    assert house.say(f"room moderator Board {ADA}") == "ada@example.com is a moderator of **Board** now."
    assert house.moderators(board) == {OWNER, BOT, ADA}
    assert house.say(f"room moderator Board {ADA}") == "ada@example.com is a moderator already of **Board**."
    assert (
        house.say(f"room moderator Board {ADA} --remove")
        == "ada@example.com is no moderator of **Board** now."
    )
    assert house.moderators(board) == {OWNER, BOT}
    assert house.say(f"room moderator Board {BOB}") == (
        "⚠️ bob@example.com is not in **Board**. `room add` puts them there."
    )
