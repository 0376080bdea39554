"""`webhook …`: the bot's own webhooks, seen, set right and removed by command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.commands.builtin import webhook
from bot.store.database import Database
from bot.webex.webhooks import SUBSCRIBED
from tests.commands.in_webex import InWebex, in_webex
from tests.talking import confirmation_code

SECRET = "a-secret-of-the-webhooks"
ENVIRON = {"PUBLIC_URL": "https://bot.example.com/chat/", "WEBEX_WEBHOOK_SECRET": SECRET}
HOOK = "https://bot.example.com/chat/hooks/webex"
NAMES = sorted(f"{resource} {event}" for resource, event in SUBSCRIBED)


@pytest.fixture
def here(database: Database) -> Iterator[InWebex]:
    with in_webex(database, environ=ENVIRON) as running:
        yield running


def webhooks(here: InWebex) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = here.webex.bot().get("webhooks", max=100)["items"]
    return items


def another(here: InWebex, name: str = "pagerduty") -> dict[str, Any]:
    """Somebody else's webhook, made with the same token."""
    target = {"targetUrl": "https://pager.example.com/in", "resource": "messages", "event": "created"}
    made = here.webex.bot().post("webhooks", name=name, **target, secret="theirs-and-theirs-alone")
    assert isinstance(made, dict)
    return made


def test_without_webhooks_it_says_how_to_make_them(here: InWebex) -> None:
    assert here.say("webhook list") == "I have no webhooks: `webhook sync` makes them."


def test_sync_makes_them_and_tells_what_it_made_and_a_second_time_changes_nothing(here: InWebex) -> None:
    made = ", ".join(f"`sparkops {resource} {event}`" for resource, event in SUBSCRIBED)
    assert here.say("webhook sync") == f"My webhooks tell `{HOOK}`:\n\n- made: {made}"
    assert {(each["targetUrl"], each["secret"]) for each in webhooks(here)} == {(HOOK, SECRET)}
    assert here.say("webhook sync") == f"Nothing to change: my 9 webhooks tell `{HOOK}`."


def test_they_are_listed_with_their_state_and_without_their_secrets(here: InWebex) -> None:
    here.say("webhook sync")
    another(here)
    [disabled] = [each for each in webhooks(here) if each["name"] == "sparkops rooms updated"]
    here.webex.control("POST", f"webhooks/{disabled['id']}/disable")
    rows = "\n".join(
        f"{name:25}  {'inactive' if name == 'rooms updated' else 'active  '}  {HOOK}" for name in NAMES
    )
    answer = here.say("webhook list")
    assert answer == (
        f"```\n{'event':25}  status    where to\n{rows}\n```\n\n"
        "1 other made with my token by somebody else I leave alone."
    )
    [reply] = here.outcome("webhook list --as json").replies
    assert reply.file is not None
    for told in (answer, reply.file.content.decode()):
        assert SECRET not in told and "theirs" not in told and "pager" not in told


def test_sync_sets_right_what_has_moved_was_disabled_or_is_double(here: InWebex) -> None:
    here.say("webhook sync")
    by_name = {each["name"]: each for each in webhooks(here)}
    moved, double = by_name["sparkops messages created"], by_name["sparkops rooms created"]
    here.webex.bot().put(
        f"webhooks/{moved['id']}", name=moved["name"], targetUrl="https://old.example.com/hooks/webex"
    )
    fields = {name: double[name] for name in ("name", "resource", "event", "targetUrl")}
    here.webex.bot().post("webhooks", **fields, secret=SECRET)
    theirs = another(here)
    assert (
        "They should tell `https://bot.example.com/chat/hooks/webex`: `webhook sync` sets that right."
        in here.say("webhook list")
    )
    assert here.say("webhook sync") == (
        f"My webhooks tell `{HOOK}`:\n\n"
        "- set right: `sparkops messages created`\n"
        "- deleted: `sparkops rooms created`"
    )
    assert theirs in webhooks(here)


def test_what_webex_refuses_of_a_sync_is_told_for_each(here: InWebex) -> None:
    here.webex.fault(kind="status", status=503, count=2, match={"method": "POST", "path": "/v1/webhooks"})
    answer = here.say("webhook sync")
    assert answer.count("- refused: Creating the webhook 'sparkops messages ") == 2
    assert len(webhooks(here)) == len(SUBSCRIBED) - 2


@pytest.mark.parametrize(
    ("left_out", "answer"),
    [
        ("PUBLIC_URL", "⚠️ `PUBLIC_URL` is not set, so I do not know where Webex can reach me."),
        (
            "WEBEX_WEBHOOK_SECRET",
            "⚠️ `WEBEX_WEBHOOK_SECRET` is not set, and webhooks that nobody signs I do not take.",
        ),
    ],
)
def test_without_its_settings_sync_says_what_is_missing(
    database: Database, left_out: str, answer: str
) -> None:
    environ = {name: value for name, value in ENVIRON.items() if name != left_out}
    with in_webex(database, environ=environ) as here:
        assert here.say("webhook sync") == answer
        assert webhooks(here) == []


def test_remove_warns_that_the_bot_goes_deaf_and_takes_its_own_only(here: InWebex) -> None:
    here.say("webhook sync")
    theirs = another(here)
    asked = here.say("webhook remove")
    assert asked.startswith(
        f"⚠️ Delete my 9 webhooks, which tell `{HOOK}`? From then on I hear nothing in Webex: nobody can talk to me "
        "there, not even to undo it. A worker that runs makes them anew within a minute or two, so stop it first if "
        "they shall stay away; `webhook sync` at the terminal (`python -m bot chat`) makes them at once."
    )
    assert len(webhooks(here)) == 10
    answer = here.say(f"confirm {confirmation_code(asked)}")
    assert answer == "9 webhooks of 9 deleted. I am deaf in Webex now."
    assert webhooks(here) == [theirs]
    assert here.say("webhook remove") == "⚠️ I have no webhooks: there is nothing to delete."


def test_what_could_not_be_removed_is_told_for_each(here: InWebex) -> None:
    here.say("webhook sync")
    here.webex.fault(kind="status", status=503, count=1, match={"method": "DELETE", "path": "/v1/webhooks/*"})
    answer = here.confirmed("webhook remove")
    assert answer.startswith(
        "8 webhooks of 9 deleted. These are still there; `webhook remove` tries them again:\n\n"
        "- `sparkops attachmentActions created`: Deleting webhook "
    )
    assert [each["name"] for each in webhooks(here)] == ["sparkops attachmentActions created"]


def test_their_examples_run(here: InWebex) -> None:
    here.say("webhook sync")
    for example in (example for command in webhook.COMMANDS for example in command.examples):
        said = here.outcome(example)
        if said.decision == "confirmation asked":
            said = here.outcome(f"confirm {confirmation_code(said.replies[0].markdown)}")
        assert (said.decision, said.result) == ("allowed", "ok"), example
