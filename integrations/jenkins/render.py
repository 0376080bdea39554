"""Jenkins' values as markdown for a room: jobs, a job's state, a build on its way, its end, events. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.model import join_words
from bot.commands.rows import Rows
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.model import (
    Build,
    BuildEvent,
    Job,
    ListedJob,
    Result,
    Stage,
    Values,
    failing_stage,
    shown_name,
)
from integrations.jenkins.parameters import shown_values

_BALLS = {
    "blue": "✅ ok",
    "red": "❌ failed",
    "yellow": "⚠️ unstable",
    "aborted": "🚫 aborted",
    "disabled": "💤 disabled",
    "notbuilt": "▫️ never built",
}
_MARKS = {
    Result.SUCCESS: "✅",
    Result.UNSTABLE: "⚠️",
    Result.FAILURE: "❌",
    Result.ABORTED: "🚫",
    Result.NOT_BUILT: "▫️",
    None: "❓",
}
_ENDS = {
    Result.SUCCESS: ("succeeded", ""),
    Result.UNSTABLE: ("is unstable", ": some tests failed"),
    Result.FAILURE: ("failed", ""),
    Result.ABORTED: ("was aborted", ""),
    Result.NOT_BUILT: ("ended", " without building anything"),
    None: ("ended", " without a result I know, which I do not take for a success"),
}
_STAGE_MARKS = {
    "SUCCESS": "✅",
    "FAILED": "❌",
    "UNSTABLE": "⚠️",
    "ABORTED": "🚫",
    "IN_PROGRESS": "⏳",
    "PAUSED_PENDING_INPUT": "⏸️",
    "NOT_EXECUTED": "▫️",
}
_LISTED = 40
_STAGES_SHOWN = 25
_MILESTONES = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Seconds at which a live message says anew how long it takes: each edit counts (Webex allows ten)."""


def duration(seconds: float) -> str:
    """A length of time in the two units that matter: `8 s`, `1 min 33 s`, `2 h 5 min`, `3 d 1 h`."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def build_name(full_name: str, number: int) -> str:
    """`**team/deploy** #4`."""
    return f"**{quote(shown_name(full_name))}** #{number}"


def typed_build(full_name: str, values: Values) -> str:
    """The line that starts this build again, as inline code."""
    words = ("jenkins", "build", full_name, *(f"{name}={value}" for name, value in values))
    return code(join_words(words))


# --- answers to commands


def job_list(jobs: Sequence[ListedJob], glob: str) -> str:
    """The jobs that match, with how their last build went."""
    if not jobs:
        return f"No job matches {code(glob)}. `jenkins jobs` shows all I may see."
    shown = job_rows(jobs[:_LISTED])
    more = ""
    if len(jobs) > _LISTED:
        hidden = len(jobs) - _LISTED
        more = f"\n\n{hidden} more are in the file; a glob such as `jenkins jobs team/*` shows fewer."
    return (
        f"{_counted(len(jobs), 'job')}:\n\n{shown.table()}{more}\n\n"
        "`jenkins status JOB` tells more of one, `jenkins build JOB` starts it."
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


def job_status(job: Job, stages: tuple[Stage, ...], waiting: int, now: float) -> str:
    """How a job stands: what runs, how the last build went, its stages, what can be said next."""
    name = f"**{quote(shown_name(job.full_name))}**"
    lines = [_status_line(job, name, now)]
    if waiting:
        lines.append(
            f"🕓 {_counted(waiting, 'build')} of it {'waits' if waiting == 1 else 'wait'} in the queue."
        )
    if not job.buildable:
        lines.append("💤 The job is disabled.")
    lines += stage_lines(stages)
    short = code(join_words(("jenkins", "build", job.full_name)))
    stop = f", {code(join_words(('jenkins', 'stop', job.full_name)))} stops it" if _running(job) else ""
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
        return f"{_MARKS[ended.outcome]} {name} {before}{took}."
    since = f" for {duration(now - running.started)}" if running.started else ""
    usual = f" (usually {duration(running.estimated)})" if running.estimated else ""
    then = f" Before it, {before}." if before else ""
    return f"🔨 {name} {_linked(running)} is running{since}{usual}.{then}"


def _linked(build: Build) -> str:
    return link(f"#{build.number}", build.url)


def _ends_briefly(build: Build) -> str:
    if build.outcome is None:
        return "ended without a result"
    return "was unstable" if build.outcome is Result.UNSTABLE else _ENDS[build.outcome][0]


def _ago(build: Build, now: float) -> str:
    ended = (build.started or now) + (build.duration or 0)
    number, unit = duration(now - ended).split()[:2]
    return f"{number} {unit} ago" if now - ended >= 1 else "just now"


# --- a build that is followed


def requested(full_name: str, values: Values) -> str:
    """The first thing the live message shows."""
    return f"📨 I ask Jenkins to build **{quote(shown_name(full_name))}**{_with(values)}."


def queued(full_name: str, values: Values, *, joined: bool, why: str) -> str:
    """A build in the queue. `why` says in my words what it waits for; Jenkins' own changes at every look."""
    also = " The same build was waiting already, so this is that one." if joined else ""
    return f"🕓 **{quote(shown_name(full_name))}**{_with(values)} is in Jenkins' queue: {why}.{also}"


def running(full_name: str, build: Build, stages: tuple[Stage, ...], values: Values, now: float) -> str:
    """A build on its way: since when, what is usual, and its stages."""
    elapsed = now - build.started if build.started else 0.0
    passed = max((each for each in _MILESTONES if each <= elapsed), default=None)
    since = f" for more than {duration(passed)}" if passed else ""
    usual = f"; it usually takes {duration(build.estimated)}" if build.estimated else ""
    name = f"🔨 {build_name(full_name, build.number)}{_with(values)}"
    head = f"{name} is running{since}{usual}. {link('Open', build.url)}"
    paused = any(stage.status == "PAUSED_PENDING_INPUT" for stage in stages)
    asks = "⏸️ It asks a question in Jenkins and waits for the answer." if paused else ""
    return "\n".join(filter(None, [head, *stage_lines(stages), asks]))


def stopping(full_name: str, build: Build, who: str, stages: tuple[Stage, ...]) -> str:
    """A build that was asked to end and has not ended yet."""
    name = f"🛑 {build_name(full_name, build.number)}"
    head = f"{name} was asked to stop by {quote(who)}. {link('Open', build.url)}"
    return "\n".join([head, *stage_lines(stages)])


def away(title: str, reason: str) -> str:
    """Jenkins does not answer for now."""
    return f"📡 {quote(title)}: {quote(reason, 400)} I keep looking."


def ended(
    full_name: str, build: Build, stages: tuple[Stage, ...], values: Values, *, restarted: bool = False
) -> str:
    """The last the live message shows: the result and every stage. `restarted`: Jenkins was, meanwhile."""
    name = f"{_MARKS[build.outcome]} {build_name(full_name, build.number)}{_with(values)}"
    head = f"{name} {ending(build, restarted=restarted)}. {link('Open', build.url)}"
    return "\n".join([head, *stage_lines(stages)])


def told(
    full_name: str, build: Build, stages: tuple[Stage, ...], values: Values, *, restarted: bool = False
) -> str:
    """The fresh message at the end: the result, what broke, and what can be said next."""
    broken = failing_stage(stages) if build.outcome is not Result.SUCCESS else None
    where = f" in stage **{quote(broken.name)}**" if broken else ""
    message = broken.error.message.rstrip(". ") if broken and broken.error else ""
    why = f": {quote(message)}" if message else ""
    name = f"{_MARKS[build.outcome]} {build_name(full_name, build.number)}"
    again = "" if build.outcome is Result.SUCCESS else f"\n{typed_build(full_name, values)} starts it again."
    return f"{name} {ending(build, restarted=restarted)}{where}{why}. {link('Open', build.url)}{again}"


def ending(build: Build, *, restarted: bool = False) -> str:
    """How a build ended and after how long, in words that follow its name.

    A freestyle build that ran when Jenkins was restarted is ABORTED with nobody having stopped it.
    """
    if build.outcome is Result.ABORTED and not build.interrupted:
        took = f" after {duration(build.duration)}" if build.duration else ""
        return f"was killed{took} by {'a' if restarted else 'what looks like a'} restart of Jenkins"
    return _ended(build.outcome, build.duration)


def _ended(result: Result | None, seconds: float | None) -> str:
    words, more = _ENDS[result]
    return f"{words}{f' after {duration(seconds)}' if seconds else ''}{more}"


# --- a build that is followed no more


def not_started(full_name: str, reason: str) -> str:
    """Nothing came of it, and why."""
    return f"❌ **{quote(shown_name(full_name))}** was not started. {quote(reason, 600)}"


def looking(full_name: str) -> str:
    """Whether it was started is being found out."""
    name = f"**{quote(shown_name(full_name))}**"
    return f"🔎 My question to Jenkins broke off. I look whether it has begun {name}."


def taken_out(full_name: str, who: str | None) -> str:
    """It left the queue without a build."""
    by = f"by {quote(who)}" if who else "in Jenkins"
    return f"🚫 **{quote(shown_name(full_name))}** was taken out of Jenkins' queue {by}; nothing was built."


def left_to_the_others(full_name: str) -> str:
    """A cancelled run whose build others asked for as well."""
    short = code(join_words(("jenkins", "stop", full_name)))
    return (
        f"👋 I follow **{quote(shown_name(full_name))}** no more. Others asked for the same build, "
        f"so it goes on; {short} stops it for all."
    )


def lost(full_name: str, reason: str) -> str:
    """What became of it is not known."""
    return f"❓ I have lost sight of **{quote(shown_name(full_name))}**: {quote(reason.rstrip('.'), 600)}."


def after_lost(full_name: str, run_id: int) -> str:
    """What to do about a lost run."""
    look = code(join_words(("jenkins", "status", full_name)))
    return (
        f"{look} shows what Jenkins has; I repeat nothing by myself. `run cancel {run_id}` closes this run."
    )


def stage_lines(stages: Sequence[Stage]) -> list[str]:
    """A line per stage; those that ended with their duration, those that failed with their reason."""
    lines = [_stage_line(each) for each in stages[:_STAGES_SHOWN]]
    if len(stages) > _STAGES_SHOWN:
        lines.append(f"… and {len(stages) - _STAGES_SHOWN} more stages")
    return lines


def _stage_line(stage: Stage) -> str:
    over = stage.status not in ("IN_PROGRESS", "PAUSED_PENDING_INPUT", "NOT_EXECUTED")
    took = f" {duration(stage.duration)}" if over and stage.duration is not None else ""
    why = f": {quote(stage.error.message, 160)}" if stage.error and stage.error.message else ""
    return f"{_STAGE_MARKS.get(stage.status, '▫️')} {quote(stage.name, 80)}{took}{why}"


def _with(values: Values) -> str:
    return f" with {shown_values(values)}" if values else ""


# --- what Jenkins reports by itself


def event(event: BuildEvent, before: Result | None, url: str) -> str:
    """A finished build as a subscribed room hears of it. `before` is the last result told there."""
    branch = f" on {quote(event.branch, 80)}" if event.branch else ""
    name = f"{_MARKS[event.result]} {build_name(event.full_name, event.number)}{branch}"
    head = f"{name} {change(event.result, before, event.duration)}."
    opened = f" {link('Open', url)}" if url else ""
    return f"{head}{opened}{_tests(event)}"


def change(now: Result | None, before: Result | None, seconds: float | None) -> str:
    """What a result means after the one before, and how long it took."""
    plain = _ended(now, seconds)
    if now is Result.SUCCESS and before in (Result.FAILURE, Result.UNSTABLE):
        return f"is back to normal: it {plain}"
    if now is Result.FAILURE and before:
        return f"is {'still failing' if before is Result.FAILURE else 'broken'}: it {plain}"
    return plain.replace("is unstable", "is still unstable") if now is before is Result.UNSTABLE else plain


def _tests(event: BuildEvent) -> str:
    if not event.tests_failed:
        return ""
    names = ", ".join(code(each, 100) for each in event.failed_tests[:3])
    more = f" and {event.tests_failed - 3} more" if event.tests_failed > 3 else ""
    which = f": {names}{more}" if names else ""
    return f"\n{event.tests_failed} of {_counted(event.tests, 'test')} failed{which}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
