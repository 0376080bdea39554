"""HTTP to Jenkins: own timeouts, no redirects, retries for GETs only, and every answer made a typed error.

python-jenkins is not used for this: its `retries` has no effect (the default adapter for `http://` wins),
it follows the 303 of a joined trigger to a 404, waits for ever by default, takes the boot page's 503 for a
missing job, and puts parameters into URLs and exception texts. All measured with 1.8.3 on Jenkins 2.463.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Retry

from integrations.jenkins.errors import (
    ADVICE_TO_A_PERSON,
    BadAnswer,
    BadParameter,
    Disabled,
    Forbidden,
    JenkinsError,
    NotFound,
    Starting,
    Unauthorized,
    Unreachable,
    lacking,
)

_CONNECT = 5.0
"""Seconds to wait for a connection; a Jenkins that is there takes it at once."""
_PIECE = 65_536
"""Bytes of a body that are looked at together."""
_PERMISSION = re.compile(r"[\w.$]{1,100}")
_TITLE = re.compile(r"<title>(?:Error \d+ )?([^<]{1,160})</title>", re.IGNORECASE)


class Transport:
    """One Jenkins over HTTP, for any number of threads: each has a session of its own for its GETs."""

    def __init__(self, url: str, user: str, token: str, *, timeout: float, personal: bool = False) -> None:
        """`url` is the root with a slash at its end; `timeout` is in seconds.

        `personal` says that the token is not the bot's but the asker's own, for what errors advise.
        """
        self.url = url
        self.personal = personal
        self._auth = HTTPBasicAuth(user.encode(), token.encode())
        self._timeout = (min(_CONNECT, timeout), timeout)
        self._threads = threading.local()
        self.jenkins_session: str | None = None
        """The X-Jenkins-Session last seen: another one means that Jenkins was restarted between."""
        self.version: str | None = None
        """The X-Jenkins last seen."""
        self.ahead: float | None = None
        """Seconds that Jenkins' clock was ahead of ours at its last answer, to a second."""
        self.counted: Callable[[str], None] = lambda _outcome: None
        """Is told what became of each request: `ok`, or the kind of the error."""

    def get(self, url: str, asked: str) -> str:
        """The body of a 200. `asked` says for errors what is being done. Raises JenkinsError."""
        with self._counting():
            try:
                response = self._session().get(url, timeout=self._timeout, allow_redirects=False)
            except requests.RequestException as error:
                raise _unreachable(error, asked, changes=False) from None
            self._check(response, asked)
        response.encoding = "utf-8"
        return response.text

    @contextmanager
    def stream(
        self, path: str, asked: str, *, query: Mapping[str, str] | None = None, head: bool = False
    ) -> Iterator[requests.Response]:
        """A 200 whose body is read piece by piece within the block; with `head`, its headers alone.

        `path` is below the root, quoted. Raises JenkinsError, also where the body breaks off.
        """
        method = "HEAD" if head else "GET"
        try:
            with (
                self._counting(),
                self._session().request(
                    method,
                    self.url + path,
                    params=query,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                self._check(response, asked)
                yield response
        except requests.RequestException as error:
            raise _unreachable(error, asked, changes=False) from None
        except HTTPError as error:
            raise _unreachable(requests.ConnectionError(error), asked, changes=False) from None

    def post(
        self,
        path: str,
        asked: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        permission: str = "",
    ) -> requests.Response:
        """Send one POST, on a connection of its own, once. Anything below 400 is returned as it came.

        Values go into the form body: in the query they would reach access logs, and beyond some 8,000
        characters Jenkins answers 414 (measured). `permission` is what Jenkins wants for it, for the error of
        a 403. Raises JenkinsError.
        """
        with self._counting():
            try:
                with requests.Session() as session:
                    session.auth = self._auth
                    response = session.post(
                        self.url + path,
                        params=query,
                        data=form,
                        timeout=self._timeout,
                        allow_redirects=False,
                    )
            except requests.RequestException as error:
                raise _unreachable(error, asked, changes=True) from None
            self._seen(response)
            if response.status_code >= 400:
                raise self._refusal(response, asked, changes=True, permission=permission)
        return response

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Around one request: have it counted by what became of it."""
        outcome = "ok"
        try:
            yield
        except JenkinsError as error:
            outcome = error.kind
            raise
        except (requests.RequestException, HTTPError):  # the body broke off
            outcome = "unreachable"
            raise
        finally:
            self.counted(outcome)

    def _check(self, response: requests.Response, asked: str) -> None:
        """Raises JenkinsError for an answer to a read that is no 200."""
        self._seen(response)
        if response.is_redirect:
            raise BadAnswer(asked, f"Jenkins sent me on to {_place(response.headers['Location'])}")
        if response.status_code != 200:
            raise self._refusal(response, asked)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.auth = self._auth
            again = Retry(total=2, connect=2, read=1, status=0, redirect=0, backoff_factor=0.2)
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=again))
            self._threads.session = session
        return session

    def _refusal(
        self, response: requests.Response, asked: str, *, changes: bool = False, permission: str = ""
    ) -> JenkinsError:
        error = _refusal(response, asked, changes=changes)
        if permission and isinstance(error, Forbidden):
            return Forbidden(asked, error.came_back, lacking(permission, personal=self.personal))
        if not self.personal or type(error) not in ADVICE_TO_A_PERSON:
            return error
        return type(error)(asked, error.came_back, ADVICE_TO_A_PERSON[type(error)])

    def _seen(self, response: requests.Response) -> None:
        self.jenkins_session = response.headers.get("X-Jenkins-Session", self.jenkins_session)
        self.version = response.headers.get("X-Jenkins", self.version)
        if (told := parsedate_tz(response.headers.get("Date"))) is not None:
            self.ahead = mktime_tz(told) - time.time()


def pieces(response: requests.Response) -> Iterator[bytes]:
    """The body of a `stream` as it arrives, never waiting for more than is there.

    requests' own `iter_content` waits until a piece is full, however slowly it drips in.
    """
    while piece := response.raw.read1(_PIECE, decode_content=True):
        yield piece


def _refusal(response: requests.Response, asked: str, *, changes: bool = False) -> JenkinsError:
    """The one place that says what a status means. Sources: a live Jenkins 2.463."""
    status, says = response.status_code, _answered(response)
    if status == 401:
        return Unauthorized(asked, says)
    if status == 403:
        return Forbidden(asked, f"{says}{_required(response)}")
    if status == 404:
        return NotFound(asked, says)
    if status == 409:
        return Disabled(asked, f"{says}: it is disabled")
    if status == 503 and _is_boot_page(response):
        return Starting(asked, "Jenkins is starting and not ready yet")
    if status == 503:
        return Unreachable(asked, "a proxy before Jenkins answered 503")
    if changes and status in (400, 414, 500):
        return BadParameter(asked, says)
    if status in (502, 504):
        return Unreachable(asked, f"a proxy before Jenkins answered {status}", maybe_done=changes)
    return BadAnswer(asked, says)


def _is_boot_page(response: requests.Response) -> bool:
    """Whether a 503 is Jenkins' own and no proxy's: its page says so. To a HEAD there is none to tell by."""
    if response.request.method == "HEAD":
        return True
    return "jenkins" in response.text[:20_000].casefold()


def _answered(response: requests.Response) -> str:
    """The status and, where the page has a telling title, that."""
    title = _TITLE.search(response.text[:20_000])
    words = title[1].removesuffix("[Jenkins]").strip() if title else ""
    return f"Jenkins answered {response.status_code}{f' ({words})' if words and words != 'Jenkins' else ''}"


def _required(response: requests.Response) -> str:
    """The permission that a 403 is for want of, as Jenkins calls it (hudson.security.AccessDeniedException3)."""
    found = _PERMISSION.fullmatch(response.headers.get("X-Required-Permission", ""))
    return f", for want of {found[0]}" if found else ""


def _unreachable(error: requests.RequestException, asked: str, *, changes: bool) -> JenkinsError:
    """Without the exception's own text, which may hold the whole URL; only its last part says why."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(
            asked, "its TLS certificate is not trusted here", "Name its CA in REQUESTS_CA_BUNDLE."
        )
    if isinstance(error, requests.ConnectTimeout):
        return Unreachable(asked, "there is no connection to Jenkins (it took too long)")
    if isinstance(reason, NewConnectionError):
        return Unreachable(asked, f"there is no connection to Jenkins ({str(reason).rpartition(': ')[2]})")
    if isinstance(error, requests.ReadTimeout) or isinstance(reason, ReadTimeoutError):
        return Unreachable(asked, "Jenkins did not answer in time", maybe_done=changes)
    return Unreachable(asked, f"the connection to Jenkins broke ({type(error).__name__})", maybe_done=changes)


def _place(location: str) -> str:
    """Host and path of an address, without its query, which may hold a token."""
    parts = urlsplit(location)
    return f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else parts.path
