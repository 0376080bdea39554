"""What somebody else wrote can be shown in a room, and does nothing there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.outbound.quoting import code, fence, for_card, link, neutralise_mentions, quote, strip_ansi

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ZW = "\u200b"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("fix *all* of_it `now`", r"fix \*all\* of\_it \`now\`"),
        ("<@all> deploy", rf"\<{ZW}@all\> deploy"),
        ("< @ALL>", rf"\<{ZW} @ALL\>"),
        ("<@personEmail:a@b.example|x>", rf"\<{ZW}@personEmail:a@b.example\|x\>"),
        ("&lt;&#64;all&gt;", rf"\&lt;{ZW}\&\#64;all\&gt;"),
        ("[x](http://evil.example)", r"\[x\]\(http://evil.example\)"),
        ("# top", r"\# top"),
        ("- item", r"\- item"),
        ("12. item", r"12\. item"),
        ("===\nnext\r\nline\t1", r"\=== next line 1"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07end\x00", "red end"),
        ("exe.\u202egpj", "exe.gpj"),
        ("a\ud800b", "a\ufffdb"),
        ("x" * 300, "x" * 239 + "…"),
        ("", ""),
    ],
)
def test_a_quotation_in_a_sentence(text: str, written: str) -> None:
    assert quote(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("make test", "`make test`"),
        ("a `b` c", "``a `b` c``"),
        ("`x`", "`` `x` ``"),
        ("<@all>", f"`<{ZW}@all>`"),
        ("two\nlines", "`two lines`"),
        ("", "` `"),
    ],
)
def test_inline_code(text: str, written: str) -> None:
    assert code(text) == written


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("1 test failed: `a.LoginTest.keeps_me`.", "1 test failed: **a.LoginTest.keeps_me**."),
        ("`build api` starts it, `stop api` stops it.", "**build api** starts it, **stop api** stops it."),
        ("`` a`b `` is odd", "**a`b** is odd"),
        ("`team/*` and `[x](http://evil.example)`", r"team/\* and **\[x\](http://evil.example)**"),
        (quote("approve #2 of keeps_the_basket (now)"), "approve #2 of keeps_the_basket (now)"),
        (
            quote("1.4.0 of *all* in _it_ and [this](http://evil.example)"),
            r"1.4.0 of \*all\* in \_it\_ and \[this\](http://evil.example)",
        ),
        (quote("- no list"), r"\- no list"),
        (quote("a `b` c"), "a `b` c"),
        (
            "**bold** and [Open](https://jenkins.example.com/job/a_b/)",
            "**bold** and [Open](https://jenkins.example.com/job/a_b/)",
        ),
    ],
)
def test_a_card_shows_no_marks_that_cards_do_not_read(markdown: str, shown: str) -> None:
    assert for_card(markdown) == shown


def test_a_log_that_mentions_everybody_and_closes_the_fence_stays_a_log() -> None:
    log = "\x1b[1mStarted\x1b[0m\r\n```\n# owned <@all>\n````\n<spark-mention data-group-type='all'>\n"
    assert fence(log, "console\n") == (
        "`````console\nStarted\n```\n"
        f"# owned <{ZW}@all>\n````\n<{ZW}spark-mention data-group-type='all'>\n`````"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<@all>",
        "<@ALL>",
        "< @all>",
        "<\n@all>",
        "<\u00a0@all>",
        "<\u200d@all>",
        "<\\@all>",
        "\\<@all>",
        "&lt;@all&gt;",
        "&LT;@all>",
        "&amp;lt;@all>",
        "&#60;@all>",
        "&#x3C;@all>",
        "<&#64;all>",
        "<&commat;all>",
        "＜＠all＞",
        "<@personId:x|<@all>>",
        "<@personEmail:eve@example.com>",
        "<spark-mention data-group-type='all'>",
    ],
)
def test_every_way_to_write_a_mention_is_made_inert(text: str) -> None:
    once = neutralise_mentions(text, allowed=["personEmail:ada@example.com"])
    assert once != text
    assert once.replace(ZW, "") == text.replace(ZW, "")
    assert neutralise_mentions(once) == once


def test_only_allowed_mentions_are_left() -> None:
    text = "<@personEmail:ada@example.com|Ada> <@all> <@personId:Y2lz> <@personEmail:ada@example.com|<@all>>"
    assert neutralise_mentions(text, allowed={"personEmail:ada@example.com", "personId:Y2lz"}) == (
        f"<@personEmail:ada@example.com|Ada> <{ZW}@all> <@personId:Y2lz>"
        f" <{ZW}@personEmail:ada@example.com|<{ZW}@all>>"
    )


@pytest.mark.parametrize("text", ["a < b, ada@example.com", "x <ada@example.com>", "if a<b && c@d", "plain"])
def test_what_is_no_mention_stays(text: str) -> None:
    assert neutralise_mentions(text) == text


@pytest.mark.parametrize(
    ("label", "url", "written"),
    [
        ("api #17", "https://ci.example/job/a_b/17/", r"[api \#17](https://ci.example/job/a_b/17/)"),
        ("x", "https://ci.example/(a)?b=1&copy;=2", "[x](https://ci.example/%28a%29?b=1&amp;copy;=2)"),
        ("", "http://[::1]:8080/", r"[http://\[::1\]:8080/](http://[::1]:8080/)"),
        ("x", "javascript:alert(1)", r"x (javascript:alert\(1\))"),
        ("x", "https://github.com@evil.example/", "x (https://github.com@evil.example/)"),
        ("x", "https://a b.example", "x (https://a b.example)"),
        ("x", "https:///nowhere", "x (https:///nowhere)"),
        ("", "data:text/html,<b>", r"data:text/html,\<b\>"),
        ("x", "http://[", r"x (http://\[)"),
    ],
)
def test_links_go_only_to_the_web(label: str, url: str, written: str) -> None:
    assert link(label, url) == written


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[38;5;196mred\x1b[m", "red"),
        ("\x1b]8;;https://x.example\x1b\\label\x1b]8;;\x1b\\", "label"),
        ("\x1b]0;left open\nnext", "\nnext"),
        ("\x9b31mC1\x1b(B", "C1"),
        ("\x1b[8mha:////4AbC+/==\x1b[0mStarted by Ada", "Started by Ada"),
        ("stray \x1b", "stray "),
    ],
)
def test_terminal_escapes_go(text: str, plain: str) -> None:
    assert strip_ansi(text) == plain


nasty = st.lists(
    st.sampled_from(
        [*"<@>&;#*_`[]()!|~\\-+=.1 \n\t:/\x1b", "<@all>", "```", "&lt;", "http://x.example", "\u202e"]
    )
    | st.text(max_size=4),
    max_size=30,
).map("".join)


@given(nasty)
def test_a_quotation_renders_as_one_run_of_plain_text(text: str) -> None:
    tokens = MARKDOWN.parse(quote(text))
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {"text"}
    assert not has_mention("".join(child.content for child in children))


@given(nasty)
def test_inline_code_renders_as_code_alone(text: str) -> None:
    (inline,) = [token for token in MARKDOWN.parse(f"x {code(text)} y") if token.type == "inline"]
    assert [child.type for child in inline.children or ()] == ["text", "code_inline", "text"]
    assert not has_mention(inline.content)


@given(nasty, st.text(max_size=8))
def test_a_block_renders_as_code_alone(text: str, info: str) -> None:
    tokens = MARKDOWN.parse(fence(text, info))
    assert [token.type for token in tokens] == ["fence"]
    assert not has_mention(tokens[0].content)


@given(nasty, nasty)
def test_a_link_renders_as_at_most_one_link(label: str, path: str) -> None:
    tokens = MARKDOWN.parse(link(label, f"https://ci.example/{path}"))
    children = [child.type for token in tokens for child in token.children or ()]
    assert children.count("link_open") <= 1
    assert set(children) <= {"text", "link_open", "link_close"}


def has_mention(text: str) -> bool:
    return "<@" in text or "<spark-mention" in text.lower()
