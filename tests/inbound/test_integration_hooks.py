"""`POST /hooks/<integration>/<secret>`: reports of outside systems, each behind the secret end of its URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.commands.context import Services
from bot.integration import Hook, HookEvent, Integration, UnreadableEvent
from bot.store.database import Database
from tests.bot_in_process import BotInProcess, bot_in_process, database_away
from tests.playground.running import Webex

STATES = "SELECT state, deliveries FROM inbox ORDER BY id"


def refused(ci: BotInProcess, reason: str, source: str = "ci") -> float:
    return ci.metric("sparkops_inbound_refused_total", source=source, reason=reason)


def read(body: bytes, headers: Mapping[str, str]) -> HookEvent:
    """A build report: `<job> <number>`, or it cannot be read."""
    job, _, number = body.decode().partition(" ")
    if not number:
        raise UnreadableEvent("a report is a job and a number")
    if job == "odd":
        return HookEvent(f"odd\0 {number}", {"number": float("nan")})
    return HookEvent(
        f"{job} {number}", {"job": job, "number": number, "agent": headers.get("User-Agent", "")}
    )


def handle(event: HookEvent, services: Services, session: object) -> tuple[str, ...]:
    return ()


CI = Integration(name="ci", hook=Hook(lambda _: ("present-end", "former-end"), read, handle))
MUTE = Integration(name="mute")


@pytest.fixture
def ci(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    with bot_in_process(webex, database, integrations=(CI, MUTE), room=False) as running:
        yield running


@pytest.mark.parametrize("end", ["present-end", "former-end"])
def test_a_report_to_the_secret_end_of_the_hook_is_stored(ci: BotInProcess, end: str) -> None:
    answer = ci.http.post(f"/hooks/ci/{end}", data=b"api 7", headers={"User-Agent": "ci/2"})
    assert answer.status_code == 200
    assert ci.rows("SELECT source, dedupe_key, state, payload FROM inbox") == [
        ("ci", "api 7", "queued", {"job": "api", "number": "7", "agent": "ci/2"})
    ]
    ci.work()
    assert ci.rows(STATES) == [("done", 1)]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("ci/wrong-end", "ci"),
        ("mute/present-end", "mute"),
        ("nobody/present-end", "unknown"),
        ("ci/%C3%BC", "ci"),
    ],
)
def test_any_other_end_is_401_and_counted(ci: BotInProcess, path: str, source: str) -> None:
    answer = ci.http.post(f"/hooks/{path}", data=b"api 7")
    assert (answer.status_code, answer.json) == (401, {"error": "bad secret"})
    assert ci.rows(STATES) == []
    assert refused(ci, "bad_secret", source) == 1


def test_a_report_that_cannot_be_read_is_told_why_and_counted(ci: BotInProcess) -> None:
    answer = ci.http.post("/hooks/ci/present-end", data=b"api")
    assert (answer.status_code, answer.json) == (400, {"error": "a report is a job and a number"})
    assert refused(ci, "bad_json", "ci") == 1


def test_a_report_over_the_bound_is_413(webex: Webex, database: Database) -> None:
    with bot_in_process(
        webex, database, environ={"SPARKOPS_MAX_BODY": "100"}, integrations=(CI,), room=False
    ) as ci:
        assert ci.http.post("/hooks/ci/present-end", data=b"api " + b"7" * 100).status_code == 413
        assert refused(ci, "too_large", "ci") == 1


def test_a_report_is_503_while_the_database_is_away(ci: BotInProcess, postgres_url: str) -> None:
    with database_away(postgres_url):
        assert ci.http.post("/hooks/ci/present-end", data=b"api 7").status_code == 503
    assert refused(ci, "database_away", "ci") == 1


def test_an_event_that_no_database_can_hold_does_not_take_its_neighbours_with_it(ci: BotInProcess) -> None:
    """Those that arrive together are written together: one that cannot be written is refused alone."""

    def post(number: int) -> tuple[bool, int]:
        odd = number % 4 == 0
        body = f"{'odd' if odd else 'api'} {number}".encode()
        return odd, ci.app.test_client().post("/hooks/ci/present-end", data=body).status_code

    with ThreadPoolExecutor(16) as threads:
        answers = set(threads.map(post, range(48)))
    assert answers == {(True, 400), (False, 200)}
    assert ci.rows("SELECT count(*) FROM inbox") == [(36,)]


def test_the_secret_tells_which_of_several_senders_it_is(webex: Webex, database: Database) -> None:
    heard: list[HookEvent] = []

    def gather(event: HookEvent, services: Services) -> HookEvent:
        with services.database.transaction():
            return HookEvent(event.dedupe_key, {**event.payload, "weather": "fine"}, event.door)

    def hear(event: HookEvent, services: Services, session: object) -> tuple[str, ...]:
        heard.append(event)
        return ()

    doors = {"end-of-paris": "paris", "end-of-rome": "rome"}
    hook = Hook(lambda _: tuple(doors), read, hear, gather, door=lambda _, secret: doors[secret])
    with bot_in_process(webex, database, integrations=(Integration(name="ci", hook=hook),), room=False) as ci:
        for end in (*doors, "end-of-rome"):
            assert ci.http.post(f"/hooks/ci/{end}", data=b"api 7").status_code == 200
        assert ci.http.post("/hooks/ci/paris", data=b"api 7").status_code == 401
        ci.work()
        assert ci.rows("SELECT dedupe_key, deliveries FROM inbox ORDER BY id") == [
            ("paris:api 7", 1),
            ("rome:api 7", 2),
        ]
    told = [(event.door, event.payload["job"], event.payload["weather"]) for event in heard]
    assert sorted(told) == [("paris", "api", "fine"), ("rome", "api", "fine")]
