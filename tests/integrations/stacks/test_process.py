"""A program run for a stack: what it sees, what is heard of it, how it is stopped, and that it outlives nobody."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from integrations.stacks.engines.process import (
    LONGEST_LINE,
    Call,
    Ended,
    Stop,
    Watch,
    environment,
    limited,
    read_ended,
    run,
)
from integrations.stacks.errors import MissingProgram
from tests.integrations.stacks.programs import lines_of, once, python

STUBBORN = """
import signal, sys, time
count = 0
def count_it(number, frame):
    global count
    count += 1
    print(f"signal {count}", flush=True)
signal.signal(signal.SIGINT, count_it)
print("ready", flush=True)
while not count:
    time.sleep(0.01)
for _ in range(int(sys.argv[1])):
    time.sleep(0.01)
sys.exit(7)
"""


def test_its_lines_are_told_as_they_come_and_written_down(tmp_path: Path) -> None:
    call = python(tmp_path, "import sys; print('one'); print('two', file=sys.stderr); print('three', end='')")
    faults: list[str] = []
    ended, lines = lines_of(call, error_line=faults.append)
    assert (ended, lines, faults) == (Ended(0), ["one", "three"], ["two"])
    assert sorted(call.log.read_text().splitlines()) == ["one", "three", "two"]
    assert stat.S_IMODE(call.log.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test.ended", "test.log", "test.started"]


@pytest.mark.parametrize(
    ("program", "code"), [("import sys; sys.exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_how_it_ended_is_told_as_it_was(program: str, code: int, tmp_path: Path) -> None:
    call = python(tmp_path, program)
    assert lines_of(call) == (Ended(code), [])
    assert read_ended(call.ended) == Ended(code)


def test_secrets_are_taken_out_before_anything_is_told_or_kept(tmp_path: Path) -> None:
    call = python(tmp_path, "print('the password is hunter2')")
    _, lines = lines_of(call, redact=lambda text: text.replace("hunter2", "«redacted»"))
    assert lines == ["the password is «redacted»"]
    assert "hunter2" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_line_without_end_takes_no_more_memory_than_the_longest(tmp_path: Path) -> None:
    call = python(
        tmp_path, "import sys\nfor _ in range(40): sys.stdout.write('x' * 100_000)\nprint('\\nend')"
    )
    _, lines = lines_of(call)
    assert [len(line) for line in lines] == [LONGEST_LINE + len(" … (cut)"), 3]


def test_many_lines_are_all_told_in_their_order(tmp_path: Path) -> None:
    _, lines = lines_of(python(tmp_path, "for n in range(50_000): print(n)"))
    assert lines == [str(n) for n in range(50_000)]


def test_what_is_no_text_is_told_as_far_as_it_is(tmp_path: Path) -> None:
    _, lines = lines_of(python(tmp_path, r"import sys; sys.stdout.buffer.write(b'a\xffb\r\n\x00')"))
    assert lines == ["a\ufffdb", "\0"]


# --- what it sees


def test_it_sees_of_the_bots_environment_what_is_harmless_and_what_its_stack_names() -> None:
    ours = {
        "PATH": "/bin",
        "HOME": "/root",
        "WEBEX_ACCESS_TOKEN": "x",
        "DATABASE_URL": "x",
        "TF_CLI_CONFIG_FILE": "/elsewhere",
        "AWS_PROFILE": "lab",
    }
    assert environment(ours) == {"PATH": "/bin", "HOME": "/root"}
    assert environment(ours, ["AWS_PROFILE", "AWS_REGION"], {"TF_INPUT": "0"}) == {
        "PATH": "/bin",
        "HOME": "/root",
        "AWS_PROFILE": "lab",
        "TF_INPUT": "0",
    }


def test_it_is_given_that_and_nothing_else_and_no_input(tmp_path: Path) -> None:
    call = Call(
        argv=("/usr/bin/env",), folder=tmp_path, private=tmp_path, label="env", environment={"ONLY": "this"}
    )
    _, lines = lines_of(call)
    assert [line for line in lines if not line.startswith("LC_CTYPE=")] == ["ONLY=this"]
    assert lines_of(python(tmp_path, "import sys; print(repr(sys.stdin.read()))"))[1] == ["''"]


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    faults: list[str] = []
    call = Call(("/nowhere/terraform",), tmp_path, tmp_path, "lost", {})
    ended = run(call, Watch(error_line=faults.append))
    assert (ended.code, faults) == (126, ["/nowhere/terraform: No such file or directory"])
    with pytest.raises(MissingProgram):
        run(Call(("/bin/true",), tmp_path / "nowhere", tmp_path, "lost", {}), Watch())


# --- how it is stopped


def test_it_is_told_to_stop_once_and_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    call = python(tmp_path, STUBBORN, "100")  # a second; it is asked about twice a second
    ended = run(call, Watch(line=said.append, stop=once(lambda: "ready" in said)))
    assert (ended, said) == (Ended(7, told=True), ["ready", "signal 1"])


def test_it_is_killed_only_when_that_is_wished(tmp_path: Path) -> None:
    said: list[str] = []
    call = python(tmp_path, STUBBORN, "100000")

    def stop() -> Stop:
        return Stop.NOW if "signal 1" in said else Stop.GENTLY if "ready" in said else Stop.NO

    ended = run(call, Watch(line=said.append, stop=stop))
    assert ended == Ended(-signal.SIGKILL, told=True, killed=True)


def test_what_it_started_is_told_to_stop_with_it(tmp_path: Path) -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', sys.argv[1], '0'])"
    said: list[str] = []
    ended = run(
        python(tmp_path, program, STUBBORN), Watch(line=said.append, stop=once(lambda: "ready" in said))
    )
    assert ended.told
    assert "signal 1" in said


def test_what_it_leaves_running_does_not_hold_up_its_end_and_is_counted(tmp_path: Path) -> None:
    program = "import subprocess; print(subprocess.Popen(['sleep', '1000']).pid)"
    ended, [pid] = lines_of(python(tmp_path, program))
    assert ended == Ended(0, left=1)
    left = psutil.Process(int(pid))
    assert left.name() == "sleep"
    left.kill()


def test_when_it_is_killed_nothing_it_started_is_left_not_even_in_another_session(tmp_path: Path) -> None:
    program = (
        "import subprocess, time\n"
        "print(subprocess.Popen(['sleep', '1000'], start_new_session=True).pid, flush=True)\ntime.sleep(1000)"
    )
    said: list[str] = []
    ended = run(python(tmp_path, program), Watch(line=said.append, stop=once(lambda: bool(said), Stop.NOW)))
    assert (ended.killed, ended.left) == (True, 0)
    assert not psutil.pid_exists(int(said[0]))


def test_what_a_stopped_program_cannot_stop_itself_is_swept_away_where_that_is_asked(tmp_path: Path) -> None:
    program = (
        "import subprocess, time\n"
        "print(subprocess.Popen(['sleep', '1000'], start_new_session=True).pid, flush=True)\ntime.sleep(1000)"
    )
    for sweep, left in ((False, 1), (True, 0)):
        said: list[str] = []
        call = replace(python(tmp_path, program), sweep=sweep)
        ended = run(call, Watch(line=said.append, stop=once(lambda said=said: bool(said))))  # type: ignore[misc]
        assert (ended.told, ended.killed, ended.left) == (True, False, left)
        if left:
            psutil.Process(int(said[0])).kill()


def test_a_wish_before_it_has_begun_is_not_lost(tmp_path: Path) -> None:
    ended, _ = lines_of(python(tmp_path, "import time; time.sleep(1000)"), stop=lambda: Stop.GENTLY)
    assert ended.told


def test_its_time_is_up_when_it_is_and_somebody_may_still_wish_it_killed() -> None:
    assert limited(lambda: Stop.NO, 1000)() is Stop.NO
    assert limited(lambda: Stop.NO, 0)() is Stop.GENTLY
    assert limited(lambda: Stop.NOW, 0)() is Stop.NOW


def test_an_error_in_what_listens_stops_it_gently_and_is_raised(tmp_path: Path) -> None:
    def broken(line: str) -> None:
        raise ValueError(f"cannot read {line}")

    call = python(tmp_path, STUBBORN, "0")
    with pytest.raises(ValueError, match="cannot read ready"):
        run(call, Watch(line=broken))
    assert read_ended(call.ended) == Ended(7, told=True)
    assert call.log.read_text() == "ready\nsignal 1\n"


def test_a_first_signal_from_elsewhere_is_not_followed_by_a_second(tmp_path: Path) -> None:
    """Heroku sends SIGTERM to every process of a dyno; terraform aborts hard at a second signal."""
    program = STUBBORN.replace(
        "signal.SIGINT, count_it", "signal.SIGINT, count_it)\nsignal.signal(signal.SIGTERM, count_it"
    )
    said: list[str] = []

    def terminate_the_group_first() -> Stop:
        if "ready" not in said:
            return Stop.NO
        if "signal 1" not in said:
            import json

            os.killpg(json.loads((tmp_path / "test.started").read_text())["guard"], signal.SIGTERM)
            while "signal 1" not in (tmp_path / "test.out").read_text():
                time.sleep(0.01)
        return Stop.GENTLY

    ended = run(python(tmp_path, program, "100"), Watch(line=said.append, stop=terminate_the_group_first))
    assert (ended.code, said) == (7, ["ready", "signal 1"])


# --- whom it does not outlive

WORKER = """
import sys
from pathlib import Path
from tests.integrations.stacks.programs import python
from integrations.stacks.engines.process import Watch, run
folder, program, grace, *arguments = sys.argv[1:]
call = python(Path(folder), program, *arguments, grace=float(grace))
run(call, Watch(line=lambda line: print(line, flush=True)))
"""


def killed_worker(folder: Path, program: str, grace: float, *arguments: str) -> None:
    """A worker that is killed as soon as its program is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", dedent(WORKER), str(folder), program, str(grace), *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        worker.kill()


def ending(folder: Path) -> Ended:
    """How the program ends that nobody waits for."""
    while (ended := read_ended(folder / "test.ended")) is None:
        time.sleep(0.02)
    return ended


def test_when_its_worker_is_killed_it_is_told_to_stop_once_and_writes_down_how_it_ended(
    tmp_path: Path,
) -> None:
    killed_worker(tmp_path, STUBBORN, 60.0, "20")
    assert ending(tmp_path) == Ended(7, told=True)
    assert (tmp_path / "test.out").read_text() == "ready\nsignal 1\n"


def test_when_it_does_not_stop_within_its_grace_it_is_killed_with_all_it_started(tmp_path: Path) -> None:
    program = f"import subprocess\nchild = subprocess.Popen(['sleep', '1000'], start_new_session=True).pid\n{STUBBORN}"
    killed_worker(tmp_path, program, 0.2, "100000")
    assert ending(tmp_path) == Ended(-signal.SIGKILL, told=True, killed=True)
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in (each.info["cmdline"] or [])
    ]
