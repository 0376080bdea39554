"""What there is and how it stands: the jobs, and one job."""

from __future__ import annotations

import time

import click

from bot.commands.context import Context
from bot.commands.model import File, Reply, command
from bot.commands.parameters import instance_option
from bot.commands.rows import FileKind, as_option
from integrations.jenkins import render
from integrations.jenkins.commands.asking import (
    client_of,
    find_job,
    full_name,
    in_words,
    noun_of,
    server_name,
)
from integrations.jenkins.names import matches


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


@command("jenkins status", resolve=full_name, examples=("jenkins status api", "jenkins status team/deploy"))
@instance_option("server")
@click.argument("job")
def status(context: Context, on: str | None, job: str) -> Reply:
    """Tell how a job stands: what runs or waits, how its last build went, stage by stage."""
    client = client_of(context)
    found = find_job(context, client)
    with in_words():
        shown = found.last if found.last and found.last.is_pipeline else None
        stages = client.stages(found.full_name, shown.number) if shown else ()
        waiting = len(client.queue_of(found.full_name))
    return Reply(render.job_status(found, stages, waiting, time.time(), noun_of(context, client)))


COMMANDS = (jobs, status)
