"""Secrets in what people write: taken on a card in the direct room and at the terminal, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot.commands.context import Services
from bot.commands.model import Command, Entry, Outcome, Reply, Request, join_words
from bot.commands.parameters import MASK
from bot.commands.parse import Incomplete, Parsed, Unknown, Wrong
from bot.commands.registry import Match, Registry
from bot.webex import NotFound, WebexError

log = structlog.get_logger(__name__)

_ROTATE = "Rotate it: make a new one where it comes from, and revoke this one."
_WHERE = "I take secrets on a card in our direct room only: there, say the command without them."


def shown_in_public(request: Request, services: Services) -> Outcome | None:
    """What to answer to a line in a group room that holds something like a secret; None where none does.

    Nothing of it is run. The message is deleted where Webex lets the bot. Raises WebexError where that can
    be tried again later.
    """
    if not _is_public(request):
        return None
    written = (request.text, *request.words)
    if all(services.redactor.redact(each) == each for each in written):
        return None
    return _told_in_public(request, "", services)


def veiled(
    parsed: Parsed | Unknown | Incomplete | Wrong,
    words: tuple[str, ...],
    request: Request,
    registry: Registry,
) -> tuple[Request, tuple[str, ...]]:
    """The request and its words as they may be kept and shown: of a command that takes secrets, masked.

    Where its words could not be read, or only quote such a command (`why …`), any may be the secret, and none
    is left.
    """
    command = None if isinstance(parsed, Unknown) else parsed.command
    if isinstance(parsed, Unknown) or command is None:
        return request, words
    if (end := _end_of_quoted_name(command, words, registry)) is not None:
        shown = (*words[:end], MASK)
        return replace(request, line="", words=shown), shown
    if not command.takes_secrets:
        return request, words
    name, rest = words[: len(command.words)], words[len(command.words) :]
    if isinstance(parsed, Wrong):
        shown = (*name, *([MASK] if rest else []))
    else:
        shown = (*name, *(_masked(word, parsed) for word in rest))
    return replace(request, line="", words=shown), shown


def wrong_door(
    parsed: Parsed | Unknown | Incomplete | Wrong,
    words: tuple[str, ...],
    request: Request,
    services: Services,
) -> Outcome | None:
    """What to answer where a secret came by a way that keeps it; None where there is none, or it came well."""
    command = None if isinstance(parsed, Unknown) else parsed.command
    if command is not None and _end_of_quoted_name(command, words, services.registry) is not None:
        if _is_public(request):
            return _told_in_public(request, command.name, services)
        return _ended(
            f"🔒 `{command.name}` needs the other command without its secret, and I take none this way: I ran "
            f"nothing. {_ROTATE}",
            command.name,
        )
    if isinstance(parsed, Unknown) or command is None or not parsed.secrets:
        return None
    if _is_public(request):
        return _told_in_public(request, command.name, services)
    if request.entry is Entry.TERMINAL or (request.entry is Entry.CARD and request.place.type == "direct"):
        return None
    return _ended(_refusal(command, request), command.name)


def _end_of_quoted_name(command: Command, words: tuple[str, ...], registry: Registry) -> int | None:
    """Where, in words that quote a command that takes secrets, what was given to it begins; None without."""
    if not command.quotes:
        return None
    for start in range(len(command.words), len(words)):
        found = registry.find(words[start:])
        if isinstance(found, Match) and found.command.takes_secrets and len(found.rest) > 1:
            return len(words) - len(found.rest)
    return None


def _is_public(request: Request) -> bool:
    return request.entry in (Entry.TEXT, Entry.CARD) and request.place.type == "group"


def _masked(word: str, parsed: Parsed | Incomplete) -> str:
    for secret in parsed.secrets:
        raw = secret.get_secret_value()
        if word.endswith(raw):
            return word.removesuffix(raw) + MASK
    return word


def _refusal(command: Command, request: Request) -> str:
    name = f"`{join_words(command.words)}`"
    if request.entry is Entry.TEXT:
        return (
            f"🔒 {name} takes a secret, and I take none as text, where it stays to be read: I ran nothing. "
            f"Delete your message. {_ROTATE} Then say {name} without it: I open a card for it."
        )
    way = "by REST" if request.entry is Entry.REST else "from a schedule"
    return f"🔒 {name} takes a secret, and I take none {way}, where it is kept: I ran nothing. {_ROTATE} {_WHERE}"


def _told_in_public(request: Request, command: str, services: Services) -> Outcome:
    who = f"<@personEmail:{request.person}>"
    if request.entry is Entry.CARD:
        fate = "What you entered is not shown in this room, but Webex keeps it."
    elif _deleted(request, services):
        fate = "I deleted your message, but somebody may have read it."
    else:
        fate = (
            "I may not delete your message here: please delete it yourself, now. Somebody may have read it."
        )
    says = f"🔒 {who} I saw something that looks like a secret, so I ran nothing. {fate} {_ROTATE} {_WHERE}"
    return _ended(says, command, mentions=(f"personEmail:{request.person}",))


def _deleted(request: Request, services: Services) -> bool:
    """Whether the message is gone. In a moderated room a bot that moderates may delete others' messages."""
    if request.message_id is None:
        return False
    try:
        services.webex.delete_message(request.message_id)
    except NotFound:
        return True  # its writer was quicker, or this is the second try
    except WebexError as error:
        if error.retryable:
            raise
        log.warning("secret.not_deleted", correlation_id=request.correlation_id, error=str(error))
        return False
    return True


def _ended(says: str, command: str, *, mentions: tuple[str, ...] = ()) -> Outcome:
    return Outcome((Reply(says, mentions=mentions),), command, "secret", "", "refused")
