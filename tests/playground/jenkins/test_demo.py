"""The demo world, and the stand-in mounted below a path."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, encode_basic_auth, web

from playground.jenkins.access import DEFAULT_TOKEN
from playground.jenkins.cli import free_port
from playground.jenkins.server import make_app
from tests.playground.jenkins.running_jenkins import Jenkins


@pytest.mark.parametrize(
    ("job", "results"),
    [
        ("api", ["SUCCESS", "SUCCESS", "FAILURE", "SUCCESS", "SUCCESS"]),
        ("web", ["SUCCESS", "SUCCESS", "SUCCESS", "UNSTABLE", "SUCCESS"]),
        ("nightly-e2e", ["FAILURE", "FAILURE", "FAILURE"]),
        ("team/job/deploy", ["SUCCESS", "SUCCESS"]),
        ("flaky", ["SUCCESS", "UNSTABLE", "FAILURE", "SUCCESS", "UNSTABLE", "FAILURE"]),
        ("long-job", ["SUCCESS"]),
        ("Ünïcode jöb", ["SUCCESS", "SUCCESS"]),
    ],
)
def test_the_jobs_have_a_past(server: Jenkins, job: str, results: list[str]) -> None:
    builds = server.get(f"job/{job}/api/json", tree="builds[result]")["builds"]
    assert [build["result"] for build in reversed(builds)] == results


def test_an_api_build_lasts_about_twelve_seconds(server: Jenkins) -> None:
    assert 11_000 < server.get("job/api/lastSuccessfulBuild/api/json")["duration"] < 13_000


def test_the_parameters_of_the_api_job(server: Jenkins) -> None:
    definitions = server.get("job/api/api/json")["property"][0]["parameterDefinitions"]
    assert [
        (d["name"], d["type"], d["defaultParameterValue"]["value"], d.get("choices")) for d in definitions
    ] == [
        ("BRANCH", "StringParameterDefinition", "main", None),
        ("TARGET", "ChoiceParameterDefinition", "staging", ["staging", "production"]),
        ("DRY_RUN", "BooleanParameterDefinition", False, None),
    ]


def test_a_failing_test_knows_since_when(server: Jenkins) -> None:
    suites = server.get("job/web/4/testReport/api/json")["suites"]
    broken = [
        case for suite in suites for case in suite["cases"] if case["status"] in ("FAILED", "REGRESSION")
    ]
    assert [(case["name"], case["status"], case["age"], case["failedSince"]) for case in broken] == [
        ("keeps_the_basket", "REGRESSION", 1, 4)
    ]


def test_pages_for_people_who_follow_a_link(server: Jenkins) -> None:
    assert '<a href="/job/web/">web</a>' in server.call("GET", "").text
    assert '<a href="/job/web/5/">#5</a> SUCCESS' in server.call("GET", "job/web/").text
    build = server.call("GET", "job/nightly-e2e/3/").text
    assert "<li>firefox: firefox: the basket is empty after a reload</li>" in build


def test_mounted_below_a_path_every_address_has_it() -> None:
    job, stage, injected = asyncio.run(seen_below("/jenkins/"))
    assert job.endswith("/jenkins/job/%C3%9Cn%C3%AFcode%20j%C3%B6b/")
    assert stage == "/jenkins/job/api/1/wfapi/describe"
    assert injected.endswith("/jenkins/job/web/6/")


async def seen_below(mount: str) -> tuple[str, str, str]:
    """The address of a job, of a pipeline and of an injected build in a mounted stand-in."""
    port = free_port()
    root = f"http://127.0.0.1:{port}{mount}"
    outer = web.Application()
    outer.add_subapp(mount, make_app(root_url=root))
    runner = web.AppRunner(outer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    headers = {"Authorization": encode_basic_auth("bot", DEFAULT_TOKEN)}
    try:
        async with ClientSession(root, headers=headers) as caller:
            async with caller.get("job/%C3%9Cn%C3%AFcode%20j%C3%B6b/api/json") as answer:
                job = await answer.json()
            async with caller.get("job/api/1/wfapi/describe") as answer:
                pipeline = await answer.json()
            async with caller.post("playground/builds", json={"job": "web"}) as answer:
                injected = await answer.json()
    finally:
        await runner.cleanup()
    return job["url"], pipeline["_links"]["self"]["href"], injected["url"]
