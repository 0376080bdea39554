"""Durable work: states, locks, progress, cancelling, schedules, and the queue they move on."""
