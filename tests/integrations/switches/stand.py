"""Small NX-API servers that answer as a test says, and keep what they were sent."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from integrations.switches.inventory.model import Inventory, Switch, Tls


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def commands(self) -> list[str]:
        data = json.loads(self.body)
        if isinstance(data, list):
            return [call["params"]["cmd"] for call in data]
        return [each.strip() for each in data["ins_api"]["input"].split(" ;")]

    @property
    def type(self) -> str:
        data = json.loads(self.body)
        return data[0]["method"] if isinstance(data, list) else data["ins_api"]["type"]


@dataclass(frozen=True)
class Reply:
    """What is answered. `cut` sends only so many bytes of the body and closes; `hang` never answers."""

    body: bytes = b""
    status: int = 200
    headers: tuple[str, ...] = ()
    cut: int | None = None
    hang: bool = False
    drop: bool = False
    after: float = 0.0


Behaviour = Callable[[Request], Reply]


@dataclass
class Stand:
    """One server. `requests` are all it got; `busiest` the most it worked on at the same moment."""

    behaviour: Behaviour
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    busiest: int = 0
    _busy: int = 0
    _server: asyncio.Server | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while await self._one(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        request = Request(headers, await reader.readexactly(int(headers.get("content-length", 0))), number)
        self.requests.append(request)
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            reply = self.behaviour(request)
            if reply.hang:
                await asyncio.sleep(60)
            await asyncio.sleep(reply.after)
        finally:
            self._busy -= 1
        if reply.drop:
            return False
        closing = reply.cut is not None or headers.get("connection", "").lower() == "close"
        lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {len(reply.body)}", *reply.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body[: reply.cut])
        await writer.drain()
        return not closing


class Stands:
    """A loop in a thread for any number of them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []

    def open(self, behaviour: Behaviour, context: ssl.SSLContext | None = None, port: int = 0) -> Stand:
        stand = Stand(behaviour)

        async def start() -> asyncio.Server:
            return await asyncio.start_server(stand.serve, "127.0.0.1", port, ssl=context)

        server = self._call(start())
        self._servers.append(server)
        stand._server = server
        stand.port = server.sockets[0].getsockname()[1]
        return stand

    def shut(self, stand: Stand) -> None:
        """Nobody listens there any more; what is connected stays."""

        async def stop() -> None:
            assert stand._server is not None
            stand._server.close()

        self._call(stop())

    def close(self) -> None:
        async def stop() -> None:
            for server in self._servers:
                server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)


def ins_api(*outputs: dict[str, Any], kind: str = "cli_show") -> bytes:
    """An envelope as switches write it: an object for one output, a list for several."""
    output: Any = outputs[0] if len(outputs) == 1 else list(outputs)
    return json.dumps(
        {"ins_api": {"type": kind, "version": "1.0", "sid": "eoc", "outputs": {"output": output}}}
    ).encode()


def output(
    body: Any = None, command: str = "", code: str = "200", msg: str = "Success", **more: Any
) -> dict[str, Any]:
    """One output; `code` is a text, as switches send it."""
    told: dict[str, Any] = {"input": command, "code": code, "msg": msg, **more}
    return told if body is None else {**told, "body": body}


def saying(*bodies: Any, headers: Sequence[str] = ()) -> Behaviour:
    """Always the same bodies, one for each command."""
    return lambda request: Reply(
        ins_api(*(output(body, command) for body, command in zip(bodies, request.commands, strict=False))),
        headers=tuple(headers),
    )


def switch(stand: Stand, name: str = "leaf01", **more: Any) -> Switch:
    """The switch of the inventory that a server plays, over plain HTTP unless told otherwise."""
    given: dict[str, Any] = {
        "protocol": "http",
        "user": "admin",
        "password": SecretStr("s3cret-of-the-lab"),
        **more,
    }
    return Switch(name=name, host="127.0.0.1", port=stand.port, **given)


def inventory(*switches: Switch) -> Inventory:
    return Inventory({each.name: each for each in switches})


@dataclass(frozen=True)
class Certificate:
    """A certificate on disk, with its key in `chain`."""

    pem: Path
    chain: Path
    fingerprint: bytes

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.chain)
        return made

    @property
    def pinned(self) -> Tls:
        return Tls(fingerprint=self.fingerprint)


def certificate(folder: Path, name: str = "nxos", *, address: bool = True, old: bool = False) -> Certificate:
    """A self-signed certificate; with `address` for 127.0.0.1, without for no name but `CN=nxos`, as NX-OS makes it."""
    key: Any = rsa.generate_private_key(65537, 2048) if old else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = builder.add_extension(names, False)
    signed = builder.sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(pem)
    (folder / f"{name}.chain.pem").write_bytes(pem + secret)
    der = signed.public_bytes(serialization.Encoding.DER)
    return Certificate(folder / f"{name}.pem", folder / f"{name}.chain.pem", sha256(der).digest())
