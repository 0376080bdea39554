"""Who asks: HTTP Basic with a password or an API token, sessions and CSRF crumbs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

CRUMB_FIELD = "Jenkins-Crumb"
SESSION_COOKIE = "JSESSIONID.playground"
DEFAULT_TOKEN = "playground-token"
DEFAULT_PASSWORD = "playground-password"


class WrongCredentials(Exception):
    """The request names a user whose token or password does not fit; Jenkins answers 401."""


@dataclass(frozen=True)
class Caller:
    """Who asks. An anonymous caller has no name; one who used an API token needs no crumb."""

    name: str | None
    by_token: bool = False


@dataclass
class Access:
    """Any user name is known. All share one token and one password unless a user has a token of his own.

    `anonymous_read` lets a browser look around without logging in.
    """

    token: str = DEFAULT_TOKEN
    password: str = DEFAULT_PASSWORD
    own_tokens: dict[str, str] = field(default_factory=dict)
    anonymous_read: bool = False
    _sessions: set[str] = field(default_factory=set)
    _salt: str = field(default_factory=lambda: secrets.token_hex(16))

    def caller(self, authorization: str | None) -> Caller:
        """Read an Authorization header. Raises WrongCredentials."""
        if authorization is None:
            return Caller(None)
        user, secret = _read_basic(authorization)
        if hmac.compare_digest(secret.encode(), self._token_of(user).encode()):
            return Caller(user, by_token=True)
        if hmac.compare_digest(secret.encode(), self.password.encode()):
            return Caller(user)
        raise WrongCredentials(f"Invalid password/token for user: {user}")

    def session(self, cookies: Mapping[str, str]) -> str:
        """The caller's session, a new one if he has none (any more)."""
        known = cookies.get(SESSION_COOKIE, "")
        if known in self._sessions:
            return known
        fresh = secrets.token_hex(12)
        self._sessions.add(fresh)
        return fresh

    def crumb(self, caller: Caller, session: str) -> str:
        """The crumb of a user in a session (hudson.security.csrf.DefaultCrumbIssuer binds it to both)."""
        return hashlib.sha256(f"{caller.name};{session};{self._salt}".encode()).hexdigest()

    def crumb_fits(self, caller: Caller, cookies: Mapping[str, str], crumb: str | None) -> bool:
        """Whether a POST may pass: by API token always, else with the crumb of a living session."""
        if caller.by_token:
            return True
        session = cookies.get(SESSION_COOKIE, "")
        return session in self._sessions and crumb == self.crumb(caller, session)

    def forget_sessions(self) -> None:
        """Lose all sessions, as a restart does; crumbs given out before are worth nothing then."""
        self._sessions.clear()

    def _token_of(self, user: str) -> str:
        return self.own_tokens.get(user, self.token)


def _read_basic(authorization: str) -> tuple[str, str]:
    """User and secret of a Basic header (RFC 7617, UTF-8)."""
    scheme, _, credentials = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(f"{scheme} is not Basic")
        user, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError as error:
        raise WrongCredentials(f"reading the Authorization header: {error}") from error
    if not colon:
        raise WrongCredentials("reading the Authorization header: no colon between user and token")
    return user, secret
