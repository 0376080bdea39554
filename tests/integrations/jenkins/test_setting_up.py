"""Setting Jenkins up: what may be set, what the doctor says, and that the checklist is honest."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import delete, update

from bot.assembly import load_parts
from bot.config_file import SettingsError
from bot.inbound.inbox import DOOR
from bot.settings import read_environment
from bot.store.database import Database
from bot.store.models import InboxEvent
from integrations.jenkins import integration
from integrations.jenkins.checks import check, of_server
from integrations.jenkins.relay.reconcile import reconcile
from integrations.jenkins.servers import connect
from integrations.jenkins.settings import JenkinsSettings
from integrations.jenkins.standing import last_report
from playground.jenkins.access import DEFAULT_PASSWORD
from tests.integrations.jenkins.canned import Canned
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins
from tests.talking import conversation, settings_of

FOLDER = Path(__file__).parents[3] / "integrations" / "jenkins"
COMPLETE = {
    "JENKINS_URL": "https://jenkins.example.com/ci",
    "JENKINS_USER": "sparkops",
    "JENKINS_TOKEN": "11abcdef",
}
RULES = {
    "typed-client",
    "typed-errors",
    "timeouts-on-every-call",
    "retries-only-where-safe",
    "unauthorised-tested",
    "unreachable-tested",
    "slow-tested",
    "bad-data-tested",
    "secrets-redacted",
    "permissions-documented",
    "examples-executed",
    "fixtures-recorded",
    "playground-faults-tested",
    "doctor-check",
    "metrics",
    "known-limits-documented",
    "removal-documented",
}


def read(environ: dict[str, str]) -> JenkinsSettings:
    return read_environment(JenkinsSettings, environ)


def test_nothing_need_be_set() -> None:
    settings = read({})
    assert connect(settings, settings_of({})) is None
    assert settings.missing() == ("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN")


def test_the_root_gets_its_slash_and_keeps_its_context_path() -> None:
    servers = connect(read(COMPLETE), settings_of({}))
    assert servers is not None and servers.get("main").url == "https://jenkins.example.com/ci/"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("jenkins.example.com", "it must be a web address such as https://jenkins.example.com/"),
        ("ftp://jenkins.example.com", "it must be a web address"),
        ("https://me:11token@jenkins.example.com/", "it must hold no user, token or query"),
        ("https://jenkins.example.com/?token=x", "it must hold no user, token or query"),
    ],
)
def test_an_address_that_will_not_do_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match="JENKINS_URL") as caught:
        read({**COMPLETE, "JENKINS_URL": url})
    assert reason in str(caught.value)


def test_hook_secrets_are_several_while_one_replaces_another() -> None:
    hook = integration.hook
    assert hook is not None
    assert hook.secrets(read({"JENKINS_HOOK_SECRET": "new-secret, old-secret"})) == (
        "new-secret",
        "old-secret",
    )


def test_no_secret_shows_in_the_settings_or_in_what_leaves() -> None:
    environ = {**COMPLETE, "JENKINS_HOOK_SECRET": "a-very-long-hook-secret"}
    assert "11abcdef" not in repr(read(environ)) and "a-very-long" not in repr(read(environ))
    redactor = load_parts(settings_of(environ)).redactor
    assert redactor.redact("see /hooks/jenkins/a-very-long-hook-secret and 11abcdef") == (
        "see /hooks/jenkins/«redacted» and «redacted»"
    )


def says(talk: Following) -> list[tuple[bool, str]]:
    return [(each.ok, each.says) for each in check(talk.conversation.services)]


def test_the_doctor_finds_jenkins_and_tells_who_the_bot_is(talk: Following) -> None:
    assert says(talk) == [
        (True, f"{talk.server.url}/ is Jenkins 2.463, and I am sparkops."),
        (True, "I see 7 jobs. Where I may not do something, the answer names the permission."),
        (True, "is taken without a crumb."),
        (True, "agrees with mine."),
        (True, "are all there."),
        (True, "takes reports at /hooks/jenkins/SECRET."),
        (True, "have not begun; the README says how Jenkins is told where to."),
    ]


def said_of(talk: Following, what: str) -> tuple[bool, str]:
    """What the doctor says of one thing about the only server."""
    (found,) = [each for each in check(talk.conversation.services) if each.name == f"jenkins {what}"]
    return found.ok, found.says


def standing(canned: Canned) -> dict[str, tuple[bool, str]]:
    """What the doctor says of how it stands with a server of canned answers."""
    return {each.name.partition(" ")[2]: (each.ok, each.says) for each in of_server(canned.client())}


def test_the_doctor_tells_what_a_wrong_token_needs(talk: Following) -> None:
    talk.server.control("token", token="another-token")
    (fine, said), *_ = says(talk)
    assert not fine and "Make a new API token in Jenkins" in said


def test_the_doctor_knows_a_password_from_a_token(server: Jenkins, database: Database) -> None:
    talk = following(database, server, environ={"JENKINS_TOKEN": DEFAULT_PASSWORD})
    assert said_of(talk, "token") == (
        False,
        "is a password, with which Jenkins lets me change nothing without a crumb: make an API token.",
    )


def test_the_doctor_tells_of_clocks_that_disagree(talk: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("integrations.jenkins.transport.time.time", lambda: now - 125)
    fine, said = said_of(talk, "clock")
    assert not fine and said.startswith("is 2 min ") and " ahead of mine: times I tell" in said


def test_the_doctor_tells_of_a_jenkins_that_shows_no_job(canned: Canned) -> None:
    canned.say(200, '{"fullName": "bot", "jobs": [], "plugins": []}')
    fine, said = standing(canned)["rights"]
    assert (fine, said) == (
        False,
        "I see no job: my user needs the permission Job/Read, or there is none.",
    )


def test_the_doctor_tells_which_plugins_are_missing(canned: Canned) -> None:
    canned.say(200, '{"fullName": "bot", "jobs": [], "plugins": [{"shortName": "junit", "active": true}]}')
    assert standing(canned)["plugins"] == (
        True,
        "are there but for the stages of Pipelines and their questions (plugin pipeline-rest-api), "
        "of which I can tell nothing.",
    )


def test_the_doctor_sees_whether_reports_arrive(talk: Following) -> None:
    talk.say("jenkins subscribe * --tell all")
    reconcile(talk.conversation.services)
    talk.server.control("builds", job="web")
    reconcile(talk.conversation.services), reconcile(talk.conversation.services)
    fine, said = said_of(talk, "reports")
    assert (fine, said) == (
        False,
        "do not arrive: builds end, and none was reported. Do its jobs post to the hook, and does it reach me?",
    )
    with talk.database.transaction() as session:
        payload = {"url": f"{talk.server.url}/job/web/6/"}
        session.add(
            InboxEvent(source="jenkins", dedupe_key="1", payload=payload, correlation_id="", state="done")
        )
    fine, said = said_of(talk, "reports")
    assert fine and said.startswith("arrive; the last came at ")
    with talk.database.transaction() as session:
        session.execute(update(InboxEvent).values(received_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)))
    fine, said = said_of(talk, "reports")
    assert fine and said.startswith("have not come since 02 Jan 03:04 UTC, and a build ended at ")


def test_each_server_s_reports_are_told_apart(server: Jenkins, database: Database, tmp_path: Path) -> None:
    prod = {"url": "https://prod.example.com/", "user": "bot", "token": "a-token-of-prod"}
    config = {"integrations": {"jenkins": {"servers": {"prod": prod}}}}
    talk = following(database, server, config=config, folder=tmp_path)
    servers = talk.conversation.services.clients["jenkins"]
    rows = [
        {"url": "https://prod.example.com/job/a/1/"},
        {"url": f"{server.url}/job/a/1/"},
        {"url": "", DOOR: "prod"},
        {},
    ]
    for number, payload in enumerate(rows):
        with database.transaction() as session:
            session.add(
                InboxEvent(
                    source="jenkins", dedupe_key=str(number), payload=payload, correlation_id="", state="done",
                    received_at=datetime(2026, 1, 1 + number, tzinfo=UTC),
                )
            )  # fmt: skip
    with database.transaction() as session:
        last = {name: last_report(session, servers, name) for name in servers.names}
        assert {name: each.day for name, each in last.items() if each} == {"main": 4, "prod": 3}
        session.execute(delete(InboxEvent).where(InboxEvent.dedupe_key.in_(("2", "3"))))
        last = {name: last_report(session, servers, name) for name in servers.names}
        assert {name: each.day for name, each in last.items() if each} == {"main": 2, "prod": 1}


def test_the_doctor_is_content_with_no_jenkins_and_not_with_half_a_one(
    database: Database,
) -> None:
    none = check(conversation(database).services)
    assert [each.ok for each in none] == [True, True]
    half = {"JENKINS_URL": "https://jenkins.example.com/", "JENKINS_HOOK_SECRET": "short-one"}
    server, hook = check(conversation(database, environ=half).services)
    assert (server.ok, server.says) == (False, "is half set up: JENKINS_USER and JENKINS_TOKEN are missing.")
    assert not hook.ok and "could be guessed" in hook.says


def test_every_rule_of_the_checklist_is_answered() -> None:
    rules = yaml.safe_load((FOLDER / "quality.yaml").read_text())["rules"]
    assert set(rules) == RULES
    for rule, answer in rules.items():
        assert answer in ("done", "todo") or answer.startswith("exempt: "), rule


def test_the_readme_names_every_command_and_every_setting() -> None:
    readme = (FOLDER / "README.md").read_text()
    for command in integration.commands:
        assert f"`{command.name}" in readme, command.name
    for field in JenkinsSettings.model_fields.values():
        name = field.alias or next(key for key, each in JenkinsSettings.model_fields.items() if each is field)
        assert f"`{name}`" in readme, name
    assert "validResponseCodes: '100:599'" in readme
