"""`switch health`: what is not well, the worst first."""

from __future__ import annotations

from tests.integrations.switches.farm import Farm, FleetTalk

ILL = (
    "⚠️ 7 of 8 switches have something to look at:\n\n"
    "- **🔴 Power** (1): `leaf06` power supply 2: Fail/Shut\n"
    "- **🔴 Fans** (2):\n"
    "  - `leaf01` Fan3\\(sys\\_fan3\\): Absent\n"
    "  - `leaf06` Fan\\_in\\_PS2: Failure\n"
    "- **🔴 Temperature** (1): `leaf03` CPU: 84 °C, 80 is its minor threshold and 90 its major one\n"
    "- **🟠 Err-disabled** (1): `leaf05` Ethernet1/11: BPDUGuard errDisable\n"
    "- **🟠 vPC** (2):\n"
    "  - `leaf01` vPC 104 \\(port-channel104\\): not consistent vPC type-1 configuration incompatible - STP interface "
    "port guard inconsistent\n"
    "  - `leaf02` vPC 104 \\(port-channel104\\): not consistent vPC type-1 configuration incompatible - STP interface "
    "port guard inconsistent\n"
    "- **🟠 BGP** (2):\n"
    "  - `spine02` 10\\.1.250.14 \\(AS 65002, VRF default\\): Idle\n"
    "  - `leaf04` 10\\.1.250.2 \\(AS 65000, VRF default\\): Idle\n"
    "- **🟡 Interfaces with errors** (2):\n"
    "  - `leaf01` Ethernet1/13: fcs\\_err 50,000, rcv\\_err 50,000\n"
    "  - `leaf06` Ethernet1/12: fcs\\_err 50,000, rcv\\_err 50,000\n\n"
    "Versions: `9.3(5)` on 5, `10.2(3)` on 2 (`spine01` and `spine02`), `7.0(3)I4(6)` on 1 (`leaf02`)."
)


def counted(said: str) -> str:
    """Errors are counted on while a test runs."""
    import re

    return re.sub(r"err \d\d,\d\d\d", "err 50,000", said)


def test_the_whole_fleet(talk: FleetTalk) -> None:
    assert counted(talk.say("switch health")) == ILL


def test_what_is_told_is_what_is_wrong_in_the_farm(talk: FleetTalk, farm: Farm) -> None:
    rows = talk.file("switch health --as csv").content.decode().splitlines()
    told = {tuple(row.split(",")[:2]) for row in rows}
    wrong = farm.anomalies()
    assert ("power", wrong["failed_power_supply"]) in told
    assert ("fan", wrong["absent_fan"]) in told
    assert ("temperature", wrong["hot_sensor"]) in told
    assert ("err-disabled", wrong["err_disabled"]["switch"]) in told
    assert {("bgp", name) for name in wrong["bgp_idle"]} <= told
    assert {("vpc", name) for name in wrong["vpc_inconsistent"]} <= told
    assert {("errors", each["switch"]) for each in wrong["crc"]} <= told


def test_a_switch_that_is_well(talk: FleetTalk) -> None:
    assert talk.say("switch health spine01") == "✅ 1 switch: nothing to tell.\n\nAll run `10.2(3)`."


def test_who_gave_no_answer_is_told_below_and_is_in_the_file(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("unauthorized", "leaf04")
    assert talk.say("switch health spine01,leaf04") == (
        "✅ 1 switch: nothing to tell.\n\n"
        "All run `10.2(3)`.\n\n"
        "⚠️ 1 of 2 switches gave no answer:\n"
        "- user or password not taken \\(401\\) (1): `leaf04`. Check the user and the password in the inventory, and "
        "that AAA answers.\n\n"
        "`retry 1` asks it again, as does `switch health leaf04`."
    )
    lines = talk.file("switch health spine01,leaf04 --as csv").content.decode().splitlines()
    assert lines == [
        "kind,switch,what,says",
        "no answer,leaf04,,user or password not taken (401): HTTP 401 (401 Authorization Required)",
        "version,spine01,10.2(3),",
    ]


def test_one_show_that_failed_is_not_the_switch(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("too_big", "spine01")
    said = talk.say("switch health spine01")
    assert said.startswith("⚠️ 1 of 1 switch has something to look at:\n\n- **⚪ Not known** (8):\n")
