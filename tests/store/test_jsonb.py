"""What Python calls JSON and PostgreSQL does not."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.store.database import Database
from bot.store.jsonb import as_jsonb


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"name": "Zoë 🚀"}, {"name": "Zoë 🚀"}),
        ({"a\0b": "\0\0"}, {"a�b": "��"}),
        ("a backslash before it: \\\0", "a backslash before it: \\�"),
        ("only the letters: \\u0000", "only the letters: \\u0000"),
        ("half a \ud83d rocket \ude80", "half a � rocket �"),
        ("the two halves \ud83d\ude80", "the two halves 🚀"),
    ],
)
def test_what_jsonb_cannot_hold_is_replaced_and_all_else_kept(
    database: Database, value: Any, stored: Any
) -> None:
    with database.transaction() as session:
        assert session.scalar(text("SELECT CAST(:json AS jsonb)"), {"json": as_jsonb(value)}) == stored


@given(st.text(st.sampled_from('\0\\u0\ud83d\ude80a"')))
def test_whatever_a_text_is_made_of_no_nul_and_no_half_a_character_is_left(value: str) -> None:
    back = json.loads(as_jsonb(value))
    assert "\0" not in back
    back.encode()
    kept = [each for each in value if each not in "\0\ud83d\ude80"]
    assert [each for each in back if each not in "�🚀"] == kept


@pytest.mark.parametrize(
    ("value", "error"), [(math.nan, ValueError), ([math.inf], ValueError), (object(), TypeError)]
)
def test_what_is_no_json_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        as_jsonb(value)
