"""What is kept: SQLAlchemy models, Alembic migrations, the embedded PostgreSQL."""
