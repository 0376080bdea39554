"""JSON as PostgreSQL's jsonb takes it, which is less than what Python writes."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.characters import well_formed

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""An escaped NUL; not an escaped backslash before the letters `u0000`."""


def as_jsonb(value: Any) -> str:
    """The value as JSON; U+FFFD stands for NUL and for halves of surrogate pairs, which jsonb refuses.

    Raises ValueError for NaN and infinities, TypeError for what is no JSON, RecursionError for endless nesting.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text = well_formed(text)
    return _NUL.sub("\\1\ufffd", text) if "\\u0000" in text else text
