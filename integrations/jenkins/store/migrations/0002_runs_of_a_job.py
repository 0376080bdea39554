"""Runs are found by the job they build: each report asks who follows its build, and runs are never thrown away."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the index."""
    op.create_index("jenkins_runs_of_a_job", "runs", ["kind", sa.text("(arguments ->> 'job')")])
