"""What the switches integration is told: which switches, how they are asked, and what may be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.config_fields import Listed, Strict


def _switched(value: object) -> object:
    """`on` and `off`, which YAML 1.1 makes booleans of."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value.strip().lower() if isinstance(value, str) else value


OnOff = Annotated[Literal["on", "off"], BeforeValidator(_switched)]


class ShowRules(Strict):
    """Which shows a group of people may ask for."""

    allow: Listed = ()
    """Globs over the command without its pipes, such as `show interface *`."""
    grant: Listed = ()
    """Globs over the dangerous shows that are let through all the same, such as `show running-config*`."""


class SwitchesSettings(BaseModel):
    """All of it may be left out: without an inventory the commands say what to set."""

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    inventory: Path = Field(Path("inventory/switches.yaml"), alias="SWITCHES_INVENTORY")
    """The file of switches."""
    fast: OnOff = Field("on", alias="SWITCHES_FAST")
    """`off` sends every switch over the sure path."""
    concurrency: int = Field(1000, alias="SWITCHES_CONCURRENCY", ge=1, le=20_000)
    """Switches asked side by side. Each is asked one thing at a time, whoever asks."""
    warm: int = Field(4000, alias="SWITCHES_WARM", ge=0, le=50_000)
    """Connections kept open between questions, some 60 KB each; those asked first keep theirs."""
    idle: float = Field(60.0, alias="SWITCHES_IDLE", ge=0, le=3600)
    """Seconds an unused connection is kept; nginx on the switch closes it after 65 to 75."""
    timeout: float = Field(20.0, alias="SWITCHES_TIMEOUT", gt=0, le=600)
    """Seconds a switch has for its answer."""
    deadline: float = Field(60.0, alias="SWITCHES_DEADLINE", gt=0, le=3600)
    """Seconds a whole question may take; whoever has not answered then is named."""
    connect_timeout: float = Field(5.0, alias="SWITCHES_CONNECT_TIMEOUT", gt=0, le=120)
    """Seconds to wait for a connection."""
    most_bytes: int = Field(8_000_000, alias="SWITCHES_MAX_ANSWER", ge=1_000)
    """Bytes of an answer that are taken."""
    snapshot_days: float = Field(30.0, alias="SWITCHES_SNAPSHOT_DAYS", gt=0, le=3650)
    """Days a snapshot is kept."""
    shows: dict[str, ShowRules] = Field(default_factory=dict)
    """What groups of people may ask for, beside what `everyone` may; by the group's name in `sparkops.yaml`."""

    url: str | None = Field(None, alias="SWITCH_URL")
    """One switch without a file: `https://leaf01.example.com`, with a port where it is not 443 or 80."""
    user: str | None = Field(None, alias="SWITCH_USER")
    """The user on it."""
    password: SecretStr | None = Field(None, alias="SWITCH_PASSWORD")
    """The user's password."""
    name: str | None = Field(None, alias="SWITCH_NAME")
    """What it is called here; by default the first part of its host's name."""
    fingerprint: str | None = Field(None, alias="SWITCH_FINGERPRINT")
    """`sha256:…` of its certificate."""
    ca: str | None = Field(None, alias="SWITCH_CA")
    """A file with its CA in PEM."""
    verify: OnOff = Field("on", alias="SWITCH_VERIFY")
    """`off` believes anybody who answers at SWITCH_URL, and sends them the password."""
    legacy_tls: OnOff = Field("off", alias="SWITCH_LEGACY_TLS")
    """`on` reaches switches with TLS 1.0 or old ciphers."""

    def single(self) -> dict[str, Any] | None:
        """The one switch of the environment as an entry of the file would say it; None where there is none."""
        if self.url is None:
            return None
        tls = {"fingerprint": self.fingerprint, "ca": self.ca, "verify": self.verify == "on"}
        entry: dict[str, Any] = {"url": self.url, "user": self.user, "password": self.password}
        if self.url.startswith("https:"):
            entry["tls"] = {key: value for key, value in tls.items() if value is not None}
            entry["legacy_tls"] = self.legacy_tls == "on"
        return {key: value for key, value in entry.items() if value is not None}
