"""A message that is edited while something goes on: few edits, and always one left for the end."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bot.outbound.outbox import MAX_EDITS, Outgoing, enqueue, start_live, update_live
from tests.bot_in_process import BotInProcess


def start(bot: BotInProcess, markdown: str = "⏳ queued", parent: str | None = None) -> int:
    with bot.database.transaction() as session:
        return start_live(session, bot.room, parent, markdown, bot.services.redactor)


def show(bot: BotInProcess, live: int, markdown: str, *, final: bool = False) -> str | None:
    """Say what the message shall show now; edits may follow each other at once here."""
    with bot.database.transaction() as session:
        return update_live(session, live, markdown, bot.services.redactor, final=final, interval=1.0)


def shown(bot: BotInProcess) -> list[str]:
    return [each["markdown"] for each in bot.messages()]


def edits(bot: BotInProcess) -> int:
    calls: dict[str, Any] = bot.webex.control("GET", "stats").json()["calls"].get("PUT /v1/messages/{id}", {})
    return sum(calls.values())


def test_it_is_posted_once_and_then_edited_in_place(bot: BotInProcess) -> None:
    live = start(bot)
    bot.work()
    assert shown(bot) == ["⏳ queued"]
    show(bot, live, "🔨 running")
    bot.let_pass(1)
    bot.work()
    assert show(bot, live, "✅ done", final=True) == bot.room
    bot.work()
    assert shown(bot) == ["✅ done"]
    assert edits(bot) == 2


def test_it_stands_in_the_thread_it_was_asked_in(bot: BotInProcess) -> None:
    root = bot.webex.person().post("messages", roomId=bot.room, text="build it")
    start(bot, parent=root["id"])
    bot.work()
    assert bot.thread(root["id"]) == ["⏳ queued"]


def test_where_that_thread_is_gone_it_stands_in_the_room(bot: BotInProcess) -> None:
    root = bot.webex.person().post("messages", roomId=bot.room, text="build it")
    bot.webex.person().delete(f"messages/{root['id']}")
    live = start(bot, parent=root["id"])
    bot.work()
    show(bot, live, "✅ done", final=True)
    bot.work()
    assert shown(bot) == ["✅ done"]


def test_what_changes_before_it_is_posted_is_posted_as_it_is_then(bot: BotInProcess) -> None:
    live = start(bot)
    show(bot, live, "🔨 running")
    bot.work()
    assert shown(bot) == ["🔨 running"]
    assert edits(bot) == 0


def test_changes_that_come_fast_fold_into_one_edit_with_the_last_of_them(bot: BotInProcess) -> None:
    live = start(bot)
    bot.work()
    for percent in range(0, 100, 5):
        show(bot, live, f"🔨 {percent} %")
    bot.work()
    assert shown(bot) == ["⏳ queued"]
    bot.let_pass(1)
    bot.work()
    assert shown(bot) == ["🔨 95 %"]
    assert edits(bot) == 1


def test_each_edit_waits_longer_than_the_one_before(bot: BotInProcess) -> None:
    live = start(bot)
    bot.work()
    waits = []
    for number in range(5):
        show(bot, live, f"step {number}")
        [(wait,)] = bot.rows(
            "SELECT extract(epoch FROM outbox.not_before - edited_at) FROM outbox "
            "JOIN live_messages ON live_id = live_messages.id WHERE state = 'pending'"
        )
        waits.append(round(float(wait), 1))
        bot.let_pass(float(wait))
        bot.work()
    assert waits == [1.0, 2.2, 4.8, 10.6, 23.4]


def test_the_end_is_shown_at_once_also_while_another_change_waits(bot: BotInProcess) -> None:
    live = start(bot)
    bot.work()
    show(bot, live, "🔨 running")
    show(bot, live, "✅ done", final=True)
    bot.work()
    assert shown(bot) == ["✅ done"]
    assert edits(bot) == 1


def test_however_much_happens_it_is_edited_ten_times_at_most_and_shows_the_end(bot: BotInProcess) -> None:
    live = start(bot)
    for number in range(40):
        show(bot, live, f"step {number}")
        bot.let_pass(1000)
        bot.work()
    assert shown(bot) == ["step 9"]  # the first was still in time for the posting
    assert edits(bot) == MAX_EDITS - 1
    show(bot, live, "✅ done", final=True)
    bot.work()
    assert shown(bot) == ["✅ done"]
    assert edits(bot) == MAX_EDITS


def test_the_edit_for_the_end_is_not_taken_by_a_change_that_was_on_its_way(bot: BotInProcess) -> None:
    """The ninth edit is being sent while one more change is stored: that one must not become the tenth."""
    live = start(bot)
    for number in range(9):
        show(bot, live, f"step {number}")
        bot.let_pass(1000)
        bot.work()
    with bot.database.transaction() as session:
        session.execute(text("UPDATE live_messages SET edits = 8"))
    show(bot, live, "on its way")
    with bot.database.transaction() as session:
        session.execute(text("UPDATE live_messages SET edits = 9"))
    bot.let_pass(1000)
    bot.work()
    assert shown(bot) == ["step 8"]
    show(bot, live, "✅ done", final=True)
    bot.work()
    assert shown(bot) == ["✅ done"]


def test_the_end_is_shown_also_where_its_words_were_wanted_before_and_had_no_edit_left(
    bot: BotInProcess,
) -> None:
    live = start(bot)
    for number in range(12):
        show(bot, live, f"step {number}")
        bot.let_pass(1000)
        bot.work()
    assert shown(bot) == ["step 9"]
    show(bot, live, "step 11", final=True)
    bot.work()
    assert shown(bot) == ["step 11"]


def test_what_it_shows_already_costs_no_edit(bot: BotInProcess) -> None:
    live = start(bot, "✅ done")
    bot.work()
    assert show(bot, live, "✅ done") is None
    show(bot, live, "✅ done", final=True)
    bot.work()
    assert shown(bot) == ["✅ done"]
    assert edits(bot) == 0


def test_after_the_end_nothing_changes_it_any_more(bot: BotInProcess) -> None:
    live = start(bot)
    show(bot, live, "✅ done", final=True)
    assert show(bot, live, "🔨 running") is None
    assert show(bot, live, "❌ failed", final=True) is None
    bot.work()
    assert shown(bot) == ["✅ done"]


def test_one_that_somebody_deleted_stays_away_and_what_follows_in_the_room_arrives(bot: BotInProcess) -> None:
    root = bot.webex.person().post("messages", roomId=bot.room, text="build it")
    live = start(bot, parent=root["id"])
    bot.work()
    [message] = bot.messages(parentId=root["id"])
    bot.webex.bot().delete(f"messages/{message['id']}")
    show(bot, live, "✅ done", final=True)
    with bot.database.transaction() as session:
        told = Outgoing(key="told", markdown="✅ The build is done.", room_id=bot.room, parent_id=root["id"])
        enqueue(session, told, bot.services.redactor)
    bot.work()
    assert bot.thread(root["id"]) == ["✅ The build is done."]


def test_the_end_and_the_message_that_tells_of_it_keep_their_order(bot: BotInProcess) -> None:
    live = start(bot)
    show(bot, live, "🔨 running")
    show(bot, live, "✅ done", final=True)
    with bot.database.transaction() as session:
        enqueue(session, Outgoing(key="told", markdown="Done.", room_id=bot.room), bot.services.redactor)
    bot.work()
    assert shown(bot) == ["✅ done", "Done."]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refused_edit_is_made_later(bot: BotInProcess, status: int) -> None:
    live = start(bot)
    bot.work()
    bot.webex.fault(kind="status", status=status, match={"method": "PUT", "path": "/v1/messages/*"}, count=1)
    show(bot, live, "✅ done", final=True)
    bot.work()
    assert shown(bot) == ["⏳ queued"]
    bot.let_pass(60)
    bot.work()
    assert shown(bot) == ["✅ done"]


def test_it_is_as_safe_as_any_message(bot: BotInProcess) -> None:
    start(bot, "🔨 <@all> password=hunter2hunter2")
    bot.work()
    [message] = bot.messages()
    assert message["markdown"] == "🔨 <\u200b@all> password=«redacted»"
    assert "mentionedGroups" not in message


def test_what_is_longer_than_one_message_is_cut_since_it_cannot_be_split(bot: BotInProcess) -> None:
    live = start(bot)
    bot.work()
    show(bot, live, "\n\n".join(f"stage {number}: {'🚀' * 20}" for number in range(200)), final=True)
    bot.work()
    [words] = shown(bot)
    assert words.startswith("stage 0: 🚀")
    assert 7000 < len(words.encode()) <= 7439
