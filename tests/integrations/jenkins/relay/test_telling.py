"""A build's end in the rooms that care: once for all senders, with what Jenkins and Webex know beside it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import select, text

from integrations.jenkins.errors import Unreachable
from integrations.jenkins.store.models import JenkinsBuild
from tests.integrations.jenkins.following import Following
from tests.talking import Stated

ADA = "ada@example.com"
CHANGES = [{"author": "Ada Lovelace", "email": ADA, "message": "Try again", "commit": "72aef114ab"}]


def plain(number: int = 1, result: str | None = "SUCCESS", job: str = "api", **more: Any) -> dict[str, Any]:
    """A report as any sender may write it."""
    return {"job": job, "number": number, "result": result, **more}


def statistics(number: int, result: str, job: str = "api") -> dict[str, Any]:
    """The same build's end as the Statistics Gatherer writes it."""
    return {
        "ciUrl": "https://ci.example.com/", "jobName": job, "fullJobName": job, "number": number,
        "buildUrl": f"job/{job}/{number}/", "result": result, "queueId": 17, "duration": 1000,
        "startTime": 1793000000000, "contextId": 1,
    }  # fmt: skip


def ran(talk: Following, job: str = "web", result: str = "FAILURE", **more: Any) -> int:
    """Jenkins runs a build by itself; returns its number."""
    return int(talk.server.control("builds", job=job, result=result, **more)["number"])


def heard(talk: Following, number: int, result: str | None, job: str = "web", **more: Any) -> str:
    """What the room is told of a build's report; empty where it is told nothing."""
    before = len(talk.told())
    talk.hears(plain(number, result, job, **more))
    return "\n".join(talk.told()[before:])


def test_as_a_rule_a_room_hears_what_changes(talk: Following) -> None:
    talk.say("jenkins subscribe shop")
    results = ["SUCCESS", "FAILURE", "FAILURE", "ABORTED", "FAILURE", "SUCCESS", "SUCCESS", None]
    told = [heard(talk, number, result, "shop") for number, result in enumerate(results, start=1)]
    assert [line.partition(" It was")[0] for line in told] == [
        "",
        "❌ **shop** #2 is broken: it failed.",
        "",
        "",
        "",
        "✅ **shop** #6 is back to normal: it succeeded.",
        "",
        "❓ **shop** #8 ended without a result I know, which I do not take for a success.",
    ]


def test_every_so_many_failures_it_is_reminded(talk: Following) -> None:
    talk.say("jenkins subscribe api --every 3")
    told = [number for number in range(1, 9) if heard(talk, number, "FAILURE", "api")]
    assert told == [1, 4, 7]
    assert talk.told()[-1] == "❌ **api** #7 is still failing: it failed. That is 7 in a row, since #1."


def test_what_a_room_wants_can_be_changed(talk: Following) -> None:
    talk.say("jenkins subscribe api")
    said = talk.say("jenkins subscribe api --tell all --branch main --result failure --by ada@example.com")
    assert said.startswith(
        "📣 This room hears from now on of `api`: every finished build; only of the branches `main` and of those "
        "that end `failure` and of what `ada@example.com` asked for or changed. "
    )
    assert "hears already of" in talk.say(
        "jenkins subscribe api --tell all --branch main --result failure --by ada@example.com"
    )


def test_only_some_branches(talk: Following) -> None:
    talk.say("jenkins subscribe api --tell all --branch main --branch rel/*")
    assert heard(talk, 1, "SUCCESS", "api", branch="topic") == ""
    assert "on main" in heard(talk, 2, "SUCCESS", "api", branch="main")
    assert "on rel/1.2" in heard(talk, 3, "SUCCESS", "api", branch="origin/rel/1.2")


def test_only_what_somebody_asked_for_or_changed(talk: Following) -> None:
    talk.say(f"jenkins subscribe web --tell all --by {ADA}")
    assert heard(talk, ran(talk), "FAILURE") == ""
    assert "is still failing" in heard(talk, ran(talk, changes=CHANGES), "FAILURE")
    assert heard(talk, 99, "SUCCESS", asked_by="ada@example.com")


def test_several_senders_of_one_end_are_one_message(talk: Following) -> None:
    talk.say("jenkins subscribe api --tell all")
    talk.hears(plain(7, "FAILURE", queue_id=17))
    talk.hears(statistics(7, "FAILURE"))
    talk.hears(plain(7, "FAILURE", phase="COMPLETED", queue_id=17))
    assert len(talk.told()) == 1


def test_a_late_start_does_not_turn_an_end_back(talk: Following) -> None:
    talk.say("jenkins subscribe api --tell all")
    talk.hears(plain(7, "FAILURE", queue_id=17))
    talk.hears(plain(7, None, phase="STARTED", queue_id=17, asked_by="ada"))
    talk.hears(plain(7, "FAILURE", queue_id=17))
    with talk.database.transaction() as session:
        [build] = session.scalars(select(JenkinsBuild))
        assert (build.phase, build.result, build.asked_by) == (3, "FAILURE", "ada")
    assert len(talk.told()) == 1


def test_a_job_made_anew_begins_with_the_same_numbers_and_is_told_again(talk: Following) -> None:
    talk.say("jenkins subscribe api --tell all")
    talk.hears(plain(1, "FAILURE", queue_id=17))
    talk.hears(plain(1, "SUCCESS", queue_id=500))
    assert [line.split(".")[0] for line in talk.told()] == [
        "❌ **api** #1 failed",
        "✅ **api** #1 succeeded",
    ]


# --- what Jenkins and Webex know beside the report


def test_who_may_know_why_is_called_where_it_breaks(talk: Following) -> None:
    talk.say("jenkins subscribe web")
    said = heard(talk, ran(talk, changes=CHANGES), "FAILURE")
    assert said.endswith(f"Changes by <@personEmail:{ADA}>.")
    assert "<@" not in heard(talk, ran(talk, changes=CHANGES), "FAILURE"), "once is enough"


def test_who_is_not_in_the_room_is_named_and_not_called(talk: Following) -> None:
    relations = talk.conversation.services.relations
    assert isinstance(relations, Stated)
    relations.outside.add((ADA, "room-1"))
    talk.say("jenkins subscribe web")
    assert heard(talk, ran(talk, changes=CHANGES), "FAILURE").endswith("Changes by Ada Lovelace.")


def test_a_committer_known_by_another_name_is_called_by_their_address(talk: Following) -> None:
    talk.say("jenkins subscribe api")
    assert talk.say("jenkins committer al1ce alice@example.com") == (
        "`al1ce` is alice@example.com: I mention them in the room when they may know why a build broke."
    )
    said = heard(talk, 1, "FAILURE", "api", culprits=["al1ce", "bob"])
    assert said.endswith("Changes by <@personEmail:alice@example.com>, bob.")
    assert "al1ce  " in talk.say("jenkins committer")
    assert talk.say("jenkins committer AL1CE --forget") == "`AL1CE` is forgotten."
    assert talk.say("jenkins committer al1ce --forget") == "`al1ce` is nobody I was told of."
    assert heard(talk, 1, "FAILURE", "api2", culprits=["al1ce"]) == ""


@pytest.mark.parametrize("line", ["jenkins committer alice", "jenkins committer alice nobody"])
def test_a_committer_is_somebody_with_an_address(talk: Following, line: str) -> None:
    assert talk.say(line) == "⚠️ Say who `alice` is by their Webex address: `jenkins committer NAME EMAIL`."


def test_of_a_crowd_nobody_is_called(talk: Following) -> None:
    talk.say("jenkins subscribe api")
    said = heard(talk, 1, "FAILURE", "api", culprits=[f"p{number}@example.com" for number in range(7)])
    assert "<@" not in said and said.endswith("p4@example.com and 2 more.")


def test_the_stage_and_the_tests_that_failed_are_asked_for(talk: Following) -> None:
    talk.say("jenkins subscribe *")
    cases = [
        {"class_name": "acme.CartTest", "name": "rounds", "status": "FAILED"},
        {"class_name": "acme.CartTest", "name": "adds"},
    ]
    number = ran(talk, "team/deploy", tests=cases)
    said = heard(talk, number, "FAILURE", "team/deploy")
    assert said == (
        f"❌ **team/deploy** #{number} failed.\n"
        "Stage **Build** broke: script returned exit code 1.\n"
        "1 of 2 tests failed: `acme.CartTest.rounds`."
    )


def test_a_jenkins_that_does_not_answer_leaves_it_at_the_report(talk: Following) -> None:
    talk.say("jenkins subscribe web")
    number = ran(talk, changes=CHANGES)
    talk.server.control("faults", kind="html503", path="*", count=None)
    assert heard(talk, number, "FAILURE") == f"❌ **web** #{number} failed."


def test_a_jenkins_that_is_away_is_not_waited_for_at_every_report(
    talk: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each report would hold up a thread that others' lines wait for."""
    talk.say("jenkins subscribe * --tell all")
    asked: list[str] = []

    def nobody(url: str, what: str) -> str:
        asked.append(what)
        raise Unreachable(what, "Jenkins did not answer in time")

    monkeypatch.setattr(talk.client.transport, "get", nobody)
    for number in range(1, 6):
        heard(talk, number, "FAILURE", "shop")
    assert len(asked) == 1 and len(talk.told()) == 5
    later = time.monotonic() + 30
    monkeypatch.setattr("integrations.jenkins.servers.time.monotonic", lambda: later)
    heard(talk, 6, "FAILURE", "shop")
    assert len(asked) == 2


def test_nothing_is_asked_for_a_room_that_will_not_be_told(
    talk: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.say("jenkins subscribe web")
    heard(talk, ran(talk), "FAILURE")
    asked: list[str] = []
    monkeypatch.setattr(talk.client.transport, "get", lambda url, what: asked.append(what))
    talk.hears(plain(90, "FAILURE", "web"))
    talk.hears(plain(91, "FAILURE", "another"))
    talk.hears(plain(92, "ABORTED", "web"))
    assert asked == []


# --- threads


def sent(talk: Following, *, message: str) -> None:
    """Webex has taken everything, as this message."""
    with talk.database.transaction() as session:
        session.execute(
            text("UPDATE outbox SET state = 'sent', message_id = :id WHERE state <> 'sent'"), {"id": message}
        )


def threads(talk: Following) -> list[str | None]:
    """What each message hangs on, in order."""
    with talk.database.transaction() as session:
        rows = session.execute(text("SELECT parent_id FROM outbox WHERE live_id IS NULL ORDER BY id"))
        return [row.parent_id for row in rows]


def test_a_downstream_build_is_told_in_the_thread_of_the_one_that_asked_for_it(talk: Following) -> None:
    talk.say("jenkins subscribe * --tell all")
    talk.hears(plain(4, "SUCCESS", "build"))
    sent(talk, message="of-build")
    talk.hears(plain(9, "SUCCESS", "deploy", upstream={"job": "build", "number": 4}))
    talk.hears(plain(2, "FAILURE", "smoke", upstream={"job": "deploy", "number": 9}))
    talk.hears(plain(3, "SUCCESS", "smoke"))
    assert threads(talk) == [None, "of-build", "of-build", None]


def test_branches_have_threads_of_their_own(talk: Following) -> None:
    talk.say("jenkins subscribe api --tell all")
    for number, branch in enumerate(("main", "topic", "main", "topic"), start=1):
        talk.hears(plain(number, branch=branch))
        sent(talk, message=f"of-{branch}")
    assert threads(talk) == [None, None, "of-main", "of-topic"]
