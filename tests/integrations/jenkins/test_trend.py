"""Builds as a chart: which bars, which colours, which unit; and what is said of it."""

from __future__ import annotations

import pytest

from bot.charts import Tone
from integrations.jenkins.model import Build
from integrations.jenkins.render import reports as shown
from integrations.jenkins.trend import duration_chart, ended_builds, typical


def build(number: int, seconds: float, result: str | None = "SUCCESS", *, building: bool = False) -> Build:
    return Build.model_validate(
        {
            "number": number,
            "url": "https://j/",
            "duration": seconds * 1000,
            "result": result,
            "building": building,
        }
    )


def test_ended_builds_are_bars_of_their_length_coloured_by_result() -> None:
    given = [build(3, 0, None, building=True), build(2, 30, "FAILURE"), build(1, 60)]
    chart = duration_chart("team/feature%2Fx", ended_builds(given))
    assert chart.title == "team/feature/x: the last 2 builds"
    assert [(each.label, each.value, each.tone) for each in chart.bars] == [
        ("#1", 60.0, Tone.GOOD),
        ("#2", 30.0, Tone.BAD),
    ]
    assert (chart.unit, chart.line) == ("seconds", 60.0)


@pytest.mark.parametrize(
    ("seconds", "unit", "value"), [(90, "seconds", 90), (600, "minutes", 10), (9000, "hours", 2.5)]
)
def test_the_unit_fits_the_longest(seconds: float, unit: str, value: float) -> None:
    chart = duration_chart("api", [build(1, seconds)])
    assert (chart.unit, chart.bars[0].value, chart.line) == (unit, value, value)


def test_what_failed_says_nothing_of_the_usual_length() -> None:
    assert typical([build(1, 5, "FAILURE"), build(2, 10), build(3, 30), build(4, 20)]) == 20
    assert typical([build(1, 5, "FAILURE")]) is None
    assert duration_chart("api", [build(1, 5, "ABORTED")]).line is None


def test_a_drift_is_told_and_a_small_one_is_not() -> None:
    slower = [build(number, 60 if number <= 4 else 90) for number in range(1, 9)]
    assert shown.trend("api", slower) == (
        "📈 **api**: 8 of the last 8 builds succeeded, usually in 1 min 15 s. "
        "The later ones take 50 % longer than the earlier."
    )
    faster = [build(number, 90 if number <= 4 else 60) for number in range(1, 9)]
    assert shown.trend("api", faster).endswith("The later ones take 33 % less than the earlier.")
    same = [build(number, 60 + number / 10) for number in range(1, 9)]
    assert shown.trend("api", same).endswith("usually in 1 min.")
    assert shown.trend("api", [build(1, 5, "FAILURE")]) == "📈 **api**: its only build failed after 5 s."
