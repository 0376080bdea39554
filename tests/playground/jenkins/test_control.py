"""The control API: its README names every order, and what makes no sense is refused with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from aiohttp import web

from playground.jenkins import control
from tests.playground.jenkins.running_jenkins import Jenkins

README = Path(control.__file__).with_name("README.md")


def test_the_readme_names_every_order() -> None:
    told = re.findall(r"^\| `([a-z/]+)` \|", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    posts = [
        route for route in control.routes() if isinstance(route, web.RouteDef) and route.method == "POST"
    ]
    routed = [route.path.removeprefix("/playground/") for route in posts]
    assert sorted(told) == sorted(routed)


@pytest.mark.parametrize(
    ("path", "order", "reason"),
    [
        ("hooks", {"url": "http://x", "sender": "pigeon"}, "sender: Input should be 'notification-plugin'"),
        ("notifications", {"kind": "drop", "phase": "finalized"}, "phase: String should match pattern"),
        ("agents", {"name": "a/b"}, "name: String should match pattern"),
        ("jobs/many", {"count": 0}, "count: Input should be greater than or equal to 1"),
        ("builds", {"job": "web", "log_megabytes": -1}, "log_megabytes: Input should be greater than 0"),
        ("jobs", {"name": "web"}, "adding web: there is one already; choose another name"),
        ("jobs", {"name": "no/such"}, "adding no/such: no is no folder; add it first"),
        ("burst", {"url": "http://x"}, "events: Field required"),
    ],
)
def test_what_makes_no_sense_is_refused(
    server: Jenkins, path: str, order: dict[str, object], reason: str
) -> None:
    answer = requests.post(f"{server.url}/playground/{path}", json=order, timeout=30)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]


def test_a_connection_of_an_agent_that_is_not_there(server: Jenkins) -> None:
    order = {"name": "mac", "disconnected": True}
    answer = requests.post(f"{server.url}/playground/agents/connection", json=order, timeout=30)
    assert answer.status_code == 404
    assert answer.json()["error"] == "setting the connection of mac: the agents are linux-1, linux-2"
