"""What the stacks remember, in tables of their own."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
