"""The client against the stand-in: what Jenkins is asked and answers, and each fault as its own error."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import (
    BadAnswer,
    BadParameter,
    Disabled,
    Forbidden,
    JenkinsError,
    NotFound,
    Starting,
    Unauthorized,
    Unreachable,
)
from integrations.jenkins.model import Result
from playground.jenkins.cli import free_port
from tests.integrations.jenkins.canned import Canned
from tests.playground.jenkins.running_jenkins import Jenkins, eventually

ODD_NAMES = ("with blank", "日本語", "quest?ion", "hash#tag", "plus+semi;colon")


def finished(client: JenkinsClient, job: str, queue_id: int) -> int:
    """Wait for the build of a queue item to end; its number."""

    def ended() -> int | None:
        build = client.build_of(job, queue_id)
        return build.number if build and not build.building else None

    return eventually(ended, f"the end of a build of {job}")


# --- reading


def test_all_jobs_of_all_folders_come_in_one_request(client: JenkinsClient) -> None:
    assert [each.full_name for each in client.jobs()] == [
        "api",
        "flaky",
        "long-job",
        "nightly-e2e",
        "web",
        "Ünïcode jöb",
        "team/deploy",
    ]


def test_a_job_in_a_folder_is_found_by_its_full_name(client: JenkinsClient) -> None:
    job = client.job("team/deploy")
    assert (job.full_name, job.buildable) == ("team/deploy", True)
    assert [each.name for each in job.parameters] == ["VERSION", "NOTES", "VAULT_TOKEN"]


def test_a_folder_is_no_job(client: JenkinsClient) -> None:
    with pytest.raises(NotFound, match="that is a folder"):
        client.job("team")


@pytest.mark.parametrize("name", ["", "..", "team/..", "../api", "team//deploy", "./api"])
def test_a_name_that_would_lead_elsewhere_is_not_even_asked_for(canned: Canned, name: str) -> None:
    with pytest.raises(NotFound, match="no job can be named so"):
        canned.client().job(name)
    assert canned.asked == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_quoted_part_by_part(server: Jenkins, client: JenkinsClient, name: str) -> None:
    server.control("jobs", name="dir x", kind="folder")
    server.control("jobs", name=f"dir x/{name}", kind="pipeline", seconds=0.2)
    full_name = f"dir x/{name}"
    number = finished(client, full_name, client.trigger(full_name, (), parameterised=False).queue_id)
    assert client.build(full_name, number).outcome is Result.SUCCESS
    assert client.stages(full_name, number)


def test_a_branch_of_a_multibranch_job_keeps_its_encoded_name(server: Jenkins, client: JenkinsClient) -> None:
    server.control("jobs", name="mb", kind="multibranch")
    server.control("jobs", name="mb/feature%2Flogin", kind="pipeline")
    assert client.job("mb/feature%2Flogin").full_name == "mb/feature%2Flogin"
    assert client.trigger("mb/feature%2Flogin", (), parameterised=False).queue_id > 0


def test_stages_of_a_pipeline_and_none_of_a_freestyle_job(client: JenkinsClient) -> None:
    assert [each.name for each in client.stages("api", 1)][:2] == ["Checkout", "Build"]
    assert client.stages("web", 1) == ()


def test_who_i_am_and_which_jenkins_it_is(client: JenkinsClient) -> None:
    assert client.whoami() == "sparkops"
    assert client.version == "2.463"
    assert client.jenkins_session


def test_quieting_down(server: Jenkins, client: JenkinsClient) -> None:
    assert client.quieting().on is False
    server.post("quietDown")
    assert client.quieting().on is True


def test_many_threads_may_share_a_client(client: JenkinsClient) -> None:
    found: list[int] = []

    def read() -> None:
        for number in (1, 2, 3, 4, 5):
            found.append(client.build("api", number).number)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == sorted([1, 2, 3, 4, 5] * 8)


# --- changing


def test_an_identical_trigger_joins_the_one_that_waits_and_is_no_error(
    server: Jenkins, client: JenkinsClient
) -> None:
    """python-jenkins follows the 303 to a 404 and raises NotFoundException."""
    first = client.trigger("long-job", (), parameterised=False)
    eventually(lambda: client.queue_item(first.queue_id).number, "the first build")
    waiting = client.trigger("long-job", (), parameterised=False)
    joined = client.trigger("long-job", (), parameterised=False)
    assert (waiting.joined, joined.joined) == (False, True)
    assert joined.queue_id == waiting.queue_id
    assert len(client.queue_item(waiting.queue_id).causes) == 2


def test_there_is_no_quiet_period(canned: Canned) -> None:
    canned.answers("http_201_build_created")
    assert canned.client().trigger("team/api", (), parameterised=False).queue_id == 39
    assert canned.asked == [("POST", "/job/team/job/api/build?delay=0sec", "")]


def test_parameters_travel_in_the_body_and_never_in_the_url(canned: Canned) -> None:
    """python-jenkins puts them into the query: they reach access logs, and 9,000 characters are a 414."""
    canned.answers("http_303_build_coalesced")
    triggered = canned.client().trigger(
        "api", (("BRANCH", "feature/ü ✓"), ("NOTES", "a\nb&c")), parameterised=True
    )
    assert triggered.joined
    method, path, body = canned.asked[0]
    assert (method, path) == ("POST", "/job/api/buildWithParameters?delay=0sec")
    assert body == "BRANCH=feature%2F%C3%BC+%E2%9C%93&NOTES=a%0Ab%26c"


def test_a_long_value_arrives(client: JenkinsClient) -> None:
    queue_id = client.trigger("team/deploy", (("NOTES", "x" * 20_000),), parameterised=True).queue_id
    item = client.queue_item(queue_id)
    assert len(dict(item.parameters)["NOTES"]) == 20_000


def test_a_job_with_parameters_is_started_with_its_defaults(client: JenkinsClient) -> None:
    """`build` on it is a 400 (measured), which python-jenkins walks into."""
    queue_id = client.trigger("api", (), parameterised=True).queue_id
    assert dict(client.queue_item(queue_id).parameters)["BRANCH"] == "main"


def test_stopping_a_build(client: JenkinsClient) -> None:
    queue_id = client.trigger("long-job", (), parameterised=False).queue_id
    number = eventually(lambda: client.queue_item(queue_id).number, "a build to stop")
    client.stop("long-job", number)
    finished(client, "long-job", queue_id)
    stopped = client.build("long-job", number)
    assert (stopped.outcome, stopped.interrupted) == (Result.ABORTED, True)
    client.stop("long-job", number)


def test_taking_an_item_out_of_the_queue(client: JenkinsClient) -> None:
    first = client.trigger("long-job", (), parameterised=False)
    eventually(lambda: client.queue_item(first.queue_id).number, "the first build")
    waiting = client.trigger("long-job", (), parameterised=False)
    assert [each.id for each in client.queue_of("long-job")] == [waiting.queue_id]
    client.cancel(waiting.queue_id)
    assert client.queue_item(waiting.queue_id).cancelled
    with pytest.raises(BadParameter):
        client.cancel(waiting.queue_id)


def test_an_item_jenkins_has_forgotten_is_found_by_its_build(server: Jenkins, client: JenkinsClient) -> None:
    queue_id = client.trigger("web", (), parameterised=False).queue_id
    number = finished(client, "web", queue_id)
    server.control("queue", remembered=0)
    with pytest.raises(NotFound):
        client.queue_item(queue_id)
    build = client.build_of("web", queue_id)
    assert build is not None and build.number == number


# --- errors


def error_of(canned: Canned, name: str) -> JenkinsError:
    """What a recorded answer to a trigger becomes."""
    canned.answers(name)
    with pytest.raises(JenkinsError) as caught:
        canned.client().trigger("demo", (("ENV", "moon"),), parameterised=True)
    return caught.value


@pytest.mark.parametrize(
    ("recorded", "kind", "text"),
    [
        (
            "error_403_no_crumb",
            Forbidden,
            "Starting demo: Jenkins answered 403 (No valid crumb was included in the request). The user of "
            "JENKINS_USER needs the permission Job/Build for it, unless JENKINS_TOKEN is a password: an API token "
            "needs no crumb.",
        ),
        (
            "http_404_job",
            NotFound,
            "Starting demo: Jenkins answered 404 (Not Found). It may have been renamed or deleted, or "
            "JENKINS_USER "
            "may not see it.",
        ),
        (
            "http_409_disabled",
            Disabled,
            "Starting demo: Jenkins answered 409: it is disabled. Enable it in Jenkins first.",
        ),
        (
            "http_500_bad_choice",
            BadParameter,
            "Starting demo: Jenkins answered 500. Compare the parameters with the job's in Jenkins.",
        ),
        (
            "error_503_getting_ready",
            Starting,
            "Starting demo: Jenkins is starting and not ready yet. It usually takes less than a minute; "
            "say it again then.",
        ),
    ],
)
def test_every_refusal_has_a_type_and_says_what_to_do(
    canned: Canned, recorded: str, kind: type[JenkinsError], text: str
) -> None:
    error = error_of(canned, recorded)
    assert type(error) is kind
    assert str(error) == text
    assert error.maybe_done is False


def test_a_trigger_without_parameters_where_some_are_needed_is_a_bad_parameter(canned: Canned) -> None:
    assert type(error_of(canned, "http_400_build_without_params")) is BadParameter


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("hudson.model.Item.ExtendedRead", ", for want of hudson.model.Item.ExtendedRead."),
        ("<b>@all</b>", "403."),
    ],
)
def test_a_refusal_names_the_permission_that_jenkins_names(canned: Canned, told: str, said: str) -> None:
    canned.say(403, "", {"X-Required-Permission": told})
    with pytest.raises(Forbidden) as caught:
        canned.client().job("api")
    assert str(caught.value).startswith(
        f"Asking Jenkins for the job api: Jenkins answered 403{said.removeprefix('403')}"
    )


def test_a_wrong_token_is_unauthorised(server: Jenkins) -> None:
    with pytest.raises(Unauthorized, match="Make a new API token in Jenkins"):
        JenkinsClient(server.url, "sparkops", "wrong-token").job("api")


def test_the_boot_page_is_never_taken_for_a_missing_job(server: Jenkins, client: JenkinsClient) -> None:
    """python-jenkins says "job[api] does not exist" to a 503."""
    server.control("faults", kind="html503", path="*", count=None)
    for ask in (lambda: client.job("api"), lambda: client.build("api", 1), lambda: client.stages("api", 1)):
        with pytest.raises(Starting):
            ask()


def test_a_proxy_that_has_no_jenkins_behind_it_is_no_jenkins_that_starts(canned: Canned) -> None:
    canned.say(503, "<html><title>503 Service Temporarily Unavailable</title><center>nginx</center></html>")
    with pytest.raises(Unreachable, match="a proxy before Jenkins answered 503") as caught:
        canned.client().trigger("api", (), parameterised=False)
    assert not caught.value.maybe_done


def test_a_broken_read_is_tried_again(server: Jenkins, client: JenkinsClient) -> None:
    """python-jenkins' `retries=` has no effect: its adapter is mounted at `http` and loses to `http://`."""
    server.control("faults", kind="drop", method="GET", path="*", count=1)
    assert client.job("api").full_name == "api"


def test_a_trigger_is_never_sent_twice_and_a_lost_answer_is_known_as_such(
    server: Jenkins, client: JenkinsClient
) -> None:
    server.control("faults", kind="lost_answer", method="POST", path="*", count=1)
    with pytest.raises(Unreachable) as caught:
        client.trigger("web", (), parameterised=False)
    assert caught.value.maybe_done is True
    eventually(lambda: not client.job("web").last.building, "the build nobody was told of")  # type: ignore[union-attr]
    assert client.job("web").next_number == 7, "one build, and not two"


def test_an_answer_that_takes_too_long_may_have_been_carried_out(server: Jenkins) -> None:
    server.control("faults", kind="slow", method="POST", path="*", seconds=3, count=1)
    with pytest.raises(Unreachable, match="did not answer in time") as caught:
        JenkinsClient(server.url, "sparkops", server.secret, timeout=0.5).trigger(
            "web", (), parameterised=False
        )
    assert caught.value.maybe_done is True


def test_where_nobody_listens_nothing_was_done() -> None:
    with pytest.raises(
        Unreachable, match=r"there is no connection to Jenkins .*Connection refused"
    ) as caught:
        JenkinsClient(f"http://127.0.0.1:{free_port()}/", "sparkops", "token").trigger(
            "web", (), parameterised=False
        )
    assert caught.value.maybe_done is False


@pytest.mark.parametrize(
    "body", ["<html>Please log in</html>", "", "[]", '{"a": 1}', "null", '{"jobs": [{}]}']
)
def test_an_answer_that_is_not_jenkins_is_said_to_be_none(canned: Canned, body: str) -> None:
    canned.say(200, body, {"Content-Type": "text/html"})
    asks: tuple[Callable[[JenkinsClient], object], ...] = (
        lambda client: client.jobs(),
        lambda client: client.build("api", 1),
        lambda client: client.queue_item(1),
    )
    for ask in asks:
        with pytest.raises(BadAnswer, match="JENKINS_URL is the root of Jenkins itself"):
            ask(canned.client())


def test_a_login_page_before_jenkins_is_named_without_its_query(canned: Canned) -> None:
    canned.say(302, "", {"Location": "https://sso.example.com/login?ticket=geheim"})
    with pytest.raises(BadAnswer, match=r"Jenkins sent me on to https://sso\.example\.com/login\.") as caught:
        canned.client().job("api")
    assert "geheim" not in str(caught.value)


def test_a_trigger_s_answer_without_a_queue_item_is_no_success(canned: Canned) -> None:
    canned.say(201, "", {"Location": "https://jenkins.example.com/job/api/"})
    with pytest.raises(BadAnswer) as caught:
        canned.client().trigger("api", (), parameterised=False)
    assert caught.value.maybe_done is True


def test_no_error_and_no_representation_holds_the_token_or_a_value(server: Jenkins) -> None:
    client = JenkinsClient(f"http://127.0.0.1:{free_port()}/", "sparkops", "11topsecrettoken")
    with pytest.raises(JenkinsError) as caught:
        client.trigger("api", (("PIN", "geheim"),), parameterised=True)
    whole = f"{caught.value!r} {caught.value} {client!r} {caught.value.__cause__}"
    assert "11topsecrettoken" not in whole and "geheim" not in whole


def test_a_restart_changes_the_session(server: Jenkins, client: JenkinsClient) -> None:
    client.job("api")
    before = client.jenkins_session
    server.control("restart", refusing=0.1, booting=0.1)

    def answers() -> bool:
        try:
            return bool(client.job("api")) and client.jenkins_session != before
        except JenkinsError:
            return False

    eventually(answers, "Jenkins to be back under another session")
