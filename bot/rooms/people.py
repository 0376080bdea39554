"""People of a room, one by one: added, removed, made moderators; each with what came of it."""

from __future__ import annotations

from bot.outbound.quoting import quote
from bot.rooms.bulk import Came, Result
from bot.rooms.patience import Patience
from bot.webex import BadRequest, Conflict, Forbidden, Membership, NotFound, Room, WebexClient, WebexError

_NO_MODERATOR = (
    "The room is moderated, and I am no moderator of it: only its moderators can {deed}. "
    "One of them can make me one."
)


def closed(own: Membership | None, deed: str) -> str | None:
    """Why the bot cannot `deed` in a moderated room, given its own membership; None where it can. Pure."""
    if own is None:
        return "I am not in it."
    return None if own.is_moderator else _NO_MODERATOR.format(deed=deed)


def add(
    webex: WebexClient, room: Room, email: str, patience: Patience, *, is_moderator: bool = False
) -> Result:
    """Add one person; done twice it is the same."""
    if not _is_address(email):
        return Result(
            email, Came.IMPOSSIBLE, "that is no e-mail address. `person find` finds it by the name."
        )
    try:
        patience.ask(lambda: webex.add_member(room.id, email=email, is_moderator=is_moderator))
    except Conflict:
        return Result(email, Came.SO_ALREADY, "was in it already.")
    except (BadRequest, NotFound) as error:
        return Result(
            email, Came.FAILED, f"Webex knows nobody of that address, or takes nobody: {_said(error)}"
        )
    except Forbidden as error:
        return Result(email, Came.FAILED, f"Webex does not let me: {_said(error)}")
    except WebexError as error:
        return Result(email, Came.FAILED, _whole(error))
    return Result(email, Came.DONE, "added.")


def remove(webex: WebexClient, room: Room, email: str, me: str, patience: Patience) -> Result:
    """Remove one person, but never the bot itself, whose e-mail is `me`; done twice it is the same."""
    if email.casefold() == me.casefold():
        return Result(email, Came.IMPOSSIBLE, "that is me. `room leave` has me leave.")
    try:
        seat = patience.ask(lambda: membership_of(webex, room.id, email))
        if seat is None:
            return Result(email, Came.SO_ALREADY, "is not in it.")
        patience.ask(lambda: webex.remove_membership(seat.id))
    except NotFound:
        return Result(email, Came.SO_ALREADY, "is not in it any more.")
    except Forbidden as error:
        return Result(email, Came.FAILED, f"Webex does not let me: {_said(error)}")
    except WebexError as error:
        return Result(email, Came.FAILED, _whole(error))
    return Result(email, Came.DONE, "removed.")


def membership_of(webex: WebexClient, room_id: str, email: str) -> Membership | None:
    """A person's membership in a room, None where there is none. Raises WebexError."""
    found = webex.list_memberships(room_id, person_email=email, max=1)
    return next((each for each in found if each.person_email.casefold() == email.casefold()), None)


def _is_address(email: str) -> bool:
    name, at, domain = email.partition("@")
    return bool(name and at and domain) and "@" not in domain and not any(map(str.isspace, email))


def _said(error: WebexError) -> str:
    """Webex's own words, as markdown."""
    words = quote(error.message) or f"it answered {error.status} without a word"
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _whole(error: WebexError) -> str:
    return quote(str(error), 600)
