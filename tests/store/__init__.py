"""Tests of what is kept: the embedded PostgreSQL."""
