"""The whole conversation with the playground, recorded: first the adapter's, then by plain HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests

from bot.webex import WebexError
from playground.webex.server import make_app
from playground.webex.world import World
from tests.contract.adapter import drive_adapter, public_methods
from tests.contract.coverage import uncalled_routes
from tests.contract.exchanges import Exchange
from tests.contract.plain import drive_plain
from tests.contract.recording import recording
from tests.playground.running import running_webex


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, which of the adapter's methods were called, and why it ended early, if it did."""

    exchanges: tuple[Exchange, ...]
    called: frozenset[str]
    broken_off: tuple[str, ...]

    def left_out(self) -> Iterator[str]:
        """Sentences about the adapter's methods and the playground's routes that were not called."""
        for name in sorted(public_methods() - self.called):
            yield f"the adapter's {name}() was not called"
        for route in uncalled_routes(make_app(World()), self.exchanges):
            yield f"the playground's {route} was not called"


def converse() -> Conversation:
    """Start a playground, call everything there is, and stop it.

    A call that goes otherwise than the scenario needs ends that half of the conversation; what was said until
    then, and most likely shows the cause, is kept.
    """
    called: set[str] = set()
    broken_off: list[str] = []
    with (
        running_webex() as webex,
        recording(webex.url, "adapter") as adapter,
        recording(webex.url, "plain") as plain,
    ):
        broken_off += _as_far_as_it_goes("adapter", lambda: drive_adapter(webex, adapter.api, called))
        broken_off += _as_far_as_it_goes("plain HTTP", lambda: drive_plain(plain.api))
        exchanges = (*adapter.exchanges, *plain.exchanges)
    return Conversation(exchanges, frozenset(called), tuple(broken_off))


def _as_far_as_it_goes(who: str, drive: Callable[[], None]) -> list[str]:
    try:
        drive()
    except (AssertionError, WebexError, requests.RequestException) as error:
        return [f"what comes after this, of {who}: {type(error).__name__}: {error}"]
    return []
