"""Jobs, agents and Jenkins itself, switched on and off. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.model import join_words
from bot.outbound.quoting import code, quote
from integrations.jenkins.agents import Agent
from integrations.jenkins.model import shown_name
from integrations.jenkins.render.words import counted

_SHOWN = 5


def job_name(full_name: str) -> str:
    """`**team/deploy**`."""
    return f"**{quote(shown_name(full_name))}**"


def disabling(full_name: str, waits: int) -> str:
    """The question to who must agree."""
    queue = f" {_waiting(waits)} and Jenkins takes it out." if waits else ""
    return f"Disable {job_name(full_name)}, so that it is built no more?{queue}"


def job_switched(
    full_name: str, *, on: bool, before: bool = False, waited: int = 0, waits: int = 0, noun: str = "jenkins"
) -> str:
    """How a job stands. `waited`, `waits`: its builds in the queue before and after; `before`: it stood so already."""
    name = job_name(full_name)
    other = code(join_words((noun, "disable" if on else "enable", full_name)))
    undo = f"{other} {'disables' if on else 'enables'} it."
    state = "enabled" if on else "disabled"
    if before:
        return f"{name} was {state} already. {undo}"
    if on:
        return f"✅ {name} is enabled. {undo}"
    queue = ""
    if waits:
        stop = code(join_words((noun, "stop", full_name)))
        queue = f" {_waiting(waits)} still; {stop} takes it out."
    elif waited:
        queue = f" {counted(waited, 'build')} of it that waited {'is' if waited == 1 else 'are'} out of the queue."
    return f"💤 {name} is disabled: nothing builds it any more.{queue} {undo}"


def _waiting(waits: int) -> str:
    return f"{counted(waits, 'build')} of it {'waits' if waits == 1 else 'wait'} in the queue"


def no_such_agent(typed: str, likely: Sequence[str], names: Sequence[str]) -> str:
    """What to say to a name that no agent has, or more than one."""
    if likely:
        return (
            f"Jenkins has no agent {code(typed)}. Did you mean {' or '.join(code(each) for each in likely)}?"
        )
    shown = ", ".join(code(each) for each in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"Jenkins has no agent {code(typed)}. It has {shown}{more}."


def taking_offline(agent: Agent, reason: str) -> str:
    """The question to who must agree."""
    why = f" ({quote(reason)})" if reason else ""
    name = f"**{quote(agent.name)}**"
    return f"Take the agent {name} offline{why}, so that it takes no more builds? {runs_now(agent.running)}"


def taking_online(agent: Agent) -> str:
    """The same for the other way."""
    return f"Have the agent **{quote(agent.name)}** take builds again?"


def agent_offline(agent: Agent, *, before: bool = False, noun: str = "jenkins") -> str:
    """An agent that was taken offline, now or `before`."""
    name = f"**{quote(agent.name)}**"
    why = f" ({quote(agent.reason)})" if agent.reason else ""
    undo = f"{code(join_words((noun, 'agent', 'online', agent.name)))} brings it back."
    head = (
        f"{name} was offline already{why}."
        if before
        else f"📴 {name} is offline{why} and takes no more builds."
    )
    return f"{head} {runs_now(agent.running)} {undo}"


def agent_online(agent: Agent, *, before: bool = False) -> str:
    """An agent that is not switched off; it may be away all the same."""
    name = f"**{quote(agent.name)}**"
    if agent.offline:
        why = f" ({quote(agent.reason)})" if agent.reason else ""
        return (
            f"{name} is not switched off, and away all the same{why}: its connection to Jenkins is missing, which "
            "is to be mended on its own side."
        )
    if before:
        return f"{name} was online already. {runs_now(agent.running)}"
    return f"✅ {name} is online and takes builds."


def runs_now(running: Sequence[str], where: str = " there") -> str:
    """What runs, in a sentence."""
    if not running:
        return f"Nothing runs{where}."
    shown = ", ".join(quote(each, 80) for each in running[:_SHOWN])
    more = f" and {len(running) - _SHOWN} more" if len(running) > _SHOWN else ""
    return f"What runs{where} goes on: {shown}{more}."


def quieting_down(running: Sequence[str]) -> str:
    """The question to who must agree."""
    return f"Have Jenkins start nothing any more, as before a restart? {runs_now(running, '')}"


def quiet(reason: str, running: Sequence[str], *, before: bool = False, noun: str = "jenkins") -> str:
    """Jenkins starts nothing any more."""
    why = f" ({quote(reason)})" if reason else ""
    undo = f"`{noun} unquiet` calls it off."
    if before:
        return f"Jenkins was quieting down already{why}. {undo}"
    return f"🤫 Jenkins starts nothing any more{why}; what comes waits. {runs_now(running, '')} {undo}"


def unquiet(*, before: bool = False) -> str:
    """Jenkins starts builds."""
    if before:
        return "Jenkins was not quieting down: it starts builds."
    return "✅ Jenkins starts builds again, those that waited first."
