"""The run behind `jenkins build`: ask for the build once, find it, follow it to its end, stop it if asked.

Every step is short and may be entered again. The one thing that must not happen twice, the trigger, goes
through an attempt; where its answer is lost, Jenkins is asked what it has before anything is said or done.
"""

from __future__ import annotations

from bot.access.credentials import CredentialError
from bot.commands.context import Services
from bot.outbound.quoting import quote
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State
from integrations.jenkins.credentials import client_as
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.following.building import follow
from integrations.jenkins.following.order import KIND, BuildOrder, Progress
from integrations.jenkins.following.starting import look, start
from integrations.jenkins.following.step import Step
from integrations.jenkins.following.waiting import queued
from integrations.jenkins.servers import NoSuchServer, Servers
from integrations.jenkins.settings import MAIN

__all__ = ("BUILD", "KIND", "BuildOrder", "Progress")


def _move(step: Step) -> Wait | End:
    """Move on by one step; Jenkins' being away is waited out."""
    if step.gone and step.view.state is not State.REQUESTED and not step.progress.taken_over:
        step.control.log(f"{step.gone}: from here on I follow it as my own account.")
    progress = step.progress
    try:
        if progress.looking:
            return look(step, progress.lost_by)
        if progress.number is not None:
            return follow(step, progress.number)
        if progress.queue_id is not None:
            return queued(step, progress.queue_id)
        return start(step)
    except JenkinsError as error:
        return step.away(error)


def _step(view: RunView, control: StepControl, services: Services) -> Wait | End:
    """Move a build's run on by one step, as its requester where they gave a credential."""
    servers = services.clients.get("jenkins")
    try:
        if not isinstance(servers, Servers):
            raise NoSuchServer("", ())
        client = servers.get(str(view.arguments.get("server", MAIN)))
    except NoSuchServer:
        state = State.FAILED if view.state is State.REQUESTED else State.LOST
        why = "that Jenkins is not set up here any more"
        says = f"❓ **{quote(view.title)}**: {why}, so I cannot follow it."
        return End(state, why, live=says, told=says)
    if not view.arguments.get("as_user"):
        return _move(Step(view, control, services, client))
    try:
        own = client_as(view.requester, services, client)
        gone = "" if own else f"the credential for Jenkins that {view.requester} gave is removed"
    except CredentialError as error:
        own, gone = None, str(error)
    return _move(Step(view, control, services, own or client, gone))


BUILD = RunKind(KIND, _step, resumable=True)
