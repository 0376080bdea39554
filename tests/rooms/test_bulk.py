"""What a command about many things could not do: kept, struck as it gets done, and found again by whose it is."""

from __future__ import annotations

from bot.outbound.redact import Redactor
from bot.rooms import bulk
from bot.rooms.bulk import Came, Left, Result
from bot.store.database import Database

ADD = ("room", "add", "--to", "R1")


def keep(
    database: Database,
    key: str,
    *results: Result,
    person: str = "ada@example.com",
    words: tuple[str, ...] = ADD,
) -> int | None:
    with database.transaction() as session:
        return bulk.keep(
            session,
            results,
            request_key=key,
            person=person,
            room_id="here",
            words=words,
            redactor=Redactor(["s3same"]),
        )


def left(database: Database, number: int | None = None, *, person: str = "Ada@example.com") -> Left | None:
    with database.transaction() as session:
        return bulk.left(session, person, ("here", "before"), number)


def failed(item: str, says: str = "no") -> Result:
    return Result(item, Came.FAILED, says)


def done(item: str) -> Result:
    return Result(item, Came.DONE, "yes")


def test_only_what_failed_is_left_with_the_words_that_do_it_again(database: Database) -> None:
    results = (done("a"), failed("b"), Result("c", Came.SO_ALREADY, ""), Result("d", Came.IMPOSSIBLE, ""))
    assert keep(database, "one", *results) == 1
    assert left(database) == Left(1, (*ADD, "b"), {"b": "no"})


def test_where_all_is_done_nothing_is_left(database: Database) -> None:
    assert keep(database, "one", done("a")) is None
    assert left(database) is None


def test_a_request_that_is_handled_again_keeps_its_number_and_tells_anew(database: Database) -> None:
    assert (
        keep(database, "one", failed("a"), failed("b")) == keep(database, "one", done("a"), failed("b")) == 1
    )
    assert left(database) == Left(1, (*ADD, "b"), {"b": "no"})
    assert keep(database, "one", done("a"), done("b")) is None
    assert left(database) is None


def test_what_is_done_later_is_struck_from_what_was_left_before(database: Database) -> None:
    keep(database, "one", failed("a"), failed("b"), failed("c"))
    keep(database, "two", done("a"), failed("b", "still no"))
    assert left(database, 1) == Left(1, (*ADD, "c"), {"c": "no"})
    assert left(database) == Left(2, (*ADD, "b"), {"b": "still no"})
    keep(database, "three", done("b"), done("c"))
    assert (left(database), left(database, 1), left(database, 2)) == (None, None, None)


def test_what_another_command_did_or_another_person_strikes_nothing(database: Database) -> None:
    keep(database, "one", failed("a"))
    keep(database, "two", done("a"), words=("room", "remove", "--from", "R1"))
    keep(database, "three", done("a"), person="bob@example.com")
    assert left(database) == Left(1, (*ADD, "a"), {"a": "no"})


def test_what_is_left_is_its_askers(database: Database) -> None:
    keep(database, "one", failed("a"))
    assert left(database, person="bob@example.com") is None
    assert left(database, 1, person="bob@example.com") is None


def test_what_was_asked_outside_of_rooms_is_found_there(database: Database) -> None:
    keep(database, "one", failed("a"))
    with database.transaction() as session:
        assert bulk.left(session, "ada@example.com", ()) is None
        assert bulk.left(session, "ada@example.com", ("elsewhere",)) is None
        assert bulk.left(session, "ada@example.com", ("before", "here")) is not None


def test_reasons_are_kept_without_secrets(database: Database) -> None:
    keep(database, "one", failed("a", "it answered s3same"))
    kept = left(database)
    assert kept is not None
    assert "s3same" not in kept.reasons["a"]


def test_an_item_may_be_called_otherwise_than_a_command_takes_it(database: Database) -> None:
    keep(database, "one", Result("Ops", Came.FAILED, "no", word="Y2lz"), words=("room", "leave"))
    assert left(database) == Left(1, ("room", "leave", "Y2lz"), {"Y2lz": "no"})
