"""Who may do what: tokens, passwords, crumbs and the anonymous."""

from __future__ import annotations

import requests

from tests.playground.jenkins.running_jenkins import Jenkins, running_jenkins
from tests.playground.jenkins.shapes import recorded


def test_any_user_with_the_token_comes_in_and_is_named_in_the_cause(server: Jenkins) -> None:
    alice = Jenkins(server.url, "alice")
    number = alice.build("job/web")
    causes = alice.get(f"job/web/{number}/api/json")["actions"][0]["causes"]
    assert [cause["shortDescription"] for cause in causes] == ["Started by user alice"]
    assert alice.get("me/api/json")["id"] == "alice"


def test_a_wrong_token_is_401(server: Jenkins) -> None:
    answer = Jenkins(server.url, "bot", "wrong").call("GET", "api/json")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Jenkins"'
    assert "Invalid password/token for user: bot" in answer.text


def test_a_header_that_is_no_basic_auth_is_401(server: Jenkins) -> None:
    answer = requests.get(f"{server.url}/api/json", headers={"Authorization": "Bearer x"}, timeout=30)
    assert answer.status_code == 401


def test_the_token_can_be_changed_for_all_or_for_one(server: Jenkins) -> None:
    server.control("token", token="for-all")
    server.control("token", token="for-alice", user="alice")
    allowed = {
        (user, token): Jenkins(server.url, user, token).call("GET", "api/json").status_code
        for user in ("alice", "bob")
        for token in ("for-all", "for-alice")
    }
    assert allowed == {
        ("alice", "for-all"): 401,
        ("alice", "for-alice"): 200,
        ("bob", "for-all"): 200,
        ("bob", "for-alice"): 401,
    }


def test_a_post_by_password_needs_a_crumb(server: Jenkins) -> None:
    answer = server.with_password().post("job/web/build")
    real = recorded("error_403_no_crumb")
    title = "<title>Error 403 No valid crumb was included in the request</title>"
    assert (answer.status_code, title in answer.text, title in real["body"]) == (403, True, True)
    assert "X-Jenkins" not in answer.headers


def test_a_post_by_token_needs_none(server: Jenkins) -> None:
    assert server.post("job/web/build").status_code == 201


def test_a_crumb_goes_with_the_session_it_was_issued_in(server: Jenkins) -> None:
    with requests.Session() as browser:
        browser.auth = ("alice", server.with_password().secret)
        issued = browser.get(f"{server.url}/crumbIssuer/api/json", timeout=30).json()
        crumb = {issued["crumbRequestField"]: issued["crumb"]}
        assert browser.post(f"{server.url}/job/web/build", headers=crumb, timeout=30).status_code == 201
        browser.cookies.clear()
        assert browser.post(f"{server.url}/job/web/build", headers=crumb, timeout=30).status_code == 403


def test_the_anonymous_may_nothing(server: Jenkins) -> None:
    answer = server.anonymous_get("api/json")
    assert (answer.status_code, answer.headers["X-Jenkins"]) == (403, "2.463")
    posted = requests.post(f"{server.url}/job/web/build", timeout=30)
    assert (posted.status_code, "No valid crumb" in posted.text) == (403, True)


def test_a_browser_may_look_around_when_that_is_switched_on() -> None:
    with running_jenkins("--anonymous-read") as server:
        page = server.anonymous_get("job/web/1/")
        assert (page.status_code, "Finished: SUCCESS" in page.text) == (200, True)
        assert requests.post(f"{server.url}/job/web/build", timeout=30).status_code == 403


def test_the_api_names_its_version_and_session(server: Jenkins) -> None:
    headers = server.call("GET", "api/json").headers
    assert headers["X-Jenkins"] == "2.463"
    assert headers["X-Jenkins-Session"] == server.call("GET", "job/web/api/json").headers["X-Jenkins-Session"]
