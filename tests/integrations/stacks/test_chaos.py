"""A random process is killed at a random moment of an apply: what we wrote down never contradicts terraform's state.

Six times by default; `STACKS_CHAOS_ROUNDS=100` does it as often as one has patience for. A failure names its seed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from bot.store.database import Database
from bot.store.models import Attempt
from integrations.stacks.engines.model import StateAccess
from integrations.stacks.engines.process import read_ended
from integrations.stacks.engines.terraform import Terraform
from integrations.stacks.state import locks, versions
from integrations.stacks.state.sealing import Sealer
from tests.integrations.stacks.chaos_worker import NODES
from tests.integrations.stacks.jobs import Hearing, job
from tests.integrations.stacks.programs import needed
from tests.integrations.stacks.state_door import KEY, access, state_server

ROUNDS = int(os.environ.get("STACKS_CHAOS_ROUNDS", "6"))
VICTIMS = ("worker", "guard", "engine")


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    needed("terraform", "https://developer.hashicorp.com/terraform/install")
    with state_server(database) as root:
        yield root


@dataclass
class Round:
    """One instance, one worker, one death."""

    number: int
    folder: Path
    state: StateAccess
    database: Database
    url: str

    @property
    def instance(self) -> str:
        return f"round-{self.number}"

    @property
    def key(self) -> str:
        return f"run:{self.number}:apply"

    @property
    def private(self) -> Path:
        return self.folder / "private"

    def worker(self) -> subprocess.Popen[str]:
        """A worker that applies it."""
        told = {"DATABASE": self.database.url, "STATE": self.state.address, "STATE_USER": self.state.username}
        told |= {"STATE_PASSWORD": self.state.password.get_secret_value()}
        return subprocess.Popen(
            [sys.executable, "-m", "tests.integrations.stacks.chaos_worker", self.key, str(self.folder)],
            env=os.environ | told,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill(self, victim: str, worker: subprocess.Popen[str]) -> None:
        """Kill the worker, or the guard or program that it has running, unless it ends before it has one."""
        if victim == "worker":
            worker.kill()
            return
        while worker.poll() is None:
            with suppress(psutil.NoSuchProcess):  # it ended by itself just now: then the next one
                if (pid := self.running("guard" if victim == "guard" else "program")) is not None:
                    psutil.Process(pid).kill()
                    return

    def running(self, which: str) -> int | None:
        """The guard, or the program, that runs now."""
        for started in self.private.glob("*.started"):
            pid: int = json.loads(started.read_text())[which]
            if not started.with_suffix(".ended").exists() and is_ours(pid, self.folder):
                return pid
        return None

    def wait_until_nothing_runs(self) -> None:
        """Until neither a guard nor a program of this round is left: a killed worker's are told to stop."""
        while any(is_ours(process.pid, self.folder) for process in psutil.process_iter()):
            time.sleep(0.05)

    def held(self) -> set[str] | None:
        """What stands in terraform's state, less what is tainted; None where there is no state."""
        with self.database.transaction() as session:
            content = versions.read(session, Sealer([SecretStr(KEY)]), "eth", self.instance)
        if content is None:
            return None
        resources = json.loads(content)["resources"]
        return {each["name"] for each in resources if each["instances"][0].get("status") != "tainted"}

    def attempt(self) -> Attempt | None:
        """What we wrote down."""
        with self.database.transaction() as session:
            return session.get(Attempt, self.key)


def is_ours(pid: int, folder: Path) -> bool:
    """Whether a living process works in a folder."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.cwd().startswith(str(folder))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


@pytest.mark.timeout(60 + 60 * ROUNDS)
def test_whoever_dies_when_what_is_written_down_never_contradicts_terraforms_state(
    url: str, database: Database, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    chance, seen = random.Random(seed), Counter[str]()
    print(f"seed {seed}")
    longest = an_unharmed_round(one(0, url, database, tmp_path))
    for number in range(1, ROUNDS + 1):
        this = one(number, url, database, tmp_path)
        victim = VICTIMS[number % len(VICTIMS)]
        worker = begun(this.worker())
        time.sleep(chance.uniform(0, 0.9 * longest))
        this.kill(victim, worker)
        second = this.worker() if victim == "worker" else None  # as the next worker enters the step at once
        worker.communicate()
        if second is not None:
            assert second.communicate()[0].split() in (["lost"], ["done"]), "what was begun was begun again"
        this.wait_until_nothing_runs()
        seen[f"{victim}: {what_is_written_down(this)}"] += 1
        nothing_contradicts(this)
        the_way_on_is_open(this)
    print(dict(seen))
    assert not (tmp_path / "doubled").exists(), "two engines were at one stack at once"


def one(number: int, url: str, database: Database, folder: Path) -> Round:
    (folder / f"round-{number}").mkdir()
    state = access(database, url, f"round-{number}")
    return Round(number, folder / f"round-{number}", state, database, url)


def an_unharmed_round(this: Round) -> float:
    """How long one takes on this machine from its beginning, in seconds."""
    worker = begun(this.worker())
    since = time.monotonic()
    assert worker.communicate()[0].split() == ["applying", "done"]
    nothing_contradicts(this)
    return time.monotonic() - since


def begun(worker: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """A worker that has written down that it begins."""
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"
    return worker


def what_is_written_down(this: Round) -> str:
    row = this.attempt()
    if row is None:
        return "not begun"
    return "open" if row.finished_at is None else str((row.outcome or {}).get("outcome", "error"))


def nothing_contradicts(this: Round) -> None:
    """What our record claims is so in terraform's state; where it claims not to know, the engine's end may tell."""
    written, held = what_is_written_down(this), this.held()
    every = {f"node{n}" for n in range(NODES)}
    if written == "not begun":
        assert held is None
    elif written == "done":
        row = this.attempt()
        assert row is not None
        assert row.outcome == {"outcome": "done", "added": NODES}
        assert held == every
    elif written in ("failed", "error"):
        assert not held
    else:
        assert written in ("open", "partial", "killed", "cancelled"), written
    ended = read_ended(this.private / "apply-saved.ended")
    if ended is not None and ended.code == 0:
        assert held == every


def the_way_on_is_open(this: Round) -> None:
    """After the lock that a killed engine left is freed, a plan tells what is missing, and that is all that is."""
    with this.database.transaction() as session:
        if (lock := locks.of(session, "eth", this.instance)) is not None:
            assert what_is_written_down(this) != "done"
            assert lock.credential_id == this.state.username
            assert locks.free(session, "eth", this.instance, lock.id) is None
    held = this.held() or set()
    work = job(this.folder, {}, state=access(this.database, this.url, this.instance))
    missing = {
        each.address.partition(".")[2] for each in Terraform().refresh(work, Hearing().listener).changes
    }
    assert missing == {f"node{n}" for n in range(NODES)} - held
