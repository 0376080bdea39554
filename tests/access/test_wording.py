"""What rules say, in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.access.policy import Policy
from bot.access.wording import access_in_words, approval_in_words, limit_in_words, moment
from bot.config_file import AccessRule, ApprovalRule, LimitRule
from bot.durations import span


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"allow": "ops"}, "`ops` may run everything"),
        ({"deny": "ops"}, "`ops` may run nothing"),
        (
            {"deny": ["a@example.com", "b@example.com", "ops"], "commands": "run *"},
            "`a@example.com`, `b@example.com` or `ops` may not run `run *`",
        ),
        (
            {"allow": "everyone", "rooms": ["Ops *", "direct", "none", "Group"]},
            "`everyone` may run everything in rooms `Ops *`, direct rooms, no room (the terminal, REST) or group rooms",
        ),
        ({"allow": "ops", "rooms": ["Ops *", "*"]}, "`ops` may run everything"),
        (
            {"deny": "ops", "effects": ["change", "destroy"], "arguments": {"job": ["a", "b*"], "n": "1..4"}},
            "`ops` may run nothing with effect `change` or `destroy` where `job` is `a` or `b*` and `n` is `1..4`",
        ),
        (
            {"allow": "*@example.com", "reason": "They *all* may."},
            r"`*@example.com` may run everything (They \*all\* may.)",
        ),
    ],
)
def test_an_access_rule(said: dict[str, Any], words: str) -> None:
    assert access_in_words(AccessRule.model_validate(said)) == words


def test_an_approval_names_the_people_behind_groups_and_owners() -> None:
    policy = Policy(owners=frozenset({"you@example.com"}), groups={"ops": ("ada@example.com",), "empty": ()})
    said = {
        "of": ["ops", "empty", "owners", "bob@example.com"],
        "count": 2,
        "within": "90m",
        "reason": "Four eyes.",
    }
    assert approval_in_words(ApprovalRule.model_validate(said), policy) == (
        "2 of `ops` (ada@example.com), `empty` (nobody), `owners` (you@example.com), `bob@example.com` must agree "
        "within 1h30m, and never who asked (Four eyes.)"
    )


def test_a_limit() -> None:
    said = {
        "rate": "5/2h",
        "burst": 7,
        "per": ["person", "command"],
        "commands": "run *",
        "reason": "Be kind.",
    }
    assert limit_in_words(LimitRule.model_validate(said)) == (
        "5 in 2h, 7 at once for each person and command: `run *` (Be kind.)"
    )


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(seconds=90), "1m30s"),
        (timedelta(hours=36), "1d12h"),
        (timedelta(weeks=2), "2w"),
        (timedelta(), "0s"),
    ],
)
def test_a_length_of_time_is_written_as_it_is_typed(length: timedelta, written: str) -> None:
    assert span(length) == written


def test_a_moment_is_told_in_utc() -> None:
    at = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert moment(at) == "2026-02-28 23:30 UTC"
    assert moment(at.astimezone(UTC)) == moment(at)
