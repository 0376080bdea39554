"""Fixtures: a stand-in Jenkins, a client of it, and a person who talks to a bot that knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store.database import Database
from integrations.jenkins.client import JenkinsClient
from tests.integrations.jenkins.canned import Canned, canned_jenkins
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import SPEED, Jenkins, running_jenkins


@pytest.fixture(scope="session")
def stand_in() -> Iterator[Jenkins]:
    """The process behind `server`; builds go twenty times faster than life."""
    with running_jenkins() as server:
        yield server


@pytest.fixture
def server(stand_in: Jenkins) -> Jenkins:
    """A stand-in Jenkins with the untouched demo world."""
    stand_in.control("reset")
    stand_in.control("token", token=stand_in.secret)
    stand_in.control("speed", speed=SPEED)
    stand_in.control("queue", remembered=300)
    return stand_in


@pytest.fixture
def client(server: Jenkins) -> JenkinsClient:
    """A client of the stand-in, patient enough for a busy machine."""
    return JenkinsClient(server.url, "sparkops", server.secret, timeout=20.0)


@pytest.fixture
def canned() -> Iterator[Canned]:
    """A server that gives the answers a real Jenkins 2.463 gave, whatever it is asked."""
    with canned_jenkins() as server:
        yield server


@pytest.fixture
def talk(server: Jenkins, database: Database) -> Following:
    """The owner in the room "Sparkops demo", and the worker's part that follows builds."""
    return following(database, server)
