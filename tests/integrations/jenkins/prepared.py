"""What must be there before something can be done to it: builds that wait for an answer, or hang."""

from __future__ import annotations

from typing import Any

from tests.integrations.jenkins.following import Following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually

IN_PRIVATE = {"jenkins build-with-passwords"}
"""Commands that answer in a direct room only."""
OPEN_A_CARD = {"jenkins build-with-passwords team/deploy", "jenkins approve team/deploy #3"}
"""Examples that are answered with a card."""


def prepare(talk: Following, example: str) -> None:
    """Let be what an example is about."""
    if example.startswith(("jenkins approve", "jenkins abort")):
        assert asking(talk.server) == 3
    if example == "jenkins stop api #6 --term":
        talk.server.control("speed", speed=0.5)
        assert talk.server.build("job/api", BRANCH="main") == 6


def asking(server: Jenkins, job: str = "job/team/job/deploy", **parameters: str) -> int:
    """A build that has come to its question; its number."""
    number = server.build(job, **(parameters or {"VERSION": "1.4.0"}))
    eventually(lambda: waiting(server, number, job), "a question")
    return number


def waiting(server: Jenkins, number: int, job: str = "job/team/job/deploy") -> list[Any]:
    """The questions a build waits with, as Jenkins tells them."""
    found: list[Any] = server.get(f"{job}/{number}/wfapi/pendingInputActions")
    return found


def hanging(server: Jenkins, name: str = "stuck") -> int:
    """A build of a new Pipeline that does not stop when it is asked to; its number."""
    server.job(name, kind="pipeline", seconds=0.2, stubborn=True)
    return server.build(f"job/{name}")
