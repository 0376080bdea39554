"""Driving the bot's whole Webex client: each of its public methods, and each way in which it is refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bot.webex import (
    BadRequest,
    Conflict,
    File,
    Forbidden,
    Gone,
    Locked,
    Membership,
    NotFound,
    RateLimited,
    Room,
    ServerError,
    TooLarge,
    Unauthorized,
    WebexClient,
    WebexError,
    Webhook,
    cards,
    sync,
    watch,
)
from tests.playground.running import Webex

BOT, ADA, BOB = "sparkops@webex.bot", "ada@example.com", "bob@example.com"
TARGET = "https://sparkops.example.com/hooks/webex"

_Fault = dict[str, object]
_BAD_ANSWERS: tuple[tuple[type[WebexError], _Fault], ...] = (
    (RateLimited, {"kind": "status", "status": 429, "retryAfter": 7}),
    (RateLimited, {"kind": "html", "status": 429, "retryAfter": 3600}),
    (Locked, {"kind": "status", "status": 423, "retryAfter": 5}),
    (Gone, {"kind": "status", "status": 410}),
    (WebexError, {"kind": "status", "status": 428}),
    (ServerError, {"kind": "status", "status": 500}),
    (ServerError, {"kind": "status", "status": 502}),
    (ServerError, {"kind": "status", "status": 503}),
    (ServerError, {"kind": "status", "status": 504}),
)


class NotAsExpected(AssertionError):
    """The drive could not go on: a call that had to be refused was not, or the other way round."""


class WatchedClient(WebexClient):
    """The bot's client, which notes the public methods that are asked of it in `called`."""

    def __init__(self, token: str, base_url: str, called: set[str]) -> None:
        self._called = called
        super().__init__(token, base_url, timeout=30)

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            self._called.add(name)
        return super().__getattribute__(name)


def public_methods() -> set[str]:
    """All that the bot can ask of Webex."""
    found = inspect.getmembers(WebexClient, inspect.isfunction)
    return {name for name, _ in found if not name.startswith("_")}


def drive_adapter(webex: Webex, api: str, called: set[str]) -> None:
    """Call every method at `api`, which leads to `webex`, and note its name in `called`.

    Raises NotAsExpected or a WebexError when an answer is not what the scenario needs.
    """
    bot, ada = (WatchedClient(token, api, called) for token in (f"bot:{BOT}", f"person:{ADA}"))
    _people(bot)
    room = _rooms(bot, ada)
    _memberships(bot, ada, room)
    _teams(webex, bot)
    _messages(bot, ada, room)
    _direct_messages(bot, ada)
    _cards(webex, bot, room)
    _files(bot, room)
    _webhooks(webex, bot)
    _removals(bot, ada, room)
    _bad_answers(webex, bot)
    with refused(Unauthorized):
        WatchedClient("nonsense", api, called).me()
    for client in (bot, ada):
        client.close()


@contextmanager
def refused(kind: type[WebexError]) -> Iterator[None]:
    """Demand that what the block asks for is refused in this way."""
    try:
        yield
    except kind:
        return
    raise NotAsExpected(f"{kind.__name__} was to come back, but the call was answered")


def expect(holds: bool, what: str) -> None:
    """Demand that something is so."""
    if not holds:
        raise NotAsExpected(f"{what} was to be so, and is not")


def _people(bot: WebexClient) -> None:
    me = bot.me()
    expect(bot.get_person(me.id) == me, "the person behind an own id being oneself")
    expect(bot.find_people(email=BOT) == [me], "finding oneself by e-mail")
    expect(me in bot.find_people(display_name="Spark"), "finding oneself by the name's beginning")
    expect(bot.find_people(email="nobody@example.com") == [], "a stranger not being found")
    with refused(NotFound):
        bot.get_person("unknown")


def _rooms(bot: WebexClient, ada: WebexClient) -> Room:
    own = bot.create_room("Deployments", description="What goes out", is_locked=True, is_public=True)
    bot.update_room(own.id, title="Releases", description="What went out", is_announcement_only=True)
    bot.update_room(own.id, is_announcement_only=False, is_locked=False, is_public=False)
    room = ada.create_room("Release train")
    ada.add_member(room.id, email=BOT)
    bot.create_room("Incidents")
    expect(len(list(bot.list_rooms(page_size=1))) == 3, "three rooms on three pages")
    expect(len(list(bot.list_rooms(type="group", max=2, sort_by="lastactivity"))) == 2, "two rooms of three")
    first, link = bot.room_page(page_size=2)
    rest, end = bot.room_page(link)
    expect((len(first), len(rest), end) == (2, 1, None), "three rooms on two pages, each asked for")
    bot.delete_room(own.id)
    with refused(NotFound):
        bot.get_room(own.id)
    with refused(NotFound):
        bot.delete_room("unknown")
    return room


def _memberships(bot: WebexClient, ada: WebexClient, room: Room) -> None:
    by_email = ada.add_member(room.id, email=BOB)
    ada.remove_membership(by_email.id)
    again = ada.add_member(room.id, person_id=by_email.person_id, is_moderator=True)
    with refused(Conflict):
        ada.add_member(room.id, email=BOB)
    ordinary = ada.update_membership(again.id, is_moderator=False)
    expect(len(list(bot.list_memberships(room.id))) == 3, "three members")
    expect(_only(bot.list_memberships(room.id, person_email=BOB)) == ordinary, "Bob's membership")
    expect(len(list(bot.list_memberships(max=2))) == 2, "two of the bot's own memberships")
    with refused(NotFound):
        list(bot.list_memberships("unknown"))


def _teams(webex: Webex, bot: WebexClient) -> None:
    ada = webex.person(ADA)
    team = ada.post("teams", name="Release", description="Those who ship")
    ada.post("team/memberships", teamId=team["id"], personEmail=BOT)
    expect([each.name for each in bot.list_teams()] == ["Release"], "the bot's one team")
    expect(len(list(bot.list_team_memberships(team["id"]))) == 2, "two members of the team")
    bot.create_room("Release night", team_id=team["id"])
    with refused(NotFound):
        list(bot.list_team_memberships("unknown"))


def _messages(bot: WebexClient, ada: WebexClient, room: Room) -> None:
    posted = bot.post_message(room.id, markdown=f"**Ready**, <@personEmail:{ADA}>", text="Ready")
    expect(bot.get_message(posted.id).id == posted.id, "the message that was posted")
    bot.post_message(room.id, text="Still ready", parent_id=posted.id)
    ada.post_message(room.id, markdown=f"<@personEmail:{BOT}> status <@all>")
    expect(len(list(bot.list_messages(room.id, mentioned_me=True))) == 1, "one mention of the bot")
    expect(len(list(ada.list_messages(room.id, parent_id=posted.id))) == 1, "one reply in the thread")
    expect(len(list(ada.list_messages(room.id, max=2))) == 2, "two messages of three")
    with refused(Forbidden):
        list(bot.list_messages(room.id))
    with refused(TooLarge):
        bot.post_message(room.id, text="x" * 7440)
    with refused(NotFound):
        bot.get_message("unknown")
    for number in range(10):
        bot.edit_message(posted.id, room.id, f"Ready, {number} s ago")
    expect(bot.get_message(posted.id).updated is not None, "an edited message with the time of its edit")
    with refused(BadRequest):
        bot.edit_message(posted.id, room.id, "The eleventh time")
    with refused(Forbidden):
        ada.edit_message(posted.id, room.id, "Not mine")
    bot.delete_message(posted.id)
    with refused(NotFound):
        bot.delete_message(posted.id)


def _direct_messages(bot: WebexClient, ada: WebexClient) -> None:
    sent = bot.post_message(to_person_email=ADA, markdown="Only **you** can read this")
    bot.post_message(to_person_id=ada.me().id, text="And this", parent_id=sent.id)
    bot.edit_message(sent.id, sent.room_id, "Only **you** could read this")
    expect(len(list(bot.list_direct_messages(email=ADA))) == 2, "two messages to Ada")
    expect(len(list(bot.list_direct_messages(person_id=ada.me().id, parent_id=sent.id))) == 1, "one reply")
    mine = _only(ada.list_memberships(sent.room_id, person_email=ADA))
    expect(ada.update_membership(mine.id, is_room_hidden=True).is_room_hidden, "a hidden direct room")
    expect(bot.get_room(sent.room_id).type == "direct", "a room of the type direct")
    with refused(NotFound):
        list(bot.list_direct_messages(email="nobody@example.com"))


def _cards(webex: Webex, bot: WebexClient, room: Room) -> None:
    form = cards.card(
        [
            cards.text("Which branch?", weight="Bolder"),
            cards.facts({"Job": "api"}),
            cards.input_text("branch", "Branch", value="main", required=True),
        ],
        [
            cards.submit("Build", {"command": "jenkins build"}),
            cards.open_url("Job", "https://ci.example.com/"),
        ],
    )
    posted = bot.post_message(room.id, markdown="Which branch?", card=form)
    bot.post_message(to_person_email=ADA, markdown="Which branch?", card=form)
    expect(bot.get_message(posted.id).has_card, "a message with a card")
    inputs = {"command": "jenkins build", "branch": "main"}
    action_id = webex.person(ADA).post(
        "attachment/actions", type="submit", messageId=posted.id, inputs=inputs
    )["id"]
    expect(dict(bot.get_attachment_action(action_id).inputs) == inputs, "what was entered into the card")
    with refused(BadRequest):
        bot.edit_message(posted.id, room.id, "A card cannot be edited")
    with refused(NotFound):
        bot.get_attachment_action("unknown")


def _files(bot: WebexClient, room: Room) -> None:
    log = File("console.log", "Übersetzt in 3 s\n".encode(), "text/plain")
    posted = bot.post_message(room.id, markdown="The whole **log**", file=log)
    expect(bot.download(posted.files[0], 1024) == (log.name, log.content), "the file that was posted")
    bot.post_message(to_person_email=ADA, text="The log", file=log)
    expect(len(list(bot.list_direct_messages(email=ADA))) == 4, "a direct message with a file")
    with refused(NotFound):
        bot.download(posted.files[0] + "x", 1024)


def _webhooks(webex: Webex, bot: WebexClient) -> None:
    expect(not sync(bot, TARGET, "first secret").errors, "the bot's webhooks made")
    expect(not sync(bot, TARGET, "second secret").errors, "the bot's webhooks changed")
    some = bot.list_webhooks()[0]
    webex.control("POST", f"webhooks/{some.id}/disable").raise_for_status()
    report = watch(bot, "sparkops", {}, datetime.now(UTC), "second secret")
    expect(report.reenabled == (some.name,), "a disabled webhook enabled again")
    mentions = "mentionedPeople=me&roomType=group"
    filtered = bot.create_webhook("mentions", TARGET, "messages", "created", filter=mentions, secret="s")
    every = bot.create_webhook("messages all", TARGET, "messages", "all")
    firehose = bot.create_webhook("all all", TARGET, "all", "all")
    _update_and_delete(bot, (filtered, every, firehose))
    with refused(BadRequest):
        bot.create_webhook("odd", TARGET, "messages", "migrated")
    with refused(NotFound):
        bot.delete_webhook(every.id)


def _update_and_delete(bot: WebexClient, webhooks: tuple[Webhook, ...]) -> None:
    for webhook in webhooks:
        bot.update_webhook(webhook.id, webhook.name, TARGET + "/2", secret="another")
        bot.delete_webhook(webhook.id)


def _removals(bot: WebexClient, ada: WebexClient, room: Room) -> None:
    mine = _only(bot.list_memberships(room.id, person_email=BOT))
    bot.remove_membership(mine.id)
    for refused_call in (lambda: bot.remove_membership(mine.id), lambda: bot.get_room(room.id)):
        with refused(NotFound):
            refused_call()
    with refused(NotFound):
        bot.post_message(room.id, text="Let me in")


def _bad_answers(webex: Webex, bot: WebexClient) -> None:
    """What a service out of sorts answers, to a reading and to a writing call."""
    calls: tuple[Callable[[], object], ...] = (
        bot.me,
        lambda: bot.post_message(to_person_email=ADA, text="Are you there?"),
    )
    for kind, fault in _BAD_ANSWERS:
        for call in calls:
            webex.fault(**fault, count=1)
            with refused(kind):
                call()


def _only(found: Iterator[Membership]) -> Membership:
    (one,) = found
    return one
