"""Big worlds: a thousand jobs in nested folders, read with one tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.playground.jenkins.running_jenkins import Jenkins

JOB = (
    "fullName,name,url,color,buildable,lastBuild[number,building,timestamp],"
    "lastCompletedBuild[number,result,timestamp,duration]"
)


def nested(levels: int) -> str:
    """The tree that reaches so many levels down."""
    return JOB if levels == 0 else f"{JOB},jobs[{nested(levels - 1)}]"


def leaves(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The jobs in all folders."""
    for item in items:
        if "jobs" in item:
            yield from leaves(item["jobs"])
        else:
            yield item


def whole_server(server: Jenkins) -> Any:
    """The whole server, ten levels deep."""
    return server.get("api/json", tree=f"quietingDown,jobs[{nested(10)}]")


def test_a_thousand_jobs_nine_folders_deep_come_with_one_request(server: Jenkins) -> None:
    server.control("jobs/many", count=1_000, folders=20, depth=8, builds=5, seed=1)
    ours = whole_server(server)
    assert ours["quietingDown"] is False
    jobs = [job for job in leaves(ours["jobs"]) if job["fullName"].startswith("many/")]
    assert len(jobs) == 1_000
    first = next(job for job in jobs if job["name"] == "job-00000")
    assert first["fullName"] == (
        "many/folder-000/level-02/level-03/level-04/level-05/level-06/level-07/level-08/job-00000"
    )
    assert first["lastBuild"]["number"] == first["lastCompletedBuild"]["number"] == 5
    assert {job["color"] for job in jobs} == {"blue", "red", "yellow", "aborted"}
    assert set(first) == {
        "_class", "fullName", "name", "url", "color", "buildable", "lastBuild", "lastCompletedBuild",
    }  # fmt: skip


def test_the_seed_makes_the_world(server: Jenkins) -> None:
    def results(seed: int) -> list[str]:
        server.control("reset")
        server.control("jobs/many", count=50, builds=3, seed=seed)
        return [str(job["color"]) for job in leaves(whole_server(server)["jobs"])]

    assert results(1) == results(1) != results(2)


def test_the_jobs_can_be_built(server: Jenkins) -> None:
    server.control("jobs/many", count=3, folders=1, builds=2, prefix="load")
    job = "job/load/job/folder-000/job/job-00001"
    assert server.finished(job, server.build(job))["number"] == 3
    assert server.get(f"{job}/2/api/json")["previousBuild"]["number"] == 1
