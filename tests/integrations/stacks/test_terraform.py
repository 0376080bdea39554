"""The real terraform, with its built-in provider: planned, applied, stale, cancelled, torn down."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from integrations.stacks.engines.model import Change, Counts, Found, Held, Moved, Outcome, Purpose, Said
from integrations.stacks.engines.process import Stop
from integrations.stacks.engines.terraform import Terraform
from integrations.stacks.errors import (
    Cancelled,
    EngineFailed,
    MissingProgram,
    PlanChanged,
    StalePlan,
    UnknownStream,
    WrongVersion,
)
from tests.integrations.stacks.jobs import Hearing, job
from tests.integrations.stacks.programs import needed

MAIN = """
    variable "nodes" { type = number }
    variable "os_pass" {
      type      = string
      sensitive = true
    }
    resource "terraform_data" "node" {
      count = var.nodes
      input = "node ${count.index}"
    }
    output "url" { value = "http://${var.nodes}" }
    output "pass" {
      value     = var.os_pass
      sensitive = true
    }
"""
SLOW = """
    resource "terraform_data" "first" {}
    resource "terraform_data" "slow" {
      depends_on = [terraform_data.first]
      provisioner "local-exec" { command = "echo at it; exec sleep 1000" }
    }
    resource "terraform_data" "never" { depends_on = [terraform_data.slow] }
"""
SECRET = {"os_pass": "hunter2-hunter2"}


@pytest.fixture(autouse=True)
def _terraform() -> None:
    needed("terraform", "https://developer.hashicorp.com/terraform/install")


def test_a_stack_is_planned_applied_and_torn_down(tmp_path: Path) -> None:
    work, engine, hearing = job(tmp_path, {"main.tf": MAIN}, secrets=SECRET, nodes=2), Terraform(), Hearing()

    plan = engine.plan(work, Purpose.APPLY, hearing.listener)
    assert plan.counts == Counts(add=2)
    assert plan.changes == (
        Change("terraform_data.node[0]", ("create",)),
        Change("terraform_data.node[1]", ("create",)),
    )
    assert plan.has_changes
    assert len(plan.digest) == 64
    assert {each.change for each in hearing.of(Found)} == set(plan.changes)

    result = engine.apply(work, plan, hearing.listener)
    assert (result.outcome, result.counts, result.diagnostics) == (Outcome.DONE, Counts(add=2), ())
    outputs = engine.outputs(work, hearing.listener)
    assert {name: each.sensitive for name, each in outputs.items()} == {"pass": True, "url": False}
    assert outputs["url"].value == "http://2"
    assert engine.held(work, hearing.listener) == (
        Held("terraform_data.node[0]"),
        Held("terraform_data.node[1]"),
    )
    again = engine.plan(work, Purpose.APPLY, hearing.listener)
    assert (again.has_changes, again.counts, again.changes) == (False, Counts(), ())

    gone = engine.destroy(work, hearing.listener)
    assert (gone.outcome, gone.counts) == (Outcome.DONE, Counts(remove=2))
    assert engine.held(work, hearing.listener) == ()


def test_no_secret_is_told_logged_or_seen_in_arguments(tmp_path: Path) -> None:
    work, hearing = job(tmp_path, {"main.tf": MAIN}, secrets=SECRET, nodes=1), Hearing()
    plan = Terraform().plan(work, Purpose.APPLY, hearing.listener)
    Terraform().apply(work, plan, hearing.listener)
    assert "hunter2" not in repr((plan, hearing.events, work))
    logs = list(work.private.glob("*.log"))
    assert len(logs) == 4  # init, plan, show, apply
    assert not [path for path in logs if "hunter2" in path.read_text()]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in work.private.iterdir()}
    assert set(modes.values()) == {0o600}
    assert modes["variables.tfvars.json"] == 0o600
    assert not [name for name in modes if name.startswith("shown") and name.endswith(".out")]


def test_the_operators_own_terraform_settings_are_not_passed_on(tmp_path: Path) -> None:
    """TF_CLI_CONFIG_FILE that names no file makes terraform warn; TF_CLI_ARGS would change what it does."""
    theirs = {"TF_CLI_CONFIG_FILE": "/nowhere", "TF_CLI_ARGS_plan": "-destroy", "TF_LOG": "TRACE"}
    hearing = Hearing()
    work = job(tmp_path, {"main.tf": MAIN}, secrets=SECRET, environ=theirs, nodes=1)
    assert Terraform().plan(work, Purpose.APPLY, hearing.listener).counts == Counts(add=1)
    assert "CLI configuration" not in repr(hearing.events)


def test_a_plan_for_another_state_is_stale(tmp_path: Path) -> None:
    work, quiet = job(tmp_path, {"main.tf": MAIN}, secrets=SECRET, nodes=2), Hearing().listener
    first = Terraform().plan(work, Purpose.APPLY, quiet)
    other = job(tmp_path, {}, secrets=SECRET, nodes=1)
    Terraform().apply(other, Terraform()._plan(other, Purpose.APPLY, quiet, "other"), quiet)
    with pytest.raises(StalePlan) as told:
        Terraform().apply(work, first, quiet)
    assert str(told.value) == (
        "Applying the plan of eth: the state has changed since it was planned. "
        "Plan it again: what was approved was for another state. Nothing was changed."
    )


def test_a_plan_that_is_not_the_approved_one_is_not_applied(tmp_path: Path) -> None:
    work, quiet = job(tmp_path, {"main.tf": MAIN}, secrets=SECRET, nodes=2), Hearing().listener
    approved = Terraform().plan(work, Purpose.APPLY, quiet)
    Terraform().plan(job(tmp_path, {}, secrets=SECRET, nodes=8), Purpose.APPLY, quiet)  # the same file
    with pytest.raises(PlanChanged, match="the saved plan is not the one that was approved"):
        Terraform().apply(work, approved, quiet)
    assert Terraform().held(work, quiet) == ()


def test_drift_is_seen_by_a_normal_plan_and_explained(tmp_path: Path) -> None:
    made = tmp_path / "made"
    files = {"main.tf": f'resource "terraform_data" "a" {{ input = fileexists("{made}") }}'}
    work, quiet = job(tmp_path, files), Hearing().listener
    Terraform().apply(work, Terraform().plan(work, Purpose.APPLY, quiet), quiet)
    assert not Terraform().refresh(work, quiet).has_changes
    made.touch()
    drifted = Terraform().refresh(work, quiet)
    assert (drifted.has_changes, drifted.counts) == (True, Counts(change=1))
    assert drifted.changes == (Change("terraform_data.a", ("update",)),)


# --- what goes wrong


def test_a_source_that_is_wrong_is_told_in_terraforms_words(tmp_path: Path) -> None:
    work = job(tmp_path, {"main.tf": 'output "a" { value = var.nowhere }'})
    with pytest.raises(EngineFailed) as told:
        Terraform().plan(work, Purpose.APPLY, Hearing().listener)
    assert str(told.value) == (
        'Planning eth: Reference to undeclared input variable (An input variable with the name "nowhere" has '
        'not been declared. This variable can be declared with a variable "nowhere" {} block.).'
    )


def test_a_source_that_cannot_be_initialised_is_told_too(tmp_path: Path) -> None:
    work = job(tmp_path, {"main.tf": 'resource "terraform_data" {}'})
    with pytest.raises(EngineFailed) as told:
        Terraform().plan(work, Purpose.APPLY, Hearing().listener)
    assert str(told.value) == (
        'Initialising eth: Missing name for resource on main.tf line 1, in resource "terraform_data": '
        '1: resource "terraform_data" {} '
        "All resource blocks must have 2 labels (type, name)."
    )


def test_what_was_begun_before_an_error_makes_it_partial(tmp_path: Path) -> None:
    files = {
        "main.tf": """
            resource "terraform_data" "good" {}
            resource "terraform_data" "bad" {
              depends_on = [terraform_data.good]
              provisioner "local-exec" { command = "exit 3" }
            }
        """
    }
    work, quiet = job(tmp_path, files), Hearing().listener
    result = Terraform().apply(work, Terraform().plan(work, Purpose.APPLY, quiet), quiet)
    assert (result.outcome, result.counts) == (Outcome.PARTIAL, None)
    assert [each.summary for each in result.errors] == ["local-exec provisioner error"]
    assert Terraform().held(work, quiet) == (
        Held("terraform_data.bad", tainted=True),
        Held("terraform_data.good"),
    )


def test_a_cancelled_apply_saves_what_it_has_made_and_leaves_no_process(tmp_path: Path) -> None:
    work, quiet = job(tmp_path, {"main.tf": SLOW}), Hearing().listener
    plan = Terraform().plan(work, Purpose.APPLY, quiet)
    hearing = Hearing(until=Said, text="at it")
    result = Terraform().apply(work, plan, hearing.listener)
    assert (result.outcome, result.counts, result.left_running) == (Outcome.CANCELLED, None, 0)
    assert Terraform().held(work, quiet) == (
        Held("terraform_data.first"),
        Held("terraform_data.slow", tainted=True),
    )
    assert "terraform_data.never" not in [each.address for each in hearing.of(Moved)]
    left = Terraform().refresh(work, quiet)  # the lock is free again
    assert left.counts == Counts(add=2, remove=1)
    assert {each.address: each.word for each in left.changes} == {
        "terraform_data.slow": "replace",
        "terraform_data.never": "create",
    }


def test_a_killed_apply_is_told_as_such(tmp_path: Path) -> None:
    work, quiet = job(tmp_path, {"main.tf": SLOW}), Hearing().listener
    plan = Terraform().plan(work, Purpose.APPLY, quiet)
    result = Terraform().apply(work, plan, Hearing(until=Said, text="at it", stop=Stop.NOW).listener)
    assert (result.outcome, result.left_running) == (Outcome.KILLED, 0)
    assert Held("terraform_data.slow") not in Terraform().held(work, quiet)  # an orphan: nobody knows of it


def test_a_cancelled_plan_has_changed_nothing(tmp_path: Path) -> None:
    """What terraform's built-in provider plans is planned at once, so another program is slow in its place."""
    slow = fake(
        tmp_path,
        "terraform",
        'case "$1" in',
        """version) echo '{"terraform_version": "1.11.4"}';;""",
        """plan) trap 'kill $!; exit 1' INT; echo '{"type":"version","ui":"1.2"}'; echo at it; sleep 1000 & wait;;""",
        "esac",
    )
    work = job(tmp_path, {"main.tf": MAIN}, environ=slow)
    with pytest.raises(Cancelled) as told:
        Terraform().plan(work, Purpose.APPLY, Hearing(until=Said, text="at it").listener)
    assert str(told.value) == "Planning eth: it was stopped, and nothing was changed."


# --- the program


def fake(folder: Path, name: str, *lines: str) -> dict[str, str]:
    """An environment in which a program of that name says these lines."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:/usr/bin:/bin"}


def test_a_missing_program_is_told_with_the_version_that_is_wanted(tmp_path: Path) -> None:
    work = job(tmp_path, {"main.tf": MAIN}, environ={"PATH": "/nowhere"})
    with pytest.raises(MissingProgram) as told:
        Terraform().plan(work, Purpose.APPLY, Hearing().listener)
    assert str(told.value) == (
        "Looking for terraform or tofu >=1.5,<2 for the stack eth: it is not installed where the worker runs. "
        "My operator installs it there; nothing was changed."
    )


def test_another_version_than_is_wanted_is_told(tmp_path: Path) -> None:
    old = fake(tmp_path, "terraform", 'echo \'{"terraform_version": "1.4.6"}\'')
    with pytest.raises(WrongVersion) as told:
        Terraform().tool(job(tmp_path, {}, environ=old))
    assert str(told.value) == (
        "Looking for terraform or tofu >=1.5,<2 for the stack eth: there is terraform 1.4.6. "
        "My operator installs another; nothing was changed."
    )


def test_tofu_is_taken_where_terraform_is_not_there(tmp_path: Path) -> None:
    there = fake(tmp_path, "tofu", 'echo \'{"terraform_version": "1.8.3"}\'')
    there = {"PATH": there["PATH"].partition(":")[0]}
    tool = Terraform().tool(job(tmp_path, {}, environ=there))
    assert (tool.name, tool.version) == ("tofu", "1.8.3")


def test_a_program_that_speaks_a_newer_language_is_stopped_and_refused(tmp_path: Path) -> None:
    new = fake(
        tmp_path,
        "terraform",
        'case "$1" in',
        """version) echo '{"terraform_version": "1.99.0"}';;""",
        """plan) echo '{"type":"version","ui":"2.0"}';;""",
        "esac",
    )
    work = job(tmp_path, {"main.tf": MAIN}, environ=new)
    with pytest.raises(UnknownStream, match=r"the program speaks version 2.0 of its language, and I read 1"):
        Terraform().plan(work, Purpose.APPLY, Hearing().listener)
