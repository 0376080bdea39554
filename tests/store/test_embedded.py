"""The embedded PostgreSQL, with its real programs: what an operator does to it, and what they then see.

As root every test here runs twice: as root, and once more as an ordinary user (test_embedded_as_root.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

from bot.store.embedded import (
    AlreadyRunning,
    ClusterUnusable,
    EmbeddedPostgres,
    HomeLock,
    HomeUnusable,
    PostgresNotStarted,
    attach,
)
from tests.store.embedded_homes import (
    kill_9,
    notes,
    owner_process,
    postmaster_pid,
    wait_until,
    working_folder_of,
    write_note,
)

# Starting, using, stopping


def test_the_first_start_makes_the_database_and_the_next_finds_what_was_written(new_home: Path) -> None:
    first = EmbeddedPostgres(new_home)
    url = first.start()
    assert url == f"postgresql://postgres@/sparkops?host={new_home}/postgres/socket&port=5432"
    write_note(url, "kept")
    assert first.running()
    first.stop()
    assert not first.running()

    with EmbeddedPostgres(new_home) as second:
        assert second.start() == url
        assert notes(url) == ["kept"]
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT text FROM note")).scalars().all() == ["kept"]
        engine.dispose()
    assert not second.running()


def test_the_server_is_small_private_and_sorts_alike_everywhere(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres, psycopg.connect(postgres.start()) as connection:

        def shown(name: str) -> object:
            row = connection.execute(f"SHOW {name}").fetchone()
            return row[0] if row else None

        assert {name: shown(name) for name in ("listen_addresses", "max_connections", "shared_buffers")} == {
            "listen_addresses": "",
            "max_connections": "60",
            "shared_buffers": "32MB",
        }
        database = "SELECT datlocprovider::text, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
        assert set(connection.execute(database).fetchall()) == {("b", "C.UTF-8", "UTF8")}
    for folder in ("data", "socket"):
        assert stat.S_IMODE((home / "postgres" / folder).stat().st_mode) == 0o700


def test_other_commands_find_the_running_server_and_own_nothing(new_home: Path) -> None:
    assert attach(new_home) is None
    assert not new_home.exists()
    postgres = EmbeddedPostgres(new_home)
    url = postgres.start()
    assert attach(new_home) == url
    postgres.stop()
    assert attach(new_home) is None


def test_neither_the_operators_variables_nor_the_bots_secrets_reach_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBEX_ACCESS_TOKEN", "a-secret")
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with EmbeddedPostgres(home) as postgres:
        write_note(postgres.start(), "the port of the environment is not used")
        with psycopg.connect(postgres.start()) as connection:
            connection.execute("CREATE TEMPORARY TABLE environment (variable text)")
            connection.execute("COPY environment FROM PROGRAM '/usr/bin/env'")
            environment = {row[0] for row in connection.execute("SELECT variable FROM environment")}
    assert "LC_MESSAGES=C" in environment
    assert not environment & {"WEBEX_ACCESS_TOKEN=a-secret", "PGPORT=6000", "PGDATA=/nowhere"}


def test_two_homes_have_two_servers(place: Path, home: Path) -> None:
    with EmbeddedPostgres(home) as one, EmbeddedPostgres(place / "two") as two:
        write_note(one.start(), "one")
        write_note(two.start(), "two")
        assert (notes(one.start()), notes(two.start())) == (["one"], ["two"])
        one.stop()
        assert notes(two.start()) == ["two"]


def test_two_starts_at_the_same_moment_give_one_server(new_home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        urls = set(
            pool.map(
                lambda postgres: postgres.start(), [EmbeddedPostgres(new_home), EmbeddedPostgres(new_home)]
            )
        )
    assert urls == {attach(new_home)}
    EmbeddedPostgres(new_home).stop()


@pytest.mark.parametrize("name", ["x" * 110, "a,b", 'späce & 100% "quoted"', "it's + ? #"])
def test_any_name_of_a_home_works_also_one_too_long_for_a_socket(home: Path, name: str) -> None:
    home = home.rename(home.with_name(name))
    postgres = EmbeddedPostgres(home)
    url = postgres.start()
    write_note(url, "written")
    socket_folder = Path(json.loads((home / "postgres.json").read_text())["socket_folder"])
    if socket_folder.is_absolute():
        assert re.fullmatch(r"sparkops-\w{8}", socket_folder.name)
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    else:
        assert str(socket_folder) == "postgres/socket"
    postgres.stop()
    assert postgres.start() == url
    assert notes(url) == ["written"]
    postgres.stop()
    if socket_folder.is_absolute():
        socket_folder.rmdir()  # as a cleaner of temporary folders does
        assert attach(home) is None
        assert postgres.start() != url
        postgres.stop()
        Path(json.loads((home / "postgres.json").read_text())["socket_folder"]).rmdir()


# One owner


def test_a_second_run_in_the_same_home_is_told_so_plainly(home: Path) -> None:
    holder, url = owner_process(home)
    with pytest.raises(AlreadyRunning) as refusal, HomeLock(home):
        pytest.fail("the lock was given twice")
    kill_9(holder)

    assert refusal.value.pid == holder.pid
    assert refusal.value.since is not None
    assert str(refusal.value) == (
        f"Sparkops is already running in {home} (process {holder.pid} since"
        f" {refusal.value.since:%Y-%m-%d %H:%M:%S} UTC). Use that one, stop it with Ctrl-C or"
        f" `kill {holder.pid}`, or start this one with another SPARKOPS_HOME and another PORT."
    )
    assert url == attach(home)
    with HomeLock(home):
        EmbeddedPostgres(home).stop()


def test_a_lock_given_back_can_be_taken_again(home: Path) -> None:
    lock = HomeLock(home)
    with lock, pytest.raises(AlreadyRunning, match="already running"):
        HomeLock(home).acquire()
    with lock:
        assert (home / "run.lock").read_text().startswith('{"pid": ')


def test_a_holder_that_has_not_yet_written_its_name_is_still_a_holder(home: Path) -> None:
    with HomeLock(home):
        (home / "run.lock").write_text("")
        with pytest.raises(AlreadyRunning) as refusal:
            HomeLock(home).acquire()
    assert (refusal.value.pid, refusal.value.since) == (None, None)
    assert f"already running in {home} (another process)" in str(refusal.value)


def test_a_server_left_by_a_killed_owner_is_used_and_stopped_by_the_next(home: Path) -> None:
    owner, url = owner_process(home)
    write_note(url, "before the kill")
    server = postmaster_pid(home / "postgres")
    kill_9(owner)

    assert attach(home) == url
    with HomeLock(home):
        postgres = EmbeddedPostgres(home)
        assert postgres.start() == url
        assert postmaster_pid(home / "postgres") == server
        assert notes(url) == ["before the kill"]
        postgres.stop()
    assert not psutil.pid_exists(server) or psutil.Process(server).status() == psutil.STATUS_ZOMBIE


# Crashes and what they leave


def test_a_killed_server_comes_back_with_everything_committed(home: Path) -> None:
    postgres = EmbeddedPostgres(home)
    url = postgres.start()
    write_note(url, "committed")
    os.kill(postmaster_pid(home / "postgres"), signal.SIGKILL)
    wait_until(lambda: not postgres.running())
    assert attach(home) is None

    assert postgres.start() == url
    assert notes(url) == ["committed"]
    postgres.stop()


def test_a_busy_backend_of_a_killed_server_is_waited_for(home: Path) -> None:
    postgres = EmbeddedPostgres(home)
    url = postgres.start()
    with psycopg.connect(url) as busy:
        backend = psutil.Process(busy.info.backend_pid)
        backend.suspend()
        os.kill(postmaster_pid(home / "postgres"), signal.SIGKILL)
        with ThreadPoolExecutor(1) as pool:
            start = pool.submit(postgres.start)
            wait_until(lambda: "pre-existing shared memory block" in postgres.log.read_text())
            assert not start.done()
            backend.resume()
            assert start.result() == url
    postgres.stop()


def test_a_stale_process_id_that_now_belongs_to_another_process(home: Path, sleeper: psutil.Process) -> None:
    postgres = EmbeddedPostgres(home)
    url = postgres.start()
    write_note(url, "kept")
    postgres.stop()
    stale = (
        f"{sleeper.pid}\n{home}/postgres/data\n1700000000\n5432\n{home}/postgres/socket\n\n  0 0\nready   \n"
    )
    (home / "postgres/data/postmaster.pid").write_text(stale)
    (home / "postgres/socket/.s.PGSQL.5432.lock").write_text(stale)

    assert attach(home) is None
    assert not postgres.running()
    postgres.stop()
    assert postgres.start() == url
    assert notes(url) == ["kept"]
    postgres.stop()
    assert sleeper.status() == psutil.STATUS_SLEEPING


def test_a_home_copied_while_its_server_runs_does_not_take_that_server(place: Path, home: Path) -> None:
    with EmbeddedPostgres(home) as original:
        write_note(original.start(), "original")
        subprocess.run(
            ["cp", "-a", "home", "copy"],
            cwd=place,
            check=True,
            stderr=subprocess.DEVNULL,
        )
        with EmbeddedPostgres(place / "copy") as copy:
            write_note(copy.start(), "copy")
            assert notes(copy.start()) == ["original", "copy"]
        assert notes(original.start()) == ["original"]


def test_a_home_renamed_while_its_server_runs_gets_no_second_one(place: Path, home: Path) -> None:
    """The server is known again by its working folder. Root in a container may not read that, as a rule;
    there PostgreSQL itself refuses the second server."""
    EmbeddedPostgres(home).start()
    server = psutil.Process(postmaster_pid(home / "postgres"))
    renamed = EmbeddedPostgres(home.rename(place / "renamed"), start_timeout=1)
    if working_folder_of(server):
        assert renamed.running()
        renamed.stop()
        assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    else:
        with pytest.raises(PostgresNotStarted, match="pre-existing shared memory block"):
            renamed.start()
        server.send_signal(signal.SIGINT)
        wait_until(lambda: server.status() == psutil.STATUS_ZOMBIE)


def test_an_empty_process_id_file_is_no_server(home: Path) -> None:
    (home / "postgres/data/postmaster.pid").write_text("")
    assert attach(home) is None
    with EmbeddedPostgres(home) as postgres:
        assert postgres.running()


def test_a_first_start_cut_short_begins_again(new_home: Path) -> None:
    (new_home / "postgres/data.new/base").mkdir(parents=True)
    with EmbeddedPostgres(new_home) as postgres:
        write_note(postgres.start(), "made anew")
    assert not (new_home / "postgres/data.new").exists()


def test_a_server_that_a_fast_shutdown_does_not_end_is_ended_at_once_and_loses_nothing(home: Path) -> None:
    postgres = EmbeddedPostgres(home, stop_timeout=0.3)
    url = postgres.start()
    write_note(url, "committed")
    with psycopg.connect(url) as connection, ThreadPoolExecutor(1) as pool:
        stuck = psutil.Process(connection.info.backend_pid)
        stuck.suspend()
        stop = pool.submit(postgres.stop)
        wait_until(lambda: "received immediate shutdown request" in postgres.log.read_text())
        stuck.resume()
        stop.result()
    assert not postgres.running()
    assert postgres.start() == url
    assert notes(url) == ["committed"]
    postgres.stop()


def test_the_log_does_not_grow_for_ever(home: Path) -> None:
    postgres = EmbeddedPostgres(home)
    postgres.start()
    with postgres.log.open("a") as log:
        log.writelines(f"line {number} of what a server may say\n" for number in range(60_000))
    postgres.stop()
    kept = postgres.log.read_text().splitlines()
    assert postgres.log.stat().st_size < 300_000
    assert re.fullmatch(r"line \d+ of what a server may say", kept[0])
    assert kept[-1].endswith("LOG:  database system is shut down")


# Errors in plain words


def test_data_of_another_major_version_is_refused_with_the_way_out(home: Path) -> None:
    (home / "postgres/data/PG_VERSION").write_text("17\n")
    with pytest.raises(ClusterUnusable) as refusal:
        EmbeddedPostgres(home).start()
    assert str(refusal.value) == (
        f"The data in {home}/postgres/data was made by PostgreSQL 17; this Sparkops brings PostgreSQL 18,"
        " which cannot read it. Start the Sparkops that made it and save the database with `pg_dump`; then"
        " move that folder aside, start this one, and load the dump."
    )


def test_data_that_is_gone_is_not_replaced_by_an_empty_database(home: Path) -> None:
    shutil.rmtree(home / "postgres/data")
    with pytest.raises(ClusterUnusable) as refusal:
        EmbeddedPostgres(home).start()
    assert str(refusal.value) == (
        f"{home} keeps its database in {home}/postgres/data, and there is none. Put it back, or remove"
        f" {home}/postgres.json to begin with an empty database."
    )


def test_a_server_that_cannot_start_is_quoted(home: Path) -> None:
    (home / "postgres/data/global/pg_control").unlink()
    with pytest.raises(PostgresNotStarted) as refusal:
        EmbeddedPostgres(home).start()
    assert "postgres: could not find the database system" in refusal.value.log_tail
    assert str(refusal.value) == (
        f"Started PostgreSQL on {home}/postgres/data, and it ended with status 2. PostgreSQL's own words:\n"
        f"{refusal.value.log_tail}\n"
        f"Correct what it names and start again; the whole log is {home}/postgres.log."
    )


def test_a_home_that_cannot_be_written_is_named(place: Path) -> None:
    (place / "file").write_text("")
    for attempt in (EmbeddedPostgres(place / "file/home").start, HomeLock(place / "file/home").acquire):
        with pytest.raises(HomeUnusable) as refusal:
            attempt()
        assert str(refusal.value) == (
            f"Sparkops keeps its data in {place}/file/home, and the system says: [Errno 20] Not a directory:"
            f" '{place}/file/home'. Start it as the user that owns this folder, make room on the disk, or"
            " choose another folder with SPARKOPS_HOME."
        )
