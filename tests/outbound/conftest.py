"""A stand-in Webex for each test, and the bot in this process beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from senders import Held

from bot.store.database import Database
from tests.bot_in_process import BOT, BotInProcess, bot_in_process
from tests.playground.running import Webex, running_webex


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def bot(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    with bot_in_process(webex, database) as running:
        yield running


@pytest.fixture
def held(bot: BotInProcess) -> Iterator[Held]:
    client = Held(f"bot:{BOT}", bot.webex.api)
    yield client
    client.close()
