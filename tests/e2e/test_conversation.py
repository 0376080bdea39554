"""What `make run` promises: a person opens the chat page, talks with the bot, and Jenkins answers through it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from tests.playground.page.chat_page import ADA, YOU, Chat, Playground, open_chat
from tests.talking import ROOT, wait_for

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_S = 120
BUILD_MS = 90_000
"""A build of the stand-in Jenkins takes about fifteen seconds."""
SCREEN = {"width": 1280, "height": 1000}
PICTURES = ROOT / "docs" / "images" if os.environ.get("SPARKOPS_WRITE_SCREENSHOTS") == "1" else None
"""Where the README's picture goes; looked up here, since the tests take every SPARKOPS_… away."""


@dataclass(frozen=True)
class Demo:
    """What `make run` started, by the addresses it printed."""

    playground: Playground
    bot: str

    @property
    def room(self) -> str:
        """The id of the room it made."""
        [room] = self.playground.call(YOU, "GET", "/v1/rooms")["items"]
        return str(room["id"])

    def said(self, line: str) -> str:
        """The id of the latest message in the room that says so."""

        def look() -> str | None:
            messages = self.playground.messages(YOU, self.room)
            found = [each["id"] for each in messages if each.get("text") == line and "parentId" not in each]
            return found[0] if found else None

        return str(wait_for(look, f"“{line}” to be in the room"))

    def jenkins_builds(self, **order: object) -> None:
        """Let the stand-in Jenkins finish a build nobody in chat has asked for."""
        address = f"{self.playground.url}/jenkins/playground/builds"
        requests.post(address, json=order, timeout=30).raise_for_status()


@contextmanager
def make_run(home: Path, log: Path) -> Iterator[Demo]:
    """Run what `make run` runs, on free ports, for as long as the block runs."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    environment = {**kept, "SPARKOPS_HOME": str(home), "PORT": "0", "PLAYGROUND_PORT": "0"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield ready(process, log)
    finally:
        process.terminate()
        process.wait(60)


def ready(process: subprocess.Popen[bytes], log: Path) -> Demo:
    """Wait for "Sparkops is ready", and read where everything is."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        printed = log.read_text()
        found = re.search(r"Sparkops is ready\.\n\n  Chat page  (\S+)/\n  Bot        (\S+)\n", printed)
        if found:
            return Demo(Playground(found[1]), found[2])
        time.sleep(0.1)
    raise AssertionError(f"`python -m bot run` did not become ready. It printed:\n{log.read_text()}")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A first start in an empty home."""
    with make_run(tmp_path / "home", tmp_path / "run.log") as started:
        yield started


@pytest.fixture
def browser() -> Iterator[Browser]:
    """The system's Chromium. Without it the conversation is skipped on a laptop and fails where CI=true."""
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is not installed; the conversation is held in it (apt-get install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        yield started
        started.close()


@dataclass(frozen=True)
class Person:
    """Somebody at the chat page."""

    chat: Chat
    demo: Demo

    def ask(self, line: str) -> Thread:
        """Mention the bot in the room; returns the thread in which it answers."""
        self.chat.send(f"@Sparkops {line}")
        root = self.demo.said(f"Sparkops {line}")
        return Thread(self.chat.page.locator(f'[data-testid="thread"][data-root-id="{root}"]'))


@dataclass(frozen=True)
class Thread:
    """The replies under one message."""

    replies: Locator

    def reply(self, number: int) -> Locator:
        """The body of the reply of this number, counted from 1."""
        return self.replies.get_by_test_id("message-body").nth(number - 1)

    def card(self, number: int) -> Locator:
        """The card of this number, counted from 1."""
        return self.replies.get_by_test_id("card").nth(number - 1)

    def submit(self, number: int, button: str) -> None:
        """Press a button of a card and wait until the page says that it was sent."""
        self.card(number).get_by_role("button", name=button).click()
        expect(self.card(number).get_by_test_id("card-status")).to_contain_text(f"Sent: {button}")


@pytest.mark.timeout(600)
def test_a_person_holds_the_conversation_of_the_readme(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    expect.set_options(timeout=30_000)
    you = Person(open_chat(browser, demo.playground, YOU, demo.room, viewport=SCREEN), demo)
    expect(you.chat.part("room-title")).to_have_text("Sparkops demo")

    helped = you.ask("help")
    expect(helped.reply(1)).to_contain_text(re.compile(r"jenkins .*build ✏️, .*jobs, .*status"))
    expect(you.ask("ping").reply(1)).to_have_text("pong")
    expect(you.ask("jenkins jobs").reply(1)).to_contain_text(re.compile(r"api +✅ ok"))

    a_build_is_asked_for_by_forms_and_followed(you)
    save_picture(you, tmp_path)
    a_build_of_jenkins_own_is_heard_in_the_room(you)
    a_question_is_answered_by_its_card(you)
    a_picture_is_shown(you)
    a_running_build_is_stopped_after_a_yes(you)
    somebody_without_rights_is_told_so(browser, demo)

    audit = you.ask("audit list").reply(1)
    expect(audit).to_contain_text(
        re.compile(r"ada@example\.com +jenkins build api \S+ +denied +nothing allows it")
    )
    expect(audit).to_contain_text(re.compile(r"you@example\.com +jenkins stop long-job \(con\S+ +ok +owner"))
    expect(audit).to_contain_text(re.compile(r"you@example\.com +jenkins build api BRANCH=\S+ +ok +owner"))


def a_build_is_asked_for_by_forms_and_followed(you: Person) -> None:
    """`jenkins build`: which job, with which parameters, and then one message that tells how it goes."""
    build = you.ask("jenkins build")
    expect(build.reply(1)).to_contain_text("jenkins build needs JOB.")
    build.card(1).get_by_label("job").fill("api")
    build.submit(1, "Run")

    expect(build.reply(2)).to_contain_text("api takes BRANCH (else main), TARGET (staging or production)")
    build.card(2).get_by_label("BRANCH").fill("feature/login")
    build.card(2).get_by_label("TARGET").select_option("production")
    build.submit(2, "Run")

    you.chat.part("room-title").hover()  # a message under the mouse shows its time in place of "edited"
    live, told = build.reply(3), build.reply(4)
    expect(live).to_contain_text(re.compile(r"🔨 api #\d+ with BRANCH=feature/login.* is running"))
    expect(live).to_contain_text(re.compile(r"✅ Checkout \d+ s"), timeout=BUILD_MS)
    expect(build.replies.get_by_test_id("message-edited").nth(2)).to_be_visible()
    expect(live).to_contain_text(re.compile(r"✅ api #\d+ .* succeeded after \d+ s"), timeout=BUILD_MS)
    expect(live).to_contain_text(re.compile(r"✅ Package \d+ s"))
    expect(build.card(3)).to_contain_text(re.compile(r"✅ api #\d+ succeeded after \d+ s\. Open"))
    expect(told.locator(".mention")).to_have_text("You")


def a_build_of_jenkins_own_is_heard_in_the_room(you: Person) -> None:
    """The room subscribes; then Jenkins reports a build that a commit has started."""
    subscribed = you.ask("jenkins subscribe *").reply(1)
    expect(subscribed).to_contain_text("This room hears of *: what breaks, every 5th failure in a row,")
    you.demo.jenkins_builds(job="web", result="FAILURE", seconds=42, log="+ npm test\nnpm ERR! Test failed.")
    report = you.chat.message("web #6 failed after 42 s")
    expect(report.get_by_test_id("card")).to_be_visible()
    expect(report.get_by_test_id("card")).not_to_contain_text("`")
    report.get_by_role("button", name="Log").click()
    expect(you.chat.message("all 8 lines of its log")).to_contain_text("npm ERR! Test failed.")


def a_question_is_answered_by_its_card(you: Person) -> None:
    """A Pipeline asks in the thread of its build; the card has the question's own fields and buttons."""
    deploy = you.ask("jenkins build team/deploy VERSION=1.4.1")
    asked = deploy.card(1)
    expect(asked).to_contain_text("team/deploy #3: Deploy 1.4.1 to production?", timeout=BUILD_MS)
    asked.get_by_label("STRATEGY").select_option("blue-green")
    asked.get_by_label("REASON").fill("the basket")
    deploy.submit(1, "Deploy")
    answered = "▶️ team/deploy #3 goes on: Deploy 1.4.1 to production? is answered Deploy with"
    expect(deploy.replies).to_contain_text(f"{answered} STRATEGY=blue-green, REASON=the basket.")
    expect(deploy.card(2)).to_contain_text(
        re.compile(r"✅ team/deploy #3 succeeded after \d+ s\. Open"), timeout=BUILD_MS
    )
    for button in ("Log", "Rebuild", "Artifacts"):
        expect(deploy.card(2).get_by_role("button", name=button)).to_be_visible()


def a_picture_is_shown(you: Person) -> None:
    """`jenkins trend` sends a picture, which the page shows without a click, as Webex does."""
    picture = you.ask("jenkins trend api").replies.get_by_test_id("file-preview")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)


def a_running_build_is_stopped_after_a_yes(you: Person) -> None:
    """`jenkins stop` asks by a card; the yes stops the build, and the build's own thread tells its end."""
    long = you.ask("jenkins build long-job")
    expect(long.reply(1)).to_contain_text(re.compile(r"🔨 long-job #\d+ is running"), timeout=BUILD_MS)

    stop = you.ask("jenkins stop long-job")
    expect(stop.reply(1)).to_contain_text(re.compile(r"⚠️ Stop long-job #\d+, which runs now\?"))
    stop.submit(1, "Do it")

    expect(stop.reply(2)).to_contain_text(re.compile(r"🛑 long-job #\d+ is asked to stop\."))
    expect(long.reply(2)).to_contain_text(re.compile(r"🚫 long-job #\d+ was aborted after"), timeout=BUILD_MS)


def somebody_without_rights_is_told_so(browser: Browser, demo: Demo) -> None:
    """Ada is in the room, but no rule allows her anything."""
    ada = Person(open_chat(browser, demo.playground, ADA, demo.room, viewport=SCREEN), demo)
    expect(ada.ask("jenkins build api BRANCH=main").reply(1)).to_have_text(
        "⛔ You may not run jenkins build here. No rule allows it, and what is not allowed is denied. "
        "whoami shows who I take you for; one of my owners can grant it."
    )
    ada.chat.page.context.close()


def save_picture(you: Person, folder: Path) -> None:
    """The thread as it stands, for the README where asked for, else beside the test's other files."""
    you.chat.page.screenshot(path=(PICTURES or folder) / "conversation.png", animations="disabled")
