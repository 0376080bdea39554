"""A build is followed from question to end: what the room sees, and what happens when things break."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bot.outbound.outbox import MAX_EDITS
from bot.runs import runs
from bot.runs.states import State
from bot.store.models import Attempt
from tests.integrations.jenkins.following import Following
from tests.playground.jenkins.running_jenkins import eventually

YOU = "<@personEmail:you@example.com>"


def cancel(talk: Following, number: int = 1) -> None:
    with talk.database.transaction() as session:
        runs.request_cancel(session, number, "you@example.com")


def interrupted(talk: Following, number: int = 1) -> None:
    """As a worker leaves it that died while it asked Jenkins: the attempt is open, the step is due again."""
    with talk.database.transaction() as session:
        session.add(Attempt(key=f"run:{number}:trigger", what="starting web"))


def builds(talk: Following, job: str = "web") -> list[int]:
    return [
        each["number"] for each in talk.server.get(f"job/{job}/api/json", tree="builds[number]")["builds"]
    ]


def test_a_build_is_followed_to_its_success(talk: Following) -> None:
    talk.say("jenkins build api BRANCH=main")
    run = talk.to_its_end()
    assert run.state == State.DONE
    assert talk.moves() in (
        ["requested", "queued", "running", "done"],
        ["requested", "queued", "done"],
    ), "a build may be over before it is looked at"
    url = f"{talk.server.url}/job/api/6/"
    live = talk.live().splitlines()
    assert live[0].startswith("✅ **api** #6 with `BRANCH=main` succeeded")
    assert [line.split()[1] for line in live[1:]] == [
        "Checkout",
        "Build",
        "Test",
        "unit",
        "integration",
        "Package",
    ]
    (told,) = talk.told()
    assert told.startswith("✅ **api** #6 succeeded") and told.endswith(f"[Open]({url}) {YOU}")


def test_a_failure_names_its_stage_and_how_to_start_again(talk: Following) -> None:
    talk.say("jenkins build nightly-e2e")
    assert talk.to_its_end().state == State.FAILED
    (told,) = talk.told()
    first, second = told.splitlines()
    assert "in stage **firefox**: firefox: the basket is empty after a reload. [Open]" in first
    assert second == f"`jenkins build nightly-e2e` starts it again. {YOU}"
    assert "✅ E2E" in talk.live() and "❌ firefox" in talk.live()


def test_while_it_runs_the_stages_are_shown_with_few_edits(talk: Following) -> None:
    talk.say("jenkins build api BRANCH=main")
    talk.to_its_end()
    seen = [each for each in talk.lives if each.startswith("🔨")]
    assert any("⏳" in each for each in seen)
    assert len(talk.lives) <= 1 + MAX_EDITS


def test_a_freestyle_build_is_followed_without_stages(talk: Following) -> None:
    talk.say("jenkins build web")
    assert talk.to_its_end().state == State.DONE
    assert talk.live().startswith("✅ **web** #6 succeeded")
    assert "\n" not in talk.live()


def test_a_pipeline_that_says_unstable_before_its_end_is_followed_to_its_end(talk: Following) -> None:
    talk.server.control("builds", job="flaky", result="SUCCESS", seconds=1)
    talk.say("jenkins build flaky")
    run = talk.to_its_end()
    assert talk.run().progress["number"] == 8
    assert (run.state, talk.told()[0][:27]) == (State.FAILED, "⚠️ **flaky** #8 is unstable")


def test_a_second_identical_build_joins_the_one_that_waits(talk: Following) -> None:
    talk.server.build("job/long-job")
    talk.say("jenkins build long-job")
    talk.say("jenkins build long-job")
    talk.turn()
    talk.turn()
    assert talk.run(1).progress["queue_id"] == talk.run(2).progress["queue_id"]
    assert talk.live() == (
        "🕓 **long-job** is in Jenkins' queue: it waits for the build before it. "
        "The same build was waiting already, so this is that one."
    )


# --- cancelling


def test_a_cancelled_run_stops_its_build_and_waits_for_its_end(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    cancel(talk)
    run = talk.to_its_end()
    assert run.state == State.CANCELLED
    assert any(
        each.startswith("🛑 **long-job** #2 was asked to stop by you@example.com.") for each in talk.lives
    )
    assert talk.told()[0].startswith("🚫 **long-job** #2 was aborted")
    assert talk.server.get("job/long-job/2/api/json")["result"] == "ABORTED"


def test_a_run_cancelled_in_the_queue_takes_its_item_out(talk: Following) -> None:
    talk.server.build("job/long-job")
    talk.say("jenkins build long-job")
    talk.until(State.QUEUED)
    cancel(talk)
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.told() == [
        f"🚫 **long-job** was taken out of Jenkins' queue by you@example.com; nothing was built. {YOU}"
    ]
    assert builds(talk, "long-job") == [2, 1]


def test_a_build_that_others_asked_for_too_is_left_to_them(talk: Following) -> None:
    talk.server.build("job/long-job")
    talk.say("jenkins build long-job")
    talk.until(State.QUEUED)
    talk.server.post("job/long-job/build")
    cancel(talk)
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.told() == [
        "👋 I follow **long-job** no more. Others asked for the same build, so it goes on; `jenkins stop "
        "long-job` "
        f"stops it for all. {YOU}"
    ]
    assert len(talk.server.get("queue/api/json")["items"]) == 1


def test_an_item_taken_out_in_jenkins_ends_the_run(talk: Following) -> None:
    talk.server.build("job/long-job")
    talk.say("jenkins build long-job")
    run = talk.until(State.QUEUED)
    talk.server.post("queue/cancelItem", id=str(run.progress["queue_id"]))
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.told() == [
        f"🚫 **long-job** was taken out of Jenkins' queue in Jenkins; nothing was built. {YOU}"
    ]


# --- the trigger happens once


def test_a_trigger_whose_answer_was_lost_is_found_and_followed(talk: Following) -> None:
    talk.server.control("faults", kind="lost_answer", method="POST", path="*", count=1)
    talk.say("jenkins build web")
    assert talk.to_its_end().state == State.DONE
    assert builds(talk) == [6, 5, 4, 3, 2, 1]
    assert talk.told()[0].startswith("✅ **web** #6 succeeded")


def test_a_worker_that_died_after_asking_finds_its_build(talk: Following) -> None:
    talk.say("jenkins build web")
    interrupted(talk)
    talk.server.post("job/web/build?delay=0sec")
    assert talk.to_its_end().state == State.FAILED, "that build was bot's, not sparkops's"
    assert talk.told()[0].startswith("❌ **web** was not started.")


def test_a_worker_that_died_after_its_own_trigger_adopts_it(talk: Following) -> None:
    talk.say("jenkins build api BRANCH=main")
    interrupted(talk)
    talk.client.trigger("api", (("BRANCH", "main"),), parameterised=True)
    assert talk.to_its_end().state == State.DONE
    assert builds(talk, "api")[0] == 6


def test_a_worker_that_died_before_asking_says_that_nothing_was_started(talk: Following) -> None:
    talk.say("jenkins build web")
    interrupted(talk)
    run = talk.to_its_end()
    assert run.state == State.FAILED
    assert talk.told() == [
        "❌ **web** was not started. I was interrupted while asking for it, and Jenkins has no such "
        "build: nothing was "
        f"started.\n`jenkins build web` tries again. {YOU}"
    ]
    assert builds(talk) == [5, 4, 3, 2, 1]


def test_where_two_builds_may_be_it_a_human_decides(talk: Following) -> None:
    talk.say("jenkins build api BRANCH=main")
    interrupted(talk)
    for _ in range(2):
        number = talk.client.trigger("api", (("BRANCH", "main"),), parameterised=True).queue_id
        eventually(lambda: talk.client.build_of("api", number), "a build")  # noqa: B023 - asked within the turn
    run = talk.to_its_end()
    assert run.state == State.LOST
    assert talk.told() == [
        "❓ I have lost sight of **api**: I was interrupted while asking for it, and Jenkins has what may "
        "be it or not: "
        "\\#7 or \\#6.\n`jenkins status api` shows what Jenkins has; I repeat nothing by myself. `run "
        "cancel 1` closes "
        f"this run. {YOU}"
    ]


def test_a_build_that_another_run_follows_is_not_taken_for_one_s_own(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.say("jenkins build long-job")
    with talk.database.transaction() as session:
        session.execute(
            text("UPDATE runs SET arguments = jsonb_set(arguments, '{next_number}', '2') WHERE id = 2")
        )
    interrupted(talk, 2)
    assert talk.to_its_end(2).state == State.LOST


def test_cancelling_a_run_whose_trigger_may_have_happened_is_not_called_before_it_began(
    talk: Following,
) -> None:
    talk.say("jenkins build long-job")
    interrupted(talk)
    talk.client.trigger("long-job", (), parameterised=False)
    cancel(talk)
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.server.get("job/long-job/2/api/json")["result"] == "ABORTED"


# --- refusals


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 403}, "Starting web: Jenkins answered 403"),
        ({"kind": "status", "status": 409}, "Starting web: Jenkins answered 409"),
        ({"kind": "status", "status": 401}, "Starting web: Jenkins answered 401"),
    ],
)
def test_a_refused_trigger_ends_the_run_with_the_reason(
    talk: Following, fault: dict[str, Any], reason: str
) -> None:
    talk.server.control("faults", method="POST", path="*", count=1, **fault)
    talk.say("jenkins build web")
    assert talk.to_its_end().state == State.FAILED
    (told,) = talk.told()
    assert told.startswith(f"❌ **web** was not started. {reason}")
    assert told.endswith(f"`jenkins build web` tries again. {YOU}")


def test_a_trigger_to_a_booting_jenkins_waits_for_it(talk: Following) -> None:
    talk.say("jenkins build web")
    talk.server.control("faults", kind="html503", path="*", count=3)
    assert talk.to_its_end().state == State.DONE
    assert any("Jenkins is starting and not ready yet" in each for each in talk.lives)
    assert builds(talk)[0] == 6


# --- Jenkins goes away


def test_a_jenkins_that_does_not_answer_for_a_while_is_waited_for(talk: Following) -> None:
    talk.say("jenkins build api BRANCH=main")
    talk.until(State.QUEUED, State.RUNNING)
    talk.server.control("faults", kind="status", status=500, method="GET", path="*", count=2)
    assert talk.to_its_end().state == State.DONE
    assert any(each.startswith("📡 build of api: Asking Jenkins for") for each in talk.lives)


def test_after_an_hour_of_silence_the_run_is_lost_and_says_so(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.server.control("faults", kind="html503", path="*", count=None)
    talk.turn()
    with talk.database.transaction() as session:
        session.execute(text("UPDATE runs SET progress = jsonb_set(progress, '{away_since}', '1')"))
    assert talk.to_its_end().state == State.LOST
    assert talk.told()[0].startswith(
        "❓ I have lost sight of **long-job**: for an hour Jenkins did not answer"
    )


def test_a_build_that_a_restart_killed_is_said_to_be_killed_by_it(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.server.control("restart", refusing=0.1, booting=0.1)
    assert talk.to_its_end().state == State.FAILED
    first = talk.told()[0].splitlines()[0]
    assert first.startswith("🚫 **long-job** #2 was killed") and "by a restart of Jenkins. [Open]" in first


def test_a_queue_item_jenkins_has_forgotten_is_no_loss(talk: Following) -> None:
    talk.say("jenkins build web")
    talk.until(State.QUEUED)
    talk.server.control("queue", remembered=0)
    assert talk.to_its_end().state == State.DONE


def test_a_deleted_job_is_said_to_be_gone(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.server.control("jobs/delete", name="long-job")
    assert talk.to_its_end().state == State.LOST
    assert "\\#2 is gone, or the job was renamed" in talk.told()[0]
