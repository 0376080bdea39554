"""Whatever line a text proposes is one that can be said: of a command there is, at the server it is about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.database import Database
from integrations.jenkins import integration
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins

FOLDER = Path(__file__).parents[3] / "integrations" / "jenkins"
COMMANDS = {command.name.removeprefix("jenkins ") for command in integration.commands}
_TYPED = re.compile(r"`(?:jenkins(?:@[^ `]+)?|\{noun\}|\{\}) ([a-z][a-z-]*)(?: ([a-z]+))?")


def proposed() -> Iterator[tuple[str, str]]:
    """Each verb that a text or a button proposes, with the file it stands in."""
    for path in sorted(FOLDER.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for verb in (*_in_text(node), *_in_words(node)):
                yield path.name, verb


def _in_text(node: ast.AST) -> Iterator[str]:
    """The verb behind the noun within back quotes, in a plain text and in one with values in it."""
    text = ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
        text = "".join(str(each) for each in parts)
    for verb, second in _TYPED.findall(text):
        yield f"{verb} {second}" if f"{verb} {second}" in COMMANDS else verb


def _in_words(node: ast.AST) -> Iterator[str]:
    """The verb behind `noun` in a tuple of words."""
    if not isinstance(node, ast.Tuple) or len(node.elts) < 2:
        return
    first, second, *rest = node.elts
    if isinstance(first, ast.Name) and first.id == "noun" and isinstance(second, ast.Constant):
        third = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
        both = f"{second.value} {third}"
        yield both if both in COMMANDS else str(second.value)


def test_every_proposed_line_is_of_a_command_there_is() -> None:
    found = set(proposed())
    assert len({verb for _, verb in found}) > 15, "the proposals are found at all"
    assert {each for each in found if each[1] not in COMMANDS} == set()


@pytest.fixture
def elsewhere(server: Jenkins, database: Database, tmp_path: Path) -> Following:
    """The owner, whose bot knows `main` and `prod`; here both are the same Jenkins."""
    there = {"url": server.url, "user": "sparkops", "token": server.secret, "timeout": 20}
    config = {"integrations": {"jenkins": {"servers": {"prod": there}}}}
    server.job("never", kind="pipeline")
    server.post("job/web/disable")
    return following(database, server, config=config, folder=tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "jobs", "jobs nothing*", "status", "status api", "status never", "job api", "job never", "job zzzzz",
        "builds api", "builds never", "queue", "agents", "failing", "failing nothing*", "tests web",
        "tests never", "tests flaky", "artifacts api", "artifacts never", "trend api", "trend never", "log web",
        "log api #3", "log never", "build api", "build web", "build team/deploy", "build never x=y",
        "build-with-passwords web", "build-with-passwords api", "build-with-passwords team/deploy",
        "rebuild never", "rebuild api", "replay long-job #1", "stop api", "stop long-job --term", "approve api #3",
        "abort api #3", "enable api", "enable web", "disable api", "quiet", "unquiet", "agent offline linux-1",
        "agent online linux-1", "subscribe team/*", "unsubscribe nothing",
    ],
)  # fmt: skip
def test_what_is_proposed_after_a_line_to_another_server_goes_there_too(
    elsewhere: Following, line: str
) -> None:
    outcome = elsewhere.outcome(f"jenkins@prod {line}")
    said = "\n".join(each.markdown for each in outcome.replies)
    assert said
    others = re.findall(r"`jenkins [^`]*`", said)
    assert others == []


def test_a_room_that_hears_of_several_servers_is_told_how_to_end_either(elsewhere: Following) -> None:
    elsewhere.say("jenkins@prod subscribe team/*")
    assert elsewhere.say("jenkins subscriptions").endswith(
        "`jenkins unsubscribe JOB-GLOB` ends one, `jenkins@prod unsubscribe JOB-GLOB` one of another server."
    )
