"""Stacks: plan, approve, apply and tear down clusters from a room."""

from bot.integration import Integration
from integrations.stacks.settings import StacksSettings
from integrations.stacks.state.routes import routes
from integrations.stacks.store import MIGRATIONS

integration = Integration(
    name="stacks",
    settings=StacksSettings,
    migrations=MIGRATIONS,
    routes=routes,
)
