"""What a person sees when Jenkins restarts, forgets, refuses, renames or floods: case by case of load and fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from markdown_it import MarkdownIt
from sqlalchemy import select, text

from bot.runs.states import State
from bot.store.database import Database
from bot.store.models import OutboxMessage
from integrations.jenkins import logs
from integrations.jenkins.relay.reconcile import reconcile
from tests.integrations.jenkins.answers import asked
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, Listener, eventually, running_listener
from tests.talking import DIRECT

KEYS = {"SPARKOPS_ENCRYPTION_KEY": "a key of the tests that is long enough for one"}


def look(talk: Following) -> None:
    """What the worker does every fifteen seconds."""
    reconcile(talk.conversation.services)


@contextmanager
def booting(talk: Following) -> Iterator[None]:
    """Within, Jenkins shows its boot page."""
    talk.server.control("faults", kind="html503", path="*", count=None)
    yield
    requests.delete(f"{talk.server.url}/playground/faults", timeout=10)


def bodies(talk: Following, room: str = "room-1") -> list[OutboxMessage]:
    """The room's messages with their cards and threads, in order."""
    query = select(OutboxMessage).where(OutboxMessage.room_id == room).order_by(OutboxMessage.id)
    with talk.database.transaction() as session:
        return list(session.scalars(query))


def buttons(message: OutboxMessage) -> list[tuple[str, ...]]:
    """What the buttons of a message's card stand for."""
    return [tuple(json.loads(each["data"]["words"])) for each in message.body["card"]["actions"]]


# --- restart


def test_a_restart_is_one_notice_and_one_when_it_is_over(talk: Following) -> None:
    talk.say("jenkins subscribe *")
    look(talk)
    with booting(talk):
        look(talk), look(talk), look(talk)
        assert talk.told() == [
            "🔄 Jenkins **main** is restarting. What it did meanwhile I tell when it is back."
        ]
    talk.server.restart()
    look(talk), look(talk)
    _, over = talk.told()
    assert over.startswith("📡 Jenkins **main** answers again, after ") and over.endswith(
        ": it was restarted."
    )


def test_after_a_restart_runs_look_at_once(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    look(talk)
    with talk.database.transaction() as session:
        session.execute(text("UPDATE runs SET next_step_at = now() + interval '1 hour'"))
    talk.server.restart()
    look(talk)
    with talk.database.transaction() as session:
        assert session.scalar(text("SELECT next_step_at <= now() FROM runs"))


def test_a_restart_between_two_looks_is_no_news_by_itself(talk: Following) -> None:
    talk.say("jenkins subscribe *")
    look(talk)
    talk.server.restart()
    look(talk)
    assert talk.told() == []


# --- 503 booting


@pytest.mark.parametrize("line", ["status api", "build web", "job api", "log web", "jobs", "agents"])
def test_a_booting_jenkins_is_never_said_to_miss_a_job(talk: Following, line: str) -> None:
    with booting(talk):
        said = talk.say(f"jenkins {line}")
    assert "Jenkins is starting and not ready yet. It usually takes less than a minute" in said
    assert "404" not in said and "no job" not in said


def test_a_followed_build_waits_for_a_booting_jenkins_ever_longer_and_not_all_at_once(
    talk: Following,
) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    with booting(talk):
        talk.turn()
        assert talk.live().startswith("📡 build of long-job: ")
        assert "Jenkins is starting and not ready yet" in talk.live()
    assert talk.to_its_end().state == State.DONE


# --- freestyle running at restart


def test_a_freestyle_build_that_a_restart_killed_is_not_called_aborted(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.server.restart()
    assert talk.to_its_end().state == State.FAILED
    (told,) = talk.told()
    assert "was killed" in told and "by a restart of Jenkins." in told and "aborted" not in told


def test_one_that_a_person_aborted_is_not_called_killed(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.server.post("job/long-job/2/stop")
    assert talk.to_its_end().state == State.CANCELLED
    (told,) = talk.told()
    assert told.startswith("🚫 **long-job** #2 was aborted") and "restart" not in told


def test_a_pipeline_that_calls_itself_aborted_is_not_called_killed(talk: Following) -> None:
    talk.server.job("gives-up", kind="pipeline", result="ABORTED", seconds=0.1)
    talk.say("jenkins build gives-up")
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.told()[0].startswith("🚫 **gives-up** #1 was aborted")


# --- a Pipeline that waits for input


def test_a_question_survives_the_restart_and_its_card_answers_it(talk: Following) -> None:
    talk.say("jenkins build team/deploy --defaults")
    eventually(lambda: talk.turn() or "waits for the answer" in talk.live(), "the question")
    talk.server.restart()
    for _ in range(3):
        talk.turn()
    (card,) = [each for each in bodies(talk) if each.body.get("card")]
    assert "waits for the answer" in talk.live()
    said = talk.conversation.words((*buttons(card)[0], "--defaults")).replies[0].markdown
    assert said.startswith("▶️ **team/deploy** #3 goes on")
    assert talk.to_its_end().state == State.DONE


# --- a queued item at restart


def test_a_queued_build_is_followed_over_a_restart(talk: Following) -> None:
    talk.server.control("queue", executors=1)
    talk.server.build("job/long-job")
    talk.say("jenkins build web")
    queued = talk.until(State.QUEUED).progress["queue_id"]
    talk.server.restart()
    run = talk.to_its_end()
    assert (run.state, run.progress["queue_id"]) == (State.DONE, queued)
    assert talk.told()[0].startswith("✅ **web** #6 succeeded")


def test_a_running_build_is_followed_by_its_number_when_its_queue_item_is_gone(talk: Following) -> None:
    talk.say("jenkins build team/deploy --defaults")
    run = talk.until(State.RUNNING)
    talk.server.restart()
    assert talk.server.call("GET", f"queue/item/{run.progress['queue_id']}/api/json").status_code == 404
    talk.turn()
    assert talk.run().state == State.RUNNING
    assert talk.run().progress["number"] == 3


# --- the expiry of queue items


def test_a_build_whose_queue_item_jenkins_forgot_is_found_by_it(talk: Following) -> None:
    talk.say("jenkins build web")
    talk.until(State.QUEUED)
    talk.server.control("queue", remembered=0)
    assert talk.to_its_end().state == State.DONE
    assert talk.told()[0].startswith("✅ **web** #6 succeeded")


# --- quiet down


def test_before_a_shutdown_nothing_is_triggered_and_it_says_why(talk: Following) -> None:
    talk.server.post("quietDown")
    assert talk.say("jenkins build web") == (
        "⚠️ Jenkins is about to shut down and starts nothing any more, so **web** was not started. "
        "Say it again when Jenkins is back; `jenkins unquiet` calls it off."
    )
    assert talk.server.get("queue/api/json")["items"] == []


# --- rename


def test_a_followed_build_goes_on_under_the_new_name_of_its_job(talk: Following) -> None:
    talk.say("jenkins build long-job")
    talk.until(State.RUNNING)
    talk.server.post("job/long-job/doRename", newName="longer-job")
    run = talk.to_its_end()
    assert (run.state, run.progress["job"]) == (State.DONE, "longer-job")
    assert talk.told()[0].startswith("✅ **longer-job** #2 succeeded")


def test_a_room_that_heard_of_a_renamed_job_is_asked_once_and_keeps_its_subscription(talk: Following) -> None:
    talk.say("jenkins subscribe web --tell all --branch main")
    look(talk)
    talk.server.post("job/web/doRename", newName="shop front")
    look(talk), look(talk)
    (message,) = [each for each in bodies(talk) if "🔗" in each.body["markdown"]]
    assert talk.told() == [
        "🔗 Renamed in Jenkins: `web` is `shop front` now. No job fits `web` any more, which this room hears of. "
        'Its subscription is kept. `jenkins subscribe "shop front"` hears of the new name, '
        "`jenkins unsubscribe web` ends the old."
    ]
    assert "`web`: every finished build; only of the branches `main`" in talk.say("jenkins subscriptions")
    link, unlink = buttons(message)
    talk.conversation.words(link)
    talk.conversation.words(unlink)
    assert "- `shop front`: every finished build; only of the branches `main`" in talk.say(
        "jenkins subscriptions"
    )
    assert "`web`" not in talk.say("jenkins subscriptions")


def test_what_a_renamed_job_builds_meanwhile_is_told_to_those_who_hear_of_it_all_the_same(
    talk: Following,
) -> None:
    talk.say("jenkins subscribe * --tell all")
    look(talk)
    talk.server.post("job/web/doRename", newName="shop")
    look(talk)
    talk.server.control("builds", job="shop", result="FAILURE")
    look(talk), look(talk)
    assert [line.split(" after ")[0] for line in talk.told()] == ["❌ **shop** #6 failed"]


def test_a_deleted_job_is_asked_about_as_well(talk: Following) -> None:
    talk.say("jenkins subscribe team/*")
    look(talk)
    talk.server.control("jobs/delete", name="team/deploy")
    look(talk), look(talk)
    assert talk.told() == [
        "🔗 Jenkins shows me no job `team/*` any more: it was renamed or deleted, or I may not see it. This room's "
        "subscription is kept. `jenkins subscribe JOB-GLOB` hears of it by another name, "
        "`jenkins unsubscribe team/*` ends it."
    ]


# --- a disabled job


def test_a_disabled_job_is_told_before_anything_is_asked_of_jenkins(talk: Following) -> None:
    talk.server.post("job/web/disable")
    said = asked(talk, "jenkins build web")
    assert said == (
        "⚠️ **web** is disabled in Jenkins, so nothing was started. `jenkins enable web` enables it, or "
        "[its page](https://jenkins/job/web/) does."
    )


# --- a bad token


def test_a_person_whose_token_jenkins_refuses_is_asked_for_a_new_one(
    server: Jenkins, database: Database
) -> None:
    server.control("token", user="ada", token="the-token-of-ada")
    talk = following(database, server, environ=KEYS)
    words = ("credentials", "set", "jenkins", "user=ada", "token=the-token-of-ada")
    talk.conversation.words(words, place=DIRECT)
    server.control("token", user="ada", token="revoked-and-replaced")
    assert talk.say("jenkins build web").replace("\\", "") == (
        "⚠️ Asking Jenkins for the job web: Jenkins answered 401 (Invalid password/token for user: ada). I asked with "
        "the API token you gave me, and nothing is done with another in its place. Make a new one in Jenkins (your "
        "user, Security) and tell me in our direct room: credentials set jenkins. Or have it done as my own account: "
        "credentials forget jenkins."
    )


def test_the_bots_own_refused_token_is_told_with_what_to_set(talk: Following) -> None:
    talk.server.control("token", token="another-token")
    said = talk.say("jenkins status api")
    assert "Jenkins answered 401" in said and "set JENKINS\\_USER and JENKINS\\_TOKEN" in said


# --- a console of 100 MB


@pytest.fixture
def read_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of logs that are read from now on, piece by piece."""
    sizes: list[int] = []

    def noted(response: requests.Response) -> Iterator[bytes]:
        for piece in pieces(response):
            sizes.append(len(piece))
            yield piece

    pieces = logs.pieces
    monkeypatch.setattr(logs, "pieces", noted)
    return sizes


def test_the_end_of_a_log_of_a_hundred_megabytes_is_all_that_is_read_of_it(
    talk: Following, read_bytes: list[int]
) -> None:
    talk.server.control("builds", job="web", log_megabytes=100, log_lines={"999990": "ERROR: no space left"})
    said = asked(talk, "jenkins log web --tail 40")
    assert said.startswith("📜 **web** #6, the last 40 lines of its log of 1")
    assert sum(read_bytes) < 200_000


def test_a_log_of_a_hundred_megabytes_is_searched_piece_by_piece(
    talk: Following, read_bytes: list[int]
) -> None:
    talk.server.control("builds", job="web", log_megabytes=100, log_lines={"999990": "ERROR: no space left"})
    said = asked(talk, "jenkins log web --grep 'no space'")
    assert "1 of" in said and "ERROR: no space left" in said
    assert sum(read_bytes) >= 100_000_000 and max(read_bytes) <= 65_536


# --- Unicode and ANSI


def test_a_log_keeps_its_letters_and_loses_its_colours(talk: Following) -> None:
    said = asked(talk, 'jenkins log "Ünïcode jöb"')
    assert "\x1b" not in said
    assert "rot: ERROR\n✓ grün, 日本語, 🚀\n<b>kein Fett</b> & *kein* Markdown" in said
    assert "\n```" in said, "between fences nothing is formatted"


def test_a_log_full_of_control_bytes_and_mentions_reaches_nobody(talk: Following) -> None:
    evil = "\x1b]0;title\x07\x1b[31mred\x1b[0m \x00\x08 ``` <@all> end"
    talk.server.control("builds", job="web", log=evil)
    said = asked(talk, "jenkins log web")
    assert "red" in said and not set(said) & set("\x1b\x07\x00\x08")
    page = MarkdownIt().render(said)
    assert "<@all>" not in said and page.count("<pre>") == 1
    assert "@all&gt; end" in page.partition("<pre>")[2].partition("</pre>")[0]


# --- odd names


@pytest.mark.parametrize("name", ["Ünïcode jöb", "a b/c d", "c++", "50€ für 日本", "mb/feature%2Flogin"])
def test_a_job_of_any_name_is_started_followed_and_read(talk: Following, name: str) -> None:
    if "/" in name:
        folder = name.partition("/")[0]
        talk.server.control("jobs", name=folder, kind="multibranch" if folder == "mb" else "folder")
    if name != "Ünïcode jöb":
        talk.server.job(name, kind="pipeline" if name.startswith("mb/") else "freestyle", seconds=0.1)
    shown = name.replace("%2F", "/")
    talk.say(f'jenkins build "{shown}"')
    assert talk.to_its_end().state == State.DONE
    assert shown.replace("+", "\\+") in talk.told()[0] or shown in talk.told()[0]
    assert "of its log" in talk.say(f'jenkins log "{shown}"')


# --- downstream builds


def test_a_downstream_build_is_nested_below_the_one_that_asked_for_it(talk: Following) -> None:
    talk.server.job("smoke", kind="pipeline", stages=["Smoke"], seconds=30)
    talk.server.job("release", kind="pipeline", stages=["Build"], seconds=0.2, builds=["smoke"])
    talk.say("jenkins subscribe release")
    talk.say("jenkins build release")
    talk.until(State.RUNNING)
    eventually(lambda: talk.server.get("job/smoke/api/json")["builds"], "the build below")
    look(talk)
    talk.to_its_end()
    assert "\n↳ " in talk.live() and "**smoke** #1" in talk.live()


def test_a_downstream_failure_is_told_in_its_parents_thread(talk: Following) -> None:
    talk.say("jenkins subscribe * --tell all")
    look(talk)
    talk.server.control("builds", job="web", result="SUCCESS")
    look(talk), look(talk)
    sent = bodies(talk)[-1]
    with talk.database.transaction() as session:
        session.merge(sent).message_id = "the-message-of-web"
    talk.server.control("builds", job="flaky", result="FAILURE", upstream=["web", 6])
    look(talk), look(talk)
    below = bodies(talk)[-1]
    assert below.body["markdown"].startswith("❌ **flaky** #7 failed")
    assert below.parent_id == "the-message-of-web"


# --- reports that come twice, late or never


def reported(listener: Listener, last: int) -> list[Any]:
    """What the Notification plugin has sent, once that many last reports of a build have come."""
    eventually(lambda: listener.phases().count("FINALIZED") == last, "the reports")
    return list(listener.heard)


@pytest.fixture
def listener(talk: Following) -> Iterator[Listener]:
    """Jenkins reports there; the room hears of every build."""
    talk.say("jenkins subscribe * --tell all")
    look(talk)
    with running_listener() as there:
        talk.server.control("hooks", url=there.url)
        yield there


def test_reports_that_come_twice_are_told_once(talk: Following, listener: Listener) -> None:
    talk.server.control("notifications", kind="duplicate", count=None)
    talk.server.control("builds", job="web", result="FAILURE")
    for report in reported(listener, 2):
        talk.hears(report)
    look(talk), look(talk)
    assert [line.split(" after ")[0] for line in talk.told()] == ["❌ **web** #6 failed"]


def test_reports_that_come_late_turn_nothing_back(talk: Following, listener: Listener) -> None:
    talk.server.control("builds", job="web", result="FAILURE")
    talk.server.control("builds", job="web", result="SUCCESS")
    for report in reversed(reported(listener, 2)):
        talk.hears(report)
    look(talk), look(talk)
    assert sorted(line.split(" after ")[0] for line in talk.told()) == [
        "✅ **web** #7 succeeded",
        "❌ **web** #6 failed",
    ]
    assert asked(talk, "jenkins status web").startswith("✅ **web** [\\#7]")


def test_reports_that_never_come_are_made_up_for(talk: Following, listener: Listener) -> None:
    talk.server.control("notifications", kind="drop", count=None)
    talk.server.control("builds", job="web", result="FAILURE")
    look(talk), look(talk)
    assert listener.heard == []
    assert [line.split(" after ")[0] for line in talk.told()] == ["❌ **web** #6 failed"]


def test_a_jenkins_that_cannot_report_at_all_is_only_looked_at(server: Jenkins, database: Database) -> None:
    talk = following(database, server, environ={"JENKINS_HOOK_SECRET": ""})
    talk.say("jenkins subscribe *")
    look(talk)
    server.control("builds", job="web", result="FAILURE")
    look(talk)
    assert [line.split(" after ")[0] for line in talk.told()] == ["❌ **web** #6 failed"]
