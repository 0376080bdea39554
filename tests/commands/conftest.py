"""A conversation with a bot that has its own commands and a bakery's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.commands.builtin import COMMANDS
from bot.commands.registry import Registry
from bot.store.database import Database
from bot.webex import WebexClient
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.playground.running import running_webex
from tests.rooms.house import ADA, BOT, House
from tests.talking import Conversation, conversation


@pytest.fixture
def shop() -> Bakery:
    """The bakery the commands work in."""
    return Bakery()


@pytest.fixture
def talk(database: Database, shop: Bakery) -> Conversation:
    """The owner's conversation, with the core's commands and the bakery's and no others."""
    talk = conversation(database, clients={"bakery": shop}, environ={"BAKERY_TOKEN": bakery.SECRET})
    talk.services = replace(talk.services, registry=Registry([*COMMANDS, *bakery.COMMANDS]))
    return talk


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    """The owner in the room Ops of a stand-in Webex, with Ada and the bot."""
    with running_webex() as webex:
        client = WebexClient(f"bot:{BOT}", webex.api)
        house = House(webex, conversation(database, webex=client, clients={}))
        house.sit_in(house.room("Ops", ADA))
        yield house
        client.close()
