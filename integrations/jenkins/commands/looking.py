"""What there is and how it stands: the jobs, one job, its builds, and all of Jenkins at a glance."""

from __future__ import annotations

import time

import click

from bot.commands.context import Context
from bot.commands.model import File, Reply, command, join_words
from bot.commands.parameters import instance_option
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import code
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import (
    client_of,
    find_job,
    full_name,
    full_name_if_given,
    in_words,
    noun_of,
    server_name,
)
from integrations.jenkins.model import Job
from integrations.jenkins.names import matches
from integrations.jenkins.overview import job_details, overview
from integrations.jenkins.past import MOST, past_builds
from integrations.jenkins.render import jobs as shown

_FEW = 5
"""Builds that the description of a job shows."""


@command("jenkins jobs", resolve=server_name, examples=("jenkins jobs", "jenkins jobs team/*"))
@instance_option("server")
@click.argument("glob", default="*")
@as_option
def jobs(context: Context, on: str | None, glob: str, kind: FileKind | None) -> Reply:
    """List the jobs, all or those that match, with how their last build went."""
    client = client_of(context)
    with in_words():
        found = [each for each in client.jobs() if matches(each.full_name, glob)]
    if kind and found:
        return render.job_rows(found).reply(kind, "jenkins-jobs")
    every = render.job_file(found)
    file = File("jenkins-jobs.txt", every.encode()) if every else None
    return Reply(render.job_list(found, glob, noun_of(context, client)), file=file)


@command("jenkins job", resolve=full_name, examples=("jenkins job api", "jenkins job team/deploy"))
@instance_option("server")
@click.argument("job")
def job(context: Context, on: str | None, job: str) -> Reply:
    """Tell what a job is: its parameters, its health, its last builds, which jobs it triggers."""
    client = client_of(context)
    found = find_job(context, client)
    with in_words():
        more = job_details(client, found.full_name)
        builds = past_builds(client, found.full_name, _FEW)
    return Reply(shown.job(found, more, builds, time.time(), noun_of(context, client)))


@command(
    "jenkins status",
    resolve=full_name_if_given,
    examples=("jenkins status", "jenkins status api", "jenkins status team/deploy"),
)
@instance_option("server")
@click.argument("job", required=False)
def status(context: Context, on: str | None, job: str | None) -> Reply:
    """Tell how a job stands: what runs or waits, how its last build went, stage by stage.

    Without a job: how all of Jenkins stands.
    """
    client = client_of(context)
    if job is None:
        with in_words():
            return Reply(shown.overview(overview(client), noun_of(context, client)))
    return _status_of(client, find_job(context, client), noun_of(context, client))


def _status_of(client: JenkinsClient, found: Job, noun: str) -> Reply:
    with in_words():
        pipeline = found.last if found.last and found.last.is_pipeline else None
        stages = client.stages(found.full_name, pipeline.number) if pipeline else ()
        waiting = len(client.queue_of(found.full_name))
    return Reply(render.job_status(found, stages, waiting, time.time(), noun))


@command(
    "jenkins builds",
    resolve=full_name,
    examples=("jenkins builds api", "jenkins builds api --count 50 --as csv"),
)
@instance_option("server")
@click.argument("job")
@click.option("--count", type=click.IntRange(1, MOST), default=15, help="how many, up to 100 (else 15)")
@as_option
def builds(context: Context, on: str | None, job: str, count: int, kind: FileKind | None) -> Reply:
    """List a job's last builds: how each ended, when, how long it took, who asked for it, with what."""
    client = client_of(context)
    name, noun = find_job(context, client).full_name, noun_of(context, client)
    with in_words():
        found = past_builds(client, name, count)
    if not found:
        return Reply(shown.never_built(name, noun))
    look = code(join_words((noun, "log", name, f"#{found[0].number}")))
    rows = shown.build_rows(found)
    return rows.reply(
        kind, "jenkins-builds", above=shown.builds_of(name, found), below=f"{look} shows its log."
    )


COMMANDS = (jobs, job, status, builds)
