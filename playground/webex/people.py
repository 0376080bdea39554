"""Who exists. People come into being the first time anybody names their e-mail address."""

import re
from collections.abc import Iterable
from dataclasses import replace

from playground.webex.bus import Bus
from playground.webex.clock import Clock, timestamp
from playground.webex.errors import BadRequest, NotFound, Unauthorized
from playground.webex.identifiers import opaque, stable_key
from playground.webex.records import Person, PersonType

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
BOT_DOMAIN = "@webex.bot"


class People:
    """Everybody, by id and by e-mail address."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._by_id: dict[str, Person] = {}
        self._by_email: dict[str, str] = {}
        self._signed_in: dict[str, str] = {}

    def authenticate(self, token: str) -> Person:
        """Return whom `person:<e-mail>` or `bot:<e-mail>` stands for; made on first use.

        Raises Unauthorized for any other token, and when a person's address is used as a bot's or the other
        way round.
        """
        known = self._signed_in.get(token)
        return self._by_id[known] if known else self._sign_in(token)

    def named(self, email: str, display_name: str | None = None) -> Person:
        """Return the one with this e-mail address, made now if nobody has it.

        An address under webex.bot makes a bot, as in Webex. Raises BadRequest when it is no e-mail address.
        """
        person_id = self._by_email.get(email.lower())
        if person_id:
            return self._by_id[person_id]
        kind: PersonType = "bot" if email.lower().endswith(BOT_DOMAIN) else "person"
        return self._add(email, kind, display_name)

    def find(self, email: str) -> Person | None:
        """Return the one with this e-mail address, or None."""
        person_id = self._by_email.get(email.lower())
        return self._by_id[person_id] if person_id else None

    def get(self, person_id: str) -> Person:
        """Return the one with this id. Raises NotFound."""
        person = self._by_id.get(person_id)
        if person is None:
            raise NotFound()
        return person

    def known(self, person_id: str) -> Person | None:
        """Return the one with this id, or None."""
        return self._by_id.get(person_id)

    def everybody(self) -> Iterable[Person]:
        """Return all, in order of appearance."""
        return self._by_id.values()

    def search(self, *, email: str | None, display_name: str | None, ids: str | None) -> list[Person]:
        """Return those with this address, with a name that starts so, or among these comma-separated ids.

        Raises BadRequest when nothing is asked for: only an administrator may list everybody.
        """
        if email:
            found = self.find(email)
            return [found] if found else []
        if ids:
            return [self._by_id[person_id] for person_id in ids.split(",") if person_id in self._by_id]
        if display_name:
            start = display_name.lower()
            return [
                person for person in self._by_id.values() if person.display_name.lower().startswith(start)
            ]
        raise BadRequest("Email or displayName should be specified.")

    def _sign_in(self, token: str) -> Person:
        kind, _, email = token.partition(":")
        if kind not in ("person", "bot") or not _EMAIL.fullmatch(email):
            raise Unauthorized()
        as_type: PersonType = "bot" if kind == "bot" else "person"
        person = self.find(email) or self._add(email, as_type, None)
        if person.type != as_type:
            person = self._settle_type(person, as_type)
        self._signed_in[token] = person.id
        return person

    def _settle_type(self, person: Person, as_type: PersonType) -> Person:
        """Someone merely named by others turns out to be a bot (or not) with the first token that is used."""
        if person.id in self._signed_in.values():
            raise Unauthorized(
                f"{person.email} is a {person.type}: use the token '{person.type}:{person.email}'."
            )
        self._by_id[person.id] = replace(person, type=as_type)
        return self._by_id[person.id]

    def _add(self, email: str, kind: PersonType, display_name: str | None) -> Person:
        if not _EMAIL.fullmatch(email):
            raise BadRequest(f"'{email}' is not an e-mail address.")
        key = stable_key("person", email.lower())
        person = Person(
            id=opaque("PEOPLE", key),
            email=email,
            display_name=display_name or name_from(email),
            type=kind,
            created=timestamp(self._clock()),
        )
        self._by_id[person.id] = person
        self._by_email[email.lower()] = person.id
        self._bus.publish("people", "created", person.id, person, self._by_id.keys())
        return person


def name_from(email: str) -> str:
    """Return the display name an address suggests: "ada.lovelace@example.com" → "Ada Lovelace"."""
    words = re.split(r"[._+-]+", email.partition("@")[0])
    return " ".join(word[:1].upper() + word[1:] for word in words if word) or email
