"""Find the program that an engine needs, and check that its version is one that is wanted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from integrations.stacks.engines.model import Tool
from integrations.stacks.engines.process import environment
from integrations.stacks.errors import MissingProgram, WrongVersion
from integrations.stacks.spec.model import StackSpec

_VERSION = re.compile(r"\d+(?:\.\d+)+(?:[-+.]?[0-9A-Za-z]+)*")
_PATIENCE = 30.0
_ARGUMENTS = {"terraform": ("version", "-json"), "tofu": ("version", "-json"), "packer": ("version",)}
_HUSHED = {"CHECKPOINT_DISABLE": "1"}
"""HashiCorp's programs ask home for their newest version otherwise."""


def find_tool(spec: StackSpec, environ: Mapping[str, str]) -> Tool:
    """The first of a stack's programs that is there, in a version it takes.

    Looked for on the path, and beside the Python that the bot runs with. Raises MissingProgram and
    WrongVersion, which name the version that is wanted.
    """
    wanted = f"{' or '.join(spec.binaries)}{f' {spec.versions}' if spec.versions else ''}"
    attempted = f"looking for {wanted} for the stack {spec.name}"
    there = [(name, path) for name in spec.binaries if (path := path_of(name, environ))]
    if not there:
        raise MissingProgram(
            attempted,
            "it is not installed where the worker runs",
            "My operator installs it there; nothing was changed.",
        )
    found = [Tool(path, name, version_of(name, path, environ)) for name, path in there]
    for tool in found:
        if _is_wanted(tool.version, spec.versions):
            return tool
    here = " and ".join(f"{tool.name} {tool.version}" for tool in found)
    raise WrongVersion(attempted, f"there is {here}", "My operator installs another; nothing was changed.")


def version_of(name: str, path: str, environ: Mapping[str, str]) -> str:
    """What a program says its version is. Raises WrongVersion where it says none."""
    given = environment(environ, given=_HUSHED)
    return _asked(name, path, Path(path).stat().st_mtime_ns, tuple(sorted(given.items())))


@lru_cache(maxsize=32)
def _asked(name: str, path: str, _changed: int, given: tuple[tuple[str, str], ...]) -> str:
    """Asked once for as long as the program is the same."""
    command = [path, *_ARGUMENTS.get(name, ("--version",))]
    attempted = f"asking {name} for its version"
    try:
        asked = subprocess.run(
            command,
            env=dict(given),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WrongVersion(attempted, f"{type(error).__name__}: it gave no answer") from error
    said = _as_json(asked.stdout).get("terraform_version") or asked.stdout
    match = _VERSION.search(said)
    if asked.returncode != 0 or match is None:
        raise WrongVersion(attempted, f"it exited with {asked.returncode} and said {asked.stdout[:200]!r}")
    return match[0]


def path_of(name: str, environ: Mapping[str, str]) -> str | None:
    """Where a program is: on the path, or beside the Python that the bot runs with."""
    beside = Path(sys.executable).parent / name
    return shutil.which(name, path=environ.get("PATH")) or (str(beside) if beside.is_file() else None)


def _is_wanted(version: str, versions: str) -> bool:
    try:
        return SpecifierSet(versions, prereleases=True).contains(Version(version))
    except InvalidVersion:
        return not versions


def _as_json(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
