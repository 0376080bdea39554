"""The demo world: seven jobs with some history, and two agents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground.jenkins import recipes
from playground.jenkins.builds import replay
from playground.jenkins.causes import BY_CHANGE, BY_TIMER, Cause, Change
from playground.jenkins.nodes import Node, Nodes
from playground.jenkins.parameters import Kind, ParameterDefinition, values_for
from playground.jenkins.world import Build, Folder, Job, World

HOUR = 3_600_000


@dataclass(frozen=True)
class Past:
    """A build of long ago: how many hours, why, with which parameters and commits."""

    hours_ago: float
    cause: Cause
    submitted: tuple[tuple[str, str], ...] = ()
    changes: tuple[Change, ...] = ()


_ALICE, _BOB = Cause.by_user("alice"), Cause.by_user("bob")
_LOGIN_CHANGE = Change(
    "72aef114ab1201f5a5cd734220c9ec738c4e2910",
    "Alice Archer",
    "alice@example.com",
    "Remember the session",
    ("src/login.py", "tests/test_login.py"),
)
_BASKET_CHANGE = Change(
    "0d5c3f6f9f4b8f0c2f6f7c9a1f9f2b7d7c1e4a55",
    "Bob Baker",
    "bob@example.com",
    "Keep the basket over a reload",
    ("src/basket.js",),
)


def fill(world: World, nodes: Nodes, now: int, next_queue_id: Callable[[], int]) -> None:
    """Put the demo's folders, jobs, agents and past builds into an empty world; `now` in epoch milliseconds."""
    for agent in _agents():
        nodes.add(agent)
    world.add(Folder("team", description="What the team deploys"))
    for job, past in (
        (_api(), _API_PAST),
        (_web(), _WEB_PAST),
        (_nightly(), _NIGHTLY_PAST),
        (_deploy(), _DEPLOY_PAST),
        (_flaky(), _FLAKY_PAST),
        (_long(), _LONG_PAST),
        (_unicode(), _UNICODE_PAST),
    ):
        world.add(job)
        for build in past:
            _happened(job, build, nodes.home_of(job.label), now, next_queue_id())


def _agents() -> tuple[Node, ...]:
    """Two machines that build only what asks for them by label."""
    return tuple(
        Node(name, 2, labels, exclusive=True, description=description)
        for name, labels, description in (
            ("linux-1", ("linux", "docker"), "Builds in containers"),
            ("linux-2", ("linux", "browsers"), "Has the browsers"),
        )
    )


def _happened(job: Job, past: Past, node: Node, now: int, queue_id: int) -> None:
    submitted = {name: [value] for name, value in past.submitted}
    parameters = values_for(job.parameters, submitted)
    started = now - round(past.hours_ago * HOUR)
    build = Build(job, job.next_number, queue_id, started, (past.cause,), parameters, past.changes)
    job.next_number += 1
    job.builds.append(build)
    replay(build, job.recipe(build.number, {value.name: value.value for value in parameters}), node)


def _api() -> Job:
    branch = "Git branch; one that begins with broken does not compile"
    return Job(
        "api",
        "pipeline",
        recipes.api,
        (
            ParameterDefinition(Kind.STRING, "BRANCH", "main", branch),
            ParameterDefinition(
                Kind.CHOICE, "TARGET", "", "Where the package goes", ("staging", "production")
            ),
            ParameterDefinition(Kind.BOOLEAN, "DRY_RUN", False, "Build, but publish nothing"),
        ),
        "Builds, tests and packages the API",
        label="linux",
    )


def _web() -> Job:
    return Job("web", "freestyle", recipes.web, description="Builds and tests the shop's front end")


def _nightly() -> Job:
    return Job(
        "nightly-e2e",
        "pipeline",
        recipes.nightly_e2e,
        description="Drives the shop in three browsers",
        label="linux && browsers",
    )


def _deploy() -> Job:
    return Job(
        "team/deploy",
        "pipeline",
        recipes.deploy,
        (
            ParameterDefinition(Kind.STRING, "VERSION", "1.4.0", "What to deploy"),
            ParameterDefinition(Kind.TEXT, "NOTES", "", "For the release notes"),
            ParameterDefinition(Kind.PASSWORD, "VAULT_TOKEN", "", "Where the secrets are"),
        ),
        "Deploys to production, after a person said yes",
    )


def _flaky() -> Job:
    return Job("flaky", "pipeline", recipes.flaky, description="Comes out differently every time")


def _long() -> Job:
    return Job("long-job", "freestyle", recipes.long_job, description="Runs for two minutes")


def _unicode() -> Job:
    return Job("Ünïcode jöb", "freestyle", recipes.unicode_job, description="Grüße, 日本語, 🚀")


_API_PAST = (
    Past(50, _ALICE),
    Past(30, _BOB, (("BRANCH", "feature/login"), ("DRY_RUN", "true")), (_LOGIN_CHANGE,)),
    Past(26, _ALICE, (("BRANCH", "broken-login"),), (_LOGIN_CHANGE,)),
    Past(25, _ALICE, (("BRANCH", "feature/login"),), (_LOGIN_CHANGE,)),
    Past(3, _BOB, (("TARGET", "production"),)),
)
_WEB_PAST = (
    Past(49, BY_CHANGE, (), (_LOGIN_CHANGE,)),
    Past(28, BY_CHANGE, (), (_BASKET_CHANGE,)),
    Past(27, _BOB),
    Past(20, BY_CHANGE, (), (_BASKET_CHANGE, _LOGIN_CHANGE)),
    Past(4, _ALICE),
)
_NIGHTLY_PAST = (Past(58, BY_TIMER), Past(34, BY_TIMER), Past(10, BY_TIMER))
_DEPLOY_PAST = (Past(70, _ALICE, (("VERSION", "1.3.8"),)), Past(22, _BOB, (("VERSION", "1.3.9"),)))
_FLAKY_PAST = tuple(Past(40 - 5 * turn, _BOB) for turn in range(6))
_LONG_PAST = (Past(60, _ALICE),)
_UNICODE_PAST = (Past(44, _BOB), Past(5, _ALICE))
