"""The remote API of jobs and folders: look, trigger, enable, disable, rename."""

from __future__ import annotations

from aiohttp import web

from playground.jenkins import pages
from playground.jenkins.causes import Cause
from playground.jenkins.happenings import ItemChanged
from playground.jenkins.parameters import ParameterValue, values_for
from playground.jenkins.paths import job_path
from playground.jenkins.pipeline import describe_runs
from playground.jenkins.rest import Ask, Routes, api, as_json
from playground.jenkins.world import Folder, Job, NameTaken


class InvalidDelay(ValueError):
    """A `delay` that is no time span; Jenkins answers it with a 500."""


def parse_delay(text: str) -> float:
    """Seconds of a `delay` such as `0sec`; a bare number is milliseconds (jenkins.util.TimeDuration).

    Raises InvalidDelay.
    """
    number, unit = text.strip(), 0.001
    for suffix in ("secs", "sec"):
        if number.endswith(suffix):
            number, unit = number.removesuffix(suffix).strip(), 1.0
            break
    if not number.isdecimal():
        raise InvalidDelay(f"Invalid time duration value: {text}")
    return int(number) * unit


async def _build(ask: Ask, job: Job) -> web.StreamResponse:
    refusal = await _refusal(ask, job)
    if refusal is not None:
        return refusal
    if job.parameters:
        return pages.servlet_error(ask.request, 400, "Nothing is submitted")
    return await _schedule(ask, job, ())


async def _build_with_parameters(ask: Ask, job: Job) -> web.StreamResponse:
    refusal = await _refusal(ask, job)
    if refusal is not None:
        return refusal
    if not job.parameters:
        return pages.oops(ask.session, "This build is not parameterized!")
    return await _schedule(ask, job, values_for(job.parameters, await ask.submitted()))


async def _refusal(ask: Ask, job: Job) -> web.Response | None:
    """Why a trigger goes no further: a job that is disabled, a wrong token, a GET without the token.

    Source: hudson.model.BuildAuthorizationToken.checkPermission; only a job with a token of its own minds one.
    """
    token = await ask.field("token") if job.auth_token is not None else None
    if token is not None and token != job.auth_token:
        return pages.servlet_error(ask.request, 403, "Invalid token provided.")
    if token is None and ask.request.method != "POST":
        return pages.post_required(ask.session)
    return pages.not_buildable(ask.session, job) if job.disabled else None


async def _cause(ask: Ask, job: Job) -> Cause:
    """Who started it: with the job's token a remote host and its `cause`, else the caller."""
    if job.auth_token is None or await ask.field("token") is None:
        return Cause.by_user(ask.user)
    return Cause.by_remote(ask.request.remote or "unknown", await ask.field("cause"))


async def _schedule(ask: Ask, job: Job, parameters: tuple[ParameterValue, ...]) -> web.Response:
    """201 and the new queue item's address, or 303 and that of the waiting item it joined (measured)."""
    text = await ask.field("delay")
    delay = None if text is None else parse_delay(text)
    item, new = ask.controller.queue.schedule(job, parameters, await _cause(ask, job), delay=delay)
    location = ask.controller.world.url(f"queue/item/{item.id}/")
    headers = {"Location": location, "X-Content-Type-Options": "nosniff"}
    return web.Response(status=201 if new else 303, headers=headers)


async def _runs(ask: Ask, job: Job) -> web.StreamResponse:
    """`wfapi/runs`, with `since=#N` from that build on."""
    if job.kind != "pipeline":
        return pages.not_found(ask.session)
    since = ask.request.query.get("since", "").removeprefix("#")
    first = int(since) if since.isdecimal() else 0
    builds = [build for build in job.builds if build.number >= first]
    return as_json(describe_runs(builds, ask.controller.clock.now(), ask.controller.context))


async def _enable(ask: Ask, job: Job) -> web.StreamResponse:
    return _switch(ask, job, disabled=False)


async def _disable(ask: Ask, job: Job) -> web.StreamResponse:
    return _switch(ask, job, disabled=True)


def _switch(ask: Ask, job: Job, *, disabled: bool) -> web.Response:
    job.disabled = disabled
    ask.controller.tell(ItemChanged(job, "updated", ask.user))
    return _to_job(ask, job)


def _to_job(ask: Ask, job: Job) -> web.Response:
    return web.Response(status=302, headers={"Location": ask.controller.world.url(job.path)})


async def _rename(ask: Ask, job: Job) -> web.StreamResponse:
    """302 to the new address; the old one is 404 from then on, without a redirect (measured)."""
    name = await ask.field("newName")
    if not name or any(mark in name for mark in "%&/"):
        return pages.servlet_error(ask.request, 400, f"{name!r} is an unsafe name")
    try:
        old_name = ask.controller.world.rename(job, name)
    except NameTaken as error:
        return pages.servlet_error(ask.request, 400, str(error))
    ask.controller.tell(ItemChanged(job, "locationChanged", ask.user, old_name))
    return _to_job(ask, job)


async def _delete(ask: Ask, item: Job | Folder) -> web.StreamResponse:
    """302 to what the deleted thing lay in."""
    parent = item.full_name.rpartition("/")[0]
    ask.controller.delete(item, ask.user)
    path = job_path(parent) if parent else ""
    return web.Response(status=302, headers={"Location": ask.controller.world.url(path)})


async def _job_page(ask: Ask, job: Job) -> web.StreamResponse:
    return pages.job_page(ask.session, job, ask.controller.context)


async def _job_info(ask: Ask, job: Job) -> web.StreamResponse:
    return api(ask, ask.controller.exports.job(job))


async def _folder_page(ask: Ask, folder: Folder) -> web.StreamResponse:
    items = ask.controller.world.children(folder.full_name)
    return pages.listing(ask.session, folder.full_display_name, items, ask.controller.context)


async def _folder_info(ask: Ask, folder: Folder) -> web.StreamResponse:
    return api(ask, ask.controller.exports.folder(folder))


async def _folder_view(ask: Ask, folder: Folder) -> web.StreamResponse:
    return api(ask, ask.controller.exports.view(folder.full_name, folder.path))


FOLDER: Routes[Folder] = {
    ("GET", ""): _folder_page,
    ("GET", "api/json"): _folder_info,
    ("GET", "view/all/api/json"): _folder_view,
    ("POST", "doDelete"): _delete,
}

JOB: Routes[Job] = {
    ("GET", ""): _job_page,
    ("GET", "api/json"): _job_info,
    ("GET", "wfapi/runs"): _runs,
    ("POST", "build"): _build,
    ("POST", "buildWithParameters"): _build_with_parameters,
    ("GET", "build"): _build,
    ("GET", "buildWithParameters"): _build_with_parameters,
    ("POST", "enable"): _enable,
    ("POST", "disable"): _disable,
    ("POST", "doRename"): _rename,
    ("POST", "doDelete"): _delete,
}
