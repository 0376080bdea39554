"""Saved plans of engines that have none of their own: what will be run, in one file that can be approved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from integrations.stacks.engines.files import write_private
from integrations.stacks.engines.model import Change, Counts, Diagnostic, Job, Plan, Purpose, digest_of
from integrations.stacks.errors import PlanChanged


def save(
    job: Job,
    purpose: Purpose,
    label: str,
    changes: Sequence[Change],
    *,
    counts: Counts | None = None,
    warnings: Sequence[Diagnostic] = (),
    own: Path | None = None,
) -> Plan:
    """Write down what would be run and on what: the stack's revision, its values, the changes that were looked at.

    `own` is a plan that the engine has written for itself: it is held to as well. Of secrets only the names are
    in it: a digest of a short secret could be guessed.
    """
    says = {
        "stack": job.spec.name,
        "instance": job.instance,
        "engine": job.spec.engine,
        "purpose": purpose.value,
        "revision": job.revision,
        "values": dict(job.values.plain),
        "secrets": sorted(job.values.secrets),
        "own": {own.name: digest_of(own)} if own else {},
        "changes": [[change.address, *change.actions] for change in changes],
    }
    file = write_private(job.private / f"{label}.plan", json.dumps(says, sort_keys=True, indent=1))
    return Plan(
        purpose=purpose,
        file=file,
        digest=digest_of(file),
        counts=counts if counts is not None else _counted(changes),
        changes=tuple(changes),
        has_changes=any(change.is_change for change in changes),
        warnings=tuple(warnings),
        beside=(own,) if own else (),
    )


def check(attempted: str, job: Job, plan: Plan) -> None:
    """Raises PlanChanged unless the file is the approved one, and the job is still what it was made for."""
    check_digest(attempted, plan)
    says: dict[str, Any] = json.loads(plan.file.read_text(encoding="utf-8"))
    now: dict[str, Any] = {"stack": job.spec.name, "instance": job.instance, "engine": job.spec.engine}
    now |= {"revision": job.revision, "values": dict(job.values.plain), "secrets": sorted(job.values.secrets)}
    other = [name for name, value in now.items() if says[name] != value]
    other += [name for name, digest in says["own"].items() if not _is_still(job.private / name, digest)]
    if other:
        raise PlanChanged(
            attempted,
            f"what was approved was for other {' and '.join(other)}",
            "Plan it again; nothing was changed.",
        )


def check_digest(attempted: str, plan: Plan) -> None:
    """Raises PlanChanged unless the saved plan is, byte for byte, the one whose digest was approved."""
    if not plan.file.exists() or digest_of(plan.file) != plan.digest:
        raise PlanChanged(
            attempted,
            "the saved plan is not the one that was approved",
            "Plan it again; nothing was changed.",
        )


def _is_still(file: Path, digest: str) -> bool:
    return file.exists() and digest_of(file) == digest


def _counted(changes: Sequence[Change]) -> Counts:
    words = [change.word for change in changes]
    replaced = words.count("replace")
    return Counts(
        add=words.count("create") + replaced,
        change=words.count("update"),
        remove=words.count("delete") + replaced,
        imported=words.count("import"),
    )
