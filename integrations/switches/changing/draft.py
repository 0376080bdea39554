"""What a change would do, found out before anybody is asked: the lines and the edits of every switch, and one hash."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from integrations.switches.changing.allowed import check_rendered, check_written
from integrations.switches.changing.lines import Line, commands, rendered, secrets_of
from integrations.switches.changing.looking import all_running
from integrations.switches.changing.running import as_diff, digest, edits, read_running
from integrations.switches.client import SwitchesClient
from integrations.switches.errors import SwitchError
from integrations.switches.inventory.model import Switch
from integrations.switches.masking import MARK, mask
from integrations.switches.settings import LineRules

_KEPT = 8


@dataclass(frozen=True, slots=True)
class Planned:
    """One switch: hashes of what would be sent and of what it holds now, and what that comes to, masked."""

    switch: str
    sent: str
    before: str
    diff: str
    plus: int
    minus: int

    @property
    def is_nothing(self) -> bool:
        """Whether it holds all of it already."""
        return not self.diff


@dataclass(frozen=True, slots=True)
class Draft:
    """All switches that answered, in the inventory's order, and the errors of those that did not."""

    planned: tuple[Planned, ...]
    errors: tuple[SwitchError, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the exact lines of every switch and what it holds now."""
        exact = [[each.switch, each.sent, each.before] for each in self.planned]
        silent = [error.switch for error in self.errors]
        return hashlib.sha256(json.dumps([exact, silent]).encode()).hexdigest()


def sent_hash(lines: Sequence[Line]) -> str:
    """SHA-256 over the lines as they are sent."""
    return hashlib.sha256("\n".join(commands(lines)).encode()).hexdigest()


def hidden(text: str, switch: Switch) -> str:
    """The text with every secret in it masked, and every value of the switch's secret variables."""
    for value in sorted(secrets_of(switch), key=len, reverse=True):
        text = text.replace(value, MARK) if value else text
    return mask(text)


def draft(
    client: SwitchesClient, switches: Sequence[Switch], lines: tuple[Line, ...], rules: LineRules
) -> Draft:
    """Ask every switch what it holds, and work out what the lines would change. Raises LinesError before any packet."""
    check_written(lines)
    mine = {switch.name: rendered(lines, switch) for switch in switches}
    check_rendered((line for each in mine.values() for line in each), rules)
    found, errors = all_running(client, switches)
    planned = [
        _planned(switch, mine[switch.name], found[switch.name]) for switch in switches if switch.name in found
    ]
    return Draft(tuple(planned), errors)


def _planned(switch: Switch, lines: tuple[Line, ...], text: str) -> Planned:
    found = edits(read_running(text), lines)
    return Planned(
        switch=switch.name,
        sent=sent_hash(lines),
        before=digest(text),
        diff=hidden(as_diff(found), switch),
        plus=sum(edit.sign == "+" for edit in found),
        minus=sum(edit.sign == "-" for edit in found),
    )


class Drafts:
    """The drafts of the last requests: what is hashed, what is told and what is begun for a request is one draft."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str | None, ...], Draft] = OrderedDict()

    def get(self, key: tuple[str | None, ...], make: Callable[[], Draft]) -> Draft:
        """The draft of this request, made at the first call."""
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = make()
            with self._lock:
                self._kept[key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return known


DRAFTS = Drafts()
