"""Run one program for a stack: guarded, with an environment of its own, its output streamed and written down.

The program writes to a file, and this process reads along: so its output takes no memory however much it is,
a worker that dies does not cut it off in the middle of a sentence, and what the program leaves running in the
background cannot hold up its end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from integrations.stacks.errors import MissingProgram

GRACE = 20.0
"""Seconds a program has to stop once its worker has died; within them Heroku and Docker stop a container too."""
LONGEST_LINE = 1 << 20
"""Bytes of a line that are read; the rest of a longer one is passed over, and told as cut."""
_GUARD = Path(__file__).with_name("guard.py")
_CHUNK = 1 << 16
_POLL = 0.05
_ASK = 0.5
"""Seconds between looks at whether somebody wishes it to stop: each is a question to the database."""
_PASSED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSH_AUTH_SOCK"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
"""All that a program is given of the bot's environment unless its stack names more: none of it is a secret of ours."""
_T = TypeVar("_T")


class Stop(Enum):
    """How a program shall be stopped, if at all."""

    NO = "no"
    GENTLY = "gently"
    """One SIGINT to its group; then it is waited for, however long it takes."""
    NOW = "now"
    """SIGKILL: what is in the making is left behind, and nobody knows of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A program with its arguments, and where. Neither `argv` nor `folder` may hold a secret: both can be seen."""

    argv: tuple[str, ...]
    folder: Path
    private: Path
    """A folder of mode 0700 for what is written down meanwhile."""
    label: str
    """Names those files."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The whole of it; see `environment`."""
    grace: float = GRACE
    """Seconds it has to stop by itself once its worker has died."""
    sweep: bool = False
    """Whether what it has left running is killed once it was told to stop and has ended."""

    @property
    def log(self) -> Path:
        """What it has said, as it was told: redacted."""
        return self.private / f"{self.label}.log"

    @property
    def started(self) -> Path:
        """That it has begun."""
        return self.private / f"{self.label}.started"

    @property
    def ended(self) -> Path:
        """How it has ended."""
        return self.private / f"{self.label}.ended"

    @property
    def raw(self) -> Path:
        """What it writes while it runs; deleted at its end."""
        return self.private / f"{self.label}.out"

    @property
    def raw_errors(self) -> Path:
        """The same for its errors."""
        return self.private / f"{self.label}.err"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program has ended."""

    code: int
    """What it exited with; minus the signal's number where one ended it (as Python's subprocess tells it)."""
    told: bool = False
    """Whether it had been told to stop."""
    killed: bool = False
    """Whether it was not left to stop by itself."""
    left: int = 0
    """How many processes it has left running."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is done with a program's output while it runs."""

    line: Callable[[str], None] | None = lambda _line: None
    """Given every line of its output, redacted, without its end; None where that is read by nobody."""
    error_line: Callable[[str], None] = lambda _line: None
    """Given every line of its errors, likewise."""
    stop: Callable[[], Stop] = lambda: Stop.NO
    """Asked twice a second whether it shall stop; what it once said it need not say again."""
    redact: Callable[[str], str] = lambda text: text


def limited(stop: Callable[[], Stop], seconds: float) -> Callable[[], Stop]:
    """The same wishes, and after so many seconds from now that of stopping gently."""
    end = time.monotonic() + seconds

    def wished() -> Stop:
        asked = stop()
        return Stop.GENTLY if asked is Stop.NO and time.monotonic() >= end else asked

    return wished


def environment(
    environ: Mapping[str, str], named: Iterable[str] = (), given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a program gets to see: the harmless of `environ`, what its stack names of it, and what it is given."""
    names = dict.fromkeys((*_PASSED_ON, *named))
    return {name: environ[name] for name in names if name in environ} | dict(given or {})


def run(call: Call, watch: Watch) -> Ended:
    """Run it to its end, in the calling thread. Raises MissingProgram where it cannot be started.

    Whatever `watch` raises stops the program gently first, and is raised when that has ended.
    """
    try:
        return _run(call, watch)
    finally:
        call.raw.unlink(missing_ok=True)


def run_and_read(call: Call, watch: Watch) -> tuple[Ended, bytes]:
    """Run it to its end and return what it has said, which is told nobody and written into no log. Raises as `run`."""
    silent = replace(watch, line=None)
    try:
        return _run(call, silent), call.raw.read_bytes()
    finally:
        call.raw.unlink(missing_ok=True)


def _run(call: Call, watch: Watch) -> Ended:
    raw, errors = _private_file(call.raw), _private_file(call.raw_errors)
    call.started.unlink(missing_ok=True)
    call.ended.unlink(missing_ok=True)
    with raw, errors, call.raw.open("rb") as output, call.raw_errors.open("rb") as faults, _log(call) as log:
        guard = _start(call, raw, errors)
        told = [_Lines(output, watch.line)] if watch.line else []
        reading = _Reading(call, watch, log, (*told, _Lines(faults, watch.error_line)))
        reading.to_the_end_of(guard)
    call.raw_errors.unlink()
    ended = read_ended(call.ended) or _by_the_guard(guard.returncode)
    if ended is None:
        raise MissingProgram(f"starting {call.argv[0]}", "it could not be started")
    if reading.raised is not None:
        raise reading.raised
    return ended


def read_ended(path: Path) -> Ended | None:
    """How a program ended, as its guard wrote it down: also for whoever was not there. None where it did not yet."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Ended(**written)


def _by_the_guard(code: int | None) -> Ended | None:
    """A guard that was killed takes its program with it (PR_SET_PDEATHSIG) and leaves nothing written."""
    return Ended(code, told=False, killed=True) if code is not None and code < 0 else None


def _start(call: Call, raw: BinaryIO, errors: BinaryIO) -> subprocess.Popen[bytes]:
    guarded = [sys.executable, "-I", "-S", str(_GUARD)]
    sweep = "yes" if call.sweep else "no"
    arguments = [str(os.getpid()), str(call.grace), sweep, str(call.started), str(call.ended), *call.argv]
    try:
        return subprocess.Popen(
            [*guarded, *arguments],
            cwd=call.folder,
            env=dict(call.environment),
            stdin=subprocess.DEVNULL,
            stdout=raw,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as error:
        raise MissingProgram(f"starting {call.argv[0]}", f"{error.strerror}") from error


class _Reading:
    """Reads along with a program, and passes on what it says and what it is told."""

    def __init__(
        self, call: Call, watch: Watch, log: Callable[[str], None], streams: Sequence[_Lines]
    ) -> None:
        self.call = call
        self.watch = watch
        self.log = log
        self.streams = streams
        self.raised: BaseException | None = None
        self._asked = Stop.NO
        self._ask_at = 0.0

    def to_the_end_of(self, guard: subprocess.Popen[bytes]) -> None:
        """Read until the guard has left, and then what there still is."""
        ended = False
        while True:
            progress = [self._read(stream) for stream in self.streams]
            if any(progress):
                self._look(guard)
            elif ended:
                break
            else:
                self._look(guard)
                with suppress(subprocess.TimeoutExpired):
                    guard.wait(_POLL)
            ended = guard.poll() is not None
        for stream in self.streams:
            self._tell(stream, stream.last())

    def _read(self, stream: _Lines) -> bool:
        """Pass on what one chunk brings; whether there was any."""
        chunk = stream.file.read(_CHUNK)
        self._tell(stream, stream.of(chunk))
        return bool(chunk)

    def _tell(self, stream: _Lines, lines: Iterable[str]) -> None:
        for line in lines:
            redacted = self.watch.redact(line)
            self.log(redacted)
            if self.raised is None:
                self._guarded(partial(stream.tell, redacted))

    def _look(self, guard: subprocess.Popen[bytes]) -> None:
        """Ask whether it shall stop, and tell the guard what was not told before."""
        wished = Stop.NO if self.raised is None else Stop.GENTLY
        if self.raised is None and time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + _ASK
            wished = self._guarded(self.watch.stop) or Stop.GENTLY
        is_new = wished is not self._asked and wished is not Stop.NO and self._asked is not Stop.NOW
        if is_new and self.call.started.exists():  # before that the guard would not hear it
            self._asked = wished
            with suppress(ProcessLookupError):  # it has ended meanwhile
                guard.send_signal(signal.SIGUSR1 if wished is Stop.GENTLY else signal.SIGQUIT)

    def _guarded(self, asked: Callable[[], _T]) -> _T | None:
        try:
            return asked()
        except BaseException as error:  # noqa: BLE001 - raised again by `run` when the program has stopped
            self.raised = error
            return None


class _Lines:
    """The lines of a file that still grows."""

    def __init__(self, file: BinaryIO, tell: Callable[[str], None]) -> None:
        self.file = file
        self.tell = tell
        self._rest = b""
        self._cutting = False

    def of(self, chunk: bytes) -> Iterator[str]:
        """The lines that end in this chunk."""
        *whole, rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            if not self._cutting:
                yield _as_text(line)
            self._cutting = False
        self._rest = b"" if self._cutting else rest
        if len(self._rest) > LONGEST_LINE:
            yield f"{_as_text(self._rest[:LONGEST_LINE])} … (cut)"
            self._rest, self._cutting = b"", True

    def last(self) -> Iterator[str]:
        """What came behind the last end of a line."""
        if self._rest:
            yield _as_text(self._rest)


def _as_text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", errors="replace")


def _private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb")


@contextmanager
def _log(call: Call) -> Iterator[Callable[[str], None]]:
    with _private_file(call.log) as file:

        def write(line: str) -> None:
            file.write(line.encode("utf-8", errors="replace") + b"\n")
            file.flush()

        yield write
