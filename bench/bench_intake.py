"""Intake: signed webhooks verified, stored and queued, beside a bare Flask route on the same gunicorn settings."""

from __future__ import annotations

import hashlib
import hmac
import json
from statistics import median

from bench.load import drive, request_bytes
from bench.report import Result, publish, spread
from bench.stage import database, process, wait_until_answers
from bot.store.database import Database
from bot.supervisor import free_port

SECRET = "a-secret-of-the-bench"
REQUESTS, CONNECTIONS, ROUNDS = 3000, 32, 5
_GUNICORN = ("-m", "gunicorn", "--config", "python:bot.gunicorn_settings")


def main() -> None:
    """Run both servers at once and drive them in turn."""
    ours, bare = free_port(), free_port()
    with database() as url:
        environment = {
            "DATABASE_URL": url,
            "WEBEX_WEBHOOK_SECRET": SECRET,
            "HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
        }
        with (
            process(*_GUNICORN, "bot.app:create_app()", environment={**environment, "PORT": str(ours)}),
            process(*_GUNICORN, "bench.bare_flask:app", environment={**environment, "PORT": str(bare)}),
        ):
            wait_until_answers(f"http://127.0.0.1:{bare}/healthz")
            wait_until_answers(f"http://127.0.0.1:{ours}/healthz")
            wait_until_answers(f"http://127.0.0.1:{ours}/metrics")
            drive(bare, _events("warm-up", 200), CONNECTIONS)
            drive(ours, _events("warm-up", 200), CONNECTIONS)
            rates: dict[str, list[float]] = {"ours": [], "bare": []}
            times: dict[str, list[float]] = {"ours": [], "bare": []}
            for number in range(ROUNDS):
                for who, port in (("bare", bare), ("ours", ours)):
                    seconds, latencies, statuses = drive(
                        port, _events(f"{who}-{number}", REQUESTS), CONNECTIONS
                    )
                    assert statuses == {200: REQUESTS}, f"{who}: {statuses}"
                    rates[who].append(REQUESTS / seconds)
                    times[who] += latencies
        _check_stored(url, REQUESTS * ROUNDS + 200)
    figures = {
        "Sparkops": {"events/s": median(rates["ours"]), **spread(times["ours"])},
        "bare Flask": {"events/s": median(rates["bare"]), **spread(times["bare"])},
    }
    pairs = [a / b for a, b in zip(rates["ours"], rates["bare"], strict=True)]
    publish(
        Result(
            name="intake",
            peer="a bare Flask route on the same gunicorn settings",
            figures=figures,
            ratios={"throughput": median(pairs)},
            targets={"throughput": "at least 0.4"},
        )
    )


def _events(run: str, number: int) -> list[bytes]:
    return [_event(f"{run}-{each}") for each in range(number)]


def _event(name: str) -> bytes:
    data = {
        "id": f"Y2lzY29zcGFyazovL3VzL01FU1NBR0Uv{name}",
        "roomId": "Y2lzY29zcGFyazovL3VzL1JPT00vYmVuY2g",
        "roomType": "group",
        "personId": "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9iZW5jaA",
        "personEmail": "ada@example.com",
        "mentionedPeople": ["Y2lzY29zcGFyazovL3VzL1BFT1BMRS9ib3Q"],
        "created": "2026-11-23T00:00:00.000Z",
    }
    body = json.dumps(
        {"id": "hook", "name": "sparkops messages created", "resource": "messages", "event": "created",
         "orgId": "org", "createdBy": "me", "appId": "app", "ownedBy": "creator", "status": "active",
         "actorId": data["personId"], "data": data}
    ).encode()  # fmt: skip
    sha1 = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    strong = [hmac.new(SECRET.encode(), body, each).hexdigest() for each in (hashlib.sha256, hashlib.sha512)]
    headers = {"X-Spark-Signature": sha1, "X-Webex-Signature": f"SHA-256={strong[0]}, SHA-512={strong[1]}"}
    return request_bytes("/hooks/webex", headers, body)


def _check_stored(url: str, expected: int) -> None:
    """Every event answered 200 is there, queued to be handled."""
    with Database(url).autocommit() as connection:
        row = connection.execute("SELECT count(*) FROM inbox WHERE state = 'queued'").fetchone()
    assert row == (expected,), f"{row} stored and queued, {expected} answered"
