"""A process with a policy of its own, as web and worker have one: it prints what decides, whenever that changes.

`python -m tests.access.policy_process PERSON COMMAND`, with the environment of a bot. A decision is printed
as its rule's name; SIGTERM ends it.
"""

from __future__ import annotations

import sys
import time

from bot.access.policies import Policies
from bot.access.policy import Question
from bot.access.policy_watch import PolicyWatch
from bot.outbound.redact import Redactor
from bot.settings import Settings
from bot.store.database import Database


def main(person: str, command: str) -> None:
    """Watch until the process is ended."""
    settings = Settings.load()
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value(), pool_size=1)
    policies = Policies.live(settings, database)
    PolicyWatch(policies, database, Redactor(settings.secrets())).start()
    question = Question(person=person, command=command, effect="read")
    last = ""
    while True:
        rule = policies.current.decide(question).rule
        if rule != last:
            print(rule, flush=True)
            last = rule
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
