"""Saved plans from the moment they are made until they are applied or void, whichever worker does it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr, TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.access.encryption import Resealed
from integrations.stacks.engines.files import write_private_bytes
from integrations.stacks.engines.model import Change, Counts, Diagnostic, Plan, Purpose
from integrations.stacks.state.sealing import Sealer
from integrations.stacks.store.models import StackPlan

_CHANGES = TypeAdapter(tuple[Change, ...])
_WARNINGS = TypeAdapter(tuple[Diagnostic, ...])
_COUNTS = TypeAdapter(Counts)


def keep(session: Session, sealer: Sealer, stack: str, instance: str, plan: Plan, revision: str) -> None:
    """Store a plan with its files. Raises NoKey, and OSError where a file is not there any more."""
    says = {
        "purpose": plan.purpose.value,
        "counts": _COUNTS.dump_python(plan.counts, mode="json"),
        "changes": _CHANGES.dump_python(plan.changes, mode="json"),
        "drift": _CHANGES.dump_python(plan.drift, mode="json"),
        "warnings": _WARNINGS.dump_python(plan.warnings, mode="json"),
        "has_changes": plan.has_changes,
        "files": [_packed(file) for file in (plan.file, *plan.beside)],
    }
    sealed = sealer.seal(stack, instance, json.dumps(says).encode())
    row = {
        "stack": stack,
        "instance": instance,
        "digest": plan.digest,
        "revision": revision,
        "sealed": sealed,
    }
    session.execute(
        insert(StackPlan).values(row).on_conflict_do_update(
            index_elements=[StackPlan.digest, StackPlan.stack, StackPlan.instance],
            set_={"sealed": sealed, "revision": revision},
        )
    )  # fmt: skip


def fetch(
    session: Session, sealer: Sealer, stack: str, instance: str, digest: str, private: Path
) -> tuple[Plan, str] | None:
    """A plan with its files in a job's private folder, and the revision it was made of; None where it is not kept.

    Raises NoKey and CannotOpen.
    """
    row = session.get(StackPlan, (digest, stack, instance))
    if row is None:
        return None
    says: dict[str, Any] = json.loads(sealer.open(stack, instance, row.sealed))
    file, *beside = [_unpacked(each, private) for each in says["files"]]
    plan = Plan(
        purpose=Purpose(says["purpose"]),
        file=file,
        digest=digest,
        counts=_COUNTS.validate_python(says["counts"]),
        changes=_CHANGES.validate_python(says["changes"]),
        drift=_CHANGES.validate_python(says["drift"]),
        has_changes=says["has_changes"],
        warnings=_WARNINGS.validate_python(says["warnings"]),
        beside=tuple(beside),
    )
    return plan, row.revision


def forget(session: Session, stack: str, instance: str) -> int:
    """Delete every plan of an instance: one was applied, so that the others are void; returns how many."""
    of = (StackPlan.stack == stack, StackPlan.instance == instance)
    return len(session.execute(delete(StackPlan).where(*of).returning(StackPlan.digest)).all())


def reseal(session: Session, keys: Sequence[SecretStr]) -> Resealed:
    """Encrypt every plan anew with the first key."""
    sealer, count, unreadable = Sealer(keys), 0, []
    for row in session.scalars(select(StackPlan).with_for_update()):
        if (sealed := sealer.renewed(row.sealed)) is None:
            unreadable.append(f"a plan of {row.stack}/{row.instance}")
        else:
            row.sealed, count = sealed, count + 1
    return Resealed(count, "saved plans", tuple(unreadable))


def _packed(file: Path) -> dict[str, str]:
    return {"name": file.name, "content": base64.b64encode(file.read_bytes()).decode()}


def _unpacked(packed: dict[str, str], private: Path) -> Path:
    return write_private_bytes(private / Path(packed["name"]).name, base64.b64decode(packed["content"]))
