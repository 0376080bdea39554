"""Files that nobody else on the machine may read."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, content: str) -> Path:
    """A text file of mode 0600, made anew."""
    return write_private_bytes(path, content.encode())


def write_private_bytes(path: Path, content: bytes) -> Path:
    """A file of mode 0600, made anew."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
