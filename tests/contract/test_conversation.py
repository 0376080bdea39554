"""The conversation that is held against the description leaves nothing out, and is kept as it was."""

from __future__ import annotations

import json

import requests
from aiohttp import web

from tests.contract.bakery import ask, bake, description, eat
from tests.contract.checking import Contract
from tests.contract.conversation import converse
from tests.contract.coverage import NeverAnswered, field_faults, uncalled_routes
from tests.contract.exchanges import Exchange
from tests.contract.recording import recording
from tests.playground.running import running_webex

GRAINS = NeverAnswered("/loaves", ("slices",), "sold whole")


def test_every_method_of_the_adapter_and_every_route_of_the_playground_is_called() -> None:
    talk = converse()
    assert talk.broken_off == ()
    assert list(talk.left_out()) == []
    assert {each.sender for each in talk.exchanges} == {"adapter", "plain"}


def test_what_goes_through_the_proxy_is_kept_as_it_was() -> None:
    headers = {"Authorization": "Bearer person:ada@example.com"}
    with running_webex() as webex, recording(webex.url, "plain") as kept:
        for title in ("One", "Two"):
            made = requests.post(f"{kept.api}rooms", json={"title": title}, headers=headers, timeout=30)
        page = requests.get(f"{kept.api}rooms?max=1", headers=headers, timeout=30)
        gone = requests.delete(f"{kept.api}rooms/{made.json()['id']}", headers=headers, timeout=30)
    assert [(each.method, each.target, each.status) for each in kept.exchanges] == [
        ("POST", "/v1/rooms", 200),
        ("POST", "/v1/rooms", 200),
        ("GET", "/v1/rooms?max=1", 200),
        ("DELETE", f"/v1/rooms/{made.json()['id']}", 204),
    ]
    assert json.loads(kept.exchanges[0].request_body) == {"title": "One"}
    assert kept.exchanges[1].answer_body == made.content
    assert kept.exchanges[2].query == {"max": ["1"]}
    assert page.links["next"]["url"].startswith(f"{kept.api}rooms?"), "the link leads past the proxy"
    assert (gone.status_code, gone.content) == (204, b"")


def test_a_route_that_was_not_called_is_found() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes(
        [
            web.get("/v1/people/me", answer),
            web.get("/v1/people/{id}", answer),
            web.put("/v1/rooms/{id}", answer),
            web.get("/v1/contents/{id}", answer),
            web.get("/playground/stats", answer),
        ]
    )
    called = [
        Exchange("plain", "GET", "/v1/people/me?callingData=false", 200),
        Exchange("plain", "PUT", "/v1/rooms/7", 200),
        Exchange("plain", "GET", "/v1/contents/7", 200),
    ]
    assert uncalled_routes(app, called) == ["GET /v1/people/{id}", "HEAD /v1/contents/{id}"]


def test_a_field_that_no_answer_has_is_found_unless_there_is_a_reason() -> None:
    contract = Contract(description())
    exchanges = [ask(), bake({"grain": "rye"}), eat()]
    assert field_faults(contract, exchanges, []) == ["/loaves: no answer has the field 'slices'"]
    assert field_faults(contract, exchanges, [GRAINS]) == []


def test_a_reason_for_a_field_that_is_answered_after_all_is_found() -> None:
    sliced = bake({"grain": "rye"}, {"id": "1", "grain": "rye", "slices": 20})
    assert field_faults(Contract(description()), [sliced], [GRAINS]) == [
        "/loaves: 'slices' is answered or not in the description; remove it from NEVER_ANSWERED"
    ]
