"""Who changed what, and who may have broken it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.playground.jenkins.running_jenkins import Jenkins

TREE = (
    "changeSets[items[commitId,msg,author[fullName,absoluteUrl],authorEmail,affectedPaths],kind],"
    "changeSet[items[commitId,msg,author[fullName,absoluteUrl],authorEmail,affectedPaths],kind],"
    "culprits[fullName,absoluteUrl,id]"
)


def commit(name: str) -> dict[str, Any]:
    """A commit by a person."""
    return {
        "author": name.title(),
        "email": f"{name}@example.com",
        "message": f"{name} was here",
        "commit": name * 5,
        "files": [f"src/{name}.py"],
    }


def changed(server: Jenkins, number: int) -> Any:
    """What the tree query gives of a build of the job `changed`."""
    return server.get(f"job/changed/{number}/api/json", tree=TREE)


@pytest.mark.parametrize("kind", ["freestyle", "pipeline"])
def test_the_commits_of_a_build(server: Jenkins, kind: str) -> None:
    server.job("changed", kind=kind)
    server.control("builds", job="changed", changes=[commit("alice"), commit("bob")])
    ours = changed(server, 1)
    (found,) = ours["changeSets"] if kind == "pipeline" else (ours["changeSet"],)
    assert ("changeSet" in ours, "changeSets" in ours) == (kind == "freestyle", kind == "pipeline")
    assert (found["_class"], found["kind"]) == ("hudson.plugins.git.GitChangeSetList", "git")
    assert found["items"][0] == {
        "_class": "hudson.plugins.git.GitChangeSet",
        "affectedPaths": ["src/alice.py"],
        "commitId": "alice" * 5,
        "author": {"absoluteUrl": f"{server.url}/user/alice", "fullName": "Alice"},
        "authorEmail": "alice@example.com",
        "msg": "alice was here",
    }
    assert ours["culprits"] == [
        {"absoluteUrl": f"{server.url}/user/alice", "fullName": "Alice", "id": "alice"},
        {"absoluteUrl": f"{server.url}/user/bob", "fullName": "Bob", "id": "bob"},
    ]


def test_suspects_stay_until_a_build_is_good_again(server: Jenkins) -> None:
    server.job("changed")
    for result, name in (
        ("SUCCESS", "alice"),
        ("FAILURE", "bob"),
        ("FAILURE", "carol"),
        ("SUCCESS", "dave"),
        ("SUCCESS", "erin"),
    ):
        server.control("builds", job="changed", result=result, changes=[commit(name)])
    found = [[person["id"] for person in changed(server, number)["culprits"]] for number in range(1, 6)]
    assert found == [["alice"], ["bob"], ["bob", "carol"], ["bob", "carol", "dave"], ["erin"]]


def test_without_commits_the_sets_are_empty(server: Jenkins) -> None:
    server.job("changed")
    server.control("builds", job="changed")
    empty = server.get("job/changed/1/api/json")
    assert empty["changeSet"] == {"_class": "hudson.scm.EmptyChangeLogSet", "items": [], "kind": None}
    assert empty["culprits"] == []
