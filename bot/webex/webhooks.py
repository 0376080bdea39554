"""The bot's own webhooks at Webex: made, kept right and re-enabled; everybody else's left alone.

Resources, events, disabling: https://developer.webex.com/docs/api/guides/webhooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urljoin

from bot.webex.client import WebexClient
from bot.webex.errors import NotFound, WebexError
from bot.webex.model import Webhook, fingerprint

NAME_PREFIX = "sparkops"

SUBSCRIBED = (
    ("messages", "created"),
    ("messages", "deleted"),
    ("memberships", "created"),
    ("memberships", "updated"),
    ("memberships", "deleted"),
    ("rooms", "created"),
    ("rooms", "updated"),
    ("rooms", "migrated"),
    ("attachmentActions", "created"),
)
"""What the bot listens to: all that Webex sends to bots. A migrated room has a new id."""

QUIET = timedelta(minutes=5)
"""For so long after a re-enabling one unanswered delivery is enough to have the webhook disabled again."""

_LONGEST_WAIT = timedelta(minutes=30)

# Names an earlier or later version may have given, beside those of now.
_RESOURCES = ("messages", "memberships", "rooms", "attachmentActions", "all")
_EVENTS = ("created", "updated", "deleted", "migrated", "all")


@dataclass(frozen=True, slots=True)
class WantedWebhook:
    """A webhook as it should be; of the secret only the fingerprint."""

    name: str
    target_url: str
    resource: str
    event: str
    filter: str | None = None
    secret_fingerprint: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do so that the webhooks are as wanted; `foreign` is what the bot does not touch."""

    create: tuple[WantedWebhook, ...] = ()
    update: tuple[tuple[Webhook, WantedWebhook], ...] = ()
    delete: tuple[Webhook, ...] = ()
    keep: tuple[Webhook, ...] = ()
    foreign: tuple[Webhook, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, by webhook name; `errors` holds the calls that Webex refused, the rest was done."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    errors: tuple[WebexError, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything at Webex is now different."""
        return bool(self.created or self.updated or self.deleted)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a webhook was re-enabled in vain, when last, and the earliest next time (all aware)."""

    tries: int
    tried_at: datetime
    not_before: datetime


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What a watch did: the state to hand to the next one, sentences for the owners, names by outcome."""

    state: Mapping[str, Backoff]
    sentences: tuple[str, ...] = ()
    reenabled: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    errors: tuple[WebexError, ...] = ()


def hook_url(public_url: str) -> str:
    """Where Webex delivers to a bot whose root is `public_url`."""
    return urljoin(public_url.rstrip("/") + "/", "hooks/webex")


def wanted_webhooks(
    target_url: str, secret: str, name_prefix: str = NAME_PREFIX
) -> tuple[WantedWebhook, ...]:
    """One webhook per subscribed event, named after it: "sparkops messages created"."""
    return tuple(
        WantedWebhook(
            name=f"{name_prefix} {resource} {event}",
            target_url=target_url,
            resource=resource,
            event=event,
            secret_fingerprint=fingerprint(secret),
        )
        for resource, event in SUBSCRIBED
    )


def is_own(webhook: Webhook, own_prefix: str) -> bool:
    """Whether the name is "<prefix> <resource> <event>", as only this bot gives them."""
    return webhook.name in {
        f"{own_prefix} {resource} {event}" for resource in _RESOURCES for event in _EVENTS
    }


def plan(
    existing: Sequence[Webhook], wanted: Sequence[WantedWebhook], own_prefix: str, *, watched: bool = False
) -> Plan:
    """Compare what is with what should be; pure.

    Webex lets a webhook change its name, address, secret and status only, so another resource, event or
    filter means a new one. Whether a secret still fits can be seen only where Webex echoes it; where it does
    not, the webhook is updated to be sure. `watched`: since the last sync nothing was set anew, so a secret
    that cannot be seen is right, and a disabled webhook is left to `watch`, which enables it with back-off.
    """
    own = [webhook for webhook in existing if is_own(webhook, own_prefix)]
    create: list[WantedWebhook] = []
    update: list[tuple[Webhook, WantedWebhook]] = []
    keep: list[Webhook] = []
    for want in wanted:
        fitting = [webhook for webhook in own if _fits(webhook, want)]
        if not fitting:
            create.append(want)
            continue
        best = min(fitting, key=lambda webhook: _differences(webhook, want))
        visible = best.is_active and _differs_visibly(best, want)
        if visible if watched else any(_differences(best, want)):
            update.append((best, want))
        else:
            keep.append(best)
    used = {webhook.id for webhook in keep} | {webhook.id for webhook, _ in update}
    return Plan(
        create=tuple(create),
        update=tuple(update),
        delete=tuple(webhook for webhook in own if webhook.id not in used),
        keep=tuple(keep),
        foreign=tuple(webhook for webhook in existing if webhook not in own),
    )


def sync(
    client: WebexClient,
    target_url: str,
    secret: str,
    name_prefix: str = NAME_PREFIX,
    *,
    watched: bool = False,
) -> SyncReport:
    """Make Webex send the bot's events to `target_url`, signed with `secret`; a second time changes nothing.

    `watched`: as for `plan`, for the looks after the first.

    One refused webhook does not keep the others from being made: see `errors`. Raises WebexError when the
    list itself cannot be read, ValueError for an empty secret, since unsigned deliveries are not accepted.
    Two processes that sync at the same moment may both create; the next sync removes what is double.
    """
    if not secret:
        raise ValueError("webhooks need a secret to be signed with")
    wanted = wanted_webhooks(target_url, secret, name_prefix)
    todo = plan(client.list_webhooks(), wanted, name_prefix, watched=watched)
    # Deleted first: a webhook that is to be replaced must not deliver beside its successor.
    steps: list[tuple[str, str, Callable[[], object]]] = [
        *(("deleted", old.name, partial(_delete, client, old)) for old in todo.delete),
        *(("updated", want.name, partial(_update, client, old, want, secret)) for old, want in todo.update),
        *(("created", want.name, partial(_create, client, want, secret)) for want in todo.create),
    ]
    done: dict[str, list[str]] = {"deleted": [], "updated": [], "created": []}
    errors: list[WebexError] = []
    for outcome, name, step in steps:
        try:
            step()
        except WebexError as error:
            errors.append(error)
        else:
            done[outcome].append(name)
    return SyncReport(
        created=tuple(done["created"]),
        updated=tuple(done["updated"]),
        deleted=tuple(done["deleted"]),
        kept=tuple(webhook.name for webhook in todo.keep),
        foreign=tuple(webhook.name for webhook in todo.foreign),
        errors=tuple(errors),
    )


def watch(
    client: WebexClient,
    prefix: str,
    state: Mapping[str, Backoff],
    now: datetime,
    secret: str | None = None,
) -> WatchReport:
    """Re-enable the bot's own webhooks that Webex has disabled; to be called every minute or so.

    The first time at once, then not before 1, 2, 4 … 30 minutes have passed, until one has stayed enabled for
    five. `state` is the last report's, `now` is aware; `secret`, where given, is set again on the way. Raises
    WebexError when the list cannot be read; a refused re-enabling is in `errors` and in the sentences.
    """
    report = _Findings(state)
    for webhook in client.list_webhooks():
        if is_own(webhook, prefix):
            _look_at(client, webhook, report, now, secret)
    return WatchReport(
        state=report.state,
        sentences=tuple(report.sentences),
        reenabled=tuple(report.reenabled),
        waiting=tuple(report.waiting),
        recovered=tuple(report.recovered),
        errors=tuple(report.errors),
    )


def back_off(previous: Backoff | None, now: datetime, at_least: float = 0) -> Backoff:
    """The state after one more try at `now`: doubled waits from one to thirty minutes.

    `at_least`: seconds that Webex itself asked to wait.
    """
    tries = previous.tries + 1 if previous else 1
    wait = min(timedelta(minutes=2 ** min(tries - 1, 10)), _LONGEST_WAIT)
    return Backoff(tries, now, now + max(wait, timedelta(seconds=at_least)))


class _Findings:
    """What a watch has found so far."""

    def __init__(self, before: Mapping[str, Backoff]) -> None:
        self.before = before
        self.state: dict[str, Backoff] = {}
        self.sentences: list[str] = []
        self.reenabled: list[str] = []
        self.waiting: list[str] = []
        self.recovered: list[str] = []
        self.errors: list[WebexError] = []


def _look_at(
    client: WebexClient, webhook: Webhook, report: _Findings, now: datetime, secret: str | None
) -> None:
    before = report.before.get(webhook.id)
    if webhook.is_active and before and now - before.tried_at >= QUIET:
        report.recovered.append(webhook.name)
        report.sentences.append(
            f"The webhook “{webhook.name}” has stayed enabled since {_clock(before.tried_at)}."
        )
    elif webhook.is_active and before:
        report.state[webhook.id] = before
    elif not webhook.is_active and before and now < before.not_before:
        report.state[webhook.id] = before
        report.waiting.append(webhook.name)
    elif not webhook.is_active:
        _reenable(client, webhook, report, now, secret)


def _reenable(
    client: WebexClient, webhook: Webhook, report: _Findings, now: datetime, secret: str | None
) -> None:
    before = report.before.get(webhook.id)
    disabled = f"Webex had disabled the webhook “{webhook.name}”, as it does when deliveries go unanswered"
    try:
        client.update_webhook(webhook.id, webhook.name, webhook.target_url, secret=secret)
    except WebexError as error:
        after = back_off(before, now, getattr(error, "retry_after", 0))
        report.errors.append(error)
        report.sentences.append(f"{disabled}. {error}. The next try is at {_clock(after.not_before)}.")
    else:
        after = back_off(before, now)
        again = f"again (try {after.tries})" if after.tries > 1 else "again"
        report.reenabled.append(webhook.name)
        report.sentences.append(
            f"{disabled}; it is enabled {again}. "
            f"Should it be disabled again, the next try is at {_clock(after.not_before)}."
        )
    report.state[webhook.id] = after


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M UTC")


def _fits(webhook: Webhook, want: WantedWebhook) -> bool:
    """Whether it is the same subscription: what Webex does not let change is as wanted."""
    there = (webhook.name, webhook.resource, webhook.event, webhook.filter or None)
    return there == (want.name, want.resource, want.event, want.filter or None)


def _differences(webhook: Webhook, want: WantedWebhook) -> tuple[bool, bool, bool]:
    """What an update would change, weightiest first: address, secret, being disabled."""
    secret = want.secret_fingerprint
    return (
        webhook.target_url != want.target_url,
        secret is not None and webhook.secret_fingerprint != secret,
        not webhook.is_active,
    )


def _differs_visibly(webhook: Webhook, want: WantedWebhook) -> bool:
    return webhook.target_url != want.target_url or (
        webhook.secret_fingerprint not in (None, want.secret_fingerprint)
    )


def _create(client: WebexClient, want: WantedWebhook, secret: str) -> None:
    client.create_webhook(
        want.name, want.target_url, want.resource, want.event, filter=want.filter, secret=secret
    )


def _update(client: WebexClient, webhook: Webhook, want: WantedWebhook, secret: str) -> None:
    client.update_webhook(webhook.id, want.name, want.target_url, secret=secret)


def _delete(client: WebexClient, webhook: Webhook) -> None:
    # Gone already is as good: another process may be tidying up at the same moment.
    with suppress(NotFound):
        client.delete_webhook(webhook.id)
