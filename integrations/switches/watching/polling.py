"""The poll: all watches that are due in one pass, and each switch asked once for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from sqlalchemy.orm import Session

from bot.access import audit
from bot.commands.context import Services
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.runs.kinds import Undecided
from integrations.switches.client import SwitchesClient
from integrations.switches.errors import BadAnswer, SwitchError
from integrations.switches.inventory.model import Switch
from integrations.switches.render import watching as shown
from integrations.switches.store.watches import SwitchWatch
from integrations.switches.watching import history, judging, record
from integrations.switches.watching.condition import ConditionError, parse
from integrations.switches.watching.judging import Item, Key, News
from integrations.switches.watching.record import NEVER, Last
from integrations.switches.watching.rights import Denied, switches_of
from integrations.switches.watching.what import (
    Answers,
    Before,
    Observation,
    Poll,
    What,
    WhatError,
    counts_of_texts,
)

log = structlog.get_logger(__name__)

EVERY = 5.0
"""Seconds between two looks at what is due."""

Ready = tuple[SwitchWatch, tuple[Switch, ...]]


def poll(services: Services) -> tuple[str, ...]:
    """Poll what is due, and tell what is news; returns the lanes of the messages stored."""
    client = services.clients.get("switches")
    if not isinstance(client, SwitchesClient):
        return ()
    lanes = _expired(services)
    with services.database.transaction() as session:
        due = record.claim(session)
    ready: list[Ready] = []
    for watch in due:
        try:
            ready.append((watch, switches_of(watch, services, client)))
        except Denied as denied:
            lanes += _paused(services, watch, denied)
        except Undecided as error:
            log.warning("watch.undecided", watch=watch.id, error=str(error))
    for poll_of_one in _asked(services, client, ready):
        lanes += _taken_in(services, poll_of_one)
    history.thin(services.database)
    return tuple(dict.fromkeys(lanes))


# --- asking


@dataclass(frozen=True)
class _Polled:
    """One poll of one watch: what the last one left of each switch, and what each says now, or why it says nothing."""

    watch: SwitchWatch
    what: What
    names: tuple[str, ...]
    before: Mapping[str, Last]
    looks: dict[str, tuple[float, Poll | SwitchError]] = field(default_factory=dict)
    """By switch, with the moment of its answer."""

    def take(self, answers: Answers) -> None:
        """Read a switch's answers."""
        before = self.before.get(answers.switch, NEVER).before
        self.looks[answers.switch] = (answers.at, _looked(self.what, answers, before))


def _asked(services: Services, client: SwitchesClient, ready: Sequence[Ready]) -> list[_Polled]:
    """Ask every switch once for all that its watches want to know.

    Each answer is read when it arrives and then forgotten: a thousand of them are half a gigabyte.
    """
    with services.database.transaction() as session:
        polled = [
            _Polled(
                watch,
                record.what_of(watch),
                tuple(switch.name for switch in switches),
                record.last_polls(session, watch.id),
            )
            for watch, switches in ready
        ]
    interested: dict[str, list[_Polled]] = {}
    for each in polled:
        for name in each.names:
            interested.setdefault(name, []).append(each)
    with ExitStack() as stack:
        questions = [client.start(switches, commands) for commands, switches in _questions(ready)]
        for question in questions:
            stack.callback(question.cancel)
        for question in questions:
            for result in question:
                answers = Answers(result)
                for each in interested[answers.switch]:
                    each.take(answers)
    return polled


def _questions(ready: Sequence[Ready]) -> Iterable[tuple[tuple[str, ...], list[Switch]]]:
    """The commands, and the switches that are asked just these."""
    wanted: dict[str, set[str]] = {}
    switches: dict[str, Switch] = {}
    for watch, those in ready:
        for switch in those:
            switches[switch.name] = switch
            wanted.setdefault(switch.name, set()).update(record.what_of(watch).commands)
    groups: dict[tuple[str, ...], list[Switch]] = {}
    for name, commands in wanted.items():
        groups.setdefault(tuple(sorted(commands)), []).append(switches[name])
    return groups.items()


def _looked(what: What, answers: Answers, before: Before) -> Poll | SwitchError:
    """What is seen, or why nothing is."""
    if (error := answers.error(what.needed)) is not None:
        return error
    try:
        return what.look(answers, before)
    except WhatError as error:
        return BadAnswer(
            answers.switch, str(error), asked=what.needed, cause="the field is not in its answer"
        )


# --- what came of it


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a poll leaves for the next, what was seen, and who fell silent or is back."""

    polls: Mapping[str, Last]
    observations: tuple[Observation, ...]
    answered: tuple[str, ...]
    silent: tuple[Item, ...]
    back: tuple[Item, ...]


def _taken_in(services: Services, polled: _Polled) -> tuple[str, ...]:
    """Weigh what was seen, keep it, tell what is news."""
    watch, what, now = polled.watch, polled.what, time.time()
    try:
        condition = parse(watch.condition, what.names) if watch.condition else None
    except ConditionError as error:  # another version of mine took it
        return _paused(services, watch, Denied(f"I cannot read its condition any more: {error}."))
    seen = _seen(polled, now)
    with services.database.transaction() as session:
        row = session.get(SwitchWatch, watch.id, with_for_update=True, populate_existing=True)
        if row is None or row.ended_at is not None or row.paused is not None:
            return ()  # somebody ended it while the switches were asked
        there = set(polled.names)
        standing = {key: each for key, each in judging.from_json(row.standing).items() if key[0] in there}
        verdict = judging.judge(condition, standing, seen.observations, seen.answered, now)
        news = replace(verdict.news, silent=seen.silent, back=seen.back)
        if (kept := judging.as_json(verdict.standing)) != row.standing:
            row.standing = kept
        record.keep(session, watch.id, seen.polls, polled.before, polled.names)
        record.happened(session, watch.id, news, now)
        at = datetime.fromtimestamp(now, UTC)
        history.keep_frame(session, watch.id, at, len(what.fields), _values(what, seen.observations))
        return (_news(services, session, row, news, now),) if news else ()


def _news(services: Services, session: Session, row: SwitchWatch, news: News, now: float) -> str:
    """Tell the thread; returns the lane."""
    told = shown.news(row.name, record.what_of(row), row.target, row.condition, news, now)
    message = Outgoing(
        key=f"switch-watch:{row.id}:{now:.3f}",
        markdown=told.markdown,
        room_id=row.room_id,
        parent_id=row.parent_id,
        file_name=told.file.name if told.file else None,
        file_content=told.file.content if told.file else None,
        # That something still stands can wait, whatever it is.
        urgent=row.urgent and news != News(still=news.still),
    )
    return notify(session, message, services.redactor, services.policies.file.notifications)


def _seen(polled: _Polled, now: float) -> _Seen:
    """Gather what each switch said, in the order of the target. Pure."""
    polls: dict[str, Last] = {}
    seen: list[Observation] = []
    answered: list[str] = []
    silent: list[Item] = []
    back: list[Item] = []
    for name in polled.names:
        last, (at, looked) = polled.before.get(name, NEVER), polled.looks[name]
        if isinstance(looked, SwitchError):
            silence, is_told = judging.unheard(last.silence, now)
            polls[name] = Last(last.at, last.before, silence)
            if is_told:
                silent.append(Item(name, "", f"{looked.cause}: {looked.came_back}", silence.since))
            continue
        polls[name] = Last(at, looked.before)
        seen += looked.observations
        answered.append(name)
        if last.silence is not None and last.silence.told:
            back.append(Item(name, "", "answers again", last.silence.since))
    return _Seen(polls, tuple(seen), tuple(answered), tuple(silent), tuple(back))


def _values(what: What, seen: Sequence[Observation]) -> dict[Key, Sequence[float | None]]:
    """What the history keeps of a poll; of texts that are no numbers, how often each was seen."""
    kept = {(each.switch, each.subject): each.kept for each in seen if each.kept}
    if what.kind == "show" and all(values == (None,) for values in kept.values()):
        return {("", text): (count,) for text, count in counts_of_texts(seen).items()}
    return {key: values for key, values in kept.items() if any(value is not None for value in values)}


# --- ends and rests


def _expired(services: Services) -> list[str]:
    """Tell the rooms of watches whose time is over."""
    with services.database.transaction() as session:
        return [
            _told(services, session, row, "expired", shown.expired(row.name, row.target))
            for row in record.expire(session)
        ]


def _paused(services: Services, watch: SwitchWatch, denied: Denied) -> tuple[str, ...]:
    """Let it rest, write that down, and tell the room once."""
    with services.database.transaction() as session:
        row = session.get(SwitchWatch, watch.id, with_for_update=True, populate_existing=True)
        if row is None or row.paused is not None or row.ended_at is not None:
            return ()
        record.pause(row, str(denied))
        text = shown.paused(row.name, row.owner, str(denied))
        lane = _told(services, session, row, "paused", None if denied.silently else text, str(denied))
        return (lane,) if lane else ()


def _told(
    services: Services, session: Session, row: SwitchWatch, what: str, text: str | None, why: str = ""
) -> str:
    """Write into the audit trail what became of a watch by itself, and tell its thread; returns the lane."""
    log.info(f"watch.{what}", watch=row.id, why=why)
    moment = f"{time.time():.3f}"
    entry = audit.Entry(
        request_key=f"switch-watch:{row.id}:{what}:{moment}",
        correlation_id="",
        entry="watch",
        person=row.owner,
        room_id=row.room_id,
        command="switch watch",
        line=services.redactor.redact(f"{row.name} {what}"),
        decision="denied" if what == "paused" else "allowed",
        rule=services.redactor.redact(why),
        result=what,
        duration_ms=0,
        arguments={"target": (row.target,), "name": (row.name,)},
    )
    audit.record(session, entry, services.audit_keys)
    if text is None:
        return ""
    message = Outgoing(
        key=f"switch-watch:{row.id}:{what}:{moment}",
        markdown=text,
        room_id=row.room_id,
        parent_id=row.parent_id,
    )
    return notify(session, message, services.redactor, services.policies.file.notifications)
