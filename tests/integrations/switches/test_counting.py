"""`switch counters`: two looks, the busiest first, and who was set to 0 or did not answer."""

from __future__ import annotations

import csv
import io
import re
import threading

import pytest

from bot.runs.states import State
from integrations.switches.commands import fleet
from integrations.switches.rates import Rate
from integrations.switches.render import counting
from tests.integrations.switches.farm import FleetTalk
from tests.talking import confirmation_code, wait_for

_NUMBER = re.compile(r"\d+(?:\.\d+)? ([kMG])b/s")


def rate(interface: str = "Ethernet1/1", **more: object) -> Rate:
    """A rate of a port with 10 Gb/s."""
    values = {
        **{"in_bits": 8.42e9, "out_bits": 1.1e9, "in_packets": 1e6, "out_packets": 2e5, "errors": 0},
        **{"discards": 1_234, "speed": 10_000_000_000},
        **more,
    }
    return Rate(interface, 10.0, **values)  # type: ignore[arg-type]


def test_the_busiest_interfaces_are_a_table_that_fits_a_room() -> None:
    found = counting.busiest_first(
        [
            ("leaf01", rate("Ethernet1/2", in_bits=1e6, out_bits=2e6, errors=17)),
            ("leaf02", rate("port-channel101", speed=None)),
            ("leaf01", rate("Ethernet1/1")),
            ("leaf03", rate(in_bits=None, out_bits=None, errors=None, discards=None, note="reset")),
            ("leaf03", rate("Ethernet1/9", in_bits=5.0, out_bits=4.0, note="wrapped")),
        ]
    )
    assert counting.table(found) == (
        "```\n"
        "switch  port    in         %    out        %    errors  discards\n"
        "leaf01  Eth1/1  8.42 Gb/s  84   1.10 Gb/s  11   0       1,234\n"
        "leaf02  Po101   8.42 Gb/s       1.10 Gb/s       0       1,234\n"
        "leaf01  Eth1/2  1.00 Mb/s  0.0  2.00 Mb/s  0.0  17      1,234\n"
        "leaf03  Eth1/9  5 b/s      0.0  4 b/s      0.0  0       1,234\n"
        "leaf03  Eth1/1  ?               ?\n"
        "```"
    )
    assert counting.summary(found, 20, is_shown=True) == (
        "5 interfaces of 3 switches, over 10.0 s; 1 interface counted errors meanwhile:"
    )
    assert counting.notes(found) == (
        "ℹ️ The counters of `leaf03 Eth1/1` were set to 0 between the two looks (cleared, or the switch was restarted): "
        "no rate.\n\n"
        "ℹ️ The counters of `leaf03 Eth1/9` came to their end and began again at 0: reckoned with."
    )


def test_two_looks_at_a_farm(talk: FleetTalk) -> None:
    before = talk.farm.requests()
    said = talk.say('switch counters @leaf "Eth1/[49-50]" --over 1s --top 3')
    after = talk.farm.requests()
    lines = _NUMBER.sub(r"N \1b/s", said).splitlines()
    assert re.fullmatch(
        r"12 interfaces of 6 switches, over 1\.\d s\. The 3 busiest; the file has all:", lines[0]
    )
    assert lines[2:4] == ["```", lines[3]]
    assert lines[3].split() == ["switch", "port", "in", "%", "out", "%", "errors", "discards"]
    assert len(lines) == 8
    assert after["leaf01"] - before["leaf01"] == 2


def test_a_file_has_all_of_them_with_every_number(talk: FleetTalk) -> None:
    file = talk.file("switch counters leaf06 --over 2s --as csv")
    rows = {row["interface"]: row for row in csv.DictReader(io.StringIO(file.content.decode()))}
    assert file.name.startswith("switch-counters-")
    port = rows["Ethernet1/49"]
    assert (port["switch"], port["speed bits/s"], port["note"]) == ("leaf06", "100000000000", "")
    assert float(port["in bits/s"]) > 0
    assert "mgmt0" in rows


def test_who_does_not_answer_is_told_and_can_be_asked_again(talk: FleetTalk) -> None:
    talk.farm.fault("empty", "leaf02")
    said = talk.say("switch counters leaf01,leaf02 Eth1/49 --over 1s")
    assert "1 interface of 1 switch, over" in said
    assert "⚠️ 1 of 2 switches gave no answer:\n- empty answer (1): `leaf02`." in said
    assert "`retry 1` asks it again, as does `switch counters leaf02 Eth1/49 --over 1s --top 20`." in said


def test_many_switches_are_a_run_that_counts_twice(talk: FleetTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "DIRECTLY", 5)
    assert talk.say("switch counters all mgmt0 --over 1s").startswith("🔎 **counters of 8 switches**: 0/8")
    assert talk.to_its_end().state == State.DONE
    [told] = talk.told()
    assert told.startswith("8 interfaces of 8 switches, over ")
    assert talk.live().startswith("✅ **counters of 8 switches**: 8 of 8 switches answered.")


def test_a_run_that_waits_between_its_looks_can_be_cancelled(
    talk: FleetTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "_LOOK_EVERY", 0.05)
    talk.say("switch counters leaf01 mgmt0 --over 2m")
    step = threading.Thread(target=talk.turn)
    step.start()
    wait_for(
        lambda: talk.live().startswith("⏱ **counters of 1 switch**: counted once, and again in 120 s"), ""
    )
    talk.say(f"confirm {confirmation_code(talk.say('run cancel 1'))}")
    step.join()
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.told() == ["🚫 **counters of 1 switch** was cancelled. <@personEmail:you@example.com>"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "switch counters leaf01 --over 1h",
            "⚠️ Between two looks lie 1s to 5m, and not 1h: say `--over 10s`.",
        ),
        (
            "switch counters leaf01 Eth9/9 --over 1s",
            "⚠️ There is no interface Eth9/9 on `leaf01`.",
        ),
    ],
)
def test_what_cannot_be_counted(talk: FleetTalk, line: str, says: str) -> None:
    assert talk.say(line) == says
