"""Who in Webex somebody is whom Jenkins knows by another name: by the settings, by chat, or by their address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from integrations.jenkins.store.models import JenkinsCommitter


def addresses(session: Session, names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The Webex address of each name that has one; `given` are those of the settings.

    What was said in chat goes before the settings; a name that is an address itself stands for itself.
    """
    wanted = {name: name.casefold() for name in names}
    query = select(JenkinsCommitter).where(JenkinsCommitter.name.in_(wanted.values()))
    said = {row.name: row.person_email for row in session.scalars(query)}
    by_file = {name.casefold(): address for name, address in given.items()}
    found = {name: said.get(folded) or by_file.get(folded) or _own(name) for name, folded in wanted.items()}
    return {name: address for name, address in found.items() if address}


def _own(name: str) -> str:
    return name if name.count("@") == 1 and " " not in name else ""


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
