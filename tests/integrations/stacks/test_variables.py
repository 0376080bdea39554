"""What a person may give a stack's variables, and what they are told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import SecretStr, TypeAdapter

from integrations.stacks.errors import BadValues, StackError
from integrations.stacks.spec import fetch_secrets, read_given
from integrations.stacks.spec.variables import Values, Variable


def variables(**written: dict[str, Any]) -> dict[str, Variable]:
    """Variables as a `stack.yaml` writes them."""
    return TypeAdapter(dict[str, Variable]).validate_python(written)


ALL = variables(
    nodes={"type": "int", "min": 1, "max": 8, "default": 4},
    region={"type": "choice", "choices": ["metapod", "aws"]},
    owner={"type": "string", "pattern": "[a-z]+", "default": "ops"},
    spot={"type": "bool", "default": False},
    os_pass={"type": "secret", "from": "env:OS_PASSWORD"},
)


def test_words_become_values_and_the_rest_has_its_default() -> None:
    assert read_given("eth", ALL, {"region": "aws", "nodes": "2", "spot": "Yes"}) == {
        "nodes": 2,
        "region": "aws",
        "owner": "ops",
        "spot": True,
    }


FAULTS = {
    "region=aws nodes=9": "nodes: 9 is not a whole number from 1 to 8.",
    "region=aws nodes=two": "nodes: 'two' is no whole number.",
    "region=aws nodes=1e3": "nodes: '1e3' is no whole number.",
    "region=aws nodes=²": "nodes: '²' is no whole number.",
    "region=awz": "region: 'awz' is not one of metapod, aws; did you mean 'aws'?",
    "nodes=1": "region is missing: it takes one of metapod, aws.",
    "region=aws owner=Ops": "owner: 'Ops' is not text that matches [a-z]+.",
    "region=aws owner=ops;reboot": "owner: 'ops;reboot' is not text that matches [a-z]+.",
    "region=aws spot=perhaps": "spot: 'perhaps' is not true or false.",
    "region=aws node=1": "There is no variable 'node'; did you mean 'nodes'?",
    "region=aws colour=red": "There is no variable 'colour'; there are nodes, region, owner, spot.",
    "region=aws os_pass=x": "os_pass is a secret: it is read from env:OS_PASSWORD and never given in a message.",
    "nodes=0 spot=2": "nodes: 0 is not a whole number from 1 to 8. "
    "region is missing: it takes one of metapod, aws. spot: '2' is not true or false.",
}


@pytest.mark.parametrize(("line", "told"), FAULTS.items())
def test_what_does_not_fit_is_told_all_at_once(line: str, told: str) -> None:
    words = dict(word.split("=", 1) for word in line.split())
    with pytest.raises(BadValues) as error:
        read_given("eth", ALL, words)
    assert str(error.value) == f"These values do not fit eth: {told}"


def test_text_without_a_pattern_is_one_printable_line_of_bounded_length() -> None:
    free = variables(note={"type": "string", "max_length": 10})
    assert read_given("eth", free, {"note": "$(reboot)"}) == {"note": "$(reboot)"}  # no shell ever reads it
    for word, told in (
        ("two\nlines", "note: 'two\\nlines' holds a character that is no letter of a line of text."),
        ("x" * 11, "note: it has 11 characters, and 10 are the most."),
    ):
        with pytest.raises(BadValues, match="These values do not fit eth: ") as error:
            read_given("eth", free, {"note": word})
        assert error.value.faults == (told,)


def test_a_pattern_that_would_take_others_for_ever_is_read_at_once() -> None:
    slow = variables(note={"type": "string", "pattern": "(a+)+b", "max_length": 1000})
    with pytest.raises(BadValues):
        read_given("eth", slow, {"note": "a" * 1000})


@given(some.dictionaries(some.sampled_from([*ALL, "other"]), some.text()))
def test_whatever_is_given_ends_in_values_of_the_types_or_in_a_told_fault(words: dict[str, str]) -> None:
    try:
        values = read_given("eth", ALL, words)
    except BadValues as error:
        assert error.faults
    else:
        assert type(values["nodes"]) is int
        assert 1 <= values["nodes"] <= 8
        assert values["region"] in ("metapod", "aws")
        assert type(values["spot"]) is bool
        assert set(values) == {"nodes", "region", "owner", "spot"}


def test_secrets_come_from_the_environment_or_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    (tmp_path / "pass").write_text("from-a-named-file\n")
    asked = variables(
        a={"type": "secret", "from": "env:A"},
        b={"type": "secret", "from": f"file:{tmp_path}/key"},
        c={"type": "secret", "from": "env:C"},
    )
    found = fetch_secrets("eth", asked, {"A": "from-the-environment", "C_FILE": str(tmp_path / "pass")})
    assert {name: each.get_secret_value() for name, each in found.items()} == {
        "a": "from-the-environment",
        "b": "from-a-file",
        "c": "from-a-named-file",
    }
    values = Values({"nodes": 1}, found)
    assert "from-the-environment" not in repr(values)
    assert values.revealed()["a"] == "from-the-environment"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("env:A", "env:A is not set."),
        ("file:/nowhere/key", "file:/nowhere/key cannot be read: No such file or directory."),
    ],
)
def test_a_secret_that_is_not_there_is_told(place: str, told: str) -> None:
    with pytest.raises(StackError) as error:
        fetch_secrets("eth", variables(key={"type": "secret", "from": place}), {})
    assert str(error.value) == (
        f"Reading the secret key of eth: {told} My operator sets it and starts me again."
    )


def test_a_secret_has_no_default_and_is_seen_nowhere() -> None:
    assert SecretStr("x") not in read_given("eth", ALL, {"region": "aws"}).values()
