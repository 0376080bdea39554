"""Time as Webex writes it. The clock is passed in, so that a test can let five minutes go by at once."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Return `moment` as Webex writes it: `2026-03-02T20:26:02.321Z`, always with milliseconds.

    The official SDK parses with `%fZ` and breaks on a time without milliseconds.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_timestamp(written: str) -> datetime:
    """Return the moment written in ISO 8601; without an offset it is taken as UTC.

    Raises ValueError when `written` is not ISO 8601.
    """
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
