"""The answers of `answers/`: made for these tests, in the shapes in which NX-OS 7.0(3)I4 to 9.3(5) answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from integrations.switches.wire import read

FOLDER = Path(__file__).parent / "answers"


def body(name: str) -> Any:
    """What a switch said, taken out of its envelope as the client does it."""
    raw = (FOLDER / name).read_bytes()
    if ".body." in name:
        return json.loads(raw)
    (found,) = read("leaf01", 200, raw, ["show"])
    assert found.error is None
    return found.body
