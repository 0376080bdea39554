"""Cisco Nexus switches over NX-API: a thousand asked at once."""

from bot.integration import Integration
from integrations.switches.checks import check
from integrations.switches.client import connect
from integrations.switches.commands import COMMANDS
from integrations.switches.settings import SwitchesSettings

integration = Integration(
    name="switches", settings=SwitchesSettings, client=connect, commands=COMMANDS, checks=(check,)
)
