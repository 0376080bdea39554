"""Servers and clients for the tests of the switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.store.database import Database
from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.model import Switch
from integrations.switches.settings import SwitchesSettings
from tests.integrations.switches.farm import Farm, FleetTalk, fleet_talk, running_farm
from tests.integrations.switches.stand import Stands, inventory

Make = Callable[..., SwitchesClient]


@pytest.fixture
def stands() -> Iterator[Stands]:
    """Small servers, closed at the end."""
    made = Stands()
    yield made
    made.close()


@pytest.fixture
def client_of() -> Iterator[Make]:
    """`client_of(switch, …, fast="off")`: a client of these switches, closed at the end."""
    made: list[SwitchesClient] = []

    def make(*switches: Switch, **settings: Any) -> SwitchesClient:
        whole = SwitchesSettings(**{"timeout": 5.0, "deadline": 20.0, "connect_timeout": 2.0, **settings})
        client = SwitchesClient(lambda: inventory(*switches), whole)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=["on", "off"], ids=["fast", "sure"])
def fast(request: pytest.FixtureRequest) -> str:
    """Each test once on the fast path and once on the sure one."""
    return str(request.param)


@pytest.fixture(scope="session")
def stand_in_farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """The process behind `farm`: spine01, spine02 and leaf01 to leaf06, with TLS."""
    with running_farm(tmp_path_factory.mktemp("farm"), 8) as farm:
        yield farm


@pytest.fixture
def farm(stand_in_farm: Farm) -> Farm:
    """The farm as it starts: nothing asked yet, no faults of a test."""
    stand_in_farm.control("reset")
    return stand_in_farm


@pytest.fixture
def talk(farm: Farm, database: Database) -> Iterator[FleetTalk]:
    """The owner in the room "Sparkops demo", with a bot that knows the farm."""
    with fleet_talk(database, farm) as fleet:
        yield fleet


@pytest.fixture(scope="session")
def stand_in_crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """The process behind `crowd`."""
    with running_farm(tmp_path_factory.mktemp("crowd"), 200, "--no-tls") as farm:
        yield farm


@pytest.fixture
def crowd(stand_in_crowd: Farm) -> Farm:
    """Two hundred switches on plain HTTP, as they start."""
    stand_in_crowd.control("reset")
    return stand_in_crowd
