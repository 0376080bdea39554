"""The bot keeps its own webhooks right, brings disabled ones back, and leaves everybody else's alone."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from webex_peers import Account, Answer, Playground, Received, ScriptedServer, scripted

from bot.webex import (
    Backoff,
    Plan,
    Room,
    ServerError,
    Unauthorized,
    WantedWebhook,
    WebexClient,
    Webhook,
    plan,
    sync,
    wanted_webhooks,
    watch,
)
from bot.webex.model import fingerprint
from bot.webex.webhooks import back_off

SECRET = "hush-hush-4711"
URL = "https://bot.example.com/hooks/webex"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMES = [
    "sparkops messages created",
    "sparkops messages deleted",
    "sparkops memberships created",
    "sparkops memberships updated",
    "sparkops memberships deleted",
    "sparkops rooms created",
    "sparkops rooms updated",
    "sparkops rooms migrated",
    "sparkops attachmentActions created",
]
HAD_DISABLED = (
    "Webex had disabled the webhook “sparkops messages created”, as it does when deliveries go unanswered"
)

WANTED = WantedWebhook(
    name="sparkops messages created",
    target_url=URL,
    resource="messages",
    event="created",
    secret_fingerprint=fingerprint(SECRET),
)
RIGHT = Webhook(
    id="w1",
    name="sparkops messages created",
    target_url=URL,
    resource="messages",
    event="created",
    status="active",
    secret_fingerprint=fingerprint(SECRET),
)
MOVED = replace(RIGHT, target_url="https://old.example.com/hooks/webex")
DISABLED = replace(RIGHT, status="inactive")
DUPLICATE = replace(RIGHT, id="w2")
OBSOLETE = replace(RIGHT, id="w3", name="sparkops messages updated", event="updated")


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        pytest.param([], Plan(create=(WANTED,)), id="nothing there: made"),
        pytest.param([RIGHT], Plan(keep=(RIGHT,)), id="as it should be: kept"),
        pytest.param([MOVED], Plan(update=((MOVED, WANTED),)), id="another address: updated in place"),
        pytest.param(
            [DISABLED], Plan(update=((DISABLED, WANTED),)), id="disabled: updated, which enables it"
        ),
        pytest.param(
            [replace(RIGHT, secret_fingerprint=fingerprint("old"))],
            Plan(update=((replace(RIGHT, secret_fingerprint=fingerprint("old")), WANTED),)),
            id="another secret: updated in place",
        ),
        pytest.param(
            [replace(RIGHT, secret_fingerprint=None)],
            Plan(update=((replace(RIGHT, secret_fingerprint=None), WANTED),)),
            id="secret not echoed: updated to be sure",
        ),
        pytest.param(
            [replace(RIGHT, resource="rooms")],
            Plan(create=(WANTED,), delete=(replace(RIGHT, resource="rooms"),)),
            id="another resource: made anew",
        ),
        pytest.param(
            [replace(RIGHT, event="all")],
            Plan(create=(WANTED,), delete=(replace(RIGHT, event="all"),)),
            id="another event: made anew",
        ),
        pytest.param(
            [replace(RIGHT, filter="roomId=r")],
            Plan(create=(WANTED,), delete=(replace(RIGHT, filter="roomId=r"),)),
            id="another filter: made anew",
        ),
        pytest.param(
            [replace(RIGHT, filter="")], Plan(keep=(replace(RIGHT, filter=""),)), id="an empty filter is none"
        ),
        pytest.param([RIGHT, DUPLICATE], Plan(keep=(RIGHT,), delete=(DUPLICATE,)), id="double: one removed"),
        pytest.param(
            [MOVED, DUPLICATE], Plan(keep=(DUPLICATE,), delete=(MOVED,)), id="double: the better one stays"
        ),
        pytest.param(
            [replace(MOVED, id="w4"), replace(DISABLED, id="w5")],
            Plan(update=((replace(DISABLED, id="w5"), WANTED),), delete=(replace(MOVED, id="w4"),)),
            id="double: a wrong address weighs more than being disabled",
        ),
        pytest.param(
            [RIGHT, OBSOLETE], Plan(keep=(RIGHT,), delete=(OBSOLETE,)), id="an earlier version's: removed"
        ),
    ],
)
def test_plan(existing: list[Webhook], expected: Plan) -> None:
    assert plan(existing, [WANTED], "sparkops") == expected


@pytest.mark.parametrize(
    "name",
    [
        "Sparkops messages created",
        "sparkops2 messages created",
        "sparkops audit of the security team",
        "sparkops",
        "sparkops messages created (copy)",
        "messages created",
        "staging messages created",
        "",
    ],
)
def test_a_webhook_by_any_other_name_is_somebody_elses(name: str) -> None:
    theirs = replace(RIGHT, id="theirs", name=name, status="inactive")

    assert plan([theirs], [WANTED], "sparkops") == Plan(create=(WANTED,), foreign=(theirs,))


def test_what_the_bot_wants_to_hear_of() -> None:
    wanted = wanted_webhooks(URL, SECRET)

    assert [each.name for each in wanted] == NAMES
    assert {each.target_url for each in wanted} == {URL}
    assert SECRET not in repr(wanted)


def test_a_first_sync_makes_all_and_a_second_changes_nothing(bot: Account) -> None:
    first = sync(bot.client, URL, SECRET)
    second = sync(bot.client, URL, SECRET)

    assert list(first.created) == NAMES
    assert first.changed
    assert list(second.kept) == NAMES
    assert not second.changed
    assert sorted(each.name for each in bot.client.list_webhooks()) == sorted(NAMES)


def test_a_sync_with_another_address_and_secret_changes_in_place(bot: Account) -> None:
    sync(bot.client, URL, SECRET)
    before = {each.id for each in bot.client.list_webhooks()}

    report = sync(bot.client, "https://new.example.com/hooks/webex", "another-secret")

    after = bot.client.list_webhooks()
    assert list(report.updated) == NAMES
    assert {each.id for each in after} == before
    assert {each.target_url for each in after} == {"https://new.example.com/hooks/webex"}
    assert {each.secret_fingerprint for each in after} == {fingerprint("another-secret")}


def test_a_sync_tidies_up_its_own_and_leaves_others_alone(bot: Account) -> None:
    client = bot.client
    theirs = client.create_webhook("audit", "https://audit.example.com/", "messages", "created")
    sync(client, URL, SECRET)
    client.create_webhook("sparkops messages created", URL, "messages", "created", secret=SECRET)
    client.create_webhook("sparkops messages updated", URL, "messages", "updated", secret=SECRET)
    filtered = client.create_webhook("sparkops rooms created", URL, "rooms", "created", filter="type=group")

    report = sync(client, URL, SECRET)

    assert sorted(report.deleted) == [
        "sparkops messages created",
        "sparkops messages updated",
        "sparkops rooms created",
    ]
    assert report.foreign == ("audit",)
    left = client.list_webhooks()
    assert sorted(each.name for each in left) == sorted(["audit", *NAMES])
    assert theirs in left
    assert filtered.id not in {each.id for each in left}


def test_two_bots_with_one_token_do_not_touch_each_others_webhooks(bot: Account) -> None:
    sync(bot.client, URL, SECRET, name_prefix="staging")
    report = sync(bot.client, URL, SECRET)

    assert len(report.foreign) == 9
    assert len(bot.client.list_webhooks()) == 18


def test_one_refused_webhook_does_not_keep_the_others_from_being_made(
    bot: Account, playground: Playground
) -> None:
    with playground.fault("POST", "webhooks", status=500, count=1):
        report = sync(bot.client, URL, SECRET)

    assert list(report.created) == NAMES[1:]
    [error] = report.errors
    assert isinstance(error, ServerError)
    assert error.attempted == "Creating the webhook 'sparkops messages created'"
    assert sync(bot.client, URL, SECRET).created == ("sparkops messages created",)


def test_a_sync_with_a_wrong_token_says_so(playground: Playground) -> None:
    with pytest.raises(Unauthorized, match="Listing webhooks: Webex answered 401 Unauthorized"):
        sync(WebexClient("no-such-token", playground.api), URL, SECRET)


def test_webhooks_are_never_unsigned(bot: Account) -> None:
    with pytest.raises(ValueError, match="need a secret"):
        sync(bot.client, URL, "")


def test_a_webhook_that_another_process_just_deleted_counts_as_deleted(
    bot: Account, playground: Playground
) -> None:
    bot.client.create_webhook("sparkops messages updated", URL, "messages", "updated")
    with playground.fault("DELETE", "webhooks/*", status=404):
        report = sync(bot.client, URL, SECRET)

    assert report.deleted == ("sparkops messages updated",)
    assert report.errors == ()


def test_deliveries_are_signed_with_the_secret_also_after_it_changed(
    bot: Account, ada: Account, room: Room
) -> None:
    ping = f"<@personEmail:{bot.email}|Sparkops> ping"
    with scripted(Answer(200, {})) as receiver:
        target = f"{receiver.origin}/hooks/webex"
        sync(bot.client, target, SECRET)
        ada.client.post_message(room.id, markdown=ping)
        first = delivery(receiver, lambda request: b'"messages"' in request.body)

        sync(bot.client, target, "another-secret")
        receiver.received.clear()
        ada.client.post_message(room.id, markdown=ping)
        second = delivery(receiver, lambda request: b'"messages"' in request.body)

    assert first.path == "/hooks/webex"
    assert first.headers["X-Spark-Signature"] == signature(SECRET, first.body)
    assert second.headers["X-Spark-Signature"] == signature("another-secret", second.body)


def test_a_disabled_webhook_is_enabled_at_once_and_said_so(bot: Account, playground: Playground) -> None:
    webhook = disabled_webhook(bot, playground)

    report = watch(bot.client, "sparkops", {}, NOON)

    assert report.reenabled == (webhook.name,)
    assert report.sentences == (
        f"{HAD_DISABLED}; it is enabled again. Should it be disabled again, the next try is at 12:01 UTC.",
    )
    assert report.state == {webhook.id: Backoff(1, NOON, NOON + timedelta(minutes=1))}
    assert all(each.is_active for each in bot.client.list_webhooks())


def test_a_webhook_that_is_disabled_over_and_over_is_tried_ever_more_rarely(
    bot: Account, playground: Playground
) -> None:
    webhook = disabled_webhook(bot, playground)
    report = watch(bot.client, "sparkops", {}, NOON)
    tried = []
    for minute in range(1, 100):
        playground.control("POST", f"webhooks/{webhook.id}/disable")
        report = watch(bot.client, "sparkops", report.state, NOON + timedelta(minutes=minute))
        if report.reenabled:
            tried.append(minute)
        else:
            assert report.waiting == (webhook.name,)
            assert report.sentences == ()

    assert tried == [1, 3, 7, 15, 31, 61, 91]


def test_enabling_can_set_the_secret_again(bot: Account, playground: Playground) -> None:
    disabled_webhook(bot, playground)

    watch(bot.client, "sparkops", {}, NOON, secret="another-secret")

    assert [each.secret_fingerprint for each in bot.client.list_webhooks()] == [fingerprint("another-secret")]


def test_the_third_try_says_which_it_is(bot: Account, playground: Playground) -> None:
    webhook = disabled_webhook(bot, playground)
    twice = Backoff(2, NOON - timedelta(minutes=2), NOON)

    report = watch(bot.client, "sparkops", {webhook.id: twice}, NOON)

    assert report.sentences == (
        f"{HAD_DISABLED}; it is enabled again (try 3). "
        "Should it be disabled again, the next try is at 12:04 UTC.",
    )


def test_a_webhook_counts_as_well_only_after_five_quiet_minutes(bot: Account, playground: Playground) -> None:
    """Within them a single unanswered delivery has it disabled again."""
    webhook = disabled_webhook(bot, playground)
    enabled = watch(bot.client, "sparkops", {}, NOON)

    early = watch(bot.client, "sparkops", enabled.state, NOON + timedelta(minutes=4, seconds=59))
    late = watch(bot.client, "sparkops", early.state, NOON + timedelta(minutes=5))

    assert early.state == enabled.state
    assert early.sentences == ()
    assert late.state == {}
    assert late.recovered == (webhook.name,)
    assert late.sentences == ("The webhook “sparkops messages created” has stayed enabled since 12:00 UTC.",)


def test_a_refused_enabling_is_told_and_tried_later(bot: Account, playground: Playground) -> None:
    webhook = disabled_webhook(bot, playground)
    with playground.fault("PUT", "webhooks/*", status=429, retryAfter=600):
        report = watch(bot.client, "sparkops", {}, NOON)

    [error] = report.errors
    assert report.reenabled == ()
    assert report.state == {webhook.id: Backoff(1, NOON, NOON + timedelta(minutes=10))}
    assert report.sentences == (f"{HAD_DISABLED}. {error}. The next try is at 12:10 UTC.",)


def test_somebody_elses_disabled_webhook_stays_disabled(bot: Account, playground: Playground) -> None:
    theirs = bot.client.create_webhook("audit", URL, "messages", "created")
    playground.control("POST", f"webhooks/{theirs.id}/disable")

    report = watch(bot.client, "sparkops", {}, NOON)

    assert report.state == {}
    assert report.sentences == ()
    assert [each.is_active for each in bot.client.list_webhooks()] == [False]


def test_healthy_webhooks_cause_no_calls_but_the_one_that_reads_them(
    bot: Account, playground: Playground
) -> None:
    sync(bot.client, URL, SECRET)
    before = playground.calls("PUT /v1/webhooks/{id}")

    report = watch(bot.client, "sparkops", {}, NOON, secret=SECRET)

    assert report.state == {}
    assert playground.calls("PUT /v1/webhooks/{id}") == before


def test_the_wait_doubles_from_one_minute_to_thirty() -> None:
    state, waits = None, []
    for _ in range(8):
        state = back_off(state, NOON)
        waits.append((state.not_before - NOON) // timedelta(minutes=1))

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def disabled_webhook(bot: Account, playground: Playground) -> Webhook:
    webhook = bot.client.create_webhook(
        "sparkops messages created", URL, "messages", "created", secret=SECRET
    )
    playground.control("POST", f"webhooks/{webhook.id}/disable")
    return webhook


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def delivery(receiver: ScriptedServer, wanted: Callable[[Received], bool]) -> Received:
    """The first delivery that is wanted, waited for."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [each for each in receiver.received if wanted(each)]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("no such delivery within 30 s")
