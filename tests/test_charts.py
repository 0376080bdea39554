"""Charts are pictures of a known size, the same for the same values, whatever text is put into them."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from bot.charts import HEIGHT, WIDTH, Bar, BarChart, Line, LineChart, NothingToDraw, Tone, png

LEGEND = {Tone.GOOD: "succeeded", Tone.BAD: "failed"}


def bars(*tones: Tone, title: str = "api", **more: object) -> BarChart:
    made = [Bar(f"#{number}", 10.0 * number, tone) for number, tone in enumerate(tones, 1)]
    return BarChart(title, made, "seconds", LEGEND, **more)  # type: ignore[arg-type]


def lines(*values: float | None, name: str = "in_errors") -> LineChart:
    return LineChart("leaf-1", [f"{at:02}:00" for at in range(len(values))], [Line(name, values)], "errors")


def picture(chart: BarChart | LineChart) -> Image.Image:
    """The chart, decoded, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Image.open(io.BytesIO(png(chart))).convert("RGB")


def colours(chart: BarChart | LineChart) -> set[tuple[int, int, int]]:
    """The colours that cover at least a thousandth of it."""
    found = picture(chart).getcolors(WIDTH * HEIGHT)
    assert found is not None
    return {colour for count, colour in found if count > WIDTH * HEIGHT / 1000}  # type: ignore[misc]


@pytest.mark.parametrize("chart", [bars(Tone.GOOD, Tone.BAD), lines(1, 5, None, 3)])
def test_it_is_a_picture_of_a_thousand_by_420_with_something_on_it(chart: BarChart | LineChart) -> None:
    assert picture(chart).size == (WIDTH, HEIGHT) == (1000, 420)
    assert len(colours(chart)) > 1
    assert (255, 255, 255) in colours(chart), "the ground is opaque"


def test_the_same_chart_is_the_same_bytes() -> None:
    assert png(bars(Tone.GOOD, Tone.BAD)) == png(bars(Tone.GOOD, Tone.BAD))
    assert png(bars(Tone.GOOD, Tone.BAD)) != png(bars(Tone.BAD, Tone.GOOD))


def test_threads_may_draw_side_by_side() -> None:
    chart = lines(1, 5, 3)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(png, [chart] * 8)) == {png(chart)}


def test_each_tone_has_a_colour_of_its_own() -> None:
    good, bad = (0, 158, 115), (213, 94, 0)
    assert good in colours(bars(Tone.GOOD)) and bad not in colours(bars(Tone.GOOD))
    assert bad in colours(bars(Tone.BAD)) and good not in colours(bars(Tone.BAD))
    each = [colours(bars(tone)) for tone in Tone]
    shared = set.intersection(*each)
    assert len({frozenset(found - shared) for found in each}) == len(Tone)


def test_what_needs_attention_is_hatched_too() -> None:
    """For those who see no difference between green and orange: the same bar in grey has another pattern."""
    grey = [
        picture(bars(tone)).convert("L").point(lambda value: 255 * (value > 60))
        for tone in (Tone.GOOD, Tone.BAD)
    ]
    assert grey[0].tobytes() != grey[1].tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "🚀 emoji 日本語",
        r"costs $5 and $6, \alpha $\frac{",
        "_leading underscore",
        "a\nb\tc",
        "x" * 500,
        "",
        "مرحبا \u202e",
    ],
)
def test_any_text_is_drawn_without_a_warning(text: str) -> None:
    assert picture(bars(Tone.GOOD, title=text, line=5.0, line_name=text)).size == (WIDTH, HEIGHT)
    assert picture(lines(1, 2, name=text)).size == (WIDTH, HEIGHT)


def test_a_hundred_bars_and_ten_lines_fit() -> None:
    assert picture(bars(*[Tone.GOOD] * 100)).size == (WIDTH, HEIGHT)
    many = LineChart(
        "ports", ["a", "b"], [Line(f"port {number}", (number, 2)) for number in range(10)], "1/s"
    )
    assert picture(many).size == (WIDTH, HEIGHT)


def test_values_below_zero_are_shown() -> None:
    assert png(lines(-5, 5)) != png(lines(0, 5))


@pytest.mark.parametrize("chart", [bars(), lines(), lines(None, None)])
def test_nothing_is_not_drawn(chart: BarChart | LineChart) -> None:
    with pytest.raises(NothingToDraw):
        png(chart)


def test_who_draws_nothing_pays_nothing() -> None:
    """The library takes some 60 MB; a process that only imports the module does without."""
    code = "import bot.charts, sys; print('matplotlib' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
