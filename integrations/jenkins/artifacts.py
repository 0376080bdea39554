"""What a build archived: list it, and fetch one file of it, no larger than a room takes."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from urllib.parse import quote

from pydantic import Field

from integrations.jenkins.client import JenkinsClient, job_path, raw_path
from integrations.jenkins.errors import NotFound, Unreachable
from integrations.jenkins.model import Wire
from integrations.jenkins.transport import pieces

MOST_BYTES = 100_000_000
"""Webex takes files of up to 100 MB (developer.webex.com/docs/basics, "Message Attachments")."""

_SECONDS = 60.0
"""How long a file is waited for."""


class Artifact(Wire):
    """A file by its path in the archive; its size in bytes where Jenkins tells (for Pipelines)."""

    path: str = Field(alias="relativePath")
    size: int | None = None


class TooLarge(Exception):
    """The file is larger than a room takes; `size` in bytes where Jenkins told it beforehand."""

    def __init__(self, size: int | None) -> None:
        super().__init__(size)
        self.size = size


def artifacts(client: JenkinsClient, full_name: str, number: int) -> tuple[Artifact, ...]:
    """What a build archived, by path. Raises NotFound where there is no such build."""
    asked = f"asking Jenkins for the artifacts of {full_name} #{number}"
    data = client.info(asked, f"{raw_path(full_name, asked)}/{number}", "artifacts[relativePath]")
    found = client.typed(asked, lambda: [Artifact.model_validate(each) for each in data["artifacts"]])
    known = sizes(client, full_name, number) if found and "Workflow" in str(data.get("_class")) else {}
    sized = (each.model_copy(update={"size": known.get(each.path)}) for each in found)
    return tuple(sorted(sized, key=lambda each: each.path))


def sizes(client: JenkinsClient, full_name: str, number: int) -> dict[str, int]:
    """Sizes as the Stage View plugin knows them (the first hundred); none without that plugin."""

    asked = f"asking Jenkins for the sizes of the artifacts of {full_name} #{number}"
    url = f"{client.url}{job_path(full_name)}{number}/wfapi/artifacts"
    try:
        told = client.transport.get(url, asked)
    except NotFound:
        return {}
    return client.typed(asked, lambda: {str(each["path"]): int(each["size"]) for each in json.loads(told)})


def chosen(every: Sequence[Artifact], typed: str) -> tuple[Artifact, ...]:
    """Those meant by a path, a file's name or a glob: one if that is exact, else all that fit."""
    exact = [each for each in every if each.path == typed]
    named = [each for each in every if each.path.rpartition("/")[2] == typed]
    return tuple(exact or named or [each for each in every if fnmatchcase(each.path, typed)])


def fetch(
    client: JenkinsClient,
    full_name: str,
    number: int,
    path: str,
    *,
    most: int = MOST_BYTES,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """The content of one file. Raises TooLarge as soon as it is seen to have more than `most` bytes."""
    asked = f"fetching {path} of {full_name} #{number}"
    place = f"{job_path(full_name)}{number}/artifact/{quote(path)}"
    until = clock() + _SECONDS
    content = io.BytesIO()
    with client.transport.stream(place, asked) as response:
        told = response.headers.get("Content-Length", "")
        packed = "Content-Encoding" in response.headers
        if told.isdecimal() and not packed and int(told) > most:
            raise TooLarge(int(told))
        for piece in pieces(response):
            if content.tell() + len(piece) > most:
                raise TooLarge(None)
            if clock() > until:
                raise Unreachable(asked, f"it did not come within {_SECONDS:.0f} s")
            content.write(piece)
    return content.getvalue()
