"""What must be there before an example can be tried."""

from __future__ import annotations

from tests.integrations.switches.farm import FleetTalk


def prepare(talk: FleetTalk, example: str) -> None:
    """Let be what an example is about: snapshots, a watch."""
    if example.startswith(("switch diff", "switch forget")):
        for name in ("before-upgrade", "after-upgrade"):
            assert talk.outcome(f'switch snapshot @leaf {name} "show hostname"').result == "ok"
    if example.startswith(("switch unwatch", "switch resume", "switch history")):
        assert talk.outcome("switch watch leaf01 health --name uplinks").result == "ok"
