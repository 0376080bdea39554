"""The door to terraform's states: who comes in, what is kept, and what is refused."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import text

from bot.access.encryption import Resealed
from bot.store.database import Database
from integrations.stacks.settings import StacksSettings
from integrations.stacks.state import doors, locks, versions
from integrations.stacks.state.routes import routes
from integrations.stacks.state.sealing import CannotOpen, NoKey, Sealer
from tests.bot_in_process import database_away
from tests.integrations.stacks.state_door import KEY, StateDoor, app_of, lock, md5, state
from tests.talking import conversation, settings_of


@pytest.fixture
def door(database: Database) -> StateDoor:
    return StateDoor(app_of(database), database)


# --- who comes in


def test_nobody_comes_in_without_a_credential_of_this_very_instance(door: StateDoor) -> None:
    mine, others, ended = door.issued(), door.issued(instance="prod"), door.issued(lasts=-1.0)
    wrong = doors.Issued(mine.username, SecretStr("guessed"))
    for given in (None, others, ended, wrong, doors.Issued("run-\0", SecretStr("x"))):
        answer = door.ask("GET", given)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    bearer = door.ask("GET", None, headers={"Authorization": f"Bearer {mine.password.get_secret_value()}"})
    assert bearer.status_code == 401
    assert door.ask("GET", mine).status_code == 404
    with door.database.transaction() as session:
        doors.revoke(session, mine.username)
    assert door.ask("GET", mine).status_code == 401


def test_no_password_is_in_the_database(door: StateDoor) -> None:
    issued = door.issued()
    assert issued.password.get_secret_value() not in repr(issued)
    with door.database.transaction() as session:
        rows = repr(session.execute(text("SELECT * FROM stack_credentials")).all())
    assert issued.username in rows
    assert issued.password.get_secret_value() not in rows


def test_ended_credentials_are_forgotten(door: StateDoor) -> None:
    door.issued(lasts=-1.0)
    lasting = door.issued()
    with door.database.transaction() as session:
        assert doors.forget_ended(session) == 1
    assert door.ask("GET", lasting).status_code == 404


def test_a_plan_may_lock_and_read_and_not_write(door: StateDoor) -> None:
    plan = door.issued(may_write=False)
    assert door.ask("LOCK", plan, lock()).status_code == 200
    for method in ("POST", "DELETE"):
        answer = door.ask(method, plan, state(1), query="?ID=lock-1")
        assert (answer.status_code, answer.json) == (
            403,
            {"error": "this credential is for a plan, which only reads"},
        )
    assert door.ask("UNLOCK", plan, lock()).status_code == 200


# --- what is kept


def test_a_state_is_read_back_as_it_was_written(door: StateDoor) -> None:
    who, content = door.issued(), json.dumps(state(1, outputs={"pass": "hunter2"})).encode()
    assert door.ask("LOCK", who, lock()).status_code == 200
    assert door.ask("POST", who, content, query="?ID=lock-1").status_code == 200
    assert door.ask("UNLOCK", who, lock()).status_code == 200
    answer = door.ask("GET", who)
    assert (answer.status_code, answer.data) == (200, content)
    assert (answer.headers["Content-MD5"], answer.headers["Cache-Control"]) == (md5(content), "no-store")


def test_nothing_of_a_state_can_be_read_in_the_database(door: StateDoor) -> None:
    door.ask("POST", door.issued(), state(1, outputs={"pass": "hunter2-hunter2"}))
    with door.database.transaction() as session:
        [(sealed,)] = session.execute(text("SELECT sealed FROM stack_states")).all()
        assert b"hunter2" not in bytes(sealed)
        sealer = Sealer([SecretStr(KEY)])
        assert b"hunter2-hunter2" in sealer.open("eth", "main", bytes(sealed))
        with pytest.raises(CannotOpen, match="Opening the state of eth/prod"):
            sealer.open("eth", "prod", bytes(sealed))


def test_former_versions_are_kept_and_can_be_read(door: StateDoor) -> None:
    who = door.issued()
    for serial in (1, 2, 3):
        door.ask("POST", who, state(serial))
    with door.database.transaction() as session:
        kept = versions.history(session, "eth", "main")
        assert [each.serial for each in kept] == [3, 2, 1]
        assert {each.credential_id for each in kept} == {who.username}
        oldest = versions.read(session, Sealer([SecretStr(KEY)]), "eth", "main", kept[-1].id)
        assert oldest is not None
        assert json.loads(oldest)["serial"] == 1
        assert versions.read(session, Sealer([SecretStr(KEY)]), "eth", "other", kept[-1].id) is None


def test_only_so_many_former_versions_are_kept(database: Database) -> None:
    sealer = Sealer([SecretStr(KEY)])
    for serial in range(1, 8):
        with database.transaction() as session:
            content = json.dumps(state(serial)).encode()
            versions.write(session, sealer, "eth", "main", content, credential_id="x", keep=2)
            versions.write(session, sealer, "eth", "prod", content, credential_id="x", keep=50)
    with database.transaction() as session:
        assert [each.serial for each in versions.history(session, "eth", "main")] == [7, 6, 5]
        assert len(versions.history(session, "eth", "prod")) == 7


def test_a_state_that_is_removed_is_gone_and_can_still_be_gone_back_to(door: StateDoor) -> None:
    who = door.issued()
    door.ask("POST", who, state(4))
    assert door.ask("DELETE", who).status_code == 200
    assert door.ask("DELETE", who).status_code == 200
    assert door.ask("GET", who).status_code == 404
    with door.database.transaction() as session:
        assert [each.deleted for each in versions.history(session, "eth", "main")] == [True, False]
    assert door.ask("POST", who, state(1, lineage="another-one")).status_code == 200


def test_states_are_encrypted_anew_with_a_new_key(door: StateDoor) -> None:
    door.ask("POST", door.issued(), state(1))
    former, present = SecretStr(KEY), SecretStr("b" * 40)
    with door.database.transaction() as session:
        assert versions.reseal(session, [present, former]) == Resealed(1, "versions of terraform's states")
    with door.database.transaction() as session:
        assert versions.read(session, Sealer([present]), "eth", "main") is not None
        [version] = versions.history(session, "eth", "main")
        assert versions.reseal(session, [former]).unreadable == (
            f"version {version.id} of the state of eth/main",
        )
    answer = door.ask("GET", door.issued())
    assert answer.status_code == 503
    assert answer.json["error"].startswith(
        "Opening the state of eth/main: it was encrypted with a key that is not"
    )


def test_an_owner_has_them_encrypted_anew_by_the_command_that_does_it_for_credentials(
    door: StateDoor, database: Database
) -> None:
    for serial in (1, 2):
        door.ask("POST", door.issued(), state(serial))
    talk = conversation(database, environ={"SPARKOPS_ENCRYPTION_KEY": f"{'b' * 40},{KEY}"})
    assert talk.say("credentials rotate") == (
        "🔑 0 credentials and 2 states and plans of stacks are encrypted with the first key. "
        "The others can go from `SPARKOPS_ENCRYPTION_KEY`."
    )
    with database.transaction() as session:
        assert versions.read(session, Sealer([SecretStr("b" * 40)]), "eth", "main") is not None


def test_without_a_key_no_state_is_kept(database: Database) -> None:
    door = StateDoor(app_of(database, SPARKOPS_ENCRYPTION_KEY=""), database)
    answer = door.ask("POST", door.issued(), state(1))
    assert (answer.status_code, answer.json) == (503, {"error": str(NoKey())})


# --- locks


def test_one_holds_the_lock_and_the_others_are_told_who(door: StateDoor) -> None:
    ada, bob = door.issued(), door.issued()
    assert door.ask("LOCK", ada, lock("lock-1", "ada@laptop")).status_code == 200
    refused = door.ask("LOCK", bob, lock("lock-2", "bob@laptop"))
    assert (refused.status_code, refused.json) == (423, lock("lock-1", "ada@laptop"))
    assert door.ask("POST", bob, state(1)).status_code == 423
    assert door.ask("POST", bob, state(1), query="?ID=lock-2").status_code == 423
    assert door.ask("UNLOCK", bob, lock("lock-2")).status_code == 423
    assert door.ask("POST", ada, state(1), query="?ID=lock-1").status_code == 200
    assert door.ask("UNLOCK", ada, lock("lock-1")).status_code == 200
    assert door.ask("LOCK", bob, lock("lock-2", "bob@laptop")).status_code == 200


def test_a_repeated_request_whose_answer_was_lost_is_met_again(door: StateDoor) -> None:
    who = door.issued()
    for method, content, query in (
        ("LOCK", lock(), ""),
        ("POST", state(1), "?ID=lock-1"),
        ("UNLOCK", lock(), ""),
    ):
        assert [door.ask(method, who, content, query=query).status_code for _ in range(2)] in ([200, 200],)
    with door.database.transaction() as session:
        assert len(versions.history(session, "eth", "main")) == 1


def test_the_same_lock_id_of_another_run_is_not_the_same_lock(door: StateDoor) -> None:
    assert door.ask("LOCK", door.issued(), lock()).status_code == 200
    assert door.ask("LOCK", door.issued(), lock()).status_code == 423


def test_locks_are_seen_and_freed_from_chat_and_whose_lock_was_freed_writes_no_more(door: StateDoor) -> None:
    who = door.issued()
    door.ask("LOCK", who, lock())
    with door.database.transaction() as session:
        [seen] = locks.every(session)
        assert (seen.stack, seen.instance, seen.id, seen.operation, seen.who) == (
            "eth",
            "main",
            "lock-1",
            "OperationTypeApply",
            "ada@laptop",
        )
        assert seen.info == lock()
        assert seen.credential_id == who.username
        stays = locks.free(session, "eth", "main", "another")
        assert stays is not None
        assert stays.id == "lock-1"
        assert locks.free(session, "eth", "main", "lock-1") is None
        assert locks.of(session, "eth", "main") is None
    late = door.ask("POST", who, state(2), query="?ID=lock-1")
    assert (late.status_code, late.json) == (
        409,
        {"error": "the lock lock-1 was freed meanwhile: what was to be written under it is not taken"},
    )


# --- what is refused

NO_JSON = "this is no state as terraform sends it: it is no JSON"
NO_STATE = "this is no state as terraform sends it: it has no serial and lineage"
NO_LOCK = "this is no lock as terraform sends it: it is no JSON"
ODD = [
    ("POST", b"{", 400, NO_JSON),
    ("POST", b"[" * 100_000, 400, NO_JSON),
    ("POST", b"{}", 400, NO_STATE),
    ("POST", b'{"serial": -1, "lineage": "a"}', 400, NO_STATE),
    ("POST", b'{"serial": 1, "lineage": "a\\u0000"}', 400, NO_STATE),
    ("POST", b"x" * 1_000_001, 413, "it is larger than 1,000,000 bytes, which is the most that is taken"),
    ("LOCK", b"", 400, NO_LOCK),
    ("LOCK", b"{}", 400, "this is no lock as terraform sends it: it has no ID, or one that is no text"),
    ("LOCK", b'{"ID": "a", "Info": NaN}', 400, NO_LOCK),
    ("LOCK", b"x" * 64_001, 413, "it is larger than 64,000 bytes, which is the most that is taken"),
    ("UNLOCK", b"", 400, NO_LOCK),
]  # fmt: skip


@pytest.mark.parametrize(("method", "content", "status", "says"), ODD)
def test_what_is_odd_is_refused_with_its_reason(
    method: str, content: bytes, status: int, says: str, database: Database
) -> None:
    small = small_door(database)
    answer = small.ask(method, small.issued(), content)
    assert (answer.status_code, answer.json) == (status, {"error": says})
    with database.transaction() as session:
        assert versions.history(session, "eth", "main") == ()


def small_door(database: Database) -> StateDoor:
    """One that takes a megabyte."""
    app = Flask("small")
    bot = settings_of({"SPARKOPS_ENCRYPTION_KEY": KEY})
    app.register_blueprint(
        routes(StacksSettings(state_mb=1), bot, database), url_prefix="/integrations/stacks"
    )
    return StateDoor(app, database)


def test_what_was_changed_on_the_way_is_refused(door: StateDoor) -> None:
    answer = door.ask("POST", door.issued(), state(1), headers={"Content-MD5": md5(b"other")})
    assert (answer.status_code, answer.json) == (
        400,
        {"error": "its Content-MD5 is another: it was changed or cut on the way"},
    )


def test_a_state_larger_than_the_core_takes_elsewhere_is_taken_here(door: StateDoor) -> None:
    assert door.ask("POST", door.issued(), state(1, outputs={"big": "x" * 3_000_000})).status_code == 200


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (state(2, outputs={"a": 1}), "the state kept here has serial 2, and what was sent has 2"),
        (state(1), "the state kept here has serial 2, and what was sent has 1"),
        (
            state(3, lineage="another"),
            "the state kept here is of another lineage (8a6e0804-2bd0-4672-b79d-d97027f9071a): "
            "what was sent belongs to something else",
        ),
    ],
)
def test_no_older_and_no_other_state_takes_the_place_of_the_present_one(
    sent: dict[str, object], says: str, door: StateDoor
) -> None:
    who = door.issued()
    door.ask("POST", who, state(2))
    answer = door.ask("POST", who, sent)
    assert (answer.status_code, answer.json) == (409, {"error": says})


def test_a_lock_with_odd_characters_is_kept_as_far_as_it_can_be(door: StateDoor) -> None:
    who = door.issued()
    assert door.ask("LOCK", who, b'{"ID": "a", "Who": "x\\u0000"}').status_code == 200
    with door.database.transaction() as session:
        assert [each.who for each in locks.every(session)] == ["x\ufffd"]
    assert door.ask("UNLOCK", who, b'{"ID": "a"}').status_code == 200


def test_other_methods_and_other_paths_are_none_of_this_door(door: StateDoor) -> None:
    assert door.ask("PUT", door.issued(), state(1)).status_code == 405
    assert door.app.test_client().get("/integrations/stacks/state").status_code == 404
    assert door.app.test_client().get("/integrations/other/state/a/b").status_code == 404


def test_while_the_database_is_away_terraform_is_told_to_come_again(
    door: StateDoor, postgres_url: str
) -> None:
    who = door.issued()
    with database_away(postgres_url):
        answer = door.ask("GET", who)
    assert (answer.status_code, answer.json) == (503, {"error": "the database does not answer"})
    assert door.ask("GET", who).status_code == 404
