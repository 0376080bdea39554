"""Every example that a command shows is a line that can be typed, and runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.access.policies import Policies
from bot.commands.builtin import COMMANDS
from bot.config_file import ApprovalRule
from bot.integration import find_integrations
from bot.runs import runs
from bot.store.database import Database
from tests.commands import bakery
from tests.talking import DIRECT, GROUP, Conversation, confirmation_code, settings_of

WITH_SYSTEMS_OF_THEIR_OWN = {
    *("credentials", "jenkins", "switch"),
    *("message", "person", "retry", "room", "say", "webhook"),  # beside a stand-in Webex
}
"""Nouns whose examples need an outside system: their own tests run them beside it."""

IN_PRIVATE = {"token create"}
"""Commands that answer in a direct room only."""


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
    """A bot with a run 1, a schedule 1, a grant 1, and questions of the owner's (7K3F9Q) and to them (4TZ8WM)."""
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
    talk.say("schedule add daily 06:00 ping")
    talk.say('access grant bob@example.com "run list"')
    talk.say("token create old-deploys --as you@example.com", place=DIRECT)
    rules = ApprovalRule.model_validate({"for": "ada@example.com", "of": "owners"})
    policy = replace(talk.services.policy, approvals=(rules,))
    talk.services = replace(talk.services, policies=Policies(policy))
    asked = talk.outcome("whoami", person="ada@example.com")
    assert asked.decision == "approval asked"
    code = confirmation_code(talk.say("run cancel 1"))
    with database.transaction() as session:
        session.execute(text("UPDATE confirmations SET code = '7K3F9Q' WHERE code = :code"), {"code": code})
        session.execute(text("DELETE FROM approval_asks"))
        session.execute(text("UPDATE approvals SET code = '4TZ8WM'"))
    return talk


@pytest.mark.parametrize(("name", "example"), _examples())
def test_the_example_runs(talk: Conversation, name: str, example: str) -> None:
    said = talk.outcome(example, place=DIRECT if name in IN_PRIVATE else GROUP)
    asked = said.replies[0].markdown
    if said.decision == "confirmation asked":
        said = talk.outcome(f"confirm {confirmation_code(asked)}")
    if name == "oven explode":
        assert said.result == "error"
        return
    assert said.result == "ok", said.replies[0].markdown
    assert said.decision == "allowed"
    assert said.replies[0].markdown
