"""Answers to commands: the list of jobs, a job's state. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.model import join_words
from bot.commands.rows import Rows
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.model import Build, Job, ListedJob, Result, Stage, shown_name
from integrations.jenkins.render.following import stage_lines
from integrations.jenkins.render.words import ENDS, MARKS, ago, counted, duration

_BALLS = {
    "blue": "✅ ok",
    "red": "❌ failed",
    "yellow": "⚠️ unstable",
    "aborted": "🚫 aborted",
    "disabled": "💤 disabled",
    "notbuilt": "▫️ never built",
}
_LISTED = 40


def job_list(jobs: Sequence[ListedJob], glob: str, noun: str = "jenkins") -> str:
    """The jobs that match, with how their last build went."""
    if not jobs:
        return f"No job matches {code(glob)}. `{noun} jobs` shows all I may see."
    shown = job_rows(jobs[:_LISTED])
    more = ""
    if len(jobs) > _LISTED:
        hidden = len(jobs) - _LISTED
        more = f"\n\n{hidden} more are in the file; a glob such as `{noun} jobs team/*` shows fewer."
    return (
        f"{counted(len(jobs), 'job')}:\n\n{shown.table()}{more}\n\n"
        f"`{noun} status JOB` tells more of one, `{noun} build JOB` starts it."
    )


def job_rows(jobs: Sequence[ListedJob]) -> Rows:
    """Each job with how its last build went."""
    return Rows(("job", "last build"), [(shown_name(each.full_name), _ball(each.ball)) for each in jobs])


def job_file(jobs: Sequence[ListedJob]) -> str | None:
    """All jobs as lines of text, where the message cannot show them all."""
    if len(jobs) <= _LISTED:
        return None
    return "".join(f"{shown_name(each.full_name)}\t{_ball(each.ball)}\n" for each in jobs)


def _ball(ball: str) -> str:
    colour = ball.removesuffix("_anime")
    shown = _BALLS.get(colour, "▫️ never built")
    return f"🔨 running, was {shown.partition(' ')[2]}" if ball.endswith("_anime") else shown


def job_status(job: Job, stages: tuple[Stage, ...], waiting: int, now: float, noun: str = "jenkins") -> str:
    """How a job stands: what runs, how the last build went, its stages, what can be said next."""
    name = f"**{quote(shown_name(job.full_name))}**"
    lines = [_status_line(job, name, now)]
    if waiting:
        lines.append(
            f"🕓 {counted(waiting, 'build')} of it {'waits' if waiting == 1 else 'wait'} in the queue."
        )
    if not job.buildable:
        lines.append("💤 The job is disabled.")
    lines += stage_lines(stages)
    short = code(join_words((noun, "build", job.full_name)))
    stop = f", {code(join_words((noun, 'stop', job.full_name)))} stops it" if _running(job) else ""
    return "\n".join(lines) + f"\n\n{short} starts it{stop}."


def _running(job: Job) -> Build | None:
    return job.last if job.last and job.last.building else None


def _status_line(job: Job, name: str, now: float) -> str:
    running, ended = _running(job), job.last_completed
    if running is None and ended is None:
        return f"▫️ {name} was never built."
    before = f"{_linked(ended)} {_ends_briefly(ended)} {_ago(ended, now)}" if ended else ""
    if running is None:
        assert ended is not None
        took = f", after {duration(ended.duration)}" if ended.duration else ""
        return f"{MARKS[ended.outcome]} {name} {before}{took}."
    since = f" for {duration(now - running.started)}" if running.started else ""
    usual = f" (usually {duration(running.estimated)})" if running.estimated else ""
    then = f" Before it, {before}." if before else ""
    return f"🔨 {name} {_linked(running)} is running{since}{usual}.{then}"


def _linked(build: Build) -> str:
    return link(f"#{build.number}", build.url)


def _ends_briefly(build: Build) -> str:
    if build.outcome is None:
        return "ended without a result"
    return "was unstable" if build.outcome is Result.UNSTABLE else ENDS[build.outcome][0]


def _ago(build: Build, now: float) -> str:
    return ago((build.started or now) + (build.duration or 0), now)
