"""Cutting a long markdown message into parts that Webex takes, and laying out its line breaks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.characters import prefix_within, size, well_formed

WEBEX_LIMIT: Final = 7439
"""UTF-8 bytes a message's text or markdown may have. Source: Webex OpenAPI, POST /messages."""

SMALLEST_LIMIT: Final = 64
HEAD_LIMIT: Final = 1000
"""UTF-8 bytes of a long output that are shown above the file holding all of it."""

_GUARD: Final = "\u200b"
"""Put before a mark it keeps markdown from reading it, and the reader sees no difference."""

_OPENS_BLOCK: Final = re.compile(r"[-+*#>=|`~_]|\d{1,9}[.)]")
_LIKE_OPENING: Final = re.compile(r"(?P<prefix>[\s>*+\-\d.)]*)(?P<rest>(?:`{3}|~{3}).*)", re.DOTALL)
_LIKE_CLOSING: Final = re.compile(r" {0,3}(?:`{3,}|~{3,})[ \t]*$")
_BLOCKS: Final = MarkdownIt("commonmark", {"html": False}).disable(["inline", "reference"])
_BLOCKS_AND_TABLES: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")


@dataclass(frozen=True, slots=True)
class Inline:
    """A text that goes out as messages, in this order."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AsFile:
    """A text too long to read in a room: its beginning as a message, and all of it as a file."""

    summary: str
    filename: str
    content: str


Parts = Inline | AsFile


class _Role(Enum):
    PROSE = auto()
    OPENING = auto()
    CODE = auto()
    CLOSING = auto()


@dataclass(frozen=True, slots=True)
class _Fence:
    """A code fence and where it stands. Lines are numbered from 0 in the whole text."""

    home: int
    """The first line of the list that holds the fence, or of the fence itself where there is none."""
    opening: int
    content: tuple[str, ...]
    """The code as it is rendered: without the marks of the list or quotation around it."""
    closed: bool
    """Whether the text closes it; if not, it ends with the list, the quotation or the text."""
    prefix: str
    """What stands before the opening fence, list marks made blank: the closing fence needs the same."""
    marker: str
    info: str

    @property
    def reopening(self) -> str:
        gap = " " if self.info.startswith(self.marker[0]) else ""
        return f"{self.marker}{gap}{self.info}"

    @property
    def lines(self) -> range:
        return range(self.opening, self.opening + 1 + len(self.content) + int(self.closed))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, or a piece of one too long for a message."""

    number: int
    text: str
    role: _Role = _Role.PROSE
    bare: str = ""
    """A line of a fence as it reads outside its list or quotation, for a part in which that is not open."""
    fence: _Fence | None = None
    continued: bool = False
    """A later piece of a long line: always the first of its part."""
    in_paragraph: bool = False
    """Within a paragraph, where a leading dash or number starts no list; at the start of a part it would."""

    @property
    def blank(self) -> bool:
        return self.role is _Role.PROSE and not self.text.strip()

    @property
    def leaves_code_open(self) -> bool:
        return self.role in (_Role.OPENING, _Role.CODE)


def split_markdown(text: str, limit: int = WEBEX_LIMIT) -> tuple[str, ...]:
    """Cut markdown into parts of at most `limit` UTF-8 bytes each, in order and with nothing lost.

    A part ends at a blank line if one stands in its second half, else between blocks, else between lines,
    else between words, else between visible characters. A code fence that is cut is closed at the end of
    the part and opened again, with its language, at the start of the next; both count in the limit.
    Blank lines between parts go; a blank text has no parts. Raises ValueError for a limit below 64 bytes,
    which leaves no room for a fence.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"splitting at {limit} bytes was asked; a part needs {SMALLEST_LIMIT} or more")
    text = well_formed(text)
    if size(text) <= limit and size(whole := _whole(text)) <= limit:
        return (whole,) if whole else ()
    lines = _lines(text, limit)
    parts = []
    start = 0
    while (start := _skip_blank(lines, start)) < len(lines):
        end = _cut(lines, start, limit)
        parts.append(_render(lines[start:end]))
        start = _skip_closing(lines, end)
    return tuple(parts)


def fit(text: str, max_parts: int = 4, *, limit: int = WEBEX_LIMIT, filename: str = "output.md") -> Parts:
    """How a text goes out: as up to `max_parts` messages, or as its beginning and a file with all of it."""
    total = size(well_formed(text))
    if total <= limit * max_parts:
        parts = split_markdown(text, limit)
        if len(parts) <= max_parts:
            return Inline(parts)
    head = split_markdown(text[:HEAD_LIMIT], min(HEAD_LIMIT, limit // 2))[:1]
    lines = text.count("\n") + 1
    note = f"… This is the beginning of {lines:,} lines ({total:,} bytes). All of it is in **{filename}**."
    return AsFile("\n\n".join((*head, note)), filename, text)


def hard_breaks(text: str) -> str:
    """End the lines within a paragraph with two spaces, so that Webex shows the line breaks.

    Code, tables, lists and headings are left as they are. Source: developer.webex.com, "Formatting
    messages": a line break needs two trailing spaces or a blank line.
    """
    lines = _line_ends(text).split("\n")
    for first, behind in _paragraphs(_BLOCKS_AND_TABLES.parse("\n".join(lines))):
        for number in range(first, behind - 1):
            if not lines[number].endswith(("  ", "\\")):
                lines[number] = lines[number].rstrip() + "  "
    return "\n".join(lines)


def _paragraphs(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The paragraphs outside lists, each as its first line and the line behind its last."""
    lists = 0
    for token in tokens:
        if token.type == "list_item_open":
            lists += 1
        elif token.type == "list_item_close":
            lists -= 1
        elif token.type == "paragraph_open" and token.map and not lists:
            yield token.map[0], token.map[1]


def _line_ends(text: str) -> str:
    """CommonMark's line ends (CRLF, CR, LF) made one, so that our line numbers are the parser's."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _lines(text: str, limit: int) -> list[_Line]:
    """Every line with the fence it belongs to, none longer than what fits in a part."""
    lines = [_tame(line, limit // 4) for line in _line_ends(text).split("\n")]
    tokens = _BLOCKS.parse("\n".join(lines))
    fences = {number: fence for fence in _fences(tokens, lines) for number in fence.lines}
    paragraphs = [token.map for token in tokens if token.type == "inline" and token.map]
    inner = {number for first, behind in paragraphs for number in range(first + 1, behind)}
    pieces: list[_Line] = []
    for number, line in enumerate(lines):
        if number in fences:
            pieces += _fenced(number, line, fences[number], limit)
        else:
            pieces += _prose(number, line, limit, number in inner)
    return pieces


def _whole(text: str) -> str:
    """The text as one part, with its fences closed and the blank lines around it gone."""
    lines = _lines(text, WEBEX_LIMIT + 8 * size(text))
    start = _skip_blank(lines, 0)
    return _render(lines[start:]) if start < len(lines) else ""


def _tame(line: str, longest: int) -> str:
    """Keep a line of more than `longest` bytes from opening a fence: reopening it would fill the parts."""
    opening = _LIKE_OPENING.match(line)
    if opening is None or size(line) <= longest:
        return line
    return f"{opening['prefix']}{_GUARD}{opening['rest']}"


def _fences(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[_Fence]:
    lists = 0
    home = 0
    for token in tokens:
        if token.type == "list_item_open" and token.map:
            home = home if lists else token.map[0]
            lists += 1
        elif token.type == "list_item_close":
            lists -= 1
        elif token.type == "fence" and token.map:
            opening, behind = token.map
            content = tuple(token.content.removesuffix("\n").split("\n")) if token.content else ()
            yield _Fence(
                home=home if lists else opening,
                opening=opening,
                content=content,
                closed=behind - opening - 1 > len(content),
                prefix=re.sub(r"[^>\s]", " ", lines[opening].partition(token.markup)[0]),
                marker=token.markup,
                info=token.info.strip(),
            )


def _fenced(number: int, line: str, fence: _Fence, limit: int) -> Iterator[_Line]:
    """The pieces of a fence's line; a fence that its text leaves open is closed behind its last line."""
    closing = _Line(number, fence.prefix + fence.marker, _Role.CLOSING, fence.marker, fence)
    if number == fence.opening:
        yield _Line(number, line, _Role.OPENING, fence.reopening, fence)
    elif number <= fence.opening + len(fence.content):
        yield from _code(number, line, fence, limit)
    if number == fence.lines[-1]:
        yield closing


def _code(number: int, line: str, fence: _Fence, limit: int) -> Iterator[_Line]:
    """A line of code, cut at words where it is too long; every space stays."""
    rest = fence.content[number - fence.opening - 1]
    overhead = 2 * size(f"{fence.prefix}{fence.marker}\n") + size(f"{fence.prefix}{fence.info}{_GUARD} ")
    if size(line) <= limit - overhead:
        yield _Line(number, line, _Role.CODE, _guard_closing(rest), fence)
        return
    continued = False
    while rest or not continued:
        at = _word_border(rest, limit - overhead)
        bare = _guard_closing(rest[:at])
        yield _Line(number, fence.prefix + bare, _Role.CODE, bare, fence, continued)
        rest, continued = rest[at:], True


def _guard_closing(code: str) -> str:
    """Keep a line of code from closing its fence where the indent that prevented it is gone."""
    return _GUARD + code if _LIKE_CLOSING.match(code) else code


def _prose(number: int, line: str, limit: int, in_paragraph: bool) -> Iterator[_Line]:
    """A line outside code, cut at words where it is too long."""
    rest, continued = line, False
    while size(rest) > limit - size(_GUARD):
        at = _word_border(rest, limit - size(_GUARD))
        yield _Line(number, rest[:at].rstrip(), continued=continued, in_paragraph=in_paragraph or continued)
        rest, continued = rest[at:].lstrip(), True
    if rest or not continued:
        yield _Line(number, rest, continued=continued, in_paragraph=in_paragraph or continued)


def _word_border(text: str, limit: int) -> int:
    """Where to cut a line to at most `limit` bytes: before a word in the second half, if there is one."""
    most = prefix_within(text, limit)
    if most == len(text):
        return most
    border = max(text.rfind(" ", 0, most + 1), text.rfind("\t", 0, most + 1))
    return border if border > most // 2 else most


def _skip_blank(lines: Sequence[_Line], start: int) -> int:
    while start < len(lines) and lines[start].blank:
        start += 1
    return start


def _skip_closing(lines: Sequence[_Line], end: int) -> int:
    """Where the next part starts: a closing fence goes where the part before has closed the code itself."""
    return end + 1 if end < len(lines) and lines[end].role is _Role.CLOSING else end


def _cut(lines: Sequence[_Line], start: int, limit: int) -> int:
    """The end of the part that starts at `start`: the best border among those up to which it fits."""
    first = lines[start]
    used = size("".join(f"{line}\n" for line in _reopening(first)))
    best, best_rank = start + 1, (1, 9, 0)
    for end in range(start + 1, len(lines) + 1):
        last = lines[end - 1]
        used += size(_shown(last, first)) + 1
        if used - 1 > limit:
            break
        if used - 1 + size("".join(f"\n{line}" for line in _closing(last, first))) <= limit:
            if end == len(lines):
                return end
            rank = (int(used < limit // 2), _border_rank(last, lines[end]), -used)
            best, best_rank = (end, rank) if rank < best_rank else (best, best_rank)
        if end < len(lines) and lines[end].continued:
            break
    return best


def _border_rank(before: _Line, after: _Line) -> int:
    """How well a part ends between two lines: 0 at a blank line, 1 between blocks, 2 within one, else 3."""
    if before.blank or after.blank:
        return 0
    if before.role is _Role.OPENING:
        return 3
    return 2 if before.leaves_code_open or after.in_paragraph else 1


def _render(lines: Sequence[_Line]) -> str:
    first, last = lines[0], lines[-1]
    shown = [*_reopening(first), *(_shown(line, first) for line in lines), *_closing(last, first)]
    return "\n".join(shown) if last.fence else "\n".join(shown).rstrip()


def _reopening(first: _Line) -> tuple[str, ...]:
    """The opening fence for a part that starts within code."""
    return (first.fence.reopening,) if first.fence and first.role is _Role.CODE else ()


def _closing(last: _Line, first: _Line) -> tuple[str, ...]:
    """The closing fence for a part that starts with `first` and ends with `last` within code."""
    if last.fence is None or not last.leaves_code_open:
        return ()
    return (last.fence.marker if _is_bare(last.fence, first) else last.fence.prefix + last.fence.marker,)


def _shown(line: _Line, first: _Line) -> str:
    """The line as it stands in a part that starts with `first`."""
    if line.fence:
        return line.bare if _is_bare(line.fence, first) else line.text
    if line is first and line.in_paragraph:
        text = line.text.lstrip()
        return _GUARD + text if _OPENS_BLOCK.match(text) else text
    return line.text


def _is_bare(fence: _Fence, first: _Line) -> bool:
    """Whether the list or quotation around the fence began before the part that starts with `first`."""
    return fence.home < first.number + int(first.continued)
