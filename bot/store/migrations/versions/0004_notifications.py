"""Notifications: what rooms want to hear and when, and the digests that wait for it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_DIGEST_WAITS = sa.text("state = 'pending' and is_digest")


def upgrade() -> None:
    """Add the table, and let a lane have a digest of each kind; one that waits goes as it stands."""
    op.create_table(
        "notification_preferences",
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet_hours", sa.Text(), nullable=True),
        sa.Column("quiet_days", sa.Text(), nullable=True),
        sa.Column("quiet_zone", sa.Text(), nullable=True),
        sa.Column("digest_every", sa.Interval(), nullable=True),
        sa.Column("digest_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("room_id"),
    )
    op.execute("UPDATE outbox SET is_digest = false WHERE state = 'pending' AND is_digest")
    op.add_column("outbox", sa.Column("is_held", sa.Boolean(), server_default="false", nullable=False))
    op.drop_index("outbox_digest", "outbox")
    op.create_index(
        "outbox_digest", "outbox", ["lane", "is_held"], unique=True, postgresql_where=_DIGEST_WAITS
    )
