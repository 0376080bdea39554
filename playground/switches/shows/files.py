"""Shows without a structured form, and what they tell: configurations, checkpoints, the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from playground.switches.ask import Ask, Refused
from playground.switches.config import Config, patch
from playground.switches.ports import ERR_DISABLED, ports
from playground.switches.world import Switch

_LOGIN_EVERY_S = 43_211
"""How often somebody logs in to a switch, by its log."""


def running_config(ask: Ask) -> str:
    """`show running-config`, secrets included."""
    return _config(ask.switch, "running-config", ask.switch.running)


def startup_config(ask: Ask) -> str:
    """`show startup-config`."""
    return _config(ask.switch, "startup-config", ask.switch.startup)


def _config(switch: Switch, what: str, config: Config) -> str:
    stamp = _stamp(switch.world.now())
    head = f"!Command: show {what}\n!Running configuration last done at: {stamp}\n!Time: {stamp}\n"
    return f"\n{head}\nversion {switch.release}\n{config.text()}\n"


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S %Y")


def checkpoint_summary(ask: Ask) -> str:
    """`show checkpoint summary`."""
    if not ask.switch.checkpoints:
        return "% No checkpoint is available\n"
    head = "User Checkpoint Summary\n" + "-" * 80 + "\n"
    return head + "".join(
        f"{number}) {name}:\n    Created by admin\n    Created at {_stamp(made)}\n"
        f"    Size is {len(config.text())} bytes\n    User Checkpoint Summary\n    Description: None\n\n"
        for number, (name, (config, made)) in enumerate(ask.switch.checkpoints.items(), 1)
    )


def rollback_patch(ask: Ask) -> str:
    """`show diff rollback-patch A B`: the commands that make B out of A. Raises Refused without one of them."""
    before = named(ask.switch, ask.options["first"])
    after = named(ask.switch, ask.options["second"])
    head = "Collecting Running-Config\n#Generating Rollback Patch\n"
    commands = patch(before, after)
    if not commands:
        return f"{head}Rollback Patch is Empty\n"
    return f"{head}\n!!\n" + "".join(f"{line}\n" for line in commands)


def named(switch: Switch, what: str) -> Config:
    """The configuration `checkpoint NAME`, `file NAME`, `running-config` or `startup-config`. Raises Refused."""
    kind, _, name = what.partition(" ")
    if kind == "running-config":
        return switch.running
    if kind == "startup-config":
        return switch.startup
    key = name.strip() if kind == "checkpoint" else _file(name)
    if key not in switch.checkpoints:
        raise Refused(f"% Checkpoint {name} does not exist\n")
    return switch.checkpoints[key][0]


def _file(name: str) -> str:
    return f"bootflash:{name.strip().removeprefix('bootflash:').lstrip('/')}"


def logging_last(ask: Ask) -> str:
    """`show logging last N`: logins, and what happened to interfaces, in the order of time."""
    told = sorted(_events(ask.switch))
    lines = [f"{_log_time(when)} {ask.switch.hostname} {words}\n" for when, words in told]
    return "".join(lines[-int(ask.options["lines"]) :])


def _events(switch: Switch) -> Iterator[tuple[float, str]]:
    yield switch.booted_at, "%SYSMGR-5-SYSTEM_UP: System is up"
    latest = int((switch.world.now() - switch.booted_at) / _LOGIN_EVERY_S)
    for login in range(max(1, latest - 100), latest + 1):
        words = "%AUTHPRIV-6-SYSTEM_MSG: pam_unix(nxapi:session): session opened for user admin"
        yield switch.booted_at + login * _LOGIN_EVERY_S, words
    for interface, when in switch.flaps.items():
        if interface in switch.down:
            yield when, f"%ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface {interface} is down (Link failure)"
        else:
            yield when, f"%ETHPORT-5-IF_UP: Interface {interface} is up in full duplex"
    for port in ports(switch):
        if port.reason == ERR_DISABLED:
            words = f"Interface {port.name} is down (Error disabled. Reason:{port.reason})"
            yield switch.booted_at + 60, f"%ETHPORT-2-IF_DOWN_ERROR_DISABLED: {words}"


def _log_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y %b %d %H:%M:%S")


def text(_: Ask, body: str) -> str:
    """The text of all of these is what they are."""
    return body
