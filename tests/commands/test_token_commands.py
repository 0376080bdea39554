"""`token create|list|revoke`: what a person says, and what they see of it, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.commands.model import Entry, Place
from bot.store.database import Database
from bot.terminal import Terminal
from tests.bot_in_process import about, bot_in_process
from tests.playground.running import Webex, running_webex
from tests.talking import DIRECT, GROUP, Conversation, conversation

SECRET = re.compile(r"spk_[A-Za-z0-9_-]{43}")
ADA = "ada@example.com"
ELSEWHERE = (
    "⚠️ A token is shown to nobody but who makes it, so I make none here: say it in our direct room, or at the "
    "terminal (`python -m bot chat`)."
)
HOW = (
    "I show it once, on its own. If you cannot see it, `token revoke deploys` and make another. A program sends it "
    "as its bearer token to `POST /api/commands`."
)


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def talk(database: Database, tmp_path: Path) -> Conversation:
    """The owner's direct room; Ada may make tokens too."""
    config = {
        "access": [{"allow": ADA, "commands": "token *"}],
        "people": {"ada": [ADA, "ada@lovelace.example"]},
    }
    talk = conversation(database, config=config, folder=tmp_path)
    talk.place = DIRECT
    return talk


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.transaction() as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_a_token_is_made_and_shown_once_apart_from_the_reply(talk: Conversation) -> None:
    [reply] = talk.outcome("token create deploys --as ada@example.com").replies
    assert reply.markdown == (
        "🔑 The token `deploys` is made: every command, everywhere, as ada@example.com, without end. " + HOW
    )
    shown = SECRET.sub("spk_…", reply.reveals)
    assert shown == "The token `deploys`; keep it where secrets are kept:\n\n```\nspk_…\n```"
    assert "spk_" not in repr(reply)


def test_its_scope_and_its_end_are_told_back(talk: Conversation, database: Database) -> None:
    said = talk.say(
        "token create deploys --commands 'jenkins *' --commands 'run *' --rooms 'Ops *' --rooms none "
        "--as ada@example.com --as '*@ci.example.com' --for 90d"
    )
    [(until,)] = rows(
        database, "SELECT to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM api_tokens"
    )
    assert said == (
        "🔑 The token `deploys` is made: `jenkins *`, `run *`, in `Ops *`, `none`, as ada@example.com, "
        rf"\*@ci.example.com, until {until} UTC. {HOW}"
    )
    assert rows(database, "SELECT expires_at - created_at = interval '90 days' FROM api_tokens") == [(True,)]


def test_neither_the_audit_nor_what_is_remembered_of_the_request_holds_it(
    talk: Conversation, database: Database
) -> None:
    [reply] = talk.outcome("token create deploys --as ada@example.com").replies
    match = SECRET.search(reply.reveals)
    assert match
    for table in ("audit", "attempts", "api_tokens"):
        kept = rows(database, f"SELECT t::text FROM {table} AS t")
        assert kept and not any("spk_" + match[0][8:] in row or match[0] in row for (row,) in kept)


@pytest.mark.parametrize(
    ("place", "entry"),
    [
        (GROUP, Entry.TEXT),
        (GROUP, Entry.CARD),
        (Place(), Entry.REST),
        (DIRECT, Entry.REST),
        (DIRECT, Entry.SCHEDULE),
    ],
)
def test_it_is_made_only_where_nobody_else_reads(
    talk: Conversation, database: Database, place: Place, entry: Entry
) -> None:
    assert talk.say("token create deploys --as you@example.com", place=place, entry=entry) == ELSEWHERE
    assert rows(database, "SELECT * FROM api_tokens") == []


@pytest.mark.parametrize(("place", "entry"), [(DIRECT, Entry.CARD), (Place(), Entry.TERMINAL)])
def test_a_card_and_the_terminal_are_as_private(talk: Conversation, place: Place, entry: Entry) -> None:
    [reply] = talk.outcome("token create deploys --as you@example.com", place=place, entry=entry).replies
    assert SECRET.search(reply.reveals)


# As whom


def test_an_owner_says_as_whom_it_may_speak(talk: Conversation) -> None:
    assert talk.say("token create deploys") == (
        "⚠️ You are an owner: say as whom the token may speak, for example `--as you@example.com`, with all your "
        "rights, or `--as deploys@example.com`."
    )


@pytest.mark.parametrize("people", ["", "--as Ada@Example.com", "--as ada@lovelace.example"])
def test_others_speak_as_themselves(talk: Conversation, people: str) -> None:
    told = people.removeprefix("--as ") or ADA
    assert talk.say(f"token create deploys {people}", person=ADA).startswith(
        f"🔑 The token `deploys` is made: every command, everywhere, as {told}, without end."
    )


@pytest.mark.parametrize("glob", ["bob@example.com", "*@example.com", "ad?@example.com"])
def test_only_owners_make_tokens_that_speak_as_others(
    talk: Conversation, database: Database, glob: str
) -> None:
    assert talk.say(f"token create deploys --as {ADA} --as '{glob}'", person=ADA) == (
        f"⚠️ Only owners make tokens that speak as others: `{glob}` is not you. Leave `--as` out, or ask an owner."
    )
    assert rows(database, "SELECT * FROM api_tokens") == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "token create deploys --as everyone",
            "⚠️ `everyone` is no e-mail and no glob over e-mails, such as `*@example.com`.",
        ),
        (
            "token create deploys --as you@example.com --for 0s",
            "⚠️ A token is valid for ten years at the most, and longer than not at all: `--for 90d`.",
        ),
        (
            "token create deploys --as you@example.com --for 4000d",
            "⚠️ A token is valid for ten years at the most, and longer than not at all: `--for 90d`.",
        ),
        (
            "token create environment --as you@example.com",
            "⚠️ A token's name has small letters, digits, dots, dashes and underscores, 40 at the most, and is not "
            "`environment`.",
        ),
        (
            "token revoke deploys",
            "⚠️ There is no token `deploys` that you may revoke. `token list` shows yours.",
        ),
    ],
)
def test_what_cannot_be_done_is_told(talk: Conversation, line: str, says: str) -> None:
    assert talk.say(line) == says


def test_whom_no_rule_allows_makes_no_tokens(talk: Conversation) -> None:
    assert talk.outcome("token create deploys", person="bob@example.com").decision == "denied"


# What there is


def test_the_list_shows_everything_but_the_token(talk: Conversation, database: Database) -> None:
    talk.say("token create deploys --commands 'jenkins *' --as ada@example.com --for 90d")
    talk.say("token create mine", person=ADA)
    talk.say("token create old --as you@example.com")
    talk.say("token revoke old")
    with database.transaction() as session:
        session.execute(text("UPDATE api_tokens SET expires_at = '2036-02-03T04:05Z' WHERE name = 'deploys'"))
        session.execute(text("UPDATE api_tokens SET last_used_at = '2026-01-02T03:04Z' WHERE name = 'mine'"))
        session.execute(text("UPDATE api_tokens SET hint = 'spk_abcd'"))
    assert talk.say("token list") == (
        "```\n"
        "name     begins     commands   rooms  speaks as        made by          last used         valid until\n"
        "deploys  spk_abcd…  jenkins *  *      ada@example.com  you@example.com  never             2036-02-03 04:05\n"
        "mine     spk_abcd…  *          *      ada@example.com  ada@example.com  2026-01-02 03:04  without end\n"
        "old      spk_abcd…  *          *      you@example.com  you@example.com  never             "
        "was revoked by you@example.…\n"
        "```"
    )


def test_whoever_is_no_owner_sees_their_own(talk: Conversation) -> None:
    assert talk.say("token list", person=ADA) == "There are no tokens of yours. `token create` makes one."
    talk.say("token create deploys --as you@example.com")
    talk.say("token create mine", person=ADA)
    assert [line.split()[0] for line in talk.say("token list", person=ADA).split("\n")[2:-1]] == ["mine"]


def test_a_token_is_revoked_by_its_maker_and_the_answer_tells_whether_it_was_used(
    talk: Conversation, database: Database
) -> None:
    talk.say("token create deploys", person=ADA)
    assert talk.say("token revoke deploys", person=ADA, place=GROUP) == (
        "The token `deploys` is revoked and opens nothing any more; it was never used."
    )
    with database.transaction() as session:
        session.execute(text("UPDATE api_tokens SET last_used_at = '2026-01-02T03:04Z'"))
    assert talk.say("token revoke deploys") == (
        "The token `deploys` was revoked already; it was last used 2026-01-02 03:04 UTC."
    )


def test_nobody_else_but_an_owner_revokes_it(talk: Conversation, database: Database) -> None:
    talk.say("token create deploys --as you@example.com")
    assert talk.say("token revoke deploys", person=ADA) == (
        "⚠️ There is no token `deploys` that you may revoke. `token list` shows yours."
    )
    assert rows(database, "SELECT revoked_at FROM api_tokens") == [(None,)]


# In Webex


def everything(database: Database) -> str:
    tables = rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(
        row for (table,) in tables for (row,) in rows(database, f"SELECT t::text FROM {table} AS t")
    )


def test_in_the_direct_room_the_token_comes_in_a_message_of_its_own_and_is_stored_nowhere(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database) as bot:
        you = webex.person()
        asked = you.post(
            "messages", toPersonEmail="sparkops@webex.bot", text="token create deploys --as you@example.com"
        )
        assert bot.deliver(about(asked)).status_code == 200
        bot.work()
        _, shown, _greeting, reply = bot.messages(room=asked["roomId"])
        assert SECRET.sub("spk_…", shown["markdown"]) == (
            "The token `deploys`; keep it where secrets are kept:\n\n```\nspk_…\n```"
        )
        assert reply["markdown"].startswith("🔑 The token `deploys` is made: ")
        match = SECRET.search(shown["markdown"])
        assert match and match[0] not in everything(database)
        assert "«redacted»" not in everything(database)


def test_where_webex_does_not_take_it_the_reply_says_what_to_do(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database) as bot:
        asked = webex.person().post(
            "messages", toPersonEmail="sparkops@webex.bot", text="token create deploys --as you@example.com"
        )
        webex.fault(kind="status", status=503, match={"method": "POST", "path": "/v1/messages"}, count=1)
        assert bot.deliver(about(asked)).status_code == 200
        bot.work()
        bot.let_pass(60)
        bot.work()
        _, _greeting, *replies = bot.messages(room=asked["roomId"])
        assert [each["markdown"].partition(" I show")[2] for each in replies] == [HOW.removeprefix("I show")]
        assert rows(database, "SELECT count(*) FROM api_tokens") == [(1,)]


def test_the_terminal_prints_it_once(
    talk: Conversation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(talk.services, talk.person, tmp_path / "history")
    assert terminal.run("token create deploys --as you@example.com") == 0
    said = SECRET.sub("spk_…", capsys.readouterr().out)
    assert said.startswith("🔑 The token `deploys` is made: ")
    assert said.endswith("The token `deploys`; keep it where secrets are kept:\n\n```\nspk_…\n```\n")
    assert said.count("spk_…") == 1
