"""Jenkins reports, and the rooms that subscribed hear of it: once, in one thread, with what it means."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.runs.states import State
from bot.store.database import Database
from bot.store.models import OutboxMessage
from tests.integrations.jenkins.events.fixtures import Fixture
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually, running_listener
from tests.talking import DIRECT


def report(
    number: int = 142, status: str | None = "SUCCESS", phase: str = "FINALIZED", **changes: Any
) -> dict[str, Any]:
    """A report as the Notification plugin writes it; it leaves nulls out."""
    path = f"job/team/job/api-service/{number}/"
    build = {
        "full_url": f"https://jenkins.example.com/{path}",
        "number": number,
        "queue_id": 3000 + number,
        "timestamp": 1_760_000_000_000 + number,
        "duration": 93_211,
        "phase": phase,
        "status": status,
        "url": path,
        "scm": {"changes": [], "culprits": []},
        "log": "",
        "notes": "",
        **changes,
    }
    kept = {name: value for name, value in build.items() if value is not None}
    return {
        "name": "api-service",
        "display_name": "API Service",
        "url": "job/team/job/api-service/",
        "build": kept,
    }


@pytest.fixture
def subscribed(talk: Following) -> Following:
    talk.say("jenkins subscribe team/* --tell all")
    return talk


def test_a_subscribed_room_hears_the_story_of_a_job(subscribed: Following) -> None:
    for number, status in enumerate(("SUCCESS", "FAILURE", "FAILURE", "ABORTED", "SUCCESS"), start=1):
        assert subscribed.hears(report(number, status)) == ("room-1",)
    said = [
        re.sub(r"broken for .*", "broken for …", line.partition(" [Open]")[0]) for line in subscribed.told()
    ]
    assert said == [
        "✅ **team/api-service** #1 succeeded after 1 min 33 s.",
        "❌ **team/api-service** #2 is broken: it failed after 1 min 33 s.",
        "❌ **team/api-service** #3 is still failing: it failed after 1 min 33 s. That is 2 in a row, since #2.",
        "🚫 **team/api-service** #4 was aborted after 1 min 33 s.",
        "✅ **team/api-service** #5 is back to normal: it succeeded after 1 min 33 s. It was broken for …",
    ]


def test_a_room_that_did_not_subscribe_hears_nothing(subscribed: Following) -> None:
    other = {**report(), "url": "job/other/"}
    assert subscribed.hears(other) == ()
    assert subscribed.told() == []


def test_two_globs_that_match_are_one_message(subscribed: Following) -> None:
    subscribed.say("jenkins subscribe * --tell all")
    subscribed.hears(report())
    assert len(subscribed.told()) == 1


def test_completed_and_finalized_are_one_message(subscribed: Following) -> None:
    subscribed.hears(report(phase="COMPLETED", status="FAILURE"))
    subscribed.hears(report(phase="FINALIZED", status="FAILURE"))
    assert len(subscribed.told()) == 1


def test_either_of_them_is_enough(subscribed: Following) -> None:
    subscribed.hears(report(1, phase="COMPLETED"))
    subscribed.hears(report(2, phase="FINALIZED"))
    assert len(subscribed.told()) == 2


def test_a_result_that_turns_out_otherwise_is_corrected(subscribed: Following) -> None:
    subscribed.hears(report(1))
    subscribed.hears(report(2, phase="COMPLETED", status="SUCCESS"))
    subscribed.hears(report(2, phase="FINALIZED", status="FAILURE"))
    subscribed.hears(report(3, status="SUCCESS"))
    assert [line.split(" after ")[0] for line in subscribed.told()][1:] == [
        "✅ **team/api-service** #2 succeeded",
        "❌ **team/api-service** #2 is broken: it failed",
        "✅ **team/api-service** #3 is back to normal: it succeeded",
    ]


def test_a_late_report_of_an_older_build_does_not_turn_the_story_back(subscribed: Following) -> None:
    subscribed.hears(report(5, "FAILURE"))
    subscribed.hears(report(4, "SUCCESS"))
    subscribed.hears(report(6, "FAILURE"))
    assert [line.split(" after ")[0] for line in subscribed.told()] == [
        "❌ **team/api-service** #5 failed",
        "✅ **team/api-service** #4 succeeded",
        "❌ **team/api-service** #6 is still failing: it failed",
    ]


def test_the_start_of_a_build_is_not_told(subscribed: Following) -> None:
    for phase in ("QUEUED", "STARTED"):
        assert subscribed.hears(report(phase=phase, status=None)) == ()
    assert subscribed.told() == []


def test_the_story_of_a_job_is_one_thread(subscribed: Following) -> None:
    subscribed.hears(report(1))
    with subscribed.database.transaction() as session:
        session.execute(text("UPDATE outbox SET state = 'sent', message_id = 'first-message'"))
    subscribed.hears(report(2))
    subscribed.hears({"job": "team/other", "number": 1, "result": "SUCCESS"})
    with subscribed.database.transaction() as session:
        parents = session.execute(text("SELECT parent_id FROM outbox ORDER BY id")).scalars().all()
    assert parents == [None, "first-message", None]


def test_branches_have_stories_of_their_own(subscribed: Following) -> None:
    for number, status, branch in (
        (1, "SUCCESS", "main"),
        (2, "FAILURE", "feature/x"),
        (3, "FAILURE", "main"),
    ):
        subscribed.hears(report(number, status, scm={"branch": f"origin/{branch}"}))
    assert [line.split(" after ")[0] for line in subscribed.told()] == [
        "✅ **team/api-service** #1 on main succeeded",
        "❌ **team/api-service** #2 on feature/x failed",
        "❌ **team/api-service** #3 on main is broken: it failed",
    ]


def test_a_report_without_a_root_url_is_linked_by_what_we_know(subscribed: Following) -> None:
    subscribed.hears(report(full_url=None))
    assert f"[Open]({subscribed.client.url}job/team/job/api-service/142/)" in subscribed.told()[0]


def test_a_room_may_subscribe_to_a_branch_as_people_write_it(talk: Following) -> None:
    talk.say("jenkins subscribe mb/feature/* --tell all")
    talk.hears({**report(), "url": "job/mb/job/feature%252Flogin/"})
    assert talk.told()[0].startswith("✅ **mb/feature/login** #142 succeeded")


def test_what_a_report_holds_neither_mentions_nor_formats(subscribed: Following) -> None:
    evil = "<@all> **b** [x](https://evil.example)"
    tests = {"total": 1, "failed": 1, "failed_tests": [evil]}
    subscribed.hears(
        report(1, "FAILURE", scm={"branch": evil}, test_summary=tests, full_url="javascript:alert(1)")
    )
    (told,) = subscribed.told()
    assert "<@all>" not in told and "javascript" not in told
    assert "\\*\\*b\\*\\* \\[x\\]\\(https://evil.example\\)" in told


# --- builds that are followed anyway


def test_a_room_that_follows_a_build_is_not_told_twice_and_others_are_told(subscribed: Following) -> None:
    subscribed.say("jenkins subscribe web")
    subscribed.say("jenkins subscribe web --tell all", place=DIRECT)
    subscribed.say("jenkins build web")
    run = subscribed.until(State.DONE)
    url = f"{subscribed.server.url}/job/web/6/"
    done = {
        "number": 6,
        "phase": "FINALIZED",
        "status": "SUCCESS",
        "full_url": url,
        "queue_id": run.progress["queue_id"],
    }
    assert subscribed.hears({"name": "web", "url": "job/web/", "build": done}) == ("room-2",)
    assert len(subscribed.told()) == 1, "the run's own"
    assert subscribed.told("room-2")[0].startswith("✅ **web** #6 succeeded")


def test_a_followed_build_belongs_to_the_story_all_the_same(talk: Following) -> None:
    talk.say("jenkins subscribe nightly-e2e")
    talk.say("jenkins build nightly-e2e")
    run = talk.to_its_end()
    number = run.progress["number"]
    for each, status in ((number, "FAILURE"), (number + 1, "SUCCESS")):
        talk.hears({"job": "nightly-e2e", "number": each, "result": status})
    assert talk.told()[-1].startswith(f"✅ **nightly-e2e** #{number + 1} is back to normal")


def test_a_report_wakes_the_run_that_follows_the_build(talk: Following) -> None:
    talk.say("jenkins build long-job")
    run = talk.until(State.RUNNING)
    with talk.database.transaction() as session:
        session.execute(text("UPDATE runs SET next_step_at = now() + interval '1 hour'"))
    talk.hears(
        {"job": "long-job", "number": run.progress["number"], "phase": "COMPLETED", "result": "SUCCESS"}
    )
    with talk.database.transaction() as session:
        assert session.execute(text("SELECT next_step_at <= now() FROM runs")).scalar_one()


# --- what the stand-in really sends


def test_the_reports_of_a_whole_build_as_they_arrive(talk: Following) -> None:
    talk.say("jenkins subscribe * --tell all")
    with running_listener() as listener:
        talk.server.control("hooks", url=listener.url)
        talk.server.control("builds", job="team/deploy", result="FAILURE", seconds=40, user="ann")
        eventually(lambda: "FINALIZED" in listener.phases(), "the last report")
    for body in listener.heard:
        talk.hears(body)
    (told,) = talk.told()
    assert (
        told == f"❌ **team/deploy** #3 failed after 40 s. [Open]({talk.server.url}/job/team/job/deploy/3/)\n"
        "Stage **Build** broke: script returned exit code 1."
    )


# --- other senders


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "cloudevents/job_finalized",
            "✅ **backup/restore-drill** #19 on main succeeded after 15 min 2 s. "
            "[Open](https://ci.example.net/jenkins/job/backup/job/restore-drill/19/)",
        ),
        (
            "generic-event/run_completed_unstable",
            "⚠️ **platform/api/main** #41 on main is unstable after 3 min 33 s: some tests failed. "
            "[Open](https://ci.example.net/jenkins/job/platform/job/api/job/main/41/)\n1 of 96 tests failed.\n"
            "Changes by mira, Jonas Lind.",
        ),
        (
            "global-build-notification/completed",
            "❌ **mobile/android** #450 failed after 5 min 5 s. "
            "[Open](https://ci.example.net/jenkins/job/mobile/job/android/450/)",
        ),
        (
            "outbound-webhook/failure",
            "❌ **firmware/edge gateway** #1207 failed. "
            "[Open](https://ci.example.net/jenkins/job/firmware/job/edge%20gateway/1207/)",
        ),
        (
            "statistics-gatherer/build_end_failure_causes",
            "🚫 **search/reindex** #66 was aborted after 9 s. "
            "[Open](https://ci.example.net/jenkins/job/search/job/reindex/66/)",
        ),
    ],
)
def test_a_subscribed_room_hears_of_builds_from_any_sender(talk: Following, name: str, told: str) -> None:
    report = Fixture(name)
    talk.say("jenkins subscribe * --tell all")
    assert talk.hears(report.body, report.headers) == ("room-1",)
    assert talk.told() == [told]


@pytest.mark.parametrize(
    "name", ["cloudevents/job_created", "generic-event/item_deleted", "statistics-gatherer/queue_left"]
)
def test_what_rooms_need_not_know_is_told_to_nobody(talk: Following, name: str) -> None:
    report = Fixture(name)
    talk.say("jenkins subscribe * --tell all")
    assert talk.hears(report.body, report.headers) == ()
    assert talk.told() == []


def test_each_owner_is_told_once_of_a_kind_of_report_that_nobody_can_read(
    server: Jenkins, database: Database
) -> None:
    talk = following(database, server, environ={"SPARKOPS_ADMINS": "ann@example.com,bo@example.com"})
    report = Fixture("generic-event/a_type_of_a_later_version")
    lanes = ("mailto:ann@example.com", "mailto:bo@example.com")
    for _ in range(2):
        assert talk.hears(report.body, report.headers) == lanes
    assert told_to(talk, "ann@example.com") == told_to(talk, "bo@example.com")
    assert told_to(talk, "ann@example.com") == [
        "❔ Jenkins' hook got a report from `generic-event` of a kind I cannot read: `run.paused`. Its fields: "
        "`data`, `dataType`, `id`, `source`, `time`, `type`. I do nothing with reports of this kind, and will "
        "not say so for each. The README of the Jenkins integration names those I read."
    ]


def test_the_names_in_an_unknown_report_neither_mention_nor_format(talk: Following) -> None:
    talk.hears({"<@all>": 1, "**b**": 2, "`c`": 3, **{f"f{number}": 4 for number in range(9)}})
    (told,) = told_to(talk, talk.conversation.services.settings.admins[0])
    assert "<@all>" not in told and "`**b**`" in told and "`` `c` ``" in told
    assert "a sender I do not know" in told and "and 4 more." in told


def told_to(talk: Following, person: str) -> list[str]:
    """The direct messages to a person, in order."""
    query = select(OutboxMessage).where(OutboxMessage.to_person_email == person).order_by(OutboxMessage.id)
    with talk.database.transaction() as session:
        return [row.body["markdown"] for row in session.scalars(query)]
