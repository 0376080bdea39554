"""`switch rollback`, `switch changes`, the checkpoints on a switch, and the form with an attached text."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.webex import WebexClient
from tests.integrations.switches.changing.changing import NTP, Changing
from tests.playground.running import running_webex
from tests.playground.switches.running_farm import RunningFarm

AT_ONCE = "--pause 0s --batch 5"


def changed(
    bot: Changing, target: str = "@leaf", lines: str = NTP, *, number: int = 1, more: str = ""
) -> None:
    bot.confirmed(f"switch config {target} {lines} {AT_ONCE} {more}")
    assert bot.to_its_end(number).state == "done"


def test_a_finished_change_is_taken_back(bot: Changing, farm: RunningFarm) -> None:
    changed(bot, more="--save")
    asked = bot.outcome("switch rollback 1 --save").replies[0]
    assert asked.markdown.startswith(
        "⚠️ Roll **6 switches** back to what they held before run 1 of you@example.com (@leaf)? Saved at the end. What "
        "it undoes on every switch is in the file.\n\nSay `confirm "
    )
    assert asked.file is not None
    assert asked.file.content.decode() == (
        "# What rolling back run 1 does\n\n"
        "# 6 switches: leaf01, leaf02, leaf03, leaf04, leaf05, leaf06\nno ntp server 10.9.9.9\n"
    )
    bot.confirmed("switch rollback 1 --save")
    assert bot.to_its_end(2).state == "done"
    assert bot.having(NTP) == []
    assert NTP not in farm.control("switches/leaf01/config")["startup"]
    assert bot.told()[-1] == (
        "✅ **back before run 1 on 6 switches** (run 2) is done.\n\n"
        "- 6 switches were changed and are rolled back: `leaf01`, `leaf02`, `leaf03`, `leaf04`, `leaf05` and 1 more\n\n"
        "Every switch is in the file."
    )


def test_what_others_changed_since_is_told_before(bot: Changing, farm: RunningFarm) -> None:
    changed(bot)
    farm.configure("leaf02", "ntp server 10.1.2.3")
    asked = bot.say("switch rollback 1")
    assert "⚠️ 1 switch changed since (`leaf02`): that goes back too." in asked


def test_a_switch_that_changes_between_the_yes_and_its_turn_is_left_as_found(
    bot: Changing, farm: RunningFarm
) -> None:
    changed(bot)
    bot.confirmed("switch rollback 1")
    farm.configure("leaf02", "ntp server 10.1.2.3")
    assert bot.to_its_end(2).state == "partial"
    assert bot.having(NTP) == ["leaf02"]
    assert "- 1 switch is left as found: `leaf02`" in bot.told()[-1]
    bot.confirmed("switch rollback 1")
    assert bot.to_its_end(3).state == "done"
    assert bot.having(NTP) == []


def test_a_switch_that_cannot_go_back_is_told(bot: Changing, farm: RunningFarm) -> None:
    changed(bot)
    [name] = re.findall(r"sparkops-1-[0-9a-f]{6}", farm.text("leaf04", "show checkpoint summary"))
    farm.configure("leaf04", f"no checkpoint {name}")
    bot.confirmed("switch rollback 1")
    assert bot.to_its_end(2).state == "partial"
    assert bot.having(NTP) == ["leaf04"]
    assert "- 1 switch holds neither the old nor the new configuration: `leaf04`" in bot.told()[-1]
    assert "does not exist" in bot.told()[-1]


def test_a_change_that_goes_on_is_stopped_and_not_rolled_back(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP}")
    bot.turn()
    assert bot.say("switch rollback 1") == ("⚠️ Run 1 goes on: `switch stop 1` stops it and takes it back.")


def test_the_history_tells_who_changed_what(bot: Changing) -> None:
    assert (
        bot.say("switch changes")
        == "No switch has been changed from here yet. `help switch config` shows how."
    )
    changed(bot, "leaf01", '"vlan 210" "  name web"')
    bot.confirmed("switch rollback 1")
    bot.to_its_end(2)
    told = re.sub(r"\d\d-\d\d \d\d:\d\d", "11-28 15:20", bot.say("switch changes"))
    assert told == (
        "```\n"
        "run  UTC          who              lines             target  holds\n"
        "2    11-28 15:20  you@example.com  takes back run 1  run 1   1 rolled back\n"
        "1    11-28 15:20  you@example.com  vlan 210 (+1)     leaf01  1 rolled back\n"
        "```\n\n`switch changes RUN` shows all of one."
    )
    one = bot.outcome("switch changes 1").replies[0]
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-11-28 15:20", one.markdown) == (
        "**Run 1** on leaf01, you@example.com, 2026-11-28 15:20 UTC: taken back by run 2: is done: 1 rolled back\n\n"
        "```\nvlan 210\n  name web\n```\n\n"
        "- 1 switch was changed and is rolled back: `leaf01`"
    )
    assert one.file is not None
    listed = bot.outcome("switch changes --as csv").replies[0]
    assert listed.file is not None
    assert listed.file.content.decode().startswith("run,UTC,who,lines,target,holds\r\n2,")


def test_old_checkpoints_of_ours_are_cleared_away_and_no_others(bot: Changing, farm: RunningFarm) -> None:
    farm.configure("leaf01", "checkpoint mine")
    for number in range(1, 7):
        changed(bot, "leaf01", f"ntp server 10.9.9.{number}", number=number)
    kept = re.findall(r"\d\) (\S+):", farm.text("leaf01", "show checkpoint summary"))
    assert [re.sub(r"-[0-9a-f]{6}$", "", name) for name in kept] == [
        "mine",
        *(f"sparkops-{n}" for n in range(3, 7)),
    ]


def test_an_attached_text_stands_in_the_form(bot_with: Callable[..., Changing]) -> None:
    with running_webex() as webex:
        message = webex.person().call(
            "POST",
            "messages",
            data={
                "roomId": webex.room_with_bot(),
                "markdown": "<@personEmail:sparkops@webex.bot|Sparkops> switch config leaf01",
            },
            files={"files": ("lines.txt", b"vlan 210\r\n  name web\r\n")},
        )
        bot = bot_with(webex=WebexClient("bot:sparkops@webex.bot", webex.api))
        said = bot.request("switch config leaf01", message.json()["id"])
        assert said.result == "asked for input", said.replies[0].markdown
        [field] = [each for each in said.replies[0].card["body"] if each["type"] == "Input.Text"]  # type: ignore[index]
        assert field["value"] == "vlan 210\n  name web\n"
