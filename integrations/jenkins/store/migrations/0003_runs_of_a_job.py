"""Runs are found by the job they build: each report asks who follows its build, and runs are never thrown away."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the indexes: by the name it was asked for, and by the one it has been renamed to."""
    op.create_index("jenkins_runs_of_a_job", "runs", ["kind", sa.text("(arguments ->> 'job')")])
    op.create_index("jenkins_runs_of_a_renamed_job", "runs", ["kind", sa.text("(progress ->> 'job')")])
