"""What the stacks are told: where their files lie, and how the engines reach the states that the bot keeps."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.settings import Settings


class StacksSettings(BaseModel):
    """All of it has a default that works on one machine."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, extra="forbid", use_attribute_docstrings=True
    )

    folder: Path = Field(Path("stacks"), alias="STACKS_FOLDER")
    """The folder of stacks, each a folder with a `stack.yaml`."""
    state_url: str | None = Field(None, alias="STACKS_STATE_URL")
    """The web process as the workers reach it, for terraform's states; `PUBLIC_URL`, or this machine, by default."""
    state_mb: int = Field(32, ge=1, le=512)
    """Megabytes of the largest state that is taken."""
    state_versions: int = Field(100, ge=1, le=10_000)
    """Former versions of a state that are kept."""

    @field_validator("state_url")
    @classmethod
    def _root(cls, url: str | None) -> str | None:
        """Raises ValueError for what is no plain web address."""
        if url is None:
            return None
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be a web address such as https://sparkops.example.com")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("it must hold no user, password or query")
        return url.strip().rstrip("/")


def state_address(settings: StacksSettings, bot: Settings, stack: str, instance: str) -> str:
    """Where terraform finds the state of an instance."""
    root = settings.state_url or (bot.public_url or f"http://127.0.0.1:{bot.port}").rstrip("/")
    return f"{root}/integrations/stacks/state/{stack}/{instance}"
