"""Asking one switch and many: what is sent, what is kept, what is asked again and what never is."""

from __future__ import annotations

import json
import threading
from base64 import b64encode

import pytest
from pydantic import SecretStr

from integrations.switches import errors, sessions
from integrations.switches.client import Conf, Warm, failures
from tests.integrations.switches.conftest import Make
from tests.integrations.switches.stand import Reply, Request, Stands, ins_api, output, saying, switch

VERSION = {"host_name": "leaf01", "nxos_ver_str": "9.3(5)"}
LOGIN = f"Basic {b64encode(b'admin:s3cret-of-the-lab').decode()}"
COOKIE = "Set-Cookie: nxapi_auth=dzqnf:xRqwe/9k=; Secure; HttpOnly;"


def test_a_show_is_one_post_with_its_keys_in_the_order_that_old_releases_need(
    stands: Stands, client_of: Make, fast: str
) -> None:
    stand = stands.open(saying(VERSION))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.error is None
    assert result.outputs[0].body == VERSION
    assert result.path == ("fast" if fast == "on" else "sure")
    (request,) = stand.requests
    assert request.body == (
        b'{"ins_api": {"version": "1.0", "type": "cli_show", "chunk": "0", "sid": "1", '
        b'"input": "show version", "output_format": "json"}}'
    )
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == LOGIN


def test_several_commands_are_one_request_with_a_blank_before_the_semicolon(
    stands: Stands, client_of: Make, fast: str
) -> None:
    stand = stands.open(saying(VERSION, {"simple_time": "10:00"}))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version", "show clock"])
    assert [(each.command, each.body) for each in result.outputs] == [
        ("show version", VERSION),
        ("show clock", {"simple_time": "10:00"}),
    ]
    assert json.loads(stand.requests[0].body)["ins_api"]["input"] == "show version ;show clock"


def test_what_has_no_structure_is_asked_for_as_text(stands: Stands, client_of: Make, fast: str) -> None:
    def behave(request: Request) -> Reply:
        if request.type == "cli_show_ascii":
            return Reply(ins_api(output("Mod  Ports\n1    54\n", "show x"), kind="cli_show_ascii"))
        unstructured = output({}, "show x", "501", "Structured output unsupported", clierror="")
        return Reply(ins_api(output(VERSION, "show version"), unstructured))

    stand = stands.open(behave)
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version", "show x"])
    assert [each.body for each in result.outputs] == [VERSION, "Mod  Ports\n1    54"]
    assert [each.is_text for each in result.outputs] == [False, True]
    assert [(each.type, each.commands) for each in stand.requests] == [
        ("cli_show", ["show version", "show x"]),
        ("cli_show_ascii", ["show x"]),
    ]


def test_json_rpc_where_a_switch_is_configured_for_it(stands: Stands, client_of: Make, fast: str) -> None:
    def behave(request: Request) -> Reply:
        calls = json.loads(request.body)
        found = [
            {"jsonrpc": "2.0", "result": {"body": {"cmd": call["params"]["cmd"]}}, "id": call["id"]}
            for call in calls
        ]
        return Reply(json.dumps(found if len(found) > 1 else found[0]).encode())

    stand = stands.open(behave)
    leaf = switch(stand, api="jsonrpc")
    client = client_of(leaf, fast=fast)
    (one,) = client.ask([leaf], ["show version"])
    (two,) = client.ask([leaf], ["show version", "show clock"])
    assert [each.body for each in (*one.outputs, *two.outputs)] == [
        {"cmd": "show version"},
        {"cmd": "show version"},
        {"cmd": "show clock"},
    ]
    assert stand.requests[0].headers["content-type"] == "application/json-rpc"


def test_a_second_question_uses_the_connection_and_the_login_of_the_first(
    stands: Stands, client_of: Make, fast: str
) -> None:
    stand = stands.open(saying(VERSION, headers=[COOKIE]))
    leaf = switch(stand)
    client = client_of(leaf, fast=fast)
    for _ in range(3):
        client.ask([leaf], ["show version"])
    assert stand.connections == 1
    assert [request.headers.get("cookie") for request in stand.requests] == [
        None,
        "nxapi_auth=dzqnf:xRqwe/9k=",
        "nxapi_auth=dzqnf:xRqwe/9k=",
    ]
    assert [request.headers.get("authorization") for request in stand.requests] == [LOGIN, None, None]


def test_a_login_older_than_ten_minutes_is_made_anew(
    stands: Stands, client_of: Make, fast: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = stands.open(saying(VERSION, headers=[COOKIE]))
    leaf = switch(stand)
    client = client_of(leaf, fast=fast)
    client.ask([leaf], ["show version"])
    monkeypatch.setattr(sessions, "LOGIN_SECONDS", -1.0)
    client.ask([leaf], ["show version"])
    assert [request.headers.get("authorization") for request in stand.requests] == [LOGIN, LOGIN]


def test_a_cookie_that_the_switch_forgot_is_replaced_without_a_word(
    stands: Stands, client_of: Make, fast: str
) -> None:
    forgotten: list[str] = []

    def behave(request: Request) -> Reply:
        if "cookie" in request.headers and not forgotten:
            forgotten.append("once")
            return Reply(b"<html><title>401 Authorization Required</title></html>", 401)
        return saying(VERSION, headers=[COOKIE])(request)

    stand = stands.open(behave)
    leaf = switch(stand)
    client = client_of(leaf, fast=fast)
    client.ask([leaf], ["show version"])
    (result,) = client.ask([leaf], ["show version"])
    assert result.error is None
    assert ["authorization" in request.headers for request in stand.requests] == [True, False, True]


def test_a_wrong_password_is_tried_once(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(lambda _: Reply(b"<html><title>401 Authorization Required</title></html>", 401))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert isinstance(result.error, errors.Unauthorized)
    assert str(result.error) == (
        "leaf01, asked 'show version': HTTP 401 (401 Authorization Required). Check the user and the password in the "
        "inventory, and that AAA answers."
    )
    assert len(stand.requests) == 1


def test_each_switch_keeps_its_own_cookie(stands: Stands, client_of: Make, fast: str) -> None:
    first = stands.open(saying(VERSION, headers=["Set-Cookie: nxapi_auth=one; Path=/"]))
    second = stands.open(saying(VERSION, headers=["Set-Cookie: nxapi_auth=two; Path=/"]))
    switches = [switch(first, "leaf01"), switch(second, "leaf02")]
    client = client_of(*switches, fast=fast)
    client.ask(switches, ["show version"])
    client.ask(switches, ["show version"])
    # Both are at 127.0.0.1, which a jar would take for one place.
    assert [stand.requests[1].headers["cookie"] for stand in (first, second)] == [
        "nxapi_auth=one",
        "nxapi_auth=two",
    ]


def test_one_request_is_in_flight_on_a_switch_whoever_asks(
    stands: Stands, client_of: Make, fast: str
) -> None:
    def slow(request: Request) -> Reply:
        return Reply(saying(VERSION)(request).body, after=0.05)

    stand = stands.open(slow)
    leaf = switch(stand)
    client = client_of(leaf, fast=fast)
    threads = [threading.Thread(target=client.ask, args=([leaf], ["show version"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stand.requests) == 6
    assert stand.busiest == 1


def test_only_so_many_switches_are_asked_side_by_side(stands: Stands, client_of: Make, fast: str) -> None:
    def slow(request: Request) -> Reply:
        return Reply(saying(VERSION)(request).body, after=0.02)

    stand = stands.open(slow)
    switches = [switch(stand, f"leaf{number:02}") for number in range(12)]
    results = client_of(*switches, fast=fast, concurrency=3).ask(switches, ["show version"])
    assert [result.switch.name for result in results] == [each.name for each in switches]
    assert 2 <= stand.busiest <= 3


def test_a_show_is_repeated_once_after_a_back_end_error(stands: Stands, client_of: Make, fast: str) -> None:
    answers = [output({}, "show version", "500", "Back-end processing error.", clierror=""), output(VERSION)]
    stand = stands.open(lambda _: Reply(ins_api(answers.pop(0))))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.outputs[0].body == VERSION
    assert len(stand.requests) == 2


def test_a_second_back_end_error_is_told(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(
        lambda _: Reply(ins_api(output({}, "show version", "500", "Back-end processing error.")))
    )
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert isinstance(result.failure, errors.BackEndError)
    assert len(stand.requests) == 2


def test_a_show_is_repeated_once_after_a_lost_connection(stands: Stands, client_of: Make, fast: str) -> None:
    answers = [Reply(drop=True), Reply(ins_api(output(VERSION)))]
    stand = stands.open(lambda _: answers.pop(0))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.error is None
    assert len(stand.requests) == 2


def test_a_kept_connection_that_the_switch_closed_meanwhile_is_opened_again(
    stands: Stands, client_of: Make, fast: str
) -> None:
    def behave(request: Request) -> Reply:
        return Reply(saying(VERSION)(request).body, headers=("Connection: close",), cut=100_000)

    stand = stands.open(behave)
    leaf = switch(stand)
    client = client_of(leaf, fast=fast)
    for _ in range(3):
        (result,) = client.ask([leaf], ["show version"])
        assert result.error is None
    assert stand.connections == 3


def test_configuration_is_sent_once_with_its_rollback_and_on_a_connection_of_its_own(
    stands: Stands, client_of: Make
) -> None:
    stand = stands.open(saying({}, {}, headers=[COOKIE]))
    leaf = switch(stand)
    client = client_of(leaf)
    client.ask([leaf], ["show version"])
    (result,) = client.configure([leaf], Conf(("vlan 10", "name web"), "rollback-on-error"))
    assert result.failure is None
    assert [each.command for each in result.outputs] == ["vlan 10", "name web"]
    assert json.loads(stand.requests[1].body)["ins_api"] == {
        "version": "1.0",
        "type": "cli_conf",
        "chunk": "0",
        "sid": "1",
        "input": "vlan 10 ;name web",
        "output_format": "json",
        "rollback": "rollback-on-error",
    }
    assert stand.requests[1].connection != stand.requests[0].connection


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(drop=True), errors.Broken),
        (Reply(hang=True), errors.TimedOut),
        (Reply(b"<html><title>502 Bad Gateway</title></html>", 502), errors.BackEndError),
    ],
)
def test_configuration_is_never_repeated_and_says_that_it_may_have_been_taken(
    stands: Stands, client_of: Make, reply: Reply, kind: type[errors.SwitchError]
) -> None:
    stand = stands.open(lambda _: reply)
    leaf = switch(stand)
    (result,) = client_of(leaf).configure([leaf], Conf(("vlan 10",)), timeout=0.5)
    assert isinstance(result.error, kind)
    assert result.error.maybe_done
    assert len(stand.requests) == 1


def test_a_failed_line_is_told_and_the_lines_after_it_too(stands: Stands, client_of: Make) -> None:
    refused = output({}, "vlna 20", "400", "CLI execution error", clierror="% Invalid command\n")
    stand = stands.open(lambda _: Reply(ins_api(output({}, "vlan 10"), refused, kind="cli_conf")))
    leaf = switch(stand)
    (result,) = client_of(leaf).configure([leaf], Conf(("vlan 10", "vlna 20", "name x")))
    assert [each.error is None for each in result.outputs] == [True, False, False]
    assert str(result.failure) == (
        "leaf01, asked 'vlna 20': 400 CLI execution error (% Invalid command). Try it on the switch: models and "
        "versions differ."
    )


def test_each_switch_may_get_lines_of_its_own(stands: Stands, client_of: Make) -> None:
    both = [stands.open(saying({})), stands.open(saying({}))]
    switches = [switch(stand, f"leaf0{number}") for number, stand in enumerate(both, start=1)]
    question = client_of(*switches).configure(switches, lambda each: Conf((f"hostname {each.name}",)))
    assert failures(question) == ()
    assert [stand.requests[0].commands for stand in both] == [["hostname leaf01"], ["hostname leaf02"]]


def test_a_changed_password_is_used_at_once_and_the_old_login_is_not(
    stands: Stands, client_of: Make, fast: str
) -> None:
    stand = stands.open(saying(VERSION, headers=[COOKIE]))
    client = client_of(fast=fast)
    client.ask([switch(stand)], ["show version"])
    client.ask([switch(stand, password=SecretStr("another-one"))], ["show version"])
    assert stand.requests[1].headers["authorization"] == f"Basic {b64encode(b'admin:another-one').decode()}"


def test_an_answer_larger_than_is_taken_is_refused(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(saying({"text": "x" * 50_000}))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast, most_bytes=10_000).ask([leaf], ["show version"])
    assert isinstance(result.error, errors.TooLarge)
    assert str(result.error) == "leaf01, reading its answer: more than 10,000 bytes. Narrow the command."


def test_connections_are_kept_for_so_many_switches_and_closed_for_the_rest(
    stands: Stands, client_of: Make, fast: str
) -> None:
    both = [stands.open(saying(VERSION)), stands.open(saying(VERSION))]
    switches = [switch(stand, f"leaf0{number}") for number, stand in enumerate(both, start=1)]
    client = client_of(*switches, fast=fast, warm=1)
    for _ in range(2):
        client.ask(switches, ["show version"])
    assert [stand.connections for stand in both] == [1, 2]


def test_a_place_among_the_kept_is_free_once_it_was_idle() -> None:
    warm = Warm(most=1, idle=60.0)
    assert warm.keeps("leaf01", now=0.0)
    assert not warm.keeps("leaf02", now=30.0)
    assert warm.keeps("leaf01", now=50.0)
    assert not warm.keeps("leaf02", now=100.0)
    assert warm.keeps("leaf02", now=111.0)


def test_the_password_is_in_no_text(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(lambda _: Reply(drop=True))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert "s3cret-of-the-lab" not in repr(result) + str(result.error) + repr(result.error)
