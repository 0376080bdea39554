"""Setting Jenkins up: what may be set, what the doctor says, and that the checklist is honest."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.assembly import load_parts
from bot.config_file import SettingsError
from bot.settings import read_environment
from bot.store.database import Database
from integrations.jenkins import integration
from integrations.jenkins.checks import check
from integrations.jenkins.servers import connect
from integrations.jenkins.settings import JenkinsSettings
from tests.integrations.jenkins.following import Following
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
        (True, "takes reports at /hooks/jenkins/SECRET."),
    ]


def test_the_doctor_tells_what_a_wrong_token_needs(talk: Following) -> None:
    talk.server.control("token", token="another-token")
    (fine, said), _ = says(talk)
    assert not fine and "Make a new API token in Jenkins" in said


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
