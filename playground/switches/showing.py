"""Running show commands on a switch, in the form that is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from playground.switches.ask import Ask, Refused
from playground.switches.catalogue import Found, find
from playground.switches.dialect import Shown, spoken
from playground.switches.fabric import OLDEST
from playground.switches.outputs import NO_PIPE, TOO_BIG, UNSTRUCTURED, Output, refused, unsupported
from playground.switches.pipes import BadPipe, filtered, split_pipes
from playground.switches.world import Switch

Form = Literal["structured", "native", "text"]

_KEPT = 32
"""Answers a switch keeps; the oldest goes, so that a thousand switches fit a laptop."""

_NATIVE_PIPES = ("json native", "json")


@dataclass(frozen=True)
class _Kept:
    """An answer, whether it passes with time, and the stamp of when it was true."""

    output: Output
    passing: bool
    stamp: tuple[object, ...]


class Shows:
    """The shows of one switch. An answer is kept until something changes that it could tell."""

    def __init__(self, switch: Switch, largest: int = 10_000_000) -> None:
        self.switch = switch
        self.largest = largest
        self._kept: dict[tuple[str, Form], _Kept] = {}

    def run(self, command: str, form: Form) -> Output:
        """The output of a command as it was sent, blanks included."""
        key = (command, form)
        kept = self._kept.get(key)
        if kept is not None and kept.stamp == self._stamp(kept.passing):
            return kept.output
        output, passing = self._fresh(command, form)
        if len(output.json) > self.largest:
            return Output(command, "413", TOO_BIG, clierror="")
        self._keep(key, _Kept(output, passing, self._stamp(passing)))
        return output

    def _keep(self, key: tuple[str, Form], answer: _Kept) -> None:
        self._kept.pop(key, None)
        if len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = answer

    def _stamp(self, passing: bool) -> tuple[object, ...]:
        world = self.switch.world
        now = (int(world.now()), world.traffic.seconds()) if passing else ()
        return (world.generation, self.switch.release, *now)

    def _fresh(self, command: str, form: Form) -> tuple[Output, bool]:
        head, filters = split_pipes(command)
        try:
            found = find(head)
            return self._output(command, found, filters, form), found.show.passing
        except Refused as error:
            return refused(command, str(error)), False
        except BadPipe:
            return refused(command, "% Invalid command\n"), False

    def _output(self, command: str, found: Found, filters: list[str], form: Form) -> Output:
        ask = Ask(self.switch, found.options)
        if form == "text":
            return Output(command, body=self._text(ask, found, filters))
        if filters and (filters[0] not in _NATIVE_PIPES or self.switch.release == OLDEST):
            return unsupported(command, NO_PIPE)
        if not found.show.structured:
            return unsupported(command, UNSTRUCTURED)
        native = form == "native" or filters[:1] == ["json native"]
        return Output(command, body=self._spoken(found.show.answer(ask), native))

    def _spoken(self, answer: Shown, native: bool) -> Shown:
        return answer if isinstance(answer, str) else spoken(answer, self.switch.release, native)

    def _text(self, ask: Ask, found: Found, filters: list[str]) -> str:
        answer = found.show.answer(ask)
        if filters and filters[0] in _NATIVE_PIPES:
            return json.dumps(self._spoken(answer, filters[0] == "json native"))
        text = answer if isinstance(answer, str) else found.show.text(ask, answer)
        return filtered(text, filters)
