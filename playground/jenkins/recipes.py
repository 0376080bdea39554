"""What the demo's jobs do, and a plain recipe for jobs made on the fly. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from playground.jenkins.generated import LongOutput
from playground.jenkins.parameters import Kind, ParameterDefinition
from playground.jenkins.script import (
    Artifact,
    CaseResult,
    DownstreamRequest,
    InputRequest,
    Result,
    Script,
    Stage,
    Step,
)
from playground.jenkins.world import JobKind

Values = Mapping[str, str | bool]

CHECKOUT = "Check out from version control"
SHELL = "Shell Script"
JUNIT = "Archive JUnit-formatted test results"
ARCHIVE = "Archive the artifacts"
BUILD = "Build a job"


def plain(
    kind: JobKind,
    *,
    lines: Sequence[str] = ("+ make",),
    seconds: float = 3.0,
    result: Result | None = None,
    stages: Sequence[str] = ("Build",),
    cases: tuple[CaseResult, ...] = (),
    stubborn: bool = False,
    artifacts: tuple[Artifact, ...] = (),
    long_output: LongOutput | None = None,
    question: InputRequest | None = None,
    downstream: Sequence[DownstreamRequest] = (),
) -> Script:
    """A script that prints `lines` over `seconds` and ends with `result`; a pipeline spreads it over stages.

    The stage a FAILURE breaks is the last one. A pipeline first asks its question, in a stage "Approve", and
    last builds other jobs, in a stage "Downstream"; a freestyle job can do neither.
    """
    error = "script returned exit code 1" if result == "FAILURE" else None
    share = seconds if kind == "freestyle" else seconds / len(stages)
    work = Step(SHELL, "make", share, tuple(lines), error, cases, artifacts, long_output)
    if kind == "freestyle":
        return Script(steps=(replace(work, argument=""),), result=result, stubborn=stubborn)
    asked = (Stage("Approve", input=question),) if question is not None else ()
    early = tuple(Stage(name, (Step(SHELL, "make", share),)) for name in stages[:-1])
    others = tuple(Step(BUILD, request.job, 0.1, downstream=request) for request in downstream)
    after = (Stage("Downstream", others),) if others else ()
    last = Stage(stages[-1], (work,))
    return Script(stages=(*asked, *early, last, *after), result=result, stubborn=stubborn)


def api(number: int, values: Values) -> Script:
    """About twelve seconds; a BRANCH that begins with `broken` does not compile."""
    branch, target = str(values.get("BRANCH", "main")), str(values.get("TARGET", "staging"))
    return Script(
        stages=(
            Stage("Checkout", (_checkout("api", branch, 2.0),)),
            Stage("Build", (_compile(branch),)),
            Stage(
                "Test",
                branches=(
                    Stage(
                        "unit", (_suite("unit", 2.0), Step(JUNIT, "reports/unit.xml", 0.2, cases=_API_CASES))
                    ),
                    Stage("integration", (_suite("integration", 3.5),)),
                ),
            ),
            Stage("Package", _package(number, target, bool(values.get("DRY_RUN", False)))),
        )
    )


def web(number: int, values: Values) -> Script:
    """Freestyle with a test report; every fourth build has a failing test."""
    basket = CaseResult("acme.web.CheckoutTest", "keeps_the_basket", seconds=0.31)
    if number % 4 == 0:
        basket = CaseResult(
            "acme.web.CheckoutTest",
            "keeps_the_basket",
            "FAILED",
            0.31,
            "expected 2 items but was 0",
            "AssertionError: expected 2 items but was 0\n    at CheckoutTest.js:57",
        )
    cases = (
        CaseResult("acme.web.CheckoutTest", "adds_to_the_basket", seconds=0.12),
        basket,
        CaseResult("acme.web.LoginTest", "remembers_me", "SKIPPED", 0.0),
        CaseResult("acme.web.LoginTest", "rejects_a_bad_password", seconds=0.2),
    )
    lines = ("+ npm ci", "added 812 packages in 2s", "+ npm run build", "✓ built in 1.4s", "+ npm test")
    archive = Artifact("dist/web.zip", b"PK\x05\x06" + bytes(18))
    return Script(steps=(Step(SHELL, "", 6.0, lines, cases=cases, artifacts=(archive,)),))


def nightly_e2e(number: int, values: Values) -> Script:
    """Always fails, in one branch of three."""
    error = "firefox: the basket is empty after a reload"
    return Script(
        stages=(
            Stage("Prepare", (Step(SHELL, "make seed", 1.0, ("+ make seed", "seeded 40 customers")),)),
            Stage(
                "E2E",
                branches=(
                    Stage("chrome", (_suite("chrome", 3.0),)),
                    Stage("firefox", (Step(SHELL, "make e2e", 2.0, ("+ make e2e", f"✗ {error}"), error),)),
                    Stage("webkit", (_suite("webkit", 2.5),)),
                ),
            ),
            Stage("Report", (Step("Print Message", "all browsers passed", 0.2),)),
        )
    )


def deploy(number: int, values: Values) -> Script:
    """Asks before it deploys."""
    version = str(values.get("VERSION", "1.0.0"))
    question = InputRequest(
        "Deploy",
        f"Deploy {version} to production?",
        "Deploy",
        (
            ParameterDefinition(Kind.CHOICE, "STRATEGY", "", "how to roll out", ("rolling", "blue-green")),
            ParameterDefinition(Kind.STRING, "REASON", "", "why now"),
        ),
        written_id="Deploy",
    )
    plan_lines = ("+ make plan", "3 to change, 0 to destroy")
    return Script(
        stages=(
            Stage("Plan", (Step(SHELL, "make plan", 2.0, plan_lines),)),
            Stage("Approve", input=question),
            Stage(
                "Rollout", (Step(SHELL, "make rollout", 3.0, ("+ make rollout", "3 of 3 pods are ready")),)
            ),
            Stage("Smoke test", (_suite("smoke", 1.0),)),
        )
    )


def flaky(number: int, values: Values) -> Script:
    """In turn a success, an unstable build and a failure; unstable shows before the build is over."""
    turn = number % 3
    error = "Connection reset by peer" if turn == 0 else None
    case = CaseResult("acme.QueueTest", "drains_in_time", seconds=0.4)
    if turn == 2:
        case = replace(case, status="FAILED", error_details="timed out after 30 s")
    return Script(
        stages=(
            Stage("Build", (Step(SHELL, "make", 1.0, ("+ make",)),)),
            Stage("Test", (Step(SHELL, "make test", 1.5, ("+ make test",), error), _junit(case))),
            Stage("Report", (Step("Print Message", "done", 1.5, ("done",)),)),
        )
    )


def long_job(number: int, values: Values) -> Script:
    """Two minutes, a line a second: there to be stopped."""
    ticks = tuple(f"tick {second} of 120" for second in range(1, 121))
    return Script(steps=(Step(SHELL, "", 120.0, ticks),))


def unicode_job(number: int, values: Values) -> Script:
    """Prints colours, scripts and emoji."""
    lines = ("\x1b[31mrot: ERROR\x1b[0m", "✓ grün, 日本語, 🚀", "<b>kein Fett</b> & *kein* Markdown")
    return Script(steps=(Step(SHELL, "", 3.0, lines),))


_API_CASES = (
    CaseResult("acme.api.LoginTest", "accepts_a_good_password", seconds=0.1),
    CaseResult("acme.api.LoginTest", "rejects_a_bad_password", seconds=0.2),
    CaseResult("acme.api.OrderTest", "adds_up", seconds=0.05),
)


def _checkout(repository: str, branch: str, seconds: float) -> Step:
    address = f"https://git.example.com/acme/{repository}.git"
    lines = (f"Cloning repository {address}", f"Checking out origin/{branch}")
    return Step(CHECKOUT, address, seconds, lines)


def _compile(branch: str) -> Step:
    if branch.startswith("broken"):
        mistake = "src/login.py:12: error: name 'sesion' is not defined"
        lines = ("+ make build", mistake, "make: *** [build] Error 1")
        return Step(SHELL, "make build", 1.5, lines, "script returned exit code 2")
    return Step(
        SHELL, "make build", 4.0, ("+ make build", "compiling 214 files", "linking", "build complete")
    )


def _package(number: int, target: str, dry_run: bool) -> tuple[Step, ...]:
    name = f"dist/api-1.4.{number}.tar.gz"
    published = f"DRY_RUN: nothing goes to {target}" if dry_run else f"published to {target}"
    archive = Artifact(name, f"api 1.4.{number} for {target}\n".encode())
    return (
        Step(SHELL, "make package", 1.6, ("+ make package", f"wrote {name}", published)),
        Step(ARCHIVE, "dist/*", 0.4, ("Archiving artifacts",), artifacts=(archive,)),
    )


def _suite(name: str, seconds: float) -> Step:
    return Step(SHELL, f"make test-{name}", seconds, (f"+ make test-{name}", f"{name}: all tests passed"))


def _junit(*cases: CaseResult) -> Step:
    return Step(JUNIT, "reports/*.xml", 0.2, ("Recording test results",), cases=cases)
