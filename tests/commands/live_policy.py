"""A conversation whose policy is the file's and the chat's together, as in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bot.access.policies import Policies
from bot.commands.builtin import COMMANDS
from bot.commands.registry import Registry
from bot.store.database import Database
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.talking import OWNER, Conversation, Stated, conversation

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"


def live_talk(
    database: Database,
    folder: Path,
    config: Mapping[str, Any],
    *,
    owners: tuple[str, ...] = (OWNER,),
    relations: Stated | None = None,
) -> Conversation:
    """The owner's conversation, with the core's commands and the bakery's."""
    talk = conversation(
        database,
        config=config,
        folder=folder,
        clients={"bakery": Bakery()},
        owners=owners,
        relations=relations,
    )
    policies = Policies.live(talk.services.settings, database)
    policies.refresh_grants()
    registry = Registry([*COMMANDS, *bakery.COMMANDS])
    talk.services = replace(talk.services, policies=policies, registry=registry)
    return talk


def write_config(folder: Path, config: Mapping[str, Any]) -> Path:
    """Put another sparkops.yaml in its place."""
    path = folder / "sparkops.yaml"
    path.write_text(yaml.safe_dump(dict(config), allow_unicode=True))
    return path
