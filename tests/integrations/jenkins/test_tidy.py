"""Builds heard of long ago are forgotten, but for the newest of each job and branch."""

from __future__ import annotations

from sqlalchemy import func, select, text

from integrations.jenkins.store.models import JenkinsBuild
from integrations.jenkins.store.tidy import tidy
from tests.integrations.jenkins.following import Following


def test_the_newest_of_each_job_and_branch_stay(talk: Following) -> None:
    for number in range(1, 61):
        talk.hears({"job": "busy", "number": number, "result": "SUCCESS"})
    talk.hears({"job": "busy", "number": 61, "result": "SUCCESS", "branch": "topic"})
    with talk.database.transaction() as session:
        session.execute(
            text("UPDATE jenkins_builds SET seen_at = now() - interval '91 days' WHERE number <> 60")
        )
    assert tidy(talk.conversation.services) == ()
    with talk.database.transaction() as session:
        kept = session.execute(
            select(JenkinsBuild.branch, func.min(JenkinsBuild.number)).group_by(JenkinsBuild.branch)
        ).all()
    assert sorted(tuple(row) for row in kept) == [("", 10), ("topic", 61)]
