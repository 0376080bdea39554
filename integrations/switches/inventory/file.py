"""The inventory's file: switches, groups, defaults and imports, each fault with its line and reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from bot.config_fields import Strict
from bot.config_file import SettingsError, from_environment
from bot.yaml_lines import LinedYaml, YamlError
from bot.yaml_lines import Path as Place
from integrations.switches.inventory.entries import Entry, TlsEntry, unsayable
from integrations.switches.inventory.imports import Import
from integrations.switches.inventory.model import InventoryError

_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_SECRETS = frozenset({"password", "token"})
_REASONS = {"missing": "is missing", "tuple_type": "must be a list", "string_type": "must be text"}
_REASONS |= dict.fromkeys(("dict_type", "model_type"), "must be a mapping, `key: value`")


class _File(Strict):
    """The keys a file may have. Entries are checked one by one, and again once all sources are merged."""

    defaults: Entry | None = None
    switches: dict[str, Entry] = Field(default_factory=dict)
    groups: dict[str, str] = Field(default_factory=dict)
    imports: dict[str, Import] = Field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What a file says, with the environment's values in place. Never printed: it holds passwords."""

    defaults: dict[str, Any] = field(default_factory=dict, repr=False)
    switches: Mapping[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    groups: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, Import] = field(default_factory=dict, repr=False)
    path: Path | None = None
    lined: LinedYaml | None = field(default=None, repr=False)

    def told(self, place: Place, says: str) -> str:
        """A fault with the file and the line it is about."""
        where = f"{self.path}, {self.lined.place(place)}" if self.lined is not None else "the environment"
        return f"{where}: {says}{'' if says.endswith(('?', '.')) else '.'}"


def read_file(path: Path, environ: Mapping[str, str]) -> Given:
    """Parse an inventory. Raises InventoryError, a line for each fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InventoryError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InventoryError(f"{path} cannot be read: it is not text in UTF-8.") from error
    return parse(path, text, environ)


def parse(path: Path, text: str, environ: Mapping[str, str]) -> Given:
    """The same from the text of the file."""
    try:
        lined = LinedYaml(text)
        data = lined.data()
    except YamlError as error:
        raise InventoryError(
            "\n".join(f"{path}, {where}: {says}." for where, says in error.faults)
        ) from error
    bare = Given(path=path, lined=lined)
    data = _with_words_as_text(data)
    if faults := [bare.told(place, says) for place, says in _written_faults(data)]:
        raise InventoryError("\n".join(faults))
    put: list[tuple[Place, str]] = []
    whole = _substituted(data, (), environ, put)
    if put:
        raise InventoryError("\n".join(bare.told(place, says) for place, says in put))
    try:
        file = _File.model_validate(whole)
    except ValidationError as error:
        raise InventoryError("\n".join(_told(bare, fault) for fault in error.errors())) from None
    return Given(
        defaults=dict(whole.get("defaults") or {}),
        switches={name: dict(entry) for name, entry in (whole.get("switches") or {}).items()},
        groups=file.groups,
        imports=file.imports,
        path=path,
        lined=lined,
    )


def _with_words_as_text(data: dict[Any, Any]) -> dict[Any, Any]:
    """Parts left empty are left out, and a switch without anything to say is `{}`; names that YAML takes for numbers
    are text again."""
    whole = {key: value for key, value in data.items() if value is not None}
    for key in ("switches", "groups", "imports"):
        if isinstance(whole.get(key), dict):
            whole[key] = {str(name): {} if value is None else value for name, value in whole[key].items()}
    return whole


def _written_faults(data: Mapping[Any, Any]) -> Iterator[tuple[Place, str]]:
    """What is wrong in the file as it is written, before the environment's values are put in."""
    yield from _inline_secrets(data, ())
    for kind in ("switches", "groups"):
        names = data.get(kind)
        folded: dict[str, str] = {}
        for name in names if isinstance(names, dict) else ():
            if (fault := unsayable(name)) is not None:
                yield (kind, name), f"the name {name!r} {fault}"
            elif name != (first := folded.setdefault(name.casefold(), name)):
                yield (kind, name), f"{name!r} and {first!r} are the same name: capitals make no difference"


def _inline_secrets(value: object, place: tuple[int | str, ...]) -> Iterator[tuple[Place, str]]:
    """Passwords and tokens written into the file. A file of switches is shared and kept in Git: they are not for it."""
    if isinstance(value, dict):
        for key, part in value.items():
            below = (*place, key)
            if key in _SECRETS and place[:1] != ("groups",) and not isinstance(part, dict | list):
                if part is not None and not _REFERENCE.fullmatch(str(part).strip()):
                    name = f"SWITCHES_{key.upper()}"
                    yield (
                        below,
                        f"the {key} stands in the file: set {name} in the environment and write ${{{name}}} here",
                    )
            else:
                yield from _inline_secrets(part, below)


def _substituted(
    value: object, place: Place, environ: Mapping[str, str], faults: list[tuple[Place, str]]
) -> Any:
    """The same with `${NAME}` replaced by the environment's value, or by the content of the file NAME_FILE names."""
    if isinstance(value, dict):
        return {key: _substituted(part, (*place, key), environ, faults) for key, part in value.items()}
    if isinstance(value, list):
        return [_substituted(part, (*place, index), environ, faults) for index, part in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def named(match: re.Match[str]) -> str:
        try:
            given = from_environment(match[1], environ)
        except SettingsError as error:
            faults.append((place, str(error)))
            return ""
        if not given:
            faults.append((place, f"${{{match[1]}}} is not set in the environment"))
        return given or ""

    return _REFERENCE.sub(named, value)


def _told(given: Given, fault: Any) -> str:
    return told(given, tuple("from" if step == "from_" else step for step in fault["loc"]), fault)


def told(given: Given, place: Place, fault: Any) -> str:
    """A fault of pydantic with its line. What came from the environment is told by its name: it may be a secret."""
    written = given.lined.scalar(place) if given.lined is not None else None
    if written is not None and _REFERENCE.search(written):
        return given.told(place, f"what {written} stands for cannot be used here")
    return given.told(place, reason(fault))


def reason(fault: Any) -> str:
    """What is wrong, in the words of the file; never the value, which may be a secret."""
    *above, key = fault["loc"] or ("",)
    if fault["type"] != "extra_forbidden":
        says = _REASONS.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))
        return f"{key!r} {says}" if fault["type"] == "missing" else says
    known = [each.alias or name for name, each in _model(above).model_fields.items()]
    near = get_close_matches(str(key), known, n=1)
    return f"there is no key {key!r} here; {f'did you mean {near[0]!r}?' if near else 'there are ' + ', '.join(known)}"


def _model(above: Sequence[int | str]) -> type[BaseModel]:
    if not above:
        return _File
    if above[-1] == "tls":
        return TlsEntry
    return Import if above[0] == "imports" else Entry
