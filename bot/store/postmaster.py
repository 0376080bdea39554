"""The server as a process: what its postmaster.pid says, whether that is really it, its start and its end.

A server is never taken on the word of a process id: ids come round again, in containers within minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog

from bot.store.postgres_binaries import EmbeddedPostgresError, PostgresPrograms, ServerAccount

PORT = 5432
"""Only part of the socket's file name: the server listens on no network address."""

SOCKET_NAME = f".s.PGSQL.{PORT}"

_LOG_LIMIT, _LOG_KEPT = 1_000_000, 200_000
"""Bytes: above the first the log is cut to the second."""

_POLL = 0.01
_IMMEDIATE_SHUTDOWN = 10.0
_ORPHANS = 30.0
"""Seconds: between two looks; for an immediate shutdown; for the backends of a killed postmaster to leave."""

_log = structlog.get_logger(__name__)


class PostgresNotStarted(EmbeddedPostgresError):
    """The server, or the making of its data directory, ended early; `log_tail` holds its last words."""

    def __init__(self, attempt: str, log_tail: str, advice: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{attempt} PostgreSQL's own words:\n{log_tail or '(none)'}\n{advice}")


class PostgresNotStopped(EmbeddedPostgresError):
    """The server outlived both kinds of shutdown."""


@dataclass(frozen=True)
class Postmaster:
    """What a server wrote about itself into postmaster.pid; `status` is `starting`, `ready` or `stopping`."""

    pid: int
    socket_folder: Path
    status: str

    @classmethod
    def parse(cls, text: str) -> Postmaster | None:
        """Read the text of a postmaster.pid (lines: PostgreSQL's src/include/utils/pidfile.h).

        The file is written in steps, so the later lines may be missing. None if there is no process id.
        """
        lines = [line.strip() for line in text.splitlines()] + [""] * 8
        if not lines[0].isdecimal():
            return None
        return cls(pid=int(lines[0]), socket_folder=Path(lines[4]), status=lines[7])


def running_postmaster(data: Path) -> Postmaster | None:
    """The live server of a data directory, ready or not; None if there is none. Raises PermissionError."""
    try:
        postmaster = Postmaster.parse((data / "postmaster.pid").read_text())
    except FileNotFoundError:
        return None
    return postmaster if postmaster and _serves(postmaster.pid, data) else None


def _serves(pid: int, data: Path) -> bool:
    """Whether a process is the postmaster of `data`, told by its program, its -D and its working folder.

    The working folder finds a server whose home was renamed under it. Root in a container may not read it
    (that takes CAP_SYS_PTRACE), hence the command line first, which everybody may read. Start times are not
    compared: a corrected clock would make a live server look foreign.
    """
    try:
        process = psutil.Process(pid)
        command = process.cmdline()
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres" or "-D" not in command:
            return False
        return _same_folder(command[command.index("-D") + 1], data) or _same_folder(process.cwd(), data)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _same_folder(path: str, folder: Path) -> bool:
    return Path(path).exists() and Path(path).samefile(folder)


def remove_stale_files(data: Path, socket_folder: Path) -> None:
    """Remove what a server that is gone left behind, whoever has its process id now.

    Only for the holder of the home's lock, and after `running_postmaster` found none. PostgreSQL itself
    believes any live process of its account to be the server, and refuses to start: postmaster.pid and the
    socket's lock file both name one. Its second guard stays: shared memory that a process still holds.
    """
    for path in (data / "postmaster.pid", socket_folder / f"{SOCKET_NAME}.lock", socket_folder / SOCKET_NAME):
        if path.exists():
            path.unlink()
            _log.warning("postgres_stale_file_removed", path=str(path))


@dataclass(frozen=True)
class ServerCommand:
    """Everything needed to start one server: programs, account, data directory, settings and log file."""

    programs: PostgresPrograms
    account: ServerAccount
    data: Path
    settings: Mapping[str, str]
    log: Path

    def start(self, timeout: float) -> subprocess.Popen[bytes]:
        """Start the server and wait, at most `timeout` seconds, until it takes connections.

        Raises PostgresNotStarted. A server still at its crash recovery then is left to it.
        """
        give_up = time.monotonic() + min(timeout, _ORPHANS)
        while True:
            log_start = self.log.stat().st_size if self.log.exists() else 0
            process = self._launch()
            if self._await_ready(process, time.monotonic() + timeout):
                return process
            words = _tail(self.log, log_start)
            # After a kill -9 of the postmaster its backends finish what they are at before they notice.
            if "pre-existing shared memory block" not in words or time.monotonic() > give_up:
                raise PostgresNotStarted(
                    f"Started PostgreSQL on {self.data}, and it ended with status {process.returncode}.",
                    words,
                    f"Correct what it names and start again; the whole log is {self.log}.",
                )
            time.sleep(0.2)

    def _launch(self) -> subprocess.Popen[bytes]:
        """Start the server in a session of its own, so that Ctrl-C reaches it through its owner alone.

        It is not told to die with its owner (PR_SET_PDEATHSIG). That signal is bound to the thread that
        starts the server, exists on Linux only, needs code between fork and exec, and would take the
        database from workers that still write. A server left behind by a kill -9 costs some memory until
        the next start, which finds it, uses it and owns its end.
        """
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            return run_as(
                self.account,
                [str(self.programs.postgres), "-D", str(self.data), *_options(self.settings)],
                output=descriptor,
            )
        finally:
            os.close(descriptor)

    def _await_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        """True once it is ready, False once it has ended. Raises PostgresNotStarted at the deadline."""
        while process.poll() is None:
            postmaster = running_postmaster(self.data)
            if postmaster and postmaster.pid == process.pid and postmaster.status == "ready":
                return True
            if time.monotonic() > deadline:
                raise PostgresNotStarted(
                    f"Started PostgreSQL on {self.data}, and it takes no connections yet.",
                    _tail(self.log, 0),
                    "It goes on by itself; after a crash that can be long. Start Sparkops again in a while.",
                )
            time.sleep(_POLL)
        return False


def _options(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def run_as(account: ServerAccount, command: list[str], *, output: int) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL as `account`, with all it prints going to the descriptor `output`.

    The environment is made anew: the bot's holds tokens, which the account may not see, and a PGPORT or
    PGOPTIONS of the operator's, which would change the server. English is kept for what is read here.
    """
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",  # PostgreSQL looks at it first of all, and a lent account may not see the present one
        env={"PATH": os.defpath, "LC_ALL": "C"},
        start_new_session=True,
        user=account.uid if account.lent else None,
        group=account.gid if account.lent else None,
        extra_groups=sorted(account.groups) if account.lent else None,
    )


def await_settled(data: Path, timeout: float) -> Postmaster | None:
    """Wait for a server found running to be ready, or to be gone (None). Raises PostgresNotStarted."""
    deadline = time.monotonic() + timeout
    while (postmaster := running_postmaster(data)) and postmaster.status != "ready":
        if time.monotonic() > deadline:
            raise PostgresNotStarted(
                f"Waited {timeout:.0f} s for the PostgreSQL that runs on {data} (process {postmaster.pid}).",
                f"status: {postmaster.status}",
                "Start Sparkops again in a while. A recovery after a crash can be long.",
            )
        time.sleep(_POLL)
    return postmaster


def shut_down(data: Path, child: subprocess.Popen[bytes] | None, timeout: float) -> None:
    """End the server of a data directory: a fast shutdown, and after `timeout` seconds an immediate one.

    Both lose nothing that was committed (PostgreSQL documentation, "Shutting Down the Server"). No process
    is signalled but the postmaster. `child` is its handle if this process started it, to be reaped.
    Raises PostgresNotStopped.
    """
    for how, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, _IMMEDIATE_SHUTDOWN)):
        postmaster = running_postmaster(data)
        if postmaster is None or _ended_by(how, postmaster.pid, child, patience):
            return
        _log.warning("postgres_still_running", pid=postmaster.pid, signal=how.name, waited_seconds=patience)
    raise PostgresNotStopped(
        f"Asked the PostgreSQL on {data} to shut down, fast and then immediately, and it still runs."
        " Look at what its process waits for, most often the disk, and stop it by hand."
    )


def _ended_by(how: signal.Signals, pid: int, child: subprocess.Popen[bytes] | None, patience: float) -> bool:
    deadline = time.monotonic() + patience
    try:
        process = psutil.Process(pid)
        process.send_signal(how)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
    except psutil.NoSuchProcess:
        _log.info("postgres_ended_by_itself", pid=pid)
    except psutil.AccessDenied as error:
        raise PostgresNotStopped(
            f"Asked the PostgreSQL process {pid} to shut down, and the system refused: {error}."
            " Stop it as the user it runs as, or as root."
        ) from error
    if child is not None and child.pid == pid:
        child.wait()
    return True


def trim_log(log: Path) -> None:
    """Cut a log that has grown too long to its last lines, in place: a running server keeps it open.

    What the server writes between the reading and the cutting is lost, which a log can bear. Raises OSError.
    """
    if not log.exists() or log.stat().st_size <= _LOG_LIMIT:
        return
    descriptor = os.open(log, os.O_RDWR | os.O_APPEND)
    try:
        tail = os.pread(descriptor, _LOG_KEPT, os.fstat(descriptor).st_size - _LOG_KEPT)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, tail[tail.find(b"\n") + 1 :])
    finally:
        os.close(descriptor)


def _tail(log: Path, start: int, lines: int = 15) -> str:
    """The last lines a log got since it was `start` bytes long."""
    text = log.read_bytes()[start:].decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
