"""How a long message becomes several: every part short enough, every fence whole, nothing lost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.characters import grapheme_floor, well_formed
from bot.outbound.split import WEBEX_LIMIT, AsFile, Inline, fit, hard_breaks, split_markdown

MARKDOWN = MarkdownIt("commonmark", {"html": False})
FAMILY = "👩\u200d👩\u200d👧"


def fences_are_closed(part: str) -> bool:
    for token in MARKDOWN.parse(part):
        if token.type == "fence" and token.map:
            code = token.content.removesuffix("\n").split("\n") if token.content else []
            if token.map[1] - token.map[0] - 1 == len(code):
                return False
    return True


def code_in(parts: tuple[str, ...]) -> str:
    return "".join(token.content for part in parts for token in MARKDOWN.parse(part) if token.type == "fence")


@pytest.mark.parametrize(
    ("why", "text", "parts"),
    [
        ("short enough", "one\ntwo", ("one\ntwo",)),
        ("blank", " \n\n", ()),
        ("at a blank line", f"{'a' * 40}\n\n{'b' * 20}\n{'c' * 20}", ("a" * 40, f"{'b' * 20}\n{'c' * 20}")),
        ("at a line", f"{'a' * 30}\n{'b' * 30}\n{'c' * 30}", (f"{'a' * 30}\n{'b' * 30}", "c" * 30)),
        ("at a word", "word " * 20, (" ".join(["word"] * 12), " ".join(["word"] * 8))),
        ("in a word, between characters", FAMILY * 5, (FAMILY * 3, FAMILY * 2)),
        (
            "in code",
            "```python\n" + "line = 1\n" * 10 + "```",
            ("```python\n" + "line = 1\n" * 5 + "```", "```python\n" + "line = 1\n" * 5 + "```"),
        ),
        (
            "in code with tildes, within a list",
            "- see\n  ~~~~ sh\n" + "  echo ``` 12\n" * 6 + "  ~~~~\n- end",
            (
                "- see\n  ~~~~ sh\n" + "  echo ``` 12\n" * 3 + "  ~~~~",
                "~~~~sh\n" + "echo ``` 12\n" * 3 + "~~~~\n- end",
            ),
        ),
        ("code that nobody closed", "```\nx", ("```\nx\n```",)),
    ],
)  # fmt: skip
def test_where_a_message_is_cut(why: str, text: str, parts: tuple[str, ...]) -> None:
    assert split_markdown(text, 64) == parts, why


def test_a_line_that_would_become_a_heading_after_the_cut_does_not() -> None:
    parts = split_markdown("some words before the sign that " * 2 + "# is not a heading", 64)
    assert len(parts) == 2
    assert all(token.type != "heading_open" for part in parts for token in MARKDOWN.parse(part))


def test_a_message_of_30000_characters_with_code_and_emoji() -> None:
    code = f"```console\n$ make test\n{'ok 👍🏽 ' * 40}\n\n    indented\n```"
    block = f"## Stage {FAMILY}\n\nIt took *long* 🇩🇪.\n\n{code}\n\n"
    text = block * (30_000 // len(block) + 1)
    parts = split_markdown(text)
    assert 5 <= len(parts) <= 8
    assert all(len(part.encode()) <= WEBEX_LIMIT and fences_are_closed(part) for part in parts)
    assert code_in(parts) == code_in((text,))
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_log_line_longer_than_a_message_is_cut_and_stays_code() -> None:
    log = f"```\n{'x' * 20_000}\n```"
    parts = split_markdown(log)
    assert len(parts) == 3
    assert code_in(parts).replace("\n", "") == "x" * 20_000


def test_an_opening_fence_longer_than_a_message_is_shown_as_text() -> None:
    parts = split_markdown("`" * 20_000)
    assert all(len(part.encode()) <= WEBEX_LIMIT and fences_are_closed(part) for part in parts)
    assert "".join(parts).count("`") == 20_000


@pytest.mark.parametrize(
    "text", ["x" * WEBEX_LIMIT, f"```\n{'x' * (WEBEX_LIMIT - 8)}\n```", "é" * (WEBEX_LIMIT // 2)]
)
def test_a_message_of_exactly_the_limit_stays_whole(text: str) -> None:
    assert split_markdown(text) == (text,)
    assert len(split_markdown(text + "\n\nmore")) == 2


def test_half_an_emoji_is_replaced() -> None:
    assert split_markdown("a\ud83d b") == ("a\ufffd b",)
    assert well_formed("\ud83d\ude00") == "😀"


def test_a_limit_with_no_room_for_a_fence_is_refused() -> None:
    with pytest.raises(ValueError, match="splitting at 10 bytes was asked; a part needs 64 or more"):
        split_markdown("x", 10)


@pytest.mark.parametrize(
    "whole", [FAMILY, "👍🏽", "❤\ufe0f", "e\u0301", "1\ufe0f\u20e3", "🇩🇪", "🏴\U000e0067\U000e007f"]
)
def test_no_cut_within_a_visible_character(whole: str) -> None:
    text = f"a{whole}b"
    assert {grapheme_floor(text, at) for at in range(2, len(text) - 1)} <= {1}
    assert grapheme_floor("🇩🇪🇫🇷", 3) == 2


pieces = st.sampled_from(
    ["```", "~~~", "````", "~~~ sh", "> ", "- ", "1. ", "2. ", "    ", "\t", "  ", "\n", "\n\n", "\r\n", "a",
     "word ",     "x" * 70, "é" * 40, f"{FAMILY} ", "# ", "|", "---", "==="]
)  # fmt: skip


@settings(max_examples=500)
@given(st.lists(pieces | st.text(max_size=5), max_size=40).map("".join), st.integers(64, 200))
def test_every_part_fits_and_has_its_fences_closed(text: str, limit: int) -> None:
    for part in split_markdown(text, limit):
        assert part.strip()
        assert len(part.encode()) <= limit
        assert fences_are_closed(part)


paragraph = st.text("ab é👍", min_size=1, max_size=150)
block = st.text("xy  \n`~", max_size=200).filter(lambda code: not re.search(r"(?m)^ {0,3}[`~]{3}", code))
documents = st.lists(paragraph | block.map(lambda code: f"```py\n{code}\n```"), max_size=8).map("\n\n".join)


@given(documents, st.integers(64, 200))
def test_the_parts_together_hold_all_of_the_text(text: str, limit: int) -> None:
    def content(*parts: str) -> str:
        bare = "\n".join(re.sub(r"(?m)^```(py)?$", "", part) for part in parts)
        return re.sub(r"[\s\u200b]", "", bare)

    assert content(*split_markdown(text, limit)) == content(text)


def test_a_few_parts_go_out_as_messages() -> None:
    assert fit("done") == Inline(("done",))
    assert fit(f"{'a' * 7000}\n\n{'b' * 7000}") == Inline(("a" * 7000, "b" * 7000))


def test_more_go_out_as_their_beginning_and_a_file() -> None:
    log = "```\n" + "".join(f"line {n}\n" for n in range(10_000)) + "```"
    fitted = fit(log, filename="api-17.md")
    assert isinstance(fitted, AsFile)
    assert fitted.content == log
    assert fitted.filename == "api-17.md"
    assert fitted.summary.startswith("```\nline 0\nline 1\n")
    assert fitted.summary.endswith(
        "```\n\n… This is the beginning of 10,002 lines (98,897 bytes). All of it is in **api-17.md**."
    )
    assert len(fitted.summary.encode()) < 1_200


def test_lines_of_a_paragraph_keep_their_breaks_and_the_rest_stays() -> None:
    text = (
        "# Build 17\none\ntwo  \nthree\\\nfour\n\n- item\n  goes on\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "```\ncode\ncode\n```\n> said\n> twice\n"
    )
    broken = text.replace("one\n", "one  \n").replace("> said\n", "> said  \n")
    assert hard_breaks(text) == broken
    assert hard_breaks(broken) == broken
