"""Small programs for the engines to run, and the real ones, which a laptop may lack and CI may not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.stacks.engines.process import Call, Ended, Stop, Watch, environment, run


def needed(program: str, how: str) -> str:
    """The path of a program; without it a test is skipped on a laptop, and fails where CI=true."""
    beside = Path(sys.executable).parent / program
    found = shutil.which(program) or (str(beside) if beside.exists() else None)
    if found is None:
        message = f"{program} is not installed ({how})."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def python(folder: Path, program: str, *arguments: str, label: str = "test", grace: float = 20.0) -> Call:
    """A call of a Python program."""
    return Call(
        argv=(sys.executable, "-I", "-S", "-c", program, *arguments),
        folder=folder,
        private=folder,
        label=label,
        environment=environment(os.environ),
        grace=grace,
    )


def once(said: Callable[[], bool], stop: Stop = Stop.GENTLY) -> Callable[[], Stop]:
    """Wishes it stopped as soon as something is so."""
    return lambda: stop if said() else Stop.NO


def lines_of(call: Call, **watch: object) -> tuple[Ended, list[str]]:
    """Run it; returns how it ended and what it said."""
    lines: list[str] = []
    ended = run(call, Watch(line=lines.append, **watch))  # type: ignore[arg-type]
    return ended, lines
