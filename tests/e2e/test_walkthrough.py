"""The walkthrough is true: its chat lines are said in order, and every answer it shows is compared with the real one.

The blocks of docs/how-to/take-a-pipeline-into-chat.md are read by the words behind their language:

- ```` ```yaml ````: `sparkops.yaml`;
- ```` ```chat NAME ````: lines that you, Ada or Grace say in the room, one after the other;
- ```` ```text pressed by NAME ````: what is filled into the newest card, and its button;
- ```` ```text ````: an answer below the last line; ```` ```text heard ````: a message anywhere in the room, which
  comes after what `after a …` says has happened in Jenkins;
- ```` ```text printed ````: lines of what `doctor` prints.

Numbers of builds and tests must be right. Lengths of time, times of day, codes and how long a build usually takes are
other ones each time, so any will do; lines may be broken differently.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from bot.store.database import Database
from integrations.jenkins import events
from integrations.jenkins.events import BuildEvent
from playground.webex.markdown import render
from tests.e2e.shop import Shop, checkout, running_shop
from tests.e2e.test_conversation import ARGUMENTS, CHROMIUM, PICTURES
from tests.playground.page.chat_page import Playground, open_chat
from tests.playground.running import Webex, running_webex
from tests.talking import ROOT, RunningBot, running_bot, wait_for
from tests.test_docs import tokens

PAGE = ROOT / "docs" / "how-to" / "take-a-pipeline-into-chat.md"
PICTURED = "✅ shop/checkout #2 succeeded"
"""The block behind which the page's picture is taken, where pictures are written: as `test_conversation` does."""
SECRET, PROD_SECRET = "a-hook-secret-of-the-walkthrough", "another-hook-secret-of-the-other-server"
PATIENCE_S = 90.0
_ANY = (
    (r"https?://[^\s/]+/", "‹address›"),
    (r"(; it usually takes [^.;,]+?)?(, so until about \d\d:\d\d UTC|, and is late)?(?=\. Open)", ""),
    (r"\b(\d{4}-\d\d-\d\d |\d\d \w{3} )?\d\d:\d\d UTC", "‹time›"),
    (r"under 1 s|\b\d+ (d|h|min|s)( \d+ (h|min|s))?\b(?! within)|just now", "‹duration›"),
    (r" for more than ‹duration›", ""),
    (r"(?<=leave )\w{6}\b|(?<=approve )[A-Z\d]{6}\b", "‹code›"),
)
"""What differs from one time to the next."""


@dataclass(frozen=True)
class Block:
    """A code block of the page."""

    language: str
    words: str
    content: str
    line: int


def blocks() -> Iterator[Block]:
    """In the page's order."""
    for token in tokens(PAGE):
        if token.type == "fence" and token.map:
            language, _, words = token.info.strip().partition(" ")
            yield Block(language, words, token.content, token.map[0] + 1)


def alike(text: str) -> str:
    """A text without what differs each time, on one line."""
    text = " ".join(text.split())
    for pattern, name in _ANY:
        text = re.sub(pattern, name, text)
    return text


def _nobody(_target: str) -> None:
    """A card mentions nobody."""


def shown(message: dict[str, Any]) -> str:
    """What people see of a message: its text, or the card it has instead, with its fields and buttons."""
    if not message.get("attachments"):
        return str(message.get("text", ""))
    card = message["attachments"][0]["content"]
    body = [render(each["text"], _nobody).text if "text" in each else each["label"] for each in card["body"]]
    return "\n".join([*body, " ".join(f"[{each['title']}]" for each in card["actions"])])


@dataclass
class Walkthrough:
    """Those who follow the page, and the room they are in."""

    bot: RunningBot
    webex: Webex
    shop: Shop
    asked: str = ""
    """The id of the last line that was said."""
    over: set[str] = field(default_factory=set)
    """What was to be read already, as `id: text`: a page does not show the same message twice."""

    def follow(self, block: Block) -> None:
        """Do what a block says, or compare what it shows."""
        match block.language, block.words:
            case "chat", who:
                for line in block.content.splitlines():
                    self.say(line.removeprefix("@Sparkops "), who)
            case "text", "printed":
                self.doctor(block)
            case "text", words if words.startswith("pressed by "):
                self.press(block.content, words.removeprefix("pressed by "))
            case "text", "":
                self.expect(block, parentId=self.asked)
            case "text", "heard":
                self.expect(block)
            case "text", "heard after a push that breaks a test":
                self.shop.push(breaks_a_test=True)
                self.expect(block)
            case "text", "heard after a push that repairs it":
                self.shop.push()
                self.expect(block)
            case (("sh" | "yaml" | "groovy"), ""):
                pass
            case _:
                pytest.fail(
                    f"{PAGE.name}:{block.line}: nobody knows what {block.language} {block.words!r} means"
                )

    def say(self, line: str, who: str) -> None:
        """Say a line; a code in it is the newest that the bot has asked for."""
        if line.startswith("approve "):
            line = f"approve {self._code()}"
        self.asked = self.bot.say(line, person=f"{who}@example.com")
        self.bot.replies(self.asked)

    def press(self, content: str, who: str) -> None:
        """Fill the newest card that has this button, and press it."""
        *fields, button = content.splitlines()
        title = button.strip("[]")
        message, action = next(
            (message, action)
            for message in self._messages()
            for attached in message.get("attachments", ())
            for action in attached["content"]["actions"]
            if action["title"] == title
        )
        labels = {
            each["label"].partition(" (")[0]: each["id"]
            for each in message["attachments"][0]["content"]["body"]
            if "label" in each
        }
        given = {labels[name]: value for name, _, value in (each.partition(": ") for each in fields)}
        caller = self.webex.person(f"{who}@example.com")
        caller.post(
            "attachment/actions", type="submit", messageId=message["id"], inputs=action["data"] | given
        )

    def expect(self, block: Block, **where: str) -> None:
        """Wait until a message of the bot shows what the block shows."""
        wanted = alike(block.content)

        def look() -> str | None:
            own = [each for each in self._messages(**where) if each["personEmail"] == "sparkops@webex.bot"]
            found = (f"{each['id']}: {shown(each)}" for each in own if alike(shown(each)) == wanted)
            return next((each for each in found if each not in self.over), None)

        try:
            self.over.add(wait_for(look, "it", seconds=PATIENCE_S))
        except AssertionError:
            said = "\n".join(alike(shown(each)) for each in self._messages(**where)[:8])
            pytest.fail(
                f"{PAGE.name}:{block.line} shows\n{wanted}\nand the room has, the newest first,\n{said}"
            )

    def doctor(self, block: Block) -> None:
        """Have the bot look at itself, until each line of the block is among those it prints."""
        command = [sys.executable, "-m", "bot", "doctor"]
        printed: list[str] = []

        def look() -> bool:
            done = subprocess.run(
                command, cwd=ROOT, env=self.bot.environment, capture_output=True, text=True, check=True
            )
            printed[:] = [alike(line) for line in done.stdout.splitlines()]
            return all(alike(line) in printed for line in block.content.splitlines())

        try:
            wait_for(look, "it", seconds=PATIENCE_S)
        except AssertionError:
            told = "\n".join(printed)
            pytest.fail(f"{PAGE.name}:{block.line} shows\n{block.content}\nand doctor prints\n{told}")

    def _messages(self, **where: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.webex.person().get(
            "messages", roomId=self.bot.room, max=200, **where
        )["items"]
        return items

    def _code(self) -> str:
        texts = [each.get("text", "") for each in self._messages()]
        return next(found[1] for text in texts if (found := re.search(r"Say approve (\w{6})", text)))


@pytest.fixture
def walkthrough(postgres_url: str, database: Database, tmp_path: Path) -> Iterator[Walkthrough]:
    """The page's `sparkops.yaml`, two servers, three people in a room, and a build that was started in Jenkins."""
    [example] = [each.content for each in blocks() if each.language == "yaml"]
    with running_webex() as webex, running_shop() as shop, running_shop() as prod:
        config = tmp_path / "sparkops.yaml"
        config.write_text(example.replace("https://jenkins.prod.example.com/", prod.url))
        environ = {
            "SPARKOPS_CONFIG": str(config),
            "SPARKOPS_ENCRYPTION_KEY": "an-encryption-key-that-is-long-enough",
            "JENKINS_URL": shop.url,
            "JENKINS_USER": "sparkops",
            "JENKINS_TOKEN": "playground-token",
            "JENKINS_HOOK_SECRET": SECRET,
            "JENKINS_PROD_TOKEN": "playground-token",
            "JENKINS_PROD_HOOK_SECRET": PROD_SECRET,
        }
        with running_bot(webex, postgres_url, tmp_path, environ) as bot:
            for name in ("ada", "grace"):
                webex.person().post("memberships", roomId=bot.room, personEmail=f"{name}@example.com")
            shop.reports_to(f"{bot.url}/hooks/jenkins/{SECRET}")
            shop.push()
            yield Walkthrough(bot, webex, shop)


@pytest.mark.timeout(600)
def test_the_walkthrough_is_what_happens(walkthrough: Walkthrough) -> None:
    for block in blocks():
        walkthrough.follow(block)
        if PICTURES and block.content.startswith(PICTURED):
            save_picture(walkthrough)


def save_picture(walkthrough: Walkthrough) -> None:
    """The thread of the release as Grace has it before her, for the page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        playground, room = Playground(walkthrough.webex.url), walkthrough.bot.room
        chat = open_chat(
            browser, playground, "grace@example.com", room, viewport={"width": 1120, "height": 1420}
        )
        chat.message("shop/checkout #2 succeeded").last.wait_for()
        chat.page.screenshot(path=(PICTURES or Path()) / "question.png", animations="disabled")
        browser.close()


def test_its_pipeline_is_the_one_that_is_walked_through() -> None:
    script = jenkinsfile()
    stages = checkout(channel="beta").stages
    names = [name for stage in stages for name in (stage.name, *(each.name for each in stage.branches))]
    assert [*re.findall(r"stage\('(.+?)'\)", script), "Declarative: Post Actions"] == names
    assert re.findall(r"(?:string|choice)\(name: '(\w+)'", script) == ["BRANCH", "CHANNEL", "SHARE"]


def test_its_report_can_be_read_and_cannot_fail_the_build() -> None:
    script = jenkinsfile()
    [report] = re.findall(r"toJson\(\[\n(.*?)\]\)", script, re.DOTALL)
    values = {"number": 4, "result": "FAILURE", "started": 1764342000.0, "duration": 91.0}
    sent = {name: values.get(name, f"the {name}") for name in re.findall(r"^ +(\w+): ", report, re.MULTILINE)}
    read = events.read(json.dumps(sent).encode(), {})
    assert isinstance(read, BuildEvent)
    assert {name: getattr(read, "full_name" if name == "job" else name) for name in sent} == sent
    for guard in (
        "catchError(buildResult: null, stageResult: null)",
        "validResponseCodes: '100:599'",
        "timeout: 5",
    ):
        assert guard in script


def jenkinsfile() -> str:
    """The page's only script."""
    [script] = [each.content for each in blocks() if each.language == "groovy"]
    return script


def test_what_differs_each_time_is_all_that_may_differ() -> None:
    assert alike("✅ a #2 succeeded after 4 min 11 s. Open") == alike(
        "✅ a #2 succeeded after under 1 s. Open"
    )
    assert alike("✅ a #2 succeeded after 4 s. Open") != alike("✅ a #3 succeeded after 4 s. Open")
    assert alike("a is running; it usually takes 2 min 10 s. Open") == alike(
        "a is running for more than 5 s. Open"
    )
    assert alike("1 of 3 tests failed") != alike("2 of 3 tests failed")
    assert alike("approve 8VAYCZ") == alike("approve ABC234")
