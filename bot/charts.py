"""Small charts for a message: bars coloured by what they stand for, or lines over time, as PNG. Pure.

Colours are Okabe and Ito's, which people with any colour vision tell apart (jfly.uni-koeln.de/color); bars of a
class that needs attention are hatched as well. The ground is opaque: a chart reads on a light and on a dark client.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1000, 420
"""Pixels of the picture."""
_DPI = 100
_TICKS = 12
"""Labels below the chart at most; more would overlap."""
_LABEL, _TITLE = 18, 90
"""Characters of a label and of the title that are shown."""
_GROUND, _INK, _GRID = "#ffffff", "#1f2328", "#d8dee4"
_SMALL = 11
_ONE_AT_A_TIME = threading.Lock()
"""matplotlib is not made for threads (its FAQ), and a picture takes a fraction of a second."""


class Tone(StrEnum):
    """What a bar stands for, and so how it is drawn."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    STOPPED = "stopped"
    NEUTRAL = "neutral"


_COLOURS: Mapping[Tone, tuple[str, str]] = {
    Tone.GOOD: ("#009e73", ""),
    Tone.WARNING: ("#f0e442", ".."),
    Tone.BAD: ("#d55e00", "//"),
    Tone.STOPPED: ("#9a9a9a", "xx"),
    Tone.NEUTRAL: ("#0072b2", ""),
}
_LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7a7a7a")
_STROKES = ("-", "--", "-.", ":")


class NothingToDraw(ValueError):
    """A chart without a single value."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its label on the x axis, drawn as `tone` says."""

    label: str
    value: float
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars from left to right. `legend` names the tones; those that no bar has are left out of it.

    `line` is a value to compare with, drawn across all bars and named by `line_name`.
    """

    title: str
    bars: Sequence[Bar]
    unit: str
    legend: Mapping[Tone, str]
    line: float | None = None
    line_name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its name in the legend, and a value for each label of the x axis, None where there is none."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over the same labels, which stand for moments from left to right. The first eight have a colour each."""

    title: str
    labels: Sequence[str]
    lines: Sequence[Line]
    unit: str


def png(chart: BarChart | LineChart) -> bytes:
    """The chart as a PNG of 1000 x 420 pixels: the same bytes for the same chart. Raises NothingToDraw.

    Text may be anyone's: it is cut, formulas in it are not read, and characters the font lacks (emoji, Chinese) are
    left out.
    """
    if not _has_values(chart):
        raise NothingToDraw(chart.title)
    with _ONE_AT_A_TIME:
        return _drawn(chart)


def _drawn(chart: BarChart | LineChart) -> bytes:
    # Imported here, for it takes some 60 MB that a process which draws nothing should not pay.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=_GROUND, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=_GROUND)
    if isinstance(chart, BarChart):
        _draw_bars(axes, chart)
    else:
        _draw_lines(axes, chart)
    _dress(figure, axes, chart)
    written = io.BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _has_values(chart: BarChart | LineChart) -> bool:
    if isinstance(chart, BarChart):
        return bool(chart.bars)
    return any(value is not None for line in chart.lines for value in line.values)


def _draw_bars(axes: Axes, chart: BarChart) -> None:
    for tone in Tone:
        at = [place for place, bar in enumerate(chart.bars) if bar.tone is tone]
        if not at:
            continue
        colour, hatch = _COLOURS[tone]
        axes.bar(
            at,
            [chart.bars[place].value for place in at],
            width=0.8,
            color=colour,
            hatch=hatch,
            edgecolor=_INK,
            linewidth=0.6,
            label=_drawable(chart.legend.get(tone, tone.value), _LABEL),
        )
    if chart.line is not None:
        axes.axhline(
            chart.line, color=_INK, linestyle="--", linewidth=1.2, label=_drawable(chart.line_name, _LABEL)
        )
    axes.set_xlim(-0.7, len(chart.bars) - 0.3)
    _label(axes, [bar.label for bar in chart.bars])


def _draw_lines(axes: Axes, chart: LineChart) -> None:
    for number, line in enumerate(chart.lines):
        axes.plot(
            range(len(chart.labels)),
            [float("nan") if value is None else value for value in line.values],
            color=_LINES[number % len(_LINES)],
            linestyle=_STROKES[number // len(_LINES) % len(_STROKES)],
            linewidth=2,
            marker="o" if len(chart.labels) <= 40 else "",
            markersize=4,
            label=_drawable(line.name, _LABEL),
        )
    _label(axes, chart.labels)


def _label(axes: Axes, labels: Sequence[str]) -> None:
    """Write every n-th label, the last among them."""
    step = -(-len(labels) // _TICKS)
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    axes.set_xticks(at, [_drawable(labels[place], _LABEL) for place in at], color=_INK, fontsize=_SMALL)


def _dress(figure: Figure, axes: Axes, chart: BarChart | LineChart) -> None:
    axes.set_title(_drawable(chart.title, _TITLE), loc="left", pad=10, color=_INK, fontsize=14)
    axes.set_ylabel(_drawable(chart.unit, _LABEL), color=_INK, fontsize=_SMALL)
    axes.tick_params(colors=_INK, labelsize=_SMALL)
    axes.grid(axis="y", color=_GRID)
    axes.set_axisbelow(True)
    if axes.dataLim.y0 >= 0:
        axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_INK)
    handles, names = axes.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, names, loc="outside right upper", frameon=False, labelcolor=_INK, fontsize=_SMALL
        )


def _drawable(text: str, limit: int) -> str:
    """On one line, without what the font cannot draw; a dollar sign begins no formula."""
    known = _letters()
    line = " ".join("".join(each for each in text if each.isspace() or ord(each) in known).split())
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    # A label that begins with an underscore would be left out of the legend.
    return cut.replace("$", r"\$") if not cut.startswith("_") else "\u200a" + cut.replace("$", r"\$")


@cache
def _letters() -> frozenset[int]:
    """The characters that the font of the library has."""
    from matplotlib import font_manager, ft2font

    return frozenset(ft2font.FT2Font(font_manager.findfont("DejaVu Sans")).get_charmap())
