"""What changes Jenkins beside starting builds: each call is sent once, and what came of it can be looked up.

Paths and permissions are those of Jenkins 2.463: hudson.model.Computer.doToggleOffline,
jenkins.model.Jenkins.doQuietDown, ParameterizedJobMixIn.doDisable, and of workflow-job's WorkflowRun and
workflow-cps' ReplayAction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from integrations.jenkins.agents import Agent
from integrations.jenkins.client import JenkinsClient, job_path
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.model import Cause


class Ending(StrEnum):
    """How hard a build is ended; each is there for what the one before did not end."""

    STOP = "stop"
    TERM = "term"
    KILL = "kill"


def sent(act: Callable[[], None]) -> JenkinsError | None:
    """Do it, once. The error is given back where it may be done all the same, so that one can look; else raised."""
    try:
        act()
    except JenkinsError as error:
        if not error.maybe_done:
            raise
        return error
    return None


def set_enabled(client: JenkinsClient, full_name: str, enabled: bool) -> None:
    """Let a job be built, or not. Disabling it takes what waits out of the queue."""
    verb, asked = ("enable", "enabling") if enabled else ("disable", "disabling")
    path = f"{job_path(full_name)}{verb}"
    client.transport.post(path, f"{asked} {full_name}", permission="Job/Configure")


def end(client: JenkinsClient, full_name: str, number: int, how: Ending) -> None:
    """Ask for a build's end. `term` and `kill` are there for Pipelines only: NotFound for any other."""
    asked = {"stop": "stopping", "term": "terminating", "kill": "killing"}[how]
    path = f"{job_path(full_name)}{number}/{how}"
    client.transport.post(path, f"{asked} {full_name} #{number}", permission="Job/Cancel")


def replay(client: JenkinsClient, full_name: str, number: int) -> None:
    """Run a Pipeline build's own script again, with its parameters. The answer does not say as which build.

    Raises NotFound where that build is no Pipeline's, or the plugin is not there.
    """
    asked = f"replaying {full_name} #{number}"
    try:
        path = f"{job_path(full_name)}{number}/replay/rebuild"
        client.transport.post(path, asked, permission="Job/Build")
    except NotFound as error:
        advice = "Only builds of a Pipeline can be replayed, and not all; any can be rebuilt."
        raise NotFound(asked, error.came_back, advice) from error


def replayed(client: JenkinsClient, full_name: str, number: int, since: int) -> int | None:
    """The queue item that a replay of build `number` is or was, the newest from build `since` on; None without.

    A replay tells itself by its cause (org.jenkinsci.plugins.workflow.cps.replay.ReplayCause).
    """
    for build in client.builds(full_name):
        if build.number >= since and _replays(build.causes, number):
            return build.queue_id
    return next((item.id for item in client.queue_of(full_name) if _replays(item.causes, number)), None)


def _replays(causes: Sequence[Cause], number: int) -> bool:
    # By its words as well: whether the number is exported is the plugin's to say, in whatever version it is.
    return any(cause.replayed == number or cause.says == f"Replayed #{number}" for cause in causes)


def toggle_offline(client: JenkinsClient, agent: Agent, reason: str) -> None:
    """Turn an agent's switch to the other side; Jenkins has no call for one side only, so look before and after."""
    asked = f"taking the agent {agent.name} {'online' if agent.taken_offline else 'offline'}"
    permission = "Agent/Connect" if agent.taken_offline else "Agent/Disconnect"
    path = f"{agent.path}toggleOffline"
    client.transport.post(path, asked, form={"offlineMessage": reason}, permission=permission)


def quiet_down(client: JenkinsClient, reason: str) -> None:
    """Start no more builds. Jenkins before 2.414 takes no reason, and leaves it out."""
    asked = "having Jenkins quiet down"
    client.transport.post("quietDown", asked, form={"message": reason}, permission="Overall/Manage")


def cancel_quiet_down(client: JenkinsClient) -> None:
    """Start builds again."""
    client.transport.post("cancelQuietDown", "having Jenkins start builds again", permission="Overall/Manage")
