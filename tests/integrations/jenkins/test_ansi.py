"""Console bytes become clean lines, however they are cut into pieces."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.jenkins.ansi import LONGEST, Console, clean
from tests.integrations.jenkins.canned import recorded

NOTE = "\x1b[8mha:////4AAAAoh+LCAAAAAAAAP9b85aBtbiIQTGjNKU4P08vOT+vOD8nVc8=\x1b[0m"


def read(*pieces: bytes, in_the_middle: bool = False) -> str:
    console = Console(in_the_middle=in_the_middle)
    return "".join(console.feed(piece) for piece in pieces) + console.close()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain\r\nlines\r\n", "plain\nlines\n"),
        ("no end", "no end\n"),
        ("\x1b[31mred ERROR\x1b[0m ✓ grün 日本 🚀\n", "red ERROR ✓ grün 日本 🚀\n"),
        ("\x1b]0;a title\x07text\n", "text\n"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\\n", "link\n"),
        ("\x1b]0;a title left open\nnext\n", "\nnext\n"),
        (f"Started by {NOTE}bot\n", "Started by bot\n"),
        ("bell\x07 and \x00 null\x08\n", "bell and  null\n"),
        ("10%\r50%\r100%\r\ndone\n", "100%\ndone\n"),
        ("a\ttab stays\n", "a\ttab stays\n"),
        ("", ""),
        ("\n\n", "\n\n"),
    ],
)
def test_what_is_no_text_goes(raw: str, shown: str) -> None:
    assert read(raw.encode()) == shown


def test_letters_cut_between_pieces_are_put_together() -> None:
    raw = "grün 日本 🚀\n".encode()
    assert read(*(raw[at : at + 1] for at in range(len(raw)))) == "grün 日本 🚀\n"


def test_what_is_not_utf_8_is_marked_and_ends_nothing() -> None:
    assert read(b"latin \xfc\nnext\n") == "latin \ufffd\nnext\n"


def test_an_offset_inside_a_line_drops_what_is_left_of_it() -> None:
    assert read(b"f of a line\nnext\n", in_the_middle=True) == "next\n"


def test_an_offset_inside_a_hidden_note_shows_none_of_its_base64() -> None:
    """Recorded: `start=100` gave `TGjNKU4P…AAAA`, ESC[0m, and then the line's own text."""
    assert (
        read(b"TGjNKU4P08vOT+vOD8nVc83PyU1x6OyILUoJAAAA\x1b[0mbot\r\nnext\r\n", in_the_middle=True)
        == "next\n"
    )
    alone = read(b"TGjNKU4P08vOT+vOD8nVc83PyU1x6OyILUoJAAAA\x1b[0mbot", in_the_middle=True)
    assert read(b"[8mha:////4AAAA=\x1b[0mbot", in_the_middle=True) == "bot\n"
    assert alone == "bot\n", "where there is no other line, what is text of it stays"


def test_the_recorded_answers_are_read() -> None:
    running = read(recorded("progressive_running")["body"].encode())
    assert running.splitlines()[-3:] == ["red ERROR ✓ grün 日本 🚀", "tick 0", "tick 1"]
    done = read(recorded("progressive_done")["body"].encode(), in_the_middle=True)
    assert done.splitlines()[0] == "Running as SYSTEM", "recorded with a start inside a hidden note"
    assert done.endswith("Archiving artifacts\nFinished: ABORTED\n")


def test_a_line_without_end_takes_no_memory() -> None:
    console, piece = Console(), b"x" * 65_536
    tracemalloc.start()
    assert "".join(console.feed(piece) for _ in range(400)) == ""
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert console.close() == "x" * LONGEST + "\n"


def test_a_long_line_is_cut_and_the_next_is_whole() -> None:
    assert read(b"y" * 100_000, b"\nnext\n") == "y" * LONGEST + "\nnext\n"


@given(st.binary(max_size=400), st.integers(1, 20))
def test_pieces_make_no_difference(raw: bytes, step: int) -> None:
    assert read(*(raw[at : at + step] for at in range(0, len(raw), step))) == read(raw)


@given(st.text(max_size=200))
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    assert not any(each in clean(text) for each in "\x1b\x07\x08\x9b\x00\x7f")
