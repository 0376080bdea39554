"""The configuration a switch of the fabric starts with, secrets included: a client is to mask them.

All secrets are made up, and in the forms NX-OS prints: SNMP hashes, type 5 password hashes, type 7 keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from playground.switches.config import Config
from playground.switches.fabric import (
    TRANSIT,
    VLANS,
    Chassis,
    Fabric,
    Host,
    ethernet,
)


def first_config(fabric: Fabric, chassis: Chassis, hosts: list[Host]) -> Config:
    """What `show running-config` of a switch says before anybody changes it."""
    lines: dict[str, tuple[str, ...]] = dict.fromkeys(_services(chassis), ())
    lines["vlan 1"] = ()
    for number, name in {**VLANS, TRANSIT: "transit"}.items():
        lines[f"vlan {number}"] = (f"name {name}",)
    lines["vrf context management"] = ("ip route 0.0.0.0/0 10.255.255.254",)
    if chassis.domain is not None and chassis.peer is not None:
        lines[f"vpc domain {chassis.domain}"] = (
            "peer-switch",
            "role priority 8192" if chassis.name < chassis.peer else "role priority 16384",
            f"peer-keepalive destination {fabric.chassis[chassis.peer].management_ip}",
            "peer-gateway",
        )
    lines.update(_interfaces(fabric, chassis, hosts))
    lines[f"router bgp {chassis.asn}"] = tuple(_bgp(fabric, chassis))
    lines["line vty"] = ("exec-timeout 15",)
    return Config(lines)


def _secret(chassis: Chassis, purpose: str, length: int = 32) -> str:
    return sha256(f"{chassis.serial} {purpose}".encode()).hexdigest()[:length]


def _services(chassis: Chassis) -> Iterator[str]:
    yield f"hostname {chassis.name}"
    yield from (f"feature {name}" for name in ("nxapi", "bgp", "interface-vlan", "lacp", "lldp"))
    if chassis.peer is not None:
        yield "feature vpc"
    hashed = f"$5${_secret(chassis, 'salt', 6)}${_secret(chassis, 'admin', 43)}"
    yield f"username admin password 5 {hashed} role network-admin"
    yield (
        f"snmp-server user admin network-admin auth md5 0x{_secret(chassis, 'snmp auth')} "
        f"priv 0x{_secret(chassis, 'snmp priv')} localizedkey"
    )
    yield f"snmp-server community {_secret(chassis, 'community', 10)} group network-operator"
    yield "snmp-server contact network@example.com"
    yield f"snmp-server location hall {chassis.pod}, rack {chassis.place}"
    yield "ntp server 192.0.2.123 prefer use-vrf management"
    yield "ntp server 192.0.2.124 use-vrf management"
    yield f'tacacs-server key 7 "{_secret(chassis, "tacacs", 12)}"'
    yield "logging server 192.0.2.51 5 use-vrf management"


def _interfaces(fabric: Fabric, chassis: Chassis, hosts: list[Host]) -> Iterator[tuple[str, tuple[str, ...]]]:
    neighbours = fabric.neighbours(chassis.name)
    by_port = {
        place.interface: host for host in hosts for place in host.places if place.switch == chassis.name
    }
    allowed = ",".join(map(str, [*VLANS, TRANSIT]))
    for port in range(1, chassis.ports + 1):
        name = ethernet(port)
        section = f"interface {name}"
        if name in neighbours:
            trunk = ("switchport mode trunk", f"switchport trunk allowed vlan {allowed}")
            group = ("channel-group 1 mode active",) if neighbours[name].switch == chassis.peer else ()
            yield section, (f"description to {neighbours[name].switch}", *trunk, *group)
        elif name in by_port:
            yield section, _host_port(by_port[name])
        else:
            yield section, ()
    if chassis.peer is not None:
        yield "interface port-channel1", (f"description peer link to {chassis.peer}", "vpc peer-link")
    for host in hosts:
        if host.channel is not None:
            yield (
                f"interface port-channel{host.channel}",
                (
                    f"description {host.name}",
                    f"switchport access vlan {host.vlan}",
                    f"vpc {host.channel}",
                ),
            )
    if chassis.role == "leaf":
        for vlan in VLANS:
            yield f"interface Vlan{vlan}", (f"ip address 10.{chassis.pod}.{vlan}.1/24",)
    yield f"interface Vlan{TRANSIT}", (f"ip address {chassis.transit_ip}/24",)
    yield "interface loopback0", (f"ip address {chassis.loopback_ip}/32",)
    yield "interface mgmt0", ("vrf member management", f"ip address {chassis.management_ip}/16")


def _host_port(host: Host) -> tuple[str, ...]:
    group = () if host.channel is None else (f"channel-group {host.channel} mode active",)
    return (f"description {host.name}", f"switchport access vlan {host.vlan}", *group)


def _bgp(fabric: Fabric, chassis: Chassis) -> Iterator[str]:
    yield f"router-id {chassis.loopback_ip}"
    for neighbour in fabric.bgp_neighbours(chassis):
        yield f"neighbor {neighbour.transit_ip} remote-as {neighbour.asn}"
        yield f"neighbor {neighbour.transit_ip} password 3 {_secret(chassis, 'bgp', 16)}"
