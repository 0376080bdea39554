"""Stands between a worker and the program it runs, so that the program is told to stop once, and never outlives it.

Run by its path, by `python -I -S`, with the standard library alone:

    guard.py WORKER GRACE SWEEP STARTED ENDED PROGRAM…

It leads the process group that the program is in. The worker tells it by signals:

    SIGUSR1  stop gently: SIGINT to the whole group, once however often it is asked
    SIGQUIT  stop now: SIGKILL to the program and all that came of it
    SIGUSR2  the worker is dead (PR_SET_PDEATHSIG, prctl(2)): gently, and now after GRACE seconds

SIGTERM and SIGINT that come from elsewhere (Heroku sends SIGTERM to every process of a dyno) have reached the
program too, as its first: it is sent no second, since terraform aborts at that. STARTED is there as soon as
signals are heard. With SWEEP (`yes` or `no`), what a program that was told to stop has left running is killed: it
could not do so itself. When the program has ended, ENDED holds how, as JSON: that is the truth about the end when the
worker did not live to see it.
"""

# Without pathlib, which takes as long to import as all the rest.
# ruff: noqa: PTH104, PTH112, PTH123, PTH208
from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_HEARD = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT)
_ROUND = 0.5
"""Seconds between looks at whether the worker lives, where no signal tells."""


class Guard:
    """One program, from its start to its end."""

    def __init__(self, worker: int, grace: float, sweep: bool, started: str, ended: str) -> None:
        self.worker = worker
        self.grace = grace
        self.sweep = sweep
        self.started = started
        self.ended = ended
        self.told = False
        self.killed = False
        self.orphan_since: float | None = None
        self.program = 0

    def run(self, argv: list[str]) -> int:
        """Start the program and wait for its end; returns what to exit with, as a shell would."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in _HEARD:
            signal.signal(number, self.hear)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGUSR2)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        if os.getppid() != self.worker:
            return 125  # it died before it could be told of; nothing was started
        self.program = self._start(argv)
        _write(self.started, {"guard": os.getpid(), "program": self.program})
        while (status := self._reap()) is None:
            select.select([reader], [], [], _ROUND)
            _drain(reader)
            self._look_at_the_worker()
        return self._end(status)

    def hear(self, number: int, _frame: object) -> None:
        """What a signal asks for."""
        if number == signal.SIGUSR1:
            self._interrupt()
        elif number == signal.SIGQUIT:
            self._kill()
        elif number in (signal.SIGTERM, signal.SIGINT):
            self.told = True  # our own SIGINT to the group comes back here as well

    def _start(self, argv: list[str]) -> int:
        """Fork and execute. What is signalled in between waits, and then meets the program and not our handlers."""
        me = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        child = os.fork()
        if child:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            return child
        try:
            signal.set_wakeup_fd(-1)
            for number in _HEARD:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == me:
                os.execv(argv[0], argv)
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(126)

    def _reap(self) -> int | None:
        """The program's status where it has ended; whatever else has ended is only taken off the list."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == self.program:
                return status
            if pid == 0:
                return None

    def _look_at_the_worker(self) -> None:
        if os.getppid() == self.worker:
            return
        if self.orphan_since is None:
            self.orphan_since = time.monotonic()
            self._interrupt()
        elif time.monotonic() - self.orphan_since > self.grace and not self.killed:
            self._kill()

    def _interrupt(self) -> None:
        if not self.told:
            self.told = True
            os.killpg(0, signal.SIGINT)

    def _kill(self) -> None:
        self.killed = True
        _kill_each(_descendants(os.getpid()))

    def _end(self, status: int) -> int:
        code = os.waitstatus_to_exitcode(status)
        if self.killed or (self.sweep and self.told):
            self._kill_what_is_left()
        left = len(_descendants(os.getpid()))
        _write(self.ended, {"code": code, "told": self.told, "killed": self.killed, "left": left})
        return code if code >= 0 else 128 - code

    def _kill_what_is_left(self) -> None:
        """What the program has started and not waited for has become this process's child."""
        while children := _descendants(os.getpid()):
            _kill_each(children)
            time.sleep(0.01)
        self._reap_all()

    @staticmethod
    def _reap_all() -> None:
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    return
            except ChildProcessError:
                return


def _kill_each(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it has ended by itself


def _write(path: str, told: dict[str, object]) -> None:
    """The file is there whole or not at all."""
    descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{path}.new", path)


def _prctl(option: int, value: int) -> None:
    """prctl(2), where there is one; elsewhere the worker is looked at every half second."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, int(value), 0, 0, 0)


def _drain(reader: int) -> None:
    if select.select([reader], [], [], 0)[0]:
        os.read(reader, 4096)


def _descendants(root: int) -> list[int]:
    """Every living process that came of one, the nearest first; zombies are not counted. Linux only."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdecimal() and (read := _parent_and_state(name)) and read[1] != "Z":
            children.setdefault(read[0], []).append(int(name))
    found, ahead = [], [root]
    while ahead:
        below = children.get(ahead.pop(0), [])
        found += below
        ahead += below
    return found


def _parent_and_state(pid: str) -> tuple[int, str] | None:
    """proc_pid_stat(5): the name in brackets may hold anything, so it is read from behind it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[0].decode()


if __name__ == "__main__":
    worker, grace, sweep, started, ended, *program = sys.argv[1:]
    sys.exit(Guard(int(worker), float(grace), sweep == "yes", started, ended).run(program))
