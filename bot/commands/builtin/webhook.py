"""`webhook …`: the bot's own webhooks at Webex, by which it hears; everybody else's are left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.room_words import counted, in_words, reason
from bot.commands.rows import FileKind, Rows, as_option
from bot.outbound.quoting import code
from bot.store import locks
from bot.webex import (
    NAME_PREFIX,
    NotFound,
    SyncReport,
    WebexError,
    Webhook,
    hook_url,
    is_own,
    sync,
)

_DEAF = (
    "From then on I hear nothing in Webex: nobody can talk to me there, not even to undo it. A worker that runs "
    "makes them anew within a minute or two, so stop it first if they shall stay away; `webhook sync` at the "
    "terminal (`python -m bot chat`) makes them at once."
)


@command("webhook list", examples=("webhook list",))
@as_option
def webhook_list(context: Context, kind: FileKind | None) -> Reply:
    """Show my webhooks: what each tells me of, where to, and whether Webex has disabled it."""
    own, others = _webhooks(context)
    wanted = _target(context)
    left = f"{counted(others, 'other')} made with my token by somebody else I leave alone." if others else ""
    if not own:
        return Reply(" ".join(filter(None, ("I have no webhooks: `webhook sync` makes them.", left))))
    rows = [(each.name.partition(" ")[2], each.status or "active", each.target_url) for each in own]
    moved = any(each.target_url != wanted for each in own)
    wrong = f"They should tell {code(wanted)}: `webhook sync` sets that right." if wanted and moved else ""
    below = "\n\n".join(filter(None, (wrong, left)))
    return Rows(("event", "status", "where to"), rows).reply(kind, "webhooks", below=below)


@command("webhook sync", effect=Effect.CHANGE, repeatable=True, examples=("webhook sync",))
def webhook_sync(context: Context) -> Reply:
    """Make my webhooks what they should be: one for each event, at my address, enabled, none double."""
    settings, target = context.services.settings, _target(context)
    if target is None:
        raise CommandError("`PUBLIC_URL` is not set, so I do not know where Webex can reach me.")
    if not settings.webex_webhook_secrets:
        raise CommandError("`WEBEX_WEBHOOK_SECRET` is not set, and webhooks that nobody signs I do not take.")
    secret = settings.webex_webhook_secrets[0].get_secret_value()
    with context.services.database.transaction() as session:
        if not session.scalar(locks.WEBHOOKS):
            raise CommandError(
                "A worker is looking after my webhooks at this moment. Say it again in a minute."
            )
        with in_words():
            report = sync(context.services.webex, target, secret)
    return Reply(_told(report, target))


def _says_remove(context: Context, parameters: Mapping[str, Any]) -> str:
    own = _own(context)
    return f"Delete {_mine(own)}? {_DEAF}"


@command(
    "webhook remove",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_remove,
    examples=("webhook remove",),
)
def webhook_remove(context: Context) -> Reply:
    """Delete my webhooks at Webex, after which I am deaf: for when I move out."""
    own = _own(context)
    failed = [f"- {code(each.name)}: {why}" for each in own if (why := _refused(context, each))]
    gone = f"{counted(len(own) - len(failed), 'webhook')} of {len(own)} deleted."
    if not failed:
        return Reply(f"{gone} I am deaf in Webex now.")
    return Reply(
        "\n".join([f"{gone} These are still there; `webhook remove` tries them again:", "", *failed])
    )


def _own(context: Context) -> Sequence[Webhook]:
    own, _others = _webhooks(context)
    if not own:
        raise CommandError("I have no webhooks: there is nothing to delete.")
    return own


def _refused(context: Context, webhook: Webhook) -> str:
    """Delete one; returns why not, where it is still there."""
    try:
        context.services.webex.delete_webhook(webhook.id)
    except NotFound:
        return ""
    except WebexError as error:
        return reason(error)
    return ""


def _webhooks(context: Context) -> tuple[Sequence[Webhook], int]:
    """My webhooks, and how many others were made with my token."""
    with in_words():
        every = context.services.webex.list_webhooks()
    own = sorted((each for each in every if is_own(each, NAME_PREFIX)), key=lambda each: each.name)
    return own, len(every) - len(own)


def _mine(own: Sequence[Webhook]) -> str:
    targets = sorted({each.target_url for each in own})
    return f"my {counted(len(own), 'webhook')}, which tell {' and '.join(map(code, targets))}"


def _target(context: Context) -> str | None:
    public = context.services.settings.public_url
    return hook_url(public) if public else None


def _told(report: SyncReport, target: str) -> str:
    lines = [
        f"- {what}: {', '.join(map(code, names))}"
        for what, names in (
            ("made", report.created),
            ("set right", report.updated),
            ("deleted", report.deleted),
        )
        if names
    ]
    lines += [f"- refused: {reason(error)}" for error in report.errors]
    if not lines:
        return f"Nothing to change: my {counted(len(report.kept), 'webhook')} tell {code(target)}."
    return "\n".join([f"My webhooks tell {code(target)}:", "", *lines])


COMMANDS: tuple[Command, ...] = (webhook_list, webhook_sync, webhook_remove)
