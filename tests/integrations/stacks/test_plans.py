"""A saved plan is kept until it is applied, and whoever applies it may be another worker than planned it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.store.database import Database
from integrations.stacks.engines.model import Counts, Outcome, Purpose
from integrations.stacks.engines.program import Program
from integrations.stacks.engines.terraform import Terraform
from integrations.stacks.errors import PlanChanged
from integrations.stacks.state import plans
from integrations.stacks.state.resealing import reseal
from integrations.stacks.state.sealing import Sealer
from tests.integrations.stacks.jobs import Hearing, job
from tests.integrations.stacks.programs import needed
from tests.integrations.stacks.state_door import KEY, access, state_server
from tests.integrations.stacks.test_program import programmed
from tests.integrations.stacks.test_terraform import MAIN, SECRET

SEALER = Sealer([SecretStr(KEY)])


def test_a_plan_of_one_worker_is_applied_by_another(database: Database, tmp_path: Path) -> None:
    needed("terraform", "https://developer.hashicorp.com/terraform/install")
    quiet = Hearing().listener
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with state_server(database) as url:
        state = access(database, url)
        first = job(tmp_path / "one", {"main.tf": MAIN}, state=state, secrets=SECRET, nodes=2)
        made = Terraform().plan(first, Purpose.APPLY, quiet)
        with database.transaction() as session:
            plans.keep(session, SEALER, "eth", "main", made, "a" * 64)
            [(sealed,)] = session.execute(text("SELECT sealed FROM stack_plans")).all()
            assert b"hunter2" not in bytes(sealed)
        shutil.rmtree(tmp_path / "one")
        other_state = access(database, url)
        second = job(tmp_path / "two", {"main.tf": MAIN}, state=other_state, secrets=SECRET, nodes=2)
        with database.transaction() as session:
            fetched = plans.fetch(session, SEALER, "eth", "main", made.digest, second.private)
        assert fetched is not None
        plan, revision = fetched
        assert (revision, plan.counts, plan.changes) == ("a" * 64, made.counts, made.changes)
        result = Terraform().apply(second, plan, quiet)
        assert (result.outcome, result.counts) == (Outcome.DONE, Counts(add=2))

        # And a third, that has done neither, finds what stands and what it gives out.
        (tmp_path / "three").mkdir()
        third = job(
            tmp_path / "three", {"main.tf": MAIN}, state=access(database, url), secrets=SECRET, nodes=2
        )
        assert Terraform().outputs(third, quiet)["url"].value == "http://2"
        assert len(Terraform().held(third, quiet)) == 2


def test_a_plan_is_found_by_its_instance_and_its_digest_and_forgotten_with_the_others(
    database: Database, tmp_path: Path
) -> None:
    work, quiet = programmed(tmp_path, nodes=2), Hearing().listener
    made = Program().plan(work, Purpose.APPLY, quiet)
    with database.transaction() as session:
        for _ in range(2):  # as a step that is entered again does
            plans.keep(session, SEALER, "eth", "main", made, work.revision)
        for instance, digest in (("prod", made.digest), ("main", "0" * 64)):
            assert plans.fetch(session, SEALER, "eth", instance, digest, work.private) is None
        made.file.unlink()
        made.beside[0].unlink()
        fetched = plans.fetch(session, SEALER, "eth", "main", made.digest, work.private)
        assert fetched == (made, work.revision)
    assert Program().apply(work, made, quiet).outcome is Outcome.DONE
    with database.transaction() as session:
        assert plans.forget(session, "eth", "main") == 1
        assert plans.forget(session, "eth", "main") == 0


def test_a_kept_plan_that_was_tampered_with_is_not_applied(database: Database, tmp_path: Path) -> None:
    work, quiet = programmed(tmp_path, nodes=2), Hearing().listener
    made = Program().plan(work, Purpose.APPLY, quiet)
    made.file.write_text(made.file.read_text().replace('"nodes": 2', '"nodes": 9'))
    with database.transaction() as session:
        plans.keep(session, SEALER, "eth", "main", made, work.revision)
        fetched = plans.fetch(session, SEALER, "eth", "main", made.digest, work.private)
    assert fetched is not None
    with pytest.raises(PlanChanged):
        Program().apply(work, fetched[0], quiet)


def test_kept_plans_are_encrypted_anew_with_the_states(database: Database, tmp_path: Path) -> None:
    work = programmed(tmp_path, nodes=2)
    made = Program().plan(work, Purpose.APPLY, Hearing().listener)
    former, present = SecretStr(KEY), SecretStr("b" * 40)
    with database.transaction() as session:
        plans.keep(session, SEALER, "eth", "main", made, work.revision)
        assert reseal(session, [present, former]).count == 1
    with database.transaction() as session:
        assert plans.fetch(session, Sealer([present]), "eth", "main", made.digest, work.private) is not None
        assert reseal(session, [former]).unreadable == ("a plan of eth/main",)
