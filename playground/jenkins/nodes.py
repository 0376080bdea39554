"""The machines builds run on: the controller's built-in node and its agents, their labels and executors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

CONTROLLER_WORKSPACES = "/var/jenkins_home/workspace"
AGENT_HOME = "/home/jenkins"


class NodeTaken(ValueError):
    """An agent of that name is there already."""


@dataclass(frozen=True)
class OfflineMark:
    """Who took a node offline for now, why, and when (epoch milliseconds)."""

    by: str
    message: str
    at: int

    @property
    def description(self) -> str:
        """What Jenkins shows: `Disconnected by alice : new disk`."""
        return f"Disconnected by {self.by}" + (f" : {self.message}" if self.message else "")


@dataclass(eq=False)
class Node:
    """A machine with executors. The controller's own has no name; an exclusive node takes only labelled jobs."""

    name: str
    executors: int = 2
    labels: tuple[str, ...] = ()
    exclusive: bool = False
    description: str = ""
    mark: OfflineMark | None = None
    disconnected: bool = False

    @property
    def display_name(self) -> str:
        """The name people see."""
        return self.name or "Built-In Node"

    @property
    def own_label(self) -> str:
        """The label every node has for itself."""
        return self.name or "built-in"

    @property
    def online(self) -> bool:
        """Whether it takes builds."""
        return self.mark is None and not self.disconnected

    def fits(self, expression: str | None) -> bool:
        """Whether a job with this label expression (`a && b || !c`; None for no label) may run here."""
        if expression is None:
            return not self.exclusive
        mine = {*self.labels, self.own_label}
        return any(
            all(_holds(term.strip(), mine) for term in alternative.split("&&"))
            for alternative in expression.split("||")
        )

    def workspace(self, job: str) -> str:
        """The folder a job is built in."""
        return f"{f'{AGENT_HOME}/workspace' if self.name else CONTROLLER_WORKSPACES}/{job}"


def _holds(term: str, labels: set[str]) -> bool:
    return term.removeprefix("!").strip() not in labels if term.startswith("!") else term in labels


class Nodes:
    """The built-in node, then the agents in the order they came."""

    def __init__(self, executors: int = 4) -> None:
        self.built_in = Node("", executors, description="the Jenkins controller's built-in node")
        self._agents: dict[str, Node] = {}

    def __iter__(self) -> Iterator[Node]:
        yield self.built_in
        yield from self._agents.values()

    def add(self, agent: Node) -> None:
        """Connect an agent. Raises NodeTaken."""
        if agent.name in self._agents:
            raise NodeTaken(f"adding agent {agent.name}: there is one already; choose another name")
        self._agents[agent.name] = agent

    def find(self, name: str) -> Node | None:
        """A node by the name its address has."""
        return self.built_in if name in ("(built-in)", "(master)") else self._agents.get(name)

    def fitting(self, label: str | None) -> list[Node]:
        """The nodes a job with this label may run on, offline ones too."""
        return [node for node in self if node.fits(label)]

    def home_of(self, label: str | None) -> Node:
        """Where builds of the past ran: the first node that fits, the built-in one where none does."""
        return next(iter(self.fitting(label)), self.built_in)


Blockage = Literal["busy", "offline", "missing"]


def blockage(nodes: list[Node]) -> Blockage:
    """What is the matter with nodes that fit a job, when it cannot start."""
    if not nodes:
        return "missing"
    return "busy" if any(node.online for node in nodes) else "offline"


def why_not(label: str | None, nodes: list[Node]) -> str:
    """Jenkins' words for why nothing with a label starts on these nodes (hudson.model.queue.CauseOfBlockage)."""
    kind = blockage(nodes)
    if kind == "missing":
        return f"There are no nodes with the label ‘{label}’"
    one = nodes[0].display_name if len(nodes) == 1 else None
    if kind == "offline":
        return f"‘{one}’ is offline" if one else f"All nodes of label ‘{label}’ are offline"
    return f"{NEEDS_EXECUTOR} on ‘{one or label}’"


def why_not_here(node: Node) -> str:
    """Jenkins' words for why nothing without a label starts on a node."""
    if not node.online:
        return f"‘{node.display_name}’ is offline"
    if node.exclusive:
        return f"‘{node.display_name}’ is reserved for jobs with matching label expression"
    return f"{NEEDS_EXECUTOR} on ‘{node.display_name}’"


NEEDS_EXECUTOR = "Waiting for next available executor"
