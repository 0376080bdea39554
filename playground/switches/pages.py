"""The pages the switch's nginx and NX-API answer instead of a result."""

from __future__ import annotations

from dataclasses import dataclass

_SERVER = "nginx/1.7.10"

REASONS = {
    100: "Continue",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Not Allowed",
    411: "Length Required",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `headers` are whole lines; `close` ends the connection after it."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[str, ...] = ()
    close: bool = False

    def wire(self, keep_alive: bool) -> bytes:
        """The bytes of it."""
        lines = (
            f"HTTP/1.1 {self.status} {REASONS[self.status]}",
            f"Server: {_SERVER}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            f"Connection: {'keep-alive' if keep_alive and not self.close else 'close'}",
            *self.headers,
        )
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


def html(status: int, title: str | None = None, *headers: str) -> Reply:
    """nginx's page for a status."""
    words = title or f"{status} {REASONS[status]}"
    body = (
        f'<html>\r\n<head><title>{words}</title></head>\r\n<body bgcolor="white">\r\n'
        f"<center><h1>{words}</h1></center>\r\n<hr><center>{_SERVER}</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, body.encode(), "text/html", headers)


def unauthorized() -> Reply:
    """The page for a missing or wrong login."""
    return html(401, "401 Authorization Required", 'WWW-Authenticate: Basic realm="Secure Zone"')


def not_allowed() -> Reply:
    """The page for anything but POST."""
    return html(405, "405 Not Allowed", "Allow: POST")


def bad_request(message: str = "Server internal error.") -> Reply:
    """What NX-API says to a request it cannot read: XML, whatever form was asked for."""
    body = (
        '<?xml version="1.0"?>\n<ins_api>\n  <outputs>\n    <output>\n'
        f"      <msg>{message}</msg>\n      <code>400</code>\n"
        "    </output>\n  </outputs>\n</ins_api>\n"
    )
    return Reply(400, body.encode(), "text/xml; charset=utf-8")


def session_limit() -> Reply:
    """What a login beyond the session limit gets. That it is refused is documented, this form is assumed."""
    return html(503)
