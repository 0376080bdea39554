"""Renders pipelines as the Stage View plugin's `wfapi` does. Pure.

Shapes: pipeline-rest-api-plugin, as a Jenkins 2.463 answered.
"""

from __future__ import annotations

from html import escape

from playground.jenkins.parameters import Kind, ParameterDefinition
from playground.jenkins.tree import Json
from playground.jenkins.world import Build, FlowNode

LOG_LIMIT = 150 * 1024
"""Characters of a node's log that `wfapi/log` gives; the rest is cut from the front."""

_RUN_STATUS = {"FAILURE": "FAILED", "NOT_BUILT": "NOT_EXECUTED"}


def run_status(build: Build) -> str:
    """The `wfapi` word for where a build is."""
    if build.pending is not None:
        return "PAUSED_PENDING_INPUT"
    if build.building or build.result is None:
        return "IN_PROGRESS"
    return _RUN_STATUS.get(build.result, build.result)


def describe_run(build: Build, now: int, context: str) -> dict[str, Json]:
    """`wfapi/describe` of a build at `now` (epoch milliseconds); `context` is the path of Jenkins."""
    first = next(iter(build.nodes.values()), None)
    start = build.started if first is None else first.started
    end = build.ended if build.ended is not None else now
    base = f"{context}{build.path}"
    links: dict[str, Json] = {"self": {"href": f"{base}wfapi/describe"}}
    if build.pending is not None:
        links["pendingInputActions"] = {"href": f"{base}wfapi/pendingInputActions"}
        links["nextPendingInputAction"] = {"href": f"{base}wfapi/nextPendingInputAction"}
    if build.artifacts:
        links["artifacts"] = {"href": f"{base}wfapi/artifacts"}
    return {
        "_links": links,
        "id": str(build.number),
        "name": f"#{build.number}",
        "status": run_status(build),
        "startTimeMillis": start,
        "endTimeMillis": end,
        "durationMillis": end - start,
        "queueDurationMillis": start - build.started,
        "pauseDurationMillis": 0,
        "stages": [_stage(build, node, now, base) for node in build.nodes.values() if node.parent is None],
    }


def describe_runs(builds: list[Build], now: int, context: str) -> list[Json]:
    """`wfapi/runs`: the newest ten of the given builds, newest first."""
    return [describe_run(build, now, context) for build in reversed(builds[-10:])]


def describe_node(build: Build, node: FlowNode, now: int, context: str) -> dict[str, Json]:
    """`execution/node/N/wfapi/describe` of a stage with its steps, or of one step."""
    base = f"{context}{build.path}"
    if node.parent is not None:
        return _step(node, now, base)
    steps: list[Json] = [_step(step, now, base) for step in build.nodes.values() if step.parent == node.id]
    return {**_stage(build, node, now, base), "stageFlowNodes": steps}


def node_log(build: Build, node: FlowNode, context: str) -> dict[str, Json]:
    """`execution/node/N/wfapi/log`: the step's own output, escaped for HTML, its tail when it is long."""
    text = escape("".join(line + "\n" for line in node.lines), quote=False)
    return {
        "nodeId": node.id,
        "nodeStatus": node.status,
        "length": len(text),
        "hasMore": len(text) > LOG_LIMIT,
        "text": text[-LOG_LIMIT:],
        "consoleUrl": f"{context}{build.path}execution/node/{node.id}/log",
    }


def pending_inputs(build: Build, context: str) -> list[Json]:
    """`wfapi/pendingInputActions`: the open question, if there is one."""
    if build.pending is None:
        return []
    request = build.pending.request
    base = f"{context}{build.path}"
    return [
        {
            "id": request.id,
            "proceedText": request.proceed_text,
            "message": request.message,
            "inputs": [_input(definition) for definition in request.definitions],
            "proceedUrl": f"{base}wfapi/inputSubmit?inputId={request.id}",
            "abortUrl": f"{base}input/{request.id}/abort",
            "redirectApprovalUrl": f"{base}input/",
        }
    ]


def artifacts(build: Build, context: str) -> list[Json]:
    """`wfapi/artifacts`; sizes in bytes."""
    return [
        {
            "id": f"n{index}",
            "name": artifact.name,
            "path": artifact.path,
            "url": f"{context}{build.path}artifact/{artifact.path}",
            "size": artifact.size,
        }
        for index, artifact in enumerate(build.artifacts, start=1)
    ]


def _stage(build: Build, node: FlowNode, now: int, base: str) -> dict[str, Json]:
    return _timed(node, now, {"self": {"href": f"{base}execution/node/{node.id}/wfapi/describe"}})


def _step(node: FlowNode, now: int, base: str) -> dict[str, Json]:
    own = f"{base}execution/node/{node.id}/"
    links: dict[str, Json] = {
        "self": {"href": f"{own}wfapi/describe"},
        "log": {"href": f"{own}wfapi/log"},
        "console": {"href": f"{own}log"},
    }
    described = _timed(node, now, links)
    if node.argument:
        described["parameterDescription"] = node.argument
    return {**described, "parentNodes": [node.parent]}


def _timed(node: FlowNode, now: int, links: dict[str, Json]) -> dict[str, Json]:
    end = node.ended if node.ended is not None else now
    paused = node.paused + (end - node.paused_since if node.paused_since is not None else 0)
    described: dict[str, Json] = {
        "_links": links,
        "id": node.id,
        "name": node.name,
        "execNode": "",
        "status": node.status,
    }
    if node.error is not None:
        described["error"] = {"message": node.error, "type": "hudson.AbortException"}
    return {
        **described,
        "startTimeMillis": node.started,
        "durationMillis": end - node.started,
        "pauseDurationMillis": paused,
    }


def _input(definition: ParameterDefinition) -> dict[str, Json]:
    default = definition.default_value().value
    shown: dict[str, Json] = {"defaultVal": default if default != "" else None}
    if definition.kind is Kind.CHOICE:
        shown["choices"] = list(definition.choices)
    described: dict[str, Json] = {
        "type": f"{definition.kind}ParameterDefinition",
        "name": definition.name,
        "definition": shown,
    }
    if definition.description:
        described["description"] = definition.description
    return described
