"""Reading a console: offsets in raw bytes, hidden notes, line ends."""

from __future__ import annotations

from playground.jenkins.logs import BuildLog
from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.playground.jenkins.shapes import recorded


def test_hidden_notes_count_in_the_offset_but_do_not_show() -> None:
    log = BuildLog()
    log.write_line("Started by user bot", note_before="bot")
    progress = log.progressive(0, building=False)
    assert b"".join(progress.body) == b"Started by user bot\r\n"
    assert progress.next_start == len(log) > 200


def test_a_start_inside_a_hidden_note_gives_the_rest_of_its_base64_as_text() -> None:
    log = BuildLog()
    log.write_line("Started by user bot", note_before="bot")
    body = b"".join(log.progressive(100, building=False).body).decode()
    assert body.endswith("\x1b[0mbot\r\n") and len(body) > 100
    assert recorded("progressive_done")["body"].split("\r\n")[0].endswith("\x1b[0mbot")


def test_a_start_past_the_end_gives_the_whole_log() -> None:
    log = BuildLog()
    log.write_line("one")
    assert b"".join(log.progressive(4, building=False).body) == b""
    assert b"".join(log.progressive(5, building=False).body) == b"one\r\n"


def test_following_a_build_gives_its_whole_log_once(server: Jenkins) -> None:
    number = server.build("job/%C3%9Cn%C3%AFcode%20j%C3%B6b")
    path = f"job/%C3%9Cn%C3%AFcode%20j%C3%B6b/{number}"
    text, start, more = b"", 0, True

    def read_on() -> bool:
        nonlocal text, start, more
        answer = server.call("GET", f"{path}/logText/progressiveText", params={"start": start})
        text += answer.content
        start, more = int(answer.headers["X-Text-Size"]), answer.headers.get("X-More-Data") == "true"
        return not more

    eventually(read_on, "the end of the log")
    whole = text.decode().replace("\r\n", "\n")
    assert whole == server.log("job/%C3%9Cn%C3%AFcode%20j%C3%B6b", number)
    item = server.get(f"{path}/api/json")["queueId"]
    assert whole == (
        "Started by user bot\n"
        "Running as SYSTEM\n"
        "Building in workspace /var/jenkins_home/workspace/Ünïcode jöb\n"
        f"[Ünïcode jöb] $ /bin/sh -xe /tmp/jenkins{item}.sh\n"
        "\x1b[31mrot: ERROR\x1b[0m\n"
        "✓ grün, 日本語, 🚀\n"
        "<b>kein Fett</b> & *kein* Markdown\n"
        "Finished: SUCCESS\n"
    )


def test_head_gives_the_size_and_ranges_are_ignored(server: Jenkins) -> None:
    path = "job/web/1/logText/progressiveText"
    head = server.call("HEAD", path)
    assert (head.content, "X-More-Data" in head.headers) == (b"", False)
    whole = server.call("GET", path)
    assert head.headers["X-Text-Size"] == whole.headers["X-Text-Size"]
    assert whole.headers["Content-Type"] == recorded("progressive_done")["headers"]["Content-Type"]
    ranged = server.call("GET", "job/web/1/consoleText", headers={"Range": "bytes=0-9"})
    assert (ranged.status_code, ranged.text) == (200, server.log("job/web", 1))


def test_only_the_tail_of_a_long_log_can_be_read(server: Jenkins) -> None:
    line = "0123456789" * 100
    server.control("builds", job="web", log="\n".join([line] * 2_000))
    path = "job/web/6/logText/progressiveText"
    size = int(server.call("HEAD", path).headers["X-Text-Size"])
    assert size > 2_000_000
    tail = server.call("GET", path, params={"start": size - 18})
    assert tail.text == "Finished: SUCCESS\r\n"
