"""Agents with what runs on them, and the queue with what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.commands.rows import Rows
from bot.outbound.quoting import quote
from integrations.jenkins.agents import Agent, Waits, Work, waits_for
from integrations.jenkins.model import QueueItem, shown_name
from integrations.jenkins.names import named_in
from integrations.jenkins.render.words import build_name, counted, duration

_WAITS = {
    Waits.MOMENT: "begins in a moment",
    Waits.BUILD_BEFORE: "the build before it",
    Waits.NEIGHBOUR: "a job up- or downstream",
    Waits.HELD_BACK: "held back by a limit or lock",
    Waits.EXECUTOR: "a free executor",
    Waits.AGENT_OFFLINE: "an agent that is offline",
    Waits.NO_AGENT: "an agent with its label: none has it",
}
_LISTED = 30


def empty_queue(*, quieting_down: bool) -> str:
    """Nothing waits."""
    return "Nothing waits in Jenkins' queue." + _shutting(quieting_down)


def queue_of(items: Sequence[QueueItem], *, quieting_down: bool) -> str:
    """How many wait."""
    verb = "waits" if len(items) == 1 else "wait"
    return f"🕓 {counted(len(items), 'build')} {verb} in Jenkins' queue.{_shutting(quieting_down)}"


def _shutting(quieting_down: bool) -> str:
    return " ⚠️ Jenkins is about to shut down and starts nothing any more." if quieting_down else ""


def queue_rows(items: Sequence[QueueItem], now: float) -> Rows:
    """Each item: its job, what it waits for in my words, for how long, who asked, with what."""
    rows = [
        (
            item.id,
            _job(item),
            _WAITS[waits_for(item)] + (", unusually long" if item.stuck else ""),
            "" if item.since is None else duration(now - item.since),
            ", ".join(dict.fromkeys(each.user or each.says for each in item.causes)),
            ", ".join(f"{name}={value}" for name, value in item.parameters),
        )
        for item in items
    ]
    return Rows(("item", "job", "waits for", "since", "by", "with"), rows, widest=40)


def _job(item: QueueItem) -> str:
    """A Pipeline's step that waits for its agent is a task of its own, which says not whose it is (measured)."""
    full_name, _ = named_in(item.task.url)
    return shown_name(full_name) or item.task.name or "a Pipeline's step"


def agent_table(nodes: Sequence[Agent]) -> str:
    """Each agent: its state, its executors."""
    rows = [(each.name, _state(each), f"{each.busy} of {each.size}") for each in nodes]
    return Rows(("agent", "state", "busy"), rows).table()


def agent_rows(nodes: Sequence[Agent], having: Mapping[str, Sequence[Work]]) -> Rows:
    """Each agent: its state and why, its executors, what it has."""
    rows = [
        (
            each.name,
            "online" if not each.offline else "taken offline" if each.taken_offline else "offline",
            each.reason if each.offline else "",
            each.busy,
            each.size,
            ", ".join(_briefly(having[each.name])),
        )
        for each in nodes
    ]
    return Rows(("agent", "state", "reason", "busy", "executors", "has"), rows)


def _state(agent: Agent) -> str:
    if not agent.offline:
        return "✅ online"
    reason = f": {agent.reason}" if agent.reason else ""
    return f"{'🔧 taken offline' if agent.taken_offline else '❌ offline'}{reason}"


def _briefly(work: Sequence[Work]) -> Iterator[str]:
    for each in work:
        number = "" if each.number is None else f" #{each.number}"
        yield f"{shown_name(each.full_name) or 'something'}{number}{_pause(each)}"


def _pause(work: Work) -> str:
    if work.asks:
        return " (waits for an answer)"
    return " (has no executor)" if work.waits else ""


def works_of(having: Mapping[str, Sequence[Work]], now: float) -> str:
    """What runs where, a line each."""
    lines = [_work(name, each, now) for name, work in having.items() for each in work]
    if not lines:
        return "Nothing runs."
    more = [f"… and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    return "\n".join([*lines[:_LISTED], *more])


def _work(agent: str, work: Work, now: float) -> str:
    name = "Something" if work.number is None else build_name(work.full_name, work.number)
    since = f" for {duration(now - work.started)}" if work.started else ""
    if work.asks:
        return f"⏸️ {name} asks a question and waits for the answer{since and f'; it runs{since}'}."
    if work.waits:
        return f"🕓 {name} holds no executor now{since and f'; it runs{since}'}."
    stuck = ", which is unusually long" if work.stuck else ""
    return f"🔨 {name} runs on {quote(agent, 80)}{since}{stuck}."
