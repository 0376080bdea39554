"""What the bot knows of rooms, and that a room's new id is followed wherever the old one was written down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from bot.access import audit, confirmations
from bot.access.policies import Policies
from bot.inbound.rooms import follow_migration
from bot.outbound.outbox import Outgoing, enqueue, start_live
from bot.outbound.subscriptions import rooms_for, subscribe, subscriptions
from bot.store.database import Database
from bot.store.models import Base, Run, Topic
from tests.bot_in_process import BOT, BotInProcess, bot_in_process, delivery
from tests.playground.running import Webex
from tests.talking import OWNER, settings_of


def migrate(bot: BotInProcess) -> str:
    """Webex gives the room a new id and tells of it; returns the new id."""
    old = bot.room
    room = bot.webex.control("POST", f"rooms/{old}/migrate").json()
    data = {"id": room["id"], "migratedFrom": old, "title": room["title"], "type": "group"}
    assert bot.deliver(delivery("rooms", "migrated", data)).status_code == 200
    bot.work()
    return str(room["id"])


def fill_everything(bot: BotInProcess) -> None:
    """A row with the room's id in every table that has one."""
    redactor = bot.services.redactor
    bot.rooms.refresh(bot.room)
    with bot.database.transaction() as session:
        entry = audit.Entry("k", "c", "text", OWNER, bot.room, "ping", "ping", "allowed", "owner", "ok", 1)
        audit.record(session, entry, bot.services.audit_keys)
        confirmations.ask(
            session, person=OWNER, room_id=bot.room, words=("x",), digest="d", effect="e", seconds=60
        )
        enqueue(session, Outgoing(key="waiting", markdown="late but there", room_id=bot.room), redactor)
        live = start_live(session, bot.room, None, "⏳ begun", redactor)
        session.add(
            Run(
                request_key="k",
                kind="none",
                title="t",
                state="requested",
                arguments={},
                requester=OWNER,
                room_id=bot.room,
                live_id=live,
                correlation_id="c",
            )
        )
        subscribe(session, "ci", "api/*", bot.room, OWNER)
        session.add(Topic(source="ci", subject="api main", room_id=bot.room, state={"result": "red"}))


def holding(bot: BotInProcess, room_id: str) -> set[str]:
    """The tables in which this id is written, in a column of its own."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            query = f'SELECT 1 FROM {table.name} WHERE CAST("{column.name}" AS text) = :id'
            if bot.rows(query, id=room_id):
                found.add(table.name)
    return found


def test_a_migrated_room_is_followed_everywhere_its_id_was_written_down(bot: BotInProcess) -> None:
    fill_everything(bot)
    old = bot.room
    before = holding(bot, old)
    assert before >= {
        "audit",
        "confirmations",
        "live_messages",
        "outbox",
        "rooms",
        "runs",
        "subscriptions",
        "topics",
    }
    new = migrate(bot)
    assert holding(bot, new) == (before - {"audit"}) | {"outbox_lanes"}
    assert holding(bot, old) == {"audit"}  # which cannot be changed: it keeps what was true then


def test_what_waited_for_the_old_room_arrives_in_the_new_one(bot: BotInProcess) -> None:
    fill_everything(bot)
    new = migrate(bot)
    assert [each["markdown"] for each in bot.messages(room=new)] == ["late but there", "⏳ begun"]


def test_the_migrated_room_keeps_its_rights_its_subscriptions_and_its_conversation(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database) as bot:
        fill_everything(bot)
        old, new = bot.room, migrate(bot)
        bot.room = new
        assert bot.ask("ping") == "pong"
        place = bot.rooms.place(new)
        assert (place.ids, place.title) == ((new, old), "Sparkops demo")
        with database.transaction() as session:
            assert rooms_for(session, "ci", "api/main") == (new,)


def test_a_rule_that_names_the_old_id_still_decides_about_the_room(
    webex: Webex, database: Database, tmp_path: Any
) -> None:
    with bot_in_process(webex, database) as bot:
        bot.rooms.refresh(bot.room)
        rules = {"access": [{"allow": "ada@example.com", "rooms": bot.room, "commands": "run *"}]}
        policy = Policies.of_settings(settings_of({}, rules, tmp_path)).current
        place = bot.rooms.place(migrate(bot))
        command = bot.services.registry.get("run list")
        assert command is not None
        question = bot.services.question(command, "ada@example.com", place, {})
        assert policy.decide(question).allowed


def test_a_room_that_migrates_twice_keeps_all_of_its_ids(bot: BotInProcess) -> None:
    bot.rooms.refresh(bot.room)
    first = bot.room
    bot.room = second = migrate(bot)
    third = migrate(bot)
    assert bot.rooms.place(third).ids == (third, first, second)


def test_what_already_stands_under_the_new_id_does_not_stop_the_migration(bot: BotInProcess) -> None:
    """The news may come late: somebody may have spoken in the room under its new id before."""
    with bot.database.transaction() as session:
        subscribe(session, "ci", "api/*", "old", OWNER)
        subscribe(session, "ci", "web/*", "old", OWNER)
        subscribe(session, "ci", "api/*", "new", "ada@example.com")
        session.add(Topic(source="ci", subject="api main", room_id="old", state={"result": "red"}))
        session.add(Topic(source="ci", subject="api main", room_id="new", state={"result": "green"}))
    with bot.database.transaction() as session:
        follow_migration(session, "old", "new")
    with bot.database.transaction() as session:
        told = {(each.topic, each.room_id, each.created_by) for each in subscriptions(session, "ci")}
        assert told == {("api/*", "new", "ada@example.com"), ("web/*", "new", OWNER)}
    assert bot.rows("SELECT room_id, state FROM topics") == [("new", {"result": "green"})]


def test_a_migration_that_does_not_say_from_where_is_left_alone(bot: BotInProcess) -> None:
    bot.deliver(delivery("rooms", "migrated", {"id": "new", "title": "Ops", "type": "group"}))
    bot.work()
    assert bot.rows("SELECT state, reason FROM inbox") == [
        ("ignored", "a migration that does not say from where")
    ]


# What is remembered


def calls(bot: BotInProcess) -> int:
    return sum(bot.webex.control("GET", "stats").json()["calls"].get("GET /v1/rooms/{id}", {}).values())


def test_webex_is_asked_once_for_a_room(bot: BotInProcess) -> None:
    for _ in range(3):
        assert bot.rooms.place(bot.room).title == "Sparkops demo"
    assert calls(bot) == 1


def test_a_renamed_room_has_its_new_title_at_once(bot: BotInProcess) -> None:
    assert bot.ask("whoami").startswith("You are **you@example.com**, in the room Sparkops demo.")
    room = bot.webex.person().put(f"rooms/{bot.room}", title="Operations")
    bot.deliver(delivery("rooms", "updated", {"id": bot.room, "title": room["title"], "type": "group"}))
    bot.work()
    assert bot.ask("whoami").startswith("You are **you@example.com**, in the room Operations.")


def membership(bot: BotInProcess, event: str, email: str = BOT) -> None:
    person = bot.webex.bot(email) if email.endswith("webex.bot") else bot.webex.person(email)
    who = person.get("people/me")["id"]
    data = {
        "id": f"{event} {email}",
        "roomId": bot.room,
        "personId": who,
        "personEmail": email,
        "roomType": "group",
    }
    assert bot.deliver(delivery("memberships", event, data)).status_code == 200
    bot.work()


def test_added_to_a_room_the_bot_knows_it_and_removed_it_asks_again_should_it_come_back(
    bot: BotInProcess,
) -> None:
    membership(bot, "created")
    assert bot.rows('SELECT title, "left" FROM rooms') == [("Sparkops demo", False)]
    membership(bot, "deleted", OWNER)
    assert bot.rows('SELECT "left" FROM rooms') == [(False,)]
    owner = bot.webex.person()
    [seat] = owner.get("memberships", roomId=bot.room, personEmail=BOT)["items"]
    owner.delete(f"memberships/{seat['id']}")
    membership(bot, "deleted")
    assert bot.rows('SELECT "left" FROM rooms') == [(True,)]
    owner.post("memberships", roomId=bot.room, personEmail=BOT)
    before = calls(bot)
    bot.rooms.place(bot.room)
    assert calls(bot) == before + 1
    assert bot.rows('SELECT "left" FROM rooms') == [(False,)]


def test_a_room_the_bot_was_thrown_out_of_is_no_dead_letter(bot: BotInProcess) -> None:
    """The news of a change may come after the bot has left: Webex then knows no such room."""
    bot.deliver(delivery("rooms", "updated", {"id": "gone", "title": "Ops", "type": "group"}))
    for _ in range(6):
        bot.work()
        bot.let_pass(10)
    [(state, reason)] = bot.rows("SELECT state, reason FROM inbox")
    assert state == "ignored"
    assert reason.startswith("gone before it was read: Reading room gone: Webex answered 404 Not Found")


def test_a_database_that_forgot_a_room_is_no_hindrance(bot: BotInProcess) -> None:
    bot.rooms.place(bot.room)
    with bot.database.transaction() as session:
        session.execute(text("DELETE FROM rooms"))
    bot.room = migrate(bot)
    assert bot.ask("ping") == "pong"
