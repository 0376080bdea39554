"""`python -m playground …` as a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from webexpythonsdk import WebexAPI

from tests.playground.running import PATIENCE_S


@contextmanager
def playground(*arguments: str) -> Iterator[str]:
    """Run the playground on a free port; yields its first line and ends it by its pid."""
    command = [sys.executable, "-m", "playground", *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        first_line = process.stdout.readline().strip()
        try:
            assert first_line, process.stderr.read()
            yield first_line
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0


def test_webex_says_where_it_listens_and_answers_there() -> None:
    with playground("webex") as first_line:
        prefix, _, url = first_line.partition(" on ")
        assert prefix == "playground webex" and url.startswith("http://127.0.0.1:")
        api = WebexAPI(access_token="bot:sparkops@webex.bot", base_url=f"{url}/v1/")
        assert api.people.me().type == "bot"


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "playground", "webex", "--port", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: Listening on 127.0.0.1:{port}: Address already in use. Choose another --port.\n"
    )


def test_all_serves_webex_with_a_demo_room_and_jenkins_on_one_port() -> None:
    with playground("all", "--room", "Assembly line") as first_line:
        prefix, _, url = first_line.partition(" on ")
        assert prefix == "playground all"
        bot = WebexAPI(access_token="bot:sparkops@webex.bot", base_url=f"{url}/v1/")
        (room,) = bot.rooms.list()
        assert room.title == "Assembly line"
        names = [seat.personDisplayName for seat in bot.memberships.list(roomId=room.id)]
        assert names == ["You", "Sparkops", "Ada Lovelace", "Grace Hopper"]
        jenkins = requests.get(f"{url}/jenkins/login", timeout=PATIENCE_S)
        assert jenkins.headers["X-Jenkins"]
        requests.post(f"{url}/playground/reset", timeout=PATIENCE_S)
        assert [again.id for again in bot.rooms.list()] == [room.id]


def test_the_group_knows_its_stand_ins() -> None:
    command = [sys.executable, "-m", "playground", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout
    for name in ("all", "jenkins", "webex"):
        assert f"\n  {name} " in shown
