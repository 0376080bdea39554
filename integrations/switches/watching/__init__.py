"""Watching switches: what a room wants to be told of, polled in the background with its owner's rights."""
