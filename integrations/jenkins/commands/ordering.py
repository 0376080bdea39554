"""What a command that starts a build would start, exactly: checked against the job, and against who may build it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bot.commands.context import Context
from bot.commands.gate import authorize
from bot.commands.model import CommandError, join_words
from bot.commands.parameters import Assignment
from bot.outbound.quoting import code, link, quote
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import find_job, in_words, noun_of
from integrations.jenkins.following import BuildOrder
from integrations.jenkins.model import Build, Job, ParameterKind, Values, shown_name
from integrations.jenkins.parameters import BadParameters, choose, naming

PRIVATELY = "build-with-passwords"


def buildable(context: Context, client: JenkinsClient) -> Job:
    """The job that was meant, where Jenkins would build it now. Raises CommandError."""
    found = find_job(context, client)
    name = quote(shown_name(found.full_name))
    if not found.buildable:
        enable = code(join_words((noun_of(context, client), "enable", found.full_name)))
        there = link("its page", found.url)
        raise CommandError(
            f"**{name}** is disabled in Jenkins, so nothing was started. {enable} enables it, or {there} does."
        )
    with in_words():
        if client.quieting().on:
            raise CommandError(
                f"Jenkins is about to shut down and starts nothing any more, so **{name}** was not started. "
                f"Say it again when Jenkins is back; `{noun_of(context, client)} unquiet` calls it off."
            )
    return found


def order_of(context: Context, client: JenkinsClient, job: Job, typed: Sequence[Assignment]) -> BuildOrder:
    """The build of this job with these parameters, in its asker's name. Raises CommandError."""
    person = context.request.person
    with not_started(job):
        chosen = choose(job.parameters, naming(job.parameters, typed, client.requester_parameter, person))
    order = BuildOrder(
        server=client.name,
        noun=noun_of(context, client),
        job=job.full_name,
        parameterised=bool(job.parameters),
        given=chosen.given,
        expected=chosen.expected,
        next_number=job.next_number,
        as_user=client.user if client.personal else None,
        requester=None if client.personal or _takes_for_itself(job) else person,
    )
    shown = order.model_dump(mode="json")
    if context.services.redactor.redact_value(shown) != shown:
        raise CommandError(
            "Nothing was started: one of these values looks like a secret, and I neither keep nor pass on "
            "secrets from chat. Start the build in Jenkins, or let the job take it from its credentials."
        )
    return order


def _takes_for_itself(job: Job) -> bool:
    """Whether a parameter has the name by which Jenkins takes the token or the cause of a trigger."""
    return any(each.name in ("token", "cause") for each in job.parameters)


@contextmanager
def not_started(job: Job) -> Iterator[None]:
    """Within, parameters that cannot be taken become a CommandError which says that nothing was started."""
    try:
        yield
    except BadParameters as error:
        name = quote(shown_name(job.full_name))
        raise CommandError(f"Nothing was started of **{name}**. {' '.join(error.problems)}") from error


def as_arguments(values: Values) -> Mapping[str, tuple[str, ...]]:
    """Parameters as rules see those that were typed: all of them, and each by its name."""
    words = tuple(f"{name}={value}" for name, value in values)
    return {"parameters": words, **{f"parameters.{name}": (value,) for name, value in values}}


def check_may_build(context: Context, arguments: Mapping[str, tuple[str, ...]], order: BuildOrder) -> None:
    """Whoever may not say `jenkins build` with these may start the same build by no other command.

    `arguments` are what a rule would see of it. Raises CommandError.
    """
    services, request = context.services, context.request
    build = services.registry.get("jenkins build")
    if build is None:
        return
    decision = authorize(build, request, arguments, services)
    if not decision.allowed:
        raise CommandError(
            f"That starts a build, and you may not say `jenkins build` for it. {decision.reason}"
        )
    mine = services.policy.approvals_for(
        services.question(context.command, request.person, request.place, arguments)
    )
    needed = services.policy.approvals_for(services.question(build, request.person, request.place, arguments))
    if any(each not in mine for each in needed):
        typed = render.typed_build(order.job, order.given, order.noun)
        raise CommandError(f"`jenkins build` needs others' yes for that, so say {typed}, which asks for it.")


def repeated(job: Job, before: Build, requester: str, changed: Sequence[Assignment]) -> list[Assignment]:
    """The parameters of an earlier build that can be given again, with those that were changed.

    Left out: who asked then, what the job declares no more, and what Jenkins does not show (passwords, files).
    """
    declared = {
        each.name
        for each in job.parameters
        if each.kind not in (ParameterKind.PASSWORD, ParameterKind.FILE) and each.name != requester
    }
    new = {each.name.casefold() for each in changed}
    old = [
        Assignment(name, value)
        for name, value in before.parameters
        if name in declared and name.casefold() not in new
    ]
    return [*old, *changed]
