"""Shows about the chassis and its software."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows, rule
from playground.switches.dialect import Body, table
from playground.switches.world import Switch

_COPYING = (
    "Cisco Nexus Operating System (NX-OS) Software\n"
    "This answer comes from a stand-in that speaks as NX-OS does. It runs no software of Cisco's,\n"
    "switches no frames and holds no licence but that of the project it is part of.\n"
    "Whoever reads this in a test, a demonstration or a bench is looking at made-up equipment:\n"
    "serial numbers, addresses and counters follow from a seed, and stay the same for the same seed.\n"
)

_BUILT = {
    "7.0(3)I4(6)": (" 3/8/2017 22:00:00", "03/09/2017 07:05:18"),
    "9.2(2)": ("11/4/2018 21:00:00", "11/05/2018 06:11:06"),
    "9.3(5)": ("7/20/2020 20:00:00", "07/21/2020 06:30:11"),
    "10.2(3)": ("5/26/2022 2:00:00", "05/26/2022 10:12:14"),
}

_SPEECH = {"spine": "Nexus9000 C9364C Chassis", "leaf": "Nexus9000 C93180YC-FX Chassis"}


def image(release: str) -> str:
    """The file a release boots from."""
    plain = re.sub(r"[()]+", ".", release).strip(".")
    return (
        f"bootflash:///nxos64-cs.{plain}.F.bin"
        if release.startswith("10.")
        else f"bootflash:///nxos.{plain}.bin"
    )


def uptime(switch: Switch) -> tuple[int, int, int, int]:
    """Days, hours, minutes and seconds since the switch was started."""
    seconds = max(0, int(switch.world.now() - switch.booted_at))
    return seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60


def version(ask: Ask) -> Body:
    """`show version`."""
    switch = ask.switch
    release = switch.release
    compiled, stamp = _BUILT.get(release, _BUILT["9.3(5)"])
    days, hours, minutes, seconds = uptime(switch)
    body: Body = {"header_str": _COPYING, "bios_ver_str": "07.69"}
    software = {"ver_str": release, "file_name": image(release), "cmpl_time": compiled, "tmstmp": stamp}
    # Up to 9.2 only the old names are told, from 9.3 on both.
    for name, kick in (
        ("ver_str", "kickstart"),
        ("file_name", "kick"),
        ("cmpl_time", "kick"),
        ("tmstmp", "kick"),
    ):
        body[f"{kick}_{name}"] = software[name]
        if release.startswith(("9.3", "10.")):
            body[f"nxos_{name}"] = software[name]
    return body | {
        "bios_cmpl_time": "04/08/2021",
        "chassis_id": _SPEECH[switch.chassis.role],
        "cpu_name": "Intel(R) Xeon(R) CPU D-1526 @ 1.80GHz",
        "memory": 24569704,
        "mem_type": "kB",
        "proc_board_id": switch.chassis.serial,
        "host_name": switch.hostname,
        "bootflash_size": 115805356,
        "kern_uptm_days": days,
        "kern_uptm_hrs": hours,
        "kern_uptm_mins": minutes,
        "kern_uptm_secs": seconds,
        "rr_usecs": 294975,
        "rr_ctime": datetime.fromtimestamp(switch.booted_at, UTC).strftime("%a %b %d %H:%M:%S %Y"),
        "rr_reason": "Reset Requested by CLI command reload",
        "rr_sys_ver": release,
        "rr_service": "",
        "plugins": "Core Plugin, Ethernet Plugin",
        "manufacturer": "Cisco Systems, Inc.",
        **table("package_list", [{"package_id": None}]),
    }


def version_text(ask: Ask, body: Body) -> str:
    """The text of it."""
    days, hours, minutes, seconds = uptime(ask.switch)
    release = ask.switch.release
    word = "NXOS"
    return (
        f"{_COPYING}\nSoftware\n  BIOS: version {body['bios_ver_str']}\n {word}: version {release}\n"
        f"  BIOS compile time:  {body['bios_cmpl_time']}\n  {word} image file is: {image(release)}\n\n\n"
        f"Hardware\n  cisco {body['chassis_id']} \n"
        f"  {body['cpu_name']} with {body['memory']} kB of memory.\n"
        f"  Processor Board ID {body['proc_board_id']}\n\n"
        f"  Device name: {body['host_name']}\n  bootflash:   {body['bootflash_size']} kB\n"
        f"Kernel uptime is {days} day(s), {hours} hour(s), {minutes} minute(s), {seconds} second(s)\n\n"
        f"Last reset at {body['rr_usecs']} usecs after {body['rr_ctime']}\n"
        f"  Reason: {body['rr_reason']}\n  System version: {body['rr_sys_ver']}\n  Service: \n\n"
        "plugin\n  Core Plugin, Ethernet Plugin\n\nActive Package(s):\n\n"
    )


def hostname(ask: Ask) -> Body:
    """`show hostname`."""
    return {"hostname": f"{ask.switch.hostname}.lab.example.com"}


def hostname_text(_: Ask, body: Body) -> str:
    """The text of it."""
    return f"{body['hostname']} \n"


def inventory(ask: Ask) -> Body:
    """`show inventory`: names and descriptions carry quotation marks, as NX-OS sends them."""
    chassis = ask.switch.chassis
    speech = _SPEECH[chassis.role]
    part = {"name": '"Chassis"', "desc": f'"{speech}"', "productid": chassis.model, "vendorid": "V02"}
    found = [part | {"serialnum": chassis.serial}]
    found.append(part | {"name": '"Slot 1"', "desc": '"Ethernet Module"', "serialnum": chassis.serial})
    for number in (1, 2):
        found.append(
            {
                "name": f'"Power Supply {number}"',
                "desc": f'"{speech} Power Supply"',
                "productid": "NXA-PAC-650W-PE",
                "vendorid": "V01",
                "serialnum": f"LIT{chassis.serial[3:7]}{ask.switch.chance(f'psu {number}', 10000):04}",
            }
        )
    for number in range(1, 5):
        if number != 3 or ask.switch.name != ask.switch.world.anomalies.absent_fan:
            fan = {
                "name": f'"Fan {number}"',
                "desc": f'"{speech} Fan Module"',
                "productid": "NXA-FAN-30CFM-F",
            }
            found.append(fan | {"vendorid": "V01", "serialnum": "N/A"})
    return table("inv", [dict(each) for each in found])


def inventory_text(_: Ask, body: Body) -> str:
    """The text of it."""
    return "".join(
        f"NAME: {row['name']},  DESCR: {row['desc']}  \n"
        f"PID: {row['productid']} ,  VID: {row['vendorid']} ,  SN: {row['serialnum']}          \n\n"
        for row in rows(body, "inv")
    )


def module(ask: Ask) -> Body:
    """`show module`."""
    chassis = ask.switch.chassis
    kind = (
        "64x40/100G Ethernet Module" if chassis.role == "spine" else "48x10/25G + 6x40/100G Ethernet Module"
    )
    return {
        **table(
            "modinfo",
            [
                {
                    "modinf": 1,
                    "ports": chassis.ports,
                    "modtype": kind,
                    "model": chassis.model,
                    "status": "active *",
                }
            ],
        ),
        **table("modwwninfo", [{"modwwn": 1, "sw": ask.switch.release, "hw": "1.2", "slottype": "NA"}]),
        **table(
            "modmacinfo",
            [
                {
                    "modmac": 1,
                    "mac": f"{chassis.system_mac} to {chassis.mac(0xFF)}",
                    "serialnum": chassis.serial,
                }
            ],
        ),
        **table("moddiaginfo", [{"mod": 1, "diagstatus": "Pass"}]),
    }


def module_text(_: Ask, body: Body) -> str:
    """The text of it."""
    widths = (3, 5, 37, 21, 9)
    head = grid(
        [("Mod", "Ports", "Module-Type", "Model", "Status"), ["-" * width for width in widths]], widths
    )
    first = grid(cells(rows(body, "modinfo"), "modinf", "ports", "modtype", "model", "status"), widths)
    software = grid(
        [("Mod", "Sw", "Hw", "Slot"), *cells(rows(body, "modwwninfo"), "modwwn", "sw", "hw", "slottype")],
        (4, 24, 6, 4),
    )
    macs = grid(
        [
            ("Mod", "MAC-Address(es)", "Serial-Num"),
            *cells(rows(body, "modmacinfo"), "modmac", "mac", "serialnum"),
        ],
        (4, 38, 12),
    )
    return f"{head}{first}\n{software}\n{macs}\n* this terminal session \n"


def clock(ask: Ask) -> Body:
    """`show clock`."""
    now = datetime.fromtimestamp(ask.switch.world.now(), UTC)
    return {"simple_time": now.strftime("%H:%M:%S.000 UTC %a %b %d %Y"), "time_source": "NTP"}


def clock_text(_: Ask, body: Body) -> str:
    """The text of it."""
    return f"{body['simple_time']}\nTime source is {body['time_source']}\n"


def users(ask: Ask) -> Body:
    """`show users`."""
    login = datetime.fromtimestamp(ask.switch.booted_at + 3600, UTC)
    row = {
        "p_user": "admin",
        "p_line": "pts/0",
        "p_time": login.strftime("%b %d %H:%M"),
        "p_idle": "00:12",
        "p_pid": 21134,
        "p_host": "(192.0.2.10)",
    }
    return table("sessions", [row])


def users_text(_: Ask, body: Body) -> str:
    """The text of it."""
    head = ("NAME", "LINE", "TIME", "IDLE", "PID", "COMMENT")
    found = cells(rows(body, "sessions"), "p_user", "p_line", "p_time", "p_idle", "p_pid", "p_host")
    return grid([head, *found], (8, 12, 12, 5, 10, 12))


def ntp_peer_status(ask: Ask) -> Body:
    """`show ntp peer-status`: one row for each configured server; the first is in sync."""
    found = []
    for place, line in enumerate(ask.switch.running.top("ntp server")):
        words = line.split()
        vrf = words[words.index("use-vrf") + 1] if "use-vrf" in words else "default"
        found.append(
            {
                "syncmode": "*" if place == 0 else "=",
                "remote": words[0],
                "local": ask.switch.chassis.management_ip,
                "st": 2,
                "poll": 64,
                "reach": 377,
                "delay": f"0.{ask.switch.chance(f'ntp {line}', 9000) + 500:05}",
                "vrf": vrf,
            }
        )
    return {"totalpeers": len(found), **table("peersstatus", found)}


def ntp_peers(ask: Ask) -> Body:
    """`show ntp peers`."""
    servers = [line.split()[0] for line in ask.switch.running.top("ntp server")]
    return table("peers", [{"PeerIPAddress": each, "serv_peer": "Server (configured)"} for each in servers])


def ntp_peers_text(_: Ask, body: Body) -> str:
    """The text of it."""
    widths = (30, 20)
    found = cells(rows(body, "peers"), "PeerIPAddress", "serv_peer")
    return rule(50) + grid([("  Peer IP Address", "Serv/Peer")], widths) + rule(50) + grid(found, widths)


def ntp_peer_status_text(_: Ask, body: Body) -> str:
    """The text of it."""
    head = (
        f"Total peers : {body['totalpeers']}\n"
        "* - selected for sync, + -  peer mode(active),\n- - peer mode(passive), = - polled in client mode\n"
    )
    names = ("    remote", "local", "st", "poll", "reach", "delay", "vrf")
    found = cells(rows(body, "peersstatus"), "remote", "local", "st", "poll", "reach", "delay", "vrf")
    modes = [row["syncmode"] for row in rows(body, "peersstatus")]
    lines = [[f"{mode}{cells_[0]}", *cells_[1:]] for mode, cells_ in zip(modes, found, strict=True)]
    return head + grid([names], (32, 20, 4, 5, 6, 8, 12)) + rule(95) + grid(lines, (32, 20, 4, 5, 6, 8, 12))
