"""Shows about power, fans, temperature, CPU and memory."""

from __future__ import annotations

from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows, rule
from playground.switches.dialect import Body, table

_SENSORS = (("FRONT", 80, 70, 28), ("BACK", 70, 42, 24), ("CPU", 90, 80, 44), ("Sugarbowl", 110, 90, 55))


def environment(ask: Ask) -> Body:
    """`show environment`: thresholds and watts are padded with blanks, as NX-OS sends them."""
    return {
        **table("tempinfo", [_sensor(ask, *sensor) for sensor in _SENSORS]),
        "fandetails": {
            **table("fan_zone_speed", [{"zone": "1", "speed": "0x80"}]),
            **table("faninfo", [*_fans(ask)]),
            "fan_filter_status": "NotSupported",
        },
        "powersup": {
            **table("psinfo", [_power_supply(ask, 1), _power_supply(ask, 2)]),
            "power_summary": {
                "ps_redun_mode": "PS-Redundant",
                "ps_oper_mode": "Non-Redundant" if _failed(ask, 2) else "PS-Redundant",
                "tot_pow_capacity": " 650.00 W",
                "cumulative_power": " 650.00 W" if _failed(ask, 2) else "1300.00 W",
                "available_pow": "   N/A   ",
            },
            "voltage_level": 12,
        },
    }


def _sensor(ask: Ask, name: str, major: int, minor: int, usual: int) -> dict[str, Any]:
    hot = name == "CPU" and ask.switch.name == ask.switch.world.anomalies.hot_sensor
    current = minor + 4 if hot else usual + ask.switch.chance(name, 9)
    return {
        "tempmod": "1        ",
        "sensor": name,
        "majthres": f"{major:<4}",
        "minthres": f"{minor:<4}",
        "curtemp": str(current),
        "alarmstatus": "Minor" if hot else "Ok",
    }


def _fans(ask: Ask) -> list[dict[str, Any]]:
    gone = ask.switch.name == ask.switch.world.anomalies.absent_fan
    fans = []
    for number in range(1, 5):
        absent = gone and number == 3
        fans.append(
            {
                "fanname": f"Fan{number}(sys_fan{number})",
                "fanmodel": "--" if absent else "NXA-FAN-30CFM-F",
                "fanhwver": "--",
                "fandir": "--" if absent else "front-to-back",
                "fanstatus": "Absent" if absent else "Ok",
                "failfanlet": None,
            }
        )
    return fans + [
        {
            "fanname": f"Fan_in_PS{number}",
            "fanmodel": "--",
            "fanhwver": "--",
            "fandir": "front-to-back",
            "fanstatus": "Failure" if _failed(ask, number) else "Ok",
        }
        for number in (1, 2)
    ]


def _failed(ask: Ask, number: int) -> bool:
    return number == 2 and ask.switch.name == ask.switch.world.anomalies.failed_power_supply


def _power_supply(ask: Ask, number: int) -> dict[str, Any]:
    failed = _failed(ask, number)
    watts = 0 if failed else 90 + ask.switch.chance(f"watts {number}", 40)
    return {
        "psnum": number,
        "psmodel": "NXA-PAC-650W-PE",
        "actual_out": f"{watts * 9 // 10:5} W",
        "actual_input": f"{watts:5} W",
        "tot_capa": f"{0 if failed else 650:5} W",
        "ps_status": "Fail/Shut" if failed else "Ok",
    }


def environment_text(_: Ask, body: Body) -> str:
    """The text of it."""
    power, fans = body["powersup"], body["fandetails"]
    supplies = cells(
        rows(power, "psinfo"), "psnum", "psmodel", "actual_out", "actual_input", "tot_capa", "ps_status"
    )
    temperatures = cells(
        rows(body, "tempinfo"), "tempmod", "sensor", "majthres", "minthres", "curtemp", "alarmstatus"
    )
    return (
        f"Power Supply:\nVoltage: {power['voltage_level']} Volts\n"
        + grid([("Supply", "Model", "Output", "Input", "Capacity", "Status")], (7, 19, 10, 10, 10, 14))
        + grid(supplies, (7, 19, 10, 10, 10, 14))
        + "\n\nFan:\n"
        + grid([("Fan", "Model", "Hw", "Direction", "Status")], (17, 17, 6, 14, 8))
        + rule(66)
        + grid(
            cells(rows(fans, "faninfo"), "fanname", "fanmodel", "fanhwver", "fandir", "fanstatus"),
            (17, 17, 6, 14, 8),
        )
        + f"Fan Air Filter : {fans['fan_filter_status']}\n\n\nTemperature:\n"
        + rule(68)
        + grid(
            [("Module", "Sensor", "MajorThresh", "MinorThres", "CurTemp", "Status")], (9, 15, 12, 11, 9, 8)
        )
        + rule(68)
        + grid(temperatures, (9, 15, 12, 11, 9, 8))
    )


def system_resources(ask: Ask) -> Body:
    """`show system resources`."""
    user, kernel = (
        3 + ask.switch.chance("cpu user", 900) / 100,
        1 + ask.switch.chance("cpu kernel", 300) / 100,
    )
    used = 7_000_000 + ask.switch.chance("memory", 3_000_000)
    return {
        "load_avg_1min": f"{ask.switch.chance('load', 90) / 100:.2f}",
        "load_avg_5min": f"{ask.switch.chance('load 5', 90) / 100:.2f}",
        "load_avg_15min": f"{ask.switch.chance('load 15', 90) / 100:.2f}",
        "processes_total": 640 + ask.switch.chance("processes", 80),
        "processes_running": 1,
        "cpu_state_user": f"{user:.2f}",
        "cpu_state_kernel": f"{kernel:.2f}",
        "cpu_state_idle": f"{100 - user - kernel:.2f}",
        **table(
            "cpu_usage",
            [
                {
                    "cpuid": cpu,
                    "user": f"{user:.2f}",
                    "kernel": f"{kernel:.2f}",
                    "idle": f"{100 - user - kernel:.2f}",
                }
                for cpu in range(4)
            ],
        ),
        "memory_usage_total": 24_569_704,
        "memory_usage_used": used,
        "memory_usage_free": 24_569_704 - used,
        "current_memory_status": "OK",
    }


def system_resources_text(_: Ask, body: Body) -> str:
    """The text of it."""
    each = "".join(
        f"        CPU{row['cpuid']} states  :   {row['user']}% user,   {row['kernel']}% kernel,   {row['idle']}% idle\n"
        for row in rows(body, "cpu_usage")
    )
    return (
        f"Load average:   1 minute: {body['load_avg_1min']}   5 minutes: {body['load_avg_5min']}"
        f"   15 minutes: {body['load_avg_15min']}\n"
        f"Processes   :   {body['processes_total']} total, {body['processes_running']} running\n"
        f"CPU states  :   {body['cpu_state_user']}% user,   {body['cpu_state_kernel']}% kernel,"
        f"   {body['cpu_state_idle']}% idle\n{each}"
        f"Memory usage:   {body['memory_usage_total']}K total,   {body['memory_usage_used']}K used,"
        f"   {body['memory_usage_free']}K free\n"
        f"Current memory status: {body['current_memory_status']}\n"
    )
