"""HTTP as it comes over the wire: in pieces, several at once, cut in the middle."""

import socket
import threading
from base64 import b64encode

import pytest
import requests

from tests.playground.running import eventually
from tests.playground.switches.running_farm import AUTH, RunningFarm, message

BASIC = b64encode(":".join(AUTH).encode()).decode()


def request(body: str, *headers: str, version: str = "HTTP/1.1") -> bytes:
    """A POST as bytes."""
    lines = (
        f"POST /ins {version}",
        f"Authorization: Basic {BASIC}",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


SHOW = '{"ins_api": {"type": "cli_show", "input": "show hostname"}}'


def connect(farm: RunningFarm) -> socket.socket:
    """A connection to leaf01."""
    door = farm.farm.doors["leaf01"]
    return socket.create_connection((door.host, door.port), timeout=20)


def everything(connection: socket.socket) -> str:
    """All that comes until the switch closes the connection."""
    received = b""
    while data := connection.recv(65_536):
        received += data
    return received.decode()


def test_a_request_may_come_byte_by_byte(farm: RunningFarm) -> None:
    with connect(farm) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request(SHOW, "Connection: close"):
            connection.sendall(bytes([byte]))
        assert "leaf01.lab.example.com" in everything(connection)


def test_requests_sent_at_once_are_answered_one_after_the_other(farm: RunningFarm) -> None:
    with connect(farm) as connection:
        clock = SHOW.replace("hostname", "clock")
        connection.sendall(request(SHOW) + request(clock) + request(SHOW, "Connection: close"))
        answers = everything(connection).split("HTTP/1.1 200 OK")[1:]
    assert ["simple_time" in answer for answer in answers] == [False, True, False]


def test_a_client_that_waits_is_told_to_continue(farm: RunningFarm) -> None:
    whole = request(SHOW, "Expect: 100-continue", "Connection: close")
    head, body = whole[: -len(SHOW)], whole[-len(SHOW) :]
    with connect(farm) as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert everything(connection).startswith("HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", "400 Bad Request"),
        (b"POST /ins HTTP/1.1\r\nno colon\r\n\r\n", "400 Bad Request"),
        (b"POST /ins HTTP/1.1\r\nContent-Length: many\r\n\r\n", "400 Bad Request"),
        (b"POST /ins HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", "413 Request Entity Too Large"),
        (b"x" * 20_000, "400 Bad Request"),
    ],
)
def test_what_is_no_request_gets_a_page_and_the_connection_is_closed(
    farm: RunningFarm, sent: bytes, status: str
) -> None:
    with connect(farm) as connection:
        connection.sendall(sent)
        assert everything(connection).startswith(f"HTTP/1.1 {status}\r\n")


def test_a_power_loss_cuts_an_answer_that_is_under_way(farm: RunningFarm) -> None:
    farm.control("pace", switches="leaf01", latency=1)
    ended: list[Exception] = []

    def ask() -> None:
        try:
            farm.post("leaf01", json=message("vlan 70 ;copy running-config startup-config", "cli_conf"))
        except requests.RequestException as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    eventually(lambda: farm.control("switches/leaf01")["requests"] == 1)
    farm.control("power", switches="leaf01", power="off")
    farm.control("power", switches="leaf01", power="on")
    thread.join(5)
    assert [type(error) for error in ended] == [requests.ConnectionError]
    assert "VLAN0070" not in farm.text("leaf01", "show vlan brief"), (
        "a second later, nothing comes back to life"
    )


def test_a_client_that_hangs_up_gives_its_session_back(farm: RunningFarm) -> None:
    farm.control("options", switches="leaf01", sessions=1)
    farm.control("pace", switches="leaf01", latency=1)
    with pytest.raises(requests.ReadTimeout):
        farm.post("leaf01", json=message("show clock"), timeout=0.1)
    farm.control("pace", switches="leaf01", latency=0)
    eventually(lambda: farm.ask("leaf01", "show clock").status_code == 200)


def test_what_a_client_asked_for_is_done_though_it_hung_up(farm: RunningFarm) -> None:
    farm.control("pace", switches="leaf01", latency=1)
    with pytest.raises(requests.ReadTimeout):
        farm.post("leaf01", json=message("vlan 70", "cli_conf"), timeout=0.1)
    farm.control("pace", switches="leaf01", latency=0)
    eventually(lambda: "VLAN0070" in farm.text("leaf01", "show vlan brief"))
