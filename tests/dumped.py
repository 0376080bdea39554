"""All that the database holds, as text: to look for what must be nowhere in it."""

from __future__ import annotations

from sqlalchemy import text

from bot.store.database import Database


def dumped(database: Database) -> str:
    """Every row of every table, of ours and of the queue; bytes as they are and as hexadecimal digits."""
    tables = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    lines: list[str] = []
    with database.transaction() as session:
        for table in session.scalars(tables).all():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                lines.append(" ".join(str(value) for value in row))
                lines += [value.hex() for value in row if isinstance(value, bytes)]
    return "\n".join(lines)
