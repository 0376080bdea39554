"""As the Outbound WebHook plugin does it: freestyle builds only, and an aborted one just never ends. Pure.

Format: jenkinsci/outbound-webhook-plugin.
"""

from __future__ import annotations

from playground.jenkins.happenings import BuildMoved, Happening
from playground.jenkins.senders.message import Message, Scene, open_parameters
from playground.jenkins.tree import Json
from playground.jenkins.world import Build

_EVENTS = {"SUCCESS": "success", "FAILURE": "failure", "UNSTABLE": "unstable"}


def outbound_webhook(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """`start`, then `success`, `failure` or `unstable`."""
    if not isinstance(happening, BuildMoved) or happening.build.job.kind != "freestyle":
        return ()
    build = happening.build
    event = _event(build, happening.phase)
    if event is None:
        return ()
    url = scene.world.url(build.path)
    variables = ", ".join(f"{name}={value}" for name, value in open_parameters(build).items())
    body: dict[str, Json] = {
        "buildName": f"#{build.number}",
        "buildUrl": url,
        "event": event,
        "projectName": build.job.name,
        "buildVars": f"{{{variables}}}",
    }
    return (Message(happening.phase, url, body),)


def _event(build: Build, phase: str) -> str | None:
    if phase == "STARTED":
        return "start"
    return _EVENTS.get(build.result or "") if phase == "COMPLETED" else None
