"""How a fleet is: each thing that is not well, and what is left unsaid."""

from __future__ import annotations

from typing import Any

from integrations.switches.errors import CommandError
from integrations.switches.facts import HEALTH_COMMANDS, Facts, facts_from
from integrations.switches.health import Finding, Limits, health
from tests.integrations.switches.recorded import body


def _bodies(**more: Any) -> dict[str, Any]:
    return {
        "show version": body("show_version.9.3.ins_api.json"),
        "show environment": body("show_environment.9000.jsonrpc.json"),
        "show system resources": body("show_system_resources.jsonrpc.json"),
        "show module": body("show_module.ins_api.json"),
        "show interface brief": body("show_interface_brief.body.json"),
        "show interface counters errors": body("show_interface_counters_errors.jsonrpc.json"),
        "show vpc": body("show_vpc.body.json"),
        "show bgp all summary vrf all": body("show_bgp_all_summary.body.json"),
        **more,
    }


ILL = facts_from("leaf01", _bodies())
WELL = facts_from("leaf02", {"show version": body("show_version.7.0.jsonrpc.json")})


def test_what_is_asked_is_what_is_read() -> None:
    assert tuple(_bodies()) == HEALTH_COMMANDS


def test_everything_that_is_not_well_is_told_the_hardware_first() -> None:
    found = health([ILL, WELL])
    assert [(each.kind, each.subject, each.says) for each in found.findings] == [
        ("power", "power supply 2", "Fail/Shut"),
        ("fan", "Fan2(sys_fan2)", "Absent"),
        ("temperature", "CPU", "84 °C, 80 is its minor threshold and 90 its major one"),
        ("module", "module 2", "powered-dn"),
        ("err-disabled", "Ethernet1/2", "BPDUGuard errDisable"),
        ("vpc", "vPC 102 (port-channel102)", "not consistent vPC type-1 configuration incompatible"),
        ("bgp", "10.0.0.12 (AS 65000, VRF default)", "Idle"),
        ("errors", "Ethernet1/1", "fcs_err 50,113, rcv_err 50,113, indisc 7"),
    ]
    assert {each.switch for each in found.findings} == {"leaf01"}
    assert found.well == ("leaf02",)
    assert found.of_kind("fan") == (Finding("leaf01", "fan", "Fan2(sys_fan2)", "Absent"),)


def test_the_versions_are_spread_out_with_the_most_frequent_first() -> None:
    fleet = [ILL, WELL, facts_from("leaf03", {"show version": body("show_version.9.3.ins_api.json")})]
    assert health(fleet).versions == {"9.3(5)": ("leaf01", "leaf03"), "7.0(3)I4(6)": ("leaf02",)}
    assert list(health(fleet).versions) == ["9.3(5)", "7.0(3)I4(6)"]


def test_limits_may_be_set() -> None:
    strict = Limits(cpu_percent=8.0, memory_percent=50.0, errors=1_000_000)
    kinds = [each.kind for each in health([ILL], strict).findings]
    assert "errors" not in kinds
    told = [
        (each.kind, each.says) for each in health([ILL], strict).findings if each.kind in ("cpu", "memory")
    ]
    assert told == [("cpu", "9 % busy"), ("memory", "50 % full")]


def test_an_alarm_of_the_switch_itself_counts_whatever_the_limit() -> None:
    resources = {**body("show_system_resources.jsonrpc.json"), "current_memory_status": "MINOR ALERT"}
    found = health([facts_from("leaf01", {"show system resources": resources})])
    assert [(each.kind, each.says) for each in found.findings] == [("memory", "50 % full")]


def test_a_vpc_whose_peer_is_gone() -> None:
    broken = {
        **body("show_vpc.body.json"),
        "vpc-peer-status": "peer-link-down",
        "vpc-peer-status-reason": "Peer-link is down",
        "vpc-peer-keepalive-status": "peer-not-reachable",
        "vpc-peer-consistency": "inconsistent",
        "TABLE_vpc": {
            "ROW_vpc": {
                "vpc-id": 7,
                "vpc-ifindex": "Po7",
                "vpc-port-state": 0,
                "vpc-consistency": "consistent",
            }
        },
    }
    found = health([facts_from("leaf01", {"show vpc": broken})])
    assert [(each.subject, each.says) for each in found.findings] == [
        ("domain 12", "peer-link-down Peer-link is down"),
        ("domain 12", "keepalive: peer-not-reachable"),
        ("domain 12", "not consistent Peer-link is down"),
        ("vPC 7 (port-channel7)", "down"),
    ]


def test_what_a_switch_does_not_answer_is_told_and_not_taken_for_well() -> None:
    error = CommandError("leaf01", "400 Input CLI command error (% Invalid command)")
    found = health([facts_from("leaf01", {}, {"show vpc": error})])
    assert found.findings == (
        Finding("leaf01", "unanswered", "show vpc", "400 Input CLI command error (% Invalid command)"),
    )
    assert found.well == ()


def test_a_switch_of_which_nothing_is_known_has_no_findings() -> None:
    assert health([Facts("leaf01")]).findings == ()


def test_text_in_place_of_a_structure_is_no_finding() -> None:
    assert health([facts_from("leaf01", dict.fromkeys(HEALTH_COMMANDS, "some text"))]).findings == ()
