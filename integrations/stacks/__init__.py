"""Stacks: plan, approve, apply and tear down clusters from a room."""

from bot.integration import Integration
from bot.runs.kinds import Periodic
from integrations.stacks.checks import check
from integrations.stacks.settings import StacksSettings
from integrations.stacks.state.doors import tidy
from integrations.stacks.state.resealing import reseal
from integrations.stacks.state.routes import routes
from integrations.stacks.store import MIGRATIONS

integration = Integration(
    name="stacks",
    settings=StacksSettings,
    checks=(check,),
    migrations=MIGRATIONS,
    periodics=(Periodic("stacks.tidy", every=lambda _settings: 3600.0, run=tidy),),
    routes=routes,
    reseal=reseal,
)
