"""What nobody asked for waits while a room is muted, has its quiet hours or wants a digest; and nothing is lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from senders import Held, another_sender, in_room
from senders import put as put_reply
from sqlalchemy import text

from bot.config_file import Rate
from bot.inbound.rooms import follow_migration
from bot.outbound import hearing, preferences
from bot.outbound.budget import notify
from bot.outbound.hearing import Change
from bot.outbound.outbox import Outgoing
from bot.outbound.preferences import Preferences, Rhythm
from bot.outbound.quiet_hours import QuietHours
from bot.outbound.redact import Redactor
from bot.store.database import Database
from tests.bot_in_process import BOT, BotInProcess, delivery

REDACTOR = Redactor(["swordfish"])
PLENTY = Rate(count=100, seconds=60.0)
HOUR = 3600
WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?= )")


def tell(bot: BotInProcess, *texts: str, rate: Rate | None = PLENTY, **fields: Any) -> None:
    """An integration tells the room of these, each in a transaction of its own; each text is its own key."""
    for each in texts:
        values = {"room_id": bot.room, "key": each, "markdown": each, **fields}
        with bot.database.transaction() as session:
            notify(session, Outgoing(**values), REDACTOR, rate)


def want(bot: BotInProcess, how: Change) -> None:
    """The room wants something else from now on."""
    with bot.database.transaction() as session:
        hearing.change(session, bot.room, "you@example.com", how)


def mute(bot: BotInProcess, seconds: float = HOUR) -> None:
    want(bot, lambda wants, now: replace(wants, muted_until=now + timedelta(seconds=seconds)))


def unmute(bot: BotInProcess) -> None:
    want(bot, lambda wants, _now: replace(wants, muted_until=None))


def digest(bot: BotInProcess, seconds: float = HOUR) -> None:
    want(bot, lambda wants, now: replace(wants, digest=Rhythm(timedelta(seconds=seconds), now)))


def quiet(bot: BotInProcess, begin: timedelta = -timedelta(hours=1)) -> None:
    """Quiet hours of three hours that begin so long from now."""
    first = datetime.now(UTC) + begin
    hours = f"{first:%H:%M}-{first + timedelta(hours=3):%H:%M}"
    want(bot, lambda wants, _now: replace(wants, quiet=QuietHours.read(hours)))


def heard(bot: BotInProcess) -> list[str]:
    """What is in the room once all that is due has been sent; moments are made alike."""
    bot.work()
    return [WHEN.sub("‹then›", each.replace("  \n", "\n")) for each in in_room(bot)]


# Muted


def test_a_muted_room_is_told_at_the_end_how_many_there_were_and_how_they_began(bot: BotInProcess) -> None:
    mute(bot)
    tell(bot, "❌ **api** failed\n\nall of its log", "the password is swordfish", "<@all> look")
    assert heard(bot) == []
    bot.let_pass(HOUR)
    assert heard(bot) == [
        "🔕 3 messages came while this room was muted, the first at ‹then› UTC:\n\n"
        "- ❌ **api** failed\n- the password is «redacted»\n- <\u200b@all> look"
    ]
    tell(bot, "four")
    assert heard(bot)[1:] == ["four"]


def test_of_a_single_one_it_counts_right_too(bot: BotInProcess) -> None:
    mute(bot)
    tell(bot, "one")
    unmute(bot)
    assert heard(bot) == ["🔕 1 message came while this room was muted, at ‹then› UTC:\n\n- one"]


def test_where_nothing_came_the_end_of_a_mute_says_nothing(bot: BotInProcess) -> None:
    mute(bot)
    bot.let_pass(HOUR)
    assert heard(bot) == []


def test_what_is_urgent_is_not_posted_in_a_muted_room_either(bot: BotInProcess) -> None:
    mute(bot)
    tell(bot, "a plan waits for your yes", urgent=True)
    assert heard(bot) == []


def test_replies_and_the_messages_of_runs_are_never_held_back(bot: BotInProcess) -> None:
    mute(bot)
    quiet(bot)
    digest(bot)
    tell(bot, "one")
    put_reply(bot, "a run has ended")
    bot.work()
    assert bot.ask("ping") == "pong"
    assert "one" not in "".join(in_room(bot))


def test_what_comes_twice_is_counted_once_before_and_after(bot: BotInProcess) -> None:
    tell(bot, "zero")
    mute(bot)
    tell(bot, "zero", "one", "one")
    unmute(bot)
    tell(bot, "one")
    assert heard(bot) == ["zero", "🔕 1 message came while this room was muted, at ‹then› UTC:\n\n- one"]


def test_without_a_budget_a_muted_room_is_as_still(bot: BotInProcess) -> None:
    mute(bot)
    tell(bot, "one", "two", rate=None)
    assert heard(bot) == []
    unmute(bot)
    assert len(heard(bot)) == 1


def test_other_rooms_and_people_are_told_at_once(bot: BotInProcess) -> None:
    mute(bot)
    kitchen = bot.webex.room_with_bot("Kitchen")
    tell(bot, "one", room_id=kitchen)
    tell(bot, "two", room_id=None, to_person_email="you@example.com")
    bot.work()
    assert in_room(bot, kitchen) == ["one"]
    assert bot.rows("SELECT state FROM outbox WHERE dedupe_key = 'two:0'") == [("sent",)]


def test_a_mute_that_is_made_longer_holds_what_waits_as_long(bot: BotInProcess) -> None:
    mute(bot)
    tell(bot, "one")
    mute(bot, 3 * HOUR)
    bot.let_pass(2 * HOUR)
    assert heard(bot) == []
    bot.let_pass(HOUR)
    assert len(heard(bot)) == 1


# Quiet hours


def test_what_comes_in_quiet_hours_is_told_at_their_end(bot: BotInProcess) -> None:
    quiet(bot)
    tell(bot, "one", "two")
    assert heard(bot) == []
    [(due,)] = bot.rows("SELECT not_before FROM outbox WHERE is_digest")
    end = datetime.now(UTC) + timedelta(hours=2)
    assert f"{due.astimezone(UTC):%H:%M:%S}" in {f"{end - timedelta(minutes=ago):%H:%M}:00" for ago in (0, 1)}
    bot.let_pass(2 * HOUR)
    assert heard(bot) == ["🌙 2 messages came in the quiet hours, the first at ‹then› UTC:\n\n- one\n- two"]


def test_what_is_urgent_is_told_in_quiet_hours_and_past_a_digest(bot: BotInProcess) -> None:
    quiet(bot)
    tell(bot, "one")
    tell(bot, "a plan waits for your yes", urgent=True)
    assert heard(bot) == ["a plan waits for your yes"]
    want(bot, lambda wants, _now: replace(wants, quiet=None))
    assert len(heard(bot)) == 2
    digest(bot)
    tell(bot, "two")
    tell(bot, "it still waits", urgent=True)
    assert heard(bot)[2:] == ["it still waits"]


def test_what_is_urgent_counts_against_the_budget_and_waits_for_it_alone(bot: BotInProcess) -> None:
    few = Rate(count=2, seconds=600.0)
    quiet(bot)
    tell(bot, "quiet", rate=few)
    tell(bot, "one", "two", "three", rate=few, urgent=True)
    assert heard(bot) == ["one"]
    bot.let_pass(600)
    [_, flood] = heard(bot)
    assert flood.startswith("🔇 2 more messages since ")
    assert flood.endswith(" UTC, left out so as not to flood this room:\n\n- two\n- three")
    bot.let_pass(2 * HOUR)
    assert heard(bot)[2].endswith("- quiet")


def test_what_the_budget_would_put_off_into_quiet_hours_waits_for_their_end(bot: BotInProcess) -> None:
    few = Rate(count=1, seconds=600.0)
    quiet(bot, timedelta(minutes=3))
    tell(bot, "one", "two", rate=few)
    bot.let_pass(600)
    assert heard(bot) == ["one"]
    bot.let_pass(3 * HOUR)
    assert heard(bot)[1] == "🌙 1 message came in the quiet hours, at ‹then› UTC:\n\n- two"


# A digest


def test_a_digest_gathers_what_comes_and_tells_it_at_each_period(bot: BotInProcess) -> None:
    digest(bot)
    tell(bot, "one", "two")
    bot.let_pass(HOUR / 2)
    tell(bot, "three")
    assert heard(bot) == []
    bot.let_pass(HOUR / 2)
    assert heard(bot) == [
        "📰 3 messages came since the last digest, the first at ‹then› UTC:\n\n- one\n- two\n- three"
    ]
    tell(bot, "four")
    assert len(heard(bot)) == 1
    bot.let_pass(HOUR)
    assert heard(bot)[1:] == ["📰 1 message came since the last digest, at ‹then› UTC:\n\n- four"]


def test_however_much_it_gathers_it_is_one_message_that_tells_how_many_more_there_are(
    bot: BotInProcess,
) -> None:
    digest(bot)
    tell(bot, *(f"{number}: {'🚀' * 60}" for number in range(100)))
    bot.let_pass(HOUR)
    [told] = heard(bot)
    head, _, *lines, more = told.split("\n")
    assert len(in_room(bot)[0].encode()) <= 7439
    assert head.startswith("📰 100 messages came since the last digest")
    assert lines == [f"- {number}: {'🚀' * 60}" for number in range(len(lines))]
    assert (len(lines), more) == (28, "- … and 72 more")


def test_a_digest_that_is_ended_is_told_at_once(bot: BotInProcess) -> None:
    digest(bot)
    tell(bot, "one")
    want(bot, lambda wants, _now: replace(wants, digest=None))
    tell(bot, "two")
    assert heard(bot) == ["📰 1 message came since the last digest, at ‹then› UTC:\n\n- one", "two"]


def test_a_room_that_is_muted_over_its_digest_is_told_all_at_the_end_of_the_mute(bot: BotInProcess) -> None:
    digest(bot)
    tell(bot, "one")
    mute(bot, 3 * HOUR)
    tell(bot, "two")
    bot.let_pass(2 * HOUR)
    assert heard(bot) == []
    unmute(bot)
    tell(bot, "three")
    assert heard(bot) == []
    bot.let_pass(HOUR)
    assert heard(bot) == [
        "📰 3 messages came since the last digest, the first at ‹then› UTC:\n\n- one\n- two\n- three"
    ]


# Beside the budget


def test_a_mute_holds_back_also_what_waits_for_the_budget(bot: BotInProcess) -> None:
    few = Rate(count=1, seconds=600.0)
    tell(bot, "one", *(f"report {number}" for number in range(1, 13)), rate=few)
    mute(bot)
    tell(bot, "last", rate=few)
    bot.let_pass(HOUR / 2)
    assert heard(bot) == ["one"]
    bot.let_pass(HOUR / 2)
    assert heard(bot)[1] == "\n".join(
        [
            "🔕 13 messages came while this room was muted, the first at ‹then› UTC:\n",
            *(f"- report {number}" for number in range(1, 11)),
            "- … and 3 more",
        ]
    )


def test_two_digests_that_wait_are_told_as_one(bot: BotInProcess) -> None:
    few = Rate(count=1, seconds=600.0)
    quiet(bot)
    tell(bot, "one", rate=few)
    tell(bot, "two", "three", rate=few, urgent=True)
    mute(bot, 3 * HOUR)
    bot.let_pass(3 * HOUR)
    assert heard(bot) == [
        "🔕 3 messages came while this room was muted, the first at ‹then› UTC:\n\n- one\n- two\n- three"
    ]


def test_what_was_beyond_the_budget_is_listed_no_shorter_for_it(bot: BotInProcess) -> None:
    few = Rate(count=1, seconds=600.0)
    tell(bot, "one", *(f"early {number}" for number in range(9)), rate=few)
    quiet(bot)
    tell(bot, *(f"late {number}" for number in range(9)), rate=few)
    bot.let_pass(2 * HOUR)
    lines = [f"- {name} {number}" for name in ("early", "late") for number in range(9)]
    assert heard(bot)[1].split("\n")[2:] == lines


def test_a_digest_takes_a_token_of_the_budget(bot: BotInProcess) -> None:
    few = Rate(count=1, seconds=2 * HOUR)
    tell(bot, "one", rate=few)
    digest(bot)
    tell(bot, "two", rate=few)
    bot.let_pass(HOUR)
    assert heard(bot) == ["one"]
    bot.let_pass(HOUR)
    assert len(heard(bot)) == 2


# Rooms that move and rooms that are left


def test_a_migrated_room_keeps_its_wishes_and_what_waits(bot: BotInProcess) -> None:
    mute(bot)
    tell(bot, "one")
    old, bot.room = bot.room, bot.webex.control("POST", f"rooms/{bot.room}/migrate").json()["id"]
    data = {"id": bot.room, "migratedFrom": old, "title": "Sparkops demo", "type": "group"}
    assert bot.deliver(delivery("rooms", "migrated", data)).status_code == 200
    bot.work()
    tell(bot, "two")
    assert heard(bot) == []
    bot.let_pass(HOUR)
    assert heard(bot) == [
        "🔕 2 messages came while this room was muted, the first at ‹then› UTC:\n\n- one\n- two"
    ]


def test_what_a_room_wants_under_its_new_id_already_holds_and_nothing_that_waits_is_lost(
    bot: BotInProcess,
) -> None:
    new = bot.room
    bot.room = "old"
    mute(bot, 3 * HOUR)
    tell(bot, "one")
    bot.room = new
    mute(bot)
    tell(bot, "two")
    with bot.database.transaction() as session:
        assert follow_migration(session, "old", new) == {"outbox": 2}
        assert hearing.hearing(session, "old").wants == Preferences()
    tell(bot, "three")
    unmute(bot)
    assert heard(bot) == [
        "🔕 1 message came while this room was muted, at ‹then› UTC:\n\n- one",
        "🔕 2 messages came while this room was muted, the first at ‹then› UTC:\n\n- two\n- three",
    ]


def test_a_room_that_the_bot_leaves_drops_what_waits_and_keeps_its_wishes(bot: BotInProcess) -> None:
    bot.rooms.refresh(bot.room)
    mute(bot)
    tell(bot, "one")
    owner = bot.webex.person()
    [seat] = owner.get("memberships", roomId=bot.room, personEmail=BOT)["items"]
    owner.delete(f"memberships/{seat['id']}")
    data = {"id": "gone", "roomId": bot.room, "personId": bot.me.id, "personEmail": BOT, "roomType": "group"}
    assert bot.deliver(delivery("memberships", "deleted", data)).status_code == 200
    bot.work()
    assert bot.rows("SELECT state, error FROM outbox WHERE is_digest") == [
        ("refused", "I am not in this room any more.")
    ]
    owner.post("memberships", roomId=bot.room, personEmail=BOT)
    with bot.database.transaction() as session:
        found = hearing.hearing(session, bot.room)
    assert found.wants.muted_until is not None and found.waiting is None


# Many at once


def test_a_digest_outlives_the_process_that_began_it(bot: BotInProcess) -> None:
    digest(bot)
    tell(bot, "one")
    bot.let_pass(HOUR)
    with another_sender(bot) as (sender, _owner):
        sender.kick_due()
        bot.wait_until_sent()
    assert len(in_room(bot)) == 1


def test_of_two_that_tell_at_once_each_message_is_counted_once(bot: BotInProcess) -> None:
    digest(bot)
    with ThreadPoolExecutor(2) as threads:
        done = [
            threads.submit(tell, bot, *(f"{name} {number}" for number in range(40)), "both")
            for name in ("api", "web")
        ]
        for each in done:
            each.result()
    bot.let_pass(HOUR)
    assert [each.partition(",")[0] for each in heard(bot)] == ["📰 81 messages came since the last digest"]


@pytest.mark.parametrize("rate", [PLENTY, None])
def test_while_a_room_is_muted_and_unmuted_each_message_is_posted_or_counted(
    bot: BotInProcess, rate: Rate | None
) -> None:
    with ThreadPoolExecutor(4) as threads:
        told = [
            threads.submit(tell, bot, *(f"{name} {number}" for number in range(25)), rate=rate)
            for name in ("api", "web")
        ]
        changed = [threads.submit(lambda: [(mute(bot), unmute(bot)) for _ in range(20)])]
        sent = [threads.submit(lambda: [bot.sender.kick([bot.room]) for _ in range(40)])]
        for each in (*told, *changed, *sent):
            each.result()
    unmute(bot)
    texts = heard(bot)
    digests = [each for each in texts if each.startswith("🔕")]
    counted = sum(int(each.split()[1]) for each in digests)
    assert len(texts) - len(digests) + counted == 50


def test_what_comes_while_a_digest_is_being_sent_is_in_the_next(bot: BotInProcess, held: Held) -> None:
    digest(bot)
    tell(bot, "one")
    bot.let_pass(HOUR)
    with another_sender(bot, held) as (sender, _owner):
        sender.kick([bot.room])
        assert held.arrived.acquire(timeout=30)
        tell(bot, "two")
        held.go.release()
        bot.wait_until_sent()
    bot.let_pass(HOUR)
    assert [each.partition("\n\n")[2] for each in heard(bot)] == ["- one", "- two"]


# At rest


def test_a_room_that_wants_nothing_special_any_more_is_forgotten(database: Database) -> None:
    with database.transaction() as session:
        hearing.change(session, "room", "you@example.com", lambda _, now: Preferences(muted_until=now))
        hearing.change(session, "room", "ada@example.com", lambda wants, _: wants)
        assert hearing.hearing(session, "room").changed_by == "you@example.com"
        hearing.change(session, "room", "you@example.com", lambda *_: Preferences())
        assert hearing.hearing(session, "room").changed_by is None


def test_moments_are_compared_in_utc_whatever_zone_the_database_tells_them_in(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SET LOCAL TIME ZONE 'Europe/Berlin'"))
        rhythm = timedelta(hours=1)
        hearing.change(
            session, "room", "you@example.com", lambda _, now: Preferences(now, None, Rhythm(rhythm, now))
        )
        wants, now = preferences.read(session, "room")
    assert wants.muted_until is not None and wants.digest is not None
    assert {each.tzinfo for each in (now, wants.muted_until, wants.digest.since)} == {UTC}
