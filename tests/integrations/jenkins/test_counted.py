"""What of Jenkins is counted for whoever operates the bot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import text

from bot.assembly import load_parts, make_services
from bot.store.counters import Counters
from bot.webex import WebexClient
from integrations.jenkins.relay.reconcile import reconcile
from tests.integrations.jenkins.following import Following


@dataclass
class Counted:
    """Counters that a test can read."""

    tally: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Raise one."""
        self.tally[(name, *(labels[key] for key in sorted(labels)))] += by

    def of(self, name: str) -> dict[tuple[str, ...], int]:
        """Those of this name, by their labels in the order of the alphabet."""
        return {tuple(labels): number for (first, *labels), number in self.tally.items() if first == name}


@pytest.fixture
def counted(talk: Following) -> Counted:
    """From now on the bot counts here."""
    counters = Counted()
    services = replace(talk.conversation.services, counters=counters)
    services.clients["jenkins"].count_with(counters)
    talk.conversation.services = services
    return counters


def test_requests_are_counted_by_what_became_of_them(talk: Following, counted: Counted) -> None:
    talk.say("jenkins status api")
    assert set(counted.of("jenkins_requests")) == {("ok", "main")}
    talk.server.control("faults", kind="html503", path="*", count=None)
    talk.say("jenkins jobs")
    assert counted.of("jenkins_requests")["starting", "main"] == 1
    talk.say("jenkins log api")
    assert counted.of("jenkins_requests")["starting", "main"] == 2


def test_a_log_that_is_read_is_a_request_too(talk: Following, counted: Counted) -> None:
    talk.say("jenkins log web --grep x")
    before = counted.of("jenkins_requests")["ok", "main"]
    talk.say("jenkins log web --grep x")
    assert counted.of("jenkins_requests")["ok", "main"] == 2 * before


def test_looks_reports_and_what_is_told_are_counted(talk: Following, counted: Counted) -> None:
    talk.say("jenkins subscribe * --tell all")
    reconcile(talk.conversation.services)
    talk.hears({"job": "shop", "number": 1, "result": "FAILURE"})
    talk.hears({"job": "shop", "number": 2, "phase": "STARTED"})
    talk.hears({"object_kind": "push"})
    assert counted.of("jenkins_looks") == {("ok", "main"): 1}
    assert counted.of("jenkins_reports") == {("plain", "build"): 2, ("?", "unknown"): 1}
    assert counted.of("jenkins_builds_told") == {("broke", "failure"): 1}
    talk.server.control("faults", kind="drop", path="*", count=None)
    reconcile(talk.conversation.services)
    assert counted.of("jenkins_looks")["unreachable", "main"] == 1


def test_the_worker_counts_where_metrics_are_read_from(talk: Following) -> None:
    services = talk.conversation.services
    counters = Counters(talk.database, every=3600)
    webex = WebexClient("bot:sparkops@webex.bot", "http://127.0.0.1:9/v1/")
    made = make_services(load_parts(services.settings), talk.database, webex, counters)
    made.clients["jenkins"].get("main").quieting()
    counters.flush()
    assert rows(talk) == [("jenkins_requests", 'outcome="ok",server="main"', 1)]


def rows(talk: Following) -> list[Any]:
    """The table of counters."""
    with talk.database.transaction() as session:
        return [tuple(row) for row in session.execute(text("SELECT name, labels, value FROM counters"))]
