"""A build that is followed: from the question to Jenkins to its last stage. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.commands.model import join_words
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.model import Build, Result, Stage, Values, failing_stage, shown_name
from integrations.jenkins.render.words import MARKS, build_name, duration, ended_as, typed_build, with_values

_STAGE_MARKS = {
    "SUCCESS": "✅",
    "FAILED": "❌",
    "UNSTABLE": "⚠️",
    "ABORTED": "🚫",
    "IN_PROGRESS": "⏳",
    "PAUSED_PENDING_INPUT": "⏸️",
    "NOT_EXECUTED": "▫️",
}
_STAGES_SHOWN = 25
_BELOW_SHOWN = 10
_WORTH_A_TIME = 120.0
"""Seconds: of what takes less, the end is not foretold by the clock."""
_MILESTONES = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Seconds at which a live message says anew how long it takes: each edit counts (Webex allows ten)."""


def requested(full_name: str, values: Values) -> str:
    """The first thing the live message shows."""
    return f"📨 I ask Jenkins to build **{quote(shown_name(full_name))}**{with_values(values)}."


def queued(full_name: str, values: Values, *, joined: bool, why: str) -> str:
    """A build in the queue. `why` says in my words what it waits for; Jenkins' own changes at every look."""
    also = " The same build was waiting already, so this is that one." if joined else ""
    return f"🕓 **{quote(shown_name(full_name))}**{with_values(values)} is in Jenkins' queue: {why}.{also}"


@dataclass(frozen=True, slots=True)
class Below:
    """A build that the one shown has asked for."""

    full_name: str
    number: int
    result: Result | None
    is_over: bool


def running(
    full_name: str,
    build: Build,
    stages: tuple[Stage, ...],
    values: Values,
    now: float,
    below: tuple[Below, ...] = (),
) -> str:
    """A build on its way: since when, until when by what is usual, its stages and the builds it asked for."""
    elapsed = now - build.started if build.started else 0.0
    passed = max((each for each in _MILESTONES if each <= elapsed), default=None)
    since = f" for more than {duration(passed)}" if passed else ""
    name = f"🔨 {build_name(full_name, build.number)}{with_values(values)}"
    head = f"{name} is running{since}{_usual(build, elapsed)}. {link('Open', build.url)}"
    asks = "⏸️ It asks a question and waits for the answer." if any(stage.waits for stage in stages) else ""
    return "\n".join(filter(None, [head, *stage_lines(stages), *below_lines(below), asks]))


def _usual(build: Build, elapsed: float) -> str:
    """How long it usually takes, and so until when: a time of day, since a countdown would change at every look."""
    if not build.estimated:
        return ""
    usual = f"; it usually takes {duration(build.estimated)}"
    if build.started is None or build.estimated < _WORTH_A_TIME:
        return usual
    if elapsed > build.estimated:
        return f"{usual}, and is late"
    return f"{usual}, so until about {datetime.fromtimestamp(build.started + build.estimated, UTC):%H:%M} UTC"


def below_lines(below: Sequence[Below]) -> list[str]:
    """A line for each build that was asked for by the one shown."""
    lines = [
        f"↳ {MARKS[each.result] if each.is_over else '⏳'} {build_name(each.full_name, each.number)}"
        for each in below[:_BELOW_SHOWN]
    ]
    if len(below) > _BELOW_SHOWN:
        lines.append(f"↳ … and {len(below) - _BELOW_SHOWN} more builds")
    return lines


def stopping(full_name: str, build: Build, who: str, stages: tuple[Stage, ...]) -> str:
    """A build that was asked to end and has not ended yet."""
    name = f"🛑 {build_name(full_name, build.number)}"
    head = f"{name} was asked to stop by {quote(who)}. {link('Open', build.url)}"
    return "\n".join([head, *stage_lines(stages)])


def away(title: str, reason: str) -> str:
    """Jenkins does not answer for now."""
    return f"📡 {quote(title)}: {quote(reason, 400)} I keep looking."


def ended(
    full_name: str,
    build: Build,
    stages: tuple[Stage, ...],
    values: Values,
    *,
    restarted: bool = False,
    below: tuple[Below, ...] = (),
) -> str:
    """The last the live message shows: the result and every stage. `restarted`: Jenkins was, meanwhile."""
    name = f"{MARKS[build.outcome]} {build_name(full_name, build.number)}{with_values(values)}"
    head = f"{name} {ending(build, restarted=restarted)}. {link('Open', build.url)}"
    return "\n".join([head, *stage_lines(stages), *below_lines(below)])


def told(
    full_name: str,
    build: Build,
    stages: tuple[Stage, ...],
    values: Values,
    *,
    restarted: bool = False,
    noun: str = "jenkins",
) -> str:
    """The fresh message at the end: the result, what broke, and what can be said next."""
    broken = failing_stage(stages) if build.outcome is not Result.SUCCESS else None
    where = f" in stage **{quote(broken.name)}**" if broken else ""
    message = broken.error.message.rstrip(". ") if broken and broken.error else ""
    why = f": {quote(message)}" if message else ""
    name = f"{MARKS[build.outcome]} {build_name(full_name, build.number)}"
    again = (
        ""
        if build.outcome is Result.SUCCESS
        else f"\n{typed_build(full_name, values, noun)} starts it again."
    )
    return f"{name} {ending(build, restarted=restarted)}{where}{why}. {link('Open', build.url)}{again}"


def ending(build: Build, *, restarted: bool = False) -> str:
    """How a build ended and after how long, in words that follow its name.

    A restart that was not seen is only what a killed build looks like.
    """
    if build.killed:
        took = f" after {duration(build.duration)}" if build.duration else ""
        return f"was killed{took} by {'a' if restarted else 'what looks like a'} restart of Jenkins"
    return ended_as(build.outcome, build.duration)


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


def left_to_the_others(full_name: str, noun: str = "jenkins") -> str:
    """A cancelled run whose build others asked for as well."""
    short = code(join_words((noun, "stop", full_name)))
    return (
        f"👋 I follow **{quote(shown_name(full_name))}** no more. Others asked for the same build, "
        f"so it goes on; {short} stops it for all."
    )


def lost(full_name: str, reason: str) -> str:
    """What became of it is not known."""
    return f"❓ I have lost sight of **{quote(shown_name(full_name))}**: {quote(reason.rstrip('.'), 600)}."


def after_lost(full_name: str, run_id: int, noun: str = "jenkins") -> str:
    """What to do about a lost run."""
    look = code(join_words((noun, "status", full_name)))
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
