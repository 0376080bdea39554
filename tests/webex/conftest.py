"""A playground Webex for all tests here, and per test a bot, a person and a room that holds both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from webex_peers import Account, Playground, new_account, running_playground

from bot.webex import Room


@pytest.fixture(scope="session")
def playground() -> Iterator[Playground]:
    with running_playground() as running:
        yield running


@pytest.fixture
def bot(playground: Playground) -> Iterator[Account]:
    account = new_account(playground, "bot", "sparkops")
    yield account
    account.client.close()


@pytest.fixture
def ada(playground: Playground) -> Iterator[Account]:
    account = new_account(playground, "person", "ada")
    yield account
    account.client.close()


@pytest.fixture
def room(bot: Account, ada: Account) -> Room:
    """A group room that Ada made and the bot was added to."""
    made = ada.client.create_room("Release train")
    ada.client.add_member(made.id, email=bot.email)
    return bot.client.get_room(made.id)
