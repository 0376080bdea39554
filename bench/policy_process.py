"""A process with a policy of its own for the bench of policy changes: it prints when it takes which one.

`python -m bench.policy_process heard|polled`, with the environment of a bot: a line for each policy taken,
with the time of CLOCK_MONOTONIC (which all processes share) in nanoseconds and the number of its rules.
"""

from __future__ import annotations

import sys
import time

from bot.access.policies import Policies
from bot.access.policy import Policy
from bot.access.policy_watch import PolicyWatch
from bot.outbound.redact import Redactor
from bot.settings import Settings
from bot.store.database import Database

_POLL = 1.0
"""Seconds between the peer's looks."""


class Told(Policies):
    """Prints every policy it takes."""

    @property
    def current(self) -> Policy:
        """The policy in force."""
        return self._current

    @current.setter
    def current(self, policy: Policy) -> None:
        self._current = policy
        print(time.monotonic_ns(), len(policy.rules), flush=True)


def main(way: str) -> None:
    """Follow the policy until the process is ended."""
    settings = Settings.load()
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value(), pool_size=1)
    policies = Told.live(settings, database)
    if way == "heard":
        PolicyWatch(policies, database, Redactor(())).start()
    while True:
        if way == "polled":
            policies.refresh_grants()
        time.sleep(_POLL)


if __name__ == "__main__":
    main(sys.argv[1])
