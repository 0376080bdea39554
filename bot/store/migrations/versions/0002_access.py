"""Access: grants from chat, approvals, limits, credentials, API tokens, and an audit trail that is sealed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

# A row may be sealed once: its place in the chain is filled in. Any other change, and any deletion, is an error
# for whoever tries it through SQL; what is done beneath it, `audit verify` finds.
_APPEND_ONLY = """
CREATE FUNCTION sparkops_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND
       to_jsonb(OLD) - 'seq' - 'chain_hash' - 'content_hash' = to_jsonb(NEW) - 'seq' - 'chain_hash' - 'content_hash' AND
       (OLD.content_hash IS NULL OR OLD.content_hash = NEW.content_hash)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only: a row of it cannot be changed or deleted';
END;
$$;
CREATE TRIGGER sparkops_audit_is_append_only
    BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION sparkops_audit_is_append_only();
"""
# Every process keeps the policy in memory and is told here that it has changed.
_NOTIFY_GRANTS = """
CREATE FUNCTION sparkops_notify_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('sparkops_access', '');
    RETURN NULL;
END;
$$;
CREATE TRIGGER sparkops_notify_access
    AFTER INSERT OR UPDATE OR DELETE ON grants
    FOR EACH STATEMENT EXECUTE FUNCTION sparkops_notify_access();
"""


def upgrade() -> None:
    """Add what is new, then the triggers."""
    _create_tables()
    _add_columns()
    connection = op.get_bind()
    connection.exec_driver_sql(_APPEND_ONLY)
    connection.exec_driver_sql(_NOTIFY_GRANTS)


def _create_tables() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scope", JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "approvals",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("person_email", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=True),
        sa.Column("room_title", sa.Text(), nullable=False),
        sa.Column("room_type", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("words", JSONB(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("effect_text", sa.Text(), nullable=False),
        sa.Column("asked", JSONB(), nullable=False),
        sa.Column("needs", JSONB(), nullable=False),
        sa.Column("confirmed", sa.Text(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("request_key"),
    )
    op.create_index(
        "approvals_open",
        "approvals",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("approvals_person", "approvals", ["person_email"], unique=False)
    op.create_table(
        "buckets",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "credentials",
        sa.Column("person_email", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("person_email", "service"),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("rule", JSONB(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "approval_votes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("person_email", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["approvals.code"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code", "identity"),
    )
    op.create_table(
        "approval_asks",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=True),
        sa.Column("to_person_email", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("mentions", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["approvals.code"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code", "number"),
    )


def _add_columns() -> None:
    op.add_column("audit", sa.Column("arguments", JSONB(), server_default="{}", nullable=False))
    op.add_column("audit", sa.Column("approvers", JSONB(), server_default="{}", nullable=False))
    op.add_column("audit", sa.Column("content_hash", sa.Text(), nullable=True))
    op.add_column("audit", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("chain_hash", sa.Text(), nullable=True))
    op.create_index("audit_unsealed", "audit", ["id"], unique=False, postgresql_where=sa.text("seq is null"))
    op.create_unique_constraint("audit_seq_key", "audit", ["seq"])
    op.add_column("outbox", sa.Column("is_digest", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(
        "outbox_digest",
        "outbox",
        ["lane"],
        unique=True,
        postgresql_where=sa.text("state = 'pending' and is_digest"),
    )
    op.add_column("runs", sa.Column("asked", JSONB(), server_default="{}", nullable=False))
    op.add_column("schedules", sa.Column("line", sa.Text(), nullable=True))
    op.add_column("schedules", sa.Column("person_email", sa.Text(), nullable=True))
    op.add_column("schedules", sa.Column("room_id", sa.Text(), nullable=True))
    op.add_column("schedules", sa.Column("paused", sa.Text(), nullable=True))
    op.add_column(
        "schedules",
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
