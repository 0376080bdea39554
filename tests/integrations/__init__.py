"""Tests of the integrations, one folder each."""
