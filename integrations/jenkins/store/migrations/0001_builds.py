"""The first tables of the Jenkins integration."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "jenkins_builds",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("branch", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.Column("started", sa.Float(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("commit", sa.Text(), server_default="", nullable=False),
        sa.Column("culprits", JSONB(), server_default="[]", nullable=False),
        sa.Column("asked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("upstream_job", sa.Text(), nullable=True),
        sa.Column("upstream_number", sa.BigInteger(), nullable=True),
        sa.Column("tests", sa.BigInteger(), nullable=True),
        sa.Column("failed_tests", JSONB(), nullable=True),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("told_result", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("server", "job", "number"),
    )
    op.create_index("jenkins_builds_history", "jenkins_builds", ["server", "job", "branch", "number"])
    op.create_index(
        "jenkins_builds_upstream",
        "jenkins_builds",
        ["server", "upstream_job", "upstream_number"],
        postgresql_where=sa.text("upstream_job IS NOT NULL"),
    )
    op.create_index("jenkins_builds_seen", "jenkins_builds", ["seen_at"])
    op.create_table(
        "jenkins_jobs",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("server", "job"),
    )
    op.create_table(
        "jenkins_rooms",
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("room_id"),
    )
    op.create_table(
        "jenkins_committers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_email", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
