"""What exactly `jenkins stop` would end: one running build, or one item of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.context import Context
from bot.commands.model import CommandError, join_words
from bot.outbound.quoting import code, quote
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import find_job, in_words
from integrations.jenkins.errors import BadParameter, NotFound
from integrations.jenkins.model import QueueItem, shown_name


@dataclass(frozen=True, slots=True)
class RunningBuild:
    """A build that runs."""

    full_name: str
    number: int

    @property
    def says(self) -> str:
        """The question to confirm; it names the build, so that a yes holds for no other."""
        return f"Stop {render.build_name(self.full_name, self.number)}, which runs now?"

    def end(self, client: JenkinsClient) -> str:
        """Ask Jenkins to stop it; returns what to tell. Raises JenkinsError."""
        client.stop(self.full_name, self.number)
        short = code(f"jenkins status {join_words((self.full_name,))}")
        name = render.build_name(self.full_name, self.number)
        return f"🛑 {name} is asked to stop. {short} tells when it has."


@dataclass(frozen=True, slots=True)
class WaitingBuild:
    """A build that waits in the queue; `askers` asked for it."""

    full_name: str
    queue_id: int
    askers: int

    @property
    def says(self) -> str:
        """The question to confirm; it names the item, so that a yes holds for no other."""
        others = f" It was asked for {self.askers} times." if self.askers > 1 else ""
        name = quote(shown_name(self.full_name))
        return f"Take **{name}** (item {self.queue_id}) out of Jenkins' queue?{others}"

    def end(self, client: JenkinsClient) -> str:
        """Take it out; returns what to tell. Raises CommandError where it has begun, else JenkinsError."""
        try:
            client.cancel(self.queue_id)
        except (NotFound, BadParameter) as error:
            raise CommandError(
                "It has left the queue meanwhile. Say it again to stop what it became."
            ) from error
        return f"🚫 **{quote(shown_name(self.full_name))}** is out of Jenkins' queue; nothing was built."


def to_stop(context: Context, client: JenkinsClient, number: int | None) -> RunningBuild | WaitingBuild:
    """The one thing that can be meant. Raises CommandError where there is none, or more than one."""
    job = find_job(context, client)
    with in_words():
        if number is not None:
            return _numbered(client, job.full_name, number)
        running = [each.number for each in client.builds(job.full_name) if each.building]
        waiting = () if running else client.queue_of(job.full_name)
    return _only_one(job.full_name, running, waiting)


def _numbered(client: JenkinsClient, full_name: str, number: int) -> RunningBuild:
    if not client.build(full_name, number).building:
        raise CommandError(
            f"{render.build_name(full_name, number)} is over already; there is nothing to stop."
        )
    return RunningBuild(full_name, number)


def _only_one(
    full_name: str, running: list[int], waiting: tuple[QueueItem, ...]
) -> RunningBuild | WaitingBuild:
    name = quote(shown_name(full_name))
    if len(running) == 1:
        return RunningBuild(full_name, running[0])
    if running:
        which = ", ".join(f"#{each}" for each in running)
        example = code(f"jenkins stop {join_words((full_name,))} #{running[0]}")
        raise CommandError(f"{len(running)} builds of **{name}** run: {which}. Say which: {example}.")
    if not waiting:
        raise CommandError(f"No build of **{name}** runs or waits; there is nothing to stop.")
    if len(waiting) > 1:
        raise CommandError(
            f"{len(waiting)} builds of **{name}** wait in the queue; take the right one out in Jenkins."
        )
    return WaitingBuild(full_name, waiting[0].id, len(waiting[0].causes))
