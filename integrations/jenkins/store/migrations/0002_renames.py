"""By which build a job is known again that was renamed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Keep the queue item of each job's newest build."""
    op.add_column("jenkins_jobs", sa.Column("newest_id", sa.BigInteger(), nullable=True))
