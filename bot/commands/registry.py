"""All commands there are, found by their words; a mistyped one finds what was likely meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from bot.commands.model import Command


class AmbiguousCommand(Exception):
    """Two declarations claim the same words."""


@dataclass(frozen=True, slots=True)
class Match:
    """A command and the words that follow its name."""

    command: Command
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nothing of that name. `noun` is set when the first word is known; the likeliest name comes first."""

    noun: str | None
    suggestions: tuple[str, ...]


class Registry:
    """Commands by name. Immutable once made."""

    def __init__(self, commands: Iterable[Command]) -> None:
        """Raises AmbiguousCommand where a name is taken, or is the beginning of another's."""
        self._by_words: dict[tuple[str, ...], Command] = {}
        for each in commands:
            if each.words in self._by_words:
                raise AmbiguousCommand(f"Two commands are named {each.name!r}.")
            self._by_words[each.words] = each
        for words, each in self._by_words.items():
            for length in range(1, len(words)):
                if shorter := self._by_words.get(words[:length]):
                    raise AmbiguousCommand(f"{shorter.name!r} is the beginning of {each.name!r}.")

    def __iter__(self) -> Iterator[Command]:
        return iter(sorted(self._by_words.values(), key=lambda each: each.words))

    def nouns(self) -> tuple[str, ...]:
        """First words, each once, sorted."""
        return tuple(sorted({words[0] for words in self._by_words}))

    def of_noun(self, noun: str) -> tuple[Command, ...]:
        """The commands that begin with this word."""
        return tuple(each for each in self if each.words[0] == noun)

    def get(self, name: str) -> Command | None:
        """The command of exactly this name."""
        return self._by_words.get(tuple(name.split()))

    def find(self, words: tuple[str, ...]) -> Match | NoMatch:
        """The command these words begin with; capitals make no difference in its name."""
        folded = tuple(word.casefold() for word in words)
        for length in (1, 2, 3):
            if len(folded) >= length and (each := self._by_words.get(folded[:length])):
                return Match(each, words[length:])
        return self._nearest(folded)

    def _nearest(self, words: tuple[str, ...]) -> NoMatch:
        noun = words[0] if words and words[0] in self.nouns() else None
        if noun is not None:  # the noun is right, so only the verb is compared
            verbs = {" ".join(each.words[1:]): each.name for each in self.of_noun(noun)}
            return NoMatch(noun, tuple(verbs[near] for near in _near(" ".join(words[1:2]), verbs)))
        names = _near(" ".join(words[:2]), [each.name for each in self])
        if not names and words:
            firsts = _near(words[0], self.nouns())[:1]
            names = [each.name for first in firsts for each in self.of_noun(first)]
        return NoMatch(None, tuple(names))


def _near(typed: str, names: Collection[str]) -> list[str]:
    return get_close_matches(typed, names, n=max(1, len(names)), cutoff=0.6)
