"""Output made from a seed: the same from every offset, with the caller's lines in it, in little memory."""

from __future__ import annotations

import tracemalloc

import pytest

from playground.jenkins.generated import LINE, LongOutput, MadeFile


def whole(output: LongOutput | MadeFile, start: int = 0) -> bytes:
    """All bytes from an offset on."""
    return b"".join(output.read(start))


def test_every_made_line_has_the_same_length_and_its_number() -> None:
    lines = whole(LongOutput(2_000, seed=7)).splitlines(keepends=True)
    assert {len(line) for line in lines} == {LINE}
    assert [int(line[:10]) for line in lines] == list(range(2_000))


@pytest.mark.parametrize("start", [0, 1, 99, 100, 4_321, 70_000, 199_999, 200_000, 300_000])
def test_reading_from_an_offset_gives_the_rest(start: int) -> None:
    output = LongOutput(2_000, seed=7, given={3: "short", 700: "ERROR: the disk is full", 1_999: "✓ last"})
    assert whole(output, start) == whole(output)[start:]
    assert output.size == len(whole(output))


def test_given_lines_stand_where_they_were_asked_for() -> None:
    output = LongOutput(1_000, given={0: "first", 500: "ERROR: no route to host", 5_000: "beyond the end"})
    lines = whole(output).decode().splitlines()
    assert (len(lines), lines[0], lines[500]) == (1_000, "first", "ERROR: no route to host")
    assert lines[501].startswith("0000000501 ")


def test_the_seed_makes_the_text() -> None:
    assert whole(LongOutput(100, seed=1)) == whole(LongOutput(100, seed=1)) != whole(LongOutput(100, seed=2))


def test_a_hundred_megabytes_take_no_memory() -> None:
    output = LongOutput.of_megabytes(100, given={500_000: "here"})
    assert abs(output.size - 100_000_000) < LINE
    tracemalloc.start()
    read = sum(len(block) for block in output.read(output.size - 20_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == 20_000_000
    assert peak < 2_000_000


@pytest.mark.parametrize(("start", "end"), [(0, None), (5, 70_000), (65_535, 65_537), (199_999, None)])
def test_a_part_of_a_made_file(start: int, end: int | None) -> None:
    file = MadeFile(200_000, seed=3)
    assert len(whole(file)) == 200_000
    assert b"".join(file.read(start, end)) == whole(file)[start:end]
