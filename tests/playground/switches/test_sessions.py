"""Logins: Basic, the cookie that spares it for ten minutes, and the limit of sessions at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.playground.running import eventually
from tests.playground.switches.running_farm import RunningFarm, message


@pytest.mark.parametrize("auth", [None, ("admin", "wrong"), ("nobody", "playground")])
def test_a_wrong_login_gets_the_page_of_nginx(farm: RunningFarm, auth: tuple[str, str] | None) -> None:
    answer = farm.post("leaf01", json=message("show clock"), auth=auth)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Secure Zone"'
    assert answer.text == (
        "<html>\r\n<head><title>401 Authorization Required</title></head>\r\n"
        '<body bgcolor="white">\r\n<center><h1>401 Authorization Required</h1></center>\r\n'
        "<hr><center>nginx/1.7.10</center>\r\n</body>\r\n</html>\r\n"
    )


@pytest.mark.parametrize("header", ["Basic !!!", "Bearer abc", "Basic /w=="])
def test_a_header_that_is_no_login_is_a_wrong_one(farm: RunningFarm, header: str) -> None:
    answer = farm.post("leaf01", json=message("show clock"), auth=None, headers={"Authorization": header})
    assert answer.status_code == 401


def logins(farm: RunningFarm) -> int:
    """How often leaf01 asked for a password."""
    count = farm.control("switches/leaf01")["logins"]
    assert isinstance(count, int)
    return count


def test_a_cookie_spares_logins_for_600_seconds_from_its_making(farm: RunningFarm) -> None:
    first = farm.ask("leaf01", "show clock")
    assert first.headers["Set-Cookie"].startswith("nxapi_auth=") and "HttpOnly" in first.headers["Set-Cookie"]
    cookies = {"nxapi_auth": first.cookies["nxapi_auth"]}
    for _ in range(3):
        farm.control("clock", advance=199)
        again = farm.post("leaf01", json=message("show clock"), auth=None, cookies=cookies)
        assert again.status_code == 200 and "Set-Cookie" not in again.headers
    assert logins(farm) == 1
    farm.control("clock", advance=10)
    assert farm.post("leaf01", json=message("show clock"), auth=None, cookies=cookies).status_code == 401
    renewed = farm.post("leaf01", json=message("show clock"), cookies=cookies)
    assert renewed.status_code == 200 and renewed.cookies["nxapi_auth"] != cookies["nxapi_auth"]
    assert logins(farm) == 2


def test_every_login_without_a_cookie_counts(farm: RunningFarm) -> None:
    for _ in range(3):
        farm.ask("leaf01", "show clock")
    assert logins(farm) == 3


def test_a_cookie_is_good_on_its_own_switch_only_and_not_after_a_restart(farm: RunningFarm) -> None:
    cookies = {"nxapi_auth": farm.ask("leaf01", "show clock").cookies["nxapi_auth"]}
    assert farm.post("leaf02", json=message("show clock"), auth=None, cookies=cookies).status_code == 401
    farm.control("power", switches="leaf01", power="off")
    farm.control("power", switches="leaf01", power="on")
    assert farm.post("leaf01", json=message("show clock"), auth=None, cookies=cookies).status_code == 401


@pytest.mark.parametrize("limit", [5, 1])
def test_a_request_beyond_the_sessions_in_use_is_rejected(farm: RunningFarm, limit: int) -> None:
    if limit != 5:
        farm.control("options", switches="leaf01", sessions=limit)
    farm.control("pace", switches="leaf01", latency=2)
    with ThreadPoolExecutor(limit) as pool:
        waiting = [pool.submit(farm.ask, "leaf01", "show clock") for _ in range(limit)]
        eventually(lambda: farm.control("switches/leaf01")["requests"] == limit)
        farm.control("pace", switches="leaf01", latency=0)
        one_more = farm.ask("leaf01", "show clock")
        assert (one_more.status_code, one_more.headers["Content-Type"]) == (503, "text/html")
        assert [answer.result().status_code for answer in waiting] == [200] * limit
    assert farm.control("switches/leaf01")["rejected"] == 1
    assert farm.ask("leaf01", "show clock").status_code == 200, "the sessions are free again"


def test_a_connection_is_kept_for_more_requests(farm: RunningFarm) -> None:
    with requests.Session() as session:
        for _ in range(3):
            answer = session.post(
                farm.url("leaf01"), json=message("show clock"), auth=("admin", "playground"), timeout=20
            )
            assert answer.headers["Connection"] == "keep-alive"
    assert farm.control("switches/leaf01")["connections"] == 1
