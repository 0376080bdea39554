"""Faults that a test or a person switches on: bad answers to API calls, bad deliveries, rooms that go away."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import count
from random import Random
from typing import Any

from playground.webex.errors import BadRequest, NotFound

ROOM_KINDS = frozenset({"migrate", "vanish"})
CALL_KINDS = frozenset({"status", "slow", "drop", "html", "limit"}) | ROOM_KINDS
DELIVERY_KINDS = frozenset({"duplicate", "delay", "out-of-order", "fail"})
KINDS = CALL_KINDS | DELIVERY_KINDS


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    `match` names what it hits: `method`, `path` (a glob) and `token` (whose) of a call, or `webhook` (a resource,
    a webhook's id or `*`) and `event` of a delivery. It lets `after` of them pass and then strikes every `every`th,
    `count` times (None: until it is deleted). `delay` and `window` are seconds, `limit` is how many matching calls
    per `window` and token pass. The kinds `migrate` and `vanish` befall `room` at the moment of the call, which is
    then answered as the world has become.
    """

    id: str
    kind: str
    match: Mapping[str, str]
    status: int
    retry_after: int | None
    delay: float
    count: int | None
    probability: float
    limit: int
    window: float
    every: int
    after: int
    room: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the fault as the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "match": dict(self.match),
            "status": self.status,
            "retryAfter": self.retry_after,
            "delay": self.delay,
            "count": self.count,
            "probability": self.probability,
            "limit": self.limit,
            "window": self.window,
            "every": self.every,
            "after": self.after,
            "room": self.room,
        }


class Faults:
    """The faults that are switched on, in order of being switched on."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults: dict[str, Fault] = {}
        self._matched: Counter[str] = Counter()
        self._number = count(1)

    def add(self, body: Mapping[str, Any]) -> Fault:
        """Switch a fault on from its JSON and return it. Raises BadRequest when it makes no sense."""
        fault = _parse(f"fault-{next(self._number)}", body)
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        """Return the faults that can still strike."""
        return list(self._faults.values())

    def remove(self, fault_id: str) -> None:
        """Switch a fault off. Raises NotFound."""
        if self._faults.pop(fault_id, None) is None:
            raise NotFound(f"There is no fault '{fault_id}'.")

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def of_call(self, method: str, path: str, token: str) -> Iterator[Fault]:
        """Return the faults that strike this API call; `token` is the caller's, "" for none.

        Each is counted down as it is taken: one that is not come to, since another has answered the call, is not.
        """
        call = {"method": method, "token": token}
        return self._strike(fault for fault in self._faults.values() if _hits_call(fault, call, path))

    def of_delivery(self, webhook_id: str, resource: str, event: str) -> list[Fault]:
        """Return the faults that strike this delivery, and count them down."""
        names = (webhook_id, resource, "*")
        return list(
            self._strike(fault for fault in self._faults.values() if _hits_delivery(fault, names, event))
        )

    def _strike(self, candidates: Iterator[Fault]) -> Iterator[Fault]:
        due = [fault for fault in candidates if self._is_due(fault)]
        return (fault for fault in due if self._count_down(fault))

    def _is_due(self, fault: Fault) -> bool:
        """Count a match; whether it is one of those that the fault is for."""
        self._matched[fault.id] += 1
        beyond = self._matched[fault.id] - fault.after
        return beyond > 0 and beyond % fault.every == 0

    def _count_down(self, fault: Fault) -> bool:
        """Whether the fault strikes, which its probability decides; if so, it is counted down."""
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        if fault.count is not None and fault.count <= 1:
            del self._faults[fault.id]
        elif fault.count is not None:
            self._faults[fault.id] = replace(fault, count=fault.count - 1)
        return True


def _hits_call(fault: Fault, call: Mapping[str, str], path: str) -> bool:
    if fault.kind not in CALL_KINDS:
        return False
    return all(fault.match.get(name, value) == value for name, value in call.items()) and fnmatchcase(
        path, fault.match.get("path", "*")
    )


def _hits_delivery(fault: Fault, names: tuple[str, ...], event: str) -> bool:
    if fault.kind not in DELIVERY_KINDS:
        return False
    return fault.match.get("webhook", "*") in names and fault.match.get("event", event) == event


def _parse(fault_id: str, body: Mapping[str, Any]) -> Fault:
    kind = body.get("kind")
    if kind not in KINDS:
        raise BadRequest(f"kind must be one of {', '.join(sorted(KINDS))}, not {kind!r}.")
    match = body.get("match", {})
    if not isinstance(match, Mapping) or not all(isinstance(value, str) for value in match.values()):
        raise BadRequest("match must be an object of strings.")
    known = {"method", "path", "token"} if kind in CALL_KINDS else {"webhook", "event"}
    if set(match) - known:
        raise BadRequest(f"match of a '{kind}' fault can hold {', '.join(sorted(known))}, nothing else.")
    retry_after = body.get("retryAfter")
    # A room goes away once; whatever else can go on until it is deleted.
    strikes = body.get("count", 1 if kind in ROOM_KINDS else None)
    try:
        fault = Fault(
            id=fault_id,
            kind=kind,
            match=dict(match),
            status=int(body.get("status", 503 if kind == "fail" else 429)),
            retry_after=None if retry_after is None else int(retry_after),
            delay=float(body.get("delay", 1.0)),
            count=None if strikes is None else int(strikes),
            probability=float(body.get("probability", 1.0)),
            limit=int(body.get("limit", 300)),
            window=float(body.get("window", 60.0)),
            every=int(body.get("every", 1)),
            after=int(body.get("after", 0)),
            room=body.get("room"),
        )
    except (TypeError, ValueError) as error:
        raise BadRequest(
            f"status, retryAfter, count, limit, every, after are whole numbers, the others numbers: {error}."
        ) from error
    _check(fault)
    return fault


def _check(fault: Fault) -> None:
    if fault.every < 1 or fault.after < 0:
        raise BadRequest("every must be 1 or more, after 0 or more.")
    if (fault.kind in ROOM_KINDS) != isinstance(fault.room, str):
        raise BadRequest(
            f"room is the id of the room to {' or '.join(sorted(ROOM_KINDS))}; other kinds have none."
        )
