"""Cisco Nexus switches over NX-API: a thousand asked at once."""

from bot.integration import Integration
from integrations.switches.changing.back import ROLLBACK_RUN
from integrations.switches.changing.change import CHANGE_RUN
from integrations.switches.checks import check
from integrations.switches.client import connect
from integrations.switches.commands import COMMANDS
from integrations.switches.settings import SwitchesSettings
from integrations.switches.store import MIGRATIONS

integration = Integration(
    name="switches",
    settings=SwitchesSettings,
    client=connect,
    commands=COMMANDS,
    run_kinds=(CHANGE_RUN, ROLLBACK_RUN),
    checks=(check,),
    migrations=MIGRATIONS,
)
