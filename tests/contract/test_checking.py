"""Every way in which a request or an answer can differ from the description is found, with its place."""

from __future__ import annotations

import pytest

from tests.contract.bakery import ask, bake, description, eat
from tests.contract.checking import Contract, stale
from tests.contract.description import DescriptionError, KnownError
from tests.contract.exchanges import Exchange

LOAF_FIELDS = ("components", "schemas", "Loaf", "properties")
CRUST = KnownError(LOAF_FIELDS, {"crust": {"type": "string"}}, "Loaf lacks 'crust'", "the shop window")


def said(exchange: Exchange, *known_errors: KnownError) -> list[str]:
    """What the bakery's contract has against an exchange."""
    return [str(each) for each in Contract(description(), known_errors).deviations(exchange)]


@pytest.mark.parametrize("exchange", [bake({"grain": "rye"}), ask(), ask("?max=3"), eat()])
def test_what_the_description_says_is_no_deviation(exchange: Exchange) -> None:
    assert said(exchange) == []


@pytest.mark.parametrize(
    ("request_body", "sentence"),
    [
        ({}, "POST /loaves › request › $: 'grain' is a required property"),
        ({"grain": "oats"}, "POST /loaves › request › $.grain: 'oats' is not one of ['rye', 'wheat']"),
        (
            {"grain": "rye", "colour": "brown"},
            "POST /loaves › request › $: Additional properties are not allowed ('colour' was unexpected)",
        ),
    ],
)
def test_a_wrong_body_of_a_request_is_found(request_body: object, sentence: str) -> None:
    assert said(bake(request_body)) == [sentence]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?max=many", "GET /loaves › request › query parameter max: 'many' is not of type 'integer'"),
        ("?max=7", "GET /loaves › request › query parameter max: 7 is greater than the maximum of 5"),
        ("?cursor=5", "GET /loaves › request: the query parameter 'cursor' is not in the description"),
    ],
)
def test_a_wrong_query_of_a_request_is_found(query: str, sentence: str) -> None:
    assert said(ask(query)) == [sentence]


def test_a_body_where_the_description_wants_none_is_found() -> None:
    asked = ask()
    with_body = Exchange(
        "adapter", "GET", asked.target, 200, {}, b"{}", asked.answer_headers, asked.answer_body
    )
    assert said(with_body) == ["GET /loaves › request: the description allows no body"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"grain": "rye"}, "$: 'id' is a required property"),
        ({"id": 1}, "$.id: 1 is not of type 'string'"),
        ({"id": "1", "grain": "oats"}, "$.grain: 'oats' is not one of ['rye', 'wheat']"),
        ({"id": "1", "crust": "hard"}, "$: Additional properties are not allowed ('crust' was unexpected)"),
    ],
)
def test_a_wrong_body_of_an_answer_is_found(answer: object, sentence: str) -> None:
    assert said(bake({"grain": "rye"}, answer)) == [f"POST /loaves › answer 200 › {sentence}"]


def test_a_wrong_item_of_a_list_is_found_whatever_its_number() -> None:
    answer = {"items": [{"id": "1"}, {"id": "2", "slices": "many"}]}
    assert said(ask(answer=answer)) == [
        "GET /loaves › answer 200 › $.items[*].slices: 'many' is not of type 'integer'"
    ]


def test_a_status_that_is_not_declared_is_found() -> None:
    assert said(ask(status=202)) == ["GET /loaves › answer 202: Unknown response http status: 202"]


def test_an_answer_of_another_kind_is_found() -> None:
    page = bake({"grain": "rye"}, b"<html>", content_type="text/html")
    assert said(page) == [
        "POST /loaves › answer 200: Content for the following mimetype not found: text/html. "
        "Valid mimetypes: ['application/json']"
    ]


def test_an_answer_that_is_missing_or_not_expected_is_found() -> None:
    assert said(ask(answer=b"")) == ["GET /loaves › answer 200: Missing response data"]
    assert said(eat(b"{}")) == [
        "DELETE /loaves/{loafId} › answer 204: the description gives this answer no body"
    ]


def test_an_operation_that_the_description_does_not_have_is_found() -> None:
    assert said(Exchange("adapter", "PATCH", "/v1/loaves", 200)) == [
        "PATCH /v1/loaves: the description has no such operation"
    ]
    assert said(Exchange("adapter", "GET", "/v1/rolls", 404)) == [
        "GET /v1/rolls: the description has no such operation"
    ]


def test_plain_http_may_ask_wrongly_if_that_is_refused() -> None:
    assert said(bake({}, b"", status=400, sender="plain")) == []
    assert said(Exchange("plain", "GET", "/v1/rolls", 404)) == []
    assert said(bake({}, sender="plain")) == ["POST /loaves › request › $: 'grain' is a required property"]


def test_the_adapter_may_not_ask_wrongly_even_if_that_is_refused() -> None:
    assert said(bake({}, b"", status=400)) == ["POST /loaves › request › $: 'grain' is a required property"]


def test_the_parts_of_a_form_are_checked() -> None:
    form = {"type": "object", "required": ["files"], "properties": {"files": {"type": "string"}}}
    takes_forms = KnownError(
        ("paths", "/loaves", "post", "requestBody", "content"),
        {"multipart/form-data": {"schema": form}},
        "a recipe can be sent along",
        "the counter",
    )
    good = bake({"grain": "rye"})
    kind = {"content-type": "multipart/form-data; boundary=knife"}

    def sent(name: str) -> list[str]:
        body = f'--knife\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nrye\r\n--knife--\r\n'
        posted = Exchange(
            "adapter", "POST", "/v1/loaves", 200, kind, body.encode(), good.answer_headers, good.answer_body
        )
        return said(posted, takes_forms)

    assert sent("files") == []
    assert sent("recipe") == [
        "POST /loaves › request › $: 'files' is a required property",
        "POST /loaves › request: the form's part 'recipe' is not in the description",
    ]


def test_a_known_error_is_set_right_and_the_place_is_checked_all_the_same() -> None:
    assert said(bake({"grain": "rye"}, {"id": "1", "crust": "hard"}), CRUST) == []
    assert said(bake({"grain": "rye"}, {"id": "1", "crust": 7}), CRUST) == [
        "POST /loaves › answer 200 › $.crust: 7 is not of type 'string'"
    ]


def test_a_known_error_that_hides_nothing_any_more_is_found() -> None:
    crumb = KnownError(LOAF_FIELDS, {"crumb": {"type": "string"}}, "Loaf lacks 'crumb'", "the shop window")
    crusty = bake({"grain": "rye"}, {"id": "1", "crust": "hard"})
    assert stale(description(), [CRUST, crumb], [crusty, ask()]) == [crumb]
    assert stale(description(), [CRUST], [ask()]) == [CRUST]


def test_a_known_error_that_the_description_has_corrected_is_found() -> None:
    corrected = description()
    corrected["components"]["schemas"]["Loaf"]["properties"]["crust"] = {"type": "string"}
    crusty = bake({"grain": "rye"}, {"id": "1", "crust": "hard"})
    assert stale(corrected, [CRUST], [crusty]) == [CRUST]


def test_a_known_error_whose_place_is_gone_is_refused() -> None:
    lost = KnownError(("components", "schemas", "Roll"), {}, "Roll is round", "the shop window")
    with pytest.raises(DescriptionError) as refusal:
        Contract(description(), [lost])
    assert str(refusal.value) == (
        "The known error at components › schemas › Roll: the description has no such place. "
        "Adapt or remove the entry."
    )
