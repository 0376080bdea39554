"""`switch config` from the question to its end: what a person types, what they see, what the switches hold."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.runs.states import State
from tests.integrations.switches.changing.changing import NTP, Changing
from tests.playground.switches.running_farm import PATIENCE_S, RunningFarm

LEAVES = [f"leaf0{number}" for number in range(1, 7)]
AT_ONCE = "--pause 0s --batch 5"


def without_code(text: str) -> str:
    return re.sub(r"`(confirm|leave) \w{6}`", r"`\1 …`", text)


def fault(farm: RunningFarm, kind: str, switches: str, command: str = "ntp server*", **more: Any) -> None:
    farm.control("faults", kind=kind, switches=switches, command=command, **more)


# --- before it


def test_it_is_off_unless_an_owner_turns_it_on(bot_with: Callable[..., Changing]) -> None:
    off = bot_with(config="off")
    says = (
        "⚠️ Changing switches from chat is off here. An owner turns it on: `config: on` below "
        "`integrations: switches:` in `sparkops.yaml` (or `SWITCHES_CONFIG=on`), and starts me again."
    )
    assert off.say(f"switch config @leaf {NTP}") == says
    assert off.say("switch rollback 1") == says


def test_the_question_shows_what_would_change_and_nothing_is_done(bot: Changing, farm: RunningFarm) -> None:
    farm.configure("leaf05", NTP)
    asked = bot.outcome(f"switch config @leaf {NTP} --canary 2 --batch 50% --pause 10s --save").replies[0]
    assert without_code(asked.markdown) == (
        "⚠️ Change **5 switches** (@leaf), 1 line?\n\n"
        "- 5 switches: +1 −0 (`leaf01`, `leaf02`, `leaf03`, `leaf04` and `leaf06`)\n"
        "- 1 switch: nothing to do (`leaf05`)\n\n"
        "```diff\n+ ntp server 10.9.9.9\n```\n\n"
        "A checkpoint on each, first `leaf01` and `leaf02`, then after 10 s 3 switches in batches of 2. The lines must "
        "be in force, and ports, BGP and vPC no worse; at the first failure all of it is rolled back. Saved at the "
        "end. The diff of every switch is in the file.\n\n"
        "Say `confirm …` within 120 s to do it, or `leave …`."
    )
    assert asked.file is not None
    assert asked.file.content.decode() == (
        "# The lines, as written\nntp server 10.9.9.9\n\n"
        "# 5 switches: leaf01, leaf02, leaf03, leaf04, leaf06\n+ ntp server 10.9.9.9\n\n"
        "# 1 switch: leaf05\n(nothing to do)\n"
    )
    assert asked.card is not None
    assert bot.having(NTP) == ["leaf05"]


def test_without_lines_a_form_with_a_field_of_several_lines_is_opened(bot: Changing) -> None:
    asked = bot.outcome("switch config leaf01 --pause 0s")
    assert asked.replies[0].markdown == "Write the lines, nested by indentation."
    [field] = [each for each in asked.replies[0].card["body"] if each["type"] == "Input.Text"]  # type: ignore[index]
    assert field["isMultiline"] is True
    words = ("switch", "config", "leaf01", "--pause", "0s", "vlan 210\n  name web")
    said = bot.talk.words(words).replies[0].markdown
    assert "```diff\n+ vlan 210\n+   name web\n```" in said


def test_a_block_of_code_holds_the_lines(bot: Changing) -> None:
    said = bot.say("switch config leaf01 ```\nvlan 210\n  name web\n``` --pause 0s")
    assert "```diff\n+ vlan 210\n+   name web\n```" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("switch config nowhere ntp server 10.9.9.9", "nowhere"),
        ("switch config leaf01 username eve role network-admin", "it says who may log in"),
        ('switch config leaf01 "ntp server 10.9.9.9 ; reload"', "parts commands: nothing is sent."),
        ('switch config leaf01 "ntp server {ntp}"', "{ntp} has no value on leaf01."),
        (f"switch config leaf01 {NTP} --canary leaf09", "The canary leaf09 is not among the switches"),
        (f"switch config leaf01 {NTP} --expect x", "`--expect` says what"),
        (f'switch config leaf01 {NTP} --verify "show running-config"', "it holds secrets"),
        (
            f"switch config leaf01 {NTP} --batch 101%",
            "is neither a number of switches such as 20 nor a share",
        ),
        ("switch config leaf01 no ntp server 10.9.9.9", "Nothing to do: 1 switch, and it held it already."),
        ("switch stop 7", "Run 7 changed no switches."),
        ("switch rollback 7", "Run 7 changed no switches."),
        ("switch changes 7", "Run 7 changed no switches."),
    ],
)
def test_what_cannot_be_done_is_said(bot: Changing, line: str, says: str) -> None:
    said = bot.say(line).replace("\\", "")
    assert said.startswith("⚠️ ")
    assert says in said


def test_lines_that_are_forbidden_are_refused_before_any_packet(bot: Changing, farm: RunningFarm) -> None:
    seen = farm.farm.doors["leaf01"].requests
    bot.say("switch config leaf01 no feature nxapi")
    bot.say('switch config leaf01 "ntp server 10.9.9.9 | tee x"')
    assert farm.farm.doors["leaf01"].requests == seen


def test_a_switch_that_does_not_tell_what_it_holds_is_not_changed(bot: Changing, farm: RunningFarm) -> None:
    farm.control("power", switches="leaf03", power="off")
    assert bot.say(f"switch config @leaf {NTP}") == (
        "⚠️ 1 switch did not tell what it holds: `leaf03` (connection refused). Nothing is changed. Leave them out: "
        "`(@leaf) -leaf03`."
    )


# --- it goes well


def test_a_canary_then_batches_and_every_step_is_told(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 3 --save")
    run = bot.to_its_end()
    assert (run.state, run.result) == ("done", "is done: 6 new")
    assert bot.having(NTP) == LEAVES
    assert all(NTP in farm.control(f"switches/{name}/config")["startup"] for name in LEAVES)
    title = "🔧 **1 line on 6 switches**: "
    assert bot.lives == [
        f"{title}0/6 changed; begins.",
        f"{title}1/6 changed; canary.",
        f"{title}1/6 changed; canary changed, looking.",
        f"{title}4/6 changed; batch 1 of 2.",
        f"{title}6/6 changed; batch 2 of 2.",
        f"{title}6/6 changed; saving.",
        "✅ **1 line on 6 switches** is done.",
    ]
    assert bot.told() == [
        "✅ **1 line on 6 switches** (run 1) is done.\n\n"
        "- 6 switches hold the new configuration: `leaf01`, `leaf02`, `leaf03`, `leaf04`, `leaf05` and 1 more\n\n"
        "`switch rollback 1` takes it back.\n\n"
        "Every switch is in the file."
    ]
    checkpoint = farm.text("leaf01", "show checkpoint summary")
    assert re.search(r"sparkops-1-[0-9a-f]{6}:", checkpoint)
    [file] = bot.files()
    assert file.splitlines()[0] == "switch,holds,saved,checkpoint,detail"
    assert re.fullmatch(r"leaf01,new,yes,sparkops-1-[0-9a-f]{6},", file.splitlines()[1])
    log = bot.log()
    assert log[0] == "Begins: 6 switches, 1 as canaries, then batches of 3."
    assert log[1:3] == ["leaf01: new", "after the pause, leaf01: new"]
    assert sorted(log[3:6]) == ["leaf02: new", "leaf03: new", "leaf04: new"]
    assert sorted(log[6:8]) == ["leaf05: new", "leaf06: new"]
    assert sorted(log[8:]) == ["is done: 6 new", *(f"saving, {name}: new" for name in LEAVES)]


def test_what_differs_by_switch_comes_from_the_inventory(bot_with: Callable[..., Changing]) -> None:
    bot = bot_with(extra={"defaults": {"vars": {"ntp": "10.8.8.8"}}, "leaf02": {"vars": {"ntp": "10.7.7.7"}}})
    line = (
        f'switch config leaf01,leaf02 "ntp server {{ntp}}" "snmp-server location {{site}} {{name}}" {AT_ONCE}'
    )
    asked = bot.outcome(line).replies[0]
    assert "- 1 switch: +2 −1 (`leaf01`)\n- 1 switch: +2 −1 (`leaf02`)" in asked.markdown
    bot.confirmed(line)
    assert bot.to_its_end().state == "done"
    assert bot.having("ntp server 10.8.8.8") == ["leaf01"]
    assert bot.having("ntp server 10.7.7.7") == ["leaf02"]
    assert bot.having("snmp-server location lab leaf02") == ["leaf02"]


def test_every_release_and_both_ways_of_asking_are_changed(
    bot_with: Callable[..., Changing], farm: RunningFarm
) -> None:
    for name, release in zip(LEAVES, ("7.0(3)I4(6)", "9.2(2)", "9.3(5)", "10.2(3)"), strict=False):
        farm.control("options", switches=name, release=release)
    bot = bot_with(extra={"leaf02": {"api": "jsonrpc"}, "leaf05": {"api": "jsonrpc"}})
    bot.confirmed(f'switch config @leaf "vlan 210" "  name of-a-test" "{NTP}" {AT_ONCE}')
    assert bot.to_its_end().state == "done"
    assert bot.having("name of-a-test") == LEAVES
    bot.confirmed("switch rollback 1")
    assert bot.to_its_end(2).state == "done"
    assert bot.having("name of-a-test") == []


def test_a_switch_that_leaves_the_inventory_meanwhile_is_told(
    bot_with: Callable[..., Changing], farm: RunningFarm, tmp_path: Path
) -> None:
    bot = bot_with()
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 1")
    while len(bot.having(NTP)) < 2:
        bot.turn()
    path = tmp_path / "switches.yaml"
    written = yaml.safe_load(path.read_text())
    del written["switches"]["leaf02"]
    path.write_text(yaml.safe_dump(written))
    bot.confirmed("run cancel 1")
    assert bot.to_its_end().state == "partial"
    assert bot.having(NTP) == ["leaf02"]
    assert "`leaf02`: it has left the inventory: not rolled back" in bot.told()[0]


def test_the_canary_may_be_named(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --canary leaf04 {AT_ONCE}")
    bot.to_its_end()
    assert bot.log()[1] == "leaf04: new"


def test_an_answer_that_was_lost_is_made_good_by_looking(bot: Changing, farm: RunningFarm) -> None:
    bot_line = f"switch config @leaf {NTP} {AT_ONCE}"
    fault(farm, "lost_answer", "leaf03")
    bot.confirmed(bot_line)
    run = bot.to_its_end()
    assert run.state == "done"
    assert "leaf03: new (the answer was lost, and all lines are in force)" in bot.log()


# --- it goes wrong


def test_a_canary_that_fails_ends_it_and_is_rolled_back(bot: Changing, farm: RunningFarm) -> None:
    lines = '"vlan 210" "  name web" "  mtu 9216"'  # a VLAN has no MTU: two lines are taken, the third is not
    bot.confirmed(f"switch config @leaf {lines} {AT_ONCE} --max-failures 5")
    run = bot.to_its_end()
    assert run.state == "failed"
    assert bot.having("vlan 210") == []
    [told] = bot.told()
    assert told.startswith(
        "↩️ **3 lines on 6 switches** (run 1) was taken back: the canary leaf01 failed: refused: "
    )
    assert (
        "- 1 switch was changed and is rolled back: `leaf01`\n"
        "- 5 switches were not begun, and hold the old configuration: `leaf02`, `leaf03`, `leaf04`, `leaf05` and "
        "`leaf06`\n" in told
    )


def test_at_the_first_failure_of_a_batch_all_goes_back(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} {AT_ONCE}")
    fault(farm, "backend", "leaf03")
    run = bot.to_its_end()
    assert run.state == "failed"
    assert bot.having(NTP) == []
    assert bot.told()[0].startswith(
        "↩️ **1 line on 6 switches** (run 1) was taken back: leaf03 failed: 500 Back-end processing error.\n\n"
    )


def test_below_the_threshold_it_goes_on_without_the_one_that_failed(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 1 --max-failures 2")
    fault(farm, "backend", "leaf03")
    run = bot.to_its_end()
    assert run.state == "partial"
    assert bot.having(NTP) == [name for name in LEAVES if name != "leaf03"]
    assert bot.told() == [
        "⚠️ **1 line on 6 switches** (run 1) ended in part.\n\n"
        "- 5 switches hold the new configuration: `leaf01`, `leaf02`, `leaf04`, `leaf05` and `leaf06`\n"
        "- 1 switch holds the old configuration: `leaf03`\n\n"
        "`leaf03`: 500 Back-end processing error\n\n"
        "`switch rollback 1` takes it back.\n\n"
        "Every switch is in the file."
    ]


def test_the_threshold_stops_it_and_the_rest_is_not_begun(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 1 --max-failures 2")
    fault(farm, "backend", "leaf03")
    fault(farm, "backend", "leaf04")
    assert bot.to_its_end().state == "failed"
    assert bot.having(NTP) == []
    assert "leaf05" not in " ".join(bot.log())
    assert "2 switches failed, the first: leaf03 failed: " in bot.told()[0]


def test_a_check_of_ones_own_that_is_not_met_rolls_back(bot: Changing) -> None:
    bot.confirmed(f'switch config @leaf {NTP} {AT_ONCE} --verify "show clock" --expect nonsense')
    assert bot.to_its_end().state == "failed"
    assert bot.having(NTP) == []
    assert "show clock does not say 'nonsense'" in bot.told()[0].replace("\\", "")


def test_a_check_of_ones_own_that_is_met_lets_it_go_on(bot: Changing) -> None:
    bot.confirmed(
        f'switch config @leaf {NTP} {AT_ONCE} --verify "show version" --expect "Nexus Operating System"'
    )
    assert bot.to_its_end().state == "done"


def test_a_line_that_is_taken_and_not_in_force_rolls_back(bot: Changing, farm: RunningFarm) -> None:
    before = _lines(bot.running("leaf01"))
    bot.confirmed('switch config leaf01 "interface Ethernet1/1" "  DESCRIPTION web" --pause 0s')
    assert bot.to_its_end().state == "failed"
    assert "`leaf01`: not in force: DESCRIPTION web" in bot.told()[0]
    assert _lines(bot.running("leaf01")) == before


def test_health_that_gets_worse_rolls_back_unless_that_is_wanted(bot: Changing, farm: RunningFarm) -> None:
    member = _vpc_member(farm, "leaf01")
    line = f'switch config leaf01 "interface {member}" "  shutdown" --pause 0s'
    bot.confirmed(line)
    assert bot.to_its_end().state == "failed"
    assert "worse than before: vpc " in bot.told()[0]
    bot.confirmed(f"{line} --ignore-health")
    assert bot.to_its_end(2).state == "done"


def _vpc_member(farm: RunningFarm, switch: str) -> str:
    """A port-channel of a vPC that is up."""
    rows = farm.show(switch, "show vpc")["TABLE_vpc"]["ROW_vpc"]
    up = next(row for row in rows if str(row["vpc-port-state"]) == "1")
    return f"port-channel{up['vpc-ifindex'].removeprefix('Po')}"


def test_a_canary_that_turns_bad_in_the_pause_goes_back(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 1s")
    bot.until_phase("pausing")
    farm.configure("leaf01", f"no {NTP}")
    assert bot.to_its_end().state == "failed"
    assert "the canary leaf01 failed: after the pause: not in force: ntp server 10.9.9.9" in bot.told()[0]


def test_a_switch_changed_by_somebody_else_since_is_not_touched(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} {AT_ONCE}")
    farm.configure("leaf01", "ntp server 10.1.2.3")
    assert bot.to_its_end().state == "failed"
    assert bot.having("ntp server 10.1.2.3") == ["leaf01"], "nobody's change is rolled back"
    assert "leaf01: old (its configuration was changed since it was asked for: not touched)" in bot.log()


# --- loss of power


@contextmanager
def power_lost_in_the_batch(bot: Changing, farm: RunningFarm, name: str) -> Iterator[None]:
    """A switch takes long over its lines, and loses power meanwhile, once all others of the leaves are changed."""
    fault(farm, "slow", name, seconds=60.0)
    others = {each for each in LEAVES if each != name}

    def cut() -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and not others <= set(bot.holding("new")):
            time.sleep(0.02)
        farm.control("power", switches=name, power="off")

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        farm.control("faults", "DELETE")


def test_power_lost_in_a_batch_is_reported_and_rolling_back_restores(
    bot: Changing, farm: RunningFarm
) -> None:
    before = {name: bot.running(name) for name in LEAVES}
    bot.confirmed(f"switch config @leaf {NTP} {AT_ONCE}")
    with power_lost_in_the_batch(bot, farm, "leaf03"):
        assert bot.to_its_end().state == "partial"
    [told] = bot.told()
    assert told.startswith("⚠️ **1 line on 6 switches** (run 1) ended in part: leaf03 failed: ")
    assert (
        "- 5 switches were changed and are rolled back: `leaf01`, `leaf02`, `leaf04`, `leaf05` and `leaf06`\n"
        "- 1 switch does not answer, and what it holds is not known: `leaf03`\n\n" in told
    )
    assert "`switch rollback 1` takes it back." in told
    states = [line.split(",")[:2] for line in bot.files()[-1].splitlines()[1:]]
    assert states == [[name, "unknown" if name == "leaf03" else "rolled back"] for name in LEAVES]

    farm.control("power", switches="leaf03", power="on")
    farm.configure("leaf03", NTP)  # as if it had been saved
    bot.confirmed("switch rollback 1")
    assert bot.to_its_end(2).state == "done"
    assert {name: _lines(bot.running(name)) for name in LEAVES} == {
        name: _lines(text) for name, text in before.items()
    }
    assert bot.say("switch rollback 1") == (
        "⚠️ No switch holds anything of run 1: there is nothing to take back."
    )


def _lines(config: str) -> list[str]:
    return [line for line in config.splitlines() if not line.startswith("!")]


def test_a_switch_that_comes_back_in_time_is_looked_at(
    bot_with: Callable[..., Changing], farm: RunningFarm
) -> None:
    bot = bot_with(settings={"config_watch": 600})
    bot.confirmed(f"switch config @leaf {NTP} {AT_ONCE}")
    with power_lost_in_the_batch(bot, farm, "leaf03"):
        bot.until_phase("watching")
    bot.turn()
    assert re.fullmatch(
        r"🔧 \*\*1 line on 6 switches\*\*: 0/6 changed, 5 rolled back, 1 failed; `leaf03` does not answer, looked for "
        r"until \d\d:\d\d:\d\d UTC\.",
        bot.lives[-1],
    )
    farm.control("power", switches="leaf03", power="on")
    assert bot.to_its_end().state == "failed"
    assert "it answers again, and holds what it held before" in bot.told()[0]
    assert bot.having(NTP) == []


# --- called off


def test_a_cancel_stops_it_and_takes_back_what_was_changed(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 1")
    while len(bot.having(NTP)) < 3:
        bot.turn()
    bot.confirmed("run cancel 1")
    assert bot.to_its_end().state == "cancelled"
    assert bot.having(NTP) == []
    assert bot.told()[0].startswith(
        "🚫 **1 line on 6 switches** (run 1) was called off and taken back: called off by you@example.com.\n\n"
        "- 3 switches were changed and are rolled back: `leaf01`, `leaf02` and `leaf03`\n"
        "- 3 switches were not begun, and hold the old configuration: `leaf04`, `leaf05` and `leaf06`\n"
    )


def test_what_was_changed_can_be_kept(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 1")
    while len(bot.having(NTP)) < 3:
        bot.turn()
    assert without_code(bot.say("switch stop 1 --keep")).startswith(
        "⚠️ Stop run 1 of you@example.com after the switches that are in work, and keep what is changed?"
    )
    bot.confirmed("switch stop 1 --keep")
    assert bot.to_its_end().state == "partial"
    assert bot.having(NTP) == ["leaf01", "leaf02", "leaf03"]
    assert "called off by you@example.com; what was changed is kept" in bot.told()[0]


def test_one_that_has_not_begun_is_called_off_untouched(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP}")
    bot.confirmed("run cancel 1")
    assert bot.to_its_end().state == "cancelled"
    assert bot.having(NTP) == []


# --- several at a time


def test_two_changes_of_the_same_switches_go_one_after_the_other(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP} {AT_ONCE}")
    bot.confirmed("switch config leaf03,spine01 ntp server 10.5.5.5 --pause 0s")
    bot.confirmed("switch config spine02 ntp server 10.6.6.6 --pause 0s")
    bot.turn()
    bot.turn()
    assert bot.run(2).state == "requested"
    waits = "⏳ **1 line on 2 switches** waits for run 1 (1 line on 6 switches, you@example.com), which has `leaf03`."
    assert waits in [each.replace("\\", "") for each in bot.lives]
    assert State(bot.to_its_end(3).state) is State.DONE, "what has nothing in common with it does not wait"
    bot.to_its_end(1)
    bot.to_its_end(2)
    # What it was asked for is another configuration than the one it finds: the other run changed leaf03.
    assert bot.having("ntp server 10.5.5.5") == []
    assert "leaf03" in bot.told()[-1]
