"""Jobs for the engines: a stack of a few files in a folder, ready to be planned."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from pydantic import SecretStr

from integrations.stacks.engines.model import Event, Job, Listener, StateAccess
from integrations.stacks.engines.process import Stop
from integrations.stacks.spec import StackSpec, Values

WITHOUT_OURS = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}


def job(
    folder: Path,
    files: Mapping[str, str],
    *,
    secrets: Mapping[str, str] | None = None,
    state: StateAccess | None = None,
    environ: Mapping[str, str] | None = None,
    spec: Mapping[str, Any] | None = None,
    **values: Any,
) -> Job:
    """A job in `folder` over these files; a second one with the same folder finds what the first has left."""
    source, private = folder / "source", folder / "private"
    source.mkdir(exist_ok=True)
    private.mkdir(mode=0o700, exist_ok=True)
    for name, content in files.items():
        (source / name).write_text(dedent(content))
    said = {"name": "eth", "engine": "terraform", "state": "bot" if state else "own"} | dict(spec or {})
    return Job(
        spec=StackSpec.model_validate(said),
        instance="main",
        folder=source,
        private=private,
        revision="0" * 64,
        values=Values(values, {name: SecretStr(value) for name, value in (secrets or {}).items()}),
        environ=WITHOUT_OURS | dict(environ or {}),
        state=state,
    )


class Hearing:
    """Keeps what happens; `until` wishes it stopped as soon as such an event has come."""

    def __init__(self, until: type[Event] | None = None, stop: Stop = Stop.GENTLY, text: str = "") -> None:
        self.events: list[Event] = []
        self.until = until
        self.how = stop
        self.text = text

    def stop(self) -> Stop:
        """As it is wished."""
        seen = self.until is not None and any(
            isinstance(each, self.until) and self.text in str(each) for each in self.events
        )
        return self.how if seen else Stop.NO

    @property
    def listener(self) -> Listener:
        """For the engine."""
        return Listener(self.events.append, self.stop)

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of a kind."""
        return [each for each in self.events if isinstance(each, kind)]
