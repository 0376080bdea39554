"""What every Jenkins command does first: find the client, find the job, and put errors into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bot.commands.context import Context, Services
from bot.commands.model import CommandError
from bot.outbound.quoting import code, quote
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.model import Job, shown_name
from integrations.jenkins.names import NoSuchJob, find_name


def client_of(services: Services) -> JenkinsClient:
    """The client. Raises CommandError saying what to set where there is none."""
    client = services.clients.get("jenkins")
    if isinstance(client, JenkinsClient):
        return client
    raise CommandError(
        "No Jenkins is set up here. Set `JENKINS_URL` (its root, such as https://jenkins.example.com/), "
        "`JENKINS_USER` and `JENKINS_TOKEN` (an API token of that user) and start me again."
    )


@contextmanager
def in_words() -> Iterator[None]:
    """Within, an error of Jenkins becomes a CommandError for the asker."""
    try:
        yield
    except JenkinsError as error:
        raise CommandError(quote(str(error), 600)) from error


def find_job(context: Context, typed: str, arguments: Mapping[str, tuple[str, ...]] | None = None) -> Job:
    """The job that `typed` means, if the asker may run this command on it.

    The gate judged the name as it was typed; a loose name is judged once more under its full name, with the
    other `arguments`, so that a rule about `team/*` holds for `deploy` too. Raises CommandError.
    """
    client = client_of(context.services)
    with in_words():
        job = _find(client, typed)
    if job.full_name != typed:
        _check_access(context, {**(arguments or {}), "job": (job.full_name,)})
    return job


def _find(client: JenkinsClient, typed: str) -> Job:
    try:
        return client.job(typed)
    except NotFound:
        names = [each.full_name for each in client.jobs()]
    try:
        return client.job(find_name(typed, names))
    except NoSuchJob as error:
        raise CommandError(_which(error)) from error


def _which(error: NoSuchJob) -> str:
    likely = " or ".join(code(shown_name(each)) for each in error.likely)
    if error.ambiguous:
        return f"{code(error.typed)} could be {likely}. Say its full name."
    if likely:
        return f"Jenkins shows me no job {code(error.typed)}. Did you mean {likely}?"
    return f"Jenkins shows me no job {code(error.typed)}. `jenkins jobs` lists those I may see."


def _check_access(context: Context, arguments: Mapping[str, tuple[str, ...]]) -> None:
    request, services = context.request, context.services
    question = services.question(context.command, request.person, request.place, arguments)
    decision = services.policy.decide(question)
    if not decision.allowed:
        name = code(shown_name(arguments["job"][0]))
        raise CommandError(f"You may not run `{context.command.name}` on {name} here. {decision.reason}")
