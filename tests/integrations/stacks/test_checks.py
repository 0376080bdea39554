"""What `doctor` says of the stacks."""

from __future__ import annotations

from pathlib import Path

from bot.store.database import Database
from integrations.stacks.checks import check
from tests.integrations.stacks.test_spec import shelved
from tests.integrations.stacks.test_terraform import fake
from tests.talking import conversation

LOCAL = "{name: eth, engine: terraform, source: tf}"


def told(database: Database, folder: Path, **environ: str) -> list[tuple[str, bool, str]]:
    given = {"STACKS_FOLDER": str(folder), "SPARKOPS_ENCRYPTION_KEY": "k" * 32} | environ
    services = conversation(database, environ=given).services
    return [(each.name, each.ok, each.says) for each in check(services)]


def test_every_fault_and_every_stack_has_a_line(database: Database, tmp_path: Path) -> None:
    stacks = tmp_path / "stacks"
    shelved(stacks, LOCAL, name="eth", files={"tf/main.tf": ""})
    bad = shelved(stacks, "{name: bad, engine: terrafrom}", name="bad", files={})
    program = "{name: own, engine: program, program: {command: [./run]}}"
    shelved(stacks, program, name="own", files={"run": ""})
    there = fake(tmp_path, "terraform", 'echo \'{"terraform_version": "1.11.4"}\'')
    assert told(database, stacks, **there) == [
        (
            "stacks",
            False,
            f"{bad}, line 1 (engine): 'terrafrom' must be 'terraform', 'packer', 'ansible' or 'program'.",
        ),
        ("stack eth", True, "is run by terraform 1.11.4."),
        ("stack own", True, "is run by ./run."),
    ]


def test_a_program_that_is_missing_is_told_with_its_version(database: Database, tmp_path: Path) -> None:
    shelved(tmp_path, LOCAL, name="eth", files={"tf/main.tf": ""})
    assert told(database, tmp_path, PATH="/nowhere") == [
        (
            "stack eth",
            True,
            "cannot be run on this machine. Looking for terraform or tofu >=1.5,<2 for the stack eth: it is not "
            "installed where the worker runs. My operator installs it there; nothing was changed.",
        )
    ]


def test_a_state_that_could_not_be_kept_is_a_fault(database: Database, tmp_path: Path) -> None:
    shelved(tmp_path, LOCAL, name="eth", files={"tf/main.tf": ""})
    [(_, ok, says)] = told(database, tmp_path, SPARKOPS_ENCRYPTION_KEY="")
    assert (ok, says) == (
        False,
        "its state is kept with me, and SPARKOPS_ENCRYPTION_KEY is not set: `openssl rand -hex 32` makes one.",
    )


def test_no_stacks_are_no_fault(database: Database, tmp_path: Path) -> None:
    assert told(database, tmp_path) == [("stacks", True, f"there are none in {tmp_path}.")]
