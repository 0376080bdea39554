"""What was read of a log, as a message and, where that is too short, as a file."""

from __future__ import annotations

from integrations.jenkins.logs import Found, Step, Stopped, Tail
from integrations.jenkins.model import Stage
from integrations.jenkins.render import console
from integrations.jenkins.search import Line, Wanted


def tail(*lines: str, size: int = 12_345_678, whole: bool = False, running: bool = False) -> Tail:
    return Tail(lines, size, whole, running)


def found(*numbers: int, hits: int | None = None, stopped: Stopped | None = None) -> Found:
    lines = tuple(Line(number, f"text {number}", hit=number % 2 == 0) for number in numbers)
    count = sum(each.hit for each in lines) if hits is None else hits
    return Found(lines, count, 123_456, 98_765_432, stopped)


def test_a_tail_says_of_how_much_it_is_the_end() -> None:
    reply = console.tail("team/api", 7, tail("a `b` ```c```", "<@all> x", running=True), None)
    assert reply.markdown == (
        "📜 **team/api** #7, the last 2 lines of its log of 12.3 MB; it still runs:\n\n"
        "````\n"
        "a `b` ```c```\n"
        "<\u200b@all> x\n"
        "````\n\n"
        "`jenkins log team/api #7 --grep error` searches all of it."
    )
    assert reply.file is None


def test_nothing_printed_is_said_so() -> None:
    assert console.tail("api", 7, tail(), None).markdown == "📜 **api** #7 has printed nothing."
    assert (
        console.tail("api", 7, tail(running=True), None).markdown == "📜 **api** #7 has printed nothing yet."
    )


def test_a_broken_stage_is_what_to_look_at_next() -> None:
    broken = Stage(name="Unit tests", status="FAILED")
    assert console.tail("api", 7, tail("x"), broken).markdown.endswith(
        'It broke in stage **Unit tests**: `jenkins log api #7 --stage "Unit tests"` shows only that. '
        "`jenkins log api #7 --grep error` searches all of it."
    )


def test_a_line_too_wide_for_a_message_is_whole_in_the_file() -> None:
    reply = console.tail("team/a b", 7, tail("x" * 1_000), None)
    assert f"{'x' * 399}…\n" in reply.markdown
    assert "All of it is in **team-a-b-7-log.txt**." in reply.markdown
    assert reply.file is not None and reply.file.content == b"x" * 1_000 + b"\n"


def test_the_last_lines_are_shown_where_there_is_no_room_for_all() -> None:
    reply = console.tail("api", 7, tail(*(f"line {number} {'ü' * 100}" for number in range(100))), None)
    assert "line 99 " in reply.markdown and "line 0 " not in reply.markdown
    assert len(reply.markdown.encode()) < 7_439
    assert reply.file is not None and reply.file.content.count(b"\n") == 100


def test_found_lines_have_their_numbers_and_gaps_are_marked() -> None:
    assert console.found("api", 7, "text", found(9, 10, 11, 40, 41), Wanted()).markdown == (
        "🔎 **api** #7: 2 of 123,456 lines hold `text`.\n\n"
        "```\n"
        " 9- text 9\n"
        "10: text 10\n"
        "11- text 11\n"
        "--\n"
        "40: text 40\n"
        "41- text 41\n"
        "```"
    )


def test_a_search_that_stopped_says_how_far_it_came_and_why() -> None:
    late = console.found("api", 7, "x", found(stopped=Stopped.TIME), Wanted())
    assert late.markdown == (
        "🔎 **api** #7: none of the 123,456 lines hold `x`.\n\n"
        "⚠️ I stopped after 98.8 MB: the time was up. What the log holds behind that, I have not seen."
    )
    assert (
        "I read no more of one log"
        in console.found("api", 7, "x", found(2, stopped=Stopped.BYTES), Wanted()).markdown
    )


def test_a_stage_names_its_steps_and_what_is_left_out() -> None:
    steps = [
        Step("Shell Script", "make\n  test", ("+ make test", "ok"), cut=True),
        Step("Print Message", "", ("done",), cut=False),
    ]
    stage = Stage(name="Test", status="SUCCESS")
    assert console.stage("api", 7, stage, steps, None, 40).markdown == (
        "📜 Stage **Test** of **api** #7, all it printed. Of a long step Jenkins gives only the end.\n\n"
        "```\n"
        "[Shell Script: make test]\n"
        "+ make test\n"
        "ok\n"
        "[Print Message]\n"
        "done\n"
        "```"
    )
    last = console.stage("api", 7, stage, steps, None, 2).markdown
    assert "its last 2 lines." in last and "ok" not in last
    searched = console.stage("api", 7, stage, steps, lambda line: "make" in line, 40).markdown
    assert "[Shell Script: make test]\n+ make test\n```" in searched
    assert console.stage("api", 7, stage, [], None, 40).markdown == (
        "📜 Stage **Test** of **api** #7 printed nothing of its own."
    )
