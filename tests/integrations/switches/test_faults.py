"""Everything a switch may answer instead of an answer, on both paths: a typed error, and a name for it."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from integrations.switches import errors
from integrations.switches.client import failures
from tests.integrations.switches.conftest import Make
from tests.integrations.switches.stand import Reply, Stands, ins_api, output, saying, switch

VERSION = {"host_name": "leaf01", "nxos_ver_str": "9.3(5)"}
WHOLE = ins_api(output(VERSION, "show version"))
XML = (
    b'<?xml version="1.0"?>\n<ins_api>\n <outputs>\n  <output>\n   <msg>%s</msg>\n   <code>%s</code>\n'
    b"  </output>\n </outputs>\n</ins_api>\n"
)


def page(title: str) -> bytes:
    """nginx's error page."""
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n</body>\r\n</html>\r\n".encode()


FAULTS = {
    "401": (
        Reply(page("401 Authorization Required"), 401),
        errors.Unauthorized,
        "user or password not taken (401)",
        "HTTP 401 (401 Authorization Required)",
    ),
    "403": (
        Reply(page("403 Forbidden"), 403),
        errors.Forbidden,
        "not allowed (403)",
        "HTTP 403 (403 Forbidden)",
    ),
    "404": (
        Reply(page("404 Not Found"), 404),
        errors.NotNxapi,
        "no NX-API there",
        "HTTP 404 (404 Not Found)",
    ),
    "405": (
        Reply(page("405 Not Allowed"), 405),
        errors.NotNxapi,
        "no NX-API there",
        "HTTP 405 (405 Not Allowed)",
    ),
    "413 by nginx": (
        Reply(page("413 Request Entity Too Large"), 413),
        errors.TooLarge,
        "answer too large",
        "HTTP 413 (413 Request Entity Too Large)",
    ),
    "413 by NX-API": (
        Reply(ins_api(output({}, "show version", "413", "Response size too big", clierror=""))),
        errors.TooLarge,
        "answer too large",
        "413 Response size too big",
    ),
    "500 by nginx": (
        Reply(page("500 Internal Server Error"), 500),
        errors.BackEndError,
        "back-end error (500)",
        "HTTP 500 (500 Internal Server Error)",
    ),
    "500 by NX-API": (
        Reply(ins_api(output({}, "show version", "500", "Back-end processing error."))),
        errors.BackEndError,
        "back-end error (500)",
        "500 Back-end processing error.",
    ),
    "no session left": (
        Reply(page("503 Service Temporarily Unavailable"), 503),
        errors.TooBusy,
        "all its NX-API sessions are taken",
        "HTTP 503 (503 Service Temporarily Unavailable)",
    ),
    "400 of a command": (
        Reply(
            ins_api(
                output(None, "show vresion", "400", "Input CLI command error", clierror="% Invalid command\n")
            )
        ),
        errors.CommandError,
        "command not taken: % Invalid command",
        "400 Input CLI command error (% Invalid command)",
    ),
    "400 of a command, as HTTP 500": (
        Reply(
            b'{"jsonrpc": "2.0", "error": {"code": -32602, "message": "Invalid params", '
            b'"data": {"msg": "% Invalid command\\n"}}, "id": 1}',
            500,
        ),
        errors.CommandError,
        "command not taken: % Invalid command",
        "400 -32602 Invalid params (% Invalid command)",
    ),
    "XML": (
        Reply(XML % (b"Server internal error.", b"400"), 400),
        errors.XmlAnswer,
        "XML instead of JSON",
        "HTTP 400 and XML (Server internal error.)",
    ),
    "XML with 500": (
        Reply(XML % (b"Back-end processing error.", b"500"), 200),
        errors.BackEndError,
        "back-end error (500)",
        "HTTP 500 (Back-end processing error.)",
    ),
    "a login page": (
        Reply(page("Sign in to the proxy")),
        errors.HtmlAnswer,
        "a web page instead of an answer",
        "HTTP 200 and a web page (Sign in to the proxy)",
    ),
    "nothing": (Reply(b""), errors.EmptyAnswer, "empty answer", "HTTP 200 and no body"),
    "blanks": (Reply(b" \r\n "), errors.EmptyAnswer, "empty answer", "HTTP 200 and no body"),
    "half of the JSON": (
        Reply(WHOLE[: len(WHOLE) // 2]),
        errors.TruncatedAnswer,
        "answer cut off",
        f"JSON that ends after {len(WHOLE[: len(WHOLE) // 2].strip())} characters",
    ),
    "other JSON": (
        Reply(b'{"status": "ok"}'),
        errors.BadAnswer,
        "answer not understood",
        "HTTP 200 and JSON that is no answer of NX-API",
    ),
    "a list of nothing": (
        Reply(b'{"ins_api": {"outputs": {"output": []}}}'),
        errors.BadAnswer,
        "answer not understood",
        "HTTP 200 and JSON that is no answer of NX-API",
    ),
    "a word": (
        Reply(b"Service restarting"),
        errors.BadAnswer,
        "answer not understood",
        "HTTP 200 and 'Service restarting', which is no JSON",
    ),
    "a redirect": (
        Reply(b"", 302, ("Location: http://127.0.0.1:1/login",)),
        errors.EmptyAnswer,
        "empty answer",
        "HTTP 302 and no body",
    ),
}


@pytest.mark.parametrize(("reply", "kind", "cause", "says"), FAULTS.values(), ids=FAULTS)
def test_whatever_comes_back_is_a_typed_error(
    stands: Stands,
    client_of: Make,
    fast: str,
    reply: Reply,
    kind: type[errors.SwitchError],
    cause: str,
    says: str,
) -> None:
    stand = stands.open(lambda _: reply)
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert type(result.failure) is kind
    assert result.failure.cause == cause
    assert result.failure.came_back == says


def test_the_body_is_read_whatever_the_status(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(lambda _: Reply(WHOLE, 500))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.outputs[0].body == VERSION


def test_raw_control_characters_and_broken_utf_8_in_a_banner_are_no_reason_to_fail(
    stands: Stands, client_of: Make, fast: str
) -> None:
    stand = stands.open(lambda _: Reply(WHOLE.replace(b"9.3(5)", b"9.3\n(5)\xff")))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.outputs[0].body["nxos_ver_str"] == "9.3\n(5)\ufffd"


def test_an_answer_cut_off_by_the_connection(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(lambda _: Reply(WHOLE, cut=40))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert type(result.error) is errors.Broken
    assert len(stand.requests) == 2, "a show is tried once more"


def test_a_switch_that_never_answers(stands: Stands, client_of: Make, fast: str) -> None:
    stand = stands.open(lambda _: Reply(hang=True))
    leaf = switch(stand)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"], timeout=0.3)
    assert type(result.error) is errors.TimedOut
    assert result.error.cause == "no answer in time"
    assert len(stand.requests) == 1, "its time is up: it is not asked again"


def test_nobody_listens(stands: Stands, client_of: Make, fast: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    stand = stands.open(saying(VERSION))
    leaf = switch(stand)
    stand.port = port
    closed = switch(stand, "leaf02")
    good, bad = client_of(leaf, closed, fast=fast).ask([leaf, closed], ["show version"])
    assert good.error is None
    assert type(bad.error) is errors.Refused
    assert str(bad.error) == (
        "leaf02: nothing listens there (connection refused). Check that the switch is up, that `feature nxapi` is on, "
        "and its host and port in the inventory."
    )


def test_a_name_that_is_not_known(stands: Stands, client_of: Make, fast: str) -> None:
    leaf = replace(switch(stands.open(saying(VERSION))), host="leaf01.invalid")
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert type(result.error) is errors.Unreachable
    assert result.error.cause == "no connection"


def test_failures_are_told_by_cause(stands: Stands, client_of: Make, fast: str) -> None:
    good = stands.open(saying(VERSION))
    locked = stands.open(lambda _: Reply(page("401 Authorization Required"), 401))
    proxy = stands.open(lambda _: Reply(page("Sign in")))
    plan = {"leaf01": good, "leaf02": locked, "leaf03": proxy, "leaf04": locked, "leaf05": good}
    switches = [switch(stand, name) for name, stand in plan.items()]
    results = client_of(*switches, fast=fast).ask(switches, ["show version"])
    told = [(each.cause, each.count, each.switches) for each in errors.by_cause(failures(results))]
    assert told == [
        ("user or password not taken (401)", 2, ("leaf02", "leaf04")),
        ("a web page instead of an answer", 1, ("leaf03",)),
    ]
