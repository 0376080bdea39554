"""Webex markdown, on its own: what html, text and mentions come out of it."""

import pytest

from playground.webex.markdown import Mentioned, Rendered, render

ADA = Mentioned("ada-id", "Ada")


def rendered(source: str) -> Rendered:
    return render(source, lambda kind, who: ADA if who in ("ada@example.com", "ada-id") else None)


@pytest.mark.parametrize(
    ("source", "html", "text"),
    [
        ("hello", "<p>hello</p>", "hello"),
        ("**a** _b_ `c`", "<p><strong>a</strong> <em>b</em> <code>c</code></p>", "a b c"),
        ("one\ntwo", "<p>one<br>two</p>", "one two"),
        ("one  \ntwo", "<p>one<br>two</p>", "one two"),
        ("one\n\ntwo", "<p>one</p><p>two</p>", "one two"),
        ("# Title\n- a\n- b", "<h1>Title</h1><ul><li>a</li><li>b</li></ul>", "Title a b"),
        ("[here](http://x.example/)", '<p><a href="http://x.example/">here</a></p>', "here"),
        ("```\na  b\n\nc <d>\n```", "<pre><code>a  b\n\nc &lt;d&gt;\n</code></pre>", "a  b\n\nc <d>"),
        ("<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>", "<b>raw</b>"),
        ("`<@all>`", "<p><code>&lt;@all&gt;</code></p>", "<@all>"),
    ],
)
def test_markdown_becomes_html_and_text(source: str, html: str, text: str) -> None:
    assert (rendered(source).html, rendered(source).text) == (html, text)


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("<@personEmail:ada@example.com|The Countess> hi", "The Countess"),
        ("<@personEmail:ada@example.com> hi", "Ada"),
        ("<@personId:ada-id|Ada> hi", "Ada"),
    ],
)
def test_a_mention_shows_its_label_or_the_first_name(source: str, label: str) -> None:
    assert rendered(source) == Rendered(
        html=(
            '<p><spark-mention data-object-type="person" data-object-id="ada-id">'
            f"{label}</spark-mention> hi</p>"
        ),
        text=f"{label} hi",
        mentioned_people=("ada-id",),
        mentioned_groups=(),
    )


def test_everybody_is_mentioned_as_a_group() -> None:
    assert rendered("<@all> hi") == Rendered(
        html=(
            '<p><spark-mention data-object-type="groupMention" data-group-type="all">'
            "All</spark-mention> hi</p>"
        ),
        text="All hi",
        mentioned_people=(),
        mentioned_groups=("all",),
    )


def test_somebody_mentioned_twice_counts_once() -> None:
    assert rendered("<@personId:ada-id> <@personId:ada-id>").mentioned_people == ("ada-id",)


def test_a_stranger_is_an_ordinary_word() -> None:
    out = rendered("<@personEmail:bob@example.com|Bob> hi")
    assert (out.html, out.mentioned_people) == ("<p>Bob hi</p>", ())
    assert rendered("<@personEmail:bob@example.com> hi").text == "bob@example.com hi"


def test_a_label_cannot_smuggle_html_in() -> None:
    assert '"&lt;b' not in rendered('<@personId:ada-id|"<b> hi').html
    assert "<b" not in rendered('<@personId:ada-id|"<b> hi').html
