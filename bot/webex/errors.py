"""What can go wrong between the bot and Webex, as types: what was attempted, what came back, what to do."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import ClassVar

RETRY_AFTER_CAP = 3600.0
"""Seconds. Webex's own example of a 429 asks for an hour; nothing longer is believed."""

RETRY_AFTER_FALLBACK = 15.0
"""Seconds to wait when Webex names none or one that cannot be read; the SDK's own choice too."""


class WebexError(Exception):
    """A call to Webex that did not do what was asked.

    `attempted` is a sentence's beginning ("Posting a message to room X"), `status` the HTTP status or None
    where there was no answer, `message` the remote's own words, `tracking_id` what Webex's support asks for.
    Statuses, bodies and `trackingId`: https://developer.webex.com/docs/basics, "API Errors".
    """

    retryable: ClassVar[bool] = False
    """Whether the same call, sent again later, may succeed."""

    advice: ClassVar[str] = ""

    def __init__(
        self, attempted: str, status: int | None = None, message: str = "", tracking_id: str | None = None
    ) -> None:
        super().__init__(attempted, status, message, tracking_id)
        self.attempted = attempted
        self.status = status
        self.message = message
        self.tracking_id = tracking_id

    @property
    def outcome_unknown(self) -> bool:
        """True where Webex may have carried the request out although it looks unsuccessful from here.

        A message posted again after such an error may appear twice.
        """
        return False

    def __str__(self) -> str:
        said = f"{self.attempted}: {self._came_back()}"
        if self.tracking_id:
            said += f" (tracking id {self.tracking_id})"
        return f"{said}. {self.advice}" if self.advice else said

    def _came_back(self) -> str:
        if self.status is None:
            return self.message
        answered = f"Webex answered {self.status} {reason(self.status)}".rstrip()
        return f"{answered}: {self.message.rstrip('.')}" if self.message else answered


class BadRequest(WebexError):
    """400: Webex does not accept the request as it is; its own words say why."""


class Unauthorized(WebexError):
    """401: the token is wrong, expired or was regenerated."""

    advice = "Put the bot's present token into WEBEX_ACCESS_TOKEN (developer.webex.com, My Webex Apps)"


class Forbidden(WebexError):
    """403: the token is good, but the bot may not do this here."""

    advice = (
        "The bot must be a member of the room, in a moderated room a moderator, "
        "and in group rooms it sees only messages that mention it"
    )


class NotFound(WebexError):
    """404: there is no such thing, or the bot is not in the room that holds it, or it is not there yet."""

    advice = "It may have been deleted, or the bot is not in that room"


class Conflict(WebexError):
    """409: it is so already, e.g. the person is a member of the room."""


class Gone(WebexError):
    """410: the thing is no longer available, e.g. a file in which a scan found malware."""


class TooLarge(WebexError):
    """413, a message over 7439 bytes (there Webex says 400), or a download over the caller's limit."""

    advice = "Send less, or send it as a file"


class _Delayed(WebexError):
    """An answer that says when to come again."""

    retryable = True

    def __init__(
        self,
        attempted: str,
        status: int | None = None,
        message: str = "",
        tracking_id: str | None = None,
        retry_after: float = RETRY_AFTER_FALLBACK,
    ) -> None:
        super().__init__(attempted, status, message, tracking_id)
        self.retry_after = retry_after
        """Seconds from the answer on, 0 to 3600."""

    def _came_back(self) -> str:
        return f"{super()._came_back()}, retry after {self.retry_after:g} s"


class RateLimited(_Delayed):
    """429: too many requests; `retry_after` seconds from now on it may work again."""


class Locked(_Delayed):
    """423: the thing is held for the moment, e.g. a file that is still being scanned for malware."""


class ServerError(WebexError):
    """5xx: Webex itself, or a gateway before it, is unwell."""

    retryable = True

    @property
    def outcome_unknown(self) -> bool:
        """A gateway that lost patience does not know what became of the request behind it."""
        return True


class Unreachable(WebexError):
    """No answer: no connection, none in time, or one that broke off."""

    retryable = True
    advice = "Check the network, the proxy and WEBEX_API_URL"

    def __init__(self, attempted: str, message: str, sent: bool) -> None:
        super().__init__(attempted, None, message)
        self.sent = sent
        """Whether a connection stood, so that the request may have arrived."""

    @property
    def outcome_unknown(self) -> bool:
        """Unknown as soon as the request may have arrived."""
        return self.sent


class BadAnswer(WebexError):
    """A successful answer that is not Webex's: no JSON, the wrong shape, a link to another host."""

    advice = "Check that WEBEX_API_URL is Webex's API and that no proxy answers in its place"

    @property
    def outcome_unknown(self) -> bool:
        """Whoever answered said yes."""
        return True


def reason(status: int) -> str:
    """The status's standard phrase, empty for a number HTTP does not define."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float:
    """Seconds to wait, 0 to 3600, from a Retry-After header in either of its forms (RFC 9110, 10.2.3).

    Fractions of a second, which the RFC does not allow but Webex has sent, are read as well. Missing or
    unreadable means 15 s. `now` (aware) is what a date counts from; the present moment when left out.
    """
    if header is None:
        return RETRY_AFTER_FALLBACK
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header, now or datetime.now(UTC))
    if not math.isfinite(seconds):
        return RETRY_AFTER_FALLBACK
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)


def _seconds_until(date: str, now: datetime) -> float:
    """Seconds from `now` to an HTTP date; not a number where it is none."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
