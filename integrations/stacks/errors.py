"""What can go wrong with stacks, as types; each text says what was attempted, what came back and what to do."""

from __future__ import annotations

from collections.abc import Sequence


class StackError(Exception):
    """Something about a stack cannot be done; the text is for people and holds no secret."""

    def __init__(self, attempted: str, came_back: str, advice: str = "") -> None:
        self.attempted = attempted
        self.came_back = came_back
        self.advice = advice
        super().__init__(f"{attempted[:1].upper()}{attempted[1:]}: {_ended(came_back)} {advice}".strip())


class SpecError(StackError):
    """A `stack.yaml` cannot be used. `faults` are whole lines, each with file, line and reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        Exception.__init__(self, "\n".join(self.faults))


class BadValues(StackError):
    """Values that a person gave do not fit the stack's variables; `faults` are sentences, one each."""

    def __init__(self, stack: str, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        Exception.__init__(self, f"These values do not fit {stack}: {' '.join(self.faults)}")


class MissingProgram(StackError):
    """The program that a stack needs is not installed here."""


class WrongVersion(StackError):
    """The program is installed, in a version that the stack does not take."""


class SourceRefused(StackError):
    """A stack's source cannot be had, or holds what is not taken."""


class NotOffered(StackError):
    """The engine has no such operation."""


class EngineFailed(StackError):
    """The engine ended in an error before anything was changed."""


class UnknownStream(EngineFailed):
    """The engine speaks a newer language than is read here."""


class LockHeld(EngineFailed):
    """Somebody else holds the state's lock."""

    def __init__(self, attempted: str, lock_id: str, operation: str, who: str, created: str) -> None:
        self.lock_id, self.operation, self.who, self.created = lock_id, operation, who, created
        by = f" by {who}" if who else ""
        since = f" since {created}" if created else ""
        told = f" ({operation}, lock {lock_id})" if operation else f" (lock {lock_id or 'without an id'})"
        super().__init__(
            attempted,
            f"the state is locked{by}{since}{told}",
            "Wait until that has ended; if it cannot end any more, an approver frees the lock.",
        )


class StalePlan(EngineFailed):
    """The state has changed since the plan was made: it must be planned, and approved, anew."""


class PlanChanged(EngineFailed):
    """The saved plan is not the one that was approved."""


class Cancelled(StackError):
    """It was stopped as somebody wished, before anything was changed."""


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
