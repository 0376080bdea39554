"""`{stack}`, `{var.region}`, `{out.url}` in texts of a `stack.yaml`, put in place without a template language. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")


class MissingPlaceholder(Exception):
    """What a placeholder stands for is not there; the text is its name."""


def placeholders(text: str) -> tuple[str, ...]:
    """The names in a text, in their order."""
    return tuple(_PLACEHOLDER.findall(text))


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with every name's value in its place. Raises MissingPlaceholder."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise MissingPlaceholder(match[1])
        given = values[match[1]]
        return str(given).lower() if isinstance(given, bool) else str(given)

    return _PLACEHOLDER.sub(value, text)
