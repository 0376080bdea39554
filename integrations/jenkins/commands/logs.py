"""A build's log: its last lines, a search through all of it, or one stage."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bot.commands.context import Context
from bot.commands.model import CommandError, Reply, command
from bot.commands.parameters import BUILD_NUMBER, instance_option
from bot.outbound.quoting import code, quote
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import (
    client_of,
    find_job,
    full_name,
    in_words,
    noun_of,
    servers_of,
)
from integrations.jenkins.logs import Bounds, BuildLog
from integrations.jenkins.model import Job, Result, Stage, failing_stage, shown_name
from integrations.jenkins.render import console as shown
from integrations.jenkins.search import BadPattern, Pattern, Wanted

_LINES, _MOST_LINES = 40, 5_000
_HITS, _MOST_HITS = 50, 1_000


@command(
    "jenkins log",
    resolve=full_name,
    examples=(
        "jenkins log web",
        "jenkins log web #4 --tail 100",
        'jenkins log web --grep "/err(or)?/"',
        "jenkins log api #3 --stage Build",
    ),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, required=False, metavar="#n")
@click.option("--tail", "lines", type=click.IntRange(1, _MOST_LINES), help="how many lines (else 40)")
@click.option("--grep", "pattern", help="lines that hold this, or fit a regular expression: /time(d )?out/")
@click.option("--stage", help="only what this stage printed")
def log(
    context: Context,
    on: str | None,
    job: str,
    number: int | None,
    lines: int | None,
    pattern: str | None,
    stage: str | None,
) -> Reply:
    """Show the end of a build's log, the last build's if no number is given.

    With `--grep`, search all of it: the first 50 lines found, with the lines around them, or with `--tail N` the
    last N. With `--stage`, take only what one stage of a Pipeline printed. It works while the build runs.
    """
    client = client_of(context)
    found = find_job(context, client)
    chosen = number or last_number(found)
    looked_for = _pattern(pattern) if pattern else None
    wanted = Wanted(min(lines or _HITS, _MOST_HITS), last=lines is not None)
    with in_words():
        if stage is not None:
            return _of_stage(client, found.full_name, chosen, stage, looked_for, lines or _LINES)
        source = BuildLog(client, found.full_name, chosen)
        if looked_for and pattern:
            hits = source.grep(looked_for, wanted, Bounds(servers_of(context.services).log_bytes))
            return shown.found(found.full_name, chosen, pattern, hits, wanted)
        tail = source.tail(lines or _LINES)
        return shown.tail(
            found.full_name, chosen, tail, _broken(client, found, chosen), noun_of(context, client)
        )


def last_number(job: Job) -> int:
    """The number of a job's last build. Raises CommandError where there is none."""
    if job.last is None:
        raise CommandError(f"**{quote(shown_name(job.full_name))}** was never built.")
    return job.last.number


def _pattern(typed: str) -> Pattern:
    try:
        return Pattern(typed)
    except BadPattern as error:
        raise CommandError(
            f"{code(typed)} is no regular expression that I take: {quote(str(error))}. Without the slashes it is "
            "looked for as it stands; what looks ahead or behind, or refers back, is not taken."
        ) from error


def _broken(client: JenkinsClient, job: Job, number: int) -> Stage | None:
    """The stage that a Pipeline's build broke in."""
    known = job.last if job.last and job.last.number == number else client.build(job.full_name, number)
    if not known.is_pipeline or known.outcome not in (Result.FAILURE, Result.UNSTABLE):
        return None
    return failing_stage(client.stages(job.full_name, number))


def _of_stage(
    client: JenkinsClient, name: str, number: int, typed: str, pattern: Pattern | None, most: int
) -> Reply:
    stage = _stage(client.stages(name, number), typed, render.build_name(name, number))
    steps = BuildLog(client, name, number).steps(stage)
    return shown.stage(name, number, stage, steps, pattern.fits if pattern else None, most)


def _stage(stages: Sequence[Stage], typed: str, build: str) -> Stage:
    """The stage of this name, or with it in its name; of several the one that failed, else the last."""
    if not stages:
        raise CommandError(
            f"{build} has no stages that Jenkins tells me of: they are a Pipeline's, and the Pipeline Stage View "
            "plugin tells of them."
        )
    wanted = typed.casefold()
    fits = [each for each in stages if each.name.casefold() == wanted]
    fits = fits or [each for each in stages if wanted in each.name.casefold()]
    if not fits:
        named = ", ".join(code(each.name, 60) for each in stages[:20])
        raise CommandError(f"{build} has no stage {code(typed)}. It has {named}.")
    if len({each.name for each in fits}) > 1:
        named = " or ".join(code(each.name, 60) for each in fits[:5])
        raise CommandError(f"{code(typed)} could be {named}. Say all of its name.")
    return failing_stage(tuple(fits)) or fits[-1]


COMMANDS = (log,)
