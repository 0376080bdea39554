"""What came of a command about many things, item by item, and how to do again what could not be done."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.context import Context
from bot.outbound.quoting import quote
from bot.rooms import bulk
from bot.rooms.bulk import Came, Result

_MARKS = {Came.DONE: "✅", Came.SO_ALREADY: "➖", Came.IMPOSSIBLE: "⛔", Came.FAILED: "❌"}


def told(context: Context, above: str, results: Sequence[Result], words: tuple[str, ...]) -> str:
    """Each item's own result as markdown, under `above`; what failed is kept for `retry`.

    `words` is the command that does it again, without its items.
    """
    request, services = context.request, context.services
    with services.database.transaction() as session:
        number = bulk.keep(
            session,
            results,
            request_key=request.key,
            person=request.person,
            room_id=request.place.room_id,
            words=words,
            redactor=services.redactor,
        )
    lines = [f"- {_MARKS[each.came]} {quote(each.item)}: {each.says}" for each in results]
    parts = [above, "\n".join(lines)]
    if number is not None:
        failed = sum(each.came is Came.FAILED for each in results)
        what = "one" if failed == 1 else f"{failed:,}"
        parts.append(f"`retry {number}` tries the {what} marked ❌ again, and nothing else.")
    return "\n\n".join(parts)
