"""The bot in other people's rooms: it greets once, does not stay where it may not, and rests where it was removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.subscriptions import rooms_for, subscribe
from bot.store.database import Database
from tests.bot_in_process import BOT, BotInProcess, about, bot_in_process, delivery, served
from tests.playground.running import Webex
from tests.talking import OWNER, free_port, wait_for

GREETING = (
    "👋 Hello, I am **Sparkops**. I do chores from chat: you say one line, I do it, and where it could hurt I ask "
    "first. I am run by You. Say `@Sparkops help` to see what I can do for you here. In this room I hear only what "
    "mentions me."
)
DIRECT_GREETING = (
    "👋 Hello, I am **Sparkops**. I do chores from chat: you say one line, I do it, and where it could hurt I ask "
    "first. I am run by You. Say `help` to see what I can do for you here."
)
EVE = "eve@other.example"


def seat_of(bot: BotInProcess, room: str, email: str = BOT, *, seen_by: str = OWNER) -> dict[str, Any]:
    """Somebody's membership, as Webex tells it."""
    [seat] = bot.webex.person(seen_by).get("memberships", roomId=room, personEmail=email)["items"]
    assert isinstance(seat, dict)
    return seat


def added(seat: Mapping[str, Any], by: str | None, *, version: int = 1) -> dict[str, Any]:
    """The delivery that tells of a membership; another `version` is not taken for the same delivery."""
    return delivery("memberships", "created", {**seat, "version": version}) | {"actorId": by}


def person_id(bot: BotInProcess, email: str) -> str:
    return str(bot.webex.person(email).get("people/me")["id"])


def hear_of(bot: BotInProcess, room: str, *, by: str = OWNER, version: int = 1) -> None:
    """Webex tells that the bot was added, and the bot acts on it."""
    assert (
        bot.deliver(added(seat_of(bot, room, seen_by=by), person_id(bot, by), version=version)).status_code
        == 200
    )
    bot.work()


def said(bot: BotInProcess, room: str | None = None, *, person: str = OWNER) -> list[str]:
    """What the bot has said in the room."""
    messages = bot.messages(room=room, person=person)
    return [each["markdown"] for each in messages if each["personEmail"] == BOT]


def remove(bot: BotInProcess) -> dict[str, Any]:
    """Somebody removes the bot from its room; returns the membership it had."""
    seat = seat_of(bot, bot.room)
    bot.webex.person().delete(f"memberships/{seat['id']}")
    return seat


def hear_of_removal(bot: BotInProcess, seat: Mapping[str, Any]) -> None:
    assert bot.deliver(delivery("memberships", "deleted", seat)).status_code == 200
    bot.work()


def add(bot: BotInProcess) -> None:
    bot.webex.clock.advance(seconds=1)
    bot.webex.person().post("memberships", roomId=bot.room, personEmail=BOT)


# --- greeting


def test_added_to_a_room_it_says_what_it_does_who_runs_it_and_how_to_go_on(
    webex: Webex, database: Database
) -> None:
    """As Webex itself delivers it."""
    port = free_port()
    environ = {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with bot_in_process(webex, database, environ=environ, room=False) as bot, served(bot.app, port):
        bot.watch.set_up()
        bot.room = webex.room_with_bot("Ops")
        told = "SELECT 1 FROM inbox WHERE dedupe_key LIKE 'memberships:created:%'"
        wait_for(lambda: bot.rows(told), "the delivery")
        bot.work()
        [message] = [each for each in bot.messages() if each["personEmail"] == BOT]
    assert message["markdown"] == GREETING
    assert "parentId" not in message


def test_the_news_of_the_same_joining_greets_once_however_often_it_comes(bot: BotInProcess) -> None:
    for version in range(3):
        hear_of(bot, bot.room, version=version)
    assert said(bot) == [GREETING]
    assert bot.rows("SELECT DISTINCT state FROM inbox") == [("done",)]


def test_two_workers_that_hear_of_it_at_once_greet_once(bot: BotInProcess) -> None:
    seat, by = seat_of(bot, bot.room), person_id(bot, OWNER)
    for version in range(8):
        bot.deliver(added(seat, by, version=version))
    events = bot.handler.claim(8)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(bot.handler.handle, events))
    bot.work()
    assert said(bot) == [GREETING]


def test_removed_and_added_anew_it_greets_once_more(bot: BotInProcess) -> None:
    hear_of(bot, bot.room)
    hear_of_removal(bot, remove(bot))
    add(bot)
    hear_of(bot, bot.room, version=2)
    assert said(bot) == [GREETING, GREETING]


def test_also_where_webex_does_not_say_when_it_was_added_each_joining_is_greeted_once(
    bot: BotInProcess,
) -> None:
    by = person_id(bot, OWNER)

    def hear(version: int) -> None:
        seat = {name: value for name, value in seat_of(bot, bot.room).items() if name != "created"}
        bot.deliver(added(seat, by, version=version))
        bot.work()

    hear(1)
    hear(2)
    hear_of_removal(bot, remove(bot))
    add(bot)
    hear(3)
    hear(4)
    assert said(bot) == [GREETING, GREETING]


def test_late_news_of_the_joining_before_does_not_greet_again(bot: BotInProcess) -> None:
    first = seat_of(bot, bot.room)
    hear_of(bot, bot.room)
    remove(bot)
    add(bot)
    hear_of(bot, bot.room, version=2)  # the removal itself is not heard of yet
    assert said(bot) == [GREETING, GREETING]
    bot.deliver(added(first, person_id(bot, OWNER), version=3))
    bot.work()
    assert said(bot) == [GREETING, GREETING]


def test_a_room_that_migrates_is_not_greeted_again(bot: BotInProcess) -> None:
    hear_of(bot, bot.room)
    seat, by, old = seat_of(bot, bot.room), person_id(bot, OWNER), bot.room
    bot.room = bot.webex.control("POST", f"rooms/{old}/migrate").json()["id"]
    bot.deliver(delivery("rooms", "migrated", {"id": bot.room, "migratedFrom": old}))
    bot.work()
    bot.deliver(added({**seat, "roomId": bot.room}, by))
    bot.work()
    assert said(bot) == [GREETING]


def test_a_room_it_made_by_itself_is_not_greeted(bot: BotInProcess) -> None:
    bot.deliver(added(seat_of(bot, bot.room), bot.me.id))
    bot.work()
    assert said(bot) == []


def test_the_first_message_of_a_person_alone_with_it_is_greeted_ahead_of_the_answer(
    bot: BotInProcess,
) -> None:
    room = ""
    for _ in range(2):
        message = bot.webex.person().post("messages", toPersonEmail=BOT, text="ping")
        room = message["roomId"]
        bot.deliver(about(message))
        bot.work()
    assert said(bot, room) == [DIRECT_GREETING, "pong", "pong"]


def test_another_worker_knows_that_a_person_was_greeted(bot: BotInProcess) -> None:
    for number in range(2):
        message = bot.webex.person().post("messages", toPersonEmail=BOT, text="ping")
        bot.deliver(about(message))
        if number:
            bot.serve(bot.services)  # it has forgotten all it knew by heart
        bot.work()
    assert said(bot, message["roomId"]) == [DIRECT_GREETING, "pong", "pong"]


def test_whom_it_writes_to_first_is_not_greeted_for_that(bot: BotInProcess) -> None:
    with bot.database.transaction() as session:
        alarm = Outgoing(key="alarm", markdown="The disk is full.", to_person_email=OWNER)
        enqueue(session, alarm, bot.services.redactor)
    bot.work()
    [room] = bot.webex.person().get("rooms", type="direct")["items"]
    bot.deliver(added(seat_of(bot, room["id"]), bot.me.id))
    bot.work()
    assert said(bot, room["id"]) == ["The disk is full."]


@contextmanager
def as_guest(
    webex: Webex, database: Database, folder: Path, *, owners: str = OWNER, **guests: Any
) -> Iterator[BotInProcess]:
    environ = {"SPARKOPS_ADMINS": owners}
    config = {"guests": guests}
    with bot_in_process(webex, database, environ=environ, config=config, folder=folder) as bot:
        yield bot


@pytest.mark.parametrize(
    ("owners", "named"),
    [
        ("ada@example.com", "Ada"),
        ("ada@example.com,bob@example.com", "Ada and Bob"),
        (
            "ada@example.com,bob@example.com,c@example.com,d@example.com,e@example.com",
            "Ada, Bob, C and 2 more",
        ),
        ("", "people who have not left their names with me"),
    ],
)
def test_a_greeting_of_ones_own_may_name_the_bot_its_owners_and_the_help(
    webex: Webex, database: Database, tmp_path: Path, owners: str, named: str
) -> None:
    for each in owners.split(","):
        if each:
            webex.person(each).get("people/me")
    text = "I am {name}, run by {owners}: {help}. {hears} {other} <@all>"
    with as_guest(webex, database, tmp_path, owners=owners, greeting=text) as bot:
        hear_of(bot, bot.room)
        [message] = [each for each in bot.messages() if each["personEmail"] == BOT]
    assert message["markdown"].replace("\u200b", "") == (
        f"I am Sparkops, run by {named}: `@Sparkops help`. In this room I hear only what mentions me. {{other}} <@all>"
    )
    assert "mentionedGroups" not in message


def test_an_owner_whom_webex_tells_nothing_of_is_named_by_e_mail(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with as_guest(webex, database, tmp_path, owners="nobody@example.com", greeting="Ask {owners}") as bot:
        webex.fault(kind="status", status=503, match={"method": "GET", "path": "/v1/people"})
        hear_of(bot, bot.room)
        assert said(bot) == ["Ask nobody@example.com"]


def test_with_an_empty_greeting_it_comes_in_silence(webex: Webex, database: Database, tmp_path: Path) -> None:
    with as_guest(webex, database, tmp_path, greeting="") as bot:
        hear_of(bot, bot.room)
        assert said(bot) == []
        message = bot.webex.person().post("messages", toPersonEmail=BOT, text="ping")
        bot.deliver(about(message))
        bot.work()
        assert said(bot, message["roomId"]) == ["pong"]


# --- staying


def room_of(bot: BotInProcess, creator: str, adder: str) -> str:
    """A room that one has made and to which the other has added the bot."""
    room = str(bot.webex.person(creator).post("rooms", title="Ops")["id"])
    if adder != creator:
        bot.webex.person(creator).post("memberships", roomId=room, personEmail=adder)
    bot.webex.person(adder).post("memberships", roomId=room, personEmail=BOT)
    return room


def is_in(bot: BotInProcess, room: str) -> bool:
    return room in {each["id"] for each in bot.webex.bot().get("rooms", max=100)["items"]}


FAREWELL = (
    "👋 Thank you for having me. I may stay only in rooms of my own house, and {stranger}, so I leave again. I am "
    "run by You: they can say more."
)


@pytest.mark.parametrize(
    ("creator", "adder", "stranger"),
    [
        (EVE, EVE, "Eve, who added me, is not of it"),
        (OWNER, EVE, "Eve, who added me, is not of it"),
        (EVE, OWNER, "Eve, who made this one, is not of it"),
    ],
)
def test_a_room_of_other_peoples_house_is_left_with_one_polite_line(
    webex: Webex, database: Database, tmp_path: Path, creator: str, adder: str, stranger: str
) -> None:
    with as_guest(webex, database, tmp_path, domains="Example.com", leave_others=True) as bot:
        room = room_of(bot, creator, adder)
        hear_of(bot, room, by=adder)
        assert not is_in(bot, room)
        assert said(bot, room, person=creator) == [FAREWELL.format(stranger=stranger)]
        assert bot.rows(
            "SELECT entry, person_email, room_id, command, line, decision, rule, result FROM audit"
        ) == [
            (
                "event",
                EVE,
                room,
                "room leave",
                "added to Ops",
                "allowed",
                "guests: leave_others",
                f"left: {stranger}",
            )
        ]
        assert bot.rows("SELECT state FROM inbox") == [("done",)]


@pytest.mark.parametrize(
    "guests",
    [
        {"domains": ["example.com"], "leave_others": True},
        {"domains": ["elsewhere.example"]},
        {"organisations": ["ORG"], "leave_others": True},
    ],
    ids=["by domain", "leaves nobody", "by organisation"],
)
def test_where_it_may_stay_it_greets_and_stays(
    webex: Webex, database: Database, tmp_path: Path, guests: dict[str, Any]
) -> None:
    organisation = webex.person().get("people/me")["orgId"]
    if "organisations" in guests:
        guests = {**guests, "organisations": [organisation]}
    with as_guest(webex, database, tmp_path, **guests) as bot:
        hear_of(bot, bot.room)
        assert said(bot) == [GREETING]
        assert is_in(bot, bot.room)
        assert bot.rows("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize("domain", ["ample.com", "com", "mail.example.com", "example.com.evil.example"])
def test_a_domain_is_no_part_of_another(
    webex: Webex, database: Database, tmp_path: Path, domain: str
) -> None:
    with as_guest(webex, database, tmp_path, domains=domain, leave_others=True) as bot:
        hear_of(bot, bot.room)
        assert not is_in(bot, bot.room)


def test_of_an_adder_whom_nobody_knows_the_rooms_maker_decides(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with as_guest(webex, database, tmp_path, domains="example.com", leave_others=True) as bot:
        for version, nobody in enumerate((None, "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9nb25l")):
            bot.deliver(added(seat_of(bot, bot.room), nobody, version=version))
            bot.work()
        assert is_in(bot, bot.room)
        room = room_of(bot, EVE, EVE)
        bot.deliver(added(seat_of(bot, room, seen_by=EVE), None))
        bot.work()
        assert not is_in(bot, room)


def test_a_room_the_bot_made_by_itself_is_of_the_house(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with as_guest(webex, database, tmp_path, domains="example.com", leave_others=True) as bot:
        room = webex.bot().post("rooms", title="Mine")["id"]
        [seat] = webex.bot().get("memberships", roomId=room)["items"]
        bot.deliver(added(seat, bot.me.id))
        bot.work()
        assert is_in(bot, room)


def test_while_webex_refuses_to_let_it_go_the_line_is_said_once_and_leaving_is_tried_again(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with as_guest(webex, database, tmp_path, domains="example.com", leave_others=True) as bot:
        room = room_of(bot, EVE, EVE)
        fault = webex.fault(
            kind="status", status=503, match={"method": "DELETE", "path": "/v1/memberships/*"}
        )
        hear_of(bot, room, by=EVE)
        assert is_in(bot, room)
        webex.control("DELETE", f"faults/{fault}")
        bot.let_pass(60)
        bot.work()
        assert not is_in(bot, room)
        assert len(said(bot, room, person=EVE)) == 1
        assert bot.rows("SELECT count(*) FROM audit") == [(1,)]


def test_where_it_may_not_speak_it_leaves_in_silence(
    webex: Webex, database: Database, tmp_path: Path
) -> None:
    with as_guest(webex, database, tmp_path, domains="example.com", leave_others=True) as bot:
        room = room_of(bot, EVE, EVE)
        webex.control("POST", f"rooms/{room}/read-only", json={"isReadOnly": True})
        hear_of(bot, room, by=EVE)
        assert not is_in(bot, room)
        assert said(bot, room, person=EVE) == []


# --- removed


def test_what_was_still_to_be_said_in_a_room_it_was_removed_from_is_refused_at_once(
    bot: BotInProcess,
) -> None:
    bot.rooms.refresh(bot.room)
    seat = remove(bot)
    with bot.database.transaction() as session:
        for key in ("one", "two"):
            enqueue(session, Outgoing(key=key, markdown=key, room_id=bot.room), bot.services.redactor)
        subscribe(session, "ci", "api/*", bot.room, OWNER)
    bot.rows("UPDATE outbox SET not_before = now() + interval '1 hour' RETURNING 1")
    with capture_logs() as logs:
        hear_of_removal(bot, seat)
    assert (
        bot.rows("SELECT state, error, attempts FROM outbox")
        == [("refused", "I am not in this room any more.", 0)] * 2
    )
    [told] = [each for each in logs if each["event"] == "room.left"]
    assert (told["room"], told["messages_refused"], told["subscriptions"], told["schedules"]) == (
        bot.room,
        2,
        1,
        0,
    )


def test_its_subscriptions_rest_until_it_is_added_again(bot: BotInProcess) -> None:
    other = bot.webex.room_with_bot("Another room")
    bot.rooms.refresh(bot.room)
    with bot.database.transaction() as session:
        for room in (bot.room, other):
            subscribe(session, "ci", "api/*", room, OWNER)
    hear_of_removal(bot, remove(bot))
    with bot.database.transaction() as session:
        assert rooms_for(session, "ci", "api/main") == (other,)
    add(bot)
    hear_of(bot, bot.room)
    with bot.database.transaction() as session:
        assert rooms_for(session, "ci", "api/main") == (bot.room, other)


def test_old_news_of_a_removal_does_no_harm_where_it_is_back(bot: BotInProcess) -> None:
    hear_of(bot, bot.room)
    seat = remove(bot)
    add(bot)
    with bot.database.transaction() as session:
        later = Outgoing(key="later", markdown="still to be said", room_id=bot.room)
        enqueue(session, later, bot.services.redactor)
    hear_of_removal(bot, seat)
    assert said(bot) == [GREETING, "still to be said"]
    assert bot.rows('SELECT "left" FROM rooms') == [(False,)]
    assert bot.rows("SELECT reason FROM inbox WHERE state = 'ignored'") == [
        ("I am in this room: the news of my leaving is old",)
    ]


# --- changed


def test_who_moderated_a_room_does_not_any_more_as_soon_as_it_is_unlocked(bot: BotInProcess) -> None:
    room = bot.webex.person().post("rooms", title="Locked", isLocked=True)["id"]
    bot.webex.person().post("memberships", roomId=room, personEmail=BOT)
    assert bot.services.relations.moderates(OWNER, room) is True
    bot.webex.person().put(f"rooms/{room}", title="Locked", isLocked=False)
    bot.deliver(
        delivery("rooms", "updated", {"id": room, "title": "Locked", "type": "group", "isLocked": False})
    )
    bot.work()
    assert bot.services.relations.moderates(OWNER, room) is False
    assert said(bot, room) == []
