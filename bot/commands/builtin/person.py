"""`person find`: people by e-mail or name, as Webex knows them."""

from __future__ import annotations

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.commands.room_words import in_words
from bot.commands.rows import FileKind, Rows, as_option
from bot.outbound.quoting import code

_MOST = 50
_SHORTEST = 3


@command("person find", examples=("person find ada@example.com", "person find Ada"))
@click.argument("words", nargs=-1, required=True, metavar="E-MAIL|NAME")
@as_option
def person_find(context: Context, words: tuple[str, ...], kind: FileKind | None) -> Reply:
    """Find people by their e-mail, or by how their name begins."""
    wanted, webex = " ".join(words), context.services.webex
    if "@" not in wanted and len(wanted) < _SHORTEST:
        raise CommandError(f"Webex finds names by their first {_SHORTEST} letters at least, or by an e-mail.")
    with in_words():
        found = webex.find_people(email=wanted) if "@" in wanted else webex.find_people(display_name=wanted)
    if not found:
        how = "has this e-mail" if "@" in wanted else "has a name that begins so"
        return Reply(f"Nobody I can see {how}: {code(wanted)}.")
    shown = found if kind else found[:_MOST]
    rows = Rows(("name", "e-mail", "type"), [(each.display_name, each.email, each.type) for each in shown])
    more = (
        f"These are {_MOST} of {len(found):,}; more of the name finds fewer."
        if len(shown) < len(found)
        else ""
    )
    return rows.reply(kind, "people", below=more)


COMMANDS: tuple[Command, ...] = (person_find,)
