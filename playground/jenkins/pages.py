"""The HTML Jenkins answers with: two styles of error page, the boot page, plain pages for people."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from aiohttp import web

from playground.jenkins.node_beans import VERSION
from playground.jenkins.nodes import Node
from playground.jenkins.world import Build, FlowNode, Folder, Job

CONSOLE_SHOWN = 150 * 1024
"""Bytes of the console a page shows; of a longer one the end."""

_NO_CACHE = "no-cache,no-store,must-revalidate"

_GETTING_READY = """
    <!DOCTYPE html><html lang="en"><head><title>Starting Jenkins</title>
    <meta name="ROBOTS" content="NOFOLLOW"></head><body><div class="simple-page" role="main">
    <h1 class="loading">
                            Please wait while Jenkins is getting ready to work
                            <span>.</span><span>.</span><span>.</span></h1>
    <p class="restarting">Your browser will reload automatically when Jenkins is ready.</div></body></html>"""


def jenkins_headers(session: str) -> dict[str, str]:
    """What Jenkins sets on its own pages and on `api/json`, but not on errors of the servlet container."""
    return {"X-Hudson": "1.395", "X-Jenkins": VERSION, "X-Jenkins-Session": session}


def servlet_error(request: web.Request, status: int, message: str) -> web.Response:
    """An error of the servlet container (Jetty): no X-Jenkins headers, the message in title and table."""
    text = escape(message)
    body = (
        "<html>\n<head>\n"
        '<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n'
        f"<title>Error {status} {text}</title>\n</head>\n"
        f"<body><h2>HTTP ERROR {status} {text}</h2>\n<table>\n"
        f"<tr><th>URI:</th><td>{escape(request.path)}</td></tr>\n"
        f"<tr><th>STATUS:</th><td>{status}</td></tr>\n<tr><th>MESSAGE:</th><td>{text}</td></tr>\n"
        "<tr><th>SERVLET:</th><td>Stapler</td></tr>\n</table>\n</body>\n</html>\n"
    )
    return web.Response(
        status=status,
        body=body.encode("iso-8859-1", "xmlcharrefreplace"),
        headers={
            "Content-Type": "text/html;charset=iso-8859-1",
            "Cache-Control": "must-revalidate,no-cache,no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def page(session: str, title: str, content: str, status: int = 200) -> web.Response:
    """A page of Jenkins itself; `content` is HTML."""
    body = (
        "<!DOCTYPE html><html><head><meta charset='utf-8'>"
        f"<title>{escape(title)} [Jenkins]</title></head>\n<body><h1>{escape(title)}</h1>\n{content}\n"
        f"<footer>Jenkins {VERSION} (stand-in)</footer></body></html>\n"
    )
    headers = {
        **jenkins_headers(session),
        "Cache-Control": _NO_CACHE,
        "Expires": "0",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(status=status, text=body, content_type="text/html", charset="utf-8", headers=headers)


def not_found(session: str) -> web.Response:
    """404."""
    return page(session, "Not Found", "<p>This page may not exist, or you may not have permission.</p>", 404)


def oops(session: str, message: str) -> web.Response:
    """500, with a word on why that a real Jenkins shows only to administrators."""
    return page(
        session, "Oops!", f"<p>A problem occurred while processing the request: {escape(message)}</p>", 500
    )


def not_buildable(session: str, job: Job) -> web.Response:
    """409 for a disabled job."""
    return page(session, "Error", f"<p>{escape(job.full_name)} is not buildable</p>", 409)


def post_required(session: str) -> web.Response:
    """405 for a GET on something that acts."""
    return page(session, "Form post required", "<p>This URL requires POST</p>", 405)


def authentication_required(session: str) -> web.Response:
    """403 for the anonymous."""
    return page(
        session, "Authentication required", "<p>anonymous is missing the Overall/Read permission</p>", 403
    )


def getting_ready() -> web.Response:
    """503 while Jenkins boots: neither X-Jenkins nor Retry-After (measured)."""
    return web.Response(
        status=503,
        text=_GETTING_READY,
        content_type="text/html",
        charset="utf-8",
        headers={"Expires": "0", "Cache-Control": _NO_CACHE, "X-Content-Type-Options": "nosniff"},
    )


def listing(session: str, title: str, items: Sequence[Job | Folder], root_path: str) -> web.Response:
    """The jobs of a folder, for a person who followed a link."""
    rows = "".join(f"<li>{_link(root_path + item.path, item.name)}</li>" for item in items)
    return page(session, title, f"<ul>{rows}</ul>")


def job_page(session: str, job: Job, root_path: str) -> web.Response:
    """A job and its newest builds, for a person who followed a link."""
    rows = "".join(
        f"<li>{_link(root_path + build.path, f'#{build.number}')} {_state(build)}</li>"
        for build in reversed(job.builds[-30:])
    )
    return page(session, job.full_display_name, f"<p>{escape(job.description or '')}</p><ul>{rows}</ul>")


def build_page(session: str, build: Build, root_path: str) -> web.Response:
    """A build: how it stands, its stages, the end of its log, for a person who followed a link."""
    stages = "".join(
        f"<li>{escape(node.name)}: {escape(node.error or node.status)}</li>"
        for node in build.nodes.values()
        if node.parent is None
    )
    tail = b"".join(build.log.read(max(0, len(build.log) - CONSOLE_SHOWN)))
    log = escape(tail.decode(errors="replace"))
    job = _link(root_path + build.job.path, build.job.full_display_name)
    content = f"<p>{job}: {_state(build)}</p><ol>{stages}</ol><pre>{log}</pre>"
    return page(session, build.full_display_name, content)


def node_page(session: str, node: Node, running: Sequence[Build], root_path: str) -> web.Response:
    """A node and what runs on it, for a person who followed a link."""
    state = node.mark.description if node.mark is not None else "online" if node.online else "offline"
    rows = "".join(f"<li>{_link(root_path + build.path, build.full_display_name)}</li>" for build in running)
    return page(session, node.display_name, f"<p>{escape(state)}</p><ul>{rows}</ul>")


def node_log_page(session: str, build: Build, node: FlowNode) -> web.Response:
    """The output of one step, for a person who followed a link."""
    log = escape("\n".join(node.lines))
    return page(session, f"{build.full_display_name}: {node.name}", f"<pre>{log}</pre>")


def _state(build: Build) -> str:
    return "building" if build.building else str(build.result)


def _link(href: str, text: str) -> str:
    return f'<a href="{escape(href)}">{escape(text)}</a>'
