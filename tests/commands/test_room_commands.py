"""`room list|find|show|members` and `person find`: the rooms API from chat, by title, by id, by `this`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.builtin import person, retry, room, room_ending, room_list, room_people
from bot.commands.model import Entry, Place
from bot.rooms.find import Titles
from bot.store.database import Database
from bot.webex import WebexClient
from tests.rooms.house import ADA, BOB, GRACE, House
from tests.talking import confirmation_code, conversation

# --- by title, by id, by `this`


def test_a_room_is_meant_by_this_by_its_title_by_its_id_and_by_a_glob_that_only_it_meets(
    house: House,
) -> None:
    lunch = house.room("Lunch")
    for word in ("Ops", "ops", "this", "here", "O?s", house.here):
        assert house.say(f"room show {word}").startswith("**Ops**: group, made "), word
    assert house.say(f"room show {lunch}").startswith("**Lunch**: ")
    assert house.say("room show").startswith("**Ops**: ")


def test_two_rooms_of_one_title_are_told_apart_each_with_the_line_that_means_it(house: House) -> None:
    first, second = house.room("Release"), house.room("Release", ADA, GRACE, moderator=True)
    said = house.say("room members Release --as csv")
    today = f"{house.webex.clock():%Y-%m-%d}"
    assert said == "\n".join(
        [
            "⚠️ 2 of my rooms are called **Release**. Say which by its id.",
            "",
            f"- **Release**: group, made {today}, last active {today}, 2 members. `room members {first} --as csv`",
            f"- **Release**: group, moderated, made {today}, last active {today}, 4 members. "
            f"`room members {second} --as csv`",
        ]
    )
    assert house.say(f"room show {second}").startswith("**Release**: group, moderated")


def test_a_line_names_the_id_where_the_title_stood_and_nowhere_else(house: House) -> None:
    first, _second = house.room("Release"), house.room("Release")
    assert f"`room rename {first} Release`" in house.say("room rename Release Release")


def test_a_misspelt_title_finds_what_was_likely_meant(house: House) -> None:
    house.room("Release 42")
    assert (
        house.say("room show Relaese")
        == "⚠️ I am in no room of the title `Relaese`. Did you mean `Release 42`?"
    )
    assert house.say('room show "42"') == "⚠️ I am in no room of the title `42`. Did you mean `Release 42`?"
    assert house.say("room show Zzz*") == "⚠️ I am in no room whose title fits `Zzz*`."


def test_this_means_nothing_where_there_is_no_room(house: House) -> None:
    said = house.say("room show", entry=Entry.TERMINAL, place=Place())
    assert said == "⚠️ `this` was said in no room. Name the room by its title or its id."


def test_only_rooms_one_may_ask_about_are_suggested(house: House, database: Database, tmp_path: Path) -> None:
    house.room("Release 42"), house.room("Release of the director")
    house.room("Twin 1"), house.room("Twin 1")
    rule = {"allow": ADA, "commands": "room *", "arguments": {"room": "Release 4*"}}
    config = {"access": [rule]}
    client = house.talk.services.webex
    house.talk = replace(
        conversation(database, webex=client, clients={}, config=config, folder=tmp_path),
        place=house.talk.place,
    )
    said = house.say("room show Release", person=ADA)
    assert said == "⚠️ I am in no room of the title `Release`. Did you mean `Release 42`?"
    assert house.say('room show "Twin 1"', person=ADA) == (
        "⚠️ 2 of my rooms are called **Twin 1**. Say which by its id."
    )
    assert house.say('room show "Release 42"', person=ADA).startswith("**Release 42**")
    assert house.say("room show this", person=ADA).startswith("⛔ You may not run `room show` here.")


def test_a_rule_about_a_title_is_not_met_by_a_person_who_calls_themselves_so(
    house: House, database: Database, tmp_path: Path
) -> None:
    house.webex.control("POST", "people", json={"email": BOB, "displayName": "Release 42"})
    direct = house.direct(BOB)
    config = {"access": [{"allow": ADA, "commands": "room *", "arguments": {"room": "Release 4*"}}]}
    client = house.talk.services.webex
    house.talk = replace(
        conversation(database, webex=client, clients={}, config=config, folder=tmp_path),
        place=house.talk.place,
    )
    assert house.say(f"room show {direct}", person=ADA).startswith("⛔ You may not run `room show` here.")


def test_a_room_renamed_since_its_title_was_listed_is_found_by_its_present_one(house: House) -> None:
    lunch = house.room("Lunch")
    assert house.say("room show Lunch").startswith("**Lunch**")
    house.webex.person().put(f"rooms/{lunch}", title="Dinner")
    assert house.say("room show Lunch").startswith("⚠️ I am in no room of the title `Lunch`.")
    assert house.say("room show Dinner").startswith("**Dinner**")


def test_a_room_that_came_after_the_titles_were_listed_is_found(house: House) -> None:
    house.say("room show Ops")
    house.room("Brand new")
    assert house.say('room show "Brand new"').startswith("**Brand new**")


def test_titles_are_listed_once_a_minute_and_not_for_every_question(house: House) -> None:
    for _ in range(4):
        house.say("room show Ops")
    assert house.calls("GET /v1/rooms") == 1


# --- list, find, show, members, people


def test_all_rooms_with_what_they_are(house: House) -> None:
    house.room("Release 42", moderator=True)
    house.team_room("Sprint")
    house.direct(GRACE)
    today = f"{house.webex.clock():%Y-%m-%d}"
    lines = house.say("room list --sort title").splitlines()
    assert lines[0] == "5 rooms: 2 team; 1 group; 1 group, moderated; 1 direct."
    assert [" ".join(line.split()) for line in lines[2:]] == [
        "```",
        "room kind last activity idle since",
        f"Grace direct {today} {today}",
        f"Ops group {today} {today}",
        f"Release 42 group, moderated {today} {today}",
        f"Release train team {today} {today}",
        f"Sprint team {today} {today}",
        "```",
    ]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('room list "release *" --sort title', ["Release 41", "Release 42"]),
        ("room list 42", ["Release 42"]),
        ("room list --type direct", ["Grace"]),
        ("room list release --sort created", ["Release 42", "Release 41"]),
        ("room list --type group --sort idle", ["Ops", "Release 41", "Release 42"]),
        ("room list --sort activity", ["Grace", "Release 42", "Release 41", "Ops"]),
    ],
)
def test_some_of_the_rooms_in_some_order(house: House, line: str, wanted: list[str]) -> None:
    for title in ("Release 41", "Release 42"):
        house.webex.clock.advance(seconds=10)
        house.room(title)
    house.webex.clock.advance(seconds=10)
    house.direct(GRACE)
    lines = house.say(line).split("```")[1].splitlines()[2:]
    assert [each.split("  ")[0] for each in lines] == wanted


def test_stale_rooms_are_those_in_which_nobody_has_done_anything_for_so_long(house: House) -> None:
    house.webex.clock.advance(days=-40)
    house.room("Old")
    house.webex.clock.advance(days=40)
    assert house.say("room list --stale 30d").splitlines()[0] == "1 of my 2 rooms: 1 group."
    assert house.say("room list --stale 50d") == "None of my 2 rooms is of that kind."


def test_a_list_as_a_file_has_all_of_it_and_the_ids(house: House) -> None:
    house.room("=1+1")
    [reply] = house.talk.outcome("room list --as csv --sort title").replies
    assert reply.file is not None
    head, first, second = reply.file.content.decode().splitlines()
    assert head == "room,kind,created,last activity,idle since,by,id"
    assert first.startswith("'=1+1,group,20")
    assert second.startswith("Ops,group,20")
    assert second.endswith(f',"last activity, perhaps my own",{house.here}')
    assert reply.markdown.startswith("2 rooms: 2 group.\n\n2 rows, in **rooms-")


def test_rooms_are_found_by_words_of_their_title_each_with_its_id(house: House) -> None:
    first, second = house.room("Release 41"), house.room("Release 42", ADA)
    today = f"{house.webex.clock():%Y-%m-%d}"
    assert house.say("room find release") == "\n".join(
        [
            "2 of my 3 rooms are called so:",
            "",
            f"- **Release 41**: group, made {today}, last active {today}, 2 members. Its id: `{first}`",
            f"- **Release 42**: group, made {today}, last active {today}, 3 members. Its id: `{second}`",
        ]
    )
    assert house.say("room find Lunhc") == "None of my 3 rooms is called `Lunhc`. `room list` shows them."
    assert house.say("room find Opss") == "None of my 3 rooms is called `Opss`. Did you mean `Ops`?"


def test_a_room_is_shown_with_what_would_really_happen_to_it(house: House) -> None:
    release = house.room("Release", moderator=True)
    today = f"{house.webex.clock():%Y-%m-%d}"
    assert house.say("room show Release") == "\n".join(
        [
            f"**Release**: group, moderated, made {today}, last active {today}, 2 members.",
            "",
            "- I am a moderator of it.",
            f"- Nobody has done anything since {today}, by last activity, perhaps my own.",
            "- `room leave`: I leave it, and it goes on without me.",
            "- `room delete`: I am a moderator of it: it is deleted for everybody, for good.",
            f"- Its id: `{release}`",
        ]
    )
    house.team_room("Sprint")
    assert "- Team: Release train." in house.say("room show Sprint")


def test_the_members_of_a_room_moderators_first(house: House) -> None:
    house.room("Release", ADA, moderator=False)
    lines = [" ".join(line.split()) for line in house.say("room members Release").splitlines()]
    today = f"{house.webex.clock():%Y-%m-%d}"
    assert lines == [
        "**Release**: 3 members.",
        "",
        "```",
        "name e-mail role since",
        f"You you@example.com moderator {today}",
        f"Ada ada@example.com {today}",
        f"Sparkops sparkops@webex.bot {today}",
        "```",
    ]


def test_people_are_found_by_e_mail_and_by_how_their_name_begins(house: House) -> None:
    assert "Ada" in house.say("person find ada@example.com")
    assert "ada@example.com" in house.say("person find Ada")
    assert house.say("person find Zed") == "Nobody I can see has a name that begins so: `Zed`."
    assert house.say("person find z@example.com") == "Nobody I can see has this e-mail: `z@example.com`."
    assert (
        house.say("person find A")
        == "⚠️ Webex finds names by their first 3 letters at least, or by an e-mail."
    )


MINE = (room, room_list, room_people, room_ending, person, retry)


@pytest.mark.parametrize(
    "example", [line for each in MINE for made in each.COMMANDS for line in made.examples]
)
def test_every_example_runs(house: House, example: str) -> None:
    for title in ("Release 40", "Release 41"):
        house.room(title, moderator=True)
    if example.startswith("room moderator Ops"):
        [ada] = house.webex.person().get("memberships", roomId=house.here, personEmail=ADA)["items"]
        house.webex.person().put(f"memberships/{ada['id']}", isModerator=True, isRoomHidden=False)
    if example.startswith("retry"):
        house.webex.fault(
            kind="status", status=403, match={"method": "POST", "path": "/v1/memberships"}, count=1
        )
        house.say(f"room add {GRACE}")
    said = house.talk.outcome(example.replace("7", "1") if example.startswith("retry") else example)
    if said.decision == "confirmation asked":
        said = house.talk.outcome(f"confirm {confirmation_code(said.replies[0].markdown)}")
    assert (said.decision, said.result) == ("allowed", "ok"), said.replies[0].markdown
    assert "❌" not in said.replies[0].markdown


def test_webex_away_is_told_in_its_words(house: House) -> None:
    house.talk.services = replace(
        house.talk.services,
        webex=WebexClient("bot:sparkops@webex.bot", "http://127.0.0.1:9/v1/"),
        titles=Titles(),
    )
    said = house.say("room members this")
    assert said.startswith("⚠️ Reading room ")
    assert "no answer from 127.0.0.1:9" in said
