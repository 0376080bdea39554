"""A small fabric as its switches tell of it: two leaves in a vPC, a third one, two spines."""

from __future__ import annotations

from typing import Any

from integrations.switches.facts import Facts, facts_from


def rows(name: str, *given: dict[str, Any]) -> dict[str, Any]:
    """A table as a switch writes it."""
    return {f"TABLE_{name}": {f"ROW_{name}": given[0] if len(given) == 1 else list(given)}}


def entry(mac: str, port: str, vlan: str = "10", kind: str = "dynamic") -> dict[str, Any]:
    return {"disp_mac_addr": mac, "disp_vlan": vlan, "disp_port": port, "disp_type": kind}


def lldp(port: str, device: str, remote: str, capability: str = "BR", address: str = "") -> dict[str, Any]:
    told = {"l_port_id": port, "chassis_id": device, "port_id": remote, "enabled_capability": capability}
    return {**told, "mgmt_addr": address}


def arp(address: str, mac: str, port: str = "Vlan10") -> dict[str, Any]:
    adjacency = {"ip-addr-out": address, "mac": mac, "intf-out": port, "time-stamp": "PT9S"}
    return rows("vrf", {"vrf-name-out": "default", **rows("adj", adjacency)})


def vpc(*members: tuple[int, str], domain: str = "12") -> dict[str, Any]:
    told = [
        {"vpc-id": number, "vpc-ifindex": port, "vpc-port-state": "1", "vpc-consistency": "consistent"}
        for number, port in members
    ]
    return {
        "vpc-domain-id": domain,
        "vpc-role": "primary",
        "vpc-peer-status": "peer-ok",
        "vpc-peer-keepalive-status": "peer-alive",
        "vpc-peer-consistency": "consistent",
        **rows("peerlink", {"peer-link-id": "1", "peerlink-ifindex": "Po1"}),
        **rows("vpc", *told),
    }


def channel(port: str, *members: str) -> dict[str, Any]:
    return {"port-channel": port, **rows("member", *({"port": each} for each in members))}


WEB = "0050.5600.0001"
"""On a vPC of leaf01 and leaf02."""
DB = "0050.5600.0002"
"""On a port of leaf03."""
LONE = "0050.5600.0003"
"""On a port-channel of leaf03."""
FAR = "0050.5600.0004"
"""Behind something no switch of ours is plugged to."""

_CHANNELS = rows(
    "channel",
    channel("port-channel1", "Ethernet1/51", "Ethernet1/52"),
    channel("port-channel101", "Ethernet1/1"),
)


def _leaf_of_the_pair(peer: str) -> dict[str, Any]:
    return {
        "show mac address-table": rows(
            "mac_address",
            entry(WEB, "Po101", kind="*"),
            entry(DB, "Po1"),
            entry(FAR, "nve1(10.0.0.9)"),
            entry("5087.89a1.0001", "sup-eth1(R)", "-", "G"),
        ),
        "show ip arp vrf all": arp("10.0.10.11", WEB),
        "show lldp neighbors": rows(
            "nbor",
            lldp("Eth1/49", "spine01.lab.example", "Ethernet1/1"),
            lldp("Eth1/51", peer, "Ethernet1/51"),
            lldp("Eth1/1", "web-01", "eno1", "S", "10.0.10.11"),
        ),
        "show vpc": vpc((101, "Po101")),
        "show port-channel summary": _CHANNELS,
        "show version": {"host_name": "leaf", "proc_board_id": f"FDO-{peer}"},
    }


def fabric() -> tuple[Facts, ...]:
    bodies: dict[str, dict[str, Any]] = {
        "leaf01": _leaf_of_the_pair("leaf02"),
        "leaf02": _leaf_of_the_pair("leaf01"),
        "leaf03": {
            "show mac address-table": rows(
                "mac_address", entry(DB, "Eth1/3"), entry(LONE, "Po7"), entry(WEB, "Eth1/49")
            ),
            "show ip arp vrf all": arp("10.0.10.12", DB),
            "show lldp neighbors": rows("nbor", lldp("Eth1/49", "spine01", "Ethernet1/3")),
            "show cdp neighbors": rows(
                "cdp_neighbor_brief_info",
                {
                    "device_id": "esx-07.lab.example",
                    "intf_id": "Ethernet1/5",
                    "port_id": "vmnic2",
                    "capability": "host",
                    "platform_id": "VMware ESX",
                },
            ),
            "show port-channel summary": rows(
                "channel", channel("port-channel7", "Ethernet1/7", "Ethernet1/8")
            ),
        },
        "spine01": {
            "show mac address-table": rows("mac_address", entry(WEB, "Eth1/1"), entry(DB, "Eth1/3")),
            "show lldp neighbors": rows(
                "nbor", lldp("Eth1/1", "leaf01", "Ethernet1/49"), lldp("Eth1/3", "leaf03", "Ethernet1/49")
            ),
            "show version": {"host_name": "spine01", "proc_board_id": "FDO0000SPN1", "chassis_id": "C9336C"},
            "show inventory": rows(
                "inv",
                {"name": '"Chassis"', "desc": "x", "productid": "N9K-C9336C", "serialnum": "FDO0000SPN1"},
                {
                    "name": "Power Supply 1",
                    "desc": "x",
                    "productid": "NXA-PAC-500W",
                    "serialnum": "LIT0000PSU1",
                },
            ),
            "show module": {
                **rows("modinfo", {"modinf": "1", "model": "N9K-C9336C", "status": "active *"}),
                **rows("modmacinfo", {"modmac": "1", "serialnum": "FDO0000SPN1"}),
            },
        },
    }
    return tuple(facts_from(name, each) for name, each in bodies.items())
