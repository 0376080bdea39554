"""Many switches at once."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import aiohttp
import uvloop

from playground.switches.farm import FarmOptions, start_farm
from tests.playground.switches.running_farm import AUTH, RunningFarm, message, running_farm

Found = TypeVar("Found")


def apart(work: Coroutine[Any, Any, Found]) -> Found:
    """Run it in a thread of its own: a browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(uvloop.run, work).result()


async def ask_all(farm: RunningFarm, command: str) -> dict[str, str]:
    """Ask all switches the same at once over TLS, and return the hostname each tells."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    headers = {"Authorization": aiohttp.encode_basic_auth(*AUTH)}
    connector = aiohttp.TCPConnector(ssl=context, limit=0)

    async def ask(session: aiohttp.ClientSession, name: str) -> tuple[str, str]:
        async with session.post(farm.url(name), json=message(command), headers=headers) as answer:
            body = (await answer.json())["ins_api"]["outputs"]["output"]["body"]
            return name, body["host_name"]

    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        return dict(await asyncio.gather(*(ask(session, name) for name in farm.farm.doors)))


def test_two_hundred_switches_answer_at_once_each_for_itself() -> None:
    with running_farm(FarmOptions(200, port=0, latency=0.05, jitter=0.3)) as farm:
        told = apart(ask_all(farm, "show version"))
        assert told == {name: name for name in farm.farm.doors}
        seen = farm.control("switches")
    assert {(each["requests"], each["logins"]) for each in seen} == {(1, 1)}
    assert len({(each["host"], each["port"]) for each in seen}) == 200
    assert Counter(each["role"] for each in seen) == {"spine": 8, "leaf": 192}


def test_a_farm_starts_and_stops_on_the_running_loop() -> None:
    async def live() -> int:
        farm = await start_farm(4, tls=False)
        door = farm.doors["leaf01"]
        async with aiohttp.ClientSession() as session:
            url = f"http://{door.host}:{door.port}/ins"
            async with session.post(url, json=message("show clock")) as answer:
                status = answer.status
        await farm.stop()
        return status

    assert apart(live()) == 401
