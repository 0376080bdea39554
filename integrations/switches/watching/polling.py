"""The poll: all watches that are due in one pass, and each switch asked once for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
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
from integrations.switches.question import Result
from integrations.switches.render import watching as shown
from integrations.switches.store.watches import SwitchWatch
from integrations.switches.watching import history, judging, record
from integrations.switches.watching.condition import ConditionError, parse
from integrations.switches.watching.judging import Item, Key, News
from integrations.switches.watching.record import Last
from integrations.switches.watching.rights import Denied, switches_of
from integrations.switches.watching.what import Observation, Poll, What, WhatError, counts_of_texts

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
    results = _asked(client, ready)
    for watch, switches in ready:
        lanes += _taken_in(services, watch, [results[switch.name] for switch in switches])
    history.thin(services.database)
    return tuple(dict.fromkeys(lanes))


# --- asking


def _asked(client: SwitchesClient, ready: Sequence[Ready]) -> dict[str, Result]:
    """Every switch's answer to all that its watches want to know, in one request each."""
    groups: dict[tuple[str, ...], list[Switch]] = {}
    for switch, commands in _wanted(ready):
        groups.setdefault(commands, []).append(switch)
    with ExitStack() as stack:
        questions = [client.start(switches, commands) for commands, switches in groups.items()]
        for question in questions:
            stack.callback(question.cancel)
        return {result.switch.name: result for question in questions for result in question}


def _wanted(ready: Sequence[Ready]) -> Iterable[tuple[Switch, tuple[str, ...]]]:
    wanted: dict[str, dict[str, None]] = {}
    switches: dict[str, Switch] = {}
    for watch, those in ready:
        commands = dict.fromkeys(record.what_of(watch).commands)
        for switch in those:
            switches[switch.name] = switch
            wanted.setdefault(switch.name, {}).update(commands)
    # In one order, so that switches of which the same is wanted are one question.
    return ((switches[name], tuple(sorted(commands))) for name, commands in wanted.items())


# --- what came of it


@dataclass(frozen=True, slots=True)
class _Round:
    """One poll of one watch: what each switch leaves for the next, what was seen, and who fell silent or is back."""

    polls: Mapping[str, Last]
    observations: tuple[Observation, ...]
    answered: tuple[str, ...]
    silent: tuple[Item, ...]
    back: tuple[Item, ...]


def _taken_in(services: Services, watch: SwitchWatch, results: Sequence[Result]) -> tuple[str, ...]:
    """Weigh the answers, keep them, tell what is news."""
    what, now = record.what_of(watch), time.time()
    names = [result.switch.name for result in results]
    try:
        condition = parse(watch.condition, what.names) if watch.condition else None
    except ConditionError as error:  # another version of mine took it
        return _paused(services, watch, Denied(f"I cannot read its condition any more: {error}."))
    with services.database.transaction() as session:
        before = record.last_polls(session, watch.id)
        seen = _round(what, results, before, now)
        row = session.get(SwitchWatch, watch.id, with_for_update=True, populate_existing=True)
        if row is None or row.ended_at is not None or row.paused is not None:
            return ()  # somebody ended it while the switches were asked
        standing = {
            key: each for key, each in judging.from_json(row.standing).items() if key[0] in set(names)
        }
        verdict = judging.judge(condition, standing, seen.observations, seen.answered, now)
        news = News(
            *(verdict.news.begun, verdict.news.changed, verdict.news.recovered, verdict.news.still),
            silent=seen.silent,
            back=seen.back,
        )
        if (kept := judging.as_json(verdict.standing)) != row.standing:
            row.standing = kept
        record.keep(session, watch.id, seen.polls, before, names)
        record.happened(session, watch.id, news, now)
        at = datetime.fromtimestamp(now, UTC)
        history.keep_frame(session, watch.id, at, len(what.fields), _values(what, seen.observations))
        if not news:
            return ()
        told = shown.news(watch.name, what, watch.target, watch.condition, news, now)
        is_urgent = watch.urgent and news != News(still=news.still)
        message = Outgoing(
            key=f"switch-watch:{watch.id}:{now:.3f}",
            markdown=told.markdown,
            room_id=row.room_id,
            parent_id=row.parent_id,
            file_name=told.file.name if told.file else None,
            file_content=told.file.content if told.file else None,
            urgent=is_urgent,
        )
        return (notify(session, message, services.redactor, services.policies.file.notifications),)


def _round(what: What, results: Sequence[Result], before: Mapping[str, Last], now: float) -> _Round:
    """Read every answer beside the last one. Pure."""
    polls: dict[str, Last] = {}
    seen: list[Observation] = []
    answered: list[str] = []
    silent: list[Item] = []
    back: list[Item] = []
    for result in results:
        name = result.switch.name
        last = before.get(name, Last())
        looked = _looked(what, result, last)
        if isinstance(looked, SwitchError):
            silence, is_told = judging.unheard(last.silence, now)
            polls[name] = Last(last.at, last.before, silence)
            if is_told:
                silent.append(Item(name, "", f"{looked.cause}: {looked.came_back}", silence.since))
            continue
        polls[name] = Last(result.at, looked.before)
        seen += looked.observations
        answered.append(name)
        if last.silence is not None and last.silence.told:
            back.append(Item(name, "", "answers again", last.silence.since))
    return _Round(polls, tuple(seen), tuple(answered), tuple(silent), tuple(back))


def _looked(what: What, result: Result, last: Last) -> Poll | SwitchError:
    """What is seen, or why nothing is."""
    name = result.switch.name
    if result.error is not None:
        return result.error
    for output in result.outputs:
        if output.command == what.needed and output.error is not None:
            return output.error
    bodies = {each.command: each.body for each in result.outputs if each.error is None}
    try:
        return what.look(name, bodies, last.before, result.at)
    except WhatError as error:
        return BadAnswer(name, str(error), asked=what.needed, cause="the field is not in its answer")


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
