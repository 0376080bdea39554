"""What a stack's files are at a moment, as one hash: approvals are bound to it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from integrations.stacks.errors import SourceRefused

LEFT_OUT = frozenset({".git", ".terraform", "__pycache__"})
"""Folders that belong to no source: they are made by the programs that work on it."""
MOST_FILES = 10_000
MOST_BYTES = 200_000_000
_LABEL = b"sparkops stack revision 1\0"


def inside(path: Path, root: Path) -> bool:
    """Whether a path, once all links are followed, lies in a folder or is it."""
    return path.resolve().is_relative_to(root.resolve())


def files_of(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder, in the order of their paths, without what belongs to no source.

    Raises SourceRefused for more than is taken, for links that lead out, and for what is no file.
    """
    count = size = 0
    for path in _walk(folder):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) and not inside(path, folder):
            raise _refused(folder, f"the link {path.relative_to(folder)} leads out of it")
        if not (stat.S_ISLNK(mode) or stat.S_ISREG(mode)):
            raise _refused(folder, f"{path.relative_to(folder)} is neither a file nor a link")
        count, size = count + 1, size + path.lstat().st_size
        if count > MOST_FILES or size > MOST_BYTES:
            raise _refused(folder, f"it has more than {MOST_FILES:,} files or {MOST_BYTES // 1_000_000} MB")
        yield path


def revision_of(*folders: Path) -> str:
    """The SHA-256 over paths, kinds, executable bits and contents of the folders' files, as 64 hexadecimal digits.

    Raises SourceRefused as `files_of` does, and for what cannot be read.
    """
    digest = hashlib.sha256(_LABEL)
    for folder in folders:
        digest.update(b"\0\0folder\0")
        for path in files_of(folder):
            digest.update(_entry(folder, path))
    return digest.hexdigest()


def _entry(folder: Path, path: Path) -> bytes:
    """One file: each part is hashed for itself, so that no two different ones look the same side by side."""
    try:
        if path.is_symlink():
            kind, content = b"link", os.fsencode(path.readlink())
        else:
            kind = b"program" if path.stat().st_mode & stat.S_IXUSR else b"file"
            content = path.read_bytes()
    except OSError as error:
        raise _refused(folder, f"{path.relative_to(folder)} cannot be read: {error.strerror}") from error
    parts = (os.fsencode(path.relative_to(folder)), kind, content)
    return b"".join(hashlib.sha256(part).digest() for part in parts)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT or _is_state(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _is_state(name: str) -> bool:
    """Terraform's own leavings of somebody who tried it by hand; they may hold secrets."""
    return name.endswith(".tfstate") or ".tfstate." in name or name == "crash.log"


def _refused(folder: Path, why: str) -> SourceRefused:
    return SourceRefused(f"reading the source {folder.name}", why)
