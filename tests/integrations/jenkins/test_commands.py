"""What a person says about Jenkins in a room, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands.execute import execute
from bot.commands.forms import words_of_submission
from bot.commands.model import Entry, Place, Request
from bot.store.database import Database
from integrations.jenkins import integration
from tests.integrations.jenkins.following import Following, following
from tests.integrations.jenkins.prepared import IN_PRIVATE, OPEN_A_CARD, prepare
from tests.playground.jenkins.running_jenkins import Jenkins
from tests.talking import DIRECT, GROUP, conversation

# --- jobs and status


def test_jenkins_jobs_lists_them_all(talk: Following) -> None:
    assert talk.say("jenkins jobs") == (
        "7 jobs:\n\n"
        "```\n"
        "job          last build\n"
        "api          ✅ ok\n"
        "flaky        ❌ failed\n"
        "long-job     ✅ ok\n"
        "nightly-e2e  ❌ failed\n"
        "web          ✅ ok\n"
        "Ünïcode jöb  ✅ ok\n"
        "team/deploy  ✅ ok\n"
        "```\n\n"
        "`jenkins status JOB` tells more of one, `jenkins build JOB` starts it."
    )


def test_a_glob_narrows_the_list_down(talk: Following) -> None:
    listed = talk.say("jenkins jobs TEAM/*")
    assert listed.startswith("1 job:")
    assert "team/deploy" in listed


def test_the_status_of_a_loosely_named_job(talk: Following) -> None:
    assert talk.say("jenkins status DEPLOY") == (
        f"✅ **team/deploy** [\\#2]({talk.server.url}/job/team/job/deploy/2/) "
        "succeeded 21 h ago, after 6 s.\n"
        "✅ Plan 2 s\n"
        "✅ Approve under 1 s\n"
        "✅ Rollout 3 s\n"
        "✅ Smoke test 1 s\n\n"
        "`jenkins build team/deploy` starts it."
    )


def test_a_mistyped_job_is_asked_about(talk: Following) -> None:
    assert talk.say("jenkins status wbe") == "⚠️ Jenkins shows me no job `wbe`. Did you mean `web`?"
    assert talk.say("jenkins status zzzzz") == (
        "⚠️ Jenkins shows me no job `zzzzz`. `jenkins jobs` lists those I may see."
    )


def test_a_name_that_two_folders_share_is_asked_about(talk: Following) -> None:
    talk.server.control("jobs", name="shop", kind="folder")
    talk.server.control("jobs", name="shop/deploy")
    assert talk.say("jenkins status deploy") == (
        "⚠️ `deploy` could be `shop/deploy` or `team/deploy`. Say its full name."
    )


# --- build


def test_a_build_with_parameters_begins_a_run(talk: Following) -> None:
    outcome = talk.outcome("jenkins build api branch=main TARGET=production")
    assert outcome.result == "ok"
    assert outcome.replies[0].run_id == 1
    assert talk.live() == "📨 I ask Jenkins to build **api** with `BRANCH=main`, `TARGET=production`."


def test_the_same_request_handled_twice_is_one_run(talk: Following) -> None:
    line = "jenkins build web"
    request = Request(key="once", entry=Entry.TEXT, person="you@example.com", place=DIRECT, line=line)
    first, second = (execute(request, talk.conversation.services) for _ in range(2))
    assert first.replies[0].run_id == second.replies[0].run_id == 1


def test_a_job_with_parameters_opens_a_form_that_offers_the_choices(talk: Following) -> None:
    reply = talk.outcome("jenkins build api").replies[0]
    assert reply.markdown == (
        "**api** takes `BRANCH` (else `main`), `TARGET` (`staging` or `production`), `DRY_RUN` (true or "
        "false, else "
        "false). Fill in the form, or say `jenkins build api BRANCH=value`; `jenkins build api "
        "--defaults` starts it "
        "without asking."
    )
    assert reply.card is not None
    inputs = [each for each in reply.card["body"] if each["type"].startswith("Input.")]
    assert [(each["type"], each.get("value")) for each in inputs] == [
        ("Input.Text", "main"),
        ("Input.ChoiceSet", "staging"),
        ("Input.Toggle", "false"),
    ]
    assert [each["value"] for each in inputs[1]["choices"]] == ["staging", "production"]


def test_the_form_filled_in_starts_the_build(talk: Following) -> None:
    card = talk.outcome("jenkins build api").replies[0].card
    assert card is not None
    answers = {
        **card["actions"][0]["data"],
        "field0": "feature/x y",
        "field1": "production",
        "field2": "true",
    }
    words = words_of_submission(answers)
    assert words == ("jenkins", "build", "api", "BRANCH=feature/x y", "TARGET=production", "DRY_RUN=true")
    assert talk.conversation.words(words).result == "ok"
    assert talk.run().arguments["given"] == [
        ["BRANCH", "feature/x y"],
        ["TARGET", "production"],
        ["DRY_RUN", "true"],
    ]


def test_defaults_starts_without_asking(talk: Following) -> None:
    assert talk.outcome("jenkins build api --defaults").result == "ok"
    assert talk.run().arguments["given"] == []


@pytest.mark.parametrize("entry", [Entry.TERMINAL, Entry.REST, Entry.SCHEDULE])
def test_where_no_card_can_be_shown_the_defaults_are_taken(talk: Following, entry: Entry) -> None:
    assert talk.outcome("jenkins build api", entry=entry, place=Place()).result == "ok"


def test_a_job_without_parameters_starts_at_once(talk: Following) -> None:
    assert talk.outcome('jenkins build "Ünïcode jöb"').result == "ok"


def test_the_command_without_a_job_asks_for_one(talk: Following) -> None:
    reply = talk.outcome("jenkins build").replies[0]
    assert reply.card is not None


def test_a_choice_with_a_comma_which_no_list_can_offer_is_typed(talk: Following) -> None:
    zones = {"name": "ZONES", "kind": "choice", "choices": ["eu", "eu,us"]}
    talk.server.control("jobs", name="rollout", parameters=[zones])
    card = talk.outcome("jenkins build rollout").replies[0].card
    assert card is not None and card["body"][1]["type"] == "Input.Text"
    assert talk.outcome("jenkins build rollout ZONES=eu,us").result == "ok"


def test_wrong_parameters_start_nothing_and_are_all_told(talk: Following) -> None:
    assert talk.say("jenkins build api BRNACH=main TARGET=prod") == (
        "⚠️ Nothing was started of **api**. There is no `BRNACH`; did you mean `BRANCH`? "
        "`TARGET` offers no `prod`: it is `staging` or `production`. Did you mean `production`?"
    )


def test_a_password_is_refused_and_not_repeated(talk: Following) -> None:
    said = talk.say("jenkins build team/deploy VAULT_TOKEN=hunter2hunter2", place=DIRECT)
    assert said.startswith("⚠️ Nothing was started of **team/deploy**. `VAULT_TOKEN` is a password")
    assert "hunter2" not in said


def test_a_value_that_looks_like_a_secret_is_not_passed_on(talk: Following) -> None:
    token = "ghp_" + "a" * 36
    said = talk.say(f"jenkins build api BRANCH={token}", place=DIRECT)
    assert said.startswith("⚠️ Nothing was started: one of these values looks like a secret")
    assert token not in said


def test_a_disabled_job_is_said_to_be_disabled(talk: Following) -> None:
    talk.server.post("job/web/disable")
    assert talk.say("jenkins build web") == (
        "⚠️ **web** is disabled in Jenkins, so nothing was started. `jenkins enable web` enables it, or "
        f"[its page]({talk.server.url}/job/web/) does."
    )


def test_a_jenkins_that_quiets_down_is_not_asked_for_builds(talk: Following) -> None:
    talk.server.post("quietDown")
    assert talk.say("jenkins build web") == (
        "⚠️ Jenkins is about to shut down and starts nothing any more, so **web** was not started. "
        "Say it again when Jenkins is back; `jenkins unquiet` calls it off."
    )


# --- stop


def running(talk: Following, job: str = "long-job", **parameters: str) -> int:
    """Let a build run; its number."""
    return talk.server.build(f"job/{job}", **parameters)


def test_stop_asks_and_then_stops_the_one_build_that_runs(talk: Following) -> None:
    number = running(talk)
    asked = talk.say("jenkins stop long-job")
    assert asked.startswith(f"⚠️ Stop **long-job** #{number}, which runs now?\n\nSay `confirm ")
    assert talk.confirm(asked) == (
        f"🛑 **long-job** #{number} is asked to stop. `jenkins status long-job` tells when it has."
    )
    assert talk.server.finished("job/long-job", number)["result"] == "ABORTED"


def test_a_yes_holds_for_the_build_that_was_asked_about_and_no_other(talk: Following) -> None:
    number = running(talk)
    asked = talk.say("jenkins stop long-job")
    talk.server.post(f"job/long-job/{number}/stop")
    talk.server.finished("job/long-job", number)
    another = running(talk)
    assert (
        talk.confirm(asked)
        == "⚠️ What runs there has changed since I asked, so I stopped nothing. Say it again."
    )
    assert talk.server.get(f"job/long-job/{another}/api/json")["building"]


def test_where_several_run_the_number_is_asked_for(talk: Following) -> None:
    talk.server.control("speed", speed=0.5)
    first, second = running(talk, "nightly-e2e"), running(talk, "nightly-e2e")
    assert talk.say("jenkins stop nightly-e2e") == (
        f"⚠️ 2 builds of **nightly-e2e** run: #{second}, #{first}. Say which: `jenkins stop nightly-e2e "
        f"#{second}`."
    )
    asked = talk.say(f"jenkins stop nightly-e2e #{first}")
    assert asked.startswith(f"⚠️ Stop **nightly-e2e** #{first}, which runs now?")


def test_a_build_that_waits_is_taken_out_of_the_queue(talk: Following) -> None:
    number = running(talk)
    waiting = talk.server.trigger("job/long-job")
    asked = talk.say("jenkins stop long-job")
    assert f"#{number}" in asked, "the one that runs comes first"
    talk.server.post("quietDown")
    talk.server.post(f"job/long-job/{number}/stop")
    talk.server.finished("job/long-job", number)
    asked = talk.say("jenkins stop long-job")
    assert asked.startswith(f"⚠️ Take **long-job** (item {waiting}) out of Jenkins' queue?")
    assert talk.confirm(asked) == "🚫 **long-job** is out of Jenkins' queue; nothing was built."


def test_there_may_be_nothing_to_stop(talk: Following) -> None:
    assert talk.say("jenkins stop web") == "⚠️ No build of **web** runs or waits; there is nothing to stop."
    assert talk.say("jenkins stop web #5") == "⚠️ **web** #5 is over already; there is nothing to stop."
    assert talk.say("jenkins stop web #99").startswith("⚠️ Asking Jenkins for web \\#99: Jenkins answered 404")


# --- who may


def test_a_rule_about_a_job_holds_for_its_short_name_too(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config = {
        "access": [
            {"allow": "everyone", "commands": "jenkins *"},
            {
                "deny": "everyone",
                "commands": "jenkins build",
                "arguments": {"job": "team/*"},
                "reason": "It is frozen.",
            },
        ]
    }
    talk = following(database, server, config=config, folder=tmp_path)
    denied = talk.say("jenkins build team/deploy --defaults", person="ann@example.com")
    assert denied.startswith("⛔ You may not run `jenkins build` here. It is frozen.")
    short = talk.outcome("jenkins build deploy --defaults", person="ann@example.com")
    assert short.replies[0].markdown == denied
    assert (short.decision, short.arguments["job"]) == ("denied", ("team/deploy",))
    assert talk.outcome("jenkins build WEB", person="ann@example.com").result == "ok"


# --- subscriptions


def test_a_room_subscribes_lists_and_unsubscribes(talk: Following) -> None:
    assert (
        talk.say("jenkins subscriptions")
        == "This room hears of no job. `jenkins subscribe JOB-GLOB` changes that."
    )
    assert talk.say("jenkins subscribe team/*") == (
        "📣 This room hears of `team/*`: what breaks, every 5th failure in a row, what recovers. "
        "Now that is `team/deploy`. "
        "`jenkins unsubscribe team/*` ends it, `jenkins subscriptions` lists them."
    )
    assert talk.say("jenkins subscribe team/*").startswith("📣 This room hears already of")
    assert talk.say("jenkins subscribe nothing-yet").startswith(
        "📣 This room hears of `nothing-yet`: what breaks, every 5th failure in a row, what recovers. "
        "No job matches it now."
    )
    assert talk.say("jenkins subscriptions") == (
        "This room hears of\n\n"
        "- `team/*`: what breaks, every 5th failure in a row, what recovers; you@example.com asked for it\n"
        "- `nothing-yet`: what breaks, every 5th failure in a row, what recovers; you@example.com asked for it\n\n"
        "`jenkins unsubscribe JOB-GLOB` ends one."
    )
    assert talk.say("jenkins unsubscribe team/*") == (
        "🔕 This room hears no more of `team/*`. It still hears of `nothing-yet`."
    )
    assert talk.say("jenkins unsubscribe team/*") == (
        "This room was not subscribed to `team/*`. It still hears of `nothing-yet`."
    )


def test_a_subscription_belongs_to_a_room(talk: Following) -> None:
    said = talk.say("jenkins subscribe api", entry=Entry.TERMINAL, place=Place())
    assert said == "⚠️ Subscriptions belong to a room: say it in the one that is to hear of the builds."


def test_a_subscription_does_not_need_jenkins_to_be_up(talk: Following) -> None:
    talk.server.control("faults", kind="html503", path="*", count=None)
    said = talk.say("jenkins subscribe api")
    assert "I could not look which jobs that are" in said
    assert "- `api`" in talk.say("jenkins subscriptions")


# --- when Jenkins is not as it should be


def test_without_settings_every_command_says_what_to_set(database: Database) -> None:
    talk = conversation(database)
    for line in ("jenkins jobs", "jenkins build api", "jenkins status api", "jenkins stop api"):
        assert talk.say(line) == (
            "⚠️ No Jenkins is set up here. Set `JENKINS_URL` (its root, such as "
            "https://jenkins.example.com/), "
            "`JENKINS_USER` and `JENKINS_TOKEN` (an API token of that user) and start me again."
        )


def test_a_wrong_token_is_told_with_what_to_do(talk: Following) -> None:
    talk.server.control("token", token="another-token")
    assert talk.say("jenkins jobs") == (
        "⚠️ Asking Jenkins for its jobs: Jenkins answered 401 \\(Invalid password/token for user: "
        "sparkops\\). "
        "Make a new API token in Jenkins \\(your user, Security\\) and set JENKINS\\_USER and "
        "JENKINS\\_TOKEN."
    )


def test_a_booting_jenkins_is_told_as_such(talk: Following) -> None:
    talk.server.control("faults", kind="html503", path="*", count=None)
    assert talk.say("jenkins build web") == (
        "⚠️ Asking Jenkins for the job web: Jenkins is starting and not ready yet. It usually takes less "
        "than a "
        "minute; say it again then."
    )


# --- the examples in help


EXAMPLES = [(command.name, example) for command in integration.commands for example in command.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_every_example_in_help_works(talk: Following, name: str, example: str) -> None:
    if name == "jenkins stop":
        assert running(talk) == 2
    if name == "jenkins unsubscribe":
        talk.say(example.replace("unsubscribe", "subscribe"))
    prepare(talk, example)
    outcome = talk.outcome(example, place=DIRECT if name in IN_PRIVATE else GROUP)
    assert outcome.command == name
    asked = outcome.result.startswith("code ") or example in OPEN_A_CARD
    assert outcome.result == "ok" or asked, outcome.replies[0].markdown


def test_every_command_has_an_example() -> None:
    assert {command.name for command in integration.commands} == {name for name, _ in EXAMPLES}
