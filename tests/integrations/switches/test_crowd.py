"""Two hundred switches and everything that can go wrong with them: a run that counts, names all, and can be ended."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator

import pytest

from bot.runs.states import State
from bot.store.database import Database
from tests.integrations.switches.farm import Farm, FleetTalk, fleet_talk
from tests.talking import Place, confirmation_code, wait_for

LINE = 'switch show all "show hostname"'
NOWHERE = Place()
"""The terminal, or a REST call without a room."""
CAUSES = {
    "refused": "connection refused",
    "slow": "not answered by the deadline",
    "hang": "not answered by the deadline",
    "unauthorized": "user or password not taken (401)",
    "too_big": "answer too large",
    "backend": "back-end error (500)",
    "html": "a web page instead of an answer",
    "truncated": "connection broken",
    "session_limit": "all its NX-API sessions are taken",
}
"""What is told of each fault, but of `unstructured`: that is answered by text."""
ORDERS = {"slow": {"seconds": 600.0}, "html": {"status": 400}}


@pytest.fixture
def talk(crowd: Farm, database: Database) -> Iterator[FleetTalk]:
    """A switch has more time than the whole question: what does not answer is ended by the deadline."""
    environ = {"SWITCHES_TIMEOUT": "120", "SWITCHES_DEADLINE": "10"}
    with fleet_talk(database, crowd, environ=environ) as fleet:
        yield fleet


def faulty(crowd: Farm) -> dict[str, str]:
    """Give 5 % of the switches each of the faults; what is told of whom."""
    expected: dict[str, str] = {}
    tens = _tens([*crowd.requests()])
    for kind, names in zip((*CAUSES, "unstructured"), tens, strict=False):
        for name in names:
            crowd.fault(kind, name, **ORDERS.get(kind, {}))
            if kind in CAUSES:
                expected[name] = CAUSES[kind]
    return expected


def _tens(names: list[str]) -> list[list[str]]:
    return [names[start : start + 10] for start in range(0, len(names), 10)]


@pytest.mark.timeout(120)
def test_with_every_fault_on_5_percent_each_the_answer_comes_by_its_deadline_and_names_all(
    talk: FleetTalk, crowd: Farm
) -> None:
    expected = faulty(crowd)
    reply = talk.outcome(LINE).replies[0]
    assert reply.run_id == 1
    assert talk.live() == "🔎 **show hostname on 200 switches**: 0/200"
    assert State(talk.to_its_end().state) is State.PARTIAL

    assert talk.live() == "⚠️ **show hostname on 200 switches**: 110 of 200 switches answered."
    (told,) = talk.told()
    assert told.startswith("**`show hostname`**: 100 rows of 100 switches.\n")
    assert "⚠️ 90 of 200 switches gave no answer:\n" in told
    for cause in set(CAUSES.values()):
        count = sum(each == cause for each in expected.values())
        assert f"- {cause.replace('(', chr(92) + '(').replace(')', chr(92) + ')')} ({count}): " in told, cause
    assert "`retry 1` asks the 80 again, and nobody else. <@personEmail:you@example.com>" in told

    (message,) = talk.messages()
    assert message.file_name is not None and message.file_content is not None
    rows = list(csv.DictReader(io.StringIO(message.file_content.decode())))
    assert {row["switch"]: row["error"].partition(": ")[0] for row in rows if row["error"]} == expected
    assert sorted({row["switch"] for row in rows}) == sorted(crowd.requests())
    assert sum(bool(row["text"]) for row in rows) == 10, "those without structure answered by text"


@pytest.mark.timeout(120)
def test_retry_asks_those_that_failed_in_a_run_of_its_own_and_nobody_else(
    talk: FleetTalk, crowd: Farm
) -> None:
    expected = faulty(crowd)
    talk.say(LINE)
    talk.to_its_end()
    crowd.control("faults", "DELETE")
    before = crowd.requests()
    assert talk.outcome("retry").replies[0].run_id == 2
    assert State(talk.to_its_end(2).state) is State.DONE
    asked = {name for name, count in crowd.requests().items() if count > before[name]}
    assert asked == {name for name, cause in expected.items() if cause != "answer too large"}
    assert talk.told()[-1].startswith("**`show hostname`**: 80 rows of 80 switches.\n")


@pytest.mark.timeout(120)
def test_the_message_counts_who_has_answered(talk: FleetTalk, crowd: Farm) -> None:
    crowd.fault("hang", "leaf0*")
    talk.say(LINE)
    talk.look()
    talk.to_its_end()
    counts = [live for live in talk.lives if live.startswith("🔎")]
    hanging = sum(name.startswith("leaf0") for name in crowd.requests())
    assert counts[0].endswith(": 0/200")
    assert counts[-1] == f"🔎 **show hostname on 200 switches**: {200 - hanging}/200"


@pytest.mark.timeout(120)
def test_a_run_can_be_cancelled_while_switches_hang(talk: FleetTalk, crowd: Farm) -> None:
    crowd.fault("hang", "leaf*")
    talk.say(LINE)
    code = confirmation_code(talk.say("run cancel 1"))

    def cancel() -> None:
        wait_for(lambda: talk.lives, "the run to count")
        talk.say(f"confirm {code}")

    thread = threading.Thread(target=cancel)
    thread.start()
    run = talk.to_its_end()
    thread.join()
    assert State(run.state) is State.CANCELLED
    assert talk.live().startswith("🚫 **show hostname on 200 switches** was cancelled")


@pytest.mark.timeout(120)
def test_where_there_is_no_room_to_count_in_the_answer_is_waited_for(talk: FleetTalk) -> None:
    reply = talk.outcome(LINE, place=NOWHERE).replies[0]
    assert reply.run_id is None
    assert reply.markdown.startswith("**`show hostname`**: 200 rows of 200 switches.\n")
    assert reply.file is not None and len(reply.file.content.decode().splitlines()) == 201


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("switch health", "⚠️ "),
        ("switch check all", "✅ 200 switches can be asked."),
        ('switch compare @leaf "show version"', "**`show version`** on "),
        ("switch find host nobody", "None of 200 switches knows `nobody`."),
        ("switch snapshot all before", "📸 **`before`** is kept until "),
    ],
)
def test_every_question_to_many_is_a_run(talk: FleetTalk, line: str, begins: str) -> None:
    assert talk.outcome(line).replies[0].run_id == 1
    assert State(talk.to_its_end().state) is State.DONE
    (told,) = talk.told()
    assert told.startswith(begins)
    assert len(told.encode()) < 7_000, "it fits a message"


def test_what_does_not_fit_what_came_back_ends_the_run_with_the_reason(talk: FleetTalk) -> None:
    talk.say('switch show all "show hostname" --fields hostnam')
    assert State(talk.to_its_end().state) is State.FAILED
    (told,) = talk.told()
    assert told.startswith("⚠️ show hostname has no field hostnam. Did you mean hostname? It has: hostname.")


def test_the_list_of_many_is_a_table_and_a_file(talk: FleetTalk) -> None:
    reply = talk.outcome("switch list").replies[0]
    assert reply.markdown.startswith("200 switches:\n")
    assert "These are the first 40; the file has all of them." in reply.markdown
    assert reply.file is not None and len(reply.file.content.decode().splitlines()) == 201


def test_who_leaves_the_inventory_before_it_begins_is_told(
    talk: FleetTalk, crowd: Farm, database: Database
) -> None:
    talk.say(LINE)
    whole = crowd.inventory.read_text()
    try:
        lines = [line for line in whole.splitlines() if not line.startswith("  leaf100:")]
        crowd.inventory.write_text("\n".join(lines) + "\n")
        talk.to_its_end()
    finally:
        crowd.inventory.write_text(whole)
    (told,) = talk.told()
    assert told.startswith("**`show hostname`**: 199 rows of 199 switches.\n")
    assert "\n\nLeft the inventory meanwhile, and not asked: `leaf100`." in told


def test_an_inventory_that_is_broken_meanwhile_ends_the_run_with_the_reason(
    talk: FleetTalk, crowd: Farm
) -> None:
    talk.say(LINE)
    whole = crowd.inventory.read_text()
    try:
        crowd.inventory.write_text("switches: [")
        assert State(talk.to_its_end().state) is State.FAILED
    finally:
        crowd.inventory.write_text(whole)
    (told,) = talk.told()
    assert told.startswith("⚠️ ") and "switches.yaml" in told
