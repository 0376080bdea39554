"""Tests that drive the whole bot through HTTP."""
