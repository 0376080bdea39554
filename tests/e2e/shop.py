"""The Jenkins of docs/how-to/take-a-pipeline-into-chat.md: one Pipeline that does what the page's Jenkinsfile says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import requests
from aiohttp import web

from bot.supervisor import free_port
from playground.jenkins.causes import BY_CHANGE, Change
from playground.jenkins.control import CONTROLLER
from playground.jenkins.controller import Controller
from playground.jenkins.nodes import Node
from playground.jenkins.parameters import Kind, ParameterDefinition, values_for
from playground.jenkins.script import Artifact, CaseResult, InputRequest, Script, Stage, Step
from playground.jenkins.server import make_app
from playground.jenkins.world import Folder, Job

JOB = "shop/checkout"
SPEED = 10.0
_PATIENCE_S = 20.0
_BASKET = CaseResult("shop.BasketTest", "keeps_the_basket", seconds=0.3)
_CASES = (_BASKET, CaseResult("shop.BasketTest", "adds_up"), CaseResult("shop.LoginTest", "remembers_me"))
_PARAMETERS = (
    ParameterDefinition(Kind.STRING, "BRANCH", "main", "What to build"),
    ParameterDefinition(Kind.CHOICE, "CHANNEL", "", "Where to release it", ("none", "beta", "stable")),
)
_QUESTION = InputRequest(
    "Release",
    "Release it to the customers?",
    "Release",
    (ParameterDefinition(Kind.CHOICE, "SHARE", "", "Of the customers", ("10 percent", "everybody")),),
    written_id="Release",
)


@dataclass(frozen=True)
class Shop:
    """The running server; what happens in it without anybody in chat is done by its methods."""

    url: str
    _controller: Controller
    _loop: asyncio.AbstractEventLoop

    def reports_to(self, hook: str) -> None:
        """Have builds told as the Jenkinsfile's own `httpRequest` tells them."""
        order = {"url": hook, "sender": "plain-json"}
        requests.post(f"{self.url}playground/hooks", json=order, timeout=_PATIENCE_S).raise_for_status()

    def push(self, *, breaks_a_test: bool = False) -> None:
        """A commit of Ada's, and the build that Jenkins starts for it, to its end."""
        job = self._controller.world.job(JOB)
        assert job is not None
        change = Change(
            "72aef114ab1201f5a5cd734220c9ec738c4e2910",
            "Ada Lovelace",
            "ada@shop.example",
            "Simplify the basket",
        )
        values = values_for(job.parameters, {})
        script = checkout(breaks_a_test=breaks_a_test)

        async def build() -> None:
            self._controller.inject(job, script, BY_CHANGE, values, (change,), 18.0)

        asyncio.run_coroutine_threadsafe(build(), self._loop).result(_PATIENCE_S)


@contextmanager
def running_shop() -> Iterator[Shop]:
    """Run it on a free port for as long as the block runs."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="the shop's Jenkins")
    thread.start()
    app = make_app(root_url=url, demo=False, speed=SPEED)
    controller = app[CONTROLLER]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start() -> None:
        controller.nodes.add(Node("linux-1", 4, ("linux",), exclusive=True, description="Builds the shop"))
        controller.world.add(Folder("shop"))
        controller.world.add(
            Job(
                JOB,
                "pipeline",
                _recipe,
                _PARAMETERS,
                "Builds, tests and releases the checkout",
                label="linux",
            )
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(_PATIENCE_S)
        yield Shop(url, controller, loop)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(_PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE_S)
        loop.close()


def _recipe(number: int, values: Mapping[str, str | bool]) -> Script:
    return checkout(channel=str(values["CHANNEL"]))


def checkout(*, channel: str = "none", breaks_a_test: bool = False) -> Script:
    """The stages of the Jenkinsfile; without a channel, nothing is released."""
    unit = Stage("unit", (_unit_tests(broken=breaks_a_test),))
    browsers = Stage("browsers", (_shell("make test-browsers", 9.0, "3 browsers: all passed"),))
    stages = [
        Stage("Build", (_shell("make build", 6.0, "compiling 214 files", "build complete"),)),
        Stage("Test", branches=(unit, browsers)),
        Stage("Package", (_shell("make package", 2.0, "wrote dist/checkout.tar.gz"), _archive())),
    ]
    if channel != "none":
        release = _shell(f"make release CHANNEL={channel}", 4.0, f"released to {channel}")
        stages.append(Stage("Release", (release,), input=_QUESTION))
    post = Stage("Declarative: Post Actions", (Step("HTTP Request", "", 0.5),))
    return Script(stages=(*stages, post))


def _shell(line: str, seconds: float, *output: str) -> Step:
    return Step("Shell Script", line, seconds, (f"+ {line}", *output))


def _unit_tests(*, broken: bool) -> Step:
    """With its JUnit report, which `post { always { junit … } }` publishes in either case."""
    if not broken:
        return replace(_shell("make test-unit", 3.0, "3 tests: all passed"), cases=_CASES)
    failed = replace(_BASKET, status="FAILED", error_details="expected 2 items but was 0")
    lines = (
        "FAILED BasketTest.keeps_the_basket: expected 2 items but was 0",
        "make: *** [test-unit] Error 1",
    )
    tests = _shell("make test-unit", 3.0, *lines)
    return replace(tests, cases=(failed, *_CASES[1:]), error="script returned exit code 2")


def _archive() -> Step:
    archived = (Artifact("dist/checkout.tar.gz", b"the checkout\n" * 40),)
    return Step("Archive the artifacts", "dist/*", 0.4, ("Archiving artifacts",), artifacts=archived)
