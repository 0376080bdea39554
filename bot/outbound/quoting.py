"""Quoting text from outside (log lines, job names, commit messages): it can neither mention nor format."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from bot.characters import BIDI_MARKS, ZERO_WIDTH, grapheme_floor, well_formed

INLINE_LIMIT: Final = 240
"""The most characters a quotation inside a sentence may have."""

INERT: Final = "\u200b"
"""Put behind a `<` it keeps Webex from reading a mention, and the reader sees no difference."""

# ECMA-48: control sequences, then strings (OSC, DCS, PM, APC, SOS), then two-character escapes.
# The first line is a Jenkins console note (hudson.console.ConsoleNote.PREAMBLE_STR), hidden from people.
# A string left open ends with its line: a log cut in the middle must not swallow what follows.
_ANSI: Final = re.compile(
    r"\x1b\[8mha:[A-Za-z0-9+/=]*+\x1b\[0m"
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*+(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*+[0-~]?"
)
_LINE_END: Final = re.compile(r"\r+\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNSEEN: Final = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{BIDI_MARKS}{ZERO_WIDTH}]")

# A `<`, as itself, full-width or as an entity (which may have been encoded several times), then an `@`
# or the HTML tag that Webex makes of a mention. What may stand between is whatever a renderer might drop.
_MENTION_START: Final = re.compile(
    rf"(?P<open>[<\uff1c\ufe64]|&(?:amp;)*+(?:lt|\#0*60|\#x0*3c)\b;?)(?!{INERT})"
    rf"(?P<rest>[\s\\{ZERO_WIDTH}\u200d{BIDI_MARKS}]*+"
    r"(?:[@\uff20\ufe6b]|&(?:amp;)*+(?:commat|\#0*64|\#x0*40)\b|/?spark-mention))",
    re.IGNORECASE,
)
_WRITTEN_MENTION: Final = re.compile(r"<@(?P<target>[^<>|\s]+)(?:\|[^<>|\n]*)?>")

_MARKDOWN: Final = re.compile(r"[\\`*_\[\]()<>#~|&]")
_BLOCK_START: Final = re.compile(r"^(?P<number>\d{0,9})(?P<mark>[-+=.])")
_URL_UNSAFE: Final = re.compile(r"[()<>\"`\\|]")
_CODE_SPAN: Final = re.compile(r"(?<![\\`])(?P<ticks>`+)(?!`)(?P<inner>.+?)(?<!`)(?P=ticks)(?!`)")
_READ_IN_CARDS: Final = re.compile(r"[*\[\]]|(?<!\w)_|_(?!\w)")
_UNREAD_IN_CARDS: Final = re.compile(r"\\([\\`()<>#~|&=]|[-+.](?=\S)|(?<=\w\\)_(?=\w))")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")


def strip_ansi(text: str) -> str:
    """Take out terminal colours, cursor movements, titles, hyperlinks and Jenkins' hidden console notes."""
    return _ANSI.sub("", text)


def quote(text: str, limit: int = INLINE_LIMIT) -> str:
    """Text from outside as plain words within a sentence of markdown, at most `limit` characters shown.

    It comes out on one line, mentions nobody, and shows its own asterisks, brackets and the like.
    """
    return _escape(neutralise_mentions(_shorten(_one_line(text), limit)))


def code(text: str, limit: int = INLINE_LIMIT) -> str:
    """Text from outside as inline code, at most `limit` characters shown; backticks in it are harmless."""
    inner = neutralise_mentions(_shorten(_one_line(text), limit)) or " "
    ticks = "`" * (_longest_run("`", inner) + 1)
    pad = " " if "`" in (inner[0], inner[-1]) else ""
    return f"{ticks}{pad}{inner}{pad}{ticks}"


def fence(text: str, info: str = "") -> str:
    """Text from outside as a code block, whose fence is longer than any run of backticks in it.

    `info` names the language; anything that no language has in its name is taken out.
    The length is not limited: `bot.outbound.split` cuts a long block into several messages.
    """
    inner = neutralise_mentions(_printable(text)).strip("\n")
    ticks = "`" * max(3, _longest_run("`", inner) + 1)
    return f"{ticks}{re.sub(r'[^A-Za-z0-9+#.-]', '', info)}\n{inner}\n{ticks}"


def link(label: str, url: str) -> str:
    """A markdown link where `url` is a plain http or https address, else both as plain text.

    An address that carries a user name is not linked: `https://github.com@evil.example` is not GitHub.
    """
    if not _is_web_address(url):
        return f"{quote(label)} ({quote(url)})" if label.strip() else quote(url)
    destination = _URL_UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", url)
    return f"[{quote(label) or quote(url)}]({_ENTITY.sub('&amp;', destination)})"


def for_card(markdown: str) -> str:
    """Markdown as a card shows it: inline code in bold, and only what cards read themselves escaped.

    Of markdown, cards read bold, italics, lists and links; any other backtick or backslash they show.
    Source: learn.microsoft.com/adaptive-cards/authoring-cards/text-features.
    """
    parts, at = [], 0
    for span in _CODE_SPAN.finditer(markdown):
        parts += [_UNREAD_IN_CARDS.sub(r"\1", markdown[at : span.start()]), _bold(span["inner"])]
        at = span.end()
    return "".join([*parts, _UNREAD_IN_CARDS.sub(r"\1", markdown[at:])])


def _bold(words: str) -> str:
    escaped = _READ_IN_CARDS.sub(r"\\\g<0>", words.strip())
    return escaped if "*" in words else f"**{escaped}**"


def neutralise_mentions(text: str, allowed: Collection[str] = ()) -> str:
    """Make every mention inert that is not allowed: the last thing done to an outgoing message.

    `allowed` holds targets as they are written after `<@`: `all`, `personEmail:ada@example.com`,
    `personId:Y2lz…`. Other spellings that a renderer might take for a mention (spaces, capitals, entities,
    backslashes, `<spark-mention>`) are always made inert.
    Source: developer.webex.com, "Message format": `<@personId:…>`, `<@personEmail:…|name>`, `<@all>`.
    """

    def defuse(match: re.Match[str]) -> str:
        written = _WRITTEN_MENTION.match(text, match.start())
        if written and written["target"] in allowed:
            return match[0]
        return f"{match['open']}{INERT}{match['rest']}"

    return _MENTION_START.sub(defuse, text)


def _printable(text: str) -> str:
    """Text with the line ends made one, and without escapes, controls, bidirectional and zero-width marks."""
    return _UNSEEN.sub("", _LINE_END.sub("\n", strip_ansi(well_formed(text))))


def _one_line(text: str) -> str:
    return " ".join(_printable(text).split())


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[: grapheme_floor(text, limit - 1)].rstrip() + "…"


def _escape(text: str) -> str:
    """Escape what markdown reads anywhere, then what it reads only at the start of a line."""
    return _BLOCK_START.sub(r"\g<number>\\\g<mark>", _MARKDOWN.sub(r"\\\g<0>", text))


def _longest_run(char: str, text: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


def _is_web_address(url: str) -> bool:
    if url != _one_line(url) or re.search(r"\s", url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
