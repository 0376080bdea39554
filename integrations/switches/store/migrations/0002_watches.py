"""The tables of watches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "switch_watches",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("show", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("condition", sa.Text(), server_default="", nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("asked", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("standing", JSONB(), server_default="[]", nullable=False),
        sa.Column("thinned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("room_id", "name"),
    )
    op.create_index(
        "switch_watches_due",
        "switch_watches",
        ["due_at"],
        postgresql_where=sa.text("ended_at IS NULL AND paused IS NULL"),
    )
    op.create_table(
        "switch_watch_polls",
        *_of_a_watch(),
        sa.Column("switch", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=True),
        sa.Column("seen", JSONB(), nullable=True),
        sa.Column("silence", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("watch_id", "switch"),
    )
    op.create_table(
        "switch_watch_series",
        *_of_a_watch(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("switch", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "number"),
        sa.UniqueConstraint("watch_id", "switch", "subject"),
    )
    op.create_table(
        "switch_watch_frames",
        *_of_a_watch(),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mean", sa.LargeBinary(), nullable=False),
        sa.Column("peak", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("watch_id", "step", "at"),
    )
    op.create_table(
        "switch_watch_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        *_of_a_watch(),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("switch", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("switch_watch_events_watch", "switch_watch_events", ["watch_id", "id"])


def _of_a_watch() -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return (
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["switch_watches.id"], ondelete="CASCADE"),
    )
