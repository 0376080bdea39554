"""What `python -m bot doctor` looks at: is each Jenkins there, who am I to it, and do its reports reach me?"""

from __future__ import annotations

from bot.commands.context import Services
from bot.commands.tables import utc
from bot.integration import CheckResult
from bot.settings import read_environment, revealed
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.render import duration
from integrations.jenkins.servers import Servers
from integrations.jenkins.settings import MAIN, JenkinsSettings, Server, account
from integrations.jenkins.standing import PLUGINS, last_end, last_report, missing_plugins, needs_crumb

_MOMENT = "%d %b %H:%M"
_SKEW = 30.0
"""Seconds that the two clocks may be apart."""
_LATE = 300.0
"""Seconds by which the report of a build may come after its end, with clocks that are a little apart."""
_LONG_ENOUGH = 24
"""Characters of a hook secret: it is all that tells Jenkins' reports from forged ones."""


def check(services: Services) -> tuple[CheckResult, ...]:
    """For each server: itself and how I stand with it, then its hook and what came by it."""
    given = services.settings.file.integrations.get("jenkins", {})
    settings = read_environment(JenkinsSettings, services.settings.environment, **given)
    servers = services.clients.get("jenkins")
    clients = servers.every() if isinstance(servers, Servers) else ()
    results = [*_incomplete(settings)]
    for client in clients:
        results += [*of_server(client), _hook(client.name, settings.every[client.name])]
        if isinstance(servers, Servers) and settings.every[client.name].hook_secrets:
            results.append(_reports(services, servers, client.name))
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


def of_server(client: JenkinsClient) -> tuple[CheckResult, ...]:
    """Whether it is there, and if so, how I stand with it; what cannot be asked for now ends that."""
    name = account(client.name)
    results: list[CheckResult] = []
    try:
        who = client.whoami()
        results.append(CheckResult(name, True, f"{client.url} is Jenkins {client.version}, and I am {who}."))
        results += [each(client) for each in (_rights, _token, _clock, _plugins)]
    except JenkinsError as error:
        results.append(CheckResult(name, False, str(error)))
    return tuple(results)


def _rights(client: JenkinsClient) -> CheckResult:
    """What may be seen. What may be changed Jenkins tells only whom who tries; its refusals name the permission."""
    name, count = f"{account(client.name)} rights", len(client.jobs())
    if not count:
        return CheckResult(
            name, False, "I see no job: my user needs the permission Job/Read, or there is none."
        )
    jobs = f"{count:,} jobs" if count > 1 else "one job"
    return CheckResult(
        name, True, f"I see {jobs}. Where I may not do something, the answer names the permission."
    )


def _token(client: JenkinsClient) -> CheckResult:
    name = f"{account(client.name)} token"
    if needs_crumb(client):
        says = "is a password, with which Jenkins lets me change nothing without a crumb: make an API token."
        return CheckResult(name, False, says)
    return CheckResult(name, True, "is taken without a crumb.")


def _clock(client: JenkinsClient) -> CheckResult:
    name, ahead = f"{account(client.name)} clock", client.transport.ahead
    if ahead is None:
        return CheckResult(name, True, "is not told.")
    if abs(ahead) > _SKEW:
        side = "ahead of" if ahead > 0 else "behind"
        says = f"is {duration(abs(ahead))} {side} mine: times I tell of builds are wrong by that. Set both by NTP."
        return CheckResult(name, False, says)
    return CheckResult(name, True, "agrees with mine.")


def _plugins(client: JenkinsClient) -> CheckResult:
    name, missing = f"{account(client.name)} plugins", missing_plugins(client)
    if missing is None:
        return CheckResult(name, True, "are not mine to see (Overall/SystemRead).")
    if missing:
        lacking = " and ".join(f"{PLUGINS[each]} (plugin {each})" for each in missing)
        return CheckResult(name, True, f"are there but for {lacking}, of which I can tell nothing.")
    return CheckResult(name, True, "are all there.")


def _reports(services: Services, servers: Servers, server: str) -> CheckResult:
    """Whether its reports arrive: builds that ended since the last one, and were not reported, may say otherwise."""
    name = f"{account(server)} reports"
    with services.database.transaction() as session:
        reported, ended = last_report(session, servers, server), last_end(session, server)
    if reported is None and ended is None:
        return CheckResult(name, True, "have not begun; the README says how Jenkins is told where to.")
    if reported is None:
        says = "do not arrive: builds end, and none was reported. Do its jobs post to the hook, and does it reach me?"
        return CheckResult(name, False, says)
    last = utc(reported, _MOMENT)
    if ended is not None and (ended - reported).total_seconds() > _LATE:
        says = f"have not come since {last} UTC, and a build ended at {utc(ended, _MOMENT)} UTC: does its job post any?"
        return CheckResult(name, True, says)
    return CheckResult(name, True, f"arrive; the last came at {last} UTC.")


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
