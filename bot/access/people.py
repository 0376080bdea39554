"""Whom the words of a rule mean: owners, groups, e-mails and the addresses of one person; and what Webex knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.access.matching import Index, numbers_of
from bot.access.relations import Relations
from bot.config_file import ROLES, TEAM


def asks_webex(word: str) -> bool:
    """Whether only Webex can tell whom the word means."""
    return word == "moderators" or word.startswith(TEAM)


class People:
    """The owners, the groups and who has several addresses. Capitals make no difference in addresses."""

    def __init__(
        self,
        owners: frozenset[str],
        groups: Mapping[str, tuple[str, ...]],
        people: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._owners = frozenset(email.casefold() for email in owners)
        self._names = tuple(groups)
        self._members = Index((n, member) for n, each in enumerate(groups.values()) for member in each)
        self._addresses: dict[str, tuple[str, ...]] = {}
        for addresses in people.values():
            folded = tuple(address.casefold() for address in addresses)
            for address in folded:
                known = self._addresses.get(address, ())
                self._addresses[address] = tuple(dict.fromkeys((address, *known, *folded)))

    def has_group(self, word: str) -> bool:
        """Whether the word names a group; the words for roles and teams never do."""
        return word in self._names and word not in ROLES and not asks_webex(word)

    def is_owner(self, person: str) -> bool:
        """Whether this e-mail is an owner's."""
        return person.casefold() in self._owners

    def groups_of(self, person: str) -> tuple[str, ...]:
        """The names of the groups this e-mail belongs to, in the file's order."""
        names = (self._names[number] for number in numbers_of(self._members.met_by(person)))
        return tuple(filter(self.has_group, names))

    def addresses_of(self, person: str) -> tuple[str, ...]:
        """Every address known to be this person's, the given one first."""
        mine = person.casefold()
        return self._addresses.get(mine, (mine,))

    def identity(self, person: str) -> str:
        """The same for all addresses of one person, and another for anybody else."""
        return min(self.addresses_of(person))


class WhoIndex:
    """The words by which rules say who, by the numbers of the rules they stand in."""

    def __init__(self, who: Iterable[tuple[int, str]], people: People) -> None:
        self._people = people
        self._words: dict[str, int] = {}
        self.asking: dict[int, list[str]] = {}
        addresses: list[tuple[int, str]] = []
        for number, word in who:
            if asks_webex(word):
                self.asking.setdefault(number, []).append(word)
            elif word in ROLES or people.has_group(word):
                self._words[word] = self._words.get(word, 0) | 1 << number
            elif "@" in word:
                addresses.append((number, word))
        self._addresses = Index(addresses)
        self.asking_bits = sum(1 << number for number in self.asking)

    def met_by(self, person: str) -> int:
        """The rules about this e-mail, as far as Webex need not be asked."""
        met = self._words.get("everyone", 0) | self._addresses.met_by(person)
        if self._people.is_owner(person):
            met |= self._words.get("owners", 0)
        for group in self._people.groups_of(person):
            met |= self._words.get(group, 0)
        return met

    def asked(self, number: int, persons: tuple[str, ...], facts: AskedOnce, *, unknown: bool) -> bool:
        """Whether Webex knows one of these addresses as whom the rule means; `unknown` where it cannot say."""
        answers = (facts.means(word, person) for word in self.asking.get(number, ()) for person in persons)
        return any(unknown if known is None else known for known in answers)


class AskedOnce:
    """What Webex knows, asked when it is needed and each thing once. None where Webex cannot be asked."""

    def __init__(self, relations: Relations, room_id: str | None) -> None:
        self._relations = relations
        self._room_id = room_id
        self._known: dict[tuple[str, str], bool | None] = {}

    def means(self, word: str, person: str) -> bool | None:
        """Whether `moderators` (of the room) or `team:NAME` means this e-mail."""
        if (person, word) not in self._known:
            self._known[person, word] = self._ask(word, person)
        return self._known[person, word]

    def _ask(self, word: str, person: str) -> bool | None:
        if word.startswith(TEAM):
            return self._relations.in_team(person, word.removeprefix(TEAM))
        return self._relations.moderates(person, self._room_id) if self._room_id is not None else False
