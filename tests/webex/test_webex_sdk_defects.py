"""What webexpythonsdk 2.0.6 gets wrong, seen from outside: the client does it right all the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from webex_peers import Answer, scripted

from bot.webex import BadAnswer, File, TooLarge, WebexClient, WebexError

TOKEN = "NmYtc2VjcmV0LXRva2Vu"
ME = {"id": "p", "emails": ["sparkops@webex.bot"], "displayName": "Sparkops", "type": "bot"}
ROOM = {"id": "r", "title": "Release train", "type": "group"}
MESSAGE = {
    "id": "m",
    "roomId": "r",
    "roomType": "group",
    "personId": "p",
    "personEmail": "sparkops@webex.bot",
    "created": "2026-03-02T07:22:22Z",
}


@pytest.mark.parametrize("status", [201, 202])
def test_any_success_is_a_success(status: int) -> None:
    """The SDK takes all but 200 for an error."""
    with scripted(Answer(status, MESSAGE)) as server:
        assert WebexClient(TOKEN, server.url).post_message("r", markdown="hello").id == "m"


@pytest.mark.parametrize("answer", [Answer(200, {}), Answer(202, ""), Answer(204)])
def test_a_deletion_may_be_answered_with_any_success(answer: Answer) -> None:
    """The SDK takes all but 204 for an error."""
    with scripted(answer) as server:
        WebexClient(TOKEN, server.url).delete_message("m")

    assert [(each.method, each.path) for each in server.received] == [("DELETE", "/v1/messages/m")]


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_the_api_address_needs_no_slash_at_its_end(slashes: str) -> None:
    """Without one the SDK loses `/v1`."""
    with scripted(Answer(200, ME)) as server:
        WebexClient(TOKEN, server.url.rstrip("/") + slashes).me()

    assert server.received[0].path == "/v1/people/me"


def test_an_empty_token_is_not_replaced_by_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webexpythonsdk.api.WEBEX_ACCESS_TOKEN", "somebody-elses-token")

    with pytest.raises(ValueError, match="a Webex client needs a token"):
        WebexClient("")


def test_many_calls_take_one_connection() -> None:
    """An API object per call, as some bots make it, would connect every time."""
    with scripted(Answer(200, MESSAGE)) as server:
        client = WebexClient(TOKEN, server.url)
        for _ in range(10):
            client.get_message("m")

    assert len(server.received) == 10
    assert len({each.peer for each in server.received}) == 1


def test_empty_pages_are_stepped_over() -> None:
    with scripted(Answer()) as server:
        link = {"Link": f'<{server.url}rooms?cursor=2>; rel="next", <{server.url}rooms>; rel="first"'}
        server.answers = [
            Answer(200, {"items": []}, link),
            Answer(200, {"items": []}, link),
            Answer(200, {"items": [ROOM]}),
        ]
        assert [each.id for each in WebexClient(TOKEN, server.url).list_rooms()] == ["r"]

    assert len(server.received) == 3


def test_the_mention_rule_is_kept_on_further_pages() -> None:
    """A bot that does not say mentionedPeople=me on page two is answered 403."""
    with scripted(Answer()) as server:
        link = {"Link": f'<{server.url}messages?roomId=r&cursor=2>; rel="next"'}
        server.answers = [Answer(200, {"items": [MESSAGE]}, link), Answer(200, {"items": []})]
        assert len(list(WebexClient(TOKEN, server.url).list_messages("r", mentioned_me=True))) == 1

    assert [("mentionedPeople=me" in each.path, "max=50" in each.path) for each in server.received] == [
        (True, True),
        (True, True),
    ]


def test_a_page_without_items_is_a_bad_answer() -> None:
    with scripted(Answer(200, {"rooms": []})) as server, pytest.raises(BadAnswer) as caught:
        list(WebexClient(TOKEN, server.url).list_rooms())

    assert "Listing the bot's rooms: Webex answered 200 OK: the answer cannot be used: 'items'" in str(
        caught.value
    )


def test_a_relative_link_is_a_bad_answer() -> None:
    answer = Answer(200, {"items": [ROOM]}, {"Link": '</v1/rooms?cursor=2>; rel="next"'})
    with scripted(answer) as server:
        rooms = WebexClient(TOKEN, server.url).list_rooms()
        assert next(rooms).id == "r"
        with pytest.raises(BadAnswer, match="valid API endpoint URL"):
            next(rooms)


def test_the_token_is_not_sent_where_a_link_leads_to_another_host() -> None:
    with scripted(Answer(200, {"items": []})) as stranger, scripted(Answer()) as server:
        server.answers = [
            Answer(200, {"items": [ROOM]}, {"Link": f'<{stranger.url}rooms?cursor=2>; rel="next"'})
        ]
        rooms = WebexClient(TOKEN, server.url).list_rooms()
        next(rooms)
        with pytest.raises(BadAnswer, match="where the token is not sent"):
            next(rooms)

    assert stranger.received == []


def test_a_file_on_another_host_is_not_fetched_with_the_token() -> None:
    with (
        scripted(Answer(200, "loot")) as stranger,
        scripted(Answer()) as server,
        pytest.raises(BadAnswer, match="where the token is not sent"),
    ):
        WebexClient(TOKEN, server.url).download(f"{stranger.url}contents/1", max_bytes=100)

    assert stranger.received == []


def test_a_file_that_webex_keeps_elsewhere_is_fetched_there_without_the_token() -> None:
    with scripted(Answer(200, "the log")) as storage, scripted(Answer()) as server:
        # Another host name, as requests drops the token for another host only.
        elsewhere = storage.origin.replace("127.0.0.1", "localhost") + "/bucket/log.txt"
        server.answers = [Answer(302, "", {"Location": elsewhere})]
        name, content = WebexClient(TOKEN, server.url).download(
            f"{server.url}contents/log.txt", max_bytes=100
        )

    assert (name, content) == ("log.txt", b"the log")
    assert "Authorization" not in storage.received[0].headers


def test_a_download_stops_at_its_limit_also_when_it_was_announced_as_small() -> None:
    swelling = gzip.compress(b"x" * 300_000)
    answer = Answer(200, swelling, {"Content-Encoding": "gzip"})
    assert len(swelling) < 1000
    with scripted(answer) as server, pytest.raises(TooLarge):
        WebexClient(TOKEN, server.url).download(f"{server.url}contents/1", max_bytes=1000)


def test_a_file_announced_as_too_large_is_not_even_begun() -> None:
    announced = Answer(200, "x", {"Content-Length": "100000000"})
    with scripted(announced) as server, pytest.raises(TooLarge):
        WebexClient(TOKEN, server.url).download(f"{server.url}contents/1", max_bytes=1000)


def test_a_redirect_to_nowhere_is_no_file() -> None:
    with scripted(Answer(302, "moved")) as server, pytest.raises(WebexError) as caught:
        WebexClient(TOKEN, server.url).download(f"{server.url}contents/1", max_bytes=1000)

    assert str(caught.value) == f"Downloading {server.url}contents/1: Webex answered 302 Found"


def test_a_file_needs_no_disk() -> None:
    """The SDK uploads only what has a path or a public address."""
    with scripted(Answer(200, MESSAGE)) as server:
        WebexClient(TOKEN, server.url).post_message("r", markdown="log", file=File("log.txt", b"all is well"))

    [request] = server.received
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="files"; filename="log.txt"\r\nContent-Type: application/octet-stream' in request.body
    assert b'name="roomId"\r\n\r\nr\r\n' in request.body
    assert b"toPersonId" not in request.body


def test_a_card_goes_out_as_it_is_in_the_one_wrapping_webex_knows() -> None:
    """The SDK's own card classes would say another version."""
    card = {"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "Sure?"}]}
    with scripted(Answer(200, MESSAGE)) as server:
        WebexClient(TOKEN, server.url).post_message("r", markdown="Sure?", card=card)

    assert json.loads(server.received[0].body) == {
        "roomId": "r",
        "markdown": "Sure?",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def test_a_netrc_does_not_replace_the_bots_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers ~/.netrc to the Authorization header that the SDK sets."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(Answer(200, ME)) as server:
        WebexClient(TOKEN, server.url).me()

    assert server.received[0].headers["Authorization"] == f"Bearer {TOKEN}"
