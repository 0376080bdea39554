"""What a show is given, and how it says that it cannot answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from playground.switches.config_lines import BadLine, interface_name
from playground.switches.world import Switch


class Refused(Exception):
    """The CLI refuses a command; its text is what goes into `clierror`."""


@dataclass(frozen=True)
class Ask:
    """A show command on a switch: the options by their names in the catalogue."""

    switch: Switch
    options: Mapping[str, str] = field(default_factory=dict)

    def interface(self) -> str | None:
        """The full name of the interface asked for. Raises Refused when it cannot be one."""
        typed = self.options.get("interface")
        if typed is None:
            return None
        try:
            return interface_name(typed)
        except BadLine as error:
            raise Refused(str(error)) from error
