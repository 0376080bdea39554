"""Fixtures: one farm of eight switches for all tests, made as new for each; plain HTTP, but for one with TLS."""

from collections.abc import Iterator

import pytest

from playground.switches.farm import FarmOptions
from tests.playground.switches.running_farm import RunningFarm, running_farm


@pytest.fixture(scope="session")
def plain_farm() -> Iterator[RunningFarm]:
    """The farm behind `farm`."""
    with running_farm(FarmOptions(8, port=0, tls=False)) as running:
        yield running


@pytest.fixture
def farm(plain_farm: RunningFarm) -> RunningFarm:
    """Eight switches on plain HTTP: spine01, spine02 and leaf01 to leaf06, as they start."""
    plain_farm.control("reset", "POST")
    return plain_farm


@pytest.fixture(scope="session")
def tls_farm_once() -> Iterator[RunningFarm]:
    """The farm behind `tls_farm`."""
    with running_farm(FarmOptions(4, port=0)) as running:
        yield running


@pytest.fixture
def tls_farm(tls_farm_once: RunningFarm) -> RunningFarm:
    """Four switches on HTTPS."""
    tls_farm_once.control("reset", "POST")
    return tls_farm_once
