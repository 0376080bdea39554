"""A playground Webex as a process on a free port, and a Chromium to look at its chat page."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect, sync_playwright

from tests.playground.page.chat_page import PROJECT, YOU, Chat, Playground, open_chat

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
START_S = 60

OpenChat = Callable[..., Chat]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/playground/people", timeout=5).ok
    except requests.ConnectionError:
        return False


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while not _answers(url):
        if process.poll() is not None:
            raise RuntimeError(
                f"The playground ended with exit code {process.returncode} before it answered at {url}."
            )
        if time.monotonic() > deadline:
            raise RuntimeError(f"The playground did not answer at {url} within {START_S} s.")
        time.sleep(0.1)


@pytest.fixture(scope="session")
def playground() -> Iterator[Playground]:
    """A running playground Webex, the same for all tests: each makes its own rooms."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "playground", "webex", "--port", str(port)], cwd=PROJECT
    )
    try:
        _wait_until_it_answers(url, process)
        yield Playground(url)
    finally:
        process.terminate()
        process.wait(timeout=START_S)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium. Without it these tests skip on a laptop and fail where CI=true."""
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is not installed; the chat page is tested in it (apt-get install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, playground: Playground) -> Iterator[OpenChat]:
    """Open the page: `open_page(person, room_id, **context options)`. A script error in it fails the test."""
    opened: list[Chat] = []
    errors: list[str] = []

    def open_as(person: str = YOU, room_id: str = "", **context: object) -> Chat:
        chat = open_chat(browser, playground, person, room_id, **context)
        chat.page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append(chat)
        return chat

    yield open_as
    for chat in opened:
        chat.page.context.close()
    assert errors == []
