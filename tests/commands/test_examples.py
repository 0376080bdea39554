"""Every example that a command shows is a line that can be typed, and runs."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.commands.builtin import COMMANDS
from bot.integration import find_integrations
from bot.runs import runs
from bot.store.database import Database
from tests.commands import bakery
from tests.talking import Conversation, confirmation_code, settings_of

WITH_SYSTEMS_OF_THEIR_OWN = {"jenkins"}
"""Nouns whose examples need an outside system: their own tests run them beside it."""


def _examples() -> list[tuple[str, str]]:
    integrations = (*find_integrations(settings_of({})), bakery.integration)
    commands = [*COMMANDS, *(each for integration in integrations for each in integration.commands)]
    return [
        (each.name, example)
        for each in commands
        if each.words[0] not in WITH_SYSTEMS_OF_THEIR_OWN
        for example in each.examples
    ]


@pytest.fixture
def talk(talk: Conversation, database: Database) -> Conversation:
    """A bot with a run 1, and a question of the owner's that waits for the code 7K3F9Q."""
    with database.transaction() as session:
        runs.start(
            session,
            talk.services.redactor,
            kind="heating",
            title="oven 1",
            arguments={},
            requester=talk.person,
            request_key="a",
            room_id=None,
            parent_id=None,
            correlation_id="c0ffee",
            live="",
        )
    code = confirmation_code(talk.say("run cancel 1"))
    with database.transaction() as session:
        session.execute(text("UPDATE confirmations SET code = '7K3F9Q' WHERE code = :code"), {"code": code})
    return talk


@pytest.mark.parametrize(("name", "example"), _examples())
def test_the_example_runs(talk: Conversation, name: str, example: str) -> None:
    said = talk.outcome(example)
    asked = said.replies[0].markdown
    if said.decision == "confirmation asked":
        said = talk.outcome(f"confirm {confirmation_code(asked)}")
    if name == "oven explode":
        assert said.result == "error"
        return
    assert said.result == "ok", said.replies[0].markdown
    assert said.decision == "allowed"
    assert said.replies[0].markdown
