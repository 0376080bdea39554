"""A worker that applies one stack once, as a run would: `python -m tests.integrations.stacks.chaos_worker KEY FOLDER`.

What it is told beside that stands in its environment: the database, and the door to the state. It prints what
became of it, and is made to be killed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pydantic import SecretStr

from bot.outbound.redact import Redactor
from bot.runs.advance import attempt
from bot.runs.kinds import Interrupted
from bot.store.database import Database
from integrations.stacks.engines.model import Job, Listener, Purpose, StateAccess
from integrations.stacks.engines.terraform import Terraform
from integrations.stacks.errors import LockHeld
from tests.integrations.stacks.jobs import job

NODES = 4


def source(doubled: Path) -> str:
    """A chain of things, each of which takes a moment and notes when another engine is at it at the same time."""
    make = f"flock --nonblock {doubled}.lock sleep 0.15 || echo doubled >> {doubled}"
    parts = [
        f'resource "terraform_data" "node{n}" {{\n'
        + (f"  depends_on = [terraform_data.node{n - 1}]\n" if n else "")
        + f'  provisioner "local-exec" {{ command = "{make}" }}\n}}\n'
        for n in range(NODES)
    ]
    return "".join(parts)


def main(key: str, folder: Path) -> None:
    """Plan, and apply by an attempt of that key."""
    state = StateAccess(
        os.environ["STATE"], os.environ["STATE_USER"], SecretStr(os.environ["STATE_PASSWORD"])
    )
    work = job(folder, {"main.tf": source(folder.parent / "doubled")}, state=state)
    database = Database(os.environ["DATABASE"], pool_size=1)
    try:
        outcome = attempt(database, key, "applying", lambda: _applied(work), Redactor())
    except Interrupted:
        print("lost", flush=True)
    except LockHeld:
        print("locked", flush=True)
    else:
        print(outcome["outcome"], flush=True)


def _applied(work: Job) -> dict[str, object]:
    print("begun", flush=True)
    plan = Terraform().plan(work, Purpose.APPLY, Listener())
    print("applying", flush=True)
    result = Terraform().apply(work, plan, Listener())
    return {"outcome": result.outcome.value, "added": result.counts.add if result.counts else None}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
