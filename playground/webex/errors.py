"""What the stand-in refuses, typed, in the shape in which Webex says no."""

from typing import Any

# The two texts that developer.webex.com documents for these codes.
NO_TOKEN = "The request requires a valid access token set in the Authorization request header."
NOT_FOUND = "The requested resource could not be found."


class WebexError(Exception):
    """A refusal with its HTTP status and Webex's sentence for it.

    `headers` go out with the answer (Retry-After).
    """

    status = 500

    def __init__(
        self, message: str, *, status: int | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or type(self).status
        self.headers = headers or {}


class BadRequest(WebexError):
    """The request contradicts the API's rules."""

    status = 400


class Unauthorized(WebexError):
    """The token says nothing that this server understands."""

    status = 401

    def __init__(self, message: str = NO_TOKEN) -> None:
        super().__init__(message)


class Forbidden(WebexError):
    """The caller is known and may not do this."""

    status = 403


class NotFound(WebexError):
    """The thing does not exist, or the caller must not learn that it does."""

    status = 404

    def __init__(self, message: str = NOT_FOUND) -> None:
        super().__init__(message)


class Conflict(WebexError):
    """The thing is already so."""

    status = 409


class UnsupportedMediaType(WebexError):
    """The body is neither JSON nor a form."""

    status = 415


def error_body(message: str, tracking_id: str) -> dict[str, Any]:
    """Return Webex's error JSON for a sentence and the tracking id of this answer."""
    return {"message": message, "errors": [{"description": message}], "trackingId": tracking_id}
