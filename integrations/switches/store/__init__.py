"""What the switches integration remembers, in tables of its own."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
