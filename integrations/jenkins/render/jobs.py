"""What a job is, its builds, and Jenkins at a glance. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.commands.model import join_words
from bot.commands.rows import Rows
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.model import Build, Job, ParameterDefinition, ParameterKind, Result, shown_name
from integrations.jenkins.overview import Health, JobDetails, Overview
from integrations.jenkins.past import PastBuild
from integrations.jenkins.render.words import MARKS, counted, duration

_KINDS = {
    ParameterKind.STRING: "text",
    ParameterKind.TEXT: "text of several lines",
    ParameterKind.BOOLEAN: "true or false",
    ParameterKind.PASSWORD: "a password, not taken in chat",
    ParameterKind.OTHER: "passed on as text",
}
_WEATHER = ((80, "☀️"), (60, "🌤️"), (40, "⛅"), (20, "🌧️"), (-1, "⛈️"))
"""Jenkins' own pictures, from which score on."""
_RESULTS = {
    Result.SUCCESS: "ok",
    Result.UNSTABLE: "unstable",
    Result.FAILURE: "failed",
    Result.ABORTED: "aborted",
    Result.NOT_BUILT: "not built",
    None: "no result",
}
_CHOICES, _PARAMETERS = 12, 20
_TAG = re.compile(r"<[^<>]*>")


def job(job: Job, more: JobDetails, builds: Sequence[PastBuild], now: float, noun: str = "jenkins") -> str:
    """All there is to know before one starts it."""
    name = quote(shown_name(job.full_name))
    kind = "a Pipeline" if more.is_pipeline else "a job"
    head = f"**{name}** is {kind}{'' if job.buildable else ', and disabled 💤'}. {link('Open', job.url)}"
    parts = [
        "\n".join(filter(None, [head, _plain(more.description), *map(_health, more.health)])),
        _parameters(job.parameters),
        _neighbours(more),
        f"Its last builds:\n\n{build_rows(builds).table()}" if builds else "It was never built.",
        _next(job.full_name, builds, noun),
    ]
    return "\n\n".join(filter(None, parts))


def _plain(description: str) -> str:
    """A description may be HTML, as Jenkins' page shows it."""
    return quote(html.unescape(_TAG.sub(" ", description)), 500)


def _health(health: Health) -> str:
    picture = next(picture for above, picture in _WEATHER if health.score > above)
    return f"{picture} {quote(health.says)}"


def _parameters(definitions: Sequence[ParameterDefinition]) -> str:
    if not definitions:
        return ""
    lines = [f"- {_parameter(each)}" for each in definitions[:_PARAMETERS]]
    if len(definitions) > _PARAMETERS:
        lines.append(f"- and {len(definitions) - _PARAMETERS} more")
    return "\n".join(["It takes:", *lines])


def _parameter(definition: ParameterDefinition) -> str:
    kind = _choices(definition.choices) if definition.choices else _KINDS.get(definition.kind, "text")
    default = f", {code(definition.default, 60)} by default" if definition.default else ""
    about = f": {quote(definition.description, 160)}" if definition.description else ""
    return f"{code(definition.name)}, {kind}{default}{about}"


def _choices(choices: Sequence[str]) -> str:
    shown = ", ".join(code(each, 60) for each in choices[:_CHOICES])
    more = f" or {len(choices) - _CHOICES} more" if len(choices) > _CHOICES else ""
    return f"one of {shown}{more}"


def _neighbours(more: JobDetails) -> str:
    said = []
    if more.upstream:
        said.append(f"It is triggered by {_names(more.upstream)}.")
    if more.downstream:
        said.append(f"It triggers {_names(more.downstream)}.")
    return " ".join(said)


def _names(full_names: Sequence[str]) -> str:
    return ", ".join(f"**{quote(shown_name(each))}**" for each in full_names[:20])


def _next(full_name: str, builds: Sequence[PastBuild], noun: str) -> str:
    start = code(join_words((noun, "build", full_name)))
    if not builds:
        return f"{start} starts it."
    return f"{start} starts it, {code(join_words((noun, 'builds', full_name)))} lists more builds."


def never_built(full_name: str, noun: str = "jenkins") -> str:
    """There are no builds."""
    start = code(join_words((noun, "build", full_name)))
    return f"**{quote(shown_name(full_name))}** was never built. {start} starts it."


def builds_of(full_name: str, builds: Sequence[Build]) -> str:
    """How many of the builds listed came out how."""
    ended = [each.outcome for each in builds if not each.building]
    counts = [f"{ended.count(each)} {_RESULTS[each]}" for each in (*Result, None) if each in ended]
    running = len(builds) - len(ended)
    told = ", ".join([*([f"{running} running"] if running else []), *counts])
    name = quote(shown_name(full_name))
    return f"The last {counted(len(builds), 'build')} of **{name}**: {told}."


def build_rows(builds: Sequence[PastBuild]) -> Rows:
    """Each build: its result, when it began (UTC), how long it took, who asked for it, with what."""
    rows = [
        (
            each.number,
            "🔨 running" if each.building else f"{MARKS[each.outcome]} {_RESULTS[each.outcome]}",
            None if each.started is None else datetime.fromtimestamp(each.started, UTC),
            duration(each.duration) if each.duration else "",
            each.asked_by,
            _with(each),
        )
        for each in builds
    ]
    return Rows(("build", "result", "started", "took", "by", "with"), rows, widest=40)


def _with(build: PastBuild) -> str:
    branch = [f"branch {build.branch}"] if build.branch else []
    return ", ".join([*branch, *(f"{name}={value}" for name, value in build.parameters)])


def overview(seen: Overview, noun: str = "jenkins") -> str:
    """Jenkins at a glance, and where to look next."""
    name = f"Jenkins {seen.version}" if seen.version else "Jenkins"
    online = [each for each in seen.agents if not each.offline]
    busy, size = sum(each.busy for each in online), sum(each.size for each in online)
    lines = [
        f"{link(name, seen.url)}: {_jobs(seen)}.",
        f"🔨 {counted(seen.running, 'build')} {'runs' if seen.running == 1 else 'run'}, {seen.waiting} "
        f"{'waits' if seen.waiting == 1 else 'wait'} in the queue.",
        f"🖥️ {len(online)} of {counted(len(seen.agents), 'agent')} online, {busy} of "
        f"{counted(size, 'executor')} busy.",
    ]
    if seen.quieting_down:
        lines.append("⚠️ It is about to shut down and starts nothing any more.")
    return "\n".join(lines) + f"\n\n`{noun} failing`, `{noun} queue` and `{noun} agents` tell more."


def _jobs(seen: Overview) -> str:
    red, yellow, off = seen.count("red"), seen.count("yellow"), seen.count("disabled")
    told = [counted(len(seen.jobs), "job"), f"{red} {'fails' if red == 1 else 'fail'}"]
    if yellow:
        told.append(f"{yellow} {'is' if yellow == 1 else 'are'} unstable")
    if off:
        told.append(f"{off} {'is' if off == 1 else 'are'} disabled")
    return ", ".join(told)
