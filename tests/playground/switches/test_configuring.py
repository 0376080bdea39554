"""Configuration: what lines do, how errors are taken, checkpoints, rollback, and what a power loss leaves."""

from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from playground.switches.config import Config, patch
from playground.switches.config_lines import Draft, apply
from playground.switches.configuring import configure
from playground.switches.world import World
from tests.playground.switches.running_farm import RunningFarm
from tests.playground.switches.test_fabric import rows


def running(farm: RunningFarm, name: str, filters: str) -> list[str]:
    """Lines of the running configuration."""
    return farm.text(name, f"show running-config | {filters}").splitlines()


def interface(farm: RunningFarm, name: str, port: str) -> dict[str, Any]:
    """What `show interface` tells of one."""
    return rows(farm.show(name, f"show interface {port}"), "interface")[0]


def test_good_lines_are_each_answered_with_success_and_no_body(farm: RunningFarm) -> None:
    assert farm.outputs("leaf01", "interface Ethernet1/1 ;description to web 7", "cli_conf") == [
        {"input": "interface Ethernet1/1", "msg": "Success", "code": "200", "body": {}},
        {"input": "description to web 7", "msg": "Success", "code": "200", "body": {}},
    ]


def test_an_old_release_tells_of_all_good_lines_in_one_output(farm: RunningFarm) -> None:
    assert farm.outputs("leaf02", "vlan 77 ;name blue", "cli_conf") == {
        "input": "vlan 77 ;name blue",
        "msg": "Success",
        "code": "200",
        "body": {},
    }
    assert [output["code"] for output in farm.configure("leaf02", "vlan 78", "nonsense")] == ["200", "400"]


def test_a_description_is_told_by_shows_and_the_running_configuration(farm: RunningFarm) -> None:
    farm.configure("leaf01", "configure terminal", "interface eth1/12", "description  spare for web ", "end")
    assert interface(farm, "leaf01", "Ethernet1/12")["desc"] == "spare for web"
    assert "  description spare for web" in running(farm, "leaf01", "section ^interface.Ethernet1/12$")
    status = rows(farm.show("leaf01", "show interface status"), "interface")
    assert {row["interface"]: row.get("name") for row in status}["Ethernet1/12"] == "spare for web"
    farm.configure("leaf01", "interface Ethernet1/12", "no description")
    assert "desc" not in interface(farm, "leaf01", "Ethernet1/12")


def test_shutdown_takes_the_link_down_on_both_sides_and_all_that_hangs_on_it(farm: RunningFarm) -> None:
    farm.configure("leaf01", "interface Ethernet1/49", "shutdown")
    here, there = interface(farm, "leaf01", "Ethernet1/49"), interface(farm, "spine01", "Ethernet1/1")
    assert (here["state"], here["state_rsn_desc"]) == ("down", "Administratively down")
    assert (there["state"], there["state_rsn_desc"]) == ("down", "Link not connected")
    assert farm.show("spine01", "show cdp neighbors")["neigh_count"] == 5
    assert farm.show("leaf01", "show bgp sessions")["totalestablishedpeers"] == "1"
    farm.configure("leaf01", "interface Ethernet1/49", "no shutdown")
    assert interface(farm, "spine01", "Ethernet1/1")["state"] == "up"
    assert farm.show("spine01", "show cdp neighbors")["neigh_count"] == 6


def test_a_host_on_a_port_that_is_shut_is_not_seen_any_more(farm: RunningFarm) -> None:
    host = next(host for host in farm.control("hosts") if host["places"][0]["interface"] == "Ethernet1/12")
    leaf = host["places"][0]["switch"]
    farm.configure(leaf, "interface Ethernet1/12", "shutdown")
    for command in ("show mac address-table", "show ip arp"):
        assert host["mac"] not in farm.text(leaf, command)
        assert host["mac"] not in farm.text("spine01", command)


def test_vlans_are_made_named_and_deleted(farm: RunningFarm) -> None:
    farm.configure("leaf01", "vlan 70-72,80", "vlan 71", "name blue")
    names = _vlans(farm, "leaf01")
    assert [names[vlan] for vlan in ("70", "71", "72", "80")] == ["VLAN0070", "blue", "VLAN0072", "VLAN0080"]
    farm.configure("leaf01", "no vlan 70-80")
    assert _vlans(farm, "leaf01").keys() == {"1", "10", "20", "30", "40", "900"}


def _vlans(farm: RunningFarm, name: str) -> dict[str, str]:
    found = rows(farm.show(name, "show vlan brief"), "vlanbriefxbrief")
    return {row["vlanshowbr-vlanid"]: row["vlanshowbr-vlanname"] for row in found}


def test_services_are_added_replaced_and_taken_away(farm: RunningFarm) -> None:
    farm.configure(
        "leaf01",
        "no ntp server 192.0.2.123",
        "ntp server 192.0.2.200 use-vrf management",
        "snmp-server contact noc@example.com",
        "snmp-server location hall 9",
        "logging server 192.0.2.60 6",
    )
    peers = rows(farm.show("leaf01", "show ntp peer-status"), "peersstatus")
    assert [row["remote"] for row in peers] == ["192.0.2.124", "192.0.2.200"]
    assert running(farm, "leaf01", "include contact|location|^logging") == [
        "snmp-server contact noc@example.com",
        "snmp-server location hall 9",
        "logging server 192.0.2.51 5 use-vrf management",
        "logging server 192.0.2.60 6",
    ]


def test_the_hostname_is_told_to_neighbours(farm: RunningFarm) -> None:
    farm.configure("leaf01", "hostname edge-7")
    assert farm.show("leaf01", "show version")["host_name"] == "edge-7"
    assert "edge-7" in farm.text("spine01", "show lldp neighbors")


LINES = ("interface Ethernet1/11", "description new", "no such line", "shutdown")


@pytest.mark.parametrize(
    ("rollback", "codes", "description", "state"),
    [
        ("stop-on-error", ["200", "200", "400"], "new", "up"),
        ("continue-on-error", ["200", "200", "400", "200"], "new", "down"),
        ("rollback-on-error", ["200", "200", "400"], "storage-00011", "up"),
    ],
)
def test_an_error_stops_is_passed_over_or_undoes_what_came_before(
    farm: RunningFarm, rollback: str, codes: list[str], description: str, state: str
) -> None:
    outputs = farm.configure("leaf01", *LINES, rollback=rollback)
    assert [output["code"] for output in outputs] == codes
    assert outputs[2] == {
        "input": "no such line",
        "msg": "CLI execution error",
        "code": "400",
        "clierror": "% Invalid command\n",
    }
    told = interface(farm, "leaf01", "Ethernet1/11")
    assert (told["desc"], told["state"]) == (description, state)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["interface Ethernet1/99"], "Invalid range or interface that does not exist at '^' marker.\n"),
        (["interface blue"], "Invalid interface format at '^' marker.\n"),
        (["vlan 4095"], "% Invalid vlan id: the range is 1-4094\n"),
        (["vlan 1-4000000000"], "% Invalid vlan id: the range is 1-4094\n"),
        (["no vlan 1"], "% VLAN 1 is the default and cannot be deleted\n"),
        (["description outside"], "% Invalid command\n"),
        (["interface mgmt0", "name x"], "% Invalid command\n"),
        (["no ntp server 203.0.113.1"], "% No such line: ntp server 203.0.113.1\n"),
        (["rollback running-config checkpoint gone"], "% Checkpoint gone does not exist\n"),
        (["no checkpoint gone"], "% Checkpoint gone does not exist\n"),
    ],
)
def test_a_bad_line_says_why(farm: RunningFarm, lines: list[str], error: str) -> None:
    before = farm.control("switches/leaf01/config")["running"].splitlines()[4:]
    assert farm.configure("leaf01", *lines)[-1]["clierror"] == error
    assert farm.control("switches/leaf01/config")["running"].splitlines()[4:] == before


def test_a_checkpoint_is_compared_and_rolled_back_to(farm: RunningFarm) -> None:
    assert farm.text("leaf01", "show checkpoint summary") == "% No checkpoint is available\n"
    assert farm.text("leaf01", "checkpoint before") == "...Done\n"
    farm.configure("leaf01", "vlan 70", "name blue", "interface Ethernet1/11", "description new", "shutdown")
    assert farm.text("leaf01", "show diff rollback-patch checkpoint before running-config") == (
        "Collecting Running-Config\n"
        "#Generating Rollback Patch\n"
        "\n!!\n"
        "vlan 70\n"
        "  name blue\n"
        "interface Ethernet1/11\n"
        "  description new\n"
        "  shutdown\n"
    )
    assert farm.text("leaf01", "show diff rollback-patch running-config checkpoint before") == (
        "Collecting Running-Config\n"
        "#Generating Rollback Patch\n"
        "\n!!\n"
        "no vlan 70\n"
        "interface Ethernet1/11\n"
        "  no shutdown\n"
        "  description storage-00011\n"
    )
    assert "1) before:" in farm.text("leaf01", "show checkpoint summary")
    said = farm.configure("leaf01", "rollback running-config checkpoint before")[0]
    assert said["body"].endswith("Rollback completed successfully.\n")
    assert farm.text("leaf01", "show diff rollback-patch checkpoint before running-config") == (
        "Collecting Running-Config\n#Generating Rollback Patch\nRollback Patch is Empty\n"
    )


def test_a_checkpoint_may_be_a_file_and_exists_once_by_name(farm: RunningFarm) -> None:
    farm.configure("leaf01", "terminal dont-ask", "checkpoint file bootflash:mine", "checkpoint mine")
    again = farm.configure("leaf01", "checkpoint mine")[0]
    assert again["clierror"] == "% Checkpoint mine already exists\n"
    farm.configure("leaf01", "hostname other")
    assert "hostname leaf01" in farm.text("leaf01", "show diff rollback-patch running-config file mine")
    farm.configure("leaf01", "rollback running-config file mine")
    assert running(farm, "leaf01", "include ^hostname") == ["hostname leaf01"]


def test_secrets_stand_in_the_running_configuration(farm: RunningFarm) -> None:
    text = farm.text("leaf01", "show running-config")
    for line in (
        "username admin password 5 $5$",
        "snmp-server community ",
        'tacacs-server key 7 "',
        " password 3 ",
    ):
        assert line in text


def test_a_power_loss_cuts_connections_and_leaves_the_startup_configuration(farm: RunningFarm) -> None:
    farm.configure("leaf01", "vlan 70", "copy running-config startup-config", "vlan 71")
    assert {"70", "71"} <= _vlans(farm, "leaf01").keys()
    farm.control("power", switches="leaf01", power="off")
    with pytest.raises(requests.ConnectionError):
        farm.ask("leaf01", "show version")
    assert interface(farm, "spine01", "Ethernet1/1")["state_rsn_desc"] == "Link not connected"
    farm.control("power", switches="leaf01", power="on")
    assert "70" in _vlans(farm, "leaf01") and "71" not in _vlans(farm, "leaf01")
    version = farm.show("leaf01", "show version")
    assert (version["kern_uptm_days"], version["kern_uptm_hrs"]) == (0, 0)
    assert interface(farm, "spine01", "Ethernet1/1")["state"] == "up"


def test_saving_is_told_by_the_startup_configuration(farm: RunningFarm) -> None:
    farm.configure("leaf01", "snmp-server location attic")
    assert "attic" not in farm.text("leaf01", "show startup-config")
    said = farm.text("leaf01", "copy run startup-config")
    assert said.endswith("Copy complete.\n")
    assert "attic" in farm.text("leaf01", "show startup-config")


_NAMES = st.sampled_from(["blue", "green", "red"])
_LINE = st.one_of(
    st.builds("vlan {} ;name {}".format, st.integers(2, 6), _NAMES),
    st.builds("no vlan {}".format, st.integers(2, 6)),
    st.builds("interface Ethernet1/{} ;description {}".format, st.integers(1, 3), _NAMES),
    st.builds("interface Ethernet1/{} ;no description".format, st.integers(1, 3)),
    st.builds("interface Ethernet1/{} ;shutdown".format, st.integers(1, 3)),
    st.builds("interface Ethernet1/{} ;no shutdown".format, st.integers(1, 3)),
    st.builds("snmp-server location {}".format, _NAMES),
    st.builds("ntp server 192.0.2.{}".format, st.integers(1, 3)),
    st.builds("no ntp server 192.0.2.{}".format, st.integers(1, 3)),
    st.builds(
        "interface Ethernet1/{} ;switchport access vlan {}".format, st.integers(1, 3), st.integers(2, 9)
    ),
)


@given(st.lists(_LINE, max_size=12))
def test_the_patch_between_two_configurations_makes_one_of_the_other(lines: list[str]) -> None:
    switch = World(4).switches["leaf01"]
    before = switch.running
    configure(switch, [part for line in lines for part in line.split(" ;")], "continue-on-error")
    after = switch.running
    for first, second in ((before, after), (after, before)):
        assert _sorted(_applied(first, patch(first, second))) == _sorted(second)


def _applied(config: Config, commands: list[str]) -> Config:
    draft = Draft(config)
    for command in commands:
        draft = apply(draft, command)
    return draft.config


def _sorted(config: Config) -> dict[str, list[str]]:
    return {line: sorted(below) for line, below in config.lines.items()}
