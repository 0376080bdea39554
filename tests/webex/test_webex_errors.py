"""Everything that can come back from Webex, or not come back, is one typed error that says what to do."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from webex_peers import Account, Answer, Playground, scripted

from bot.webex import (
    BadAnswer,
    BadRequest,
    Conflict,
    File,
    Forbidden,
    Gone,
    Locked,
    NotFound,
    RateLimited,
    Room,
    ServerError,
    TooLarge,
    Unauthorized,
    Unreachable,
    WebexClient,
    WebexError,
    retry_after_seconds,
)

TOKEN = "NmYtc2VjcmV0LXRva2Vu"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, BadRequest, False),
        (401, Unauthorized, False),
        (403, Forbidden, False),
        (404, NotFound, False),
        (405, WebexError, False),
        (409, Conflict, False),
        (410, Gone, False),
        (413, TooLarge, False),
        (423, Locked, True),
        (428, WebexError, False),
        (429, RateLimited, True),
        (500, ServerError, True),
        (502, ServerError, True),
        (503, ServerError, True),
        (504, ServerError, True),
    ],
)
def test_each_status_has_its_type(
    playground: Playground, bot: Account, status: int, kind: type[WebexError], retryable: bool
) -> None:
    with playground.fault("GET", "people/me", status=status), pytest.raises(WebexError) as caught:
        bot.client.me()

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.retryable is retryable
    assert caught.value.attempted == "Reading whose token this is"
    assert str(caught.value.tracking_id).startswith("PLAYGROUND_")


def test_a_rate_limit_says_what_was_attempted_and_when_to_come_again(
    playground: Playground, bot: Account, room: Room
) -> None:
    with (
        playground.fault("POST", "messages*", status=429, retryAfter=12),
        pytest.raises(RateLimited) as caught,
    ):
        bot.client.post_message(room.id, markdown="hello")

    assert caught.value.retry_after == 12
    assert str(caught.value) == (
        f"Posting a message to room {room.id}: Webex answered 429 Too Many Requests: Too Many Requests, "
        f"retry after 12 s (tracking id {caught.value.tracking_id})"
    )


def test_a_rate_limit_in_html_as_the_documentation_shows_it(playground: Playground, bot: Account) -> None:
    with (
        playground.fault("GET", "people/me", kind="html", status=429, retryAfter=3600),
        pytest.raises(RateLimited) as caught,
    ):
        bot.client.me()

    assert caught.value.retry_after == 3600
    assert str(caught.value) == (
        "Reading whose token this is: Webex answered 429 Too Many Requests, retry after 3600 s "
        f"(tracking id {caught.value.tracking_id})"
    )


def test_nobody_sleeps_on_a_rate_limit(playground: Playground, bot: Account) -> None:
    """Left alone, the SDK waits and tries again for as long as it takes, holding the thread."""
    with playground.fault("GET", "people/me", status=429, retryAfter=3600):
        before = playground.calls("GET /v1/people/me")
        with pytest.raises(RateLimited):
            bot.client.me()
        assert playground.calls("GET /v1/people/me") == before + 1


def test_a_file_still_being_scanned_is_locked_for_a_while(playground: Playground, bot: Account) -> None:
    url = f"{playground.api}contents/some-file"
    with playground.fault("GET", "contents/*", status=423, retryAfter=7), pytest.raises(Locked) as caught:
        bot.client.download(url, max_bytes=10)

    assert caught.value.retry_after == 7
    assert str(caught.value).startswith(f"Downloading {url}: Webex answered 423 Locked")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12", 12.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("7200", 3600.0),
        ("-3", 0.0),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOON - timedelta(seconds=90), usegmt=True), 0.0),
        (format_datetime(NOON + timedelta(days=2), usegmt=True), 3600.0),
        ("Mon, 02 Mar 2026 12:00:20 -0000", 20.0),
        (None, 15.0),
        ("", 15.0),
        ("soon", 15.0),
        ("nan", 15.0),
        ("inf", 15.0),
        ("Mon, 99 Mar 2026 12:00:00 GMT", 15.0),
    ],
)
def test_retry_after_in_every_form_it_has_been_seen_in(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, NOON) == seconds


@pytest.mark.parametrize(("header", "seconds"), [("0.5", 0.5), ("soon", 15.0), (None, 15.0)])
def test_a_rate_limit_whose_header_the_sdk_cannot_read(header: str | None, seconds: float) -> None:
    answer = Answer(429, {"message": "Slow down"}, {"Retry-After": header} if header else {})
    with scripted(answer) as server, pytest.raises(RateLimited) as caught:
        WebexClient(TOKEN, server.url).me()

    assert caught.value.retry_after == seconds


def test_a_rate_limit_until_a_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    with scripted(Answer(429, {}, {"Retry-After": until})) as server, pytest.raises(RateLimited) as caught:
        WebexClient(TOKEN, server.url).me()

    assert 300 < caught.value.retry_after <= 600


def test_a_wrong_token_says_which_setting_to_mend() -> None:
    body = {"message": "The request requires valid authentication.", "errors": [], "trackingId": "ROUTER_1"}
    with scripted(Answer(401, body)) as server, pytest.raises(Unauthorized) as caught:
        WebexClient(TOKEN, server.url).me()

    assert str(caught.value) == (
        "Reading whose token this is: Webex answered 401 Unauthorized: "
        "The request requires valid authentication (tracking id ROUTER_1). "
        "Put the bot's present token into WEBEX_ACCESS_TOKEN (developer.webex.com, My Webex Apps)"
    )


def test_the_first_description_stands_in_for_a_missing_message() -> None:
    body = {"errors": [{"description": "title is required"}]}
    answer = Answer(400, body, {"Trackingid": "ROUTER_2"})
    with scripted(answer) as server, pytest.raises(BadRequest) as caught:
        WebexClient(TOKEN, server.url).create_room("x")

    assert str(caught.value) == (
        "Creating the room 'x': Webex answered 400 Bad Request: title is required (tracking id ROUTER_2)"
    )


@pytest.mark.parametrize(
    "body", [["a", "list"], "<html>Bad gateway</html>", '"text"', "", {"errors": ["odd"]}]
)
def test_an_error_body_may_be_anything(body: object) -> None:
    """The SDK ends in an AttributeError over a list or a text."""
    with scripted(Answer(502, body)) as server, pytest.raises(ServerError) as caught:
        WebexClient(TOKEN, server.url).me()

    assert str(caught.value) == "Reading whose token this is: Webex answered 502 Bad Gateway"


def test_a_slow_webex_is_unreachable_after_a_timeout_in_fractions_of_a_second(
    playground: Playground, bot: Account, room: Room
) -> None:
    """The SDK takes whole seconds only; here it would wait a whole one and be answered."""
    hurried = WebexClient(bot.token, playground.api, timeout=0.2)
    with (
        playground.fault("POST", "messages", kind="slow", delay=0.7),
        pytest.raises(Unreachable) as caught,
    ):
        hurried.post_message(room.id, markdown="hello")

    assert caught.value.retryable
    assert caught.value.outcome_unknown
    host = playground.url.removeprefix("http://")
    assert str(caught.value) == (
        f"Posting a message to room {room.id}: no answer from {host} in time; it may still have been done. "
        "Check the network, the proxy and WEBEX_API_URL"
    )


def test_an_upload_is_given_a_second_more_for_each_megabyte(
    playground: Playground, bot: Account, room: Room
) -> None:
    """Given up too early it would be posted once more, and stand in the room twice."""
    hurried = WebexClient(bot.token, playground.api, timeout=0.2)
    with playground.fault("POST", "messages", kind="slow", delay=1.0):
        message = hurried.post_message(room.id, file=File("build.log", b"x" * 20_000_000))
    assert message.files
    hurried.close()


def test_a_dropped_connection_leaves_open_what_became_of_the_request(
    playground: Playground, bot: Account, room: Room
) -> None:
    with playground.fault("POST", "messages", kind="drop"), pytest.raises(Unreachable) as caught:
        bot.client.post_message(room.id, markdown="hello")

    assert caught.value.outcome_unknown
    assert caught.value.status is None


def test_a_refused_connection_did_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(Unreachable) as caught:
        WebexClient(TOKEN, f"http://127.0.0.1:{port}/v1/").me()

    assert not caught.value.outcome_unknown
    assert caught.value.retryable
    assert str(caught.value) == (
        f"Reading whose token this is: no answer from 127.0.0.1:{port}: Connection refused. "
        "Check the network, the proxy and WEBEX_API_URL"
    )


def test_a_refusal_is_told_as_such_also_while_another_error_is_being_handled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    try:
        raise OSError("the disk is full")
    except OSError:
        with pytest.raises(Unreachable, match="Connection refused"):
            WebexClient(TOKEN, f"http://127.0.0.1:{port}/v1/").me()


def test_an_answer_that_breaks_off_is_none() -> None:
    half = Answer(200, '{"id": "p", "ema', {"Content-Length": "100"})
    statuses: list[int | None] = []
    with scripted(half) as server, pytest.raises(Unreachable) as caught:
        WebexClient(TOKEN, server.url, on_call=lambda *call: statuses.append(call[2])).me()

    assert caught.value.outcome_unknown
    assert statuses == [None]


def test_a_web_page_in_place_of_webex(playground: Playground, bot: Account) -> None:
    with (
        playground.fault("GET", "people/me", kind="html", status=200),
        pytest.raises(BadAnswer) as caught,
    ):
        bot.client.me()

    assert not caught.value.retryable
    assert caught.value.status == 200
    assert str(caught.value) == (
        "Reading whose token this is: "
        "Webex answered 200 OK: text/html; charset=utf-8 instead of a JSON object. "
        "Check that WEBEX_API_URL is Webex's API and that no proxy answers in its place"
    )


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", "application/json instead of a JSON object"),
        ("[]", "application/json instead of a JSON object"),
        ('{"id": "p"', "the answer cannot be used: Expecting"),
        ({"id": "p"}, "the answer cannot be used: person: 'emails' holds no e-mail address"),
    ],
)
def test_a_success_without_the_resource_is_a_bad_answer(body: object, complaint: str) -> None:
    with scripted(Answer(200, body)) as server, pytest.raises(BadAnswer) as caught:
        WebexClient(TOKEN, server.url).me()

    assert complaint in str(caught.value)


def test_the_token_appears_nowhere() -> None:
    quoting = Answer(400, {"message": f"Bad header Authorization: Bearer {TOKEN}", "trackingId": "t"})
    with scripted(quoting) as server:
        client = WebexClient(TOKEN, server.url)
        with pytest.raises(BadRequest) as caught:
            client.me()

    assert caught.value.message == "Bad header Authorization: Bearer [token]"
    assert TOKEN not in repr(caught.value) + str(caught.value) + repr(client)


def test_every_call_is_told_to_the_hook(playground: Playground, bot: Account, room: Room) -> None:
    calls: list[tuple[str, str, int | None]] = []
    client = WebexClient(
        bot.token,
        playground.api,
        on_call=lambda method, route, status, seconds: calls.append((method, route, status)),
    )
    posted = client.post_message(room.id, markdown="hello")
    client.get_message(posted.id)
    client.delete_message(posted.id)
    with pytest.raises(NotFound):
        client.get_attachment_action("nothing")
    list(client.list_direct_messages(email=new_friend(client)))

    assert calls == [
        ("POST", "/messages", 200),
        ("GET", "/messages/{id}", 200),
        ("DELETE", "/messages/{id}", 204),
        ("GET", "/attachment/actions/{id}", 404),
        ("POST", "/messages", 200),
        ("GET", "/messages/direct", 200),
    ]


def test_the_hook_hears_of_calls_without_an_answer_and_of_their_seconds() -> None:
    calls: list[tuple[str, int | None, float]] = []
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable):
        WebexClient(
            TOKEN,
            f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            timeout=0.1,
            on_call=lambda method, route, status, seconds: calls.append((route, status, seconds)),
        ).me()

    [(route, status, seconds)] = calls
    assert (route, status) == ("/people/me", None)
    assert 0 < seconds <= time.monotonic() - started


def new_friend(client: WebexClient) -> str:
    client.post_message(to_person_email="grace@example.com", markdown="hello")
    return "grace@example.com"
