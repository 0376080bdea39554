"""The remote API of builds: look, read the log, stop, stages, questions, tests, artifacts."""

from __future__ import annotations

import json
from html import escape

from aiohttp import web

from playground.jenkins import pages, pipeline
from playground.jenkins.causes import Cause
from playground.jenkins.executors import Interruption
from playground.jenkins.happenings import InputChanged
from playground.jenkins.junit_beans import report_bean
from playground.jenkins.parameters import IllegalParameterValue, ParameterValue
from playground.jenkins.rest import Ask, Routes, api, as_json
from playground.jenkins.streams import file_content, streamed
from playground.jenkins.world import Build, PendingInput


async def _page(ask: Ask, build: Build) -> web.StreamResponse:
    return pages.build_page(ask.session, build, ask.controller.context)


async def _info(ask: Ask, build: Build) -> web.StreamResponse:
    return api(ask, ask.controller.exports.build(build))


async def _progressive_text(ask: Ask, build: Build) -> web.StreamResponse:
    """The log from a byte offset on; only X-Text-Size and X-More-Data tell where the next part begins."""
    progress = build.log.progressive(int(ask.request.query.get("start", "0")), build.building)
    headers = {
        "Content-Type": "text/plain;charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "X-Text-Size": str(progress.next_start),
    }
    if progress.more:
        headers["X-More-Data"] = "true"
    return await streamed(ask.request, progress.body, headers)


async def _console_text(ask: Ask, build: Build) -> web.StreamResponse:
    headers = {"Content-Type": "text/plain;charset=UTF-8", "X-Content-Type-Options": "nosniff"}
    return await streamed(ask.request, build.log.read(), headers)


async def _stop(ask: Ask, build: Build) -> web.StreamResponse:
    ask.controller.executors.stop(build, ask.user)
    return _to_build(ask, build)


async def _term(ask: Ask, build: Build) -> web.StreamResponse:
    """Pipelines only, like `kill`: ends what `stop` could not."""
    if build.job.kind != "pipeline":
        return pages.not_found(ask.session)
    ask.controller.executors.interrupt(build, Interruption("Terminating"))
    return _to_build(ask, build)


async def _kill(ask: Ask, build: Build) -> web.StreamResponse:
    if build.job.kind != "pipeline":
        return pages.not_found(ask.session)
    ask.controller.executors.interrupt(build, Interruption("Hard kill!"))
    return _to_build(ask, build)


def _to_build(ask: Ask, build: Build) -> web.Response:
    return web.Response(status=302, headers={"Location": ask.controller.world.url(build.path)})


async def _test_report(ask: Ask, build: Build) -> web.StreamResponse:
    report = report_bean(build)
    return pages.not_found(ask.session) if report is None else api(ask, report)


async def _artifact(ask: Ask, build: Build) -> web.StreamResponse:
    for artifact in build.artifacts:
        if artifact.path == ask.captured[0]:
            return await file_content(ask.request, artifact.content)
    return pages.not_found(ask.session)


async def _rebuild(ask: Ask, build: Build) -> web.StreamResponse:
    """Run a pipeline again as it was, parameters included; 302 to the job, without the new number (measured)."""
    job = build.job
    if job.kind != "pipeline":
        return pages.not_found(ask.session)
    if job.disabled:
        return pages.not_buildable(ask.session, job)
    causes = (Cause.by_user(ask.user), Cause.by_replay(build.number))
    ask.controller.queue.schedule(
        job, build.parameters, *causes, delay=0.0, changes=build.changes, joinable=False
    )
    return web.Response(status=302, headers={"Location": ask.controller.world.url(job.path)})


async def _delete(ask: Ask, build: Build) -> web.StreamResponse:
    """Throw a build away; its number is not given again. 302 to the job."""
    ask.controller.delete_build(build)
    return web.Response(status=302, headers={"Location": ask.controller.world.url(build.job.path)})


async def _describe_build(ask: Ask, build: Build) -> web.StreamResponse:
    """`submitDescription` of hudson.model.Run: the form's description, empty for none."""
    build.description = await ask.field("description")
    return _to_build(ask, build)


async def _describe(ask: Ask, build: Build) -> web.StreamResponse:
    if build.job.kind != "pipeline":
        return pages.not_found(ask.session)
    return as_json(pipeline.describe_run(build, ask.controller.clock.now(), ask.controller.context))


async def _describe_node(ask: Ask, build: Build) -> web.StreamResponse:
    node = build.nodes.get(ask.captured[0])
    if node is None:
        return pages.not_found(ask.session)
    now = ask.controller.clock.now()
    return as_json(pipeline.describe_node(build, node, now, ask.controller.context))


async def _node_log(ask: Ask, build: Build) -> web.StreamResponse:
    node = build.nodes.get(ask.captured[0])
    if node is None:
        return pages.not_found(ask.session)
    return as_json(pipeline.node_log(build, node, ask.controller.context))


async def _node_console(ask: Ask, build: Build) -> web.StreamResponse:
    node = build.nodes.get(ask.captured[0])
    if node is None:
        return pages.not_found(ask.session)
    return pages.node_log_page(ask.session, build, node)


async def _artifacts(ask: Ask, build: Build) -> web.StreamResponse:
    return as_json(pipeline.artifacts(build, ask.controller.context))


async def _pending_inputs(ask: Ask, build: Build) -> web.StreamResponse:
    return as_json(pipeline.pending_inputs(build, ask.controller.context))


async def _next_pending_input(ask: Ask, build: Build) -> web.StreamResponse:
    pending = pipeline.pending_inputs(build, ask.controller.context)
    return as_json(pending[0] if pending else None)


async def _submit_input(ask: Ask, build: Build) -> web.StreamResponse:
    """Approve with values: form field `json` as `{"parameter": [{"name": …, "value": …}]}`.

    A second answer is a 500 (measured), and so is a value outside the choices.
    """
    pending = _pending(build, await ask.field("inputId") or "")
    values = submitted_values(pending, await ask.field("json") or "{}")
    return _approve(ask, build, pending, values) or web.Response(status=200)


async def _proceed_empty(ask: Ask, build: Build) -> web.StreamResponse:
    """Approve without values: the pipeline gets null for every one it asked for (measured)."""
    return _approve(ask, build, _pending(build, ask.captured[0]), None) or _to_build(ask, build)


async def _abort_input(ask: Ask, build: Build) -> web.StreamResponse:
    pending = _pending(build, ask.captured[0])
    ask.controller.executors.interrupt(build, Interruption(f"Rejected by {ask.user}"))
    ask.controller.tell(InputChanged(build, pending.request, "ABORTED", ask.user))
    return _to_build(ask, build)


def _approve(
    ask: Ask, build: Build, pending: PendingInput, values: tuple[ParameterValue, ...] | None
) -> web.Response | None:
    """Let the pipeline go on; the page of a refusal for one who is not among the submitters.

    Source: InputStepExecution.preSubmissionCheck of the pipeline-input-step plugin, whose Failure is a 400.
    """
    submitter = pending.request.submitter
    if submitter is not None and ask.user not in [name.strip() for name in submitter.split(",")]:
        return pages.page(
            ask.session, "Error", f"<p>You need to be {escape(submitter)} to submit this.</p>", 400
        )
    build.log.write_line(f"Approved by {ask.user}", note_before=ask.user)
    ask.controller.executors.answer(build, pending, values, ask.user)
    return None


def _pending(build: Build, input_id: str) -> PendingInput:
    pending = build.pending
    if pending is None or pending.request.id != input_id or pending.answer.done():
        raise IllegalParameterValue(f"Input {input_id!r} of {build.full_display_name} waits for no answer")
    return pending


def submitted_values(pending: PendingInput, text: str) -> tuple[ParameterValue, ...]:
    """The values of an answer. Raises IllegalParameterValue for a bad choice or for what is no such JSON."""
    definitions = {definition.name: definition for definition in pending.request.definitions}
    try:
        given = json.loads(text).get("parameter", [])
        named = [(str(entry["name"]), entry["value"]) for entry in given]
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise IllegalParameterValue(f"answering an input: {text!r} is no parameter form") from error
    return tuple(
        definitions[name].value_of([value if isinstance(value, str) else str(value).lower()])
        for name, value in named
        if name in definitions
    )


BUILD: Routes[Build] = {
    ("GET", ""): _page,
    ("GET", "console"): _page,
    ("GET", "api/json"): _info,
    ("GET", "logText/progressiveText"): _progressive_text,
    ("GET", "consoleText"): _console_text,
    ("POST", "stop"): _stop,
    ("POST", "term"): _term,
    ("POST", "kill"): _kill,
    ("POST", "replay/rebuild"): _rebuild,
    ("POST", "doDelete"): _delete,
    ("POST", "submitDescription"): _describe_build,
    ("GET", "testReport/api/json"): _test_report,
    ("GET", "artifact/**"): _artifact,
    ("GET", "wfapi"): _describe,
    ("GET", "wfapi/describe"): _describe,
    ("GET", "wfapi/artifacts"): _artifacts,
    ("GET", "wfapi/pendingInputActions"): _pending_inputs,
    ("GET", "wfapi/nextPendingInputAction"): _next_pending_input,
    ("POST", "wfapi/inputSubmit"): _submit_input,
    ("POST", "input/*/proceedEmpty"): _proceed_empty,
    ("POST", "input/*/abort"): _abort_input,
    ("GET", "execution/node/*/wfapi/describe"): _describe_node,
    ("GET", "execution/node/*/wfapi/log"): _node_log,
    ("GET", "execution/node/*/log"): _node_console,
}
