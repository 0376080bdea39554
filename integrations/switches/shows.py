"""Typed values from the answers to shows, whatever their version made of them. Pure.

Each reader takes the body of one command as NX-API gave it (a mapping). Text, and a mapping without what was asked
for, give nothing: a switch without neighbours answers so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from integrations.switches.model import (
    ArpEntry,
    BgpPeer,
    Counters,
    Environment,
    Interface,
    InventoryItem,
    MacEntry,
    Module,
    Neighbour,
    Part,
    Resources,
    Temperature,
    Version,
    Vpc,
    VpcMember,
)
from integrations.switches.normalise import (
    decimal,
    find_rows,
    interface,
    mac,
    number,
    seconds,
    table,
    text,
    with_parents,
)

_SHORT_ROW = 12
"""Fields of a row that is looked up; `show interface` has fifty, counters among them, which are never the same."""
_COUNTER_TABLES = ("interface", "rx_counters", "tx_counters")
_NO_COUNTERS = frozenset(
    (
        *("eth_ip_mask", "eth_mtu", "eth_bw", "eth_dly", "eth_reliability", "eth_txload", "eth_rxload"),
        *("eth_load_interval1_rx", "eth_load_interval1_tx", "svi_mtu", "svi_bw", "svi_delay", "svi_ip_mask"),
    )
)
"""Numbers of an interface that count nothing."""
_STATES = frozenset(("state", "oper_state", "svi_line_proto", "svi_admin_state", "admin_state"))


def version(body: Any) -> Version | None:
    """`show version`."""
    if not isinstance(body, Mapping) or not ("host_name" in body or "chassis_id" in body):
        return None
    parts = [number(body.get(f"kern_uptm_{unit}")) for unit in ("days", "hrs", "mins", "secs")]
    days, hours, minutes, rest = (part or 0 for part in parts)
    return Version(
        hostname=text(body.get("host_name")),
        version=_first(body, "nxos_ver_str", "sys_ver_str", "kickstart_ver_str"),
        model=text(body.get("chassis_id")),
        serial=text(body.get("proc_board_id")),
        uptime=None if parts[0] is None else days * 86_400 + hours * 3_600 + minutes * 60 + rest,
        reset_reason=text(body.get("rr_reason")),
        image=_first(body, "nxos_file_name", "isan_file_name", "kick_file_name"),
        bios=text(body.get("bios_ver_str")),
        memory_kb=number(body.get("memory")),
    )


def interfaces(body: Any) -> tuple[Interface, ...]:
    """`show interface`, `show interface brief`, `show interface status`; rows that tell no state are left out."""
    return tuple(
        _interface(row)
        for row in table(body, "interface")
        if row.get("interface") and not _STATES.isdisjoint(row)
    )


def _interface(row: Mapping[str, Any]) -> Interface:
    """Short rows are the same on many ports of many switches, and are read once."""
    if len(row) > _SHORT_ROW:
        return _read_interface(row)
    try:
        return _known_interface(tuple(row), tuple(row.values()))
    except TypeError:  # a row with a list in it cannot be looked up
        return _read_interface(row)


@lru_cache(maxsize=16_384)
def _known_interface(names: tuple[str, ...], values: tuple[Any, ...]) -> Interface:
    return _read_interface(dict(zip(names, values, strict=True)))


def _read_interface(row: Mapping[str, Any]) -> Interface:
    state = _first(row, "state", "oper_state", "svi_line_proto")
    reason = _first(row, "state_rsn_desc", "svi_rsn_desc")
    admin = _first(row, "admin_state", "svi_admin_state")
    prefix, mask = (
        _first(row, "eth_ip_addr", "svi_ip_addr", "ip_addr"),
        _first(row, "eth_ip_mask", "svi_ip_mask"),
    )
    return Interface(
        name=interface(row["interface"]),
        up=state.lower() in ("up", "connected"),
        state=state,
        reason="" if reason.lower() == "none" else reason,
        description=_said(_first(row, "desc", "name")),
        vlan=_said(text(row.get("vlan"))),
        mode=_first(row, "portmode", "eth_mode"),
        speed=_first(row, "eth_speed", "speed"),
        duplex=_first(row, "eth_duplex", "duplex"),
        mtu=number(row.get("eth_mtu", row.get("svi_mtu", row.get("mtu")))),
        address=f"{prefix}/{mask}" if prefix and mask else prefix,
        type=_said(_first(row, "eth_hw_desc", "type")),
        admin_up=None if not admin else admin.lower() == "up",
    )


def counters(body: Any) -> tuple[Counters, ...]:
    """`show interface counters`, `… counters errors`, `show interface`: halves of rows put together by interface."""
    found: dict[str, dict[str, int]] = {}
    for name in _COUNTER_TABLES:
        for row in table(body, name):
            port = interface(_first(row, "interface", "interface_rx", "interface_tx"))
            values = found.setdefault(port, {}) if port else {}
            for key, given in row.items():
                if (count := _count(key, given)) is not None:
                    values[key] = count
    return tuple(Counters(name, values) for name, values in found.items())


def _count(key: str, value: Any) -> int | None:
    if not key.startswith(("eth_", "vdc_lvl_", "loop_", "svi_ucast")) or key in _NO_COUNTERS:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    written = str(value).strip()
    return int(written) if written.isascii() and written.isdigit() else None


def mac_table(body: Any) -> tuple[MacEntry, ...]:
    """`show mac address-table`."""
    rows = table(body, "mac_address") or find_rows(body, "mac_address")
    return tuple(
        MacEntry(
            address,
            _said(text(row.get("disp_vlan"))),
            interface(row.get("disp_port")),
            text(row.get("disp_type")),
        )
        for row in rows
        if (address := mac(row.get("disp_mac_addr"))) is not None
    )


def arp(body: Any) -> tuple[ArpEntry, ...]:
    """`show ip arp`, with `vrf all` or without."""
    return tuple(
        ArpEntry(
            address=_first(row, "ip-addr-out", "ip-addr"),
            mac=mac(row.get("mac")),
            interface=interface(_first(row, "intf-out", "intf")),
            vrf=text(above.get("vrf-name-out")),
            age=seconds(row.get("time-stamp")),
        )
        for row, above in with_parents(body, "adj")
    )


def cdp(body: Any) -> tuple[Neighbour, ...]:
    """`show cdp neighbors`, with `detail` or without."""
    rows = find_rows(body, "cdp_neighbor_brief_info") + find_rows(body, "cdp_neighbor_detail_info")
    return tuple(
        Neighbour(
            protocol="cdp",
            port=interface(row.get("intf_id")),
            device=text(row.get("device_id")),
            remote_port=interface(row.get("port_id")),
            platform=text(row.get("platform_id")),
            address=_first(row, "v4mgmtaddr", "v4addr"),
            capabilities=_words(row.get("capability")),
        )
        for row in rows
    )


_LLDP = {"B": "bridge", "R": "router", "T": "telephone", "W": "access point", "S": "station", "P": "repeater"}
_LLDP |= {"C": "docsis", "O": "other"}


def lldp(body: Any) -> tuple[Neighbour, ...]:
    """`show lldp neighbors`, with `detail` or without."""
    rows = find_rows(body, "nbor") + find_rows(body, "nbor_detail")
    return tuple(
        Neighbour(
            protocol="lldp",
            port=interface(row.get("l_port_id")),
            device=_first(row, "sys_name", "chassis_id"),
            remote_port=interface(row.get("port_id")),
            platform=text(row.get("sys_desc")),
            address=text(row.get("mgmt_addr")),
            capabilities=_lldp_words(_first(row, "enabled_capability", "system_capability", "capability")),
        )
        for row in rows
    )


def vpc(body: Any) -> Vpc | None:
    """`show vpc`; None where there is no domain."""
    if not isinstance(body, Mapping) or "vpc-domain-id" not in body:
        return None
    domain = text(body.get("vpc-domain-id"))
    if domain.lower().startswith("not conf"):
        return None
    told = [text(body.get(key)).lower() for key in ("vpc-peer-consistency", "vpc-per-vlan-peer-consistency")]
    told.append(text(body.get("vpc-type-2-consistency")).lower())
    return Vpc(
        domain=domain,
        role=text(body.get("vpc-role")),
        peer=text(body.get("vpc-peer-status")),
        keepalive=text(body.get("vpc-peer-keepalive-status")),
        consistent=all(each in ("consistent", "success", "") for each in told),
        reason=_unless_success(_first(body, "vpc-peer-status-reason", "vpc-peer-consistency-status")),
        peer_links=tuple(interface(row.get("peerlink-ifindex")) for row in table(body, "peerlink")),
        members=tuple(_vpc_member(row) for row in table(body, "vpc")),
    )


def _vpc_member(row: Mapping[str, Any]) -> VpcMember:
    return VpcMember(
        number=number(row.get("vpc-id")) or 0,
        port=interface(row.get("vpc-ifindex")),
        up=text(row.get("vpc-port-state")).lower() in ("1", "up"),
        consistent=text(row.get("vpc-consistency")).lower() in ("consistent", "success"),
        reason=_unless_success(text(row.get("vpc-consistency-status"))),
    )


def environment(body: Any) -> Environment:
    """`show environment`, of the 9000 and the 3000 series."""
    supplies = find_rows(body, "psinfo") + find_rows(body, "psinfo_n3k")
    return Environment(
        temperatures=tuple(_temperature(row) for row in find_rows(body, "tempinfo")),
        fans=tuple(_part(row, "fanname", "fanmodel", "fanstatus") for row in find_rows(body, "faninfo")),
        supplies=tuple(_part(row, "psnum", "psmodel", "ps_status") for row in supplies),
    )


def _temperature(row: Mapping[str, Any]) -> Temperature:
    status = text(row.get("alarmstatus"))
    now, minor, major = (number(row.get(key)) for key in ("curtemp", "minthres", "majthres"))
    return Temperature(
        text(row.get("sensor")), text(row.get("tempmod")), now, minor, major, _fine(status), status
    )


def _part(row: Mapping[str, Any], name: str, model: str, status: str) -> Part:
    told = text(row.get(status))
    return Part(text(row.get(name)), text(row.get(model)), _fine(told), told)


def resources(body: Any) -> Resources | None:
    """`show system resources`."""
    if not isinstance(body, Mapping) or "cpu_state_idle" not in body:
        return None
    return Resources(
        cpu_idle=decimal(body.get("cpu_state_idle")),
        memory_total_kb=number(body.get("memory_usage_total")),
        memory_used_kb=number(body.get("memory_usage_used")),
        load_1=decimal(body.get("load_avg_1min")),
        load_5=decimal(body.get("load_avg_5min")),
        load_15=decimal(body.get("load_avg_15min")),
        memory_status=text(body.get("current_memory_status")),
    )


def bgp(body: Any) -> tuple[BgpPeer, ...]:
    """`show bgp all summary vrf all`, `show ip bgp summary vrf all`, `show bgp sessions vrf all`."""
    return tuple(
        BgpPeer(
            vrf=text(above.get("vrf-name-out")),
            neighbour=_first(row, "neighborid", "neighbor-id"),
            remote_as=_first(row, "neighboras", "remoteas"),
            state=text(row.get("state")),
            family=text(above.get("af-name")),
            since=seconds(row.get("time", row.get("lastflap"))),
            prefixes=number(row.get("prefixreceived")),
        )
        for row, above in with_parents(body, "neighbor")
    )


def inventory(body: Any) -> tuple[InventoryItem, ...]:
    """`show inventory`."""
    return tuple(
        InventoryItem(
            name=text(row.get("name")).strip('" '),
            description=text(row.get("desc")).strip('" '),
            product=text(row.get("productid")),
            serial=_said(text(row.get("serialnum"))),
        )
        for row in table(body, "inv")
    )


def modules(body: Any) -> tuple[Module, ...]:
    """`show module`."""
    serials = {
        text(_slot(row, "modmac")): _said(text(row.get("serialnum"))) for row in table(body, "modmacinfo")
    }
    return tuple(
        Module(
            slot=(slot := text(_slot(row, "modinf"))),
            ports=number(row.get("ports")),
            type=text(row.get("modtype")),
            model=text(row.get("model")),
            status=text(row.get("status")).rstrip("* "),
            serial=serials.get(slot, ""),
        )
        for row in table(body, "modinfo")
    )


def _slot(row: Mapping[str, Any], key: str) -> Any:
    return row.get(key, row.get("mod", row.get("slot")))


READERS: Mapping[str, Callable[[Any], object]] = {
    "show version": version,
    "show interface counters": counters,
    "show interface": interfaces,
    "show mac address-table": mac_table,
    "show ip arp": arp,
    "show cdp neighbors": cdp,
    "show lldp neighbors": lldp,
    "show vpc": vpc,
    "show environment": environment,
    "show system resources": resources,
    "show bgp": bgp,
    "show ip bgp summary": bgp,
    "show inventory": inventory,
    "show module": modules,
}
"""The reader of a command, by what it begins with; the first that fits."""


def typed(command: str, body: Any) -> object | None:
    """The typed values of an answer; None where the command has no reader."""
    bare = " ".join(command.lower().partition("|")[0].split())
    for begins, reader in READERS.items():
        if bare == begins or bare.startswith(f"{begins} "):
            return reader(body)
    return None


def _first(row: Mapping[str, Any], *names: str) -> str:
    """The first of these that is not empty."""
    for name in names:
        if name in row and (found := text(row[name])):
            return found
    return ""


def _said(value: str) -> str:
    return "" if value in ("--", "-", "N/A") else value


def _unless_success(value: str) -> str:
    return "" if value.upper() == "SUCCESS" else value


def _fine(status: str) -> bool:
    """`Ok` and its like. An absent or switched-off supply is as somebody left it, and no fault of its own."""
    return status.lower() in ("ok", "normal", "none", "up", "powered-up")


def _words(value: Any) -> tuple[str, ...]:
    given: Iterable[Any] = value if isinstance(value, list) else str(value or "").replace(",", " ").split()
    return tuple(str(each).strip() for each in given if str(each).strip())


def _lldp_words(value: str) -> tuple[str, ...]:
    """`BR` or `B, R` are bridge and router."""
    letters = value.replace(",", "").replace(" ", "")
    if letters.isupper():
        return tuple(_LLDP.get(letter, letter) for letter in letters)
    return _words(value)
