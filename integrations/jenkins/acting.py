"""What changes Jenkins beside starting builds: each call is sent once, and what came of it can be looked up.

Paths and permissions are those of Jenkins 2.463: hudson.model.Computer.doToggleOffline,
jenkins.model.Jenkins.doQuietDown, ParameterizedJobMixIn.doDisable, and of workflow-job's WorkflowRun and
workflow-cps' ReplayAction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, model_validator

from integrations.jenkins.client import JenkinsClient, job_path
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.model import Cause

_RUNNING = "currentExecutable[fullDisplayName,url]"
_NODES = (
    "computer[_class,displayName,offline,temporarilyOffline,offlineCauseReason,"
    f"executors[{_RUNNING}],oneOffExecutors[{_RUNNING}]]"
)
_CONTROLLER = "(built-in)"
"""What the controller's own node is called in addresses, since 2.307."""


class Ending(StrEnum):
    """How hard a build is ended; each is there for what the one before did not end."""

    STOP = "stop"
    TERM = "term"
    KILL = "kill"


class Node(BaseModel):
    """A node that runs builds. `running` names what it runs now, as Jenkins shows it: `team » deploy #3`.

    `switched_off`: a person took it offline; it may be `offline` for reasons of its own beside that.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    name: str = Field(alias="displayName")
    kind: str = Field("", alias="_class")
    offline: bool = False
    switched_off: bool = Field(False, alias="temporarilyOffline")
    reason: str = Field("", alias="offlineCauseReason")
    running: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        """What runs is scattered over two kinds of executors, most of them idle."""
        if not isinstance(data, dict):
            return data
        executors = [*(data.get("executors") or ()), *(data.get("oneOffExecutors") or ())]
        busy = [each.get("currentExecutable") for each in executors if isinstance(each, dict)]
        names = [str(each.get("fullDisplayName") or each.get("url")) for each in busy if each]
        return {**data, "running": names, "offlineCauseReason": data.get("offlineCauseReason") or ""}

    @property
    def path(self) -> str:
        """Its path below the root, with a slash at its end."""
        own = self.kind.endswith("MasterComputer")
        return f"computer/{_CONTROLLER if own else quote(self.name, safe='')}/"


class Quieting(BaseModel):
    """Whether Jenkins starts nothing any more, and why somebody said so."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    on: bool = Field(alias="quietingDown")
    reason: str | None = Field(None, alias="quietDownReason")


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
        advice = "Only builds of a Pipeline can be replayed, and not all: say `jenkins rebuild` instead."
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


def nodes(client: JenkinsClient) -> tuple[Node, ...]:
    """The controller's own node and every agent."""
    asked = "asking Jenkins for its agents"
    data = client.info(asked, "computer", _NODES)
    return client.typed(asked, lambda: tuple(Node.model_validate(each) for each in data["computer"]))


def toggle_offline(client: JenkinsClient, node: Node, reason: str) -> None:
    """Turn a node's switch to the other side; Jenkins has no call for one side only, so look before and after."""
    asked = f"taking the agent {node.name} {'online' if node.switched_off else 'offline'}"
    permission = "Agent/Connect" if node.switched_off else "Agent/Disconnect"
    path = f"{node.path}toggleOffline"
    client.transport.post(path, asked, form={"offlineMessage": reason}, permission=permission)


def quieting(client: JenkinsClient) -> Quieting:
    """Whether Jenkins is quieting down."""
    asked = "asking Jenkins whether it is quieting down"
    data = client.info(asked, "", "quietingDown,quietDownReason")
    return client.typed(asked, lambda: Quieting.model_validate(data))


def quiet_down(client: JenkinsClient, reason: str) -> None:
    """Start no more builds. Jenkins before 2.414 takes no reason, and leaves it out."""
    asked = "having Jenkins quiet down"
    client.transport.post("quietDown", asked, form={"message": reason}, permission="Overall/Manage")


def cancel_quiet_down(client: JenkinsClient) -> None:
    """Start builds again."""
    client.transport.post("cancelQuietDown", "having Jenkins start builds again", permission="Overall/Manage")


def under_way(found: Sequence[Node]) -> tuple[str, ...]:
    """What runs on these nodes, each once: a Pipeline holds two executors."""
    return tuple(dict.fromkeys(name for node in found for name in node.running))
