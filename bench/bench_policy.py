"""Deciding by a thousand rules, beside pycasbin (the kept policy library) holding the same thousand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from statistics import median, quantiles

import casbin

from bench.report import Result, publish
from bot.access.policy import Policy, Question
from bot.config_file import ConfigFile

RULES, GROUPS = 1000, 40
OUR_DECISIONS, NEW_POLICIES, PEER_DECISIONS = 20_000, 200, 100
_MODEL = """
[request_definition]
r = person, room, command, effect, job
[policy_definition]
p = person, room, command, effect, job, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (g(r.person, p.person) || globMatch(r.person, p.person)) && globMatch(r.room, p.room) \
 && globMatch(r.command, p.command) && (p.effect == "*" || r.effect == p.effect) && keyMatch(r.job, p.job)
"""


@dataclass(frozen=True)
class Line:
    """A rule as both write it; `*` is whatever there is."""

    who: str
    room: str = "*"
    command: str = "*"
    effect: str = "*"
    job: str = "*"
    deny: bool = False


@dataclass(frozen=True)
class Asked:
    """A request, and the number of the rule that decides it, from 1; 0 where none does."""

    who: str
    room: str
    command: str
    effect: str
    job: str
    rule: int


ASKED = {
    "first rule": Asked("lead@example.com", "Team 0 Berlin", "jenkins status", "read", "team-0/api", 1),
    "last rule": Asked("late@example.com", "Team 9 Berlin", "jenkins build", "change", "team-9/api", RULES),
    "no rule": Asked("eve@elsewhere.example", "Team 5 Berlin", "jenkins build", "change", "team-5/api", 0),
    "a deny": Asked("person-3-1@example.com", "Team 3 Berlin", "jenkins stop", "destroy", "team-3/api", 500),
}


def rules() -> list[Line]:
    """Teams in their rooms with their jobs, single persons, partners by their domain, and denies among them."""
    lines = [Line("lead@example.com", command="jenkins *", effect="read")]
    while len(lines) < RULES - 1:
        number = len(lines)
        team = number % GROUPS
        lines.append(
            (
                Line(f"team-{team}", f"Team {team} *", "jenkins *", "change", f"team-{team}/*"),
                Line(f"team-{team}", f"Team {team} *", f"stack {number}*", "read"),
                Line(f"person-{team}-{number % 20}@example.com", command=f"run {number}"),
                Line(f"*@partner-{number}.example", f"Partner {number} *", effect="read"),
                Line(f"team-{team}", "*", "jenkins build", "change", f"shared/{number}/*"),
            )[number % 5]
        )
    for number in range(20, RULES - 1, 20):
        lines[number] = Line(f"*@partner-{number}.example", "Ops *", "jenkins *", deny=True)
    lines[499] = Line("team-3", "*", "jenkins stop", "destroy", deny=True)
    lines.append(Line("late@example.com", "Team 9 *", "jenkins build", "change", "team-9/*"))
    return lines


def members(team: int) -> list[str]:
    """Twenty people each."""
    return [f"person-{team}-{number}@example.com" for number in range(20)]


def ours(lines: list[Line]) -> Policy:
    """The rules as sparkops.yaml would hold them."""
    return Policy.of_file(
        ConfigFile.model_validate(
            {
                "groups": {f"team-{team}": members(team) for team in range(GROUPS)},
                "access": [
                    {
                        "deny" if line.deny else "allow": line.who,
                        "rooms": line.room,
                        "commands": line.command,
                        **({"effects": line.effect} if line.effect != "*" else {}),
                        **({"arguments": {"job": line.job}} if line.job != "*" else {}),
                    }
                    for line in lines
                ],
            }
        )
    )


def theirs(lines: list[Line]) -> casbin.Enforcer:
    """The rules as casbin's policies, the teams as its roles."""
    model = casbin.Enforcer.new_model(text=_MODEL)
    enforcer = casbin.Enforcer(model)
    for line in lines:
        eft = "deny" if line.deny else "allow"
        enforcer.add_policy(line.who, line.room, line.command, line.effect, line.job, eft)
    for team in range(GROUPS):
        for person in members(team):
            enforcer.add_grouping_policy(person, f"team-{team}")
    return enforcer


def main() -> None:
    """Decide each request by both, see that they agree, and time them in turn."""
    lines = rules()
    policy, enforcer = ours(lines), theirs(lines)
    figures: dict[str, dict[str, float]] = {}
    for name, asked in ASKED.items():
        question = Question(
            asked.who,
            asked.command,
            asked.effect,
            room_ids=("room-1",),
            room_title=asked.room,
            room_type="group",
            arguments={"job": (asked.job,)},
        )
        request = (asked.who, asked.room, asked.command, asked.effect, asked.job)
        _check_agreement(policy, enforcer, question, request, asked.rule)
        figures |= {
            f"{name}: pycasbin": _timed([partial(enforcer.enforce, *request)] * PEER_DECISIONS),
            f"{name}: Sparkops": _timed([partial(policy.decide, question)] * OUR_DECISIONS),
            f"{name}: Sparkops, a new policy's first": _timed(
                [partial(replace(policy).decide, question) for _ in range(NEW_POLICIES)]
            ),
        }
    slowest = max(each["p50 µs"] for name, each in figures.items() if not name.endswith("pycasbin"))
    ratios = {
        name: figures[f"{name}: Sparkops"]["p50 µs"] / figures[f"{name}: pycasbin"]["p50 µs"]
        for name in ASKED
    }
    publish(
        Result(
            name="policy",
            peer=f"pycasbin {version('casbin')}, {RULES} policies matched by globMatch and keyMatch",
            figures=figures,
            ratios={**ratios, "our slowest median / 1 ms": slowest / 1000},
            targets={**dict.fromkeys(ratios, "below 1"), "our slowest median / 1 ms": "below 1"},
        )
    )


def _check_agreement(
    policy: Policy, enforcer: casbin.Enforcer, question: Question, request: tuple[str, ...], rule: int
) -> None:
    decision = policy.decide(question)
    expected = f"access rule {rule} " if rule else "nothing allows it"
    assert decision.rule.startswith(expected), f"{decision} and not {expected}"
    assert enforcer.enforce(*request) is decision.allowed, f"{request}: {decision}, and pycasbin differs"


def _timed(decisions: Iterable[Callable[[], object]]) -> dict[str, float]:
    seconds = []
    for decide in decisions:
        started = time.perf_counter()
        decide()
        seconds.append(time.perf_counter() - started)
    return {"p50 µs": median(seconds) * 1e6, "p99 µs": quantiles(seconds, n=100)[98] * 1e6}


if __name__ == "__main__":
    main()
