"""As the Notification plugin does it. `name` is the short name; only `url` tells the folder. Pure.

Format: jenkinsci/notification-plugin, model serialised with Gson (nulls left out).
"""

from __future__ import annotations

from playground.jenkins.happenings import BuildMoved, BuildPhase, Happening
from playground.jenkins.senders.message import Message, Scene, moment, open_parameters, repository
from playground.jenkins.tree import Json
from playground.jenkins.world import Build, TestResults


def notification_plugin(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """Four phases of every build, and nothing else."""
    if not isinstance(happening, BuildMoved):
        return ()
    build = happening.build
    body = payload(scene, build, happening.phase)
    return (Message(happening.phase, scene.world.url(build.path), body),)


def payload(scene: Scene, build: Build, phase: BuildPhase) -> dict[str, Json]:
    """The body of one notification."""
    ended = phase in ("COMPLETED", "FINALIZED")
    state: dict[str, Json] = {
        "full_url": scene.world.url(build.path),
        "number": build.number,
        "queue_id": build.queue_id,
        "timestamp": moment(scene, build, phase),
        "duration": build.duration if ended else 0,
        "phase": phase,
    }
    if ended:
        state["status"] = build.result
    state |= {"url": build.path, "scm": _scm(build)}
    if build.parameters:
        state["parameters"] = open_parameters(build)
    state |= {"log": build.log.tail(scene.log_lines), "notes": ""}
    if build.tests is not None:
        state["test_summary"] = _test_summary(build.tests)
    state["artifacts"] = {
        artifact.path: {"archive": scene.world.url(f"{build.path}artifact/{artifact.path}")}
        for artifact in build.artifacts
    }
    name = build.job.name
    return {"name": name, "display_name": name, "url": build.job.path, "build": state}


def _scm(build: Build) -> dict[str, Json]:
    """What the plugin knows of the commits: for a pipeline it never finds any."""
    known = repository(build)
    if known is None:
        return {"changes": [], "culprits": []}
    return {
        **known,
        "changes": [path for change in build.changes for path in change.files],
        "culprits": list(dict.fromkeys(change.author for change in build.changes)),
    }


def _test_summary(tests: TestResults) -> dict[str, Json]:
    return {
        "total": len(tests.cases),
        "failed": tests.count("FAILED"),
        "passed": tests.count("PASSED"),
        "skipped": tests.count("SKIPPED"),
        "failed_tests": [f"{case.class_name}.{case.name}" for case in tests.cases if case.status == "FAILED"],
    }
