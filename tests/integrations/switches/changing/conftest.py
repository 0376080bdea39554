"""Fixtures: one farm of eight switches for all tests of changing, as new for each, and a bot that may change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import Database
from playground.switches.farm import FarmOptions
from tests.integrations.switches.changing.changing import Changing, changing
from tests.playground.switches.running_farm import RunningFarm, running_farm


@pytest.fixture(scope="session")
def whole_farm() -> Iterator[RunningFarm]:
    """The farm behind `farm`."""
    with running_farm(FarmOptions(8, port=0, tls=False)) as running:
        yield running


@pytest.fixture
def farm(whole_farm: RunningFarm) -> RunningFarm:
    """spine01, spine02 and leaf01 to leaf06 on plain HTTP, as they start."""
    whole_farm.control("reset", "POST")
    return whole_farm


@pytest.fixture
def bot_with(database: Database, farm: RunningFarm, tmp_path: Path) -> Iterator[Callable[..., Changing]]:
    """`bot_with(settings={…})`: a bot of these settings; its connections are closed at the end."""
    made: list[Changing] = []

    def make(**options: Any) -> Changing:
        made.append(changing(database, farm, tmp_path, **options))
        return made[-1]

    yield make
    for each in made:
        each.talk.services.clients["switches"].close()


@pytest.fixture
def bot(bot_with: Callable[..., Changing]) -> Changing:
    """A bot that may change switches."""
    return bot_with()
