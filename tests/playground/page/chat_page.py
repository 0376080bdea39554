"""What the chat page's tests hold on to: the running server, its API as an account sees it, an open page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Locator, Page

PROJECT = Path(__file__).parents[3]
TIMEOUT_S = 30
BOT = "sparkops@webex.bot"
YOU = "you@example.com"
ADA = "ada@example.com"

Json = dict[str, Any]


@dataclass(frozen=True)
class Playground:
    """A running `python -m playground webex`."""

    url: str

    def call(self, account: str, method: str, path: str, **content: Any) -> Json:
        """Call `path` as `account` (an e-mail; bots are at webex.bot) and return the JSON answered.

        `content` goes to requests as it is. Raises requests.HTTPError when the server refuses.
        """
        kind = "bot" if account.endswith("@webex.bot") else "person"
        response = requests.request(
            method,
            self.url + path,
            headers={"Authorization": f"Bearer {kind}:{account}"},
            timeout=TIMEOUT_S,
            **content,
        )
        response.raise_for_status()
        answered: Json = response.json() if response.content else {}
        return answered

    def room(self, title: str, *members: str) -> str:
        """Make a group room as YOU, invite `members` and return its id."""
        room_id: str = self.call(YOU, "POST", "/v1/rooms", json={"title": title})["id"]
        for member in members:
            self.call(YOU, "POST", "/v1/memberships", json={"roomId": room_id, "personEmail": member})
        return room_id

    def say(self, account: str, room_id: str, markdown: str, **fields: Any) -> Json:
        """Post `markdown` as `account` into a room, with more message fields if given; return the message."""
        return self.call(
            account, "POST", "/v1/messages", json={"roomId": room_id, "markdown": markdown, **fields}
        )

    def messages(self, account: str, room_id: str) -> list[Json]:
        """Return the messages of a room, newest first, as `account` sees them."""
        items: list[Json] = self.call(account, "GET", f"/v1/messages?roomId={room_id}")["items"]
        return items


@dataclass(frozen=True)
class Chat:
    """The chat page as one person has it open."""

    page: Page

    def part(self, testid: str) -> Locator:
        """Return what carries `data-testid="<testid>"`."""
        return self.page.get_by_test_id(testid)

    def message(self, text: str) -> Locator:
        """Return the message, root or reply, that contains `text`."""
        return self.part("message").filter(has_text=text)

    def room(self, title: str) -> Locator:
        """Return the entry of a room in the sidebar."""
        return self.part("room-item").filter(has_text=title)

    def write(self, text: str) -> None:
        """Type `text` into the composer, key by key, without sending it."""
        self.part("composer").press_sequentially(text)

    def send(self, text: str) -> None:
        """Type `text` and press Enter."""
        self.write(text)
        self.part("composer").press("Enter")


def open_chat(browser: Browser, playground: Playground, person: str, room_id: str, **context: Any) -> Chat:
    """Open the page as `person` in a room, in a browser context of its own, and wait until it can be used."""
    page = browser.new_context(**context).new_page()
    page.goto(f"{playground.url}/?as={person}&room={room_id}")
    page.get_by_test_id("room-title").wait_for()
    return Chat(page)
