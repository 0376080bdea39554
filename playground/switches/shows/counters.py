"""Shows about what went over interfaces: rows name an interface several times, with a part of its counters each."""

from __future__ import annotations

from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows, rule
from playground.switches.dialect import Body, table
from playground.switches.ports import Port, ports, short
from playground.switches.shows.interfaces import crc_errors
from playground.switches.traffic import NONE, Counters
from playground.switches.world import Switch

_PARTS = (
    (("eth_inbytes", "in_octets"), ("eth_inucast", "in_unicast")),
    (("eth_inmcast", "in_multicast"), ("eth_inbcast", "in_broadcast")),
    (("eth_outbytes", "out_octets"), ("eth_outucast", "out_unicast")),
    (("eth_outmcast", "out_multicast"), ("eth_outbcast", "out_broadcast")),
)

_ERROR_PARTS = (
    ("eth_align_err", "eth_fcs_err", "eth_xmit_err", "eth_rcv_err", "eth_undersize", "eth_outdisc"),
    ("eth_single_col", "eth_multi_col", "eth_late_col", "eth_excess_col", "eth_carri_sen", "eth_runts"),
    ("eth_giants", "eth_deferred_tx", "eth_inmactx_err", "eth_inmacrx_err", "eth_symbol_err"),
    ("eth_indisc",),
)


def _counted(ask: Ask) -> list[Port]:
    name = ask.interface()
    kinds = ("mgmt", "ethernet", "channel")
    return [port for port in ports(ask.switch) if port.kind in kinds and name in (None, port.name)]


def _counters(switch: Switch, port: Port) -> Counters:
    idle = port.kind == "ethernet" and port.transceiver is None
    return NONE if idle else switch.world.traffic.counters(switch.name, port.name)


def counters(ask: Ask) -> Body:
    """`show interface counters`: four tables of all interfaces, each with two counters."""
    found: dict[str, Body] = {}
    for index, part in enumerate(_PARTS):
        direction = "rx" if index < 2 else "tx"
        for port in _counted(ask):
            now = _counters(ask.switch, port)
            row: dict[str, Any] = {f"interface_{direction}": port.name}
            row |= {key: getattr(now, attribute) for key, attribute in part}
            found.setdefault(direction, table(f"{direction}_counters", []))
            rows(found[direction], f"{direction}_counters").append(row)
    return {**found["rx"], **found["tx"]} if found else {}


def counters_text(_: Ask, body: Body) -> str:
    """The text of it."""
    text = ""
    for direction, heads in (("rx", ("In", _PARTS[:2])), ("tx", ("Out", _PARTS[2:]))):
        word, parts = heads
        for part, names in zip(parts, (("Octets", "UcastPkts"), ("McastPkts", "BcastPkts")), strict=True):
            keys = [key for key, _ in part]
            having = [row for row in rows(body, f"{direction}_counters") if keys[0] in row]
            found = [[short(str(row[0])), *row[1:]] for row in cells(having, f"interface_{direction}", *keys)]
            head = ("Port", f"{word}{names[0]}", f"{word}{names[1]}")
            text += f"\n{rule(60)}{grid([head], (15, 22, 22))}{rule(60)}{grid(found, (15, 22, 22))}"
    return text


def errors(ask: Ask) -> Body:
    """`show interface counters errors`; mgmt0 has fewer of them, in the last part none."""
    found = []
    for index, part in enumerate(_ERROR_PARTS):
        for port in _counted(ask):
            keys = part if port.kind != "mgmt" else part[:2] if index == 0 else () if index == 3 else part[:4]
            row: dict[str, Any] = {"interface": port.name}
            found.append(row | {key: _error(ask.switch, port, key) for key in keys})
    return table("interface", found)


def _error(switch: Switch, port: Port, key: str) -> int:
    return crc_errors(switch, port) if key in ("eth_fcs_err", "eth_rcv_err") else 0


_ERROR_NAMES = (
    ("Align-Err", "FCS-Err", "Xmit-Err", "Rcv-Err", "UnderSize", "OutDiscards"),
    ("Single-Col", "Multi-Col", "Late-Col", "Exces-Col", "Carri-Sen", "Runts"),
    ("Giants", "Deferred-Tx", "IntMacTx-Er", "IntMacRx-Er", "Symbol-Err"),
    ("InDiscards",),
)


def errors_text(_: Ask, body: Body) -> str:
    """The text of it."""
    text = ""
    for keys, names in zip(_ERROR_PARTS, _ERROR_NAMES, strict=True):
        widths = (14, *(12 for _ in names))
        having = [row for row in rows(body, "interface") if keys[0] in row]
        found = [[short(str(row[0])), *row[1:]] for row in cells(having, "interface", *keys)]
        text += f"\n{rule(88)}{grid([('Port', *names)], widths)}{rule(88)}{grid(found, widths)}"
    return text
