"""The sure path: aiohttp on uvloop, with SSL contexts of its own that reach every switch, however old.

One context for each TLS setting, made once: making one loads the CAs, 25 to 43 ms each on OpenSSL 3.0 even
where nothing is verified (measured; cpython issue 95031). aiohttp's own cookie jar is not used: shared by a
thousand switches it is searched through for every request.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Mapping

import aiohttp

from integrations.switches.errors import (
    BadAnswer,
    Broken,
    OldTls,
    Refused,
    SwitchError,
    TimedOut,
    Unreachable,
    Untrusted,
)
from integrations.switches.inventory.model import Switch, Tls
from integrations.switches.transport.seam import Reply, cookie_of, refuse_larger

_OLD_TLS = ("VERSION", "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "DH_KEY_TOO_SMALL", "UNSUPPORTED", "LEGACY")
"""Parts of OpenSSL's reasons where both sides have nothing in common."""
_OPENING = 400
"""Switches asked side by side over a connection still to be opened. A handshake is CPU time, 1.5 ms of one core:
with a thousand begun at once on a busy machine each ends near the end of all, and then every one is too late."""
_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT, which Python names from 3.12 on."""


class SurePath:
    """Every switch, over connections that stay open for `idle` seconds."""

    def __init__(self, *, most_bytes: int, idle: float, connect_timeout: float) -> None:
        """`most_bytes` of an answer are taken; `connect_timeout` is in seconds."""
        self._most_bytes = most_bytes
        self._idle = idle
        self._connect_timeout = connect_timeout
        self._contexts: dict[Tls, ssl.SSLContext] = {}
        self._pins: dict[bytes, aiohttp.Fingerprint] = {}
        self._sessions: dict[bytes | None, aiohttp.ClientSession] = {}
        self._opened: set[str] = set()
        self._opening = asyncio.Semaphore(_OPENING)

    async def post(
        self, switch: Switch, body: bytes, headers: Mapping[str, str], *, timeout: float, fresh: bool = False
    ) -> Reply:
        """See Transport."""
        if switch.name in self._opened and not fresh:
            return await self._post(switch, body, headers, timeout, fresh)
        async with self._opening:
            reply = await self._post(switch, body, headers, timeout, fresh)
        if not fresh:
            self._opened.add(switch.name)
        return reply

    async def _post(
        self, switch: Switch, body: bytes, headers: Mapping[str, str], timeout: float, fresh: bool
    ) -> Reply:
        session, trust = self._session(switch), self._trust(switch)
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(self._connect_timeout, timeout))
        headers = {**headers, "Connection": "close"} if fresh else headers
        try:
            async with session.post(
                switch.url, data=body, headers=headers, ssl=trust, timeout=limits, allow_redirects=False
            ) as response:
                refuse_larger(switch, response.content_length or 0, self._most_bytes)
                got = bytearray()
                async for part in response.content.iter_any():
                    got += part
                    refuse_larger(switch, len(got), self._most_bytes)
                cookie = cookie_of(response.headers.getall("Set-Cookie", []))
                return Reply(response.status, bytes(got), cookie)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _told(switch, error) from None

    async def close(self) -> None:
        """Close every connection."""
        sessions, self._sessions = list(self._sessions.values()), {}
        self._opened.clear()
        for session in sessions:
            await session.close()
        # aiohttp closes TLS connections in callbacks: the loop must come round once more.
        await asyncio.sleep(0)

    def _session(self, switch: Switch) -> aiohttp.ClientSession:
        """One for all; a switch that is old *and* pinned has its own, since aiohttp takes one `ssl` for a request."""
        pin = switch.tls.fingerprint if switch.tls.legacy else None
        session = self._sessions.get(pin)
        if session is None:
            connector = aiohttp.TCPConnector(
                limit=0,
                ssl=True if pin is None else aiohttp.Fingerprint(pin),
                keepalive_timeout=self._idle,
                enable_cleanup_closed=False,
            )
            session = self._sessions[pin] = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return session

    def _trust(self, switch: Switch) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
        """The same object for the same setting each time: connections are kept by it."""
        tls = switch.tls
        if switch.protocol == "http":
            return True
        if tls.fingerprint is not None and not tls.legacy:
            return self._pins.setdefault(tls.fingerprint, aiohttp.Fingerprint(tls.fingerprint))
        # A pin says all there is to say about the certificate: what it was made for makes no difference.
        setting = Tls(verify=False, legacy=True) if tls.fingerprint is not None else tls
        context = self._contexts.get(setting)
        if context is None:
            context = self._contexts[setting] = _context(switch.name, setting)
        return context


def _context(switch: str, tls: Tls) -> ssl.SSLContext:
    """Raises Untrusted where the CA file cannot be used."""
    if not tls.verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        try:
            context = ssl.create_default_context(cafile=tls.ca)
        except (OSError, ssl.SSLError) as error:
            says = error.strerror or "it holds no certificate in PEM"
            raise Untrusted(switch, f"the CA file {tls.ca} cannot be used: {says}") from error
    if tls.legacy:
        with warnings.catch_warnings():
            # Python warns that TLS 1.0 is old. So are the switches that are marked.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.options |= _LEGACY_SERVER_CONNECT
    return context


def _told(switch: Switch, error: Exception) -> SwitchError:
    """The same errors as on the fast path."""
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return Untrusted(switch.name, f"its certificate is another one: sha256:{error.got.hex()}")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return Untrusted(switch.name, _verification(error))
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        reason = str(getattr(error, "reason", None) or getattr(error, "os_error", None) or error)
        old = any(word in reason.upper() for word in _OLD_TLS)
        return (OldTls if old else Broken)(switch.name, f"no TLS with it ({reason})")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unreachable(switch.name, "no connection in time")
    if isinstance(error, TimeoutError):
        return TimedOut(switch.name, "it did not answer in time")
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return Refused(switch.name, "nothing listens there (connection refused)")
        if switch.protocol == "https" and isinstance(error.os_error, ConnectionError):
            return OldTls(switch.name, "it hung up on the TLS it was offered")
        return Unreachable(switch.name, error.os_error.strerror or str(error.os_error))
    if isinstance(
        error, aiohttp.ServerConnectionError | aiohttp.ClientOSError | aiohttp.ClientPayloadError | OSError
    ):
        return Broken(switch.name, f"the connection was closed ({type(error).__name__})")
    return BadAnswer(switch.name, f"no HTTP ({type(error).__name__})")


def _verification(error: Exception) -> str:
    inner = getattr(error, "certificate_error", error)
    return str(getattr(inner, "verify_message", "") or inner)
