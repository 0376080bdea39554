"""Running configuration and exec commands on a switch, with the three ways to take an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, get_args

from playground.switches.ask import Refused
from playground.switches.config_lines import BadLine, Draft, apply
from playground.switches.fabric import OLDEST
from playground.switches.outputs import CONFIG_ERROR, Output, refused
from playground.switches.shows.files import named
from playground.switches.world import Switch

Rollback = Literal["stop-on-error", "continue-on-error", "rollback-on-error"]
ROLLBACKS = get_args(Rollback)

_NAME = r"([A-Za-z0-9_.:/-]{1,80})"


class Configuring:
    """A run of configuration commands on a switch; the section stays from one to the next."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._before = switch.running
        self._draft = Draft(switch.running)

    def run(self, command: str) -> Output:
        """One command; a good one is in force at once."""
        try:
            said = self._done(command.strip())
        except (BadLine, Refused) as error:
            return refused(command, str(error), CONFIG_ERROR)
        return Output(command, body=said or {})

    def _done(self, command: str) -> str:
        for pattern, act in _EXEC:
            match = re.fullmatch(pattern, command)
            if match is not None:
                said = act(self._switch, match)
                self._draft = Draft(self._switch.running)
                return said
        self._draft = apply(self._draft, command)
        if self._draft.config is not self._switch.running:
            self._switch.running = self._draft.config
        return ""

    def take_back(self) -> None:
        """Restore what was before the first command."""
        self._switch.running = self._before


def configure(switch: Switch, commands: list[str], rollback: Rollback = "stop-on-error") -> list[Output]:
    """Run commands; after the first error stop, go on, or restore what was before, as `rollback` says.

    7.0(3)I4 tells of commands that all went well in one output.
    """
    run = Configuring(switch)
    outputs: list[Output] = []
    for command in commands:
        outputs.append(run.run(command))
        if not outputs[-1].good and rollback != "continue-on-error":
            if rollback == "rollback-on-error":
                run.take_back()
            break
    if switch.release == OLDEST and all(output.good for output in outputs):
        return [Output(" ;".join(commands), body={})]
    return outputs


def is_exec(command: str) -> bool:
    """Whether a command is one of those that need no configuration mode."""
    return any(re.fullmatch(pattern, command.strip()) for pattern, _ in _EXEC)


def _checkpoint(switch: Switch, match: re.Match[str]) -> str:
    name = match[1] or f"user-checkpoint-{len(switch.checkpoints) + 1}"
    if name in switch.checkpoints:
        raise Refused(f"% Checkpoint {name} already exists\n")
    switch.checkpoints[name] = (switch.running, switch.world.now())
    switch.world.changed()
    return "...Done\n"


def _checkpoint_file(switch: Switch, match: re.Match[str]) -> str:
    name = f"bootflash:{match[1].removeprefix('bootflash:').lstrip('/')}"
    switch.checkpoints[name] = (switch.running, switch.world.now())
    switch.world.changed()
    return "Done\n"


def _no_checkpoint(switch: Switch, match: re.Match[str]) -> str:
    if match[1] not in switch.checkpoints:
        raise Refused(f"% Checkpoint {match[1]} does not exist\n")
    del switch.checkpoints[match[1]]
    switch.world.changed()
    return ""


def _rollback(switch: Switch, match: re.Match[str]) -> str:
    switch.running = named(switch, match[1])
    return (
        "Note: Applying config parallelly may fail Rollback verification\n"
        "Collecting Running-Config\nGenerating Rollback Patch\nExecuting Rollback Patch\n"
        "Generating Running-config for verification\nGenerating Patch for verification\n"
        "Rollback completed successfully.\n"
    )


def _dir(switch: Switch, match: re.Match[str]) -> str:
    name = f"bootflash:{match[1].removeprefix('bootflash:').lstrip('/')}"
    if name not in switch.checkpoints:
        return f"No such file or directory: {match[1]}\n"
    config, made = switch.checkpoints[name]
    stamp = datetime.fromtimestamp(made, UTC).strftime("%b %d %H:%M:%S %Y")
    return f"{len(config.text()):>10}    {stamp}  {name.removeprefix('bootflash:')}\n"


def _save(switch: Switch, match: re.Match[str]) -> str:
    if not ("running-config".startswith(match[1]) and "startup-config".startswith(match[2])):
        raise Refused("% Invalid command\n")
    switch.save()
    switch.world.changed()
    return "[########################################] 100%\nCopy complete.\n"


_EXEC: tuple[tuple[str, Callable[[Switch, re.Match[str]], str]], ...] = (
    (rf"checkpoint file {_NAME}", _checkpoint_file),
    (rf"checkpoint(?: {_NAME})?", _checkpoint),
    (rf"no checkpoint {_NAME}", _no_checkpoint),
    (
        rf"rollback running-config ((?:checkpoint|file) {_NAME})(?: (?:atomic|best-effort|stop-at-first-failure))?",
        _rollback,
    ),
    (rf"dir {_NAME}", _dir),
    (r"copy (r[a-z-]*) (s[a-z-]*)", _save),
)
