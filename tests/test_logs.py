"""What is logged holds no secret, even where it cannot be written."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from bot import logs
from bot.outbound.redact import Redactor

SECRET = "sesame-opens-nothing"


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What a process with this secret logs."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(Redactor([SECRET]), level="INFO", as_json=True)
    stream = StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def fail() -> None:
    try:
        raise ValueError(f"the key was {SECRET}")
    except ValueError:
        structlog.get_logger("bakery").exception("oven.broken", key=SECRET, oven=3)
        logging.getLogger("flour").exception("no flour with %s", SECRET)


def test_a_line_is_json_without_secrets(written: StringIO) -> None:
    fail()
    ours, others = (json.loads(line) for line in written.getvalue().splitlines())
    assert (ours["event"], ours["oven"], ours["logger"], ours["level"]) == (
        "oven.broken",
        3,
        "bakery",
        "error",
    )
    assert others["event"] == "no flour with «redacted»"
    assert "ValueError: the key was «redacted»" in ours["exception"]
    assert SECRET not in written.getvalue()


def test_a_line_that_cannot_be_written_is_not_printed_elsewhere(
    written: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    written.close()
    fail()
    assert capsys.readouterr() == ("", "")
