"""`tree=` and `depth=`, as Stapler understands them."""

from __future__ import annotations

import pytest

from playground.jenkins.tree import (
    Bean,
    ByDepth,
    Exported,
    MalformedTree,
    bean,
    parse_tree,
    pruner_for,
    render,
)
from tests.playground.jenkins.running_jenkins import Jenkins

BUILDS = [bean("Build", 2, number=number, result="SUCCESS") for number in range(5, 0, -1)]
JOB = Bean(
    "Job",
    {
        "name": Exported("api", 2),
        "builds": Exported(lambda: BUILDS),
        "property": Exported([bean("Property", 2, size=1)], inline=True),
        "allBuilds": Exported(lambda: BUILDS, -2),
    },
)


def numbers(tree: str) -> list[object]:
    """The numbers of the builds a tree lets through."""
    job = render(JOB, parse_tree(tree))
    assert isinstance(job, dict)
    builds = job["builds"]
    assert isinstance(builds, list)
    return [build["number"] for build in builds if isinstance(build, dict)]


def test_only_what_is_named_is_written_and_the_class() -> None:
    assert render(JOB, parse_tree("name")) == {"_class": "Job", "name": "api"}


def test_a_name_without_brackets_gives_empty_objects() -> None:
    assert render(JOB, parse_tree("builds{0,2}")) == {"_class": "Job", "builds": [{"_class": "Build"}] * 2}


def test_unknown_names_are_ignored() -> None:
    assert render(JOB, parse_tree("name,no[such]")) == {"_class": "Job", "name": "api"}


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ("{0,2}", [5, 4]),
        ("{3,}", [2, 1]),
        ("{,1}", [5]),
        ("{1}", [4]),
        ("{9}", []),
        ("{0,10}", [5, 4, 3, 2, 1]),
    ],
)
def test_ranges(window: str, found: list[int]) -> None:
    assert numbers(f"name,builds[number]{window}") == found


def test_a_star_names_everything() -> None:
    assert render(JOB, parse_tree("builds[*]{0}")) == {
        "_class": "Job",
        "builds": [{"_class": "Build", "number": 5, "result": "SUCCESS"}],
    }


@pytest.mark.parametrize("tree", ["", "a[", "a]", "a[b", "a[]", "a,,b", "a{1", "a{}", "[a]", "a b"])
def test_malformed_trees(tree: str) -> None:
    with pytest.raises(MalformedTree, match="Malformed tree expression"):
        parse_tree(tree)


def test_depth_shows_one_level_more_each() -> None:
    assert render(JOB, ByDepth(1)) == {
        "_class": "Job",
        "name": "api",
        "builds": [{"_class": "Build", "number": n, "result": "SUCCESS"} for n in range(5, 0, -1)],
        "property": [{"_class": "Property", "size": 1}],
    }
    deep = bean(None, 1, outer=bean(None, 1, inner=bean(None, 1, value=1)))
    assert render(deep, pruner_for(None, None)) == {"outer": {}}
    assert render(deep, pruner_for(None, "1")) == {"outer": {"inner": {}}}
    assert render(deep, pruner_for(None, "2")) == {"outer": {"inner": {"value": 1}}}


def test_a_malformed_tree_and_a_depth_that_is_no_number_are_errors_of_jenkins(server: Jenkins) -> None:
    assert server.call("GET", "api/json?tree=jobs[").status_code == 500
    assert server.call("GET", "api/json?depth=all").status_code == 500


def test_a_tree_through_folders(server: Jenkins) -> None:
    jobs = server.get("api/json", tree="jobs[name,color,jobs[fullName,lastBuild[number,result]]]{4,6}")[
        "jobs"
    ]
    assert jobs == [
        {
            "_class": "com.cloudbees.hudson.plugins.folder.Folder",
            "jobs": [
                {
                    "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
                    "fullName": "team/deploy",
                    "lastBuild": {
                        "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
                        "number": 2,
                        "result": "SUCCESS",
                    },
                }
            ],
            "name": "team",
        },
        {"_class": "hudson.model.FreeStyleProject", "color": "blue", "name": "web"},
    ]
