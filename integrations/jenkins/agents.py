"""What Jenkins works with and on: its agents, what runs on them, what waits in its queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from pydantic import Field

from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.model import QueueItem, Seconds, Text, Wire
from integrations.jenkins.names import named_in

_EXECUTABLE = "currentExecutable[number,url,timestamp,fullDisplayName]"
_AGENTS = (
    "computer[_class,displayName,offline,temporarilyOffline,offlineCauseReason,numExecutors,"
    f"executors[likelyStuck,{_EXECUTABLE}],oneOffExecutors[{_EXECUTABLE}]]"
)
_CONTROLLER = "(built-in)"
"""What the controller's own node is called in addresses, since 2.307."""
_ASKED_FOR_INPUT = 10
"""Pipelines without an executor that are asked whether they wait for an answer: each is a request."""


class _Executable(Wire):
    url: str = ""
    shown_as: str = Field("", alias="fullDisplayName")
    started: Seconds = Field(None, alias="timestamp")


class _Executor(Wire):
    executable: _Executable | None = Field(None, alias="currentExecutable")
    stuck: bool = Field(False, alias="likelyStuck")


class Agent(Wire):
    """A node with its executors. A Pipeline itself sits on a one-off executor of the controller."""

    name: str = Field(alias="displayName")
    kind: str = Field("", alias="_class")
    offline: bool = False
    taken_offline: bool = Field(False, alias="temporarilyOffline")
    """Whether somebody took it offline; it may be offline for reasons of its own beside that."""
    reason: Text = Field("", alias="offlineCauseReason")
    size: int = Field(0, alias="numExecutors")
    executors: tuple[_Executor, ...] = ()
    one_off: tuple[_Executor, ...] = Field((), alias="oneOffExecutors")

    @property
    def busy(self) -> int:
        """Executors that do something."""
        return sum(each.executable is not None for each in self.executors)

    @property
    def path(self) -> str:
        """Its path below the root, with a slash at its end."""
        own = self.kind.endswith("MasterComputer")
        return f"computer/{_CONTROLLER if own else quote(self.name, safe='')}/"

    @property
    def running(self) -> tuple[str, ...]:
        """What it runs, as Jenkins shows it: `team » deploy #3`."""
        busy = (each.executable for each in (*self.executors, *self.one_off))
        return tuple(each.shown_as or each.url for each in busy if each)


@dataclass(frozen=True, slots=True)
class Work:
    """A build that an agent has; `waits` where it holds no executor, and `asks` where it waits for a person."""

    full_name: str
    number: int | None
    started: float | None
    """Seconds since the epoch."""
    stuck: bool = False
    waits: bool = False
    asks: bool = False


def agents(client: JenkinsClient) -> tuple[Agent, ...]:
    """All agents, the controller's own node among them."""
    asked = "asking Jenkins for its agents"
    data = client.info(asked, "computer", _AGENTS)
    return client.typed(asked, lambda: tuple(Agent.model_validate(each) for each in data["computer"]))


def under_way(found: Iterable[Agent]) -> tuple[str, ...]:
    """What runs on these agents, each once: a Pipeline holds two executors."""
    return tuple(dict.fromkeys(name for agent in found for name in agent.running))


def works(agent: Agent, everywhere: Iterable[Agent]) -> tuple[Work, ...]:
    """What runs on an agent's executors, then the Pipelines that hold no executor anywhere."""
    seated = {_key(each) for other in everywhere for each in other.executors if each.executable}
    running = [_work(each) for each in agent.executors if each.executable]
    waiting = [
        _work(each, waits=True) for each in agent.one_off if each.executable and _key(each) not in seated
    ]
    return (*running, *waiting)


def asks(client: JenkinsClient, work: tuple[Work, ...]) -> tuple[Work, ...]:
    """The same work, with those Pipelines marked that wait for an answer; the first ten without executor are asked."""
    looked = [each for each in work if each.waits and each.number is not None][:_ASKED_FOR_INPUT]
    asking = {each for each in looked if _paused(client, each)}
    return tuple(_asking(each) if each in asking else each for each in work)


def _paused(client: JenkinsClient, work: Work) -> bool:
    assert work.number is not None
    return any(each.status == "PAUSED_PENDING_INPUT" for each in client.stages(work.full_name, work.number))


def _asking(work: Work) -> Work:
    return Work(work.full_name, work.number, work.started, waits=True, asks=True)


def _key(executor: _Executor) -> Any:
    return named_in(executor.executable.url) if executor.executable else None


def _work(executor: _Executor, *, waits: bool = False) -> Work:
    assert executor.executable is not None
    full_name, number = named_in(executor.executable.url)
    return Work(full_name, number, executor.executable.started, executor.stuck, waits)


class Waits(StrEnum):
    """What an item of the queue waits for, by kind."""

    MOMENT = "moment"
    BUILD_BEFORE = "build before"
    NEIGHBOUR = "neighbour"
    HELD_BACK = "held back"
    EXECUTOR = "executor"
    AGENT_OFFLINE = "agent offline"
    NO_AGENT = "no agent"


_BEGINNINGS = (
    ("Build #", Waits.BUILD_BEFORE),
    ("A build is already", Waits.BUILD_BEFORE),
    ("Upstream project", Waits.NEIGHBOUR),
    ("Downstream project", Waits.NEIGHBOUR),
    ("There are no nodes", Waits.NO_AGENT),
    ("All nodes of label", Waits.AGENT_OFFLINE),
)


def waits_for(item: QueueItem) -> Waits:
    """The kind of thing an item waits for: by its class, and where Jenkins speaks English by how `why` begins.

    Source: hudson.model.Messages, `Queue.*` and `AbstractProject.*BuildInProgress`.
    """
    why = item.why or ""
    kind = next((kind for words, kind in _BEGINNINGS if why.startswith(words)), None)
    if item.blocked:
        return kind or Waits.HELD_BACK
    if item.buildable:
        offline = Waits.AGENT_OFFLINE if why.endswith("is offline") else Waits.EXECUTOR
        return kind or offline
    return Waits.MOMENT


def waiting(client: JenkinsClient) -> tuple[QueueItem, ...]:
    """What waits in the queue, the oldest first."""
    items = client.read(
        "asking Jenkins for its queue",
        lambda reads: tuple(QueueItem.model_validate(each) for each in reads.get_queue_info()),
    )
    return tuple(sorted(items, key=lambda item: item.id))
