"""Ask many switches at once: for any number of threads, over connections that stay warm between questions."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from bot.settings import Settings
from integrations.switches.errors import SwitchError
from integrations.switches.inventory.load import InventoryFile
from integrations.switches.inventory.model import Inventory, Switch
from integrations.switches.loop import shared_loop
from integrations.switches.question import AskOne, Question, Result
from integrations.switches.sessions import Form, Sessions
from integrations.switches.settings import SwitchesSettings
from integrations.switches.targets.selection import Selection, select
from integrations.switches.transport.seam import Path, Transport, Way, way_to
from integrations.switches.transport.sure import SurePath
from integrations.switches.wire import Rollback


def connect(settings: SwitchesSettings, bot: Settings) -> SwitchesClient:
    """The client of these settings; its inventory is read when it is first asked for, and when the file changes."""
    return SwitchesClient(InventoryFile(settings, bot.environment).inventory, settings)


@dataclass(frozen=True, slots=True)
class Conf:
    """Lines of configuration, and what the switch does with them where one is not taken."""

    lines: tuple[str, ...]
    rollback: Rollback = "stop-on-error"


class SwitchesClient:
    """All switches of an inventory. Any thread may use it; the asking itself happens on one loop in its own thread."""

    def __init__(self, inventory: Callable[[], Inventory], settings: SwitchesSettings) -> None:
        """`inventory` gives the switches there are now; it may raise InventoryError."""
        self.inventory = inventory
        self.settings = settings
        self._running: dict[Question, Future[None]] = {}
        self._sessions = Sessions()
        self._paths: dict[Path, Transport] = {}
        self._warm = Warm(settings.warm, settings.idle)

    def select(self, target: str) -> Selection:
        """The switches a target means. Raises TargetError and InventoryError."""
        return select(target, self.inventory())

    def way_to(self, switch: Switch) -> Way:
        """Which path the switch takes, and why."""
        return way_to(switch, fast=self.settings.fast == "on")

    def start(
        self,
        switches: Sequence[Switch],
        commands: Sequence[str],
        *,
        form: Form = "json",
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Question:
        """Begin to ask shows, several in one request; iterate over what it returns for the results.

        `timeout` is for each switch and `deadline` for all of them, in seconds. The commands are sent as they are:
        whether they may be asked is decided by `commands_allowed` before.
        """
        question = Question(switches, deadline=deadline or self.settings.deadline)
        seconds, asked = timeout or self.settings.timeout, tuple(commands)

        async def ask(switch: Switch) -> Result:
            return await self._show(switch, asked, form, seconds)

        return self._begun(question, ask)

    def ask(
        self,
        switches: Sequence[Switch],
        commands: Sequence[str],
        *,
        form: Form = "json",
        timeout: float | None = None,
        deadline: float | None = None,
        on_result: Callable[[Result], None] | None = None,
    ) -> tuple[Result, ...]:
        """The same, waiting for all; results in the order of `switches`.

        `on_result` is called with each as it arrives, in the caller's thread; what it raises ends the question.
        """
        question = self.start(switches, commands, form=form, timeout=timeout, deadline=deadline)
        found: dict[str, Result] = {}
        try:
            for result in question:
                found[result.switch.name] = result
                if on_result is not None:
                    on_result(result)
        finally:
            question.cancel()
        return tuple(found[switch.name] for switch in switches)

    def configure(
        self,
        switches: Sequence[Switch],
        conf: Conf | Callable[[Switch], Conf],
        *,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Question:
        """Begin to send configuration, once to each switch and never again; `conf` may differ by switch.

        An error whose `maybe_done` is true leaves open whether the lines were taken.
        """
        question = Question(switches, deadline=deadline or self.settings.deadline)
        seconds = timeout or self.settings.timeout

        async def ask(switch: Switch) -> Result:
            return await self._configure(switch, conf(switch) if callable(conf) else conf, seconds)

        return self._begun(question, ask)

    def close(self) -> None:
        """Cancel what is being asked and close every connection."""
        running = dict(self._running)
        for question in running:
            question.cancel()
        wait(running.values())
        if self._paths:
            shared_loop().call(self._close())

    def _begun(self, question: Question, ask: AskOne) -> Question:
        future = shared_loop().submit(question.run(ask, self.settings.concurrency))
        self._running[question] = future
        future.add_done_callback(lambda _: self._running.pop(question, None))
        return question

    async def _show(self, switch: Switch, commands: Sequence[str], form: Form, timeout: float) -> Result:
        path = self.way_to(switch).path
        began, fresh = time.monotonic(), not self._warm.keeps(switch.name)
        try:
            transport = self._transport(path)
            outputs = await self._sessions.show(
                transport, switch, commands, form, timeout=timeout, fresh=fresh
            )
        except SwitchError as error:
            return Result(switch, error=error, path=path, seconds=time.monotonic() - began)
        return Result(switch, outputs, path=path, seconds=time.monotonic() - began)

    async def _configure(self, switch: Switch, conf: Conf, timeout: float) -> Result:
        began = time.monotonic()
        try:
            transport = self._transport("sure")
            outputs = await self._sessions.configure(
                transport, switch, conf.lines, conf.rollback, timeout=timeout
            )
        except SwitchError as error:
            return Result(switch, error=error, path="sure", seconds=time.monotonic() - began)
        return Result(switch, outputs, path="sure", seconds=time.monotonic() - began)

    def _transport(self, path: Path) -> Transport:
        transport = self._paths.get(path)
        if transport is None:
            transport = self._paths[path] = self._made(path)
        return transport

    def _made(self, path: Path) -> Transport:
        told = self.settings
        if path == "sure":
            return SurePath(most_bytes=told.most_bytes, idle=told.idle, connect_timeout=told.connect_timeout)
        # Imported here: where the fast path is off, its library need not be there at all.
        from integrations.switches.transport.fast import FastPath

        return FastPath(most_bytes=told.most_bytes, idle=told.idle, connect_timeout=told.connect_timeout)

    async def _close(self) -> None:
        paths, self._paths = list(self._paths.values()), {}
        for each in paths:
            await each.close()


class Warm:
    """Which switches keep their connection: so many at most, those asked first; a place is free when it is idle."""

    def __init__(self, most: int, idle: float) -> None:
        self._most = most
        self._idle = idle
        self._used: OrderedDict[str, float] = OrderedDict()

    def keeps(self, name: str, now: float | None = None) -> bool:
        """Whether the connection of this switch is kept after it was used now (seconds, monotonic)."""
        now = time.monotonic() if now is None else now
        while self._used and now - next(iter(self._used.values())) > self._idle:
            self._used.popitem(last=False)
        if name not in self._used and len(self._used) >= self._most:
            return False
        self._used[name] = now
        self._used.move_to_end(name)
        return True


def failures(results: Iterable[Result]) -> tuple[SwitchError, ...]:
    """Every switch's error, or its first command's."""
    return tuple(result.failure for result in results if result.failure is not None)
