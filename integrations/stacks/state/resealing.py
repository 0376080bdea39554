"""Encrypt anew all that the stacks keep encrypted, when the keys change."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot.access.encryption import Resealed
from integrations.stacks.state import plans, versions


def reseal(session: Session, keys: Sequence[SecretStr]) -> Resealed:
    """The versions of states, and the saved plans that wait. Raises NoKey where there are some and no key is."""
    states, waiting = versions.reseal(session, keys), plans.reseal(session, keys)
    return Resealed(
        states.count + waiting.count,
        "states and plans of stacks",
        (*states.unreadable, *waiting.unreadable),
    )
