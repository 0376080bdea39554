"""The whole way: a line in a room, a worker that polls by itself, and the thread that is told."""

from __future__ import annotations

from pathlib import Path

from bot.store.database import Database
from tests.integrations.switches.farm import PASSWORD, Farm
from tests.playground.running import running_webex
from tests.talking import running_bot, wait_for


def test_a_worker_polls_by_itself_and_tells_the_thread(
    farm: Farm, database: Database, postgres_url: str, tmp_path: Path
) -> None:
    environ = {"SWITCHES_INVENTORY": str(farm.inventory), "SWITCHES_PASSWORD": PASSWORD}
    with running_webex() as webex, running_bot(webex, postgres_url, tmp_path, environ) as bot:
        said = bot.say('switch watch leaf01 "show interface brief" state --every 10s --name ports')
        [begun] = bot.replies(said)
        assert "Watch ports" in begun["text"]
        asked = farm.requests()["leaf01"]
        wait_for(lambda: farm.requests()["leaf01"] > asked, "the first poll")
        farm.control("flap", switch="leaf01", interface="Ethernet1/1", state="down")
        told = bot.replies(said, at_least=2)[1]
        assert "Ethernet1/1: up → down" in told["text"]
        assert told["parentId"] == said
