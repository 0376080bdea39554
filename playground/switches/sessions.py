"""Logins to a switch: Basic, the cookie that spares it, and the limit of sessions at once."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe

COOKIE = "nxapi_auth"
COOKIE_S = 600.0
"""Seconds a cookie is good for, from its making; use does not prolong it."""

SESSIONS = 5
"""Sessions of one user from one address at once; each request in progress has one."""


@dataclass(frozen=True)
class Login:
    """Who asks; `cookie` is one to hand out, when there was none."""

    user: str
    cookie: str | None = None


class Sessions:
    """The logins of one switch. `logins` counts those by Basic, each of which a real switch asks AAA about."""

    def __init__(self, accounts: dict[str, str], clock: Callable[[], float]) -> None:
        self.logins = 0
        self.rejected = 0
        self.limit = SESSIONS
        self._accounts = accounts
        self._clock = clock
        self._cookies: dict[str, tuple[str, float]] = {}
        self._open: dict[tuple[str, str], int] = {}

    def login(self, authorization: str, cookies: str) -> Login | None:
        """Who sent these headers, None when neither is good."""
        user = self._by_cookie(cookies)
        if user is not None:
            return Login(user)
        user = self._by_basic(authorization)
        if user is None:
            return None
        self.logins += 1
        return Login(user, self._new_cookie(user))

    def _by_cookie(self, cookies: str) -> str | None:
        for part in cookies.split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE and value in self._cookies:
                user, until = self._cookies[value]
                if self._clock() < until:
                    return user
                del self._cookies[value]
        return None

    def _by_basic(self, authorization: str) -> str | None:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = b64decode(encoded).decode().partition(":")
        except (NotBase64, UnicodeDecodeError):
            return None
        return user if user in self._accounts and self._accounts[user] == password else None

    def _new_cookie(self, user: str) -> str:
        now = self._clock()
        if len(self._cookies) > 64:
            self._cookies = {value: kept for value, kept in self._cookies.items() if kept[1] > now}
        value = token_urlsafe(24)
        self._cookies[value] = (user, now + COOKIE_S)
        return value

    def forget(self) -> None:
        """Lose all sessions, as a switch does that is started anew."""
        self._cookies.clear()
        self._open.clear()

    def begin(self, user: str, address: str) -> bool:
        """Take a session; False when the user has all of them in use from this address."""
        key = (user, address)
        if self._open.get(key, 0) >= self.limit:
            self.rejected += 1
            return False
        self._open[key] = self._open.get(key, 0) + 1
        return True

    def end(self, user: str, address: str) -> None:
        """Give a session back."""
        key = (user, address)
        if self._open.get(key, 0) > 1:
            self._open[key] -= 1
        else:
            self._open.pop(key, None)
