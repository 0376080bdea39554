"""`access …` in chat: what people type, what they see, and what they may do afterwards."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.access.policy_watch import FACT
from bot.commands.model import Place
from bot.store.database import Database
from bot.store.models import AuditRow, Fact, Grant
from tests.commands.live_policy import ADA, BOB, EVE, live_talk, write_config
from tests.talking import DIRECT, OWNER, Conversation

CONFIG: dict[str, Any] = {
    "groups": {"bakers": [ADA, "*@bakery.example"], "guards": [BOB]},
    "access": [
        {"allow": "bakers", "commands": "bread *", "rooms": "Sparkops *"},
        {"allow": "guards", "commands": ["access *"]},
        {"deny": "everyone", "commands": "oven explode", "reason": "It hurts."},
    ],
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


@pytest.fixture
def talk(database: Database, tmp_path: Path) -> Conversation:
    """The owner's conversation, and a sparkops.yaml in the test's folder."""
    return live_talk(database, tmp_path, CONFIG)


def timeless(markdown: str) -> str:
    return MOMENT.sub("THEN", markdown)


def may_run(talk: Conversation, line: str, person: str, place: Place | None = None) -> bool:
    outcome = talk.outcome(line, person=person, place=place or talk.place)
    return outcome.decision == "allowed"


# --- granting -----------------------------------------------------------------------------------------------


def test_a_grant_counts_from_the_next_line_on_and_shows_the_command_in_help(talk: Conversation) -> None:
    assert not may_run(talk, "oven timer 5m 3", EVE)
    assert "**oven**" not in talk.say("help", person=EVE)
    assert talk.say(f'access grant {EVE} "oven timer"') == (
        "Grant 1: `eve@example.com` may run `oven timer`. `access revoke 1` takes it back."
    )
    assert may_run(talk, "oven timer 5m 3", EVE)
    assert "- **oven** `timer`" in talk.say("help", person=EVE)
    assert talk.say("access revoke 1") == (
        "Grant 1 is revoked. It said: `eve@example.com` may run `oven timer`."
    )
    assert not may_run(talk, "oven timer 5m 3", EVE)
    assert "**oven**" not in talk.say("help", person=EVE)


def test_a_grant_says_where_with_which_effects_with_which_arguments_how_long_and_why(
    talk: Conversation,
) -> None:
    said = talk.say(
        f'access grant {EVE} "bread *" "oven timer" --rooms "Sparkops *" --rooms direct --effects change '
        "--argument kind=rye --argument kind=wh* --argument name=Sunday --for 1d12h --reason 'A trial.'"
    )
    assert timeless(said) == (
        "Grant 1: `eve@example.com` may run `bread *` or `oven timer` with effect `change` in rooms `Sparkops *` or "
        "direct rooms where `kind` is `rye` or `wh*` and `name` is `Sunday` (A trial.), until THEN. "
        "`access revoke 1` takes it back."
    )
    assert may_run(talk, "bread bake rye Sunday round", EVE)
    assert may_run(talk, "bread bake wheat Sunday round", EVE, DIRECT)
    assert not may_run(talk, "bread bake wheat Monday round", EVE)
    assert not may_run(talk, "bread bake rye Sunday round", EVE, Place(("room-9",), "Elsewhere", "group"))
    assert not may_run(talk, "bread list", EVE)


def test_a_denial_from_the_chat_wins_over_the_file_and_over_owners_and_tells_its_reason(
    talk: Conversation,
) -> None:
    assert may_run(talk, "bread list", ADA)
    talk.say('access grant --deny everyone "bread list" --reason "Stocktaking."')
    for person in (ADA, OWNER):
        assert talk.say("bread list", person=person) == (
            "⛔ You may not run `bread list` here. Stocktaking. `whoami` shows who I take you for; one of my "
            "owners can grant it."
        )


def test_a_grant_to_a_group_an_address_in_capitals_and_a_glob(talk: Conversation) -> None:
    talk.say('access grant guards "bread list"')
    assert may_run(talk, "bread list", BOB)
    talk.say('access grant EVE@example.com "bread list"')
    assert may_run(talk, "bread list", EVE)
    talk.say('access grant "*@mill.example" "bread list"')
    assert may_run(talk, "bread list", "zoe@mill.example")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (
            'access grant bekers "bread list"',
            "⚠️ `bekers` is no e-mail, no group and no role, so the rule would be about nobody. `access groups` "
            "shows the names there are.",
        ),
        (
            f"access grant {EVE} bread list",
            '⚠️ No command is called `bread`. Put the name in quotes: `"bread list"`.',
        ),
        (
            f'access grant {EVE} "braed list"',
            "⚠️ No command is called `braed list`, so the rule would be about nothing. `help` shows their names.",
        ),
        (
            f'access grant {EVE} "bread bake" --argument kinds=rye',
            "⚠️ These commands have no argument `kinds`. They have `kind`, `name`, `shapes`.",
        ),
        (
            f'access grant {EVE} "bread list" --for 0s',
            "⚠️ A grant lasts longer than no time and at most 3650d. Leave `--for` out for no end.",
        ),
        (
            f'access grant {EVE} "bread list" --for 3651d',
            "⚠️ A grant lasts longer than no time and at most 3650d. Leave `--for` out for no end.",
        ),
    ],
)
def test_what_would_never_be_about_anything_is_not_granted(
    talk: Conversation, database: Database, line: str, reply: str
) -> None:
    assert talk.say(line) == reply
    with database.transaction() as session:
        assert session.query(Grant).count() == 0


def test_a_range_that_holds_nothing_is_no_rule(talk: Conversation) -> None:
    assert talk.say(f'access grant {EVE} "bread list" --argument last=4..1').startswith("⚠️ That is no rule: ")
    assert not may_run(talk, "bread list --last 2", EVE)


# --- who may widen ------------------------------------------------------------------------------------------


def test_only_owners_let_in_whatever_the_policy_says_about_the_command(talk: Conversation) -> None:
    refused = (
        "⚠️ Only owners may {} from the chat, and bob@example.com is none, whatever else the rules allow. You may "
        "keep people out (`access grant --deny …`) and revoke what lets them in."
    )
    assert talk.say(f'access grant {BOB} "*"', person=BOB) == refused.format("let people in")
    assert talk.say('access grant everyone "bread list"', person=BOB) == refused.format("let people in")
    talk.say(f'access grant --deny {ADA} "bread list"')
    assert talk.say("access revoke 1", person=BOB) == refused.format("take back what keeps people out")
    assert not may_run(talk, "bread list", ADA)


def test_who_is_no_owner_may_narrow_where_the_policy_lets_them(talk: Conversation) -> None:
    talk.say(f'access grant {EVE} "bread list"')
    assert talk.say("access revoke 1", person=BOB).startswith("Grant 1 is revoked.")
    assert talk.say(f'access grant --deny {ADA} "bread list"', person=BOB).startswith("Grant 2: ")
    assert not may_run(talk, "bread list", EVE)
    assert not may_run(talk, "bread list", ADA)


def test_who_the_policy_does_not_let_may_not_even_narrow(talk: Conversation) -> None:
    for line in (
        f'access grant --deny {ADA} "bread list"',
        "access revoke 1",
        "access reload",
        "access list",
    ):
        assert talk.outcome(line, person=ADA).decision == "denied"


@pytest.mark.parametrize(
    "line",
    [
        'access grant --deny everyone "*"',
        'access grant --deny owners "access *"',
        f'access grant --deny {OWNER} "access revoke"',
        'access grant --deny "*@example.com" "access *" --for 1h',
        'access grant --deny everyone "access revoke" --argument number=*',
        'access grant --deny everyone "*" --rooms direct --rooms group --rooms none',
    ],
)
@pytest.mark.parametrize("person", [OWNER, BOB])
def test_a_denial_that_no_owner_could_revoke_is_not_stored(
    talk: Conversation, database: Database, line: str, person: str
) -> None:
    assert talk.say(line, person=person) == (
        "⚠️ I did not store that deny: no owner could revoke it any more, since it is about every owner and about "
        "`access revoke`. Name the commands, the rooms or the people more narrowly."
    )
    with database.transaction() as session:
        assert session.query(Grant).count() == 0
    assert may_run(talk, "access list", OWNER)


def test_owners_cannot_be_shut_out_one_after_the_other(database: Database, tmp_path: Path) -> None:
    second = "second@example.com"
    talk = live_talk(database, tmp_path, {}, owners=(OWNER, second))
    assert talk.say(f'access grant --deny {second} "access *"').startswith("Grant 1: ")
    assert "no owner could revoke it any more" in talk.say(f'access grant --deny {OWNER} "access *"')
    assert may_run(talk, "access revoke 1", OWNER)


def test_a_denial_that_leaves_a_place_to_revoke_it_is_stored(talk: Conversation) -> None:
    said = 'access grant --deny everyone "*" --rooms direct'
    assert talk.say(said).startswith("Grant 1: `everyone` may run nothing in direct rooms.")
    assert not may_run(talk, "ping", OWNER, DIRECT)
    assert may_run(talk, "access revoke 1", OWNER)


# --- revoking -----------------------------------------------------------------------------------------------


def test_what_cannot_be_revoked_is_told_with_its_reason(talk: Conversation, database: Database) -> None:
    talk.say(f'access grant {EVE} "bread list"')
    talk.say(f'access grant {EVE} "bread taste" --for 1h')
    talk.say("access revoke 1")
    with database.transaction() as session:
        session.execute(text("UPDATE grants SET expires_at = now() - interval '1 minute' WHERE id = 2"))
    assert talk.say("access revoke 1") == "⚠️ Grant 1 was revoked before, by you@example.com."
    assert talk.say("access revoke #2") == "⚠️ Grant 2 is over: its time has run out."
    assert talk.say("access revoke 9") == "⚠️ There is no grant 9. `access list` shows those in force."


def test_all_of_it_is_audited(talk: Conversation, database: Database) -> None:
    talk.say(f'access grant {EVE} "bread list"')
    talk.say('access grant everyone "*"', person=BOB)
    talk.say("access revoke 1", person=EVE)
    with database.transaction() as session:
        rows = [
            (row.person_email, row.line, row.decision, row.result)
            for row in session.query(AuditRow).order_by(AuditRow.id)
        ]
    assert rows == [
        (OWNER, f'access grant {EVE} "bread list"', "allowed", "ok"),
        (BOB, 'access grant everyone "*"', "allowed", "refused"),
        (EVE, "access revoke 1", "denied", "denied"),
    ]


# --- looking ------------------------------------------------------------------------------------------------

LIST = f"""\
**Owners**, who may run everything: you@example.com.

**From `sparkops.yaml`**

- access rule 1 (allow): `bakers` may run `bread *` in rooms `Sparkops *`.
- access rule 2 (allow): `guards` may run `access *`.
- access rule 3 (deny): `everyone` may not run `oven explode` (It hurts.).

**From the chat**

- grant 2 (deny): `ada@example.com` may not run `bread throw`. Given by bob@example.com on THEN.
- grant 3 (allow): `{EVE}` may run `bread *` with effect `read`. Given by {OWNER} on THEN, until THEN."""


@pytest.fixture
def granted(talk: Conversation) -> Conversation:
    """Three grants, of which the first is revoked."""
    talk.say(f'access grant {EVE} "bread list"')
    talk.say(f'access grant --deny {ADA} "bread throw"', person=BOB)
    talk.say(f'access grant {EVE} "bread *" --effects read --for 8h')
    talk.say("access revoke 1")
    return talk


def test_the_list_shows_the_files_rules_and_the_grants_in_force(granted: Conversation) -> None:
    assert timeless(granted.say("access list")) == LIST


def test_the_list_shows_ended_grants_when_asked(granted: Conversation, database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE grants SET expires_at = now() - interval '1 minute' WHERE id = 3"))
    shown = timeless(granted.say("access list --all"))
    assert (
        "- grant 1 (allow): `eve@example.com` may run `bread list`. Given by you@example.com on THEN; revoked by "
        "you@example.com on THEN.\n"
    ) in shown
    assert shown.endswith("Given by you@example.com on THEN, which ended on THEN.")
    assert "grant 3" not in granted.say("access list")


def test_the_list_of_one_person_shows_what_is_about_them(granted: Conversation) -> None:
    of_eve = timeless(granted.say(f"access list --person {EVE.upper()}"))
    assert of_eve == (
        "**From `sparkops.yaml`**\n\n- access rule 3 (deny): `everyone` may not run `oven explode` (It hurts.).\n\n"
        "**From the chat**\n\n- grant 3 (allow): `eve@example.com` may run `bread *` with effect `read`. Given by "
        "you@example.com on THEN, until THEN."
    )
    of_zoe = granted.say("access list --person zoe@bakery.example")
    assert "access rule 1 (allow)" in of_zoe
    assert "grant" not in of_zoe


def test_a_long_list_goes_into_a_file(talk: Conversation) -> None:
    for number in range(50):
        talk.say(f'access grant person{number}@example.com "bread list"')
    reply = talk.outcome("access list").replies[0]
    assert reply.markdown.endswith("more lines are in the file.")
    assert reply.file is not None
    assert reply.file.name == "access.md"
    assert "`person49@example.com` may run `bread list`" in reply.file.content.decode()


def test_the_groups_and_the_other_names_a_rule_may_say(talk: Conversation) -> None:
    assert talk.say("access groups") == (
        "- **owners**: you@example.com\n"
        "- **bakers**: `ada@example.com`, `*@bakery.example`\n"
        "- **guards**: `bob@example.com`\n\n"
        "Rules may also say `everyone`, `moderators`, `owners` (`moderators`: of the room asked in), `team:NAME`, "
        "an e-mail or a glob of e-mails."
    )


def test_whoami_shows_my_grants_and_until_when(granted: Conversation) -> None:
    assert timeless(granted.say("whoami", person=EVE)) == (
        "You are **eve@example.com**, in the room Sparkops demo. Groups: none.\n\nFrom the chat:\n\n"
        "- grant 3 (allow): `eve@example.com` may run `bread *` with effect `read`, until THEN."
    )
    assert granted.say("whoami", person=ADA).endswith(
        "- grant 2 (deny): `ada@example.com` may not run `bread throw`."
    )
    assert "grant" not in granted.say("whoami", person=BOB)


def test_whoami_shows_no_grant_whose_time_is_over_though_nobody_has_read_them_since(
    granted: Conversation,
) -> None:
    policies = granted.services.policies
    over = datetime.now(UTC) - timedelta(seconds=1)
    ended = tuple(replace(rule, until=over) if rule.until else rule for rule in policies.current.rules)
    policies.current = replace(policies.current, rules=ended)
    assert granted.say("whoami", person=EVE).endswith("Groups: none.")
    assert "grant 2 (deny)" in granted.say("whoami", person=ADA)


# --- reloading ----------------------------------------------------------------------------------------------


def test_a_reload_takes_the_file_and_tells_what_changed(
    talk: Conversation, database: Database, tmp_path: Path
) -> None:
    write_config(
        tmp_path,
        {
            "groups": CONFIG["groups"],
            "access": [{"allow": "everyone", "commands": ["bread list", "braed *"]}, CONFIG["access"][1]],
            "limits": [{"rate": "5/1m"}],
        },
    )
    assert not may_run(talk, "bread list", EVE)
    assert talk.say("access reload") == (
        "I read the file anew, and all my processes do: 2 access rules (1 new, 2 gone); 0 approvals (unchanged); "
        "1 limits (1 new); 2 groups (unchanged); 0 people (unchanged).\n\n"
        "**These globs match no command**\n\n- `braed *` in access rule 1 (allow)"
    )
    assert talk.services.policy.rules[0].says.commands == ("bread list", "braed *")
    with database.transaction() as session:
        fact = session.get_one(Fact, FACT).value
    assert (fact["ok"], fact["reloads"]) == (True, 1)


def test_a_reload_tells_of_settings_that_need_a_restart(talk: Conversation, tmp_path: Path) -> None:
    write_config(tmp_path, CONFIG | {"integrations": {"jenkins": {"url": "https://ci.example.com"}}})
    assert "The settings of integrations have changed too: they count after a restart." in talk.say(
        "access reload"
    )


def test_an_invalid_file_is_told_with_its_line_and_the_old_policy_stays(
    talk: Conversation, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "sparkops.yaml"
    path.write_text("access:\n  - allow: everyone\n    commands: '*'\n  - alow: nobody\n")
    said = talk.say("access reload")
    assert said.startswith(
        "⚠️ I read the file anew and cannot take it; the old policy stays in force.\n\n```\n"
    )
    assert re.search(r"sparkops\.yaml, line 4 .*alow", said)
    assert said.endswith("Mend it, then say `access reload` again.")
    assert not may_run(talk, "bread list", EVE)
    assert may_run(talk, "bread list", ADA)
    with database.transaction() as session:
        assert session.get(Fact, FACT) is None


def test_a_file_that_would_break_a_grant_is_refused(talk: Conversation, tmp_path: Path) -> None:
    talk.say('access grant --deny guards "bread list"')
    write_config(tmp_path, {"groups": {"bakers": [ADA]}, "access": CONFIG["access"][:1]})
    assert "grant 1: there is no group 'guards' any more." in talk.say("access reload")
    assert not may_run(talk, "bread list", BOB)
    assert "guards" in talk.say("access groups")
