"""Webex markdown → the html, the plain text and the mentions of a message. Pure.

Flavour and output follow what Webex was seen to make of bot messages: paragraphs without a newline between
them, a single newline as `<br>`, a blank in the plain text where a block or a line ends, raw HTML shown as
text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_MENTION = re.compile(
    r"<@(?:(?P<kind>personId|personEmail):(?P<who>[^|>]+)(?:\|(?P<label>[^>]*))?|(?P<group>all))>"
)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """The person a mention points to and the name shown when the mention gives none."""

    person_id: str
    name: str


# Called with ("personId" | "personEmail", value); None when that person cannot be mentioned here.
FindPerson = Callable[[str, str], Mentioned | None]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one markdown source becomes."""

    html: str
    text: str
    mentioned_people: tuple[str, ...]
    mentioned_groups: tuple[str, ...]


def render(source: str, find_person: FindPerson) -> Rendered:
    """Return `source` (Webex markdown) as html and text with the people and groups it mentions.

    A mention of somebody whom `find_person` does not know stays as its bare label, as an ordinary word.
    """
    tokens = _PARSER.parse(source, {"find_person": find_person})
    mentions = [token for token in _inline(tokens) if token.type == "mention"]
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return Rendered(
        html=re.sub(r">\n+(<|$)", r">\1", html),
        text="".join(_words(tokens)).strip(),
        mentioned_people=_distinct(token.meta["person"] for token in mentions if "person" in token.meta),
        mentioned_groups=_distinct(token.meta["group"] for token in mentions if "group" in token.meta),
    )


def _mention_rule(state: StateInline, silent: bool) -> bool:
    found = _MENTION.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        _push_mention(state, found)
    state.pos = found.end()
    return True


def _push_mention(state: StateInline, found: re.Match[str]) -> None:
    if found["group"]:
        state.push("mention", "", 0).meta = {"group": "all"}
        state.tokens[-1].content = "All"
        return
    person = state.env["find_person"](found["kind"], found["who"].strip())
    label = found["label"] or (person.name if person else found["who"])
    token = state.push("mention" if person else "text", "", 0)
    token.content = label
    token.meta = {"person": person.person_id} if person else {}


def _render_mention(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    label = escape(token.content)
    if "group" in token.meta:
        return f'<spark-mention data-object-type="groupMention" data-group-type="all">{label}</spark-mention>'
    person_id = escape(token.meta["person"])
    return f'<spark-mention data-object-type="person" data-object-id="{person_id}">{label}</spark-mention>'


def _render_break(*_: Any) -> str:
    return "<br>"


def _inline(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield from token.children or ()


def _words(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type == "inline":
            yield from (_word(child) for child in token.children or ())
            yield " "
        elif token.type in ("fence", "code_block"):
            yield token.content.rstrip("\n") + " "


def _word(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False})
    parser.inline.ruler.before("autolink", "mention", _mention_rule)
    parser.add_render_rule("mention", _render_mention)
    parser.add_render_rule("softbreak", _render_break)
    parser.add_render_rule("hardbreak", _render_break)
    return parser


_PARSER = _parser()
