"""How calls to Webex are made: the SDK on a shared session, single values, paged lists, files up and down."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import PurePosixPath
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import unquote, urlsplit

import requests
from requests_toolbelt import MultipartEncoder
from webexpythonsdk import WebexAPI

from bot.webex.errors import TooLarge
from bot.webex.transport import CallHook, Transport, attempting

_CHUNK = 64 * 1024
_EXTENDED_NAME = re.compile(
    r"filename\*\s*=\s*(?P<charset>UTF-8|ISO-8859-1)'[^']*'(?P<name>[^;\s]+)", re.IGNORECASE
)


class _Readable(Protocol):
    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self: ...


R = TypeVar("R", bound=_Readable)


@dataclass(frozen=True, slots=True)
class File:
    """A file to post, held in memory; Webex takes up to 100 MB."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"


class Session:
    """The SDK's API object and the requests session below it, made once and shared by all threads."""

    def __init__(self, token: str, base_url: str, timeout: float, on_call: CallHook | None) -> None:
        """As for WebexClient. Raises ValueError for an empty token or a `base_url` that is no address."""
        if not token:
            # The SDK would quietly take the environment's.
            raise ValueError("a Webex client needs a token")
        self.base_url = base_url.rstrip("/") + "/"
        """Always with the slash without which the SDK loses the path's last part."""
        self.api = WebexAPI(
            access_token=token,
            base_url=self.base_url,
            # Whole seconds are all the SDK takes; the transport replaces them by the exact figure.
            single_request_timeout=math.ceil(timeout),
            wait_on_rate_limit=False,
        )
        self._rest = self.api._session
        self._http: requests.Session = self._rest._req_session
        # Without an auth of its own requests looks for a ~/.netrc at every call, and an entry there would
        # replace the bot's token.
        self._http.auth = _as_it_is
        transport = Transport(self.base_url, timeout, on_call)
        self._http.mount("https://", transport)
        self._http.mount("http://", transport)

    def close(self) -> None:
        """Close the kept connections; the next call opens new ones."""
        self._http.close()

    def one(self, kind: type[R], attempted: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> R:
        """What one of the SDK's calls answers, as a value of this package. Raises WebexError."""
        with attempting(attempted):
            return kind.from_json(call(*args, **kwargs).json_data)

    def all(self, kind: type[R], attempted: str, listing: Iterable[Any]) -> Iterator[R]:
        """What one of the SDK's listings holds, fetched as it is consumed. Raises WebexError on the way.

        The SDK follows `Link: rel=next`, the only relation Webex promises, and steps over empty pages.
        """
        items = iter(listing)
        while True:
            with attempting(attempted):
                item = next(items, None)
                if item is None:
                    return
                found = kind.from_json(item.json_data)
            yield found

    def page(
        self, kind: type[R], attempted: str, path: str, params: Mapping[str, str | int], link: str | None
    ) -> tuple[list[R], str | None]:
        """One page of a listing, and the link to the next one (None: it was the last). Raises WebexError.

        Where `link` is given, as a page before has told it, it is followed in place of `path` and `params`.
        """
        with attempting(attempted):
            answer = self._rest.request("GET", link or path, 200, params=None if link else params)
            items = answer.json().get("items")
            if not isinstance(items, list):
                raise ValueError("a listing without items")
            return [kind.from_json(each) for each in items], answer.links.get("next", {}).get("url")

    def post_file(self, kind: type[R], attempted: str, fields: Mapping[str, str | None], file: File) -> R:
        """Post a message as multipart from memory; the SDK uploads only what lies on a disk or on the web.

        The body is made as it is sent: as a whole it would take the file's memory twice more.
        """
        parts: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
        parts["files"] = (file.name, file.content, file.content_type)
        body = MultipartEncoder(parts)
        with attempting(attempted):
            answer = self._rest.post("messages", data=body, headers={"Content-Type": body.content_type})
            return kind.from_json(answer)

    def download(self, url: str, max_bytes: int) -> tuple[str, bytes]:
        """A file's name and content. Raises TooLarge as soon as it is known, and every other WebexError."""
        attempted = f"Downloading {url}"
        too_large = TooLarge(attempted, None, f"the file is larger than the {max_bytes} bytes allowed")
        with attempting(attempted), self._http.get(url, stream=True) as response:
            if int(response.headers.get("Content-Length", 0)) > max_bytes:
                raise too_large
            content = bytearray()
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > max_bytes:
                    raise too_large
            return file_name(response.headers.get("Content-Disposition"), url), bytes(content)


def file_name(disposition: str | None, url: str) -> str:
    """The name in a Content-Disposition header (RFC 6266), else the address's last part; never a path."""
    name = _disposition_name(disposition or "") or unquote(urlsplit(url).path)
    return PurePosixPath(name.replace("\\", "/")).name or "file"


def _disposition_name(disposition: str) -> str | None:
    # Where both are there, `filename*` holds the name and `filename` what is left of it in ASCII.
    extended = _EXTENDED_NAME.search(disposition)
    if extended:
        return unquote(extended["name"], encoding=extended["charset"])
    if not disposition:
        return None
    header = EmailMessage()
    # requests hands headers over as Latin-1; file names in them are UTF-8.
    header["Content-Disposition"] = disposition.encode("latin-1").decode("utf-8", errors="replace")
    return header.get_filename()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
