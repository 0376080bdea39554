"""Fixtures: one stand-in Jenkins for all tests, made as new for each, and a listener for notifications."""

from collections.abc import Iterator

import pytest

from tests.playground.jenkins.running_jenkins import Jenkins, Listener, running_jenkins, running_listener


@pytest.fixture(scope="session")
def jenkins_process() -> Iterator[Jenkins]:
    """The process behind `server`."""
    with running_jenkins() as server:
        yield server


@pytest.fixture
def server(jenkins_process: Jenkins) -> Jenkins:
    """A stand-in Jenkins with the untouched demo world; builds go twenty times faster than life."""
    jenkins_process.control("reset")
    return jenkins_process


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener for notifications."""
    with running_listener() as listener:
        yield listener
