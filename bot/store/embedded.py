"""The embedded PostgreSQL of one home: made on first use, started, found again, stopped.

Who may connect. The server listens on a Unix socket alone, in a folder of mode 0700, and asks the system
who calls (`peer`): the user that started it, the owner of the home and root are its superuser `postgres`;
everybody else is refused even if they reach the socket. So there is no password to keep, to rotate, or to
find in a URL, a log or the list of processes.

What lies where. `<home>/postgres/` holds the data directory `data`, the socket's folder and the two files
that say who may connect. `<home>/postgres.json` remembers where that folder and the socket are,
`<home>/postgres.log` is the server's log, and `<home>/postgres.lock` lets one process at a time start or
stop it. As root the server runs as another account (`nobody`, or SPARKOPS_POSTGRES_USER):

- A home within that account's reach keeps the data; if the home's own mode is in the way it gets o+x, which
  lets others open a file whose name they know but list none. Secrets in the home are safe from that as long
  as they are files of mode 0600 or in folders of mode 0700; what is made here is, so must be all else.
- A home out of its reach, below /root for one, keeps its data in /var/lib/sparkops/<hash of the home>/.

`nobody` is shared with whatever else runs under that name, and such a process can read the data. On a
machine where that matters, give the server an account of its own.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
import structlog
from psycopg import sql

from bot.store.cluster import (
    SUPERUSER,
    Cluster,
    ClusterUnusable,
    existing_folder,
    make_data,
    make_folder,
    make_socket_folder,
    remember_cluster,
    remembered_cluster,
    write_access_files,
)
from bot.store.home_lock import AlreadyRunning, HomeLock, HomeUnusable, make_home
from bot.store.postgres_binaries import (
    AccountUnusable,
    EmbeddedPostgresError,
    ProgramsMissing,
    programs_for,
    server_account,
)
from bot.store.postmaster import (
    PORT,
    PostgresNotStarted,
    PostgresNotStopped,
    Postmaster,
    ServerCommand,
    await_settled,
    remove_stale_files,
    running_postmaster,
    shut_down,
    trim_log,
)

__all__ = [
    "AccountUnusable",
    "AlreadyRunning",
    "ClusterUnusable",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "HomeLock",
    "HomeUnusable",
    "PostgresNotStarted",
    "PostgresNotStopped",
    "ProgramsMissing",
    "attach",
]

DATABASE = "sparkops"

_SYSTEM_FOLDER = Path("/var/lib/sparkops")
_LOG_CHECK = 60.0
"""Seconds between two looks at the log's size."""

_log = structlog.get_logger(__name__)


def attach(home: Path) -> str | None:
    """The URL of the server that runs for `home`, None if there is none that takes connections.

    For every command beside `run` (worker, inbox list ...). It starts, changes and owns nothing.
    Raises HomeUnusable if this user may not look.
    """
    home = home.resolve()
    try:
        cluster = remembered_cluster(home)
        postmaster = running_postmaster(cluster.data) if cluster else None
    except OSError as error:
        raise HomeUnusable(home, error) from error
    return _url(postmaster) if postmaster and postmaster.status == "ready" else None


def _url(postmaster: Postmaster, database: str = DATABASE) -> str:
    """The port is named although it is the usual one: a PGPORT in the environment would replace it."""
    folder = quote(str(postmaster.socket_folder), safe="/")
    return f"postgresql://{SUPERUSER}@/{database}?host={folder}&port={PORT}"


class EmbeddedPostgres:
    """The PostgreSQL server of one home. Whoever holds the home's HomeLock starts it and owns its end.

    `server_user` is the account that runs it when this process is root (default: SPARKOPS_POSTGRES_USER,
    else nobody). `system_folder` is where root keeps what that account cannot reach elsewhere.
    `start_timeout` bounds a start with its crash recovery, `stop_timeout` a fast shutdown, in seconds.
    """

    def __init__(
        self,
        home: Path,
        *,
        server_user: str | None = None,
        system_folder: Path = _SYSTEM_FOLDER,
        start_timeout: float = 300.0,
        stop_timeout: float = 20.0,
    ) -> None:
        self.home = home.resolve()
        self._server_user = server_user or os.environ.get("SPARKOPS_POSTGRES_USER")
        self._system_folder = system_folder
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    @property
    def log(self) -> Path:
        """The server's log, kept below about a megabyte while it is owned."""
        return self.home / "postgres.log"

    def start(self) -> str:
        """Start the server, or take over one that a killed owner left, and return the URL of its database.

        The URL is libpq's and, with the driver's name put in, SQLAlchemy's. Starting again is harmless, and
        brings back a server that died. Raises one of the EmbeddedPostgresErrors in this module.
        """
        with self._alone():
            cluster = self._prepare()
            postmaster = await_settled(cluster.data, self._start_timeout) or self._launch(cluster)
            remember_cluster(self.home, cluster)
            self._make_database(postmaster)
            self._begin_trimming()
        return _url(postmaster)

    def stop(self) -> None:
        """Stop the server, whoever started it; harmless if none runs. Raises PostgresNotStopped."""
        self._stopping.set()
        with self._alone():
            cluster = remembered_cluster(self.home)
            if cluster is not None:
                shut_down(cluster.data, self._child, self._stop_timeout)
            trim_log(self.log)

    def running(self) -> bool:
        """Whether the server's process lives, ready or not. Raises HomeUnusable."""
        try:
            cluster = remembered_cluster(self.home)
            return cluster is not None and running_postmaster(cluster.data) is not None
        except OSError as error:
            raise HomeUnusable(self.home, error) from error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other start and stop of this home out, also those of callers without a HomeLock."""
        try:
            make_home(self.home)
            descriptor = os.open(self.home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise HomeUnusable(self.home, error) from error

    def _prepare(self) -> Cluster:
        """Find the cluster, or make it at the first start."""
        folder = existing_folder(self.home, self._system_folder)
        account = server_account((folder or self.home / "postgres") / "data", self._server_user)
        if folder is None:
            folder = make_folder(self.home, account, self._system_folder)
            make_data(folder, account, programs_for(account, self._system_folder))
        return Cluster(folder, make_socket_folder(self.home, folder, account))

    def _launch(self, cluster: Cluster) -> Postmaster:
        """Start a server where none runs."""
        account = server_account(cluster.data, self._server_user)
        if account.lent and not account.reaches(cluster.folder):
            raise AccountUnusable(
                f"PostgreSQL runs as {account.name}, which can no longer reach its data in {cluster.folder}:"
                " a folder above was closed. Open that one, or start Sparkops as the data's owner."
            )
        if self._child is not None:
            self._child.poll()  # if ours has died, this takes it off the system's list of processes
        remove_stale_files(cluster.data, cluster.socket_folder)
        write_access_files(self.home, cluster)
        trim_log(self.log)
        programs = programs_for(account, self._system_folder)
        self._child = ServerCommand(programs, account, cluster.data, _settings(cluster), self.log).start(
            self._start_timeout
        )
        return Postmaster(self._child.pid, cluster.socket_folder, "ready")

    def _make_database(self, postmaster: Postmaster) -> None:
        try:
            with psycopg.connect(
                _url(postmaster, "postgres"), autocommit=True, connect_timeout=10
            ) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if found.fetchone() is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.Error as error:
            raise PostgresNotStarted(
                f"Started PostgreSQL on {self.home} and asked it for the database {DATABASE}.",
                str(error).strip(),
                f"Correct what it names and start again; the server's log is {self.log}.",
            ) from error

    def _begin_trimming(self) -> None:
        """Keep the log short from a thread: PostgreSQL's own rotation bounds its age but not its size."""
        self._stopping.set()
        self._stopping = threading.Event()
        threading.Thread(
            target=_trim_until, args=(self._stopping, self.log), name="postgres-log", daemon=True
        ).start()


def _trim_until(stopping: threading.Event, log: Path) -> None:
    while not stopping.wait(_LOG_CHECK):
        try:
            trim_log(log)
        except OSError as error:
            _log.warning("postgres_log_not_trimmed", path=str(log), error=str(error))


def _settings(cluster: Cluster) -> dict[str, str]:
    """PostgreSQL's parameters, given on its command line: there they win over every file in `data`."""
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{cluster.socket_folder}"',
        "unix_socket_permissions": "0700",
        "hba_file": str(cluster.hba_file),
        "ident_file": str(cluster.ident_file),
        "max_connections": "60",
        "shared_buffers": "32MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "log_min_error_statement": "panic",  # statements hold what people wrote
    }
