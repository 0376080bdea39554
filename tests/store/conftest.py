"""Homes for the tests of the embedded PostgreSQL, and what must survive beside them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bot.store.embedded import (
    EmbeddedPostgres,
)
from tests.store.embedded_homes import (
    AS_ROOT,
    LENT_ACCOUNT,
    missing,
    open_folder,
)


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder that every account can reach; the servers of all homes in it are stopped at the end."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def new_home(place: Path) -> Path:
    """A home that does not exist yet."""
    return place / "home"


@pytest.fixture(scope="module")
def stopped_home() -> Iterator[Path]:
    """A home that was started and stopped once, to be copied: that is faster than to make each anew."""
    with open_folder() as folder:
        with EmbeddedPostgres(folder / "home"):
            pass
        yield folder / "home"


@pytest.fixture
def home(place: Path, stopped_home: Path) -> Path:
    """A home that was started and stopped before."""
    subprocess.run(["cp", "-a", str(stopped_home), str(place / "home")], check=True)
    return place / "home"


@pytest.fixture
def sleeper(place: Path) -> Iterator[psutil.Process]:
    """A foreign process of the account that the server has, with an id that can be looked up."""
    with subprocess.Popen(["sleep", "600"], user=LENT_ACCOUNT, cwd=place) as process:
        yield psutil.Process(process.pid)
        process.kill()


@pytest.fixture
def root() -> None:
    """For tests about root: what they need is missing for anybody else."""
    if not AS_ROOT:
        missing("this test is about root; run it as root")
