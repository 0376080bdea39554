"""What `python -m bot doctor` looks at: is each Jenkins there, who am I to it, and can it report to me?"""

from __future__ import annotations

from bot.commands.context import Services
from bot.integration import CheckResult
from bot.settings import read_environment, revealed
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.servers import Servers
from integrations.jenkins.settings import MAIN, JenkinsSettings, Server, account

_LONG_ENOUGH = 24
"""Characters of a hook secret: it is all that tells Jenkins' reports from forged ones."""


def check(services: Services) -> tuple[CheckResult, ...]:
    """For each server: itself, then its hook."""
    given = services.settings.file.integrations.get("jenkins", {})
    settings = read_environment(JenkinsSettings, services.settings.environment, **given)
    servers = services.clients.get("jenkins")
    clients = servers.every() if isinstance(servers, Servers) else ()
    results = [*_incomplete(settings)]
    for client in clients:
        results += [_server(client), _hook(client.name, settings.every[client.name])]
    return tuple(results)


def _incomplete(settings: JenkinsSettings) -> tuple[CheckResult, ...]:
    missing = settings.missing()
    if len(missing) == 3 and not settings.servers:
        says = "is not set up: set JENKINS_URL, JENKINS_USER and JENKINS_TOKEN to use it."
        return (CheckResult("jenkins", True, says), _hook(MAIN, settings))
    if 0 < len(missing) < 3:
        says = f"is half set up: {' and '.join(missing)} are missing."
        return (CheckResult("jenkins", False, says), _hook(MAIN, settings))
    return ()


def _server(client: JenkinsClient) -> CheckResult:
    name = account(client.name)
    try:
        who = client.whoami()
    except JenkinsError as error:
        return CheckResult(name, False, str(error))
    return CheckResult(name, True, f"{client.url} is Jenkins {client.version}, and I am {who}.")


def _hook(server: str, settings: Server) -> CheckResult:
    name = f"{account(server)} hook"
    secrets = revealed(settings.hook_secrets)
    if not secrets:
        unset = "JENKINS_HOOK_SECRET is" if server == MAIN else "hook_secrets are"
        return CheckResult(name, True, f"{unset} not set, so it cannot report to me.")
    if short := [secret for secret in secrets if len(secret) < _LONG_ENOUGH]:
        says = (
            f"{len(short)} of its secrets could be guessed, being shorter than {_LONG_ENOUGH} "
            "characters: make new ones with `openssl rand -hex 24`."
        )
        return CheckResult(name, False, says)
    return CheckResult(name, True, "takes reports at /hooks/jenkins/SECRET.")
