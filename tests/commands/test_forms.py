"""A missing argument opens a card; what is filled in there is the same as if it had been typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.builtin import COMMANDS
from bot.commands.forms import UnreadableAnswer, form_card, form_for, words_of_submission
from bot.commands.model import Entry, Form, FormField, Outcome, join_words
from bot.commands.normalise import normalise, split_words
from bot.commands.parse import Incomplete, parse
from bot.commands.registry import Registry
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.talking import Conversation

REGISTRY = Registry([*COMMANDS, *bakery.COMMANDS])


def button(card: Mapping[str, Any] | None, number: int = 0) -> Mapping[str, str]:
    """What a button of the card sends along."""
    assert card is not None
    data: Mapping[str, str] = card["actions"][number]["data"]
    return data


def submit(talk: Conversation, said: Outcome, *answers: str) -> Outcome:
    """Fill the fields of the card in, in order, and press Run."""
    filled = {f"field{number}": answer for number, answer in enumerate(answers)}
    words = words_of_submission({**button(said.replies[0].card), **filled})
    assert words is not None
    return talk.words(words)


def filled(line: str, *answers: str) -> tuple[str, ...] | None:
    """The words of a line whose form is filled in."""
    incomplete = parse(split_words(line), REGISTRY)
    assert isinstance(incomplete, Incomplete)
    data = button(form_card(form_for(incomplete.command, incomplete.rest, incomplete.missing)))
    return words_of_submission({**data, **{f"field{n}": answer for n, answer in enumerate(answers)}})


def test_the_card_asks_for_what_is_missing(talk: Conversation) -> None:
    said = talk.outcome("bread bake")
    assert said.replies[0].markdown == (
        "`bread bake` needs rye|wheat, NAME, SHAPES. It is written `bread bake rye|wheat NAME SHAPES…`, "
        "for example `bread bake rye Sunday round long`."
    )
    assert said.replies[0].card == {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.3",
        "body": [
            {"type": "TextBlock", "text": "Bake loaves of one kind.", "wrap": True, "weight": "Bolder"},
            {
                "type": "Input.ChoiceSet",
                "id": "field0",
                "label": "kind",
                "choices": [{"title": "rye", "value": "rye"}, {"title": "wheat", "value": "wheat"}],
                "style": "compact",
                "isRequired": True,
                "errorMessage": "kind is needed",
            },
            {
                "type": "Input.Text",
                "id": "field1",
                "label": "name",
                "value": "",
                "isRequired": True,
                "errorMessage": "name is needed",
            },
            {
                "type": "Input.Text",
                "id": "field2",
                "label": "shapes",
                "value": "",
                "isRequired": True,
                "errorMessage": "shapes is needed",
            },
        ],
        "actions": [
            {
                "type": "Action.Submit",
                "title": "Run",
                "style": "positive",
                "data": {
                    "sparkops": "form",
                    "words": '["bread", "bake"]',
                    "shape": '[{"prefix": "", "toggle": false, "many": false}, '
                    '{"prefix": "", "toggle": false, "many": false}, '
                    '{"prefix": "", "toggle": false, "many": true}]',
                },
            }
        ],
    }


def test_a_filled_in_card_runs_as_if_it_had_been_typed(talk: Conversation, shop: Bakery) -> None:
    said = submit(talk, talk.outcome("bread bake"), "wheat", "Sunday Morning", "round “very long”")
    assert said.replies[0].markdown == "Baked 2 of wheat for Sunday Morning."
    typed = talk.outcome('bread bake wheat "Sunday Morning" round "very long"')
    assert typed.replies == said.replies
    assert shop.done == ["wheat Sunday Morning ('round', 'very long')"] * 2


def test_the_card_keeps_what_was_typed_already(talk: Conversation) -> None:
    said = submit(talk, talk.outcome("bread order mill FLOUR=rye"), "my house")
    assert said.replies[0].markdown == "Ordered from mill to my house: FLOUR=rye."


def test_text_keeps_working_for_those_who_dislike_cards(talk: Conversation) -> None:
    assert talk.outcome("bread bake").replies[0].card is not None
    assert talk.say("bread bake rye Sunday round") == "Baked 1 of rye for Sunday."


@pytest.mark.parametrize("entry", [Entry.TERMINAL, Entry.REST, Entry.SCHEDULE])
def test_no_card_where_none_can_be_shown(talk: Conversation, entry: Entry) -> None:
    for line in ("bread bake", "bread taste rye", "bread throw stale"):
        assert talk.outcome(line, entry=entry).replies[0].card is None


def test_a_card_may_be_submitted_by_anybody_but_runs_only_under_their_own_rights(talk: Conversation) -> None:
    words = words_of_submission({**button(talk.outcome("run show").replies[0].card), "field0": "1"})
    assert words == ("run", "show", "1")
    assert (
        talk.words(words, person="eve@example.com")
        .replies[0]
        .markdown.startswith("⛔ You may not run `run show` here.")
    )


@pytest.mark.parametrize(
    ("line", "answers", "words"),
    [
        ("run show", ["1"], ("run", "show", "1")),
        ("RUN Show", ["1"], ("run", "show", "1")),
        ("run log --last 3", ["1"], ("run", "log", "--last", "3", "1")),
        ("bread order", ["home", "mill"], ("bread", "order", "--to", "home", "mill")),
        ("bread order mill A=1", ["home"], ("bread", "order", "mill", "A=1", "--to", "home")),
        ("bread order mill", ["-5"], ("bread", "order", "mill", "--to", "-5")),
        ("bread bake", ["rye", 'say "hi"', "a"], ("bread", "bake", "rye", 'say "hi"', "a")),
        ("bread bake", ["rye", "it's", "it's 'a b' \"c d\" `e f`"],
         ("bread", "bake", "rye", "it's", "it's", "a b", "c d", "e f")),
        ("bread bake", ["rye", "two\nlines", "a\nb"], ("bread", "bake", "rye", "two\nlines", "a", "b")),
        ("bread bake", ["rye", " kept ", " a  b "], ("bread", "bake", "rye", " kept ", "a", "b")),
        ("bread bake rye Sunday", ["“a b” c\u00a0d"], ("bread", "bake", "rye", "Sunday", "a b", "c", "d")),
        ("bread bake", ["spelt", "x", "y"], ("bread", "bake", "spelt", "x", "y")),
        ("bread bake", ["rye", "--all", "x"], ("bread", "bake", "rye", "--all", "x")),
        ("bread bake", ["rye", "a\x00b\ud83dc", "x"], ("bread", "bake", "rye", "ab\ufffdc", "x")),
    ],
)  # fmt: skip
def test_answers_become_words(line: str, answers: list[str], words: tuple[str, ...]) -> None:
    assert filled(line, *answers) == words


def test_what_is_left_empty_is_asked_for_again_with_all_behind_it(talk: Conversation, shop: Bakery) -> None:
    assert filled("bread bake", "rye", "", "round long") == ("bread", "bake", "rye")
    assert filled("bread bake", "rye", "  ", "round long") == ("bread", "bake", "rye")
    assert filled("bread bake") == ("bread", "bake")
    assert filled("bread order", "", "mill") == ("bread", "order", "mill")
    again = submit(talk, talk.outcome("bread bake"), "rye", "", "round long")
    assert again.replies[0].markdown.startswith("`bread bake` needs NAME, SHAPES.")
    assert again.replies[0].card is not None
    assert shop.done == []


def test_an_open_quotation_in_a_field_is_shown_as_if_it_had_been_typed(talk: Conversation) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        filled("bread bake", "rye", "Sunday Morning", "round “long")
    assert caught.value.line == 'bread bake rye "Sunday Morning" round "long'
    assert talk.say(caught.value.line).startswith(
        '⚠️ I cannot read that.\n\n```\nThe " at character 39 is never closed:\n'
    )


def test_a_command_may_ask_for_more_itself(talk: Conversation) -> None:
    said = talk.outcome("bread taste rye")
    assert said.replies[0].markdown == "Say how rye shall taste, for example `bread taste rye SALT=more`."
    assert (said.decision, said.result) == ("incomplete", "asked for input")
    card = said.replies[0].card
    assert card is not None
    assert [
        (each["type"], each.get("label") or each.get("title") or each["text"], each.get("value"))
        for each in card["body"]
    ] == [
        ("TextBlock", "How shall rye taste?", None),
        ("Input.ChoiceSet", "Salt", "some"),
        ("Input.Toggle", "Warm", "true"),
        ("Input.Text", "Spread", ""),
        ("Input.Toggle", "Loud", "false"),
        ("Input.Text", "Note", ""),
    ]
    assert submit(talk, said, "more", "true", "plum jam", "true", "not bad").replies[0].markdown == (
        "rye: SALT=more, WARM=true, SPREAD=plum jam, loud, note 'not bad'"
    )
    assert submit(talk, said, "none", "false", "", "false", "").replies[0].markdown == (
        "rye: SALT=none, WARM=false, SPREAD=, quiet, note None"
    )


def test_a_form_too_large_for_a_card_is_asked_in_words(talk: Conversation) -> None:
    quotes = '"' * 7000
    said = talk.outcome(f"bread bake rye '{quotes}'")
    assert said.replies[0].markdown.startswith("`bread bake` needs SHAPES.")
    assert said.replies[0].card is None


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"field0": "1"},
        {"sparkops": "approval", "words": '["ping"]', "shape": "[]"},
        {"words": '["ping"]', "shape": "[]"},
    ],
)
def test_a_card_of_others_is_no_form(inputs: dict[str, str]) -> None:
    assert words_of_submission(inputs) is None


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ("", "[]"),
        ("null", "[]"),
        ("[]", "[]"),
        ('["ping"', "[]"),
        ('"ping"', "[]"),
        ('{"0": "ping"}', "[]"),
        ('["ping", 1]', "[]"),
        ('[["ping"]]', "[]"),
        ("[" * 100_000, "[]"),
        ('["ping"]', ""),
        ('["ping"]', "{}"),
        ('["ping"]', "[1]"),
        ('["ping"]', "[null]"),
        ('["ping"]', "[" * 100_000),
        ("NaN", "[]"),
    ],
)
def test_a_forged_form_is_refused(words: str, shape: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        words_of_submission({"sparkops": "form", "words": words, "shape": shape})


def test_a_forged_form_passes_the_same_gate(talk: Conversation, shop: Bakery) -> None:
    forged = {"sparkops": "form", "words": '["bread", "throw", "all"]', "shape": "[]"}
    words = words_of_submission(forged)
    assert words is not None
    assert talk.words(words, person="eve@example.com").decision == "denied"
    assert talk.words(words).decision == "confirmation asked"
    assert shop.done == []


def test_what_no_database_can_hold_is_no_way_to_stop_the_bot(talk: Conversation) -> None:
    words = words_of_submission(
        {"sparkops": "form", "words": json.dumps(["frob\x00", "\ud83d"]), "shape": "[]"}
    )
    assert words == ("frob", "\ufffd")
    assert talk.words(words).replies[0].markdown.startswith("I know no `frob \ufffd`.")


SINGLE = st.text().filter(lambda value: value.strip() and "\x00" not in value)
TYPED = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)


@given(st.sampled_from(["rye", "wheat"]), SINGLE, st.lists(TYPED, min_size=1))
def test_submitted_words_are_the_words_typed(kind: str, name: str, shapes: list[str]) -> None:
    many = join_words(tuple(shapes))
    typed = split_words(normalise(many))
    assert filled("bread bake", kind, name, many) == ("bread", "bake", kind, name, *typed)


FIELD = st.dictionaries(st.sampled_from(["prefix", "toggle", "many"]), st.none() | st.booleans() | st.text())
JSON = st.recursive(st.none() | st.integers() | st.text() | FIELD, st.lists, max_leaves=8)


@given(JSON.map(json.dumps) | st.text(), JSON.map(json.dumps) | st.text(), st.text(), st.text())
def test_whatever_is_submitted_is_words_or_refused(words: str, shape: str, one: str, two: str) -> None:
    inputs = {"sparkops": "form", "words": words, "shape": shape, "field0": one, "field1": two}
    try:
        read = words_of_submission(inputs)
    except ValueError:
        return
    assert read
    assert all("\x00" not in word for word in read)
    "".join(read).encode()


def test_a_field_for_several_words_behind_an_option() -> None:
    form = Form("Which?", ("bread", "order"), (FormField("to", "To", prefix="--to ", many=True),))
    assert words_of_submission({**button(form_card(form)), "field0": "'a b' c"}) == (
        "bread",
        "order",
        "--to",
        "a b",
        "c",
    )
