"""What a REST token may be used for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.access.matching import RoomIndex, glob
from bot.access.policy import Decision, Question
from bot.outbound.quoting import code, quote

_PASSED_ON = frozenset({"confirm"})
"""What it confirms comes back to the gate under the same scope."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The token's name, and globs over commands, rooms (as in a rule) and e-mails it may speak as."""

    token: str
    token_id: int | None
    commands: tuple[str, ...] = ("*",)
    rooms: tuple[str, ...] = ("*",)
    people: tuple[str, ...] = ("*@*",)
    void: str = ""
    """Why it may be used for nothing any more: `was revoked by …`, `has expired`."""

    def decide(self, question: Question) -> Decision:
        """Whether the token may be used for this; whether the person may is asked of the policy."""
        reason = self._against(question)
        return Decision(not reason, f"token {self.token}", reason or "The token's scope covers it.")

    def speaks_as(self, person: str) -> bool:
        """Whether calls may be made in this person's name."""
        return _any_of(self.people, person)

    def _against(self, question: Question) -> str:
        token = f"The token {code(self.token)}"
        if self.void:
            return f"{token} {self.void}."
        if not self.speaks_as(question.person):
            return f"{token} may not speak as {quote(question.person)}."
        if question.command not in _PASSED_ON and not _any_of(self.commands, question.command):
            return f"{token} is for {_listed(self.commands)} only."
        if not _is_room(self.rooms, question):
            return f"{token} is for rooms like {_listed(self.rooms)} only."
        return ""


def _any_of(globs: tuple[str, ...], value: str) -> bool:
    return any(glob(each)(value.casefold()) for each in globs)


def _is_room(rooms: tuple[str, ...], question: Question) -> bool:
    index = RoomIndex((0, each) for each in rooms)
    return bool(index.met_by(question.room_ids, question.room_title, question.room_type))


def _listed(globs: tuple[str, ...]) -> str:
    return ", ".join(code(each) for each in globs) or "nothing"
