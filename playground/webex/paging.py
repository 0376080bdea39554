"""Cutting a list into pages the way Webex does: a capped `max`, an opaque cursor, `Link: <…>; rel="next"`.

The cursor is the sort key of the last item seen, not a count: a client that deletes rooms while it pages
through them must not skip any.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from yarl import URL

from playground.webex.errors import BadRequest

Item = TypeVar("Item")
SortKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What the caller asked for: at most `size` items, those after `after` (None: from the start)."""

    size: int
    after: SortKey | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """The items of one page; `cursor` is None on the last one."""

    items: tuple[Item, ...]
    cursor: str | None = None


def window(query: dict[str, str], *, default: int, largest: int) -> Window:
    """Return the window a query string asks for; a `max` above `largest` is capped, as Webex caps it.

    Raises BadRequest when `max` is no positive number or the cursor was not made by this server.
    """
    written = query.get("max", str(default))
    if not written.isdecimal() or int(written) < 1:
        raise BadRequest(f"max must be a number between 1 and {largest}, not '{written}'.")
    return Window(min(int(written), largest), _read_cursor(query.get("cursor")))


def cut(
    items: Iterable[Item], key: Callable[[Item], SortKey], asked: Window, *, newest_first: bool = False
) -> Page[Item]:
    """Return the page `asked` of `items`, ordered by `key`, largest key first when `newest_first`."""
    if asked.after is not None:
        after = asked.after
        items = [item for item in items if (key(item) < after if newest_first else key(item) > after)]
    return take(sorted(items, key=key, reverse=newest_first), key, asked)


def take(ordered: Iterable[Item], key: Callable[[Item], SortKey], asked: Window) -> Page[Item]:
    """Return the first `asked.size` items of `ordered`, which starts right after the cursor already."""
    kept: list[Item] = []
    for item in ordered:
        if len(kept) == asked.size:
            return Page(tuple(kept), _write_cursor(key(kept[-1])))
        kept.append(item)
    return Page(tuple(kept))


def next_link(url: URL, cursor: str) -> str:
    """Return the Link header that leads from the page at `url` to the next one."""
    return f'<{url.update_query(cursor=cursor)}>; rel="next"'


def _write_cursor(key: SortKey) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()


def _read_cursor(cursor: str | None) -> SortKey | None:
    if cursor is None:
        return None
    try:
        return tuple(json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadRequest(
            f"The cursor '{cursor}' is not one of this server; start again without it."
        ) from error
