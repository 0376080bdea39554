"""What a search finds, how it is told apart from what stands around it, and what it refuses."""

from __future__ import annotations

import pytest

from integrations.jenkins.search import BadPattern, Line, Pattern, Search, Wanted

LOG = "one\ntwo\nError: three\nfour\nfive\nsix\nan error\nerrors\nnine\n"


def found(typed: str, log: str = LOG, wanted: Wanted | None = None, step: int | None = None) -> list[str]:
    """As grep shows it."""
    search = Search(Pattern(typed), wanted or Wanted())
    lines = log.splitlines(keepends=True)
    for at in range(0, len(lines), step or len(lines)):
        search.feed("".join(lines[at : at + (step or len(lines))]))
    return [shown(line) for line in search.found]


def shown(line: Line) -> str:
    return f"{line.number}{':' if line.hit else '-'} {line.text}"


@pytest.mark.parametrize("step", [None, 1, 2])
def test_words_are_found_whatever_their_capitals_with_a_line_around(step: int | None) -> None:
    assert found("ERROR", step=step) == [
        "2- two",
        "3: Error: three",
        "4- four",
        "6- six",
        "7: an error",
        "8: errors",
        "9- nine",
    ]


def test_words_are_no_pattern_without_slashes() -> None:
    assert found("e.ror") == []
    assert found("/e.ror$/") == ["6- six", "7: an error", "8- errors"]
    assert found("c++ (x)", "a c++ (x)\n") == ["1: a c++ (x)"]


@pytest.mark.parametrize("step", [None, 1])
def test_lines_are_looked_at_one_by_one(step: int | None) -> None:
    """The quick look at a whole block must find what a look at each line would."""
    assert found("/^t/", wanted=Wanted(around=0), step=step) == ["2: two"]
    assert found(r"/\At/", wanted=Wanted(around=0), step=step) == ["2: two"]
    assert found(r"/four\s+five/", step=step) == []
    assert found("/(?-m)^five$/", wanted=Wanted(around=0), step=step) == ["5: five"]


def test_the_first_are_kept_or_the_last_and_all_are_counted() -> None:
    log = "".join(f"hit {number}\n" for number in range(1, 1001))
    search = Search(Pattern("hit"), Wanted(most=2))
    search.feed(log)
    assert (search.hits, search.lines, [shown(each) for each in search.found]) == (
        1000,
        1000,
        ["1: hit 1", "2: hit 2"],
    )
    last = Search(Pattern("hit"), Wanted(most=2, last=True))
    last.feed(log)
    assert [shown(each) for each in last.found] == ["999: hit 999", "1000: hit 1000"]


def test_numbers_and_surroundings_hold_over_blocks_that_were_passed_over() -> None:
    search = Search(Pattern("needle"), Wanted(around=2))
    for block in ("a\nb\nc\n", "d\n", "needle\n", "e\n", "f\ng\n"):
        search.feed(block)
    assert [shown(each) for each in search.found] == ["3- c", "4- d", "5: needle", "6- e", "7- f"]


def test_unicode_is_found_in_either_case() -> None:
    assert found("GRÜN", "✓ grün, 日本語\n") == ["1: ✓ grün, 日本語"]
    assert found("日本", "✓ grün, 日本語\n") == ["1: ✓ grün, 日本語"]


def test_a_pattern_that_explodes_elsewhere_takes_no_time_here() -> None:
    """Python's `re` would need some 2^30 steps for this line."""
    assert found("/^(a+)+$/", "a" * 30 + "b\n") == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [("/(/", "missing \\)"), ("/(?=a)/", "invalid perl operator"), (r"/(a)\1/", "invalid escape sequence")],
)
def test_what_needs_backtracking_is_refused(typed: str, says: str) -> None:
    with pytest.raises(BadPattern, match=says):
        Pattern(typed)


def test_a_single_slash_is_a_slash() -> None:
    assert found("/", "a/b\n") == ["1: a/b"]
    assert found("//", "a//b\n") == ["1: a//b"]
