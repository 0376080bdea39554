"""A YAML file with the lines its parts stand on, as words such as `line 12 (access, rule 3, effects)`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = Sequence[int | str]
"""The keys and the indexes (from 0) that lead to a part of the file."""

_WORDS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "timestamp"))


class YamlError(Exception):
    """The text is no YAML that can be used; each fault names its line (from 1) and the reason."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {says}" for where, says in faults))
        self.faults = tuple(faults)


class _AsWritten(SafeConstructor):
    """Leaves `1.10`, `010`, `12:30` and `on` the words they are, where YAML makes them 1.1, 8, 750 and true."""

    yaml_constructors = SafeConstructor.yaml_constructors | dict.fromkeys(
        _WORDS, SafeConstructor.construct_yaml_str
    )


class LinedYaml:
    """One mapping. `data` gives its values, `line` and `place` tell where they stand."""

    def __init__(self, text: str) -> None:
        """Raises YamlError for what is no YAML, for a key given twice, and for a part that holds itself."""
        try:
            self._root: Node | None = _composed(text)
        except yaml.MarkedYAMLError as error:
            raise YamlError([_told(error)]) from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise YamlError([(f"line {line}", f"this is not YAML: {error.reason}")]) from error
        if self._root is not None and (faults := list(_faults(self._root, ()))):
            raise YamlError(faults)

    def data(self, *, as_written: Collection[str] = ()) -> dict[Any, Any]:
        """The values. Under the top-level keys `as_written`, numbers, dates and yes or no are the words written.

        Raises YamlError where the file is no mapping.
        """
        if self._root is None or _is_null(self._root):
            return {}
        if not isinstance(self._root, MappingNode):
            raise YamlError([(_line(self._root), "the file must be a mapping, `key: value`")])
        try:
            SafeConstructor().flatten_mapping(self._root)
            return {
                SafeConstructor().construct_document(key): (
                    _AsWritten() if key.value in as_written else SafeConstructor()
                ).construct_document(value)
                for key, value in self._root.value
            }
        except yaml.MarkedYAMLError as error:
            raise YamlError([_told(error)]) from error

    def place(self, path: Path) -> str:
        """Where a part stands: `line 12 (access, rule 3, effects)`. Of a part that is not there, where it would."""
        node, mark, words = self._root, self._root, list[str]()
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            mark, node = found
            words.append(_word(words, step))
        line = _line(mark) if mark is not None else "line 1"
        return f"{line} ({', '.join(words)})" if words else line

    def scalar(self, path: Path) -> str | None:
        """A part as it is written, where it is a single value."""
        node = self._root
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            node = found[1]
        return node.value if isinstance(node, ScalarNode) else None


def _composed(text: str) -> Node | None:
    """libyaml's parser, five times as fast on a file of thousands of lines; faults are told by PyYAML's own."""
    try:
        return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _told(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    mark = error.problem_mark or error.context_mark
    says = ", ".join(each for each in (error.context, error.problem) if each)
    return f"line {mark.line + 1 if mark else 1}", f"this is not YAML: {says}"


def _faults(node: Node, above: tuple[Node, ...]) -> Iterator[tuple[str, str]]:
    """Keys given twice, of which YAML's readers silently take the last, and parts that hold themselves."""
    if any(node is each for each in above):
        yield _line(node), "this part holds itself by its own anchor"
        return
    below = (*above, node)
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _faults(item, below)
    if isinstance(node, MappingNode):
        first: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                yield _line(key), "a key must be a single word or text"
            elif key is not first.setdefault(key.value, key):
                yield _line(key), f"the key {key.value!r} is given twice, first on {_line(first[key.value])}"
            yield from _faults(value, below)


def _step(node: Node | None, step: int | str) -> tuple[Node, Node] | None:
    """The node whose line is that of the step, and the node it leads to."""
    if isinstance(node, MappingNode):
        # What is merged in by `<<` stands before the mapping's own keys, which win.
        return next(((key, value) for key, value in reversed(node.value) if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _word(above: Sequence[str], step: int | str) -> str:
    if isinstance(step, str):
        return step
    return f"{'item' if len(above) > 1 or above[0] in ('groups', 'people', 'modules') else 'rule'} {step + 1}"


def _line(node: Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"
