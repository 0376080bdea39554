"""A conversation with a bot that has its own commands and a bakery's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands.builtin import COMMANDS
from bot.commands.registry import Registry
from bot.store.database import Database
from tests.commands import bakery
from tests.commands.bakery import Bakery
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
