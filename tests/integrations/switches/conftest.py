"""Servers and clients for the tests of the switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.model import Switch
from integrations.switches.settings import SwitchesSettings
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
