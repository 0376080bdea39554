"""Cisco Nexus switches over NX-API: a thousand asked at once."""

from bot.integration import Integration
from bot.runs.kinds import Periodic
from integrations.switches.checks import check
from integrations.switches.client import connect
from integrations.switches.commands import COMMANDS, RUN_KINDS
from integrations.switches.settings import SwitchesSettings
from integrations.switches.store import MIGRATIONS
from integrations.switches.store.snapshots import forget_expired
from integrations.switches.watching.polling import EVERY, poll

integration = Integration(
    name="switches",
    settings=SwitchesSettings,
    client=connect,
    commands=COMMANDS,
    run_kinds=RUN_KINDS,
    checks=(check,),
    migrations=MIGRATIONS,
    periodics=(
        Periodic("switches.snapshots", every=lambda _settings: 3600.0, run=forget_expired),
        Periodic("switches.watch", every=lambda _settings: EVERY, run=poll),
    ),
)
