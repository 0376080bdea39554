"""A sweep from the line that asks for it to its report: notice, grace, act, read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.store.database import Database
from tests.playground.running import Webex, running_webex
from tests.rooms.one_sweep import POLICY, OneSweep, one_sweep
from tests.talking import OWNER, confirmation_code


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def swept(webex: Webex, database: Database, tmp_path: Path) -> Iterator[OneSweep]:
    with one_sweep(webex, database, tmp_path) as running:
        yield running


# From beginning to end


def test_before_anything_is_done_it_is_said_what_would_happen(swept: OneSweep) -> None:
    swept.room("Old news", days=60)
    swept.room("Old hat", days=40)
    asked = swept.say("room sweep old")
    assert asked.startswith(
        "⚠️ Sweep by the policy **old**: 2 of my 3 rooms would be given notice, with a Keep button "
        "(Old news, Old hat). After 7 days without a word from them I act, and read each again: 2 left."
    )
    assert swept.bot.rows("SELECT count(*) FROM runs") == [(0,)]


def test_notice_grace_act_report(swept: OneSweep) -> None:
    old, young = swept.room("Old news", days=60), swept.room("Old friends", days=3)
    other = swept.room("Other", days=60)
    assert swept.ask("room sweep old").startswith("🧹 **sweep old**: looks at my rooms.")
    swept.sweep()
    [notice] = swept.texts(old)
    [(act_at, idle_since)] = swept.bot.rows("SELECT act_after, idle_since FROM sweep_items")
    act_after, since = f"{act_at.astimezone(UTC):%Y-%m-%d %H:%M}", f"{idle_since.astimezone(UTC):%Y-%m-%d}"
    assert notice.replace("  \n", "\n") == (
        f"🧹 **This room looks unused**: as far as I can see, nobody has said anything in it since {since} "
        f"(last activity, perhaps my own). On **{act_after} UTC** I leave this room, and it goes on without me, by the "
        "rule `old`.\n\nDo you still need it? Press **Keep**, or mention me with `room keep`: then I leave it "
        "alone for 90 days."
    )
    assert swept.texts(young) == swept.texts(other) == []
    swept.let_pass(days=6.9)
    swept.sweep()
    assert swept.is_in(old)
    swept.let_pass(days=0.2)
    swept.sweep()
    assert not swept.is_in(old)
    assert swept.is_in(young)
    assert swept.is_in(other)
    assert (swept.state(), swept.items()) == ("done", {"Old news": ("verified", "left", None)})
    text, lines = swept.report()
    assert text == f"🧹 **Sweep `old`** (run 1) is done: 1 left. <@personEmail:{OWNER}>"
    [line] = lines
    assert (line["room"], line["id"], line["foreseen"], line["state"], line["outcome"], line["reason"]) == (
        "Old news", old, "left", "verified", "left", ""
    )  # fmt: skip


def test_the_plan_is_told_before_the_notices_with_every_room_in_a_file(swept: OneSweep) -> None:
    swept.room("Old news")
    swept.ask("room sweep old")
    swept.sweep()
    text, lines = swept.report()
    assert text.replace("  \n", "\n") == (
        "🧹 **Sweep `old`** (run 1): **1** of my 2 rooms is stale, and each is given notice now. "
        "After 7 days without a word from them: 1 left. Each is listed in the file.\n\n"
        "`room keep` in a room, or `room keep ROOM` here, spares it; `run cancel 1` all of them."
    )
    assert [line["room"] for line in lines] == ["Old news"]


def test_deleting_does_to_each_room_what_was_told(webex: Webex, database: Database, tmp_path: Path) -> None:
    rules = POLICY | {"action": "delete", "kinds": ["group", "team"]}
    with one_sweep(webex, database, tmp_path, rules) as swept:
        mine, theirs, plain = (
            swept.room("Old mine", moderates=True),
            swept.room("Old theirs", locked=True),
            swept.room("Old plain"),
        )
        team = webex.person().post("teams", name="Night shift")["id"]
        webex.person().post("team/memberships", teamId=team, personEmail="sparkops@webex.bot")
        night = swept.room("Old night", team=team)
        assert "3 left" not in (asked := swept.say("room sweep old"))
        assert "1 archived, 1 deleted, 2 left." in asked
        swept.ask("room sweep old")
        swept.sweep()
        deletes = "I delete this room, with everything in it, for everybody, by the rule `old`."
        assert deletes in swept.texts(mine)[0]
        assert "I archive this room, so that nobody can write in it any more" in swept.texts(night)[0]
        assert "I leave this room, and it goes on without me" in swept.texts(theirs)[0]
        swept.let_pass(days=8)
        swept.sweep()
        assert {title: each[:2] for title, each in swept.items().items()} == {
            "Old mine": ("verified", "deleted"),
            "Old night": ("verified", "archived"),
            "Old plain": ("verified", "left"),
            "Old theirs": ("verified", "left"),
        }
        webex.person().refused(404, "GET", f"rooms/{mine}")
        assert webex.person().get(f"rooms/{night}")["isReadOnly"] is True
        assert not swept.is_in(plain)
        assert "1 archived, 1 deleted, 2 left." in swept.report()[0]


def test_by_default_notice_is_all_that_is_given(webex: Webex, database: Database, tmp_path: Path) -> None:
    rules = {key: value for key, value in POLICY.items() if key != "action"}
    with one_sweep(webex, database, tmp_path, rules) as swept:
        room = swept.room("Old news")
        swept.ask("room sweep old")
        swept.sweep()
        assert swept.state() == "done"
        [notice] = swept.texts(room)
        assert (
            "I do nothing about it. If nobody needs it any more, its people can archive or delete it"
            in notice
        )
        assert swept.is_in(room)
        assert swept.report()[0].startswith("🧹 **Sweep `old`** (run 1) is done: 1 given notice.")


def test_no_stale_room_is_an_answer_too(swept: OneSweep) -> None:
    swept.room("Old friends", days=2)
    swept.ask("room sweep old")
    swept.sweep()
    assert swept.state() == "done"
    assert swept.texts()[-1] == (
        f"🧹 **Sweep `old`** (run 1) found no stale room among my 2: nothing was done. <@personEmail:{OWNER}>"
    )


def test_the_room_that_is_reported_to_is_never_swept(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"report_to": "old ops"}) as swept:
        report = swept.room("Old ops")
        swept.room("Old news")
        swept.ask("room sweep old")
        swept.sweep()
        assert list(swept.items()) == ["Old news"]
        assert "**1** of my 3 rooms is stale" in swept.texts(report)[0]


# What spares a room after its notice


def act(swept: OneSweep) -> dict[str, tuple[object, ...]]:
    """The grace is over."""
    swept.let_pass(days=8)
    swept.sweep()
    return swept.items()


def begin(swept: OneSweep, *titles: str) -> list[str]:
    """These rooms have had their notice."""
    rooms = [swept.room(title) for title in titles]
    swept.ask("room sweep old")
    swept.sweep()
    assert [len(swept.texts(room)) for room in rooms] == [1] * len(rooms)
    return rooms


def test_a_word_in_the_room_spares_it_and_the_notice_itself_does_not(swept: OneSweep) -> None:
    """Both refresh Webex' last activity."""
    active, quiet = begin(swept, "Old friends", "Old news")
    swept.webex.clock.advance(seconds=2)
    swept.webex.person().post("messages", roomId=active, text="We still need this")
    items = act(swept)
    assert items["Old friends"][0] == "active"
    assert str(items["Old friends"][1]).startswith("Something happened in it, at ")
    assert items["Old news"][:2] == ("verified", "left")
    assert (swept.is_in(active), swept.is_in(quiet)) == (True, False)


def test_a_word_that_the_bots_own_post_hides_is_found_by_the_look_before(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    swept.webex.person().post("messages", roomId=room, text="We still need this")
    long_ago = "own_post_at = own_post_at - interval '1 hour'"  # the notice was given before that word
    swept.bot.rows(f"UPDATE rooms SET {long_ago} WHERE room_id = :id RETURNING 1", id=room)
    swept.look()
    swept.bot.rows("UPDATE rooms SET own_post_at = now() WHERE room_id = :id RETURNING 1", id=room)
    assert act(swept)["Old news"][0] == "active"
    assert swept.is_in(room)


def test_keep_spares_a_room(swept: OneSweep) -> None:
    kept, _swept = begin(swept, "Old friends", "Old news")
    said = swept.say("room keep", room=kept)
    assert said.startswith("👍 I keep this room for 90 days, until ")
    assert said.endswith(" Sweep 1 leaves it alone.")
    items = act(swept)
    assert items["Old friends"][0] == "kept"
    assert str(items["Old friends"][1]).startswith(f"It is kept by {OWNER} until ")
    assert swept.is_in(kept)
    assert swept.report()[0].startswith("🧹 **Sweep `old`** (run 1) is done: 1 left, 1 kept.")


def test_a_room_that_is_protected_or_renamed_meanwhile_is_left_as_it_is(swept: OneSweep) -> None:
    protected, renamed = begin(swept, "Old friends", "Old news")
    rewrite(swept, POLICY | {"protected": [protected]})
    swept.webex.person().put(f"rooms/{renamed}", title="New again")
    items = act(swept)
    assert items["Old friends"] == ("refused", "The policy protects it now.", None)
    assert items["Old news"] == (
        "refused", "The policy is not about it any more: its title or its kind has changed.", None
    )  # fmt: skip
    assert swept.is_in(protected)
    assert swept.is_in(renamed)


def test_what_was_not_told_in_the_notice_is_not_done(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"action": "delete"}) as swept:
        [room] = begin(swept, "Old news")
        you = webex.person()
        you.put(f"rooms/{room}", title="Old news", isLocked=True)
        [seat] = you.get("memberships", roomId=room, personEmail="sparkops@webex.bot")["items"]
        you.put(f"memberships/{seat['id']}", isModerator=True)
        assert act(swept)["Old news"][:2] == (
            "refused",
            "It was told that it would be left. I am a moderator of it: it is deleted for everybody, for good. So "
            "nothing was done.",
        )
        assert swept.is_in(room)


def rewrite(swept: OneSweep, *policies: Mapping[str, Any]) -> None:
    """The file says something else now, and is read anew."""
    content = yaml.safe_dump({"stale_rooms": [dict(each) for each in policies]})
    (swept.folder / "sparkops.yaml").write_text(content)
    swept.bot.services.policies.reload()


def test_a_policy_that_leaves_the_file_ends_its_sweep(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    rewrite(swept)
    swept.let_pass(days=8)
    swept.sweep()
    assert swept.state() == "cancelled"
    assert swept.is_in(room)
    assert "ended early, since its policy is not in sparkops.yaml any more" in swept.report()[0]


def test_a_sweep_can_be_cancelled_in_its_grace(swept: OneSweep) -> None:
    [room] = begin(swept, "Old news")
    swept.ask("run cancel 1")
    swept.sweep()
    assert swept.state() == "cancelled"
    swept.let_pass(days=8)
    swept.sweep()
    assert swept.is_in(room)
    assert swept.report()[0].startswith(
        f"🧹 **Sweep `old`** (run 1) was cancelled by {OWNER}: 1 given notice."
    )


def test_a_requester_who_has_lost_the_right_sweeps_no_room(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    rules = [{"allow": "ada@example.com", "commands": ["room *", "confirm"]}]
    with one_sweep(webex, database, tmp_path, access=rules) as swept:
        room = swept.room("Old news")
        webex.person().post("memberships", roomId=swept.bot.room, personEmail="ada@example.com")
        message = swept.bot.hear("room sweep old", person="ada@example.com")
        swept.bot.work()
        swept.bot.hear(
            f"confirm {confirmation_code(swept.bot.thread(message['id'])[0])}", person="ada@example.com"
        )
        swept.bot.work()
        swept.sweep()
        assert len(swept.texts(room)) == 1
        rewrite(swept, POLICY)
        swept.let_pass(days=8)
        swept.sweep()
        assert swept.state() == "cancelled"
        assert swept.is_in(room)
        assert "ended early, since it is not allowed any more: No rule allows it" in swept.report()[0]


# Many rooms: a person is asked


def test_over_the_threshold_nothing_is_said_in_any_room_before_a_person_lets_it_go_on(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"most": 1}) as swept:
        rooms = [swept.room("Old friends"), swept.room("Old news")]
        swept.ask("room sweep old")
        swept.sweep(until="awaiting_approval")
        assert swept.state() == "awaiting_approval"
        assert [swept.texts(room) for room in rooms] == [[], []]
        text, lines = swept.report()
        assert text.replace("  \n", "\n") == (
            "⚠️ **Sweep `old`** waits for a person: **2** of my 3 rooms would be touched, more than the 1 rooms it may "
            "touch unasked. After 7 days without a word from them: 2 left. Each is listed in the file.\n\n"
            "`room sweep-go 1` lets it go on, `run cancel 1` ends it. Without a word nothing is done. "
            f"<@personEmail:{OWNER}>"
        )
        assert [line["room"] for line in lines] == ["Old friends", "Old news"]
        assert swept.ask("room sweep-go 1") == (
            "Sweep 1 goes on: each room is given notice now. `run cancel 1` still ends it."
        )
        swept.sweep()
        assert [len(swept.texts(room)) for room in rooms] == [1, 1]
        swept.let_pass(days=8)
        swept.sweep()
        assert [swept.is_in(room) for room in rooms] == [False, False]


def test_without_a_persons_word_it_is_off(webex: Webex, database: Database, tmp_path: Path) -> None:
    with one_sweep(webex, database, tmp_path, POLICY | {"percent": 0}) as swept:
        room = swept.room("Old news")
        swept.ask("room sweep old")
        swept.sweep(until="awaiting_approval")
        swept.let_pass(minutes=2)
        swept.sweep()
        assert swept.state() == "awaiting_approval"
        asked = """jsonb_set(progress, '{asked_at}', '"2026-01-01T00:00:00+00:00"')"""
        swept.bot.rows(f"UPDATE runs SET progress = {asked} RETURNING 1")
        swept.let_pass(minutes=2)
        swept.sweep()
        assert swept.state() == "expired"
        assert swept.texts(room) == []
        assert (
            swept.say("room sweep-go 1")
            == "⚠️ Sweep 1 waits for nobody: it is expired. `run show 1` tells more."
        )


# Two sweeps


def test_a_room_is_in_the_hands_of_one_sweep_at_a_time(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    more = POLICY | {"name": "more", "titles": ["*"]}
    with one_sweep(webex, database, tmp_path, POLICY, more) as swept:
        first = swept.room("Old news")
        second = swept.room("Other")
        swept.ask("room sweep old")
        swept.sweep()
        assert "1 in another sweep" in swept.say("room stale more")
        swept.ask("room sweep more")
        swept.sweep(run=2)
        assert (len(swept.texts(first)), len(swept.texts(second))) == (1, 1)
        rows = swept.bot.rows("SELECT run_id, title FROM sweep_items ORDER BY run_id")
        assert rows == [(1, "Old news"), (2, "Other")]


def test_a_policy_has_one_sweep_at_a_time(swept: OneSweep) -> None:
    begin(swept, "Old news")
    assert swept.say("room sweep old") == (
        "⚠️ Sweep 1 by the policy `old` is not over. `run show 1` tells how far it is."
    )
