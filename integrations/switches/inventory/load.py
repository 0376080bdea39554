"""The whole inventory from all its sources; read again when the file changes or an import is old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from integrations.switches.inventory.entries import Entry, merged, switch_of, unsayable
from integrations.switches.inventory.file import Given, read_file, told
from integrations.switches.inventory.imports import Import, Imported, read_import
from integrations.switches.inventory.model import Inventory, InventoryError, Switch
from integrations.switches.settings import SwitchesSettings
from integrations.switches.targets.expression import TargetError
from integrations.switches.targets.selection import check_groups

ReadImport = Callable[[str, Import], Imported]


class InventoryFile:
    """The inventory as it is now. Any thread may ask for it."""

    def __init__(
        self, settings: SwitchesSettings, environ: Mapping[str, str], read: ReadImport = read_import
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._read = read
        self._lock = threading.Lock()
        self._inventory: Inventory | None = None
        self._seen: object = None
        self._imported: dict[str, tuple[float, Import, Imported]] = {}

    def inventory(self) -> Inventory:
        """All switches. Raises InventoryError: a line for each fault, with file, line and reason."""
        with self._lock:
            seen = _stamp(self._settings.inventory)
            if self._inventory is not None and seen == self._seen and not self._old_imports():
                return self._inventory
            # Read again for an import's sake too: a parsed file with its lines is ten times as large as what it says.
            given = self._file()
            self._inventory = assemble(given, self._imports(given), self._settings)
            self._seen = seen
            return self._inventory

    def _file(self) -> Given:
        path = self._settings.inventory
        if path.exists():
            return read_file(path, self._environ)
        if self._settings.url is None:
            raise InventoryError(
                f"There are no switches: there is no file {path} (SWITCHES_INVENTORY), and SWITCH_URL is not set."
            )
        return Given()

    def _old_imports(self) -> bool:
        now = time.monotonic()
        return any(now - at > source.every for at, source, _ in self._imported.values())

    def _imports(self, given: Given) -> Mapping[str, Imported]:
        """Each source's switches. One that does not answer now is kept as it was, with a note."""
        found: dict[str, Imported] = {}
        for name, source in given.imports.items():
            at, before, old = self._imported.get(name, (0.0, None, None))
            now = time.monotonic()
            if old is not None and before == source and now - at <= source.every:
                found[name] = old
                continue
            try:
                found[name] = self._read(name, source)
            except InventoryError as error:
                if old is None or before != source:
                    raise
                found[name] = Imported(old.entries, (*old.notes, f"{error} What it said before is used."))
            self._imported[name] = (now, source, found[name])
        self._imported = {name: self._imported[name] for name in found}
        return found


def assemble(given: Given, imported: Mapping[str, Imported], settings: SwitchesSettings) -> Inventory:
    """One inventory: the file's word wins over an import's, and both over the defaults. Raises InventoryError."""
    switches: dict[str, Switch] = {}
    faults: list[str] = []
    spelled = {name.casefold(): name for name in given.switches}
    for source, each in imported.items():
        for name, entry in each.entries.items():
            mine = spelled.get(name.casefold())
            own = given.switches[mine] if mine is not None else {}
            whole = merged(given.defaults, entry, own)
            _add(switches, mine or name, whole, f"import {source}", faults, given)
    for name, entry in given.switches.items():
        if name not in switches:
            source = str(given.path) if given.path else "inventory"
            _add(switches, name, merged(given.defaults, entry), source, faults, given)
    if (single := settings.single()) is not None:
        faults += _add_single(switches, single, settings)
    if faults:
        raise InventoryError("\n".join(dict.fromkeys(faults)))
    notes = tuple(note for each in imported.values() for note in each.notes)
    inventory = Inventory(switches, given.groups, notes)
    _check_groups(given, inventory)
    return inventory


def _add(
    switches: dict[str, Switch],
    name: str,
    entry: dict[str, Any],
    source: str,
    faults: list[str],
    given: Given,
) -> None:
    try:
        switches.setdefault(name, switch_of(name, Entry.model_validate(entry), source))
    except ValidationError as error:
        faults.extend(told(given, ("switches", name, *each["loc"]), each) for each in error.errors())
    except ValueError as error:
        faults.append(given.told(("switches", name), str(error)))


def _add_single(switches: dict[str, Switch], single: dict[str, Any], settings: SwitchesSettings) -> list[str]:
    """Add the switch of SWITCH_URL; what is wrong with it. It must not be called as one of the file."""
    name = settings.name or _short_name(single["url"])
    faults = [f"{key} is not set, and SWITCH_URL is." for key in _missing(settings)]
    if (fault := unsayable(name)) is not None:
        faults.append(f"SWITCH_NAME: the name {name!r} {fault}.")
    elif name.casefold() in {each.casefold() for each in switches}:
        faults.append(
            f"SWITCH_URL: {name} is in the inventory already; set SWITCH_NAME to call it otherwise."
        )
    if not faults:
        _add(switches, name, single, "environment", faults, Given())
    return faults


def _missing(settings: SwitchesSettings) -> list[str]:
    wanted = {"SWITCH_USER": settings.user, "SWITCH_PASSWORD": settings.password}
    return [key for key, value in wanted.items() if value is None]


def _short_name(url: str) -> str:
    host = urlsplit(url).hostname or "switch"
    return "switch" if ":" in host else host if host.replace(".", "").isdigit() else host.partition(".")[0]


def _check_groups(given: Given, inventory: Inventory) -> None:
    try:
        check_groups(inventory)
    except TargetError as error:
        place = ("groups", error.group) if error.group else ()
        raise InventoryError(given.told(place, error.says)) from error


def _stamp(path: Path) -> object:
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
