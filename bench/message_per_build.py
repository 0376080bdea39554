"""The peer of the event bench: one message per finished build, posted by the SDK, as Jenkins' Slack plugin does.

`python -m bench.message_per_build API_URL TOKEN < builds`, where each line is JSON with `room`, `job`, `number`,
`result` and `url`. It waits as Webex asks it to (webexpythonsdk's `wait_on_rate_limit`). Prints seconds and
messages as JSON. Ten executors post side by side, each its own builds one after the other.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from webexpythonsdk import WebexAPI

EXECUTORS = 10


def main(url: str, token: str) -> None:
    """Post all, and print what it took."""
    builds = [json.loads(line) for line in sys.stdin]
    warnings.simplefilter("ignore")  # the SDK warns each time it waits
    began = time.monotonic()
    with ThreadPoolExecutor(EXECUTORS) as executors:
        shares = [builds[number::EXECUTORS] for number in range(EXECUTORS)]
        posted = sum(executors.map(lambda share: _post(url, token, share), shares))
    print(json.dumps({"seconds": time.monotonic() - began, "messages": posted}))


def _post(url: str, token: str, builds: list[dict[str, Any]]) -> int:
    api = WebexAPI(access_token=token, base_url=url, wait_on_rate_limit=True)
    for build in builds:
        text = f"{build['job']} - #{build['number']} {build['result'].capitalize()} ([Open]({build['url']}))"
        api.messages.create(roomId=build["room"], markdown=text)
    return len(builds)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
