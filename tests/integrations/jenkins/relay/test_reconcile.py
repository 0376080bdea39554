"""Reports that never came are made up for: by looking at each server, for all rooms at once, and each end once."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import select, text

from integrations.jenkins.relay.reconcile import reconcile
from integrations.jenkins.store.models import JenkinsBuild, JenkinsJob
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.talking import DIRECT


@pytest.fixture
def talk(talk: Following) -> Following:
    """The owner's room hears of all builds, and one look has been taken."""
    talk.say("jenkins subscribe * --tell all")
    look(talk)
    return talk


def look(talk: Following) -> tuple[str, ...]:
    """What the worker does every fifteen seconds."""
    return reconcile(talk.conversation.services)


def ran(talk: Following, job: str = "web", result: str = "SUCCESS", **more: Any) -> int:
    """Jenkins runs a build by itself and tells nobody; returns its number."""
    return int(talk.server.control("builds", job=job, result=result, **more)["number"])


def requests_of(talk: Following, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of Jenkins from now on."""
    asked: list[str] = []
    get = talk.client.transport.get

    def noted(url: str, what: str) -> str:
        asked.append(what)
        return get(url, what)

    monkeypatch.setattr(talk.client.transport, "get", noted)
    return asked


def heads(talk: Following, room: str = "room-1") -> list[str]:
    """The told messages up to how long it took."""
    return [line.split(" after ")[0] for line in talk.told(room)]


def test_what_had_ended_before_the_first_look_is_not_told(talk: Following) -> None:
    assert look(talk) == ()
    assert talk.told() == []


def test_an_end_that_nobody_reported_is_told_at_the_second_look_after_it(talk: Following) -> None:
    number = ran(talk, result="FAILURE")
    assert look(talk) == (), "a server that reports by itself is given time to"
    assert look(talk) == ("room-1",)
    assert heads(talk) == [f"❌ **web** #{number} failed"]
    assert look(talk) == ()


def test_what_was_reported_meanwhile_is_not_told_again(talk: Following) -> None:
    number = ran(talk)
    look(talk)
    report = {
        "job": "web",
        "number": number,
        "result": "SUCCESS",
        "url": f"{talk.server.url}/job/web/{number}/",
    }
    assert talk.hears(report) == ("room-1",)
    assert look(talk) == ()
    assert len(talk.told()) == 1


def test_a_report_that_comes_after_all_is_not_told_again(talk: Following) -> None:
    number = ran(talk)
    look(talk), look(talk)
    assert talk.hears({"job": "web", "number": number, "result": "SUCCESS"}) == ()
    assert len(talk.told()) == 1


def test_several_ends_of_one_job_are_told_in_their_order(talk: Following) -> None:
    first = ran(talk, result="FAILURE")
    ran(talk, result="FAILURE")
    ran(talk)
    look(talk), look(talk)
    assert heads(talk) == [
        f"❌ **web** #{first} failed",
        f"❌ **web** #{first + 1} is still failing: it failed",
        f"✅ **web** #{first + 2} is back to normal: it succeeded",
    ]


def test_trouble_with_one_job_keeps_no_other_from_being_told(talk: Following) -> None:
    ran(talk, "api", result="FAILURE"), ran(talk, "api")
    number = ran(talk, "web", result="FAILURE")
    talk.server.control("faults", kind="status", path="*job/api/api/json*", status=500, count=1)
    look(talk), look(talk)
    assert heads(talk) == [f"❌ **web** #{number} failed"]
    look(talk)
    assert [line.split("**")[1] for line in talk.told()] == ["web", "api", "api"], "told at the next look"


def test_jobs_in_folders_and_branches_are_looked_at(talk: Following) -> None:
    ran(talk, "team/deploy")
    talk.server.control("jobs", name="mb", kind="multibranch")
    talk.server.job("mb/feature%2Flogin", seconds=0.1)
    look(talk)
    ran(talk, "mb/feature%2Flogin")
    look(talk), look(talk), look(talk)
    assert {line.split("**")[1] for line in talk.told()} == {"team/deploy", "mb/feature/login"}


def test_a_job_made_after_the_first_look_is_told_from_then_on(talk: Following) -> None:
    talk.server.job("fresh", seconds=0.1)
    ran(talk, "fresh")
    look(talk)
    ran(talk, "fresh", result="FAILURE")
    look(talk), look(talk)
    assert heads(talk) == ["✅ **fresh** #1 succeeded", "❌ **fresh** #2 is broken: it failed"]


def test_a_job_with_a_past_that_comes_to_sight_is_told_from_then_on(talk: Following) -> None:
    """It was renamed, say, or the bot may see it only now."""
    talk.server.job("fresh", seconds=0.1)
    for _ in range(3):
        ran(talk, "fresh")
    look(talk), look(talk)
    assert talk.told() == []
    ran(talk, "fresh", result="FAILURE")
    look(talk), look(talk)
    assert heads(talk) == ["❌ **fresh** #4 failed"]


def test_a_build_that_was_heard_to_begin_is_told_though_its_job_was_never_looked_at(talk: Following) -> None:
    talk.server.job("fresh", seconds=0.1)
    talk.hears({"job": "fresh", "number": 1, "phase": "STARTED"})
    ran(talk, "fresh")
    assert look(talk) == ("room-1",)
    assert heads(talk) == ["✅ **fresh** #1 succeeded"]


def test_a_job_made_anew_is_told_from_its_first_build(talk: Following) -> None:
    talk.server.job("again", seconds=0.1)
    for _ in range(3):
        ran(talk, "again")
    look(talk), look(talk)
    talk.server.control("jobs/delete", name="again")
    talk.server.job("again", seconds=0.1)
    ran(talk, "again")
    look(talk), look(talk)
    ran(talk, "again", result="FAILURE")
    look(talk), look(talk)
    assert heads(talk) == ["✅ **again** #1 succeeded", "❌ **again** #2 is broken: it failed"]


def test_without_a_hook_there_is_nothing_to_wait_for(server: Jenkins, database: Any) -> None:
    talk = following(database, server, environ={"JENKINS_HOOK_SECRET": ""})
    talk.say("jenkins subscribe * --tell all")
    look(talk)
    ran(talk)
    assert look(talk) == ("room-1",)


def test_running_builds_are_on_the_record_with_who_asked_for_them(talk: Following) -> None:
    talk.server.control("speed", speed=1)
    talk.server.build("job/long-job")
    look(talk)
    with talk.database.transaction() as session:
        [build] = session.scalars(select(JenkinsBuild).where(JenkinsBuild.job == "long-job"))
        assert (build.phase, build.asked_by, build.result) == (1, "bot", None)


def test_one_look_serves_all_rooms(talk: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    talk.say("jenkins subscribe web --tell all", place=DIRECT)
    ran(talk)
    look(talk)
    asked = requests_of(talk, monkeypatch)
    assert look(talk) == ("room-1", "room-2")
    assert asked == ["looking at all jobs of Jenkins", "looking at what Jenkins builds"]


def test_nobody_is_looked_at_whom_nobody_wants_to_hear_of(
    talk: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.say("jenkins unsubscribe *")
    asked = requests_of(talk, monkeypatch)
    assert look(talk) == ()
    assert asked == []


def test_a_freestyle_build_that_a_restart_killed_is_told_as_that(talk: Following) -> None:
    talk.server.control("speed", speed=1)
    number = talk.server.build("job/long-job")
    look(talk)
    talk.server.restart()
    eventually(lambda: not talk.server.get(f"job/long-job/{number}/api/json")["building"], "its end")
    look(talk), look(talk)
    (told,) = talk.told()
    assert "by what looks like a restart of Jenkins" in told and told.startswith("🚫 **long-job**")


# --- a server that is away


def away(talk: Following, *, since: float) -> tuple[str, ...]:
    """A look at a server that cannot be reached, and could not be for so many seconds."""
    talk.server.control("faults", kind="drop", path="*", count=None)
    lanes = look(talk)
    with talk.database.transaction() as session:
        session.execute(
            text(
                "UPDATE facts SET value = jsonb_set(value, '{since}', to_jsonb(extract(epoch FROM now()) - :s)) "
                "WHERE name = 'jenkins is away'"
            ),
            {"s": since},
        )
    return lanes


def test_a_short_absence_is_nobodys_business(talk: Following) -> None:
    assert away(talk, since=20) == ()
    assert look(talk) == ()
    requests.delete(f"{talk.server.url}/playground/faults", timeout=10)
    assert look(talk) == ()
    assert talk.told() == []


def test_a_long_one_is_told_once_and_so_is_its_end(talk: Following) -> None:
    away(talk, since=90)
    assert look(talk) == ("room-1",)
    assert look(talk) == ()
    requests.delete(f"{talk.server.url}/playground/faults", timeout=10)
    number = ran(talk)
    assert look(talk) == ("room-1",)
    look(talk)
    assert [line.split(" for ")[0].split(", after")[0] for line in talk.told()] == [
        "📡 Jenkins **main** has not answered",
        "📡 Jenkins **main** answers again",
        f"✅ **web** #{number} succeeded after 10 s. [Open]({talk.server.url}/job/web/{number}/)",
    ]
    assert "the connection to Jenkins broke" in talk.told()[0]


def test_an_unchanged_job_is_not_written_again(talk: Following) -> None:
    query = select(JenkinsJob.looked_at).order_by(JenkinsJob.job)
    with talk.database.transaction() as session:
        before = list(session.scalars(query))
    look(talk)
    with talk.database.transaction() as session:
        assert list(session.scalars(query)) == before
