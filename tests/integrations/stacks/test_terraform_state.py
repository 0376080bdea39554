"""The real terraform keeps its state with the real application: locks seen, writers kept apart, versions kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.store.database import Database
from integrations.stacks.engines.model import (
    Counts,
    Held,
    Job,
    Outcome,
    Purpose,
    Said,
    StateAccess,
)
from integrations.stacks.engines.process import Stop
from integrations.stacks.engines.terraform import Terraform
from integrations.stacks.errors import EngineFailed, LockHeld
from integrations.stacks.state import doors, locks, versions
from integrations.stacks.state.sealing import Sealer
from tests.integrations.stacks.jobs import Hearing, job
from tests.integrations.stacks.programs import needed
from tests.integrations.stacks.state_door import KEY, access, state_server
from tests.integrations.stacks.test_terraform import SLOW

MAIN = """
    terraform {
      backend "local" { path = "elsewhere.tfstate" }
    }
    variable "nodes" { type = number }
    resource "terraform_data" "node" {
      count = var.nodes
      input = "node ${count.index}"
    }
"""


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    needed("terraform", "https://developer.hashicorp.com/terraform/install")
    with state_server(database) as root:
        yield root


def held_by_the_bot(database: Database) -> dict[str, object]:
    """The resources in the state that the bot keeps."""
    with database.transaction() as session:
        content = versions.read(session, Sealer([SecretStr(KEY)]), "eth", "main")
    assert content is not None
    read: dict[str, object] = json.loads(content)
    return read


def work(folder: Path, state: StateAccess, text: str = MAIN, **values: object) -> Job:
    folder.mkdir(exist_ok=True)
    return job(folder, {"main.tf": text}, state=state, **values)


def test_a_state_is_kept_with_the_bot_and_nothing_is_left_on_the_disk(
    url: str, database: Database, tmp_path: Path
) -> None:
    quiet = Hearing().listener
    state = access(database, url)
    first = work(tmp_path / "one", state, nodes=2)
    plan = Terraform().plan(first, Purpose.APPLY, quiet)
    result = Terraform().apply(first, plan, quiet)
    assert (result.outcome, result.counts) == (Outcome.DONE, Counts(add=2))
    assert not list(first.folder.glob("*.tfstate*"))
    left = [path for path in first.folder.parent.rglob("*") if path.is_file()]
    password = state.password.get_secret_value().encode()
    assert not [path for path in left if password in path.read_bytes()]
    with database.transaction() as session:
        assert locks.every(session) == ()

    # Another worker, with nothing but a credential of its own, finds it.
    other = work(tmp_path / "two", access(database, url), nodes=3)
    assert Terraform().refresh(other, quiet).counts == Counts(add=1)
    grown = Terraform().apply(other, Terraform().plan(other, Purpose.APPLY, quiet), quiet)
    assert grown.counts == Counts(add=1)
    gone = Terraform().destroy(work(tmp_path / "three", access(database, url), nodes=3), quiet)
    assert (gone.outcome, gone.counts) == (Outcome.DONE, Counts(remove=3))
    assert held_by_the_bot(database)["resources"] == []
    with database.transaction() as session:
        serials = [each.serial for each in versions.history(session, "eth", "main")]
    assert serials == sorted(serials, reverse=True)
    assert len(serials) >= 3


def test_a_plan_only_needs_to_read(url: str, database: Database, tmp_path: Path) -> None:
    quiet = Hearing().listener
    reading = work(tmp_path / "one", access(database, url, may_write=False), nodes=1)
    plan = Terraform().plan(reading, Purpose.APPLY, quiet)
    assert plan.counts == Counts(add=1)
    result = Terraform().apply(reading, plan, quiet)
    assert result.outcome is not Outcome.DONE


def test_two_applies_at_once_are_kept_apart_by_the_lock(url: str, database: Database, tmp_path: Path) -> None:
    quiet = Hearing().listener
    slow = work(tmp_path / "one", access(database, url), SLOW)
    plan = Terraform().plan(slow, Purpose.APPLY, quiet)
    second = work(tmp_path / "two", access(database, url), SLOW)
    hearing = Hearing()
    done: list[bool] = []
    hearing.stop = lambda: Stop.GENTLY if done else Stop.NO  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(Terraform().apply, slow, plan, hearing.listener)
        while not any("at it" in each.text for each in hearing.of(Said)):
            assert not applying.done()
        with database.transaction() as session:
            [lock] = locks.every(session)
        with pytest.raises(LockHeld) as told:
            Terraform().plan(second, Purpose.APPLY, quiet)
        done.append(True)
        assert applying.result().outcome is Outcome.CANCELLED
    assert told.value.lock_id == lock.id
    assert (lock.operation, lock.info["Who"]) == ("OperationTypeApply", lock.who)
    assert slow.state is not None
    assert lock.credential_id == slow.state.username
    assert Terraform().refresh(second, quiet).counts == Counts(add=2, remove=1)  # the lock is free again


def test_a_killed_apply_leaves_its_lock_which_is_seen_and_freed(
    url: str, database: Database, tmp_path: Path
) -> None:
    quiet = Hearing().listener
    slow = work(tmp_path / "one", access(database, url), SLOW)
    plan = Terraform().plan(slow, Purpose.APPLY, quiet)
    killing = Hearing(until=Said, text="at it", stop=Stop.NOW).listener
    assert Terraform().apply(slow, plan, killing).outcome is Outcome.KILLED
    with pytest.raises(LockHeld):
        Terraform().refresh(slow, quiet)
    with database.transaction() as session:
        [lock] = locks.every(session)
        assert locks.free(session, "eth", "main", lock.id) is None
    Terraform().refresh(slow, quiet)
    # What was in the making when it was killed stands in no state.
    assert Held("terraform_data.slow", tainted=True) not in Terraform().held(slow, quiet)


def test_a_run_whose_credential_has_ended_gets_nothing(url: str, database: Database, tmp_path: Path) -> None:
    state = access(database, url)
    with database.transaction() as session:
        doors.revoke(session, state.username)
    with pytest.raises(EngineFailed, match=r"(?i)unauthorized|requires auth|401"):
        Terraform().plan(work(tmp_path / "one", state, nodes=1), Purpose.APPLY, Hearing().listener)
