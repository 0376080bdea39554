"""Past builds as Jenkins lists them, and since when a job is broken."""

from __future__ import annotations

import json

import pytest

from integrations.jenkins.errors import BadAnswer
from integrations.jenkins.past import Breakage, PastBuild, breakage, past_builds
from tests.integrations.jenkins.canned import Canned, recorded


def builds(results: str, first: int = 1) -> tuple[PastBuild, ...]:
    """`+` succeeded, `-` failed, `~` unstable, `x` aborted, `>` runs; oldest first, returned newest first."""
    named = {"+": "SUCCESS", "-": "FAILURE", "~": "UNSTABLE", "x": "ABORTED", ">": None}
    made = [
        PastBuild(number=number, url=f"https://j/{number}/", result=named[each], building=each == ">")
        for number, each in enumerate(results, first)
    ]
    return tuple(reversed(made))


def since(results: str, *, all_known: bool = True) -> tuple[int, int, int, bool] | None:
    """First and last broken build, how many in a row, and whether that is exact."""
    found: Breakage | None = breakage(builds(results), all_known=all_known)
    return found and (found.first.number, found.last.number, found.in_a_row, found.exact)


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ("++", None),
        ("+-", (2, 2, 1, True)),
        ("+--", (2, 3, 2, True)),
        ("+-~-", (2, 4, 3, True)),
        ("-+-", (3, 3, 1, True)),
        ("+-x-", (2, 4, 2, True)),
        ("+-x", (2, 2, 1, True)),
        ("+->", (2, 2, 1, True)),
        ("xx>", None),
        ("", None),
        ("--", (1, 2, 2, True)),
    ],
)
def test_since_when(results: str, told: tuple[int, int, int, bool] | None) -> None:
    assert since(results) == told


def test_where_older_builds_are_not_known_it_is_at_least_that_long() -> None:
    assert since("---", all_known=False) == (1, 3, 3, False)
    assert since("+--", all_known=False) == (2, 3, 2, True)


def test_the_recorded_list_is_read(canned: Canned) -> None:
    # It was recorded without the addresses.
    builds = [
        {**each, "url": f"https://j/job/demo/{each['number']}/"}
        for each in recorded("job_builds_tree")["builds"]
    ]
    canned.say(200, json.dumps({"builds": builds}))
    found = past_builds(canned.client(), "demo", 5)
    assert [(each.number, each.outcome, each.asked_by) for each in found] == [
        (9, "SUCCESS", "bot"),
        (8, "SUCCESS", "bot"),
        (7, "ABORTED", "bot"),
        (6, "SUCCESS", "alice"),
        (5, "SUCCESS", "bot"),
    ]
    assert canned.asked[0][1].endswith("%7B0,5%7D"), "no more than were wanted"


def test_people_and_branch_are_gathered() -> None:
    build = PastBuild.model_validate(
        {
            "number": 3,
            "url": "https://j/3/",
            "culprits": [{"fullName": "Ada"}],
            "changeSets": [{"items": [{"author": {"fullName": "Bob"}}]}],
            "actions": [
                {},
                {"lastBuiltRevision": {"branch": [{"name": "refs/remotes/origin/main"}]}},
                {"causes": [{"shortDescription": "Started by an SCM change"}]},
            ],
        }
    )
    assert (build.culprits, build.branch, build.asked_by) == (("Ada",), "main", "SCM change")


def test_where_no_culprits_are_named_those_who_changed_something_are() -> None:
    """Several change sets of a Pipeline, and the one of a freestyle build."""
    author = {"author": {"fullName": "Bob"}}
    both = {"changeSets": [{"items": [author]}, {"items": [author]}], "changeSet": {"items": []}}
    assert PastBuild.model_validate({"number": 3, "url": "u", **both}).culprits == ("Bob",)


def test_what_is_no_list_of_builds_is_a_bad_answer(canned: Canned) -> None:
    canned.say(200, '{"builds": [{"number": "many"}]}')
    with pytest.raises(BadAnswer):
        past_builds(canned.client(), "demo", 5)
    canned.say(200, "{}")
    with pytest.raises(BadAnswer, match="lacks"):
        past_builds(canned.client(), "demo", 5)
