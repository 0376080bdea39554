"""Tests of durable work."""
