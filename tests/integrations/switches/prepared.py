"""What must be there before an example can be tried."""

from __future__ import annotations

from tests.integrations.switches.farm import FleetTalk
from tests.talking import confirmation_code


def prepare(talk: FleetTalk, example: str) -> None:
    """Let be what an example is about: snapshots, a watch, a change (run 1) that goes on or is done."""
    if example.startswith(("switch diff", "switch forget")):
        for name in ("before-upgrade", "after-upgrade"):
            assert talk.outcome(f'switch snapshot @leaf {name} "show hostname"').result == "ok"
    if example.startswith(("switch unwatch", "switch resume", "switch history")):
        assert talk.outcome("switch watch leaf01 health --name uplinks").result == "ok"
    if example.startswith(("switch stop", "switch rollback")):
        asked = talk.say("switch config leaf01,leaf02 ntp server 10.9.9.9 --pause 0s")
        talk.say(f"confirm {confirmation_code(asked)}")
        talk.turn()
    if example.startswith("switch rollback"):
        talk.to_its_end()
