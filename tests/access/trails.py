"""An audit trail for the tests: rows as the worker writes and seals them, and a hand that goes beneath the trigger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, text

from bot.access import audit, audit_chain
from bot.access.audit_seals import SealKeys, seal_keys
from bot.access.audit_verify import Report, verify
from bot.store.database import Database
from bot.store.models import AuditRow

SECRET = SecretStr("an encryption key of the tests, long enough")
FORMER = SecretStr("the encryption key that was used before that")
KEYS = seal_keys((SECRET,))
NO_KEYS = SealKeys()


def entry(key: str, line: str = "ping", **changes: Any) -> audit.Entry:
    """An allowed request of Ada's."""
    values = {
        "person": "ada@example.com",
        "room_id": "room-1",
        "decision": "allowed",
        "result": "ok",
    } | changes
    command = str(values.pop("command", line))
    return audit.Entry(
        request_key=key,
        correlation_id="c0ffee",
        entry=str(values.pop("entry", "text")),
        command=command,
        line=line,
        rule=str(values.pop("rule", "owner")),
        duration_ms=int(values.pop("duration_ms", 12)),
        **values,
    )


@dataclass
class Trail:
    """The audit trail of a database, written and sealed with these keys."""

    database: Database
    keys: SealKeys = KEYS
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def write(self, count: int = 1, **changes: Any) -> None:
        """Write rows, not sealed yet: `ping 1`, `ping 2` …"""
        for number in (next(self._numbers) for _ in range(count)):
            self.record(entry(f"webex:{number}", f"ping {number}", **changes))

    def record(self, entry: audit.Entry) -> None:
        """Write one row."""
        with self.database.transaction() as session:
            audit.record(session, entry, self.keys)

    def sealed(self, count: int = 6) -> Trail:
        """Write rows and seal them."""
        self.write(count)
        self.seal()
        return self

    def seal(self) -> int:
        """Seal all that waits; returns how many rows."""
        total = 0
        while True:
            done = audit_chain.seal(self.database, self.keys)
            total += done
            if done < audit_chain.BATCH:
                return total

    def verify(self, start: int = 1) -> Report:
        """Check the trail."""
        return verify(self.database, self.keys, start)

    def broken(self, start: int = 1) -> tuple[str, str, int]:
        """How the trail is broken, in words, and how many rows are good before that."""
        report = self.verify(start)
        assert report.broken is not None, "the trail is as it was sealed"
        return report.broken.kind, report.broken.says, report.checked

    def rows(self) -> list[AuditRow]:
        """All rows in the order they were written."""
        with self.database.transaction() as session:
            return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))

    def row(self, seq: int) -> AuditRow:
        """The row at this place of the chain."""
        with self.database.transaction() as session:
            return session.scalars(select(AuditRow).where(AuditRow.seq == seq)).one()

    def beneath(self, *statements: str, **values: Any) -> None:
        """Change the table as somebody does who can switch its trigger off."""
        tamper(self.database, *statements, **values)

    def head(self) -> Mapping[str, Any]:
        """The note of where the chain ends."""
        with self.database.transaction() as session:
            found: Mapping[str, Any] = session.scalar(
                text("SELECT value FROM facts WHERE name = 'audit head'")
            )
            return found


def tamper(database: Database, *statements: str, **values: Any) -> None:
    """Carry statements out on the audit trail with its trigger switched off."""
    with database.transaction() as session:
        session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        for statement in statements:
            session.execute(text(statement), values)
        session.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
