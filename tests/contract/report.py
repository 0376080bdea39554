"""What a run found, as figures and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tests.contract.checking import Contract, Deviation
from tests.contract.description import Json, KnownError, Operation, operations
from tests.contract.exchanges import Exchange


@dataclass(frozen=True, slots=True)
class Line:
    """One operation: how often the adapter and plain HTTP called it, and with which statuses it answered."""

    operation: Operation
    adapter: int
    plain: int
    statuses: tuple[int, ...]
    deviations: int
    is_described: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found.

    `unused` is what of the description nobody called; `requests` and `answers` count what was checked; `holes`
    are sentences about what should have been looked at and was not.
    """

    unused: tuple[Operation, ...]
    lines: tuple[Line, ...]
    requests: int
    answers: int
    deviations: tuple[tuple[Deviation, int], ...]
    stale: tuple[KnownError, ...]
    holes: tuple[str, ...]
    known_errors: tuple[KnownError, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as the description says, and everything was looked at."""
        return not (self.deviations or self.stale or self.holes)


def findings(
    document: Json,
    contract: Contract,
    exchanges: Sequence[Exchange],
    *,
    stale: Sequence[KnownError],
    holes: Sequence[str],
    known_errors: Sequence[KnownError],
) -> Findings:
    """Hold every exchange against the contract and count."""
    described = operations(document)
    by_operation: dict[Operation, list[Exchange]] = {}
    per_operation: Counter[Operation] = Counter()
    deviations: Counter[Deviation] = Counter()
    for exchange in exchanges:
        found = contract.deviations(exchange)
        deviations.update(found)
        operation = contract.operation(exchange)
        if operation is not None:
            by_operation.setdefault(operation, []).append(exchange)
            per_operation[operation] += len(found)
    return Findings(
        unused=tuple(sorted(described - by_operation.keys())),
        lines=tuple(
            _line(operation, calls, per_operation[operation], operation in described)
            for operation, calls in sorted(by_operation.items())
        ),
        requests=sum(1 for exchange in exchanges if not exchange.may_be_wrong),
        answers=len(exchanges),
        deviations=tuple(sorted(deviations.items())),
        stale=tuple(stale),
        holes=tuple(holes),
        known_errors=tuple(known_errors),
    )


def text(found: Findings) -> str:
    """The findings for a terminal: the table, the known errors, what is not in the description, what is wrong."""
    return "\n".join(_paragraphs(found)) + "\n"


def _line(operation: Operation, calls: Sequence[Exchange], deviations: int, is_described: bool) -> Line:
    senders = Counter(exchange.sender for exchange in calls)
    statuses = tuple(sorted({exchange.status for exchange in calls}))
    return Line(operation, senders["adapter"], senders["plain"], statuses, deviations, is_described)


def _paragraphs(found: Findings) -> Iterator[str]:
    yield from _table(found)
    yield ""
    yield f"Known errors of the description ({len(found.known_errors)}), set right before checking:"
    for (reason, evidence), errors in groupby(found.known_errors, lambda each: (each.reason, each.evidence)):
        yield f"  {reason}"
        yield from (f"      at {error}" for error in errors)
        yield f"      evidence: {evidence}"
    yield from _list("Of the description not used by us", list(map(str, found.unused)))
    unknown = [line.operation for line in found.lines if not line.is_described]
    if unknown:
        yield ""
        yield f"Operations that the description does not know (*): {', '.join(map(str, unknown))}"
    yield from _list("Deviations", [_deviation(*each) for each in found.deviations])
    yield from _list("Known errors that hide nothing any more; remove them", list(map(_entry, found.stale)))
    yield from _list("Not looked at", found.holes)
    yield ""
    yield _verdict(found)


def _table(found: Findings) -> Iterator[str]:
    yield f"{'operation':<42} {'adapter':>7} {'plain':>6}  {'deviations':>10}  answered"
    for line in found.lines:
        statuses = " ".join(map(str, line.statuses))
        name = f"{line.operation}" + ("" if line.is_described else " *")
        yield f"{name:<42} {line.adapter:>7} {line.plain:>6}  {line.deviations:>10}  {statuses}"
    described = [line for line in found.lines if line.is_described]
    yield ""
    yield (
        f"{len(described)} of the description's {len(described) + len(found.unused)} operations exercised, "
        f"{sum(1 for line in described if line.adapter)} of them by the adapter."
    )
    yield (
        f"Checked: {found.requests} requests and {found.answers} answers. Free to be wrong, since they were "
        f"refused: {found.answers - found.requests} requests by plain HTTP."
    )


def _deviation(deviation: Deviation, times: int) -> str:
    return f"{deviation} ({times} times)" if times > 1 else str(deviation)


def _entry(error: KnownError) -> str:
    return f"{error}: {error.reason}"


def _list(heading: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield ""
        yield f"{heading} ({len(items)}):"
        yield from (f"  {item}" for item in items)


def _verdict(found: Findings) -> str:
    return "Everything is as the description says." if found.passed else "The contract is broken."
