"""Shipping the audit trail: in order, at least once, and whatever the sink does nothing else waits for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.access import audit_shipping
from bot.access.audit_shipping import HttpSink, Shipper, SinkUnavailable, StdoutSink, begin, ship, shipper_of
from bot.config_file import SettingsError
from bot.health import GAUGES
from bot.store.database import Database
from tests.access.trails import Trail
from tests.talking import settings_of, wait_for


@dataclass
class Collector:
    """A log collector that takes JSON lines, as long as it is well."""

    answers: list[int] = field(default_factory=list)
    """What it answers to the next requests; 200 when they are used up."""
    slow: threading.Event = field(default_factory=threading.Event)
    """Set while it is not slow."""
    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.slow.set()

    def places(self) -> list[int]:
        """The places in the chain of all rows it has taken, in the order they came."""
        return [row["seq"] for batch in self.batches for row in batch]


@contextmanager
def collecting(port: int = 0) -> Iterator[Collector]:
    """A collector on a port of 127.0.0.1, a free one by default."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            collector.slow.wait(30)
            status = collector.answers.pop(0) if collector.answers else 200
            if status == 200:
                collector.batches.append([json.loads(line) for line in body.splitlines()])
                collector.headers.append(dict(self.headers))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{collector.url}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        collector.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield collector
        finally:
            collector.slow.set()
            server.shutdown()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture
def trail(database: Database) -> Trail:
    begin(database)
    return Trail(database)


@pytest.fixture
def shipping(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts shippers that do not wait long; they are stopped at the end."""
    monkeypatch.setattr(audit_shipping, "_SHORTEST_WAIT", 0.02)
    monkeypatch.setattr(audit_shipping, "_LONGEST_WAIT", 0.1)
    started: list[Shipper] = []

    def start(url: str, *, patience: float = 5.0) -> Shipper:
        started.append(Shipper(database, HttpSink(url, timeout=(patience, patience)), every=0.02))
        started[-1].start()
        return started[-1]

    yield start
    for shipper in started:
        shipper.stop()
        shipper._thread.join()


def shipped(database: Database) -> int:
    with database.transaction() as session:
        return int(session.scalar(text("SELECT value->>'seq' FROM facts WHERE name = 'audit shipped'")) or 0)


def lag(database: Database) -> float:
    with database.transaction() as session:
        return float(session.scalar(text(GAUGES["sparkops_audit_lag_seconds"][2])) or 0)


# --- one batch


def test_sealed_rows_are_posted_as_json_lines_with_the_token(trail: Trail, collector: Collector) -> None:
    trail.sealed(2).write(1)
    assert ship(trail.database, HttpSink(collector.url, SecretStr("sesame"))) == 2
    assert [[(row["seq"], row["line"]) for row in batch] for batch in collector.batches] == [
        [(1, "ping 1"), (2, "ping 2")]
    ]
    assert collector.batches[0][0]["chain_hash"] == trail.row(1).chain_hash
    assert collector.headers[0]["Authorization"] == "Bearer sesame"
    assert collector.headers[0]["Content-Type"] == "application/x-ndjson"


def test_what_was_shipped_is_not_shipped_again(trail: Trail, collector: Collector) -> None:
    sink = HttpSink(collector.url)
    trail.sealed(2)
    assert [ship(trail.database, sink) for _ in range(2)] == [2, 0]
    trail.sealed(3)
    begin(trail.database)
    assert ship(trail.database, sink) == 3
    assert collector.places() == [1, 2, 3, 4, 5]
    assert "Authorization" not in collector.headers[0]


def test_many_rows_go_in_batches(trail: Trail, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_shipping, "BATCH", 4)
    trail.sealed(10)
    assert [ship(trail.database, HttpSink(collector.url)) for _ in range(4)] == [4, 4, 2, 0]
    assert [len(batch) for batch in collector.batches] == [4, 4, 2]
    assert collector.places() == list(range(1, 11))


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (503, "Posting audit rows to 127.0.0.1: it answered 503 Service Unavailable."),
        (403, "Posting audit rows to 127.0.0.1: it answered 403 Forbidden."),
        (302, "Posting audit rows to 127.0.0.1: it answered 302 Found."),
    ],
)
def test_what_is_not_taken_is_shipped_again(
    trail: Trail, collector: Collector, status: int, why: str
) -> None:
    trail.sealed(2)
    collector.answers = [status]
    sink = HttpSink(collector.url)
    with pytest.raises(SinkUnavailable) as caught:
        ship(trail.database, sink)
    assert (str(caught.value), shipped(trail.database)) == (why, 0)
    assert ship(trail.database, sink) == 2
    assert collector.places() == [1, 2]


def test_a_sink_that_is_not_there_is_told_without_its_path(trail: Trail) -> None:
    trail.sealed(1)
    with pytest.raises(SinkUnavailable) as caught:
        ship(trail.database, HttpSink("http://127.0.0.1:9/collect/a-secret-of-theirs"))
    assert str(caught.value) == "Posting audit rows to 127.0.0.1: ConnectionError."


def test_while_another_process_ships_nothing_is_done(trail: Trail, collector: Collector) -> None:
    trail.sealed(1)
    with psycopg.connect(trail.database.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('sparkops audit shipping', 0))")
        assert ship(trail.database, HttpSink(collector.url)) == 0
    assert ship(trail.database, HttpSink(collector.url)) == 1


def test_the_process_s_own_output_is_a_sink(trail: Trail, capsys: pytest.CaptureFixture[str]) -> None:
    trail.sealed(2)
    assert ship(trail.database, StdoutSink()) == 2
    assert [json.loads(line)["line"] for line in capsys.readouterr().out.splitlines()] == ["ping 1", "ping 2"]


# --- the thread


def test_a_sink_that_goes_and_comes_back_gets_everything_in_order(
    trail: Trail, collector: Collector, shipping: Any
) -> None:
    collector.answers = [200, 503, 500, 503]
    with capture_logs() as logs:
        shipping(collector.url)
        trail.sealed(1)
        wait_for(lambda: collector.places() == [1], "the first row")
        trail.sealed(3)
        wait_for(lambda: collector.places() == [1, 2, 3, 4], "the rest")
        trail.sealed(1)
        wait_for(lambda: shipped(trail.database) == 5, "one more")
    told = [(each["event"], each["log_level"], each.get("error"), each.get("rows")) for each in logs]
    assert told == [
        ("audit.not_shipped", "error",
         "Posting audit rows to 127.0.0.1: it answered 503 Service Unavailable.", None),
        ("audit.shipped_again", "info", None, 3),
    ]  # fmt: skip


def test_a_sink_that_starts_later_gets_what_was_before_it(trail: Trail, shipping: Any) -> None:
    with collecting() as first:
        port = int(first.url.rstrip("/").rsplit(":", 1)[1])
    trail.sealed(3)
    shipping(f"http://127.0.0.1:{port}/")
    time.sleep(0.2)
    with collecting(port) as collector:
        wait_for(lambda: collector.places() == [1, 2, 3], "all rows")


def test_while_the_sink_is_slow_nothing_else_waits(trail: Trail, collector: Collector, shipping: Any) -> None:
    collector.slow.clear()
    shipper = shipping(collector.url, patience=20)
    trail.sealed(2)
    wait_for(lambda: _waits_for_the_sink(trail.database), "the shipper to wait for the sink")
    trail.sealed(2)
    assert (trail.verify().checked, shipped(trail.database)) == (4, 0)
    shipper.stop()
    assert shipper._thread.is_alive(), "it is not waited for either when the process ends"
    collector.slow.set()
    wait_for(lambda: shipped(trail.database) == 2, "the batch under way to be taken")


def _waits_for_the_sink(database: Database) -> bool:
    with database.transaction() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")))


def test_a_sink_that_never_answers_is_given_up_and_tried_again(
    trail: Trail, collector: Collector, shipping: Any
) -> None:
    collector.slow.clear()
    trail.sealed(1)
    with capture_logs() as logs:
        shipping(collector.url, patience=0.2)
        wait_for(lambda: logs, "it to be given up")
        collector.slow.set()
        wait_for(lambda: shipped(trail.database) == 1, "the row")
    assert logs[0]["error"] == "Posting audit rows to 127.0.0.1: ReadTimeout."
    assert set(collector.places()) == {1}, "perhaps more than once"


# --- its lag, and the settings


def test_the_lag_is_the_age_of_the_oldest_row_that_the_sink_lacks(trail: Trail, collector: Collector) -> None:
    assert lag(trail.database) == 0
    trail.sealed(2)
    trail.beneath("UPDATE audit SET at = now() - interval '90 seconds' WHERE seq = 1")
    assert 89 < lag(trail.database) < 150
    ship(trail.database, HttpSink(collector.url))
    assert lag(trail.database) == 0


def test_where_there_was_never_a_sink_there_is_no_lag(database: Database) -> None:
    Trail(database).sealed(2)
    assert lag(database) == 0


def test_rows_that_are_not_sealed_are_counted(trail: Trail) -> None:
    trail.sealed(2).write(3)
    with trail.database.transaction() as session:
        assert session.scalar(text(GAUGES["sparkops_audit_unsealed"][2])) == 3


@pytest.mark.parametrize(
    ("sink", "kind"),
    [
        (None, None),
        ("stdout", StdoutSink),
        ("https://logs.example.com/x", HttpSink),
        ("http://localhost:1/", HttpSink),
    ],
)
def test_the_settings_say_where_to(database: Database, sink: str | None, kind: type | None) -> None:
    shipper = shipper_of(settings_of({"SPARKOPS_AUDIT_SINK": sink} if sink else {}), database)
    assert (type(shipper._sink) if shipper else None) is kind


@pytest.mark.parametrize(
    "sink", ["http://logs.example.com/", "stderr", "ftp://logs.example.com/", "/var/log/audit"]
)
def test_a_sink_that_others_could_read_on_the_way_is_refused(sink: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of({"SPARKOPS_AUDIT_SINK": sink})
    assert str(caught.value) == (
        "The environment, SPARKOPS_AUDIT_SINK: it must be `stdout` or an address that begins with https://."
    )


def test_the_sink_s_token_is_a_secret() -> None:
    settings = settings_of({"SPARKOPS_AUDIT_SINK": "stdout", "SPARKOPS_AUDIT_SINK_TOKEN": "sesame-opens-all"})
    assert "sesame-opens-all" in settings.secrets()
    assert "sesame" not in repr(settings)
