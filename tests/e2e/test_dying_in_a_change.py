"""A worker is killed while it changes switches: it tells what each holds, and no switch is sent anything twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.store.database import Database
from playground.switches.door import Door
from playground.switches.farm import FarmOptions
from playground.switches.inventory import inventory
from tests.playground.running import running_webex
from tests.playground.switches.running_farm import RunningFarm, running_farm
from tests.talking import running_bot, wait_for

NTP = "ntp server 10.9.9.9"


def has_arrived(farm: RunningFarm, switch: str) -> bool:
    """Whether a switch has what it takes long over: it goes on with it, though nobody waits for its answer."""
    return any(switch in fault["happened"] for fault in farm.control("faults"))


def test_a_worker_killed_in_a_batch_sends_nothing_twice(
    database: Database, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: Counter[tuple[str, str]] = Counter()
    reply = Door.reply

    def counted(door: Door, asked: object, fault: object) -> object:
        sent.update((door.switch.name, command.strip()) for command in getattr(asked, "commands", ()))
        return reply(door, asked, fault)  # type: ignore[arg-type]

    monkeypatch.setattr(Door, "reply", counted)
    with running_farm(FarmOptions(8, port=0, tls=False)) as farm, running_webex() as webex:
        path = tmp_path / "switches.yaml"
        doors = farm.farm.doors
        path.write_text(inventory(doors.values(), dict.fromkeys(doors), "admin"))
        environ = {
            "SWITCHES_INVENTORY": str(path),
            "SWITCHES_PASSWORD": "playground",
            "SWITCHES_CONFIG": "on",
            "SWITCHES_CONFIG_TIMEOUT": "5",
        }
        with running_bot(webex, postgres_url, tmp_path, environ) as bot:
            farm.control("faults", kind="slow", switches="leaf03", command="ntp server*", seconds=3.0)
            asked = bot.ask(f"switch config @leaf {NTP} --pause 0s --batch 1")
            begun = bot.say(f"confirm {asked.partition('Say `confirm ')[2][:6]}")
            wait_for(lambda: has_arrived(farm, "leaf03"), "leaf03 to be in work")
            bot.worker.kill()
            bot.worker.start()
            told = bot.replies(begun, at_least=2)[1]["markdown"]
            assert told.startswith(
                "⚠️ **1 line on 6 switches** (run 1) ended in part: I was interrupted while"
            )
            assert "- 3 switches hold the new configuration: `leaf01`, `leaf02` and `leaf03`\n" in told
            assert "`leaf03`: I was interrupted while changing it: it holds all of it" in told
            assert {name: sent[name, NTP] for name in doors} == {
                name: int(name in ("leaf01", "leaf02", "leaf03")) for name in doors
            }

            asked = bot.ask("switch rollback 1")
            begun = bot.say(f"confirm {asked.partition('Say `confirm ')[2][:6]}")
            assert "is done" in bot.replies(begun, at_least=2)[1]["markdown"]
            assert not [name for name in doors if NTP in farm.control(f"switches/{name}/config")["running"]]
