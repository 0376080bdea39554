"""The history of a watch: as a picture of its busiest subjects, as a few lines, as a file of all. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.charts import Line, LineChart
from bot.commands.rows import Rows
from bot.commands.tables import utc
from bot.outbound.quoting import code, quote
from integrations.switches.rates import bits_in_words
from integrations.switches.render.words import duration
from integrations.switches.store.watches import SwitchWatchEvent
from integrations.switches.watching.buckets import Buckets
from integrations.switches.watching.judging import Key
from integrations.switches.watching.what import What

MOST_LINES = 8
"""Lines of a picture: so many colours can be told apart."""
POINTS = 240
"""Moments of a picture at most."""
MOST_ROWS = 100_000
"""Rows of a file at most: longer spans of time have fewer moments."""
EVENTS = 10
"""Events that are told."""
_DRAWN = {"counters": ("in", "out"), "health": ("cpu", "memory"), "show": ("value",)}
_MARKS = {"begun": "🔴", "changed": "🔔", "recovered": "🟢", "silent": "📵", "back": "📶"}
_BITS = ((1e12, "Tb/s"), (1e9, "Gb/s"), (1e6, "Mb/s"), (1e3, "kb/s"), (1.0, "b/s"))
_PORTS = (("Ethernet", "Eth"), ("port-channel", "Po"))


def chart(name: str, what: What, target: str, series: Sequence[Key], buckets: Buckets) -> LineChart:
    """The subjects with the highest peaks as lines: both directions of an interface, CPU and memory of a switch."""
    drawn = _DRAWN[what.kind]
    places = [what.fields.index(field) for field in drawn]
    chosen = busiest(what, series, buckets, MOST_LINES // len(drawn))
    lines, highest = [], 0.0
    for number in chosen:
        for field, place in zip(drawn, places, strict=True):
            at = number * len(what.fields) + place
            values = [span.peak(at) for span in buckets.spans]
            highest = max([highest, *(value for value in values if value is not None)])
            suffix = f" {field}" if len(drawn) > 1 else ""
            lines.append((f"{_short(series[number])}{suffix}", values))
    size, unit = _unit(what, highest)
    return LineChart(
        title=f"{name}: {target} {what}",
        labels=labels(buckets),
        lines=[
            Line(each, [None if value is None else value / size for value in values])
            for each, values in lines
        ],
        unit=unit,
    )


def busiest(what: What, series: Sequence[Key], buckets: Buckets, most: int) -> list[int]:
    """The numbers of the series with the highest peaks in what is drawn, the highest first."""
    places = [what.fields.index(field) for field in _DRAWN[what.kind]]

    def peak(number: int) -> float:
        found = (span.peak(number * len(what.fields) + place) for span in buckets.spans for place in places)
        return max((value for value in found if value is not None), default=-1.0)

    peaks = {number: peak(number) for number in range(len(series))}
    known = [number for number, value in peaks.items() if value >= 0]
    return sorted(known, key=lambda number: (-peaks[number], number))[:most]


def labels(buckets: Buckets) -> list[str]:
    """When each moment was, in UTC: with the day where it is more than one."""
    starts = [buckets.start(number) for number in range(len(buckets.spans))]
    pattern = "%m-%d %H:%M" if starts and (starts[-1] - starts[0]).total_seconds() > 86_400 else "%H:%M"
    return [utc(start, pattern) for start in starts]


def _unit(what: What, highest: float) -> tuple[float, str]:
    """By what values are divided for the picture, and what they then are."""
    if what.kind == "counters":
        return next(((size, unit) for size, unit in _BITS if highest >= size), _BITS[-1])
    return 1.0, "%" if what.kind == "health" else what.detail


def summary(name: str, what: What, target: str, count: int, buckets: Buckets) -> str:
    """What the picture shows."""
    first, last = buckets.start(0), buckets.start(len(buckets.spans))
    shown = MOST_LINES // len(_DRAWN[what.kind])
    of = f" the {shown} highest of {count:,}," if count > shown else ""
    each = f"peaks of {duration(buckets.seconds)} each"
    return (
        f"📈 **{quote(name)}** ({code(f'{target} {what}')}), {utc(first, '%Y-%m-%d %H:%M')} to "
        f"{utc(last, '%Y-%m-%d %H:%M')} UTC:{of} {each}."
    )


def peaks(what: What, series: Sequence[Key], buckets: Buckets) -> str:
    """The highest values of those drawn, as a table."""
    drawn = _DRAWN[what.kind]
    rows = []
    for number in busiest(what, series, buckets, MOST_LINES // len(drawn)):
        cells = []
        for field in drawn:
            at = number * len(what.fields) + what.fields.index(field)
            found = [value for span in buckets.spans if (value := span.peak(at)) is not None]
            cells.append(_said(what, max(found) if found else None))
        rows.append((series[number][0], series[number][1], *cells))
    return Rows(("switch", "subject", *(f"peak {field}" for field in drawn)), rows).table() if rows else ""


def events(found: Sequence[SwitchWatchEvent]) -> str:
    """What was told, the newest first."""
    if not found:
        return ""
    lines = [
        f"- {utc(each.at, '%m-%d %H:%M:%S')} {_MARKS.get(each.kind, '')} {code(each.switch)}"
        f"{f' {quote(each.subject)}' if each.subject else ''}: {quote(each.says)}"
        for each in found[:EVENTS]
    ]
    head = f"The newest {EVENTS} of what it told (UTC):" if len(found) > EVENTS else "What it told (UTC):"
    return "\n".join([head, *lines])


def rows(what: What, series: Sequence[Key], buckets: Buckets) -> Rows:
    """Every moment of every subject: the mean and the peak of each value."""
    head = ("at", "seconds", "switch", "subject", *_columns(what))
    return Rows(head, list(_rows(what, series, buckets)))


def _columns(what: What) -> Iterator[str]:
    for field in what.fields:
        unit = " bits/s" if what.kind == "counters" and field in ("in", "out") else ""
        yield f"{field}{unit} mean"
        yield f"{field}{unit} peak"


def _rows(
    what: What, series: Sequence[Key], buckets: Buckets
) -> Iterator[tuple[str | int | datetime | None, ...]]:
    width = len(what.fields)
    for moment, span in enumerate(buckets.spans):
        at = buckets.start(moment)
        for number, (switch, subject) in enumerate(series):
            places = range(number * width, (number + 1) * width)
            values = [value for place in places for value in (span.mean(place), span.peak(place))]
            if any(value is not None for value in values):
                yield (at, buckets.seconds, switch, subject, *map(_cell, values))


def _cell(value: float | None) -> str | None:
    return None if value is None else f"{value:.7g}" if value % 1 else f"{value:.0f}"


def _said(what: What, value: float | None) -> str:
    if what.kind == "counters":
        return bits_in_words(value)
    return "?" if value is None else f"{value:.0f} %" if what.kind == "health" else f"{value:g}"


def _short(key: Key) -> str:
    """A name for the legend, which has room for some eighteen characters."""
    switch, subject = key
    for full, short in _PORTS:
        subject = subject.replace(full, short)
    return f"{switch} {subject}".strip()


def nothing_yet(name: str, every: int) -> str:
    """A watch that has seen nothing in that time."""
    often = f"It is polled every {duration(every)}; rates need two polls."
    return f"**{quote(name)}** has seen nothing in that time. {often}"
