"""Jenkins: start builds from chat, follow them in the thread, hear of the others in the rooms that care."""

from bot.integration import Hook, Integration
from bot.runs.kinds import Periodic
from integrations.jenkins.checks import check
from integrations.jenkins.commands import COMMANDS
from integrations.jenkins.counted import COUNTED
from integrations.jenkins.credentials import CREDENTIALS
from integrations.jenkins.following import BUILD
from integrations.jenkins.hooks import gather, handle, read
from integrations.jenkins.relay.reconcile import reconcile
from integrations.jenkins.servers import connect
from integrations.jenkins.settings import JenkinsSettings, accounts, hook_secrets, sender
from integrations.jenkins.store import MIGRATIONS
from integrations.jenkins.store.tidy import EVERY, tidy

integration = Integration(
    name="jenkins",
    settings=JenkinsSettings,
    client=connect,
    commands=COMMANDS,
    run_kinds=(BUILD,),
    hook=Hook(secrets=hook_secrets, read=read, handle=handle, gather=gather, door=sender),
    checks=(check,),
    credentials=CREDENTIALS,
    accounts=accounts,
    migrations=MIGRATIONS,
    periodics=(
        Periodic("jenkins.look", every=lambda settings: float(settings.look_every), run=reconcile),
        Periodic("jenkins.tidy", every=lambda _: EVERY, run=tidy),
    ),
    counted=COUNTED,
)
