"""Paging: `max`, the Link header, and lists that change while one reads them."""

import pytest
import requests

from tests.playground.running import Webex


def test_a_next_link_leads_through_all_pages_and_is_missing_on_the_last(webex: Webex) -> None:
    you = webex.person()
    for number in range(5):
        you.post("rooms", title=str(number))
    answer = you.call("GET", "rooms", params={"max": 2})
    pages = [[room["title"] for room in answer.json()["items"]]]
    while "next" in answer.links:
        assert answer.links["next"]["url"].startswith(f"{webex.api}rooms?max=2&cursor=")
        headers = {"Authorization": f"Bearer {you.token}"}
        answer = requests.get(answer.links["next"]["url"], headers=headers, timeout=20)
        pages.append([room["title"] for room in answer.json()["items"]])
    assert pages == [["0", "1"], ["2", "3"], ["4"]]


@pytest.mark.parametrize("sort_by", [None, "id", "created", "lastactivity"])
def test_the_sdk_follows_the_pages_in_every_order(webex: Webex, sort_by: str | None) -> None:
    api = webex.sdk("person:you@example.com")
    made = {api.rooms.create(str(number)).id for number in range(7)}
    listed = [room.id for room in api.rooms.list(max=3, sortBy=sort_by)]
    assert set(listed) == made and len(listed) == 7


def test_deleting_while_paging_skips_nothing(webex: Webex) -> None:
    api = webex.sdk("person:you@example.com")
    for number in range(7):
        api.rooms.create(str(number))
    for room in api.rooms.list(max=2):
        api.rooms.delete(room.id)
    assert list(api.rooms.list()) == []


def test_messages_and_memberships_are_paged_too(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    api = webex.sdk("person:you@example.com")
    for number in range(5):
        api.messages.create(roomId=room_id, text=str(number))
        webex.person().post("memberships", roomId=room_id, personEmail=f"p{number}@example.com")
    assert [message.text for message in api.messages.list(room_id, max=2)] == ["4", "3", "2", "1", "0"]
    assert len(list(api.memberships.list(roomId=room_id, max=3))) == 7


def test_an_oversized_page_is_capped_and_a_senseless_one_refused(webex: Webex) -> None:
    you = webex.person()
    assert you.get("rooms", max=100000)["items"] == []
    for wrong in ("0", "-1", "many"):
        refusal = you.refused(400, "GET", "rooms", params={"max": wrong})
        assert refusal == f"max must be a number between 1 and 1000, not '{wrong}'."
    assert "is not one of this server" in you.refused(400, "GET", "rooms", params={"cursor": "x"})
