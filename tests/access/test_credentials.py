"""People's own credentials: sealed for one person and one service, opened for nobody else, found by no dump."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.access.credentials import CannotOpen, Credential, NoEncryptionKey, Rotated, Vault
from bot.store.database import Database
from tests.dumped import dumped

OLD, NEW = SecretStr("the old key, long enough for a key"), SecretStr("the new key, long enough for a key")
TOKEN = "11c0ffeec0ffeec0ffeec0ffeec0ffee00"
ADAS = Credential({"user": "ada"}, {"token": SecretStr(TOKEN)})


@pytest.fixture
def vault() -> Vault:
    """A vault with one key."""
    return Vault([OLD])


def keep(database: Database, vault: Vault, person: str = "ada@example.com", service: str = "jenkins") -> bool:
    with database.transaction() as session:
        return vault.keep(session, person, service, ADAS)


def find(database: Database, vault: Vault, person: str, service: str = "jenkins") -> Credential | None:
    with database.transaction() as session:
        return vault.find(session, person, service)


def used_at(database: Database) -> datetime | None:
    with database.transaction() as session:
        return session.scalar(text("SELECT last_used_at FROM credentials"))


def test_what_was_kept_is_found_by_its_person_however_the_e_mail_is_spelled(
    database: Database, vault: Vault
) -> None:
    assert keep(database, vault)
    assert find(database, vault, "Ada@Example.com") == ADAS
    assert find(database, vault, "eve@example.com") is None
    assert find(database, vault, "ada@example.com", "gitlab") is None


def test_giving_one_again_replaces_it(database: Database, vault: Vault) -> None:
    keep(database, vault)
    find(database, vault, "ada@example.com")
    assert not keep(database, vault, "ADA@example.com")
    assert used_at(database) is None


def test_finding_writes_down_when_it_was_used(database: Database, vault: Vault) -> None:
    keep(database, vault)
    assert used_at(database) is None
    find(database, vault, "ada@example.com")
    first = used_at(database)
    assert first is not None
    find(database, vault, "ada@example.com")
    assert used_at(database) == first, "within a minute once"
    with database.transaction() as session:
        session.execute(text("UPDATE credentials SET last_used_at = now() - interval '2 minutes'"))
    find(database, vault, "ada@example.com")
    now = used_at(database)
    assert now is not None and now >= first


def test_forgetting_deletes_it(database: Database, vault: Vault) -> None:
    keep(database, vault)
    with database.transaction() as session:
        assert [each.service for each in vault.listed(session, "Ada@example.com")] == ["jenkins"]
        assert vault.listed(session, "eve@example.com") == ()
        assert not vault.forget(session, "eve@example.com", "jenkins")
        assert vault.forget(session, "Ada@example.com", "jenkins")
        assert not vault.forget(session, "ada@example.com", "jenkins")
    assert find(database, vault, "ada@example.com") is None


@pytest.mark.parametrize(
    ("person", "service"), [("eve@example.com", "jenkins"), ("ada@example.com", "gitlab")]
)
def test_a_row_copied_to_another_person_or_service_does_not_open(
    database: Database, vault: Vault, person: str, service: str
) -> None:
    keep(database, vault)
    copy = text(
        "INSERT INTO credentials (person_email, service, sealed) SELECT :person, :service, sealed FROM credentials"
    )
    with database.transaction() as session:
        session.execute(copy, {"person": person, "service": service})
    with pytest.raises(CannotOpen, match=f"Your credential for {service} cannot be opened"):
        find(database, vault, person, service)


def test_a_changed_row_does_not_open(vault: Vault) -> None:
    sealed = vault.seal("ada@example.com", "jenkins", ADAS)
    changed = sealed[:40] + (b"A" if sealed[40:41] != b"A" else b"B") + sealed[41:]
    with pytest.raises(CannotOpen):
        vault.open("ada@example.com", "jenkins", changed)


def test_without_a_key_it_is_told_how_to_make_one(database: Database, vault: Vault) -> None:
    keep(database, vault)
    with pytest.raises(NoEncryptionKey) as caught:
        keep(database, Vault())
    assert str(caught.value) == (
        "I keep credentials encrypted only, and have no key to do so. My operator sets `SPARKOPS_ENCRYPTION_KEY` "
        "to a text from `openssl rand -hex 32` and starts me again."
    )
    with pytest.raises(NoEncryptionKey):
        find(database, Vault(), "ada@example.com")
    assert find(database, Vault(), "eve@example.com") is None, "who gave none needs no key"


def test_another_key_is_told_as_such(database: Database, vault: Vault) -> None:
    keep(database, vault)
    with pytest.raises(CannotOpen) as caught:
        find(database, Vault([NEW]), "ada@example.com")
    assert str(caught.value) == (
        "Your credential for jenkins cannot be opened: it was encrypted with a key that is not in "
        "`SPARKOPS_ENCRYPTION_KEY` any more, or its row was tampered with. `credentials set jenkins` replaces it; "
        "`credentials forget jenkins` removes it."
    )


def test_keys_are_rotated_without_a_gap(database: Database, vault: Vault) -> None:
    keep(database, vault)
    keep(database, vault, "eve@example.com")
    both = Vault([NEW, OLD])
    assert find(database, both, "ada@example.com") == ADAS
    with database.transaction() as session:
        assert both.rotate(session) == Rotated(2, ())
    assert find(database, Vault([NEW]), "ada@example.com") == ADAS
    with pytest.raises(CannotOpen):
        find(database, vault, "ada@example.com")


def test_a_row_that_no_key_opens_is_left_and_named(database: Database, vault: Vault) -> None:
    keep(database, Vault([SecretStr("a key that somebody has lost long ago")]), "bob@example.com")
    keep(database, vault)
    with database.transaction() as session:
        assert Vault([NEW, OLD]).rotate(session) == Rotated(1, (("bob@example.com", "jenkins"),))


def test_what_is_opened_is_made_known_for_redaction_and_what_is_plain_is_not() -> None:
    learnt: list[str] = []
    vault = Vault([OLD], learnt.extend)
    vault.open("ada@example.com", "jenkins", vault.seal("ada@example.com", "jenkins", ADAS))
    assert learnt == [TOKEN]


def test_a_dump_of_the_database_holds_the_token_in_no_spelling(database: Database, vault: Vault) -> None:
    keep(database, vault)
    everything = dumped(database)
    assert "ada@example.com" in everything
    for spelled in (TOKEN, TOKEN.encode().hex(), base64.b64encode(TOKEN.encode()).decode().rstrip("=")):
        assert spelled not in everything


def test_nothing_of_it_is_printed(vault: Vault) -> None:
    for shown in (repr(vault), repr(ADAS), str(ADAS)):
        assert TOKEN not in shown and OLD.get_secret_value() not in shown
