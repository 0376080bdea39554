"""Steps of the embedded PostgreSQL's tests: open folders, owners in other processes, notes kept."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psutil
import psycopg
import pytest

REPOSITORY = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
LENT_ACCOUNT = "nobody" if AS_ROOT else None

OWNER = """
import sys, time
from pathlib import Path
from bot.store.embedded import EmbeddedPostgres, HomeLock
home = Path(sys.argv[1])
with HomeLock(home), EmbeddedPostgres(home) as postgres:
    print(postgres.start(), flush=True)
    time.sleep(600)
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """Not pytest's tmp_path, which lies below a folder of mode 0700 and has a long path."""
    memory = Path("/dev/shm")  # several times as fast as a disk, for tests that make dozens of databases
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    folder = Path(tempfile.mkdtemp(prefix="ep-", dir=memory if roomy else "/tmp")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        _stop_servers_in(folder)
        shutil.rmtree(folder)


def _stop_servers_in(folder: Path) -> None:
    for memory in folder.rglob("postgres.json"):
        cluster = memory.parent / json.loads(memory.read_text())["folder"]
        if (cluster / "data").exists():
            postmaster = (
                psutil.Process(postmaster_pid(cluster))
                if (cluster / "data/postmaster.pid").exists()
                else None
            )
            if postmaster and postmaster.name() == "postgres":
                postmaster.send_signal(signal.SIGQUIT)
                psutil.wait_procs([postmaster], timeout=20)


def postmaster_pid(cluster: Path) -> int:
    return int((cluster / "data" / "postmaster.pid").read_text().splitlines()[0])


def write_note(url: str, note: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [note])


def notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note")]


def owner_process(home: Path) -> tuple[subprocess.Popen[str], str]:
    """A `run` in another process, holding the home; and the URL it printed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])}
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill_9(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def working_folder_of(process: psutil.Process) -> str | None:
    try:
        return str(process.cwd())
    except psutil.AccessDenied:
        return None


def run_as(
    account: str, *command: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as another user, which takes root."""
    entry = pwd.getpwnam(account)
    return subprocess.run(
        command,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
    )


def missing(what: str) -> NoReturn:
    """Leave a test out on somebody's own machine; in CI nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
