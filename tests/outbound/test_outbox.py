"""What is stored to be sent: made safe, cut to size, once, and only if its transaction commits."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.redact import Redactor
from bot.store.database import Database

REDACTOR = Redactor(["swordfish"])
CARD = {"type": "AdaptiveCard", "version": "1.3", "body": []}


def put(database: Database, **fields: Any) -> list[dict[str, Any]]:
    """Store a message, and return the rows it became."""
    values = {"key": "reply", "markdown": "hello", "room_id": "room", **fields}
    with database.transaction() as session:
        enqueue(session, Outgoing(**values), REDACTOR)
    return stored(database)


def stored(database: Database) -> list[dict[str, Any]]:
    columns = (
        "lane, dedupe_key AS key, room_id, to_person_email, parent_id, body, file_name, file_content, state"
    )
    with database.transaction() as session:
        rows = session.execute(text(f"SELECT {columns} FROM outbox ORDER BY id"))
        return [{name: value for name, value in row._mapping.items() if value is not None} for row in rows]


def test_a_message_to_a_room_is_one_row_in_the_lane_of_that_room(database: Database) -> None:
    assert put(database, parent_id="root") == [
        {
            "lane": "room",
            "key": "reply:0",
            "room_id": "room",
            "parent_id": "root",
            "body": {"markdown": "hello"},
            "state": "pending",
        }
    ]


def test_a_message_to_a_person_has_a_lane_of_theirs(database: Database) -> None:
    [row] = put(database, room_id=None, to_person_email="ada@example.com")
    assert (row["lane"], row["to_person_email"]) == ("mailto:ada@example.com", "ada@example.com")


def test_the_same_key_twice_is_one_message(database: Database) -> None:
    put(database, markdown="first")
    assert [row["body"] for row in put(database, markdown="second")] == [{"markdown": "first"}]


def test_what_is_rolled_back_is_not_stored(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        enqueue(session, Outgoing(key="reply", markdown="hello", room_id="room"), REDACTOR)
        raise ZeroDivisionError
    assert stored(database) == []


def test_a_long_text_is_several_rows_in_order_and_its_card_goes_with_the_last(database: Database) -> None:
    paragraphs = "\n\n".join(f"paragraph {number} {'x' * 90}" for number in range(200))
    rows = put(database, markdown=paragraphs, card=CARD)
    assert [row["key"] for row in rows] == ["reply:0", "reply:1", "reply:2"]
    assert all(len(row["body"]["markdown"].encode()) <= 7439 for row in rows)
    assert "\n\n".join(row["body"]["markdown"] for row in rows) == paragraphs
    assert [row["body"].get("card") for row in rows] == [None, None, CARD]


def test_a_text_past_a_few_parts_is_its_beginning_and_a_file(database: Database) -> None:
    text = "\n\n".join(f"paragraph {number} {'x' * 90}" for number in range(400))
    [row] = put(database, markdown=text)
    assert row["body"]["markdown"].endswith("All of it is in **output.md**.")
    assert (row["file_name"], row["file_content"]) == ("output.md", text.encode())


def test_a_file_goes_with_the_last_part(database: Database) -> None:
    [row] = put(database, file_name="console.log", file_content=b"ok\n")
    assert (row["body"], row["file_name"], row["file_content"]) == (
        {"markdown": "hello"},
        "console.log",
        b"ok\n",
    )


def test_a_card_and_a_file_are_two_messages_since_webex_takes_one_of_them(database: Database) -> None:
    with_card, with_file = put(database, card=CARD, file_name="console.log", file_content=b"ok\n")
    assert with_card["body"] == {"markdown": "hello", "card": CARD}
    assert "file_content" not in with_card
    assert with_file["body"] == {"markdown": "**console.log**"}
    assert with_file["file_content"] == b"ok\n"


def test_a_text_that_becomes_a_file_does_not_push_out_the_file_it_came_with(database: Database) -> None:
    text = "\n\n".join(f"paragraph {number} {'x' * 90}" for number in range(400))
    rows = put(database, markdown=text, file_name="console.log", file_content=b"ok\n")
    assert [(row["file_name"], row["file_content"]) for row in rows] == [
        ("output.md", text.encode()),
        ("console.log", b"ok\n"),
    ]


def test_a_file_without_a_word_is_sent_all_the_same(database: Database) -> None:
    [row] = put(database, markdown="", file_name="console.log", file_content=b"ok\n")
    assert (row["body"], row["file_content"]) == ({"markdown": "…"}, b"ok\n")


def test_nothing_to_say_is_no_message(database: Database) -> None:
    assert put(database, markdown=" \n") == []


# No secrets


def test_a_secret_leaves_neither_in_the_text_nor_on_a_card_nor_in_a_file(database: Database) -> None:
    card = {**CARD, "body": [{"type": "TextBlock", "text": "it is swordfish"}]}
    with_card, with_file = put(
        database,
        markdown="the password is swordfish",
        card=card,
        file_name="console.log",
        file_content="login swordfish ✓\n".encode(),
    )
    assert with_card["body"]["markdown"] == "the password is «redacted»"
    assert with_card["body"]["card"]["body"] == [{"type": "TextBlock", "text": "it is «redacted»"}]
    assert with_file["file_content"].decode() == "login «redacted» ✓\n"


def test_a_secret_that_is_cut_by_the_border_of_two_parts_leaves_in_neither(database: Database) -> None:
    rows = put(database, markdown="x" * 7430 + " swordfish " + "y" * 7430)
    assert not any("sword" in row["body"]["markdown"] for row in rows)
    assert sum(row["body"]["markdown"].count("«redacted»") for row in rows) == 1


def test_a_file_that_is_no_text_is_not_changed(database: Database) -> None:
    png = bytes(range(256)) * 4
    [row] = put(database, file_name="chart.png", file_content=png)
    assert row["file_content"] == png


# No mentions


@pytest.mark.parametrize(
    ("mentions", "shown"),
    [
        ((), "<\u200b@all> and <\u200b@personEmail:ada@example.com>"),
        (("personEmail:ada@example.com",), "<\u200b@all> and <@personEmail:ada@example.com>"),
    ],
)
def test_only_the_mentions_that_the_bot_means_to_make_are_made(
    database: Database, mentions: tuple[str, ...], shown: str
) -> None:
    [row] = put(database, markdown="<@all> and <@personEmail:ada@example.com>", mentions=mentions)
    assert row["body"]["markdown"] == shown


def test_a_file_larger_than_webex_takes_is_left_out_with_a_word(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.outbound.outbox.LARGEST_FILE", 1_000_000)
    [row] = put(database, markdown="The log.", file_name="build_7.log", file_content=b"x" * 1_500_000)
    assert row["body"] == {
        "markdown": "The log.\n\n📎 **build\\_7.log** is left out: it has 1.5 MB, and Webex takes 100 MB. Ask for less "
        "of it at a time."
    }
    assert "file_name" not in row and "file_content" not in row
    [_, kept] = put(database, key="as large", file_content=b"x" * 1_000_000)
    assert len(kept["file_content"]) == 1_000_000
