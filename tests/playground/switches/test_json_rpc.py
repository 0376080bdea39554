"""The wire of JSON-RPC."""

import pytest

from tests.playground.switches.running_farm import RunningFarm


def test_one_command_is_answered_with_an_object(farm: RunningFarm) -> None:
    answer = farm.rpc("leaf01", "show hostname")
    assert answer.status_code == 200
    assert answer.json() == {
        "jsonrpc": "2.0",
        "result": {"body": {"hostname": "leaf01.lab.example.com"}},
        "id": 1,
    }


def test_several_commands_are_answered_with_a_list_in_their_order(farm: RunningFarm) -> None:
    answers = farm.rpc("leaf01", "show hostname", "show version").json()
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[1]["result"]["body"]["host_name"] == "leaf01"


def test_text_is_in_msg(farm: RunningFarm) -> None:
    answer = farm.rpc("leaf01", "show hostname", method="cli_ascii").json()
    assert answer["result"] == {"msg": "leaf01.lab.example.com \n"}


def test_configuration_has_no_result_and_its_section_stays(farm: RunningFarm) -> None:
    answers = farm.rpc("leaf01", "interface Ethernet1/12", "description by rpc", "shutdown").json()
    assert [answer["result"] for answer in answers] == [None, None, None]
    assert "  description by rpc" in farm.text("leaf01", "show running-config | section Ethernet1/12")


def test_an_error_of_the_cli_is_http_500_with_the_body_that_says_so(farm: RunningFarm) -> None:
    answer = farm.rpc("leaf01", "show nonsense")
    assert answer.status_code == 500
    assert answer.json() == {
        "jsonrpc": "2.0",
        "error": {"code": -32602, "message": "Invalid params", "data": {"msg": "% Invalid command\n"}},
        "id": 1,
    }


def test_a_list_ends_with_its_first_error(farm: RunningFarm) -> None:
    answer = farm.rpc("leaf01", "vlan 70", "nonsense", "vlan 71")
    assert answer.status_code == 500
    assert [sorted(each) for each in answer.json()] == [
        ["id", "jsonrpc", "result"],
        ["error", "id", "jsonrpc"],
    ]
    names = farm.text("leaf01", "show vlan brief")
    assert "VLAN0070" in names and "VLAN0071" not in names


@pytest.mark.parametrize(
    ("method", "command", "code"), [("cli_sing", "show clock", -32601), ("cli", "  ", -32600)]
)
def test_bad_calls_have_codes_of_their_own(farm: RunningFarm, method: str, command: str, code: int) -> None:
    assert farm.rpc("leaf01", command, method=method).json()["error"]["code"] == code


def test_what_has_no_structured_form_is_an_error(farm: RunningFarm) -> None:
    error = farm.rpc("leaf01", "show running-config").json()["error"]
    assert error["data"] == {"msg": "Structured output unsupported\n"}
