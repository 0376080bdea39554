"""From a Webex message to the plain command line, and from that line to its words."""

import base64
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Final

from bot.characters import BIDI_MARKS, JOINER, ZERO_WIDTH, well_formed

_OWN_MENTION: Final = "\x00"
"""Stands for the bot's own mention until that is taken out; no message has one, as controls go first."""

_INVISIBLE: Final = re.compile(rf"[{BIDI_MARKS}{ZERO_WIDTH}{JOINER}\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_LINE_END: Final = re.compile(r"\r+\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACE: Final = re.compile(r"[^\S\n]")
_STRAIGHT: Final = str.maketrans({**dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‘’‚‛", "'")})

_DASHES: Final = "‐‑‒–—―−"
_LONG_DASHES: Final = "—―"
# A single quotation ends at a quote that is not an apostrophe, so 'don't' is one word.
_QUOTED: Final = (
    r"\"(?P<double>(?:\\.|[^\"\\])*)\""
    r"|'(?P<single>(?:[^']|(?<=\w)'(?=\w))*)'"
    r"|(?P<ticks>`++)(?P<code>(?:(?!(?P=ticks)).)*+)(?P=ticks)"
)
_QUOTATION: Final = re.compile(_QUOTED, re.DOTALL)
# A quoted argument, in which a dash is only text; or the dashes before an option's name; or any other dash.
_QUOTED_OR_DASHES: Final = re.compile(
    rf"(?<![^\s=])(?:{_QUOTED})"
    rf"|(?P<option>(?<!\S)-*[{_DASHES}][-{_DASHES}]*)(?P<name>[^\W\d_]*)"
    rf"|[{_DASHES}]",
    re.DOTALL,
)
_WRAPPED: Final = re.compile(r"(?P<ticks>`+|~{3,})(?P<inner>.*)(?P=ticks)", re.DOTALL)
_INFO: Final = re.compile(r"[\w+#.-]*[^\S\n]*\n")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(?:mailto:)?(?P<address>[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+)", re.IGNORECASE)

_BLOCKS: Final = frozenset(
    ("p", "div", "li", "ul", "ol", "blockquote", "tr", *(f"h{level}" for level in range(1, 7)))
)
_CODE_MARKS: Final = {"code": "`", "pre": "\n```\n"}


class UnbalancedQuote(ValueError):
    """A quotation that is opened and not closed. `position` counts characters of `line` from 0."""

    def __init__(self, position: int, line: str) -> None:
        self.position = position
        self.line = line
        before = line[:position].rpartition("\n")[2][-40:]
        behind = line[position:].partition("\n")[0][:40]
        super().__init__(
            f"The {line[position]} at character {position + 1} is never closed:\n"
            f"{before}{behind}\n{' ' * len(before)}^\n"
            f"Close it, or write \\{line[position]} where it is meant as a character."
        )


def normalise(
    text: str,
    *,
    html: str | None = None,
    mentioned_people: Sequence[str] = (),
    bot_id: str = "",
    bot_names: Sequence[str] = (),
) -> str:
    """The plain command line of a Webex message, given its `text`, `html` and `mentionedPeople`.

    The bot's own mention goes, wherever it stands. Another person's mention becomes their e-mail where the
    html tells it, else the name shown (in quotes if it has several words, so that it stays one argument).
    Typographic quotes, dashes and spaces become the typed ones, and code marks around the line go.

    `bot_id` is the bot's person id, encoded or a bare UUID. `bot_names` are its display names; Webex may
    show only the first word of one. Source: developer.webex.com, "Bots", and the messages it delivers.
    """
    if html and "<spark-mention" in html.lower():
        line = _resolved(html, bot_id, bot_names)
    else:
        mentioned = any(same_person(bot_id, person) or not bot_id for person in mentioned_people)
        line = _without_own_name(_plain(text), bot_names, mentioned)
    line = re.sub(rf"(?<![^\S\n])[^\S\n]*{_OWN_MENTION}[:,]?(?:[^\S\n]|{_OWN_MENTION})*", " ", line)
    return _ascii_dashes(_unwrapped(line))


def same_person(one: str, other: str) -> bool:
    """Whether two person ids mean the same person, each encoded (`ciscospark://…/PEOPLE/<uuid>`) or bare.

    Webex sends both forms for one person; nothing else in an id is compared.
    """
    return bool(one) and _person(one) == _person(other)


def split_words(line: str) -> tuple[str, ...]:
    """The words of a command line, as a shell would cut them, made for chat.

    A quotation starts at the start of a word or behind `=`: `"…"` with `\\"` and `\\\\`, `'…'` and backticks
    as they are, and ``` blocks without their language. Line breaks in it are kept. An apostrophe in a word is
    only an apostrophe. Raises UnbalancedQuote.
    """
    words: list[str] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word, at = _word(line, at)
        words.append(word)
    return tuple(words)


def _word(line: str, at: int) -> tuple[str, int]:
    """The word that starts at `at`, and where it ends."""
    word: list[str] = []
    start = at
    while at < len(line) and not line[at].isspace():
        if line[at] in "\"'`" and (at == start or line[at - 1] == "="):
            quoted, at = _quotation(line, at)
            word.append(quoted)
        elif line[at] == "\\" and line[at + 1 : at + 2] and line[at + 1] in " \"'`\\":
            word.append(line[at + 1])
            at += 2
        else:
            word.append(line[at])
            at += 1
    return "".join(word), at


def _quotation(line: str, at: int) -> tuple[str, int]:
    """The inside of the quotation that starts at `at`, and where it ends."""
    found = _QUOTATION.match(line, at)
    if found is None:
        raise UnbalancedQuote(at, line)
    if found["double"] is not None:
        return re.sub(r"\\([\"\\])", r"\1", found["double"]), found.end()
    if found["single"] is not None:
        return found["single"], found.end()
    inner = found["code"]
    return (_block(inner) if len(found["ticks"]) >= 3 else inner), found.end()


def _block(inner: str) -> str:
    """What stands in a fence: without the language behind the opening marks and the line breaks around."""
    info = _INFO.match(inner)
    return (inner[info.end() :] if info and inner[info.end() :].strip() else inner).strip("\n")


def _plain(text: str) -> str:
    """One kind of line end, space and quote; nothing invisible."""
    visible = _INVISIBLE.sub("", _LINE_END.sub("\n", well_formed(text)))
    return _SPACE.sub(" ", visible).translate(_STRAIGHT)


def _unwrapped(line: str) -> str:
    """The line without code marks that stand around all of it."""
    line = line.strip()
    while (wrapped := _WRAPPED.fullmatch(line)) and wrapped["ticks"] not in wrapped["inner"]:
        inner = _block(wrapped["inner"]) if len(wrapped["ticks"]) >= 3 else wrapped["inner"]
        line = inner.strip()
    return line


def _ascii_dashes(line: str) -> str:
    """Every dash as `-`; in the place of an option `--` where a phone or an editor made one dash of two."""
    return _QUOTED_OR_DASHES.sub(_ascii_dash, line)


def _ascii_dash(match: re.Match[str]) -> str:
    if not match["option"]:
        return re.sub(f"[{_DASHES}]", "-", match[0])
    dashes, name = match["option"], match["name"]
    double = len(dashes) > 1 or dashes in _LONG_DASHES or len(name) > 1
    return ("--" if double else "-") + name


def _without_own_name(line: str, names: Sequence[str], mentioned: bool) -> str:
    """Mark the bot's name in a message that has no html: first at the start, else where it first stands.

    Where the bot is not among the people mentioned, only a name typed with `@` is its mention.
    """
    known = "|".join(re.escape(name) for name in _shown_names(names))
    if not known:
        return line
    name = rf"(?<![\w@])@{'?' if mentioned else ''}(?:{known})(?!\w)"
    at_start = re.match(rf"\s*{name}", line, re.IGNORECASE)
    found = at_start or re.search(name, line, re.IGNORECASE)
    return f"{line[: found.start()]}{_OWN_MENTION}{line[found.end() :]}" if found else line


def _shown_names(names: Sequence[str]) -> list[str]:
    """The names and their first words, as Webex may show only those; the longest first."""
    plain = [name.strip() for name in map(_plain, names) if name.strip()]
    return sorted({*plain, *(name.split()[0] for name in plain)}, key=lambda name: (-len(name), name))


def _person(person_id: str) -> str:
    """The UUID within a person id in lower case, else the id as it is."""
    if _UUID.fullmatch(person_id):
        return person_id.lower()
    try:
        decoded = base64.urlsafe_b64decode(person_id + "=" * (-len(person_id) % 4)).decode()
    except ValueError:
        return person_id
    _, people, uuid = decoded.rpartition("/PEOPLE/")
    return uuid.lower() if people and decoded.startswith("ciscospark://") else person_id


def _resolved(html: str, bot_id: str, bot_names: Sequence[str]) -> str:
    """The text of the message's html, with the mentions resolved and the bot's own one marked."""
    reader = _MessageReader(bot_id, frozenset(name.casefold() for name in _shown_names(bot_names)))
    reader.feed(html)
    reader.close()
    return "".join(reader.pieces())


class _MessageReader(HTMLParser):
    """Reads the html that Webex makes of a message: paragraphs, code and `<spark-mention>`."""

    def __init__(self, bot_id: str, bot_names: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._bot_id = bot_id
        self._bot_names = bot_names
        self._pieces: list[str] = []
        self._mention: dict[str, str] | None = None
        self._shown = ""
        self._in_block = False

    def pieces(self) -> Iterator[str]:
        return iter(self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "spark-mention":
            self._mention, self._shown = {name: value or "" for name, value in attrs}, ""
        else:
            self._mark(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "spark-mention" and self._mention is not None:
            self._pieces.append(self._resolve(self._mention, self._shown.strip()))
            self._mention = None
        elif tag != "br":
            self._mark(tag)

    def handle_data(self, data: str) -> None:
        if self._mention is None:
            self._pieces.append(_plain(data))
        else:
            self._shown += _plain(data)

    def _mark(self, tag: str) -> None:
        """What a tag reads as in plain text; `<code>` within `<pre>` adds nothing."""
        if tag == "pre":
            self._in_block = not self._in_block
        if tag == "br" or tag in _BLOCKS:
            self._pieces.append("\n")
        elif tag == "pre" or not self._in_block:
            self._pieces.append(_CODE_MARKS.get(tag, ""))

    def _resolve(self, mention: dict[str, str], shown: str) -> str:
        person = mention.get("data-object-id", "")
        own = same_person(self._bot_id, person) if self._bot_id and person else self._is_own_name(shown)
        if own:
            return _OWN_MENTION
        for value in (*mention.values(), shown):
            if email := _EMAIL.fullmatch(value.strip()):
                return email["address"]
        return f'"{shown}"' if " " in shown else shown

    def _is_own_name(self, shown: str) -> bool:
        return shown.removeprefix("@").casefold() in self._bot_names
