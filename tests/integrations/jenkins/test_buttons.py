"""The buttons below a build: each stands for a line that could be typed."""

from __future__ import annotations

import pytest

from bot.commands.forms import words_of_submission
from bot.commands.parse import Parsed, parse
from bot.commands.registry import Registry
from integrations.jenkins import integration
from integrations.jenkins.render import build_buttons, report_card
from integrations.jenkins.render.buttons import Standing


@pytest.mark.parametrize(
    ("number", "state", "shown"),
    [
        (None, "queued", {"Stop": "jenkins stop team/deploy"}),
        (7, "running", {"Log": "jenkins log team/deploy #7", "Stop": "jenkins stop team/deploy #7"}),
        (
            7,
            "ended",
            {
                "Log": "jenkins log team/deploy #7",
                "Rebuild": "jenkins rebuild team/deploy #7",
                "Artifacts": "jenkins artifacts team/deploy #7",
            },
        ),
    ],
)
def test_each_state_has_the_buttons_that_fit(
    number: int | None, state: Standing, shown: dict[str, str]
) -> None:
    buttons = build_buttons("team/deploy", number, state)
    assert {each["title"]: " ".join(words_of_submission(each["data"]) or ()) for each in buttons} == shown


def test_one_server_of_several_is_named() -> None:
    (stop,) = build_buttons("api", None, "queued", noun="jenkins@prod")
    assert words_of_submission(stop["data"]) == ("jenkins@prod", "stop", "api")


@pytest.mark.parametrize("words", ["stop team/deploy", "stop team/deploy #7", "rebuild team/deploy #7"])
def test_their_words_are_commands(words: str) -> None:
    assert isinstance(parse(("jenkins", *words.split()), Registry(integration.commands)), Parsed)


def test_a_card_shows_no_backticks_where_its_text_has_code() -> None:
    card = report_card("1 of 2 tests failed: `a.Test.keeps_me`.\n\n`jenkins build api` again.", [])
    assert card is not None
    assert [each["text"] for each in card["body"]] == [
        "1 of 2 tests failed: **a.Test.keeps_me**.",
        "**jenkins build api** again.",
    ]
