"""A load generator that costs little: ready-made HTTP/1.1 requests over kept-alive connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence


def request_bytes(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A POST request as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
        "Content-Type: application/json",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def drive(
    port: int, requests: Sequence[bytes], connections: int
) -> tuple[float, list[float], dict[int, int]]:
    """Send every request over so many connections; returns seconds in all, seconds each, and counts by status."""
    return asyncio.run(_drive(port, requests, connections))


async def _drive(
    port: int, requests: Sequence[bytes], connections: int
) -> tuple[float, list[float], dict[int, int]]:
    waiting = iter(requests)
    latencies: list[float] = []
    statuses: dict[int, int] = {}

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - began)
            status = int(head[9:12])
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return time.perf_counter() - began, latencies, statuses
