"""What the SDK sends through: timeouts, a pool for many threads, metrics, and the one mapping to WebexError.

The SDK (webexpythonsdk 2.0.6) takes any success but the one it expects for an error, allows only whole
seconds as a timeout, reads only whole seconds in Retry-After and stumbles over error bodies that are not JSON
objects. So what is wrong with an answer is settled here, before the SDK sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError
from webexpythonsdk.exceptions import ApiError, MalformedResponse

from bot.webex.errors import (
    BadAnswer,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    Locked,
    NotFound,
    RateLimited,
    ServerError,
    TooLarge,
    Unauthorized,
    Unreachable,
    WebexError,
    retry_after_seconds,
)

CallHook = Callable[[str, str, int | None, float], None]
"""Told of every call: method, route ("/messages/{id}"), status (None: no answer), seconds to the answer."""

POOL_SIZE = 128
"""Connections kept per host. The SDK's ten make requests warn and reconnect when twenty threads post."""

_UPLOAD_RATE = 1_000_000
"""Bytes a second that an upload is given beside the timeout."""

_BY_STATUS: dict[int, type[WebexError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
}
_DELAYED = {423: Locked, 429: RateLimited}

# As Webex words it: "Message length limited to 7439 characters before encryption and 10000 …".
_LENGTH_LIMIT = re.compile(r"length limited to|exceeds? (the )?(maximum|limit)", re.IGNORECASE)

_VERBATIM_SEGMENTS = frozenset({"me", "direct"})
_TWO_WORDS = frozenset({"attachment", "team"})
"""First words of collections that are named with two: /attachment/actions, /team/memberships."""


class Transport(HTTPAdapter):
    """Mounted on the SDK's session; passes on good answers and raises requests' exceptions for all others."""

    def __init__(self, base_url: str, timeout: float, on_call: CallHook | None) -> None:
        super().__init__(pool_maxsize=POOL_SIZE)
        self._base_url = base_url
        self._timeout = timeout
        self._on_call = on_call

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request with this transport's own timeout (the caller's is in whole seconds).

        Raises requests.HTTPError for all but successes and redirects, InvalidJSONError for a success without
        a JSON object, InvalidURL rather than carry the token to another host.
        """
        self._keep_token_home(request)
        status: int | None = None
        started = perf_counter()
        try:
            response = super().send(request, stream, self._patience(request), verify, cert, proxies)
            if not stream:
                # Read now, so that an answer that breaks off half way counts as none.
                _ = response.content
            status = response.status_code
        finally:
            if self._on_call:
                route = route_of(str(request.url), self._base_url)
                self._on_call(str(request.method), route, status, perf_counter() - started)
        if status >= 300 and not response.is_redirect:
            raise requests.HTTPError(response=response)
        if status < 300 and not stream:
            _settle_success(response, str(request.method))
        return response

    def _patience(self, request: requests.PreparedRequest) -> float:
        """Seconds: a large upload is worked on longer before it is answered, and asked again it would come twice."""
        return self._timeout + int(request.headers.get("Content-Length") or 0) / _UPLOAD_RATE

    def _keep_token_home(self, request: requests.PreparedRequest) -> None:
        """The session puts the token on every request, also where a Link or a file leads elsewhere."""
        if "Authorization" in request.headers and _origin(str(request.url)) != _origin(self._base_url):
            there = urlsplit(str(request.url)).netloc
            raise requests.exceptions.InvalidURL(f"a link leads to {there}, where the token is not sent")


@contextmanager
def attempting(attempted: str) -> Iterator[None]:
    """The one place where what requests, the SDK and the model raise becomes a WebexError.

    `attempted` begins the error's text, e.g. "Posting a message to room X".
    """
    try:
        yield
    except (requests.HTTPError, ApiError) as error:
        raise _from_response(attempted, error.response) from None
    except requests.exceptions.InvalidJSONError as error:
        raise BadAnswer(attempted, _status(error), str(error)) from error
    except requests.exceptions.InvalidURL as error:
        raise BadAnswer(attempted, None, str(error)) from error
    except requests.RequestException as error:
        raise _no_answer(attempted, error) from error
    except (MalformedResponse, ValueError) as error:
        # ValueError: half a JSON document, a relative Link, or a resource that is not in Webex's shape.
        raise BadAnswer(attempted, 200, f"the answer cannot be used: {error}") from error


def route_of(url: str, base_url: str) -> str:
    """The call's kind without its ids, e.g. "/rooms/{id}"; "(elsewhere)" outside `base_url`."""
    if not url.startswith(base_url):
        return "(elsewhere)"
    segments = url[len(base_url) :].partition("?")[0].split("/")
    kept = 2 if segments[0] in _TWO_WORDS else 1
    rest = [each if each in _VERBATIM_SEGMENTS else "{id}" for each in segments[kept:] if each]
    return "/" + "/".join(segments[:kept] + rest)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _settle_success(response: requests.Response, method: str) -> None:
    """Make a success the SDK's own: it expects 204 of DELETE and 200 of all else, and JSON where it reads."""
    if method == "DELETE":
        response.status_code = 204
        return
    if not response.content.lstrip().startswith(b"{"):
        kind = response.headers.get("Content-Type") or "nothing"
        text = f"{kind} instead of a JSON object"
        raise requests.exceptions.InvalidJSONError(text, response=response)
    response.status_code = 200


def _status(error: requests.RequestException) -> int | None:
    return None if error.response is None else error.response.status_code


def _from_response(attempted: str, response: requests.Response) -> WebexError:
    """The typed error for an unsuccessful answer; the body may be anything."""
    status = response.status_code
    body = _json_object(response)
    message = _without_token(_words(body), response.request)
    tracking_id = body.get("trackingId") or response.headers.get("Trackingid")
    delayed = _DELAYED.get(status)
    if delayed:
        seconds = retry_after_seconds(response.headers.get("Retry-After"))
        return delayed(attempted, status, message, tracking_id, seconds)
    if status == 400 and _LENGTH_LIMIT.search(message):
        return TooLarge(attempted, status, message, tracking_id)
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else WebexError)
    return kind(attempted, status, message, tracking_id)


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _words(body: Mapping[str, Any]) -> str:
    """Webex's own words: `message`, or the first description of `errors`."""
    if body.get("message"):
        return str(body["message"])
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return str(errors[0].get("description", ""))
    return ""


def _without_token(text: str, request: requests.PreparedRequest) -> str:
    """A proxy's error page may quote the request's headers."""
    token = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
    return text.replace(token, "[token]") if token else text


def _no_answer(attempted: str, error: requests.RequestException) -> Unreachable:
    host = urlsplit(str(error.request.url)).netloc if error.request is not None else "Webex"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Unreachable(attempted, f"no connection to {host} in time", sent=False)
    if isinstance(error, requests.exceptions.ReadTimeout):
        text = f"no answer from {host} in time; it may still have been done"
        return Unreachable(attempted, text, sent=True)
    causes = list(_causes(error))
    before = (NewConnectionError, requests.exceptions.SSLError, requests.exceptions.ProxyError)
    sent = not any(isinstance(cause, before) for cause in causes)
    why = getattr(causes[-1], "strerror", None) or str(causes[-1])
    return Unreachable(attempted, f"no answer from {host}: {why}", sent)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, outermost first; requests and urllib3 wrap in three different ways."""
    inner: object = error
    while isinstance(inner, BaseException):
        yield inner
        inner = getattr(inner, "reason", None) or inner.__cause__ or (inner.args[-1] if inner.args else None)
