"""What the benches run on: a database of their own, and processes on free ports, ended by their pid."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bot.integration import migrations_of
from bot.settings import Settings
from bot.store.embedded import EmbeddedPostgres
from bot.store.migrate import migrate

ROOT = Path(__file__).parent.parent


@contextmanager
def database() -> Iterator[str]:
    """An embedded PostgreSQL with the present schema, thrown away at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="sparkops-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "home") as server,
    ):
        url = server.start()
        migrate(url, migrations_of(Settings.load({})))
        yield url


@contextmanager
def process(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process for as long as the block runs; what it prints is thrown away."""
    values = {**os.environ, **(environment or {})}
    running = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=values, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def wait_until_answers(url: str, seconds: float = 60.0) -> None:
    """Wait for a 200. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {seconds:.0f} s")
