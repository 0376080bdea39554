"""Reading a description, and laying over it what it should say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.bakery import description
from tests.contract.description import DescriptionError, KnownError, Operation, amended, operations, read


def laid_over(document: dict[str, Any], *place: str, adds: object) -> dict[str, Any]:
    """The document with one known error set right."""
    return amended(document, [KnownError(place, adds, "a reason", "evidence")])


def test_objects_are_merged_lists_grow_and_all_else_is_replaced() -> None:
    document = {"a": {"name": "old", "list": [1], "object": {"kept": 1}}}
    adds = {"name": "new", "list": [2], "object": {"added": 2}}
    assert laid_over(document, "a", adds=adds) == {
        "a": {"name": "new", "list": [1, 2], "object": {"kept": 1, "added": 2}}
    }
    assert document == {"a": {"name": "old", "list": [1], "object": {"kept": 1}}}


def test_one_entry_can_stand_for_many_places() -> None:
    document: dict[str, Any] = {"responses": {"200": {}, "400": {}, "503": {}}}
    assert laid_over(document, "responses", "[45]??", adds={"content": 1}) == {
        "responses": {"200": {}, "400": {"content": 1}, "503": {"content": 1}}
    }


def test_what_is_added_in_two_places_is_not_shared_by_them() -> None:
    document: dict[str, Any] = {"a": {}, "b": {}}
    both = laid_over(document, "*", adds={"list": []})
    both["a"]["list"].append(1)
    assert both["b"] == {"list": []}


def test_the_operations_of_a_description() -> None:
    assert {str(each) for each in operations(description())} == {
        "GET /loaves",
        "POST /loaves",
        "DELETE /loaves/{loafId}",
    }
    assert sorted([Operation("/b", "GET"), Operation("/a", "PUT")])[0] == Operation("/a", "PUT")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory. Check the name."),
        ("<html>", "it is not JSON (Expecting value: line 1 column 1 (char 0))."),
        ("[]", "'openapi' is None instead of 3.0.x."),
        ('{"openapi": "3.1.0"}', "'openapi' is '3.1.0' instead of 3.0.x."),
        ('{"openapi": "3.0.0"}', "it has no 'paths'."),
    ],
)
def test_a_file_that_is_no_description_is_refused(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "webex.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DescriptionError) as refusal:
        read(file)
    assert str(refusal.value) == f"Reading the description {file}: {why}"
