"""Fixtures for tests that talk to a stand-in Webex."""

from collections.abc import Iterator

import pytest

from tests.playground.running import Receiver, Webex, running_receiver, running_webex


@pytest.fixture
def webex() -> Iterator[Webex]:
    """A stand-in Webex of this test's own."""
    with running_webex() as webex:
        yield webex


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks of this test's own."""
    with running_receiver() as receiver:
        yield receiver
