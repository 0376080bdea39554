"""The first tables of the stacks: states, locks, credentials, saved plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "stack_states",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("stack", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("stack_states_newest", "stack_states", ["stack", "instance", "id"])
    op.create_table(
        "stack_locks",
        sa.Column("stack", sa.Text(), primary_key=True),
        sa.Column("instance", sa.Text(), primary_key=True),
        sa.Column("lock_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("info", JSONB(), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "stack_credentials",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("stack", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("issued_for", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("stack_credentials_instance", "stack_credentials", ["stack", "instance"])
    op.create_table(
        "stack_plans",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("stack", sa.Text(), primary_key=True),
        sa.Column("instance", sa.Text(), primary_key=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("stack_plans_instance", "stack_plans", ["stack", "instance"])
