"""What `python -m bot doctor` looks at: is every stack.yaml right, and is there what its stack needs?"""

from __future__ import annotations

from bot.commands.context import Services
from bot.integration import CheckResult
from bot.settings import read_environment
from integrations.stacks.engines.tools import find_tool
from integrations.stacks.errors import StackError
from integrations.stacks.settings import StacksSettings
from integrations.stacks.spec import Stack, read_shelf


def check(services: Services) -> tuple[CheckResult, ...]:
    """A line for each fault and for each stack."""
    given = services.settings.file.integrations.get("stacks", {})
    settings = read_environment(StacksSettings, services.settings.environment, **given)
    shelf = read_shelf(settings.folder)
    faults = [CheckResult("stacks", False, fault) for fault in shelf.faults]
    has_key = bool(services.settings.encryption_keys)
    stacks = [_stack(each, services, has_key=has_key) for each in shelf.stacks.values()]
    if not faults and not stacks:
        return (CheckResult("stacks", True, f"there are none in {settings.folder}."),)
    return (*faults, *stacks)


def _stack(stack: Stack, services: Services, *, has_key: bool) -> CheckResult:
    """A program that is missing is no fault: the worker may run elsewhere, and nobody may want the stack."""
    name, spec = f"stack {stack.name}", stack.spec
    if spec.engine == "terraform" and spec.state == "bot" and not has_key:
        says = "its state is kept with me, and SPARKOPS_ENCRYPTION_KEY is not set: `openssl rand -hex 32` makes one."
        return CheckResult(name, False, says)
    if spec.engine == "program":
        return CheckResult(
            name, True, f"is run by {spec.program.command[0] if spec.program else spec.engine}."
        )
    try:
        tool = find_tool(spec, services.settings.environment)
    except StackError as error:
        return CheckResult(name, True, f"cannot be run on this machine. {error}")
    return CheckResult(name, True, f"is run by {tool.name} {tool.version}.")
