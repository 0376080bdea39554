"""Read `stack.yaml` files; every fault is a line with the file, the line in it and the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.yaml_lines import LinedYaml, YamlError
from integrations.stacks.errors import SourceRefused, SpecError
from integrations.stacks.revision import inside, revision_of
from integrations.stacks.spec.health import texts
from integrations.stacks.spec.keys import keys_at
from integrations.stacks.spec.model import GitSource, StackSpec
from integrations.stacks.spec.placeholders import placeholders

FILE = "stack.yaml"
_LARGEST = 200_000
_REASONS = {
    "missing": "is missing",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "union_tag_not_found": "needs a type: int, bool, string, choice or secret",
} | dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "must be a mapping, `key: value`")
_TF_VARIABLE = re.compile(r'^\s*variable\s+"([^"]+)"', re.MULTILINE)

_TF_BACKEND = re.compile(r'^\s*(?:backend\s+"(?!local")|cloud\s*\{)', re.MULTILINE)

Place = tuple[int | str, ...]
Fault = tuple[Place, str]


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it lies on the disk."""

    spec: StackSpec
    folder: Path
    """The folder of its `stack.yaml`."""
    root: Path
    """The folder of stacks, which its source does not leave."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.spec.name

    @property
    def source(self) -> Path | None:
        """The folder of its source; None where that is a Git repository."""
        return None if isinstance(self.spec.source, GitSource) else (self.folder / self.spec.source).resolve()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The stacks of a folder, and what is wrong with those that cannot be used."""

    stacks: Mapping[str, Stack] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_shelf(root: Path) -> Shelf:
    """Every stack below a folder; one that is not there holds none. One bad file does not hide the others."""
    stacks: dict[str, Stack] = {}
    faults: list[str] = []
    for path in sorted(root.glob(f"*/{FILE}")):
        try:
            stack = read_stack(path, root)
        except SpecError as error:
            faults += error.faults
        else:
            stacks[stack.name] = stack
    return Shelf(stacks, tuple(faults))


def read_stack(path: Path, root: Path | None = None) -> Stack:
    """One `stack.yaml`. `root` is the folder of stacks; where none is given, the file's grandparent.

    Raises SpecError.
    """
    lined, data = _read(path)
    try:
        spec = StackSpec.model_validate(data)
    except ValidationError as error:
        raise SpecError([_told(path, lined, data, fault) for fault in error.errors()]) from error
    stack = Stack(spec, path.parent, (root or path.parent.parent).resolve())
    if faults := list(_faults(stack)):
        raise SpecError([_line(path, lined, place, says) for place, says in faults])
    return stack


def _read(path: Path) -> tuple[LinedYaml, dict[Any, Any]]:
    try:
        if path.stat().st_size > _LARGEST:
            raise SpecError([f"{path}: it is larger than {_LARGEST:,} bytes."])
        lined = LinedYaml(path.read_text(encoding="utf-8"))
        return lined, lined.data()
    except OSError as error:
        raise SpecError([f"{path} cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise SpecError([f"{path} cannot be read: it is not text in UTF-8."]) from error
    except YamlError as error:
        raise SpecError([f"{path}, {where}: {says}." for where, says in error.faults]) from error


def _faults(stack: Stack) -> Iterator[Fault]:
    """What types cannot tell: what the file says of other files, and of itself elsewhere."""
    spec = stack.spec
    if spec.name != stack.folder.name:
        yield ("name",), f"{spec.name!r} must be the name of its folder, {stack.folder.name!r}"
    yield from _faults_of_source(stack)
    known = {"stack", "instance", *(f"var.{name}" for name in spec.variables)}
    yield from _faults_of_text(("lock",), spec.lock, known, "stack, instance and var.NAME")
    for number, check in enumerate(spec.health):
        for text in texts(check):
            odd = [each for each in placeholders(text) if not each.startswith("out.")]
            yield from (
                (("health", number), f"{{{each}}} means nothing here; there is out.NAME") for each in odd
            )


def _faults_of_text(place: Place, text: str, known: set[str], there: str) -> Iterator[Fault]:
    for name in placeholders(text):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"there are {there}"
            yield place, f"{{{name}}} means nothing here; {hint}"


def _faults_of_source(stack: Stack) -> Iterator[Fault]:
    source = stack.source
    if source is None:
        return
    if not inside(source, stack.root):
        yield ("source",), f"{str(stack.spec.source)!r} leads out of the folder of stacks"
    elif not (source / stack.spec.folder).is_dir():
        yield ("source",), f"there is no folder {str(Path(str(stack.spec.source)) / stack.spec.folder)!r}"
    else:
        try:
            revision_of(source)
        except SourceRefused as error:
            yield ("source",), error.came_back
            return
        yield from _faults_of_files(stack, source / stack.spec.folder)


def _faults_of_files(stack: Stack, folder: Path) -> Iterator[Fault]:
    spec = stack.spec
    named: list[tuple[Place, str | None]] = []
    if spec.packer:
        named = [(("packer", "template"), spec.packer.template)]
    elif spec.ansible:
        of = spec.ansible
        named = [(("ansible", key), getattr(of, key)) for key in ("playbook", "destroy", "inventory")]
    for place, name in named:
        if name is not None and not (folder / name).exists():
            yield place, f"there is no file {name!r} in {folder.name}"
    if spec.program and "/" in spec.program.command[0] and not (folder / spec.program.command[0]).is_file():
        yield ("program", "command", 0), f"there is no file {spec.program.command[0]!r} in {folder.name}"
    if spec.engine == "terraform":
        yield from _faults_of_terraform(spec, folder)


def _faults_of_terraform(spec: StackSpec, folder: Path) -> Iterator[Fault]:
    """A variable that terraform does not know would be passed over with a warning, and nobody would see why."""
    sources = sorted([*folder.glob("*.tf"), *folder.glob("*.tofu")])
    written_as_json = [*folder.glob("*.tf.json"), *folder.glob("*.tofu.json")]
    if not sources and not written_as_json:
        yield ("source",), f"there is no .tf file in {folder.name}"
    if written_as_json:
        return
    texts_of = [path.read_text("utf-8", errors="replace") for path in sources]
    declared = {name for text in texts_of for name in _TF_VARIABLE.findall(text)}
    if spec.state == "own" and not any(map(_TF_BACKEND.search, texts_of)):
        says = "no .tf file names a backend that outlives the run: its state would be gone with its folder"
        yield ("state",), says
    for name in spec.variables:
        if name not in declared:
            near = get_close_matches(name, declared, n=1)
            hint = (
                f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(declared)) or 'none'}"
            )
            yield ("variables", name), f"terraform's files declare no variable {name!r}; {hint}"


def _told(path: Path, lined: LinedYaml, data: Mapping[Any, Any], fault: ErrorDetails) -> str:
    return _line(path, lined, _as_written(fault["loc"], data), _reason(fault, data))


def _line(path: Path, lined: LinedYaml, place: Place, says: str) -> str:
    line = lined.place(place).partition(" (")[0]
    words = ", ".join(str(each + 1) if isinstance(each, int) else each for each in place)
    return f"{path}, {line}{f' ({words})' if words else ''}: {says}{'' if says.endswith(('?', '.')) else '.'}"


def _as_written(loc: Sequence[int | str], data: object) -> Place:
    """The place in the file: pydantic also names which of several types was meant, which stands nowhere."""
    place: list[int | str] = []
    for number, step in enumerate(loc, start=1):
        if isinstance(data, Mapping) and step in data:
            if number < len(loc) and not isinstance(data[step], Mapping | list):
                continue  # a type that is called like a key beside it
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        place.append(step)
    return tuple(place)


def _reason(fault: ErrorDetails, data: Mapping[Any, Any]) -> str:
    key = fault["loc"][-1] if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        known = keys_at(fault["loc"][:-1])
        near = get_close_matches(str(key), known, n=1)
        return f"there is no key {key!r} here; " + (
            f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        )
    if fault["type"] == "union_tag_invalid":
        kinds = fault["ctx"]["expected_tags"].replace("'", "").split(", ")
        near = get_close_matches(str(fault["ctx"]["tag"]), kinds, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(kinds)}"
        return f"there is no type {fault['ctx']['tag']!r}; {hint}"
    if fault["type"] == "literal_error":
        return f"{fault['input']!r} must be {fault['ctx']['expected']}"
    says = _REASONS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{key!r} {says}" if fault["type"] == "missing" else says
