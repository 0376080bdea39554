"""Memory at idle of each process, beside the tutorial's bot, which is one process and keeps nothing."""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.bench_roundtrip import playground_webex
from bench.family import family, postgres
from bench.report import Result, publish
from bench.stage import database, process, wait_until_answers
from bot.supervisor import free_port

_SETTLE = 5.0
"""Seconds after everything is ready: imports are done, pools are open, nobody talks."""


def main() -> None:
    """Start every process, let them settle, read what they hold (USS: what would be free if they ended)."""
    with database() as url, ExitStack() as stack:
        webex = stack.enter_context(playground_webex())
        port = free_port()
        environment = {
            "DATABASE_URL": url,
            "WEBEX_ACCESS_TOKEN": "bot:sparkops@webex.bot",
            "WEBEX_API_URL": f"{webex.url}/v1/",
            "WEBEX_WEBHOOK_SECRET": "a-secret-of-the-bench",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "WEB_CONCURRENCY": "1",
            "LOG_LEVEL": "WARNING",
        }
        gunicorn = ("-m", "gunicorn", "--config", "python:bot.gunicorn_settings", "bot.app:create_app()")
        started = {
            "web (gunicorn, one worker)": stack.enter_context(process(*gunicorn, environment=environment)),
            "worker": stack.enter_context(process("-m", "bot", "worker", environment=environment)),
            "clock": stack.enter_context(process("-m", "bot", "clock", environment=environment)),
            "tutorial bot": stack.enter_context(
                process(
                    "-m", "bench.tutorial_bot", f"{webex.url}/v1/", "bot:lean@webex.bot", str(free_port())
                )
            ),
        }
        wait_until_answers(f"http://127.0.0.1:{port}/readyz")
        time.sleep(_SETTLE)
        figures = {name: _memory(running.pid) for name, running in started.items()}
        figures["PostgreSQL (embedded)"] = _memory(postgres(url))
    tutorial = figures["tutorial bot"]["USS MB"]
    publish(
        Result(
            name="memory",
            peer="the tutorial's bot (Flask + webexpythonsdk, one process)",
            figures=figures,
            ratios={
                name: each["USS MB"] / tutorial for name, each in figures.items() if name != "tutorial bot"
            },
            targets={},
        )
    )


def _memory(pid: int) -> dict[str, float]:
    """A process and its children."""
    members = family(pid)
    held = [each.memory_full_info() for each in members]
    return {
        "USS MB": sum(each.uss for each in held) / 2**20,
        "RSS MB": sum(each.rss for each in held) / 2**20,
        "processes": float(len(members)),
    }


if __name__ == "__main__":
    main()
