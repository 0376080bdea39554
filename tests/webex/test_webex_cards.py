"""Cards are built as Adaptive Cards 1.3 and refused before Webex or a person could stumble over them."""

from __future__ import annotations

import json

import pytest

from bot.webex import cards


def test_a_form_as_it_goes_to_webex() -> None:
    form = cards.card(
        [
            cards.text("Build api", weight="Bolder", size="Medium"),
            cards.facts({"Job": "api", "Last": "#41 passed"}),
            cards.input_text("branch", "Branch", value="main", required=True),
            cards.input_number("retries", "Retries", value=0, min=0, max=3),
            cards.input_choice("target", "Target", {"stage": "Staging", "prod": "Production"}, value="stage"),
            cards.input_toggle("clean", "Clean workspace"),
        ],
        [
            cards.submit("Build", {"do": "jenkins build api"}, "positive"),
            cards.submit("Cancel", {"do": "cancel"}),
            cards.open_url("Open Jenkins", "https://ci.example.com/job/api/"),
        ],
    )

    assert form == {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.3",
        "body": [
            {"type": "TextBlock", "text": "Build api", "wrap": True, "weight": "Bolder", "size": "Medium"},
            {
                "type": "FactSet",
                "facts": [{"title": "Job", "value": "api"}, {"title": "Last", "value": "#41 passed"}],
            },
            {
                "type": "Input.Text",
                "id": "branch",
                "label": "Branch",
                "value": "main",
                "isRequired": True,
                "errorMessage": "Branch is needed",
            },
            {"type": "Input.Number", "id": "retries", "label": "Retries", "value": 0, "min": 0, "max": 3},
            {
                "type": "Input.ChoiceSet",
                "id": "target",
                "label": "Target",
                "choices": [{"title": "Staging", "value": "stage"}, {"title": "Production", "value": "prod"}],
                "value": "stage",
                "style": "compact",
            },
            {
                "type": "Input.Toggle",
                "id": "clean",
                "title": "Clean workspace",
                "value": "false",
                "valueOn": "true",
                "valueOff": "false",
            },
        ],
        "actions": [
            {
                "type": "Action.Submit",
                "title": "Build",
                "style": "positive",
                "data": {"do": "jenkins build api"},
            },
            {"type": "Action.Submit", "title": "Cancel", "data": {"do": "cancel"}},
            {"type": "Action.OpenUrl", "title": "Open Jenkins", "url": "https://ci.example.com/job/api/"},
        ],
    }


def test_several_choices_given_as_titles_only() -> None:
    choice = cards.input_choice("leafs", "Leafs", ["leaf1", "leaf2"], several=True, expanded=True)

    assert choice["choices"] == [{"title": "leaf1", "value": "leaf1"}, {"title": "leaf2", "value": "leaf2"}]
    assert choice["isMultiSelect"] is True
    assert choice["style"] == "expanded"


def test_the_largest_card_that_is_allowed_and_one_byte_more() -> None:
    frame = len(json.dumps(cards.card([cards.text("")])))
    longest = "x" * (cards.SIZE_LIMIT - frame)

    assert cards.card([cards.text(longest)])["body"][0]["text"] == longest
    with pytest.raises(cards.CardError, match="the card has 22001 bytes; 22000 are allowed"):
        cards.card([cards.text(longest + "x")])


def test_size_is_counted_in_bytes_not_characters() -> None:
    with pytest.raises(cards.CardError, match="22000 are allowed"):
        cards.card([cards.text("ü" * (cards.SIZE_LIMIT // 2))])


def test_two_inputs_with_one_id_are_refused() -> None:
    with pytest.raises(cards.CardError, match="two inputs have the id 'branch'"):
        cards.card([cards.input_text("branch", "From"), cards.input_text("branch", "To")])


def test_an_input_that_a_buttons_data_would_overwrite_is_refused() -> None:
    with pytest.raises(cards.CardError, match="'do' is both an input's id and a key of the button 'Go'"):
        cards.card([cards.input_text("do", "Do what?")], [cards.submit("Go", {"do": "run"})])


def test_a_card_with_nothing_in_it_is_refused() -> None:
    with pytest.raises(cards.CardError, match="needs something in its body"):
        cards.card([])


def test_a_choice_of_nothing_is_refused() -> None:
    with pytest.raises(cards.CardError, match="'Job' has nothing to choose from"):
        cards.input_choice("job", "Job", [])


def test_values_with_commas_cannot_be_told_apart_where_several_are_chosen() -> None:
    with pytest.raises(cards.CardError, match="a value with a comma"):
        cards.input_choice("job", "Job", ["a,b", "c"], several=True)
    cards.input_choice("job", "Job", ["a,b", "c"])


def test_a_button_opens_web_pages_only() -> None:
    with pytest.raises(cards.CardError, match="http and https only, not 'javascript:alert"):
        cards.open_url("Open", "javascript:alert(1)")
