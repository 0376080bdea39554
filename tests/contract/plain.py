"""Driving the playground by plain HTTP, as its chat page and its tests do, rightly and wrongly."""

from __future__ import annotations

from typing import Any

import requests

from tests.contract.adapter import ADA, BOB, BOT, TARGET, NotAsExpected
from tests.playground.running import Caller

CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [{"type": "Input.Text", "id": "branch"}],
        "actions": [{"type": "Action.Submit", "title": "Build"}],
    },
}


def drive_plain(api: str) -> None:
    """Call every route below `api`. Raises NotAsExpected when an answer is not what the scenario needs."""
    ada, bot = Caller(api, f"person:{ADA}"), Caller(api, f"bot:{BOT}")
    room_id = _rooms(ada, bot)
    _memberships(ada, room_id)
    _messages(ada, room_id)
    _teams(ada)
    _webhooks(bot)
    _pages(ada)
    _wrong_requests(ada, room_id)
    _wrong_tokens(api)


def _rooms(ada: Caller, bot: Caller) -> str:
    room = ada.post("rooms", title="Standup", isLocked=True, description="Every day at nine")
    bot.get("people/me")
    ada.post("memberships", roomId=room["id"], personEmail=BOT)
    ada.put(f"rooms/{room['id']}", title="Standup", isLocked=False)
    ada.get(f"rooms/{room['id']}")
    ada.get("rooms", type="group", sortBy="created", max=5)
    ada.delete(f"rooms/{ada.post('rooms', title='Lunch')['id']}")
    room_id: str = room["id"]
    return room_id


def _memberships(ada: Caller, room_id: str) -> None:
    bob = ada.post("memberships", roomId=room_id, personEmail=BOB, isModerator=True)
    ada.get("people", id=bob["personId"])
    ada.get(f"people/{bob['personId']}")
    ada.get(f"memberships/{bob['id']}")
    ada.get("memberships", roomId=room_id, personId=bob["personId"])
    ada.put(f"memberships/{bob['id']}", isModerator=False, isRoomHidden=False)
    ada.delete(f"memberships/{bob['id']}")


def _messages(ada: Caller, room_id: str) -> None:
    message = ada.post("messages", roomId=room_id, markdown="Good **morning**")
    ada.get(f"messages/{message['id']}")
    ada.put(f"messages/{message['id']}", roomId=room_id, markdown="Good *morning*")
    ada.get("messages", roomId=room_id, before=message["created"], beforeMessage=message["id"])
    ada.post("messages", toPersonEmail=BOT, text="help")
    ada.get("messages/direct", personEmail=BOT)
    _file(ada, room_id)
    card = ada.post("messages", roomId=room_id, text="Which branch?", attachments=[CARD])
    inputs = {"branch": "main"}
    action = ada.post("attachment/actions", type="submit", messageId=card["id"], inputs=inputs)
    ada.get(f"attachment/actions/{action['id']}")
    ada.delete(f"messages/{message['id']}")


def _file(ada: Caller, room_id: str) -> None:
    parts = {"files": ("notes.txt", b"Nothing new", "text/plain")}
    answer = ada.call("POST", "messages", data={"roomId": room_id, "markdown": "Notes"}, files=parts)
    address = _answered(answer, 200).json()["files"][0].removeprefix(ada.api)
    for method in ("GET", "HEAD"):
        _answered(ada.call(method, address), 200)


def _teams(ada: Caller) -> None:
    team = ada.post("teams", name="Platform", description="Those who build")
    ada.get(f"teams/{team['id']}")
    ada.put(f"teams/{team['id']}", name="Platforms", description="Those who build and run")
    ada.post("rooms", title="Platform on call", teamId=team["id"])
    ada.get("rooms", teamId=team["id"])
    bob = ada.post("team/memberships", teamId=team["id"], personEmail=BOB, isModerator=False)
    ada.get(f"team/memberships/{bob['id']}")
    ada.put(f"team/memberships/{bob['id']}", isModerator=True)
    ada.get("team/memberships", teamId=team["id"])
    _follow(ada, "team/memberships", teamId=team["id"])
    ada.refused(409, "POST", "team/memberships", json={"teamId": team["id"], "personEmail": BOB})
    ada.delete(f"team/memberships/{bob['id']}")
    ada.refused(404, "GET", f"team/memberships/{bob['id']}")
    ada.delete(f"teams/{ada.post('teams', name='Short-lived')['id']}")
    ada.refused(404, "GET", "teams/unknown")


def _webhooks(bot: Caller) -> None:
    hook = bot.post("webhooks", name="plain", targetUrl=TARGET, resource="rooms", event="updated", secret="s")
    bot.get(f"webhooks/{hook['id']}")
    bot.put(f"webhooks/{hook['id']}", name="plainer", targetUrl=TARGET, status="active")
    second = bot.post("webhooks", name="second", targetUrl=TARGET, resource="messages", event="created")
    _follow(bot, "webhooks")
    for each in (hook, second):
        bot.delete(f"webhooks/{each['id']}")


def _pages(ada: Caller) -> None:
    """Follow `Link: rel=next` through every list that has pages."""
    room = ada.post("rooms", title="Pages")
    ada.post("memberships", roomId=room["id"], personEmail=BOT)
    for number in range(2):
        ada.post("messages", roomId=room["id"], text=f"Page {number}")
        ada.post("teams", name=f"Team {number}")
    _follow(ada, "rooms")
    _follow(ada, "memberships", roomId=room["id"])
    _follow(ada, "messages", roomId=room["id"])
    _follow(ada, "teams")
    people = [ada.get("people", email=email)["items"][0]["id"] for email in (ADA, BOT)]
    _follow(ada, "people", id=",".join(people))


def _follow(caller: Caller, path: str, **query: str) -> None:
    first = _answered(caller.call("GET", path, params={**query, "max": "1"}), 200)
    following = first.links.get("next", {}).get("url")
    if following is None:
        raise NotAsExpected(f"GET {path} was to have a second page, and has none")
    _answered(caller.call("GET", following.removeprefix(caller.api)), 200)


def _wrong_requests(ada: Caller, room_id: str) -> None:
    """What the description forbids, the playground must refuse."""
    message_id = ada.post("messages", roomId=room_id, text="Wrongly")["id"]
    hook = {"name": "n", "targetUrl": TARGET, "resource": "rooms", "event": "updated"}
    wrong: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "rooms", {}),
        ("POST", "rooms", {"title": 7}),
        ("POST", "rooms", {"title": "t", "isLocked": "yes"}),
        ("PUT", f"rooms/{room_id}", {"isLocked": True}),
        ("POST", "memberships", {"personEmail": BOB}),
        ("PUT", f"messages/{message_id}", {"markdown": "no room"}),
        ("POST", "attachment/actions", {"type": "press", "messageId": message_id, "inputs": {}}),
        ("POST", "attachment/actions", {"type": "submit", "messageId": message_id}),
        ("POST", "teams", {}),
        ("POST", "team/memberships", {"personEmail": BOB}),
        ("POST", "webhooks", hook | {"resource": "meetups"}),
        ("POST", "webhooks", hook | {"event": "exploded"}),
        *(("POST", "webhooks", _without(hook, name)) for name in hook),
    )
    for method, path, body in wrong:
        ada.refused(400, method, path, json=body)
    for path in ("messages", "team/memberships", "rooms?type=team", "rooms?sortBy=title", "rooms?max=all"):
        ada.refused(400, "GET", path)
    ada.refused(415, "POST", "rooms", data="title=Lunch", headers={"Content-Type": "text/plain"})
    ada.refused(405, "PATCH", f"rooms/{room_id}", json={"title": "Lunch"})
    ada.refused(404, "GET", "nothing")


def _wrong_tokens(api: str) -> None:
    for path in ("people/me", "rooms", "webhooks", "teams"):
        Caller(api, "nonsense").refused(401, "GET", path)


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _answered(answer: requests.Response, status: int) -> requests.Response:
    if answer.status_code != status:
        raise NotAsExpected(
            f"{answer.request.method} {answer.url}: {status} was to come back, not {answer.text}"
        )
    return answer
