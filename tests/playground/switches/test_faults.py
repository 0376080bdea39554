"""Faults: what each does, whom it strikes, how often."""

from typing import Any

import pytest
import requests

from tests.playground.switches.running_farm import RunningFarm, message


def fault(farm: RunningFarm, kind: str, switches: str = "leaf01", **order: Any) -> None:
    """Switch a fault on."""
    farm.control("faults", kind=kind, switches=switches, **order)


def test_a_refusing_switch_listens_again_when_faults_are_cleared(farm: RunningFarm) -> None:
    fault(farm, "refused")
    with pytest.raises(requests.ConnectionError, match="refused"):
        farm.ask("leaf01", "show clock")
    assert farm.ask("leaf02", "show clock").status_code == 200
    farm.control("faults", "DELETE")
    assert farm.ask("leaf01", "show clock").status_code == 200


def test_refusals_cannot_be_counted(farm: RunningFarm) -> None:
    answer = farm.ordered("faults", "POST", {"kind": "refused", "count": 3})
    assert answer.status_code == 400
    assert answer.json()["error"].endswith("leave count out")


def test_a_slow_switch_answers_late_but_well(farm: RunningFarm) -> None:
    fault(farm, "slow", seconds=1, count=2)
    with pytest.raises(requests.ReadTimeout):
        farm.post("leaf01", json=message("show clock"), timeout=0.1)
    assert farm.outputs("leaf01", "show clock")["code"] == "200"


def test_beyond_the_command_timeout_slow_is_a_back_end_error(farm: RunningFarm) -> None:
    farm.control("options", switches="leaf01", command_timeout=0.1)
    fault(farm, "slow", seconds=300)
    output = farm.outputs("leaf01", "show clock")
    assert (output["code"], output["msg"]) == ("500", "Back-end processing error.")


def test_a_hanging_switch_never_answers(farm: RunningFarm) -> None:
    fault(farm, "hang")
    with pytest.raises(requests.ReadTimeout):
        farm.post("leaf01", json=message("show clock"), timeout=0.3)
    assert farm.ask("leaf01", "show clock").status_code == 200, "once, unless told otherwise"


def test_a_reset_closes_the_connection(farm: RunningFarm) -> None:
    fault(farm, "reset")
    with pytest.raises(requests.ConnectionError):
        farm.ask("leaf01", "show clock")


def test_a_truncated_answer_ends_in_the_middle(farm: RunningFarm) -> None:
    fault(farm, "truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        farm.ask("leaf01", "show interface status")


def test_a_lost_answer_is_of_something_done(farm: RunningFarm) -> None:
    fault(farm, "lost_answer")
    with pytest.raises(requests.ConnectionError):
        farm.configure("leaf01", "vlan 70")
    assert "VLAN0070" in farm.text("leaf01", "show vlan brief")


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "begins"),
    [
        ("unauthorized", 401, "text/html", "<html>"),
        ("html", 502, "text/html", "<html>\r\n<head><title>502 Bad Gateway"),
        ("xml", 400, "text/xml; charset=utf-8", '<?xml version="1.0"?>\n<ins_api>'),
        ("empty", 200, "application/json", ""),
        ("session_limit", 503, "text/html", "<html>"),
    ],
)
def test_pages_come_instead_of_an_answer(
    farm: RunningFarm, kind: str, status: int, content_type: str, begins: str
) -> None:
    fault(farm, kind)
    answer = farm.ask("leaf01", "show clock")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)
    assert answer.text.startswith(begins) and bool(answer.text) == bool(begins)


def test_the_html_page_may_have_another_status(farm: RunningFarm) -> None:
    fault(farm, "html", status=500)
    assert "500 Internal Server Error" in farm.ask("leaf01", "show clock").text


@pytest.mark.parametrize(
    ("kind", "code", "msg"),
    [
        ("too_big", "413", "Response size too big"),
        ("backend", "500", "Back-end processing error."),
        ("unstructured", "501", "Structured output unsupported"),
    ],
)
def test_codes_come_for_every_command(farm: RunningFarm, kind: str, code: str, msg: str) -> None:
    fault(farm, kind)
    assert farm.outputs("leaf01", "show clock ;show hostname") == [
        {"input": command, "msg": msg, "code": code, "clierror": ""}
        for command in ("show clock", "show hostname")
    ]
    fault(farm, kind)
    assert farm.rpc("leaf01", "show clock").status_code == 500


def test_where_structure_is_unsupported_text_works(farm: RunningFarm) -> None:
    fault(farm, "unstructured", count=None)
    assert farm.outputs("leaf01", "show clock")["code"] == "501"
    assert farm.text("leaf01", "show clock").endswith("Time source is NTP\n")


def test_a_fault_happens_count_times_on_each_switch(farm: RunningFarm) -> None:
    fault(farm, "html", "leaf0[12]", count=2)
    seen = [
        farm.ask(name, "show clock").status_code for name in ("leaf01", "leaf02", "leaf03") for _ in range(3)
    ]
    assert seen == [502, 502, 200, 502, 502, 200, 200, 200, 200]


def test_a_fault_may_be_for_some_commands_only(farm: RunningFarm) -> None:
    fault(farm, "backend", command="show mac*", count=None)
    assert farm.outputs("leaf01", "show clock")["code"] == "200"
    assert farm.outputs("leaf01", "show mac address-table")["code"] == "500"


def test_a_percentage_strikes_the_same_switches_for_the_same_seed(farm: RunningFarm) -> None:
    names = list(farm.farm.doors)

    def struck(seed: int) -> list[str]:
        farm.control("faults", "DELETE")
        fault(farm, "html", "*", percent=50, seed=seed, count=None)
        return [name for name in names if farm.ask(name, "show clock").status_code == 502]

    first = struck(1)
    assert 0 < len(first) < len(names)
    assert struck(1) == first
    assert any(struck(seed) != first for seed in (2, 3, 4))


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"kind": "melt"}, "kind: Input should be 'refused'"),
        ({"kind": "hang", "percent": 0}, "percent: Input should be greater than 0"),
        (
            {"kind": "hang", "switches": "core*"},
            "no switch is named core*: they are spine01, spine02, leaf01,",
        ),
        ({"kind": "hang", "often": 1}, "often: Extra inputs are not permitted"),
    ],
)
def test_a_bad_order_says_what_is_wrong(farm: RunningFarm, order: dict[str, Any], error: str) -> None:
    answer = farm.ordered("faults", "POST", order)
    assert answer.status_code == 400
    assert error in answer.json()["error"]
    assert farm.control("faults") == []
