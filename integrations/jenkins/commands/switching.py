"""Switch jobs, agents and Jenkins itself on and off; each answer tells how it stands afterwards, looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Reply, command
from bot.commands.parameters import instance_option
from bot.outbound.quoting import quote
from integrations.jenkins import acting, render
from integrations.jenkins.acting import sent
from integrations.jenkins.agents import Agent, agents, under_way
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.afterwards import looked_up
from integrations.jenkins.commands.asking import (
    client_of,
    find_job,
    full_name,
    in_words,
    noun_of,
    server_name,
)
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.model import Job
from integrations.jenkins.names import NoSuchJob, find_name


def _says_enable(context: Context, _parameters: Mapping[str, Any]) -> str:
    return f"Enable {render.job_name(_found(context).full_name)}, so that it can be built again?"


def _says_disable(context: Context, _parameters: Mapping[str, Any]) -> str:
    client = client_of(context)
    job = _found(context)
    with in_words():
        waits = len(client.queue_of(job.full_name))
    return render.disabling(job.full_name, waits)


def _found(context: Context) -> Job:
    return find_job(context, client_of(context))


@command(
    "jenkins enable",
    effect=Effect.CHANGE,
    says=_says_enable,
    resolve=full_name,
    examples=("jenkins enable web",),
)
@instance_option("server")
@click.argument("job")
def enable(context: Context, on: str | None, job: str) -> Reply:
    """Let a disabled job be built again."""
    return Reply(_switch_job(context, on=True))


@command(
    "jenkins disable",
    effect=Effect.CHANGE,
    says=_says_disable,
    resolve=full_name,
    examples=("jenkins disable web",),
)
@instance_option("server")
@click.argument("job")
def disable(context: Context, on: str | None, job: str) -> Reply:
    """Have a job built no more until it is enabled; what runs goes on, what waits is taken out of the queue."""
    return Reply(_switch_job(context, on=False))


def _switch_job(context: Context, *, on: bool) -> str:
    client, job = client_of(context), _found(context)
    if job.buildable is on:
        return render.job_switched(job.full_name, on=on, before=True, noun=noun_of(context, client))
    with in_words():
        waited = 0 if on else len(client.queue_of(job.full_name))
        lost = sent(lambda: acting.set_enabled(client, job.full_name, on))
    with looked_up(lost, f"{'Enabling' if on else 'Disabling'} {render.job_name(job.full_name)}"):
        now = client.job(job.full_name)
        waits = 0 if on else len(client.queue_of(job.full_name))
    if now.buildable is not on:
        raise CommandError(
            _not_so(lost, f"{render.job_name(job.full_name)} is {_state(not on)} all the same")
        )
    return render.job_switched(
        job.full_name, on=on, waited=waited, waits=waits, noun=noun_of(context, client)
    )


def _state(on: bool) -> str:
    return "enabled" if on else "disabled"


# --- agents


def _resolve_agent(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The agent's name as Jenkins spells it, and the server."""
    client = client_of(context, parameters.get("on"))
    return {"on": (client.name,), "name": (_agent(client, str(parameters["name"])).name,)}


def _agent(client: JenkinsClient, typed: str) -> Agent:
    """The agent that was meant, by the rules by which jobs are found. Raises CommandError."""
    with in_words():
        found = {each.name: each for each in agents(client)}
    try:
        return found[typed] if typed in found else found[find_name(typed, list(found))]
    except NoSuchJob as error:
        raise CommandError(render.no_such_agent(error.typed, error.likely, tuple(found))) from error


def _says_offline(context: Context, parameters: Mapping[str, Any]) -> str:
    agent = _agent(client_of(context), context.arguments["name"][0])
    return render.taking_offline(agent, parameters["reason"] or "")


def _says_online(context: Context, _parameters: Mapping[str, Any]) -> str:
    agent = _agent(client_of(context), context.arguments["name"][0])
    return render.taking_online(agent)


@command(
    "jenkins agent offline",
    effect=Effect.CHANGE,
    says=_says_offline,
    resolve=_resolve_agent,
    examples=('jenkins agent offline "Built-In Node" --reason "new disk"',),
)
@instance_option("server")
@click.argument("name")
@click.option("--reason", help="what for, as Jenkins will show it")
def offline(context: Context, on: str | None, name: str, reason: str | None) -> Reply:
    """Have an agent take no more builds; those it runs go on."""
    client = client_of(context)
    agent = _agent(client, context.arguments["name"][0])
    if agent.taken_offline:
        return Reply(render.agent_offline(agent, before=True, noun=noun_of(context, client)))
    now = _toggle(client, agent, _because(context, reason))
    return Reply(render.agent_offline(now, noun=noun_of(context, client)))


@command(
    "jenkins agent online",
    effect=Effect.CHANGE,
    says=_says_online,
    resolve=_resolve_agent,
    examples=('jenkins agent online "Built-In Node"',),
)
@instance_option("server")
@click.argument("name")
def online(context: Context, on: str | None, name: str) -> Reply:
    """Have an agent take builds again that was taken offline."""
    client = client_of(context)
    agent = _agent(client, context.arguments["name"][0])
    if not agent.taken_offline:
        return Reply(render.agent_online(agent, before=True))
    return Reply(render.agent_online(_toggle(client, agent, "")))


def _toggle(client: JenkinsClient, agent: Agent, reason: str) -> Agent:
    """Turn its switch and look: Jenkins only has one call for both sides, so another's at the same time undoes it."""
    with in_words():
        lost = sent(lambda: acting.toggle_offline(client, agent, reason))
    name = f"**{quote(agent.name)}**"
    with looked_up(lost, f"Switching {name}"):
        now = next((each for each in agents(client) if each.name == agent.name), agent)
    if now.taken_offline is agent.taken_offline:
        side = "offline" if now.taken_offline else "online"
        raise CommandError(_not_so(lost, f"{name} is {side} as before: somebody may have switched it back"))
    return now


# --- Jenkins itself


def _says_quiet(context: Context, _parameters: Mapping[str, Any]) -> str:
    client = client_of(context)
    with in_words():
        return render.quieting_down(under_way(agents(client)))


def _says_unquiet(_context: Context, _parameters: Mapping[str, Any]) -> str:
    return "Have Jenkins start builds again?"


@command(
    "jenkins quiet",
    effect=Effect.CHANGE,
    says=_says_quiet,
    resolve=server_name,
    examples=("jenkins quiet", 'jenkins quiet --reason "update at noon"'),
)
@instance_option("server")
@click.option("--reason", help="what for, as Jenkins will show it")
def quiet(context: Context, on: str | None, reason: str | None) -> Reply:
    """Have Jenkins start nothing any more, as before a restart: what runs goes on, what comes waits."""
    client = client_of(context)
    with in_words():
        before = client.quieting()
        if before.on:
            return Reply(render.quiet(before.reason, (), before=True, noun=noun_of(context, client)))
        lost = sent(lambda: acting.quiet_down(client, _because(context, reason)))
    with looked_up(lost, "Quieting down"):
        now, runs = client.quieting(), under_way(agents(client))
    if not now.on:
        raise CommandError(_not_so(lost, "Jenkins starts builds all the same"))
    return Reply(render.quiet(now.reason, runs, noun=noun_of(context, client)))


@command(
    "jenkins unquiet",
    effect=Effect.CHANGE,
    says=_says_unquiet,
    resolve=server_name,
    examples=("jenkins unquiet",),
)
@instance_option("server")
def unquiet(context: Context, on: str | None) -> Reply:
    """Have Jenkins start builds again that was quieting down."""
    client = client_of(context)
    with in_words():
        if not client.quieting().on:
            return Reply(render.unquiet(before=True))
        lost = sent(lambda: acting.cancel_quiet_down(client))
    with looked_up(lost, "Calling the quiet off"):
        now = client.quieting()
    if now.on:
        raise CommandError(_not_so(lost, "Jenkins still quiets down"))
    return Reply(render.unquiet())


def _because(context: Context, reason: str | None) -> str:
    """What Jenkins shows as the reason: it names who asked, since it would name my own user."""
    asked = f"asked for by {context.request.person} in Webex"
    return f"{reason.strip()} ({asked})" if reason and reason.strip() else asked


def _not_so(lost: JenkinsError | None, stands: str) -> str:
    """What to say where Jenkins does not stand as it was asked to."""
    if lost:
        return f"{quote(str(lost), 600)} I looked: {stands}. Nothing is repeated by itself; say it again."
    return f"Jenkins took it, but {stands}."


COMMANDS = (enable, disable, offline, online, quiet, unquiet)
