"""Reports in the operator's own words: what a template may name, how it is filled in, and what it may not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.config_file import SettingsError
from bot.settings import read_environment
from bot.store.database import Database
from integrations.jenkins.events import BuildEvent
from integrations.jenkins.relay.noise import Past
from integrations.jenkins.relay.templates import TemplateFault, check, written
from integrations.jenkins.render import Told
from integrations.jenkins.settings import JenkinsSettings
from tests.integrations.jenkins.following import following
from tests.playground.jenkins.running_jenkins import Jenkins

URL = "https://ci.example.com/job/team/job/api/7/"


def told(result: str | None = "FAILURE", **changes: Any) -> Told:
    known = {
        "sender": "plain",
        "full_name": "team/api",
        "number": 7,
        "phase": "FINALIZED",
        "result": result,
        "branch": "main",
        "commit": "72aef11",
        "started": 1_760_000_000.0,
        "duration": 93.2,
        "culprits": ("Ada Lovelace <ada@example.com>",),
        "parameters": (("REGION", "eu"),),
    }
    event = BuildEvent.model_validate({**known, **changes})
    past = Past()
    return Told(event, past.change(event.result), past, url=URL)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ status }}", "failure"),
        ("__{{ status | uppercasefirst }}__: for {{ owner }}/{{ name }}", "__Failure__: for team/api"),
        ("{{ job }} #{{ number }} on {{ branch | uppercase }}", "team/api #7 on MAIN"),
        ("{{ commit | truncate }}|{{ commit | truncate(3) }}", "72aef11|72a"),
        ("{{ duration | duration }}", "1 min 33 s"),
        ("{{ started | duration(ended) }}", "1 min 33 s"),
        ('{{ started | datetime("%Y-%m-%d %H:%M", "Europe/Berlin") }}', "2025-10-09 10:53"),
        ("[Build Log]({{ link }})", f"[Build Log]({URL})"),
        ("{{ author }}", "Ada Lovelace <ada@example.com>"),
        ('{{ "a b/ä" | urlencode }}', "a%20b/%C3%A4"),
        ("{% if status is failure %}bad{% endif %}{% if status is success %}good{% endif %}", "bad"),
        ("{{ change }} {{ failures }}", "broke 1"),
        ("{{ parameters.REGION }}", "eu"),
        ("  \n {{ number }} \n\n", "7"),
    ],
)
def test_what_a_template_makes(source: str, text: str) -> None:
    assert written(source, told()).replace("\\", "") == text


def test_a_missing_status_is_no_success() -> None:
    both = "{% if status is success %}good{% elif status is failure %}bad{% else %}{{ status }}{% endif %}"
    assert written(both, told(None)) == "unknown"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ culprits.append('x') }}",
        "{% include '/etc/passwd' %}",
        "{% import 'https://example.com/t' as t %}",
        "{{ range(10000000) | list }}",
        "{{ nobody_knows_this }}",
        "{{ 1 / 0 }}",
    ],
)
def test_what_a_template_may_not_do_or_name_is_a_fault_and_no_message(source: str) -> None:
    with pytest.raises(TemplateFault):
        written(source, told())


def test_texts_from_outside_mention_nobody() -> None:
    assert "<@all>" not in written("{{ job }} {{ branch }}", told(full_name="<@all>", branch="<@all>"))


def test_a_template_that_cannot_be_read_is_told_with_its_line() -> None:
    with pytest.raises(TemplateFault, match="line 2: "):
        check("fine\n{% if %}")
    with pytest.raises(SettingsError) as caught:
        read_environment(JenkinsSettings, {}, templates={"broke": "{{"})
    assert "'broke' cannot be read: line 1: " in str(caught.value)


def test_which_template_a_report_is_written_by(server: Jenkins, database: Database, tmp_path: Path) -> None:
    """The subscription's goes before the change's own, and that before the default."""
    templates = {
        "default": "any: {{ job }} {{ status }}",
        "broke": "BROKEN: {{ job }}",
        "short": "{{ number }} {{ status }}",
    }
    config = {"integrations": {"jenkins": {"templates": templates}}}
    talk = following(database, server, config=config, folder=tmp_path)
    talk.say("jenkins subscribe a --tell all")
    talk.say("jenkins subscribe b --tell all --template short")
    for job in "ab":
        talk.hears({"job": job, "number": 1, "result": "FAILURE"})
        talk.hears({"job": job, "number": 2, "result": "SUCCESS"})
    assert talk.told() == ["BROKEN: a", "any: a success", "1 failure", "2 success"]


def test_a_template_that_fails_leaves_my_own_words(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config = {"integrations": {"jenkins": {"templates": {"default": "{{ parameters.MISSING }}"}}}}
    talk = following(database, server, config=config, folder=tmp_path)
    talk.say("jenkins subscribe a --tell all")
    talk.hears({"job": "a", "number": 1, "result": "SUCCESS"})
    assert talk.told() == ["✅ **a** #1 succeeded."]


def test_a_template_nobody_knows_is_told_when_it_is_asked_for(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    talk = following(database, server)
    said = talk.say("jenkins subscribe a --template nice")
    assert said == "⚠️ I know no template `nice`. There are none in `sparkops.yaml`."
