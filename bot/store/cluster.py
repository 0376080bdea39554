"""The data directory of the embedded PostgreSQL: where it lies, how it is made, who may connect to it.

PostgreSQL's own word for a data directory with its databases is a cluster.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.store.postgres_binaries import (
    MAJOR,
    AccountUnusable,
    EmbeddedPostgresError,
    PostgresPrograms,
    ServerAccount,
    make_system_folder,
)
from bot.store.postmaster import SOCKET_NAME, PostgresNotStarted, run_as

SUPERUSER = "postgres"

_INITDB_TIMEOUT = 300.0
_SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
"""Bytes of a socket's path: `sun_path` less its final NUL (unix(7) on Linux, <sys/un.h> on macOS)."""


class ClusterUnusable(EmbeddedPostgresError):
    """The data directory is gone, or was made by another major version of PostgreSQL."""


@dataclass(frozen=True)
class Cluster:
    """One data directory with what belongs to it; `socket_folder` is apart only where paths are too long."""

    folder: Path
    socket_folder: Path

    @property
    def data(self) -> Path:
        """What PostgreSQL calls the data directory."""
        return self.folder / "data"

    @property
    def hba_file(self) -> Path:
        """Which connections are let in. Outside `data`, so that the server's account cannot change it."""
        return self.folder / "pg_hba.conf"

    @property
    def ident_file(self) -> Path:
        """Which user of the system is the superuser of PostgreSQL."""
        return self.folder / "pg_ident.conf"


def remembered_cluster(home: Path) -> Cluster | None:
    """The cluster a home remembers, None before the first start. Raises OSError."""
    try:
        entry = json.loads(_memory(home).read_text())
    except FileNotFoundError:
        return None
    # Relative unless outside the home: the whole home may be moved.
    return Cluster(home / entry["folder"], home / entry["socket_folder"])


def remember_cluster(home: Path, cluster: Cluster) -> None:
    """Write down where the cluster is, for `remembered_cluster`. Raises OSError."""
    entry = {"folder": _within(home, cluster.folder), "socket_folder": _within(home, cluster.socket_folder)}
    _write(_memory(home), json.dumps(entry, indent=2) + "\n", 0o600)


def _memory(home: Path) -> Path:
    return home / "postgres.json"


def _within(home: Path, path: Path) -> str:
    return str(path.relative_to(home) if path.is_relative_to(home) else path)


def existing_folder(home: Path, system_folder: Path) -> Path | None:
    """The folder of the cluster made at an earlier start, None if this is the first.

    Raises ClusterUnusable if the home remembers one that is gone or of another major version: to begin
    anew without a word would look like the loss of everything.
    """
    remembered = remembered_cluster(home)
    ours = (home / "postgres", _outside(home, system_folder))
    if remembered and remembered.folder not in ours:
        raise ClusterUnusable(
            f"{home} was copied or renamed: the database it names, in {remembered.folder}, is that of the"
            " folder it came from. To take the database along, with Sparkops stopped: mv"
            f" {remembered.folder} {ours[1]} and remove {_memory(home)}. To begin with an empty one, only"
            " remove that file."
        )
    for folder in (remembered.folder,) if remembered else ours:
        version = _major_version(folder / "data")
        if version == str(MAJOR):
            return folder
        if version is not None:
            raise ClusterUnusable(
                f"The data in {folder / 'data'} was made by PostgreSQL {version}; this Sparkops brings"
                f" PostgreSQL {MAJOR}, which cannot read it. Start the Sparkops that made it and save the"
                " database with `pg_dump`; then move that folder aside, start this one, and load the dump."
            )
    if remembered:
        raise ClusterUnusable(
            f"{home} keeps its database in {remembered.folder / 'data'}, and there is none. Put it back,"
            f" or remove {_memory(home)} to begin with an empty database."
        )
    return None


def _major_version(data: Path) -> str | None:
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def _outside(home: Path, system_folder: Path) -> Path:
    return system_folder / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def make_folder(home: Path, account: ServerAccount, system_folder: Path) -> Path:
    """Make the folder for a new cluster where `account` reaches it: in the home if it can be, else outside.

    No mode changes but the home's own: it may get o+x. Raises AccountUnusable or OSError.
    """
    if not account.lent:
        return _made(home / "postgres", 0o700)
    if not account.reaches(home) and account.reaches(home.parent):
        _open_for_others(home, account)
    if account.reaches(home):
        return _made(home / "postgres", 0o711)
    make_system_folder(system_folder, account)
    return _made(_outside(home, system_folder), 0o711)


def _open_for_others(home: Path, account: ServerAccount) -> None:
    status = home.stat()
    if status.st_uid != account.uid and status.st_gid not in account.groups:
        home.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def _made(folder: Path, mode: int) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    return folder


def make_data(folder: Path, account: ServerAccount, programs: PostgresPrograms) -> None:
    """Make the data directory of a new cluster; one that is there under its name is complete.

    Text is UTF-8 and sorted by PostgreSQL's built-in C.UTF-8: the same on every system, so that no
    update of the system's C library can break an index. initdb syncs to the disk (0.1 s): with --no-sync a
    power cut soon after the first start could lose the catalogue under rows that were committed.
    Raises PostgresNotStarted with initdb's words, or OSError.
    """
    draft = folder / "data.new"
    if draft.exists():
        shutil.rmtree(draft)
    _make_private(draft, account)
    command = f"{programs.initdb} --username={SUPERUSER} --encoding=UTF8 --locale=C --locale-provider=builtin"
    command += " --builtin-locale=C.UTF-8 --auth-local=peer --auth-host=reject --no-instructions"
    process = run_as(account, [*command.split(), "-D", str(draft)], output=subprocess.PIPE)
    try:
        output, _ = process.communicate(timeout=_INITDB_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    if process.returncode != 0:
        raise PostgresNotStarted(
            f"Made a data directory in {folder} with initdb, which ended with status {process.returncode}.",
            "\n".join(output.decode(errors="replace").splitlines()[-15:]),
            "Correct what it names and start Sparkops again.",
        )
    draft.rename(folder / "data")


def _make_private(folder: Path, account: ServerAccount) -> None:
    """Make a folder that only `account` and root can use."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.lent:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def make_socket_folder(home: Path, folder: Path, account: ServerAccount) -> Path:
    """The private folder for the server's socket: beside the data, or below the system's temporary folder
    where that path would be too long for a socket. The latter is used again at every start.

    Raises AccountUnusable if neither will do, or OSError.
    """
    beside = folder / "socket"
    if _fits(beside):
        _make_private(beside, account)
        return beside
    remembered = remembered_cluster(home)
    if remembered and _fits(remembered.socket_folder) and _is_private(remembered.socket_folder, account):
        return remembered.socket_folder
    for temporary in (Path(tempfile.gettempdir()), Path("/tmp")):
        if _fits(temporary / "sparkops-12345678") and account.reaches(temporary):
            made = Path(tempfile.mkdtemp(prefix="sparkops-", dir=temporary))
            _make_private(made, account)
            return made
    raise AccountUnusable(
        f"The path of a socket in {beside} is longer than the {_SOCKET_PATH_LIMIT} bytes a system allows, and"
        f" the temporary folder {tempfile.gettempdir()} is no help. Choose a shorter SPARKOPS_HOME or TMPDIR."
    )


def _fits(folder: Path) -> bool:
    """Whether a socket in this folder can be named to the system, to libpq (no comma) and to PostgreSQL."""
    path = folder / SOCKET_NAME
    return len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT and not set(str(path)) & set(',"')


def _is_private(folder: Path, account: ServerAccount) -> bool:
    """Whether a folder is still ours: anybody could have made one of its name in the temporary folder."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid and status.st_mode & 0o777 == 0o700


def write_access_files(home: Path, cluster: Cluster) -> None:
    """Let this user, the owner of the home and root in as superuser, and nobody else. Raises OSError."""
    names = sorted({name for uid in (os.geteuid(), home.stat().st_uid, 0) if (name := _user_name(uid))})
    _write(cluster.hba_file, f"local all {SUPERUSER} peer map=sparkops\n", 0o644)
    _write(cluster.ident_file, "".join(f'sparkops "{name}" {SUPERUSER}\n' for name in names), 0o644)


def _user_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None  # PostgreSQL asks the same question and refuses users without a name


def _write(path: Path, text: str, mode: int) -> None:
    """Write a file in one step as others see it, never through a link somebody put there."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        os.fchmod(descriptor, mode)
    Path(draft).rename(path)
