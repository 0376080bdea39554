"""What `python -m bot doctor` looks at: is Jenkins there, who am I to it, and can it report to me?"""

from __future__ import annotations

from bot.commands.context import Services
from bot.integration import CheckResult
from bot.settings import read_environment
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.settings import JenkinsSettings, hook_secrets

_LONG_ENOUGH = 24
"""Characters of a hook secret: it is all that tells Jenkins' reports from forged ones."""


def check(services: Services) -> tuple[CheckResult, ...]:
    """The server and the hook, one line each."""
    given = services.settings.file.integrations.get("jenkins", {})
    settings = read_environment(JenkinsSettings, services.settings.environment, **given)
    return (_server(settings, services.clients.get("jenkins")), _hook(settings))


def _server(settings: JenkinsSettings, client: object) -> CheckResult:
    missing = settings.missing()
    if len(missing) == 3:
        return CheckResult(
            "jenkins", True, "is not set up: set JENKINS_URL, JENKINS_USER and JENKINS_TOKEN to use it."
        )
    if missing or not isinstance(client, JenkinsClient):
        return CheckResult("jenkins", False, f"is half set up: {' and '.join(missing)} are missing.")
    try:
        name = client.whoami()
    except JenkinsError as error:
        return CheckResult("jenkins", False, str(error))
    return CheckResult("jenkins", True, f"{client.url} is Jenkins {client.version}, and I am {name}.")


def _hook(settings: JenkinsSettings) -> CheckResult:
    if not settings.hook_secrets:
        return CheckResult(
            "jenkins hook", True, "JENKINS_HOOK_SECRET is not set, so no room hears of builds."
        )
    if short := [secret for secret in hook_secrets(settings) if len(secret) < _LONG_ENOUGH]:
        says = (
            f"{len(short)} of JENKINS_HOOK_SECRET could be guessed, being shorter than {_LONG_ENOUGH} "
            "characters: make new ones with `openssl rand -hex 24`."
        )
        return CheckResult("jenkins hook", False, says)
    return CheckResult("jenkins hook", True, "takes reports at /hooks/jenkins/<JENKINS_HOOK_SECRET>.")
