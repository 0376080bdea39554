"""Rooms: when a person was last active, what was kept, sweeps, and what bulk commands could not do."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and tables."""
    op.create_table(
        "bulk_results",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("person_email", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=True),
        sa.Column("words", JSONB(), nullable=False),
        sa.Column("failed", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_key"),
    )
    op.create_index("bulk_results_person", "bulk_results", ["person_email", "id"], unique=False)
    op.create_table(
        "sweep_items",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("room_key", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("foreseen", sa.Text(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("act_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "room_key"),
    )
    op.create_index("sweep_items_room", "sweep_items", ["room_id"], unique=False)
    op.create_index("sweep_items_state", "sweep_items", ["run_id", "state"], unique=False)
    op.add_column("rooms", sa.Column("person_active_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rooms", sa.Column("person_active_by", sa.Text(), nullable=True))
    op.add_column("rooms", sa.Column("own_post_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rooms", sa.Column("greeted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rooms", sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rooms", sa.Column("kept_by", sa.Text(), nullable=True))
