"""What a build's end means after the ones before it: broken, still failing, recovered. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from integrations.jenkins.model import Result, read_result

_BAD = frozenset({Result.FAILURE, Result.UNSTABLE})


class Change(StrEnum):
    """What an end changes about whether a job is broken or well."""

    SUCCEEDED = "succeeded"
    RECOVERED = "recovered"
    BROKE = "broke"
    CHANGED = "changed"
    """From unstable to failed, or back: bad before and bad now."""
    STILL = "still"
    """As bad as before."""
    NEITHER = "neither"
    """Aborted or not built: that says nothing about the job."""
    UNKNOWN = "unknown"
    """Without a result we know, which is never taken for a success."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a job and branch up to a build. Times are seconds since the epoch."""

    number: int = 0
    result: Result | None = None
    """The last that says whether it is broken or well."""
    failures: int = 0
    """Bad builds in a row, up to now."""
    since: float | None = None
    """When the first of them ended."""
    first: int = 0
    """Its number."""

    def change(self, result: Result | None) -> Change:
        """What another build's end with this result means."""
        if result is None:
            return Change.UNKNOWN
        if result is Result.SUCCESS:
            return Change.RECOVERED if self.failures else Change.SUCCEEDED
        if result not in _BAD:
            return Change.NEITHER
        if not self.failures:
            return Change.BROKE
        return Change.STILL if result is self.result else Change.CHANGED

    def after(self, number: int, result: Result | None, at: float) -> Past:
        """The past with that build in it; `at` is when it ended."""
        later = replace(self, number=number)
        if result is Result.SUCCESS:
            return Past(number, result)
        if result not in _BAD:
            return later
        if self.failures:
            return replace(later, result=result, failures=self.failures + 1)
        return Past(number, result, 1, at, number)

    def as_json(self) -> dict[str, Any]:
        """To be stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any] | None) -> Past:
        """As stored; an empty past where nothing was."""
        if not stored:
            return cls()
        return cls(**{**stored, "result": read_result(stored.get("result"))})
