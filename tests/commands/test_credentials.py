"""`credentials …`: what a person gives, what they see of it, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.access.credentials import (
    Credential,
    CredentialField,
    CredentialKind,
    CredentialRefused,
    Service,
    Vault,
)
from bot.commands.builtin.credentials import COMMANDS
from bot.commands.forms import words_of_submission
from bot.commands.model import Entry, Outcome, Place
from bot.store.database import Database
from tests.dumped import dumped
from tests.talking import DIRECT, OWNER, Conversation, conversation, settings_of

KEYS = {"SPARKOPS_ENCRYPTION_KEY": "a key of the tests that is long enough for one"}
TOKEN = "sesame-opens-nothing-at-all"
ADA = "ada.lovelace@example.com"


def check(credential: Credential, settings: Any) -> str:
    """The house knows one token."""
    if credential.secrets["token"].get_secret_value() != TOKEN:
        raise CredentialRefused(f"The house at {settings} does not take that token.")
    return credential.plain["user"].title()


HOUSE = CredentialKind(
    (CredentialField("user", "Your name", secret=False), CredentialField("token", "Your token")),
    check,
    about="The house gives out tokens at its door.",
)


def talking(database: Database, environ: Mapping[str, str] = KEYS) -> Conversation:
    """The owner in the direct room, with a bot that takes credentials for the house."""
    talk = conversation(database, clients={}, environ=environ, owners=(OWNER, ADA))
    talk.services = replace(talk.services, credentials={"house": Service(HOUSE, "house.example")})
    talk.place = DIRECT
    return talk


@pytest.fixture
def talk(database: Database) -> Conversation:
    return talking(database)


def submitted(talk: Conversation, **values: str) -> Outcome:
    """Open the card and send it with these values."""
    card = talk.outcome("credentials set house").replies[0].card
    assert card is not None
    fields = {"field0": values.get("user", ""), "field1": values.get("token", "")}
    words = words_of_submission({**card["actions"][0]["data"], **fields})
    assert words is not None
    return talk.words(words)


def test_a_card_in_the_direct_room_asks_for_it(talk: Conversation) -> None:
    said = talk.outcome("credentials set HOUSE")
    assert said.replies[0].markdown == (
        "The house gives out tokens at its door. Fill in the card: what you type shows on your screen, and to nobody "
        "else here. I try it, keep it encrypted and delete the card."
    )
    card = said.replies[0].card
    assert card is not None
    assert [each.get("label", each.get("text")) for each in card["body"]] == [
        "Your credential for house",
        "Your name",
        "Your token",
    ]
    assert talk.services.redactor.redact_value(card) == card, "or the card would arrive without its meaning"


def test_what_was_given_is_tried_and_kept_and_named_without_its_value(
    talk: Conversation, database: Database
) -> None:
    said = submitted(talk, user="ada", token=TOKEN)
    assert said.result == "ok"
    assert said.replies[0].markdown == (
        "🔑 house knows you as **Ada**. I keep it, encrypted; your `house` commands act as you from now on. "
        "`credentials forget house` ends that."
    )
    again = submitted(talk, user="ada", token=TOKEN).replies[0].markdown
    assert "It takes the place of the one you gave before" in again
    listed = talk.say("credentials list")
    assert re.fullmatch(
        r"```\nfor +given \(UTC\) +last used\nhouse +\d{4}-\d\d-\d\d \d\d:\d\d +never\n```\n\n"
        r"`credentials forget SERVICE` removes one\.",
        listed,
    ), listed
    assert TOKEN not in dumped(database)
    assert talk.services.redactor.redact(f"it was {TOKEN}") == "it was «redacted»", "known from now on"
    with database.transaction() as session:
        found = talk.services.vault.find(session, talk.person, "house")
    assert found is not None and found.secrets["token"].get_secret_value() == TOKEN
    assert "never" not in talk.say("credentials list")


def test_what_the_system_refuses_is_not_kept(talk: Conversation, database: Database) -> None:
    said = submitted(talk, user="ada", token="another-token-of-hers")
    assert said.replies[0].markdown == (
        "⚠️ Nothing was kept. The house at house.example does not take that token. `credentials set house` asks again."
    )
    assert (
        talk.say("credentials list") == "You have given me no credentials. `credentials set house` gives one."
    )
    assert "another-token-of-hers" not in dumped(database)


@pytest.mark.parametrize(
    "words",
    [("user=ada",), ("user=ada", f"token={TOKEN}", "more=x"), ("user=ada", "user=eve", f"token={TOKEN}")],
)
def test_each_field_is_needed_once(talk: Conversation, words: tuple[str, ...]) -> None:
    said = talk.words(("credentials", "set", "house", *words))
    assert said.replies[0].markdown == "⚠️ I need `user=` and `token=`, each once, and nothing else."


def test_in_a_group_room_it_is_sent_to_the_direct_one(talk: Conversation) -> None:
    said = talk.outcome("credentials set house", place=Place(("room-1",), "Ops", "group"))
    assert said.replies[0].markdown == (
        "⚠️ Say `credentials set house` in our direct room, where a card asks for it; at the terminal, add `user=` and "
        "`token=`."
    )
    assert said.replies[0].card is None


def test_at_the_terminal_it_is_typed(talk: Conversation, database: Database) -> None:
    said = talk.outcome(f"credentials set house user=ada token={TOKEN}", entry=Entry.TERMINAL, place=Place())
    assert said.result == "ok"
    assert TOKEN not in dumped(database)


def test_for_what_takes_none_it_says_what_does(talk: Conversation) -> None:
    assert talk.say("credentials set garage") == (
        "⚠️ I take no credentials for `garage`. `credentials set house` gives one."
    )
    talk.services = replace(talk.services, credentials={})
    assert talk.say("credentials list") == "You have given me no credentials. Nothing here takes any."


def test_without_a_key_nothing_is_asked_and_nothing_is_kept(database: Database) -> None:
    talk = talking(database, {})
    said = submitted(talk, user="ada", token="wrong, but nobody is asked")
    assert said.replies[0].markdown == (
        "⚠️ Nothing was kept. I keep credentials encrypted only, and have no key to do so. My operator sets "
        "`SPARKOPS_ENCRYPTION_KEY` to a text from `openssl rand -hex 32` and starts me again. "
        "`credentials set house` asks again."
    )


def test_forgetting_removes_it_and_says_what_is_left_to_do(talk: Conversation, database: Database) -> None:
    submitted(talk, user="ada", token=TOKEN)
    assert (
        talk.say("credentials forget garage")
        == "I have no credential of yours for `garage`. You gave `house`."
    )
    assert talk.say("credentials forget House") == (
        "🗑️ Your credential for house is removed here. It still works there: revoke it in house if nothing else uses it."
    )
    assert talk.say("credentials forget house") == (
        "I have no credential of yours for `house`. You gave none at all."
    )


def test_they_are_ones_own(talk: Conversation) -> None:
    submitted(talk, user="ada", token=TOKEN)
    assert talk.say("credentials list", person=ADA).startswith("You have given me no credentials.")
    assert talk.say("credentials forget house", person=ADA).startswith("I have no credential of yours")
    assert "house" in talk.say("credentials list")


def test_rotating_encrypts_all_with_the_first_key(talk: Conversation, database: Database) -> None:
    submitted(talk, user="ada", token=TOKEN)
    old = settings_of(KEYS).encryption_keys
    new = settings_of({"SPARKOPS_ENCRYPTION_KEY": "n" * 32}).encryption_keys
    talk.services = replace(talk.services, vault=Vault([*new, *old]))
    assert talk.say("credentials rotate") == (
        "🔑 1 credential is encrypted with the first key. The others can go from `SPARKOPS_ENCRYPTION_KEY`."
    )
    with database.transaction() as session:
        assert Vault(new).find(session, talk.person, "house") is not None
    talk.services = replace(talk.services, vault=Vault(old))
    assert talk.say("credentials rotate") == (
        "⚠️ 0 credentials are encrypted with the first key. None of the keys opens you@example.com's for house: put the "
        "key they were given under back, or have them given anew."
    )
    talk.services = replace(talk.services, vault=Vault())
    assert talk.say("credentials rotate").startswith("⚠️ I keep credentials encrypted only, and have no key")


EXAMPLES = [
    (each.name, example.replace("jenkins", "house")) for each in COMMANDS for example in each.examples
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_every_example_works(talk: Conversation, name: str, example: str) -> None:
    said = talk.outcome(example)
    assert said.command == name
    assert said.result == ("asked for input" if name == "credentials set" else "ok")


def test_an_integrations_kind_is_found_with_its_settings(database: Database) -> None:
    talk = conversation(database, environ={"JENKINS_URL": "https://jenkins.example.com/"})
    service = talk.services.credentials["jenkins"]
    assert [each.name for each in service.kind.fields] == ["user", "token"]
    assert service.settings.url == "https://jenkins.example.com/"
