"""The reports in `reports/<sender>/<name>.json`, and what each is expected to be read as.

A fixture holds the headers and the body as the sender's plugin writes them; `<name>.expected.json` beside it the
event without its empty fields, and the text a subscribed room sees, where it sees one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integrations.jenkins import events, render
from integrations.jenkins.events import BuildEvent, Event, InputEvent, Unknown
from integrations.jenkins.events.addresses import absolute
from integrations.jenkins.relay.noise import Past

ROOT = "https://ci.example.net/jenkins/"
"""Where the fixtures' Jenkins is, as the bot is told by JENKINS_URL."""
FOLDER = Path(__file__).parent / "reports"
_EXPECTED = ".expected.json"


@dataclass(frozen=True)
class Fixture:
    """One report, by the name `<sender>/<name>`."""

    name: str

    @property
    def _stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = json.loads((FOLDER / f"{self.name}.json").read_text())
        return stored

    @property
    def headers(self) -> dict[str, str]:
        """The headers as they are sent."""
        headers: dict[str, str] = self._stored["headers"]
        return headers

    @property
    def body(self) -> Any:
        """The body, decoded."""
        return self._stored["body"]

    @property
    def expected(self) -> dict[str, Any]:
        """The event and the text."""
        expected: dict[str, Any] = json.loads((FOLDER / f"{self.name}{_EXPECTED}").read_text())
        return expected

    def read(self) -> Event:
        """The event it is read as."""
        return read(self.body, self.headers)

    def read_with(self, headers: dict[str, str]) -> Event:
        """The event its body is read as with other headers."""
        return read(self.body, headers)

    def __str__(self) -> str:
        return self.name


def all_fixtures() -> list[Fixture]:
    """Every fixture there is, in the order of their names."""
    paths = sorted(path for path in FOLDER.rglob("*.json") if not path.name.endswith(_EXPECTED))
    return [Fixture(str(path.relative_to(FOLDER).with_suffix(""))) for path in paths]


def read(body: Any, headers: dict[str, str] | None = None) -> Event:
    """The event this body is read as."""
    return events.read(json.dumps(body).encode(), headers or {})


def build(body: Any, headers: dict[str, str] | None = None) -> BuildEvent:
    """The same, where it must be a build's."""
    event = read(body, headers)
    assert isinstance(event, BuildEvent), event
    return event


def outcome(event: Event) -> dict[str, Any]:
    """As `.expected.json` has it: rooms hear of finished builds and of questions, owners of what is unknown."""
    shown: dict[str, Any] = {"event": _told_fields(event)}
    match event:
        case BuildEvent() if event.finished:
            url = absolute(ROOT, event.url)
            shown["room"] = render.event(render.Told(event, Past().change(event.result), url=url))
        case InputEvent():
            shown["room"] = render.question_told(event)
        case Unknown():
            shown["owners"] = render.unknown_report(event)
    return shown


def _told_fields(event: Event) -> dict[str, Any]:
    fields = event.model_dump(mode="json", exclude_defaults=True)
    return {"type": event.type, **fields}
