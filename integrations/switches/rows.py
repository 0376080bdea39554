"""Rows of different moments or switches beside each other: what identifies a row, and what always changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from integrations.switches.normalise import Row, Value

Key = tuple[Value, ...]

_IDENTITY = (
    ("vrf-name-out", "af-name", "neighborid"),
    ("vrf-name-out", "neighbor-id"),
    ("vrf-name-out", "addrf", "ipprefix", "ipnexthop", "ifname"),
    ("vrf-name-out", "addrf", "ipprefix", "ifname"),
    ("vrf-name-out", "ip-addr-out"),
    ("disp_vlan", "disp_mac_addr", "disp_port"),
    ("intf_id", "device_id", "port_id"),
    ("l_port_id", "chassis_id", "port_id"),
    ("port-channel", "port"),
    ("interface",),
    ("intf-name",),
    ("if_name",),
    ("vlanshowbr-vlanid",),
    ("vpc-id",),
    ("peer-link-id",),
    ("sensor", "tempmod"),
    ("fanname",),
    ("psnum",),
    ("modinf",),
    ("mod",),
    ("name",),
    ("cfcFeatureCtrlName2", "cfcFeatureCtrlInstanceNum2"),
)
"""What names a row in the tables of NX-OS; the first whose fields every row has, and no two rows share."""
_VOLATILE = re.compile(
    r"(?i)uptime|uptm|(?:^|[_-])age$|^disp_age$|time-?stamp|^time$|lastflap|lastread|lastwrite|flapped|^ttl$|hold_?time"
    r"|last[_-]?(?:change|clear|reset|flap|update)|clear_counters|reset_cntr|rr_usecs|rr_ctime|usecs"
    r"|(?:^|[_-])(?:in|out|rx|tx)(?:[_-]?avg|[_-]?rate|bytes|pkts?|bits|ucast|mcast|bcast|octets)"
    r"|rate\d*_(?:bits|pkts)|vdc_lvl_|loop_(?:in|out)_|_(?:txload|rxload)$|(?:pkt|byte)-(?:sent|recv|fwd|orig|consumed)"
    r"|inpkts|outpkts|inbytes|outbytes|indiscard|outdiscard|_(?:in|out)?err$|_crc$|jumbo_|inpause|outpause"
    r"|msgrecvd|msgsent|tableversion|connectionsdropped|notifications(?:sent|received)|^(?:in|out)q$|local-?port|remote-?port"
    r"|cpu_state|load_avg|memory_usage|processes_|^(?:idle|kernel|user|nice)$|curtemp|actual_|_draw$|^watts$|^amps$"
    r"|l[23]_(?:ing|egr|ucast)|simple_time|clock|header_str"
)


@lru_cache(maxsize=16_384)
def is_volatile(name: str) -> bool:
    """Whether a field of this name says something else each time it is asked: times, ages, counters, loads.

    Kept, since a thousand switches have the same fields in all their rows.
    """
    return _VOLATILE.search(name) is not None


def identity(tables: Sequence[Sequence[Row]], key: Sequence[str] = ()) -> tuple[str, ...]:
    """The fields that name a row in all of these tables; none where each has one row only, or nothing names them.

    `key` is what a person said they are.
    """
    if key:
        return tuple(key)
    filled = [rows for rows in tables if rows]
    if not filled or (
        all(len(rows) == 1 for rows in filled) and not any(_named(filled, names) for names in _IDENTITY)
    ):
        return ()
    for names in _IDENTITY:
        if _named(filled, names):
            return names
    steady = [name for name in filled[0][0] if not is_volatile(name)]
    return next(((name,) for name in steady if _named(filled, (name,))), tuple(steady))


def _named(tables: Sequence[Sequence[Row]], names: Sequence[str]) -> bool:
    for rows in tables:
        keys = {tuple(row.get(name) for name in names) for row in rows}
        if len(keys) < len(rows) or any(name not in row for row in rows for name in names):
            return False
    return True


def keyed(rows: Sequence[Row], names: Sequence[str]) -> Mapping[Key, Row]:
    """The rows by their key; rows of the same key are told apart by a number, so that none is lost."""
    found: dict[Key, Row] = {}
    for row in rows:
        key = tuple(row.get(name, "") for name in names)
        number = 2
        unique = key
        while unique in found:
            unique, number = (*key, f"#{number}"), number + 1
        found[unique] = row
    return found


def label(key: Key) -> str:
    """A key for people: `Ethernet1/1`, `default, 10.0.0.1`; empty for the one row there is."""
    return ", ".join(str(part) for part in key if part != "")
