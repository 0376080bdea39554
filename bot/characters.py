"""What single code points do to a message: half characters, invisible marks, and where a text may be cut."""

import unicodedata
from typing import Final

BIDI_MARKS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that reorder what is shown: they make `gpj.exe` read as `exe.jpg` (Unicode Technical Report 36)."""

ZERO_WIDTH: Final = "\u00ad\u180e\u200b\u200c\u2060\ufeff"
"""Characters that take no room and glue nothing. The joiner U+200D is absent: emoji are built with it."""

JOINER: Final = "\u200d"

_EMOJI_MODIFIERS: Final = range(0x1F3FB, 0x1F400)
_EMOJI_TAGS: Final = range(0xE0020, 0xE0080)
_REGIONAL_INDICATORS: Final = range(0x1F1E6, 0x1F200)
_LONGEST_GRAPHEME: Final = 64


def well_formed(text: str) -> str:
    """Join surrogate pairs and put U+FFFD for lone halves, so that the text can be encoded as UTF-8.

    JSON may carry halves (`"\\ud83d"`), and a cut made by another program leaves them.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def size(text: str) -> int:
    """The length of `text` in UTF-8 bytes, which is what Webex limits."""
    return len(text.encode())


def grapheme_floor(text: str, at: int) -> int:
    """The last place at or before `at` (in code points) where a cut leaves every visible character whole.

    Covers accents, variation selectors, skin tones, joined emoji, keycaps and flags (the main rules of
    Unicode Annex 29). A cluster of more than 64 code points, which only vandals write, is cut at `at`.
    """
    for place in range(at, max(at - _LONGEST_GRAPHEME, 0), -1):
        if not _inside_grapheme(text, place):
            return place
    return at


def prefix_within(text: str, limit: int) -> int:
    """How many code points of `text` fit in `limit` UTF-8 bytes with no visible character cut.

    It is 0 only where the first code point alone is larger than the limit.
    """
    fitting = len(text[:limit].encode()[:limit].decode(errors="ignore"))
    return grapheme_floor(text, fitting) or fitting


def _inside_grapheme(text: str, place: int) -> bool:
    """Whether a cut before `text[place]` would divide one visible character."""
    if place >= len(text):
        return False
    before, after = text[place - 1], text[place]
    if before == JOINER or _extends(after):
        return True
    return _is_regional(before) and _is_regional(after) and _regional_run(text, place) % 2 == 1


def _extends(char: str) -> bool:
    code = ord(char)
    return (
        char == JOINER
        or code in _EMOJI_MODIFIERS
        or code in _EMOJI_TAGS
        or unicodedata.category(char)[0] == "M"
    )


def _is_regional(char: str) -> bool:
    return ord(char) in _REGIONAL_INDICATORS


def _regional_run(text: str, end: int) -> int:
    """How many regional indicators stand in a row just before `end`; two of them make one flag."""
    start = end
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return end - start
