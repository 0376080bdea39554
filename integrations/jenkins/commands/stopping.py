"""What exactly `jenkins stop` would end: one running build, or one item of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.context import Context
from bot.commands.model import CommandError, join_words
from bot.outbound.quoting import code, quote
from integrations.jenkins import acting, render
from integrations.jenkins.acting import Ending, sent
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.afterwards import looked_up
from integrations.jenkins.commands.asking import find_job, in_words, noun_of
from integrations.jenkins.errors import BadParameter, JenkinsError, NotFound
from integrations.jenkins.model import Build, QueueItem, shown_name

_VERBS = {Ending.STOP: "stop", Ending.TERM: "terminate", Ending.KILL: "kill"}


@dataclass(frozen=True, slots=True)
class RunningBuild:
    """A build that runs, and how hard it is to be ended. `asked`: somebody has asked it to stop already."""

    full_name: str
    number: int
    how: Ending = Ending.STOP
    is_pipeline: bool = False
    asked: bool = False
    noun: str = "jenkins"

    @property
    def says(self) -> str:
        """The question to confirm; it names the build, so that a yes holds for no other."""
        name = render.build_name(self.full_name, self.number)
        if self.how is Ending.STOP:
            return f"Stop {name}, which runs now?"
        if self.how is Ending.KILL:
            return (
                f"Kill {name}? That is the last resort: Jenkins forgets the build at once and runs nothing that "
                "cleans up after it. What its steps hold (agents, locks, workspaces) may stay taken."
            )
        gentler = "" if self.asked else f" Nobody has asked it to stop yet: {self._typed()} does."
        return (
            f"Terminate {name}? Its running steps are broken off by force, also those that clean up.{gentler}"
        )

    def end(self, client: JenkinsClient) -> str:
        """Ask Jenkins to end it; returns what to tell, the next step included. Raises JenkinsError, CommandError."""
        if lost := sent(lambda: self._send(client)):
            return self._looked_up(client, lost)
        short = code(join_words((self.noun, "status", self.full_name)))
        name = render.build_name(self.full_name, self.number)
        if self.how is Ending.KILL:
            return f"☠️ {name} is killed. {short} tells whether Jenkins still shows it."
        if self.how is Ending.TERM:
            return (
                f"🛑 {name} is told to terminate. {short} tells when it has. The last resort, where even that does "
                f"not end it: {self._typed('--kill')}."
            )
        harder = f" Where it hangs, {self._typed('--term')} breaks it off." if self.is_pipeline else ""
        return f"🛑 {name} is asked to stop. {short} tells when it has.{harder}"

    def _send(self, client: JenkinsClient) -> None:
        if self.how is Ending.STOP:
            client.stop(self.full_name, self.number)
        else:
            acting.end(client, self.full_name, self.number, self.how)

    def _looked_up(self, client: JenkinsClient, lost: JenkinsError) -> str:
        """The answer was lost: what Jenkins has now. Raises CommandError where the build goes on."""
        name = render.build_name(self.full_name, self.number)
        with looked_up(lost, f"To {_VERBS[self.how]} {name}"):
            build = client.build(self.full_name, self.number)
        if not build.building:
            return f"🛑 Jenkins' answer was lost, but {name} {render.ending(build)}."
        has = "it was asked to stop" if build.interrupted else "I see no sign that it was asked"
        raise CommandError(
            f"{quote(str(lost), 600)} {name} still runs, and {has}. Saying it again does no harm."
        )

    def _typed(self, *more: str) -> str:
        return code(join_words((self.noun, "stop", self.full_name, f"#{self.number}", *more)))


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


def to_stop(
    context: Context, client: JenkinsClient, number: int | None, how: Ending = Ending.STOP
) -> RunningBuild | WaitingBuild:
    """The one thing that can be meant. Raises CommandError where there is none, or more than one."""
    job, noun = find_job(context, client), noun_of(context, client)
    with in_words():
        if number is not None:
            return _running(job.full_name, _numbered(client, job.full_name, number), how, noun)
        running = [each for each in client.builds(job.full_name) if each.building]
        waiting = () if running else client.queue_of(job.full_name)
    return _only_one(job.full_name, running, waiting, how, noun)


def _numbered(client: JenkinsClient, full_name: str, number: int) -> Build:
    build = client.build(full_name, number)
    if not build.building:
        raise CommandError(
            f"{render.build_name(full_name, number)} is over already; there is nothing to stop."
        )
    return build


def _running(full_name: str, build: Build, how: Ending, noun: str) -> RunningBuild:
    """Raises CommandError for a way that Jenkins has for Pipelines only."""
    if how is not Ending.STOP and not build.is_pipeline:
        name = render.build_name(full_name, build.number)
        short = code(join_words((noun, "stop", full_name, f"#{build.number}")))
        raise CommandError(f"{name} is no Pipeline's, and Jenkins can only stop it: {short}.")
    return RunningBuild(full_name, build.number, how, build.is_pipeline, build.interrupted, noun)


def _only_one(
    full_name: str, running: list[Build], waiting: tuple[QueueItem, ...], how: Ending, noun: str
) -> RunningBuild | WaitingBuild:
    name = quote(shown_name(full_name))
    if len(running) == 1:
        return _running(full_name, running[0], how, noun)
    if running:
        which = ", ".join(f"#{each.number}" for each in running)
        example = code(join_words((noun, "stop", full_name, f"#{running[0].number}")))
        raise CommandError(f"{len(running)} builds of **{name}** run: {which}. Say which: {example}.")
    if not waiting:
        raise CommandError(f"No build of **{name}** runs or waits; there is nothing to stop.")
    if how is not Ending.STOP:
        short = code(join_words((noun, "stop", full_name)))
        raise CommandError(f"**{name}** only waits in the queue: {short} takes it out.")
    if len(waiting) > 1:
        raise CommandError(
            f"{len(waiting)} builds of **{name}** wait in the queue; take the right one out in Jenkins."
        )
    return WaitingBuild(full_name, waiting[0].id, len(waiting[0].causes))
