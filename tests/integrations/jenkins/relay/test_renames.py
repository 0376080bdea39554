"""Jobs that go by another name, or go: who is asked, what is kept, and what is told of them from then on."""

from __future__ import annotations

from sqlalchemy import select

from integrations.jenkins.model import Result
from integrations.jenkins.relay.reconcile import reconcile
from integrations.jenkins.relay.wishes import Tells, Wish
from integrations.jenkins.store.models import JenkinsJob
from tests.integrations.jenkins.following import Following
from tests.talking import DIRECT


def look(talk: Following, times: int = 1) -> None:
    """What the worker does every fifteen seconds."""
    for _ in range(times):
        reconcile(talk.conversation.services)


def known(talk: Following) -> set[str]:
    """The jobs on the record."""
    with talk.database.transaction() as session:
        return set(session.scalars(select(JenkinsJob.job)))


def test_where_a_glob_still_fits_a_job_nobody_is_asked(talk: Following) -> None:
    talk.say("jenkins subscribe *")
    look(talk)
    talk.server.post("job/web/doRename", newName="shop")
    look(talk, 2)
    assert talk.told() == []
    assert "shop" in known(talk) and "web" not in known(talk)


def test_only_the_rooms_that_miss_it_are_asked(talk: Following) -> None:
    talk.say("jenkins subscribe *")
    talk.say("jenkins subscribe web", place=DIRECT)
    look(talk)
    talk.server.post("job/web/doRename", newName="shop")
    look(talk, 2)
    assert talk.told() == []
    (asked,) = talk.told("room-2")
    assert asked.startswith("🔗 Renamed in Jenkins: `web` is `shop` now.")


def test_several_at_once_are_one_question(talk: Following) -> None:
    for name in ("old-a", "old-b"):
        talk.server.job(name, seconds=0.1)
        talk.server.control("builds", job=name)
    talk.say("jenkins subscribe old-*")
    look(talk)
    talk.server.post("job/old-a/doRename", newName="new-a")
    talk.server.post("job/old-b/doRename", newName="new-b")
    look(talk, 2)
    assert talk.told() == [
        "🔗 Renamed in Jenkins: `old-a` is `new-a` now, `old-b` is `new-b` now. No job fits `old-*` any more, which "
        "this room hears of. Its subscription is kept. `jenkins subscribe JOB-GLOB` hears of the new name, "
        "`jenkins unsubscribe old-*` ends the old."
    ]


def test_a_job_that_was_never_built_cannot_be_known_again(talk: Following) -> None:
    talk.server.job("fresh")
    talk.say("jenkins subscribe fresh")
    look(talk)
    talk.server.post("job/fresh/doRename", newName="renamed")
    look(talk, 2)
    (asked,) = talk.told()
    assert asked.startswith("🔗 Jenkins shows me no job `fresh` any more: it was renamed or deleted")


def test_a_job_renamed_there_and_back_is_asked_about_each_time(talk: Following) -> None:
    talk.say("jenkins subscribe web")
    look(talk)
    for old, new in (("web", "shop"), ("shop", "web"), ("web", "shop")):
        talk.server.control("builds", job=old)
        look(talk, 2)
        talk.server.post(f"job/{old}/doRename", newName=new)
        look(talk)
    assert len([line for line in talk.told() if line.startswith("🔗")]) == 2


def test_the_words_of_a_subscription_make_the_same_again(talk: Following) -> None:
    wish = Wish(
        tells=Tells.FAILURES,
        every=3,
        branches=("main", "release/*"),
        results=(Result.FAILURE,),
        people=("ada",),
    )
    talk.conversation.words(("jenkins", "subscribe", "web", *wish.as_words()))
    talk.say(
        "jenkins subscribe api --tell failures --every 3 --branch main --branch release/* --result failure --by ada"
    )
    first, second = [line for line in talk.say("jenkins subscriptions").split("\n") if line.startswith("- ")]
    assert first.replace("web", "api") == second
