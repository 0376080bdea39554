"""What Webex answered, kept for a while; an older answer stands in while Webex cannot be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from bot.webex import WebexError

log = structlog.get_logger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    asked_at: float
    answer: V


class Answers(Generic[K, V]):
    """One kind of question, asked once at a time for each key. Safe to share between threads."""

    def __init__(
        self, ask: Callable[[K], V], *, seconds: float, stale: float, most: int, now: Callable[[], float]
    ) -> None:
        """`ask(key)` asks Webex and may raise WebexError. Its answer holds for `seconds`.

        It stands in for up to `stale` seconds where Webex cannot be asked anew. Of more than `most` answers
        the oldest are dropped. `now` tells seconds that never go back.
        """
        self._ask = ask
        self._seconds = seconds
        self._stale = stale
        self._most = most
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[K, _Kept[V]] = {}
        self._asking: dict[K, Future[V | None]] = {}

    def of(self, key: K) -> V | None:
        """The answer, or None where Webex cannot be asked and has not answered lately."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and self._now() - kept.asked_at < self._seconds:
                return kept.answer
            under_way = self._asking.get(key)
            mine: Future[V | None] = under_way or self._asking.setdefault(key, Future())
        if under_way is None:
            self._find_out(key, mine)
        return mine.result()

    def forget(self, matches: Callable[[K], bool]) -> None:
        """Drop these answers, and do not keep those that are under way: they may tell of before."""
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if not matches(key)}
            self._asking = {key: asking for key, asking in self._asking.items() if not matches(key)}

    def _find_out(self, key: K, asking: Future[V | None]) -> None:
        asked_at = self._now()
        try:
            answer = self._ask(key)
        except WebexError as error:
            asking.set_result(self._older(key, asking, error))
        except BaseException as error:
            self._done(key, asking)
            asking.set_exception(error)  # for those who wait for the same
            raise
        else:
            self._keep(key, asking, _Kept(asked_at, answer))
            asking.set_result(answer)

    def _keep(self, key: K, asking: Future[V | None], kept: _Kept[V]) -> None:
        with self._lock:
            if self._asking.get(key) is not asking:
                return  # forgotten meanwhile
            del self._asking[key]
            self._kept.pop(key, None)  # so that the newest stand last
            self._kept[key] = kept
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]

    def _older(self, key: K, asking: Future[V | None], error: WebexError) -> V | None:
        self._done(key, asking)
        with self._lock:
            kept = self._kept.get(key)
        usable = kept is not None and self._now() - kept.asked_at <= self._stale
        log.warning("answers.webex_away", asked=key, older_answer=usable, error=str(error))
        return kept.answer if kept is not None and usable else None

    def _done(self, key: K, asking: Future[V | None]) -> None:
        with self._lock:
            if self._asking.get(key) is asking:
                del self._asking[key]
