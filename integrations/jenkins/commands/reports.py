"""What builds came to: what is broken, tests, artifacts, and the trend as a picture."""

from __future__ import annotations

import time
from typing import Any

import click

from bot.charts import png
from bot.commands.context import Context
from bot.commands.model import CommandError, File, Reply, command, join_words
from bot.commands.parameters import BUILD_NUMBER, instance_option
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import code, quote
from integrations.jenkins import render
from integrations.jenkins.artifacts import Artifact, TooLarge, chosen, fetch
from integrations.jenkins.artifacts import artifacts as artifacts_of
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import (
    client_of,
    find_job,
    full_name,
    in_words,
    noun_of,
    server_name,
)
from integrations.jenkins.history import remembered
from integrations.jenkins.model import Job, shown_name
from integrations.jenkins.names import matches
from integrations.jenkins.past import MOST, broken_since, past_builds
from integrations.jenkins.render import reports as shown
from integrations.jenkins.reports import report_of
from integrations.jenkins.trend import duration_chart, ended_builds

_LOOKED_AT = 50
"""Broken jobs that are asked since when: each is a request or two."""


class NumberOrPathType(click.ParamType[int | str]):
    """`#12`, or else the path of a file."""

    name = "#n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """A word of digits, with or without the mark, is a number."""
        if isinstance(value, int):
            return value
        digits = str(value).removeprefix("#")
        return BUILD_NUMBER.convert(value, param, ctx) if digits.isdecimal() else str(value)


@command("jenkins failing", resolve=server_name, examples=("jenkins failing", "jenkins failing team/*"))
@instance_option("server")
@click.argument("glob", default="*")
@as_option
def failing(context: Context, on: str | None, glob: str, kind: FileKind | None) -> Reply:
    """List the jobs that are broken now: since when, how many builds in a row, and whose changes broke them."""
    client = client_of(context)
    with in_words():
        every = [each for each in client.jobs() if matches(each.full_name, glob)]
        names = [each.full_name for each in every if each.ball.removesuffix("_anime") in ("red", "yellow")]
        broken = {name: broken_since(client, name) for name in names[:_LOOKED_AT]}
    found = {name: since for name, since in broken.items() if since}
    if kind and found:
        return shown.failing_rows(found).reply(kind, "jenkins-failing")
    return Reply(
        shown.failing(found, len(every), names[_LOOKED_AT:], glob, time.time(), noun_of(context, client))
    )


@command("jenkins tests", resolve=full_name, examples=("jenkins tests web", "jenkins tests web #4 --as csv"))
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, required=False, metavar="#n")
@as_option
def tests(context: Context, on: str | None, job: str, number: int | None, kind: FileKind | None) -> Reply:
    """Tell how a build's tests went: which fail newly, which since when, which are repaired, which are flaky.

    Without a number it is the last build that ended.
    """
    client = client_of(context)
    found = find_job(context, client)
    chosen_number = number or _last_ended(found, noun_of(context, client))
    with in_words():
        report = report_of(client, found.full_name, chosen_number)
        if report is None:
            client.build(found.full_name, chosen_number)
            return Reply(shown.no_tests(found.full_name, chosen_number))
    if kind:
        return shown.test_rows(report).reply(kind, "jenkins-tests")
    with context.services.database.transaction() as session:
        flaky = remembered(session, client.name, found.full_name, chosen_number)
    return Reply(shown.tests(found.full_name, chosen_number, report, flaky, noun_of(context, client)))


@command(
    "jenkins artifacts",
    resolve=full_name,
    examples=(
        "jenkins artifacts api",
        "jenkins artifacts web #5 web.zip",
        'jenkins artifacts api "dist/*.gz"',
    ),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=NumberOrPathType(), required=False, metavar="#n")
@click.argument("path", required=False)
@as_option
def artifacts(
    context: Context,
    on: str | None,
    job: str,
    number: int | str | None,
    path: str | None,
    kind: FileKind | None,
) -> Reply:
    """List what a build archived, or send one file of it: by its path, its name, or a glob that one file fits.

    Without a number it is the last build that ended.
    """
    client = client_of(context)
    found = find_job(context, client)
    if isinstance(number, str):
        if path is not None:
            raise CommandError(f"{code(number)} is no number such as #12.")
        number, path = None, number
    chosen_number = number or _last_ended(found, noun_of(context, client))
    with in_words():
        every = artifacts_of(client, found.full_name, chosen_number)
    name = render.build_name(found.full_name, chosen_number)
    if not every:
        return Reply(f"{name} archived nothing.")
    if path is not None:
        return _sent(client, found.full_name, chosen_number, _only(every, path, name))
    if kind:
        return shown.artifact_rows(every).reply(kind, "jenkins-artifacts")
    return Reply(shown.artifacts(found.full_name, chosen_number, every, noun_of(context, client)))


def _only(every: tuple[Artifact, ...], typed: str, name: str) -> Artifact:
    fits = chosen(every, typed)
    if len(fits) == 1:
        return fits[0]
    some = ", ".join(code(each.path) for each in (fits or every)[:10])
    more = ", …" if len(fits or every) > 10 else ""
    if fits:
        raise CommandError(f"{code(typed)} fits {len(fits)} files of {name}: {some}{more}. Say which.")
    raise CommandError(f"{name} archived no {code(typed)}. It has {some}{more}.")


def _sent(client: JenkinsClient, full_name: str, number: int, artifact: Artifact) -> Reply:
    try:
        with in_words():
            content = fetch(client, full_name, number, artifact.path)
    except TooLarge as error:
        raise CommandError(shown.too_large(full_name, number, artifact, error.size, client.url)) from error
    file = artifact.path.rpartition("/")[2]
    return Reply(
        shown.sent(full_name, number, artifact, len(content)),
        file=File(file, content, "application/octet-stream"),
    )


@command("jenkins trend", resolve=full_name, examples=("jenkins trend web", "jenkins trend api --count 50"))
@instance_option("server")
@click.argument("job")
@click.option(
    "--count", type=click.IntRange(2, MOST), default=30, help="how many builds, up to 100 (else 30)"
)
def trend(context: Context, on: str | None, job: str, count: int) -> Reply:
    """Draw how long a job's last builds took and how each ended, as a picture."""
    client = client_of(context)
    name = find_job(context, client).full_name
    with in_words():
        ended = ended_builds(past_builds(client, name, count))
    if not ended:
        raise CommandError(
            f"No build of **{quote(shown_name(name))}** has ended yet, so there is nothing to draw."
        )
    picture = png(duration_chart(name, ended))
    file = render.file_name(name, ended[-1].number, "trend.png")
    return Reply(shown.trend(name, ended), file=File(file, picture, "image/png"))


def _last_ended(job: Job, noun: str) -> int:
    if job.last_completed is None:
        look = code(join_words((noun, "status", job.full_name)))
        raise CommandError(
            f"No build of **{quote(shown_name(job.full_name))}** has ended yet. {look} tells how it stands."
        )
    return job.last_completed.number


COMMANDS = (failing, tests, artifacts, trend)
