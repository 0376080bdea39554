"""NX-API's requests and answers, where the faults of `test_faults` do not go: batches, configuration, JSON-RPC."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches import errors
from integrations.switches.wire import read, request
from tests.integrations.switches.stand import ins_api, output


def _read(raw: bytes, *commands: str, status: int = 200) -> list[tuple[str, Any, int, str | None]]:
    outputs = read("leaf01", status, raw, commands)
    return [(each.command, each.body, each.code, each.error and each.error.came_back) for each in outputs]


def test_the_type_comes_before_the_input_that_may_hold_the_word() -> None:
    sent = request("ins_api", "cli_show", ["show interface | include mytype"])
    assert sent.index(b'"type"') < sent.index(b'"input"')
    assert list(json.loads(sent)["ins_api"]) == ["version", "type", "chunk", "sid", "input", "output_format"]


def test_json_rpc_has_a_method_for_each_kind_and_a_rollback_for_configuration() -> None:
    assert json.loads(request("jsonrpc", "cli_show_ascii", ["show x"])) == [
        {"jsonrpc": "2.0", "method": "cli_ascii", "params": {"cmd": "show x", "version": 1}, "id": 1}
    ]
    assert json.loads(request("jsonrpc", "cli_conf", ["vlan 10", "name x"], "rollback-on-error")) == [
        {
            "jsonrpc": "2.0",
            "method": "cli",
            "params": {"cmd": command, "version": 1},
            "id": number,
            "rollback": "rollback-on-error",
        }
        for number, command in ((1, "vlan 10"), (2, "name x"))
    ]


def test_the_command_is_the_one_asked_and_not_its_echo() -> None:
    assert _read(ins_api(output({"a": 1}, " show version ")), "show version") == [
        ("show version", {"a": 1}, 200, None)
    ]


@pytest.mark.parametrize("nothing", [{}, [], "", "\n \n"])
def test_an_empty_body_in_whatever_form_is_none(nothing: Any) -> None:
    assert _read(ins_api(output(nothing, "show x")), "show x") == [("show x", None, 200, None)]


def test_text_where_json_was_asked_for_is_text() -> None:
    (found,) = read("leaf01", 200, ins_api(output("Note: no orphan ports\n", "show x")), ["show x"])
    assert (found.body, found.is_text) == ("Note: no orphan ports", True)


def test_one_answer_for_a_whole_configuration_is_everybodys() -> None:
    assert _read(ins_api(output({}, "vlan 10 ;name x")), "vlan 10", "name x") == [
        ("vlan 10", None, 200, None),
        ("name x", None, 200, None),
    ]


def test_what_came_before_a_failed_line_was_taken_and_what_comes_after_was_not() -> None:
    raw = ins_api(
        output({}, "vlan 10"),
        output(None, "vlna 20", "400", "CLI execution error", clierror="% Invalid command\n"),
    )
    assert _read(raw, "vlan 10", "vlna 20", "vlan 30") == [
        ("vlan 10", None, 200, None),
        ("vlna 20", None, 400, "400 CLI execution error (% Invalid command)"),
        ("vlan 30", None, 400, "400 CLI execution error (% Invalid command)"),
    ]


def test_json_rpc_answers_are_put_in_order_by_their_ids() -> None:
    raw = json.dumps(
        [
            {"jsonrpc": "2.0", "result": {"body": {"b": 2}}, "id": 2},
            {"jsonrpc": "2.0", "result": {"msg": "as text"}, "id": 3},
            {"jsonrpc": "2.0", "result": None, "id": 1},
        ]
    ).encode()
    assert _read(raw, "one", "two", "three") == [
        ("one", None, 200, None),
        ("two", {"b": 2}, 200, None),
        ("three", "as text", 200, None),
    ]


def test_json_rpc_without_a_structure_is_asked_for_as_text_like_a_501() -> None:
    error = {"code": -32602, "message": "Invalid params", "data": {"msg": "Structured output unsupported\n"}}
    raw = json.dumps({"jsonrpc": "2.0", "error": error, "id": 1}).encode()
    ((_, _, code, _),) = _read(raw, "show x", status=500)
    assert code == 501


def test_a_code_of_sessions_used_up_is_told_as_such() -> None:
    raw = ins_api(output({}, "show x", "500", "Maximum number of sessions reached"))
    (found,) = read("leaf01", 200, raw, ["show x"])
    assert type(found.error) is errors.TooBusy


def test_json_nested_beyond_reason_is_no_crash() -> None:
    with pytest.raises(errors.SwitchError):
        read("leaf01", 200, b'{"ins_api":' * 100_000, ["show x"])


_PLAUSIBLE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["200", "400", "2.0"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "ins_api",
                    "outputs",
                    "output",
                    "code",
                    "msg",
                    "body",
                    "clierror",
                    "input",
                    "jsonrpc",
                    "result",
                    "error",
                    "id",
                    "data",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(
    st.one_of(st.binary(max_size=200), _PLAUSIBLE.map(lambda value: json.dumps(value).encode())),
    st.integers(200, 599),
)
def test_whatever_comes_is_read_or_a_typed_error(raw: bytes, status: int) -> None:
    try:
        outputs = read("leaf01", status, raw, ["show a", "show b"])
    except errors.SwitchError as error:
        assert error.cause
        return
    assert len(outputs) >= 2


@given(st.integers(0, 200))
def test_json_cut_off_anywhere_is_told_as_cut_off(place: int) -> None:
    raw = ins_api(output({"version": "9.3(5)", "count": 12, "more": [True, None]}, "show version"))
    if 0 < place < len(raw):
        with pytest.raises(errors.TruncatedAnswer):
            read("leaf01", 200, raw[:place], ["show version"])
