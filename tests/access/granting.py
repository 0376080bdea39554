"""Grants given beside the chat, as another process would, and the question that shows which rule decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.access import grants
from bot.access.policies import Policies
from bot.access.policy import Question
from bot.config_file import AccessRule
from bot.store.database import Database
from tests.talking import OWNER

ADA, EVE = "ada@example.com", "eve@example.com"
CONFIG = {"groups": {"bakers": [ADA]}, "access": [{"allow": "bakers", "commands": "bread list"}]}
NOWHERE = "postgresql://127.0.0.1:1/nothing"


def decides(policies: Policies, person: str = EVE, command: str = "bread list") -> str:
    return policies.current.decide(Question(person=person, command=command, effect="read")).rule


def give(database: Database, lasts: timedelta | None = None, **said: Any) -> int:
    with database.transaction() as session:
        return grants.give(session, AccessRule.model_validate(said), by=OWNER, lasts=lasts)


def revoke(database: Database, number: int) -> None:
    with database.transaction() as session:
        grants.revoke(session, number, by=OWNER)
