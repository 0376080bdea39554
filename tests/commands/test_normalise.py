"""What a person types in Webex, on whatever keyboard, and the command line it becomes."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.normalise import UnbalancedQuote, normalise, same_person, split_words

BOT_UUID = "3cdd4059-9258-477d-b494-c133ac2cfad5"
ADA_UUID = "e289a470-9818-482b-b25d-4162aa89d85e"


def encoded(uuid: str, place: str = "us") -> str:
    return base64.urlsafe_b64encode(f"ciscospark://{place}/PEOPLE/{uuid}".encode()).decode().rstrip("=")


def mention(person_id: str, name: str, more: str = "") -> str:
    return (
        f'<spark-mention data-object-type="person" data-object-id="{person_id}"{more}>{name}</spark-mention>'
    )


BOT, ADA = encoded(BOT_UUID), encoded(ADA_UUID)


@pytest.mark.parametrize(
    ("text", "html", "line"),
    [
        ("Sparkops hello", f"<p>{mention(BOT, 'Sparkops')} hello</p>", "hello"),
        ("Sparkops hello", f"<p>{mention(BOT_UUID.upper(), 'Sparkops')} hello</p>", "hello"),
        ("Sparkops: hello", f"<p>{mention(BOT, 'Sparkops')}: hello</p>", "hello"),
        ("hello Sparkops", f"<p>hello {mention(BOT, 'Sparkops')}</p>", "hello"),
        ("room Sparkops list", f"<p>room&nbsp;{mention(BOT, 'Sparkops')}&nbsp;list</p>", "room list"),
        ("Sparkops sparkops list", f"<p>{mention(BOT, 'Sparkops')} sparkops list</p>", "sparkops list"),
        (
            "Sparkops invite Ada",
            f"<p>{mention(BOT, 'Sparkops')} invite {mention(ADA, 'Ada')}</p>",
            "invite Ada",
        ),
        (
            "Sparkops invite Ada Lovelace now",
            f"<p>{mention(BOT, 'Sparkops')} invite {mention(ADA, 'Ada Lovelace')} now</p>",
            'invite "Ada Lovelace" now',
        ),
        (
            "Sparkops invite Ada",
            mention(BOT, "Sparkops")
            + " invite "
            + mention(ADA, "Ada", ' data-object-url="mailto:ada@example.com"'),
            "invite ada@example.com",
        ),
        (
            "Sparkops invite ada@example.com",
            f"{mention(BOT, 'Sparkops')} invite {mention(ADA, 'ada@example.com')}",
            "invite ada@example.com",
        ),
        ("Sparkops ping", f"<p>{mention(BOT, 'Sparkops')}</p><pre><code>ping\n</code></pre>", "ping"),
        ("Sparkops a &lt; b", f"<p>{mention(BOT, 'Sparkops')} a &lt; b<br>c</p>", "a < b\nc"),
        (
            "Sparkops show version",
            f"{mention(BOT, 'Sparkops')} run <code>show version</code>",
            "run `show version`",
        ),
    ],
)
def test_a_mention_in_html(text: str, html: str, line: str) -> None:
    assert normalise(text, html=html, mentioned_people=[BOT], bot_id=BOT, bot_names=["Sparkops"]) == line


@pytest.mark.parametrize(
    ("text", "names", "line"),
    [
        ("Sparkops ping", ["Sparkops"], "ping"),
        ("@sparkops, ping", ["Sparkops"], "ping"),
        ("Sparkops ping", ["Sparkops the Bot"], "ping"),
        ("ping Sparkops", ["Sparkops"], "ping"),
        ("C++ (bot) ping", ["C++ (bot)"], "ping"),
        ("Sparkopsy ping", ["Sparkops"], "Sparkopsy ping"),
        ("ping", [], "ping"),
    ],
)
def test_a_mention_without_html(text: str, names: list[str], line: str) -> None:
    assert normalise(text, mentioned_people=[BOT_UUID], bot_id=BOT, bot_names=names) == line


def test_the_name_stays_where_nobody_mentioned_the_bot() -> None:
    assert (
        normalise("Sparkops ping", mentioned_people=[ADA], bot_id=BOT, bot_names=["Sparkops"])
        == "Sparkops ping"
    )
    assert normalise("@Sparkops ping", bot_id=BOT, bot_names=["Sparkops"]) == "ping"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("jenkins build “api” ‘x’ „y‟ «z» don’t", 'jenkins build "api" \'x\' "y" "z" don\'t'),
        ("build api —dry-run", "build api --dry-run"),
        ("build api –dry-run", "build api --dry-run"),
        ("build api –n 3", "build api -n 3"),
        ("build api −−force", "build api --force"),
        ("build api -—force", "build api --force"),
        ("sum −5 2024–2026 a—b", "sum -5 2024-2026 a-b"),
        ("say “wait —what”", 'say "wait -what"'),
        ("a\u00a0b\u2003c\u202fd\te", "a b c d e"),
        ("pi\u200bng\u2060 \u202eapi\ufeff", "ping api"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("``` ping ```", "ping"),
        ("```\nping\n```", "ping"),
        ("```sh\nping api\n```", "ping api"),
        ("`ping`", "ping"),
        ("`a` `b`", "`a` `b`"),
        ("  ping  ", "ping"),
        ("", ""),
    ],
)
def test_what_keyboards_make_of_a_command(typed: str, line: str) -> None:
    assert normalise(typed) == line


@given(
    st.lists(st.sampled_from(list("`~-—–“’\"' \n\u00a0\u200bab=\\1")) | st.text(max_size=3), max_size=25).map(
        "".join
    )
)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@pytest.mark.parametrize("form", [BOT, BOT_UUID, BOT_UUID.upper(), encoded(BOT_UUID, "urn:TEAM:us-west-2_r")])
def test_all_forms_of_an_id_are_the_same_person(form: str) -> None:
    assert same_person(BOT, form)
    assert not same_person(ADA, form)


def test_ids_that_cannot_be_read_are_compared_as_they_are() -> None:
    assert same_person("é-1", "é-1")
    assert not same_person("", "")
    assert not same_person(
        base64.urlsafe_b64encode(f"ciscospark://us/ROOM/{BOT_UUID}".encode()).decode(), BOT
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('switch show @leaf "show version"', ("switch", "show", "@leaf", "show version")),
        ("build BRANCH=\"a b\" --note='c d'", ("build", "BRANCH=a b", "--note=c d")),
        ("I don't know", ("I", "don't", "know")),
        ("say 'I don't know'", ("say", "I don't know")),
        (r'say "a \"b\" \\ \n"', ("say", 'a "b" \\ \\n')),
        (r"open a\ b C:\temp \"x", ("open", "a b", "C:\\temp", '"x')),
        ('empty ""', ("empty", "")),
        ('say "two\nlines" end', ("say", "two\nlines", "end")),
        ("apply ```yaml\na: 1\nb: 'x\n``` now", ("apply", "a: 1\nb: 'x", "now")),
        ("run `show version`", ("run", "show version")),
        ("one\ntwo", ("one", "two")),
        (" \n", ()),
    ],
)
def test_a_line_is_cut_into_words(line: str, words: tuple[str, ...]) -> None:
    assert split_words(line) == words


def test_an_open_quotation_is_shown_where_it_starts() -> None:
    with pytest.raises(UnbalancedQuote) as caught:
        split_words('first line\nsay "hello world')
    assert caught.value.position == 15
    assert str(caught.value) == (
        'The " at character 16 is never closed:\n'
        'say "hello world\n'
        "    ^\n"
        'Close it, or write \\" where it is meant as a character.'
    )


@given(st.lists(st.text(max_size=12)))
def test_any_words_can_be_written_in_double_quotes(words: list[str]) -> None:
    line = " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    assert split_words(line) == tuple(words)


@given(st.text())
def test_a_line_is_cut_or_refused_with_a_position_in_it(line: str) -> None:
    try:
        assert all(isinstance(word, str) for word in split_words(line))
    except UnbalancedQuote as error:
        assert line[error.position] in "\"'`"
