"""A line of chat to a fleet of switches: from the message in the room to the answer with its file, beside Go.

The whole way: Webex' webhook, inbox, worker, a run with its live message, a thousand switches over TLS with every
certificate checked, the table and the file of all rows rendered, redacted, stored and posted. The first line finds
the worker cold, and opens a connection for each switch; the others find them open. Go is the program of
`bench_switches`, whose clock begins with the first connection and ends with typed values in memory.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from bench.bench_roundtrip import Webex, playground_webex
from bench.bench_switches import COMMAND, PASSWORD, Farm, farm, go_alone, go_program
from bench.jenkins_stage import BOT, OWNER, sparkops
from bench.report import Result, publish
from bench.stage import database

LINES = 5
_LINE = f'switch show all "{COMMAND}"'
_ANSWER = 2
"""Messages of the thread: the run's live message, and its end."""


def main() -> None:
    """Say the line to a bot that has a thousand switches, again and again."""
    with tempfile.TemporaryDirectory(prefix="sparkops-bench-") as folder:
        go = go_program(Path(folder))
        with farm(1_000, "50ms", Path(folder)) as running:
            asked = [go_alone(go, running) for _ in range(LINES)]
            first, others = _chat(running)
    figures = {
        "Sparkops, the first line": {"s until the answer is posted": first},
        "Sparkops, the lines after it": {"s until the answer is posted": median(others)},
        "Go, from connection to values": {"s until the answer is posted": median(asked)},
    }
    whole = median(others)
    ratios = {
        "the first line / Go": first / median(asked),
        "a later line / Go": whole / median(asked),
    }
    targets = dict.fromkeys(ratios, "told")
    publish(
        Result("switches_chat", "a Go program with a goroutine for each switch", figures, ratios, targets)
    )


def _chat(running: Farm) -> tuple[float, list[float]]:
    environment = {"SWITCHES_INVENTORY": str(running.inventory), "SWITCHES_PASSWORD": PASSWORD}
    with database() as url, playground_webex() as webex:
        room = webex.room("Fleet", OWNER, BOT)
        with sparkops(webex, "http://127.0.0.1:9/", url, environment):
            took = [_said(webex, room) for _ in range(LINES + 1)]
    return took[0], took[1:]


def _said(webex: Webex, room: str) -> float:
    """Seconds from saying the line to its answer in the thread."""
    person = f"person:{OWNER}"
    began = time.monotonic()
    mention = f"<@personEmail:{BOT}|Bot> {_LINE}"
    said = webex.call("POST", "messages", person, roomId=room, markdown=mention)["id"]
    while time.monotonic() - began < 120:
        items = webex.call("GET", f"messages?roomId={room}&parentId={said}", person)["items"]
        if len(items) >= _ANSWER:
            if not any(each.get("files") for each in items):
                raise RuntimeError(f"the answer has no file: {items}")
            return time.monotonic() - began
        time.sleep(0.02)
    raise TimeoutError("no answer within 120 s")


if __name__ == "__main__":
    main()
