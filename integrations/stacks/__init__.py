"""Stacks: plan, approve, apply and tear down clusters from a room."""
