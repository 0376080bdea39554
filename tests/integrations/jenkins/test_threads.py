"""What a followed build puts into its thread: questions as cards, the builds it asked for, buttons at its end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.runs.states import State
from bot.store.models import OutboxMessage
from integrations.jenkins.relay.reconcile import reconcile
from tests.integrations.jenkins.following import Following
from tests.playground.jenkins.running_jenkins import eventually
from tests.talking import DIRECT


def cards(talk: Following, room: str = "room-1") -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    """Each card of a room: its message, and its buttons with the words they stand for."""
    query = select(OutboxMessage).where(OutboxMessage.room_id == room).order_by(OutboxMessage.id)
    with talk.database.transaction() as session:
        bodies = [row.body for row in session.scalars(query) if row.body.get("card")]
    return [(body["markdown"].replace("  \n", "\n"), _buttons(body["card"])) for body in bodies]


def _buttons(card: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each["title"], tuple(json.loads(each["data"]["words"]))) for each in card["actions"]]


def asking(talk: Following, line: str = "jenkins build team/deploy --defaults") -> int:
    """Start the demo's pipeline and follow it until it asks; returns the build's number."""
    talk.say(line)

    def asks() -> bool:
        talk.turn()
        return "waits for the answer" in talk.live()

    eventually(asks, "the question")
    return int(talk.run().progress["number"])


def test_a_question_is_a_card_in_the_thread_and_its_button_answers_it(talk: Following) -> None:
    number = asking(talk)
    ((text, buttons),) = cards(talk)
    assert text.startswith(f"⏸️ **team/deploy** #{number} asks: **")
    approve, abort = buttons
    assert approve[1][:4] == ("jenkins", "approve", "team/deploy", f"#{number}")
    assert abort[1][:4] == ("jenkins", "abort", "team/deploy", f"#{number}")
    said = talk.conversation.words((*approve[1], "--defaults")).replies[0].markdown
    assert said.startswith(f"▶️ **team/deploy** #{number} goes on")
    assert talk.to_its_end().state == State.DONE


def test_a_question_is_put_once_however_often_it_is_looked_at(talk: Following) -> None:
    asking(talk)
    for _ in range(4):
        talk.turn()
    assert len(cards(talk)) == 1


def test_a_question_survives_a_restart_of_jenkins_and_its_card_still_answers_it(talk: Following) -> None:
    number = asking(talk)
    talk.server.restart()
    for _ in range(3):
        talk.turn()
    ((_, buttons),) = cards(talk)
    talk.conversation.words((*buttons[0][1], "--defaults"))
    assert talk.to_its_end().progress["number"] == number
    assert talk.told()[-1].startswith(f"✅ **team/deploy** #{number} succeeded")


def test_who_may_not_answer_is_refused_at_the_button(talk: Following) -> None:
    asking(talk)
    ((_, buttons),) = cards(talk)
    refused = talk.conversation.words((*buttons[0][1], "--defaults"), person="eve@example.com")
    assert refused.decision == "denied"
    talk.turn()
    assert talk.run().state == State.RUNNING


def test_a_broken_build_ends_with_buttons_for_what_can_be_done(talk: Following) -> None:
    talk.server.job("broken", result="FAILURE", seconds=0.1)
    talk.say("jenkins build broken")
    talk.to_its_end()
    ((text, buttons),) = cards(talk)
    assert text.startswith("❌ **broken** #1 failed")
    assert buttons == [
        ("Log", ("jenkins", "log", "broken", "#1")),
        ("Rebuild", ("jenkins", "rebuild", "broken", "#1")),
        ("Artifacts", ("jenkins", "artifacts", "broken", "#1")),
    ]


def test_the_builds_it_asks_for_are_shown_below_it(talk: Following) -> None:
    talk.server.job("smoke", kind="pipeline", stages=["Smoke"], seconds=30)
    talk.server.job("release", kind="pipeline", stages=["Build"], seconds=0.2, builds=["smoke"])
    talk.say("jenkins build release")
    talk.until(State.RUNNING)
    eventually(lambda: talk.server.get("job/smoke/api/json")["builds"], "the build below")
    talk.conversation.say("jenkins subscribe nothing")  # so that somebody looks
    reconcile(talk.conversation.services)
    talk.to_its_end()
    assert "\n↳ " in talk.live() and "**smoke** #1" in talk.live()


# --- rooms that only hear of the job


def question(talk: Following, number: int, result: str = "PENDING", **more: str) -> dict[str, Any]:
    """What the Pipeline Input Notification plugin tells (its InputNotificationEvent)."""
    return {
        "jenkinsUrl": f"{talk.server.url}/", "jobUrl": f"{talk.server.url}/job/team/job/deploy/",
        "jobFullName": "team/deploy", "buildNumber": number, "inputId": "Deploy", "submitter": "",
        "approver": "", "result": result, **more,
    }  # fmt: skip


@pytest.fixture
def asked(talk: Following) -> int:
    """A pipeline that Jenkins runs by itself asks its question, in a room that hears of it."""
    talk.say("jenkins subscribe team/*")
    number = talk.server.build("job/team/job/deploy", ENVIRONMENT="staging")
    address = f"job/team/job/deploy/{number}/wfapi/pendingInputActions"
    eventually(lambda: talk.server.get(address), "the question")
    return number


def test_a_room_that_hears_of_a_job_may_answer_its_question(talk: Following, asked: int) -> None:
    assert talk.hears(question(talk, asked)) == ("room-1",)
    ((text, buttons),) = cards(talk)
    assert text.startswith(f"⏸️ **team/deploy** #{asked} asks: **")
    talk.conversation.words((*buttons[0][1], "--defaults"))
    talk.server.finished("job/team/job/deploy", asked)


def test_what_became_of_a_question_is_told_in_its_thread(talk: Following, asked: int) -> None:
    talk.hears(question(talk, asked))
    talk.hears(question(talk, asked, "APPROVED", approver="ann"))
    assert talk.told()[-1].startswith(
        f"▶️ **team/deploy** #{asked} goes on: its question was answered by ann."
    )
    talk.hears(question(talk, asked + 1, "ABORTED", approver="ann"))
    assert talk.told()[-1].startswith(
        f"🚫 **team/deploy** #{asked + 1} is aborted: its question was answered with"
    )


def test_a_question_that_is_gone_when_it_is_looked_for_is_told_without_a_card(talk: Following) -> None:
    talk.say("jenkins subscribe team/*")
    assert talk.hears(question(talk, 999)) == ("room-1",)
    assert talk.told()[-1].startswith("⏸️ **team/deploy** #999 asks a question and waits for the answer.")
    assert cards(talk) == []


def test_a_room_whose_own_run_follows_the_build_is_not_asked_twice(talk: Following) -> None:
    talk.say("jenkins subscribe team/*")
    talk.say("jenkins subscribe team/*", place=DIRECT)
    number = asking(talk)
    assert talk.hears(question(talk, number)) == ("room-2",)
    assert len(cards(talk)) == 1 and len(cards(talk, "room-2")) == 1


def test_a_broken_build_is_reported_with_buttons_and_a_good_one_without(talk: Following) -> None:
    talk.say("jenkins subscribe * --tell all")
    talk.hears({"job": "shop", "number": 7, "result": "FAILURE"})
    talk.hears({"job": "shop", "number": 8, "result": "SUCCESS"})
    ((text, buttons),) = cards(talk)
    assert text == "❌ **shop** #7 failed."
    assert [title for title, _ in buttons] == ["Log", "Rebuild", "Artifacts"]


def test_on_a_card_nobody_is_mentioned_though_the_message_mentions_them(talk: Following) -> None:
    talk.say("jenkins subscribe shop")
    talk.hears({"job": "shop", "number": 7, "result": "FAILURE", "culprits": ["ada@example.com"]})
    with talk.database.transaction() as session:
        [body] = [row.body for row in session.scalars(select(OutboxMessage)) if row.body.get("card")]
    assert "<@personEmail:ada@example.com>" in body["markdown"]
    assert "<@" not in json.dumps(body["card"]) and "ada@example.com" in json.dumps(body["card"])
