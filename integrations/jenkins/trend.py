"""How long a job's builds took and how they ended, one bar for each, as a chart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bot.charts import Bar, BarChart, Tone
from integrations.jenkins.model import Build, Result, shown_name

TONES = {
    Result.SUCCESS: Tone.GOOD,
    Result.UNSTABLE: Tone.WARNING,
    Result.FAILURE: Tone.BAD,
    Result.ABORTED: Tone.STOPPED,
    Result.NOT_BUILT: Tone.STOPPED,
    None: Tone.NEUTRAL,
}
_LEGEND = {
    Tone.GOOD: "succeeded",
    Tone.WARNING: "unstable",
    Tone.BAD: "failed",
    Tone.STOPPED: "aborted, not built",
    Tone.NEUTRAL: "no result",
}
_UNITS = ((2 * 3600, 3600, "hours"), (2 * 60, 60, "minutes"), (0, 1, "seconds"))
"""From which length on, how many seconds, and the name."""


def ended_builds(builds: Sequence[Build]) -> tuple[Build, ...]:
    """The builds that are over, the oldest first."""
    return tuple(sorted((each for each in builds if not each.building), key=lambda each: each.number))


def typical(builds: Sequence[Build]) -> float | None:
    """The median length in seconds of the builds that succeeded; None where none did."""
    lengths = [each.duration or 0.0 for each in builds if each.outcome is Result.SUCCESS]
    return median(lengths) if lengths else None


def duration_chart(full_name: str, builds: Sequence[Build]) -> BarChart:
    """Ended builds from left to right as bars of their length, coloured by result, with the usual length as a line."""
    longest = max((each.duration or 0.0 for each in builds), default=0.0)
    seconds, unit = next((size, name) for at_least, size, name in _UNITS if longest >= at_least)
    usual = typical(builds)
    return BarChart(
        title=f"{shown_name(full_name)}: the last {len(builds)} builds",
        bars=[
            Bar(f"#{each.number}", (each.duration or 0.0) / seconds, TONES[each.outcome]) for each in builds
        ],
        unit=unit,
        legend=_LEGEND,
        line=None if usual is None else usual / seconds,
        line_name="usual success",
    )
