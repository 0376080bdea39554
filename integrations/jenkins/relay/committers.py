"""Who in Webex somebody is whom Jenkins knows by another name: by the settings, by chat, or by their address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from integrations.jenkins.store.models import JenkinsCommitter


def addresses(session: Session, culprits: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The Webex address of each culprit who has one; `given` are those of the settings.

    `Ada <ada@example.com>` is looked for by both. What was said in chat goes before the settings, and an
    address of which nothing was said stands for itself.
    """
    wanted = {culprit: [name.casefold() for name in names_of(culprit)] for culprit in culprits}
    every = {name for names in wanted.values() for name in names}
    query = select(JenkinsCommitter).where(JenkinsCommitter.name.in_(every))
    known = {name.casefold(): address for name, address in given.items()}
    known |= {row.name: row.person_email for row in session.scalars(query)}
    found = {culprit: _address(names, known) for culprit, names in wanted.items()}
    return {culprit: address for culprit, address in found.items() if address}


def names_of(culprit: str) -> tuple[str, ...]:
    """The names in `Ada <ada@example.com>`: the name and the address."""
    name, _, mail = culprit.partition(" <")
    return tuple(filter(None, (name.strip(), mail.rstrip("> "))))


def _address(names: list[str], known: Mapping[str, str]) -> str:
    said = (known[name] for name in names if name in known)
    own = (name for name in names if name.count("@") == 1 and " " not in name)
    return next(said, "") or next(own, "")


def is_known_as(session: Session, name: str, address: str, by: str) -> None:
    """Remember the Webex address of a name."""
    values = {"person_email": address, "added_by": by}
    statement = insert(JenkinsCommitter).values(name=name.casefold(), **values)
    session.execute(statement.on_conflict_do_update(index_elements=[JenkinsCommitter.name], set_=values))


def forget(session: Session, name: str) -> bool:
    """Forget it; False where nothing was said of it."""
    gone = delete(JenkinsCommitter).where(JenkinsCommitter.name == name.casefold())
    return session.execute(gone.returning(JenkinsCommitter.name)).first() is not None


def every(session: Session) -> list[JenkinsCommitter]:
    """All that was said, by name."""
    return list(session.scalars(select(JenkinsCommitter).order_by(JenkinsCommitter.name)))
