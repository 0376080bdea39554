"""Sends bodies piece by piece, so that the biggest of them needs no memory."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Mapping

from aiohttp import web

from playground.jenkins.generated import MadeFile

log = logging.getLogger(__name__)

SMALL = 1024 * 1024
"""Bytes up to which a body is sent at once, with its length."""


async def streamed(
    request: web.Request, pieces: Iterable[bytes], headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send text of unknown length; a HEAD gets the headers only, and nothing is made for it."""
    if request.method == "HEAD":
        return web.Response(headers=headers)
    rest = iter(pieces)
    head = bytearray()
    for piece in rest:
        head += piece
        if len(head) > SMALL:
            break
    else:
        return web.Response(body=bytes(head), headers=headers)
    response = web.StreamResponse(headers=headers)
    return await _sent(request, response, itertools.chain((bytes(head),), rest))


async def file_content(request: web.Request, content: bytes | MadeFile) -> web.StreamResponse:
    """Send a file, or the one range of it that was asked for."""
    size = content.size if isinstance(content, MadeFile) else len(content)
    start, end = _range(request, size)
    headers = {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
    }
    partial = (start, end) != (0, size)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    made = content.read(start, end) if isinstance(content, MadeFile) else iter((content[start:end],))
    return await _sent(request, response, () if request.method == "HEAD" else made)


async def _sent(
    request: web.Request, response: web.StreamResponse, pieces: Iterable[bytes]
) -> web.StreamResponse:
    """Write until the end, or until the reader has had enough and hangs up, which is his right."""
    await response.prepare(request)
    try:
        for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionResetError:
        log.debug("%s %s: the reader hung up", request.method, request.path)
    return response


def _range(request: web.Request, size: int) -> tuple[int, int]:
    """The first byte and the one after the last; the whole file where the Range makes no sense."""
    try:
        asked = request.http_range
    except ValueError:
        return 0, size
    start, end, _ = slice(asked.start, asked.stop).indices(size)
    return (start, end) if start < end else (0, size)
