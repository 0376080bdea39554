"""One `run` per home: the lock that keeps a second one from starting in the same folder."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.store.postgres_binaries import EmbeddedPostgresError


class HomeUnusable(EmbeddedPostgresError):
    """The home cannot be written or read: permissions, a full disk, a file where a folder should be."""

    def __init__(self, home: Path, cause: OSError) -> None:
        super().__init__(
            f"Sparkops keeps its data in {home}, and the system says: {cause}. Start it as the user that"
            " owns this folder, make room on the disk, or choose another folder with SPARKOPS_HOME."
        )


class AlreadyRunning(EmbeddedPostgresError):
    """Another `run` holds this home; `pid` and `since` are None when it has not written them yet."""

    def __init__(self, home: Path, holder: Holder) -> None:
        self.pid = holder.pid
        self.since = holder.since
        who = f"process {holder.pid}" if holder.pid else "another process"
        when = f" since {holder.since:%Y-%m-%d %H:%M:%S %Z}" if holder.since else ""
        super().__init__(
            f"Sparkops is already running in {home} ({who}{when}). Use that one, stop it with Ctrl-C or"
            f" `kill {holder.pid or '<its process id>'}`, or start this one with another SPARKOPS_HOME"
            " and another PORT."
        )


@dataclass(frozen=True)
class Holder:
    """Who holds a home, as it wrote itself into the lock file."""

    pid: int | None = None
    since: datetime | None = None

    @classmethod
    def read(cls, text: str) -> Holder:
        """Read the lock file's text; one that is empty or half written tells nothing."""
        try:
            entry = json.loads(text)
            return cls(int(entry["pid"]), datetime.fromisoformat(entry["since"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    def text(self) -> str:
        """What `read` reads."""
        return json.dumps({"pid": self.pid, "since": self.since.isoformat() if self.since else None})


class HomeLock:
    """The lock `<home>/run.lock`, held for the life of `python -m bot run`.

    It is a flock, so it ends with its holder however that dies, and no stale file can keep anybody out.
    Processes forked by the holder without an exec share it: the home is free once they are gone as well.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, making the home if it is missing.

        Raises AlreadyRunning if another process, or another HomeLock of this one, holds it, and
        HomeUnusable if the home cannot be written.
        """
        try:
            make_home(self.home)
            self._descriptor = self._locked(self.home / "run.lock")
        except OSError as error:
            raise HomeUnusable(self.home, error) from error

    def _locked(self, path: Path) -> int:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(
                descriptor, Holder(os.getpid(), datetime.now(UTC).replace(microsecond=0)).text().encode()
            )
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyRunning(self.home, Holder.read(path.read_text())) from None
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def release(self) -> None:
        """Give the lock back. The file stays: removed, it would let two holders lock files of one name."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def make_home(home: Path) -> None:
    """Make the home, for its owner alone, if it is missing. Raises OSError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
