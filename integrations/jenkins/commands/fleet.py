"""What Jenkins works on and with: its queue and its agents."""

from __future__ import annotations

import time

from bot.commands.context import Context
from bot.commands.model import Reply, command
from bot.commands.parameters import instance_option
from bot.commands.rows import FileKind, as_option
from integrations.jenkins.agents import agents as agents_of
from integrations.jenkins.agents import asks, waiting, works
from integrations.jenkins.commands.asking import client_of, in_words, noun_of, server_name
from integrations.jenkins.render import fleet as shown


@command("jenkins queue", resolve=server_name, examples=("jenkins queue", "jenkins queue --as csv"))
@instance_option("server")
@as_option
def queue(context: Context, on: str | None, kind: FileKind | None) -> Reply:
    """List what waits in Jenkins' queue: for what, since when, and who asked for it."""
    client = client_of(context)
    with in_words():
        items = waiting(client)
        quieting = client.quieting().on
    if not items:
        return Reply(shown.empty_queue(quieting_down=quieting))
    above = shown.queue_of(items, quieting_down=quieting)
    below = f"`{noun_of(context, client)} agents` shows what is busy, and which Pipelines hold no executor."
    return shown.queue_rows(items, time.time()).reply(kind, "jenkins-queue", above=above, below=below)


@command("jenkins agents", resolve=server_name, examples=("jenkins agents", "jenkins agents --as json"))
@instance_option("server")
@as_option
def agents(context: Context, on: str | None, kind: FileKind | None) -> Reply:
    """List the agents: which are online, how busy each is, what runs there, what waits for an answer."""
    client = client_of(context)
    with in_words():
        nodes = agents_of(client)
        having = {each.name: asks(client, works(each, nodes)) for each in nodes}
    if kind:
        return shown.agent_rows(nodes, having).reply(kind, "jenkins-agents")
    return Reply(f"{shown.agent_table(nodes)}\n\n{shown.works_of(having, time.time())}")


COMMANDS = (queue, agents)
