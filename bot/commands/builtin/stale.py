"""`room stale|sweep|sweep-go|keep`: rooms nobody uses any more, by the policies of `stale_rooms:`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from bot.access.wording import moment
from bot.commands.context import Context
from bot.commands.forms import words_button
from bot.commands.gate import may_begin
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.parameters import BUILD_NUMBER, DURATION
from bot.commands.room_words import counted, in_words, known_room, resolve_room
from bot.commands.rows import Cell, FileKind, Rows, as_option
from bot.outbound.quoting import code, quote
from bot.rooms import known as kept
from bot.rooms import sweep_items
from bot.rooms.choosing import is_report_room
from bot.rooms.listing import pages
from bot.rooms.notices import foreseen_words, how_long, question
from bot.rooms.patience import Patience
from bot.rooms.services import stale_policy
from bot.rooms.stale import Chosen, Spared, Why, foreseen, judge, kind_of, needs_membership, over_threshold
from bot.rooms.sweep import GO, KIND, lock_key, sweep_kind
from bot.rooms.sweep_by_clock import title, unfinished
from bot.rooms.sweep_items import NOTHING
from bot.runs import runs
from bot.runs.kinds import RunKind
from bot.runs.states import State
from bot.stale_policy import StaleRooms
from bot.store.models import Run

_SHOWN = 25
_PATIENCE = 60.0
"""Seconds that a dry run waits for Webex altogether."""
_KEEP = timedelta(days=90)
"""How long a room is kept that no policy is about."""
_NO_POLICY = (
    "There is no policy for stale rooms. One of my owners can write one under `stale_rooms:` in sparkops.yaml, for "
    'example `- {name: old, titles: "*", idle: 90d}`, and say `access reload`.'
)


@dataclass(slots=True)
class _DryRun:
    """What a policy would do now, with nothing done."""

    policy: StaleRooms
    rooms: int = 0
    chosen: list[Chosen] = field(default_factory=list)
    left_alone: Counter[str] = field(default_factory=Counter)
    """How many rooms the policy is about and spares, by the reason."""
    spared: list[Spared] = field(default_factory=list)
    """These rooms themselves, where a file is to tell of each: most of thousands are among them."""
    moderated: frozenset[str] = frozenset()

    def fate(self, chosen: Chosen) -> str:
        """What would become of a room."""
        room = chosen.room
        seen = foreseen(self.policy, room, moderates=room.id in self.moderated)
        return NOTHING if seen is None else seen.fate.value

    def fates(self) -> Counter[str]:
        """How many rooms would end how."""
        return Counter(self.fate(each) for each in self.chosen)


@command("room stale", examples=("room stale", "room stale old", "room stale old --as csv"))
@click.argument("policy", required=False)
@as_option
def room_stale(context: Context, policy: str | None, kind: FileKind | None) -> Reply:
    """Show which rooms a policy would act on now, and why; nothing is done.

    The file (`--as csv`) also tells of each room it leaves alone, and why.
    """
    policies = [_policy(context, policy)] if policy else list(context.services.policies.file.stale_rooms)
    if not policies:
        return Reply(_NO_POLICY)
    if kind is not None and len(policies) > 1:
        names = ", ".join(code(each.name) for each in policies)
        raise CommandError(f"A file is of one policy. Say which: {names}.")
    runs_dry = [_dry_run(context, each, whole=kind is not None) for each in policies]
    if kind is not None:
        return _file(runs_dry[0], kind)
    return Reply("\n\n".join(_shown(each) for each in runs_dry))


def _says_sweep(context: Context, parameters: Mapping[str, Any]) -> str:
    policy = _policy(context, parameters["policy"])
    _check_none_goes_on(context, policy)
    dry = _dry_run(context, policy)
    told = ", ".join(quote(each.room.title) for each in dry.chosen[:5])
    more = f" and {len(dry.chosen) - 5} more" if len(dry.chosen) > 5 else ""
    named = f" ({told}{more})" if told else ""
    then = "Nothing else is done."
    if policy.action != "notify":
        then = (
            f"After {how_long(policy.grace)} without a word from them I act, and read each again: "
            f"{foreseen_words(dry.fates()) or 'nothing'}."
        )
    return (
        f"Sweep by the policy **{quote(policy.name)}**: {len(dry.chosen)} of my {counted(dry.rooms, 'room')} would be "
        f"given notice, with a Keep button{named}. {then}{_asks_first(dry)}"
    )


def _resolve_sweep(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The policy under the name it has in the file, whichever capitals were typed."""
    return {"policy": (_policy(context, parameters["policy"]).name,)}


@command(
    "room sweep",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_sweep,
    resolve=_resolve_sweep,
    examples=("room sweep old",),
)
@click.argument("policy")
def room_sweep(context: Context, policy: str) -> Reply:
    """Give the rooms notice that a policy finds stale, wait, and then do what it says.

    Whoever is in a room can keep it. Before anything is done each room is read again.
    """
    found = _policy(context, policy)
    _check_none_goes_on(context, found)
    return context.start_run(
        KIND,
        title(found),
        {"policy": found.name},
        live=f"🧹 **{title(found)}**: looks at my rooms.",
        lock_key=lock_key(found.name),
    )


def _says_go(context: Context, parameters: Mapping[str, Any]) -> str:
    with context.services.database.transaction() as session:
        run = _waiting_sweep(session, parameters["run"])
        policy = _policy(context, run.arguments["policy"])
        fates = sweep_items.fates(session, run.id, sweep_items.CHOSEN)
        of = int(run.progress["listing"]["rooms"])
        reason = over_threshold(policy, sum(fates.values()), of) or "as its policy asks for a person's word"
        return question(run.id, policy, fates, of, reason).partition("\n")[0].removeprefix("⚠️ ")


def _plan_of_go(context: Context, parameters: Mapping[str, Any]) -> str:
    """What the yes is bound to: these rooms, and what would be done to each."""
    with context.services.database.transaction() as session:
        return sweep_items.fingerprint(session, _waiting_sweep(session, parameters["run"]).id)


@command(
    "room sweep-go",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_go,
    plan=_plan_of_go,
    examples=("room sweep-go 1",),
)
@click.argument("run", type=BUILD_NUMBER)
def room_sweep_go(context: Context, run: int) -> Reply:
    """Let a sweep go on that waits for a person, since it is about many rooms."""
    with context.services.database.transaction() as session:
        row = _waiting_sweep(session, run)
        row.progress = {**row.progress, GO: context.request.person}
        runs.wake(session, row)
    return Reply(f"Sweep {run} goes on: each room is given notice now. `run cancel {run}` still ends it.")


def _resolve_keep(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Of the room it is said in everything is known, so that Keep does not need Webex."""
    place = context.request.place
    if parameters["room"].casefold() == "this" and place.room_id is not None:
        shown = "direct" if place.type == "direct" else place.title
        return {"room": (shown,), "room.id": (place.room_id,)}
    return resolve_room(context, parameters)


@command(
    "room keep",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=_resolve_keep,
    examples=("room keep", "room keep --for 30d"),
)
@click.argument("room", default="this")
@click.option("--for", "length", type=DURATION, help="how long, such as 30d")
def room_keep(context: Context, room: str, length: timedelta | None) -> Reply:
    """Keep a room from being swept, this one or another that you are in.

    It is kept for as long as the policy says, or for less; my owners may keep it for longer.
    """
    request, services = context.request, context.services
    place = request.place
    if room.casefold() == "this" and place.room_id is not None:
        room_id, name, type_ = place.room_id, place.title, place.type
    else:
        found = known_room(context, room)
        room_id, name, type_ = found.id, found.title, found.type
        _check_theirs(context, room_id)
    with services.database.transaction() as session:
        holding = sweep_items.holding(session, room_id)
        most = _longest(context, holding)
        is_owner = services.policy.is_owner(request.person)
        kept_for = most if length is None else length if is_owner else min(length, most)
        until = datetime.now(UTC) + kept_for
        kept.keep(session, room_id, name, type_, until=until, by=request.person)
    where = "this room" if room_id == place.room_id else f"**{quote(name)}**"
    spared = f" Sweep {holding.id} leaves it alone." if holding is not None else ""
    cut = (
        f" The policy allows no more than {how_long(most)}."
        if length is not None and kept_for < length
        else ""
    )
    return Reply(f"👍 I keep {where} for {how_long(kept_for)}, until {moment(until)}.{spared}{cut}")


def _policy(context: Context, name: str) -> StaleRooms:
    """Raises CommandError."""
    found = stale_policy(context.services, name)
    if found is not None:
        return found
    names = ", ".join(code(each.name) for each in context.services.policies.file.stale_rooms)
    raise CommandError(f"There is no policy {code(name)}. There is: {names}." if names else _NO_POLICY)


def _check_none_goes_on(context: Context, policy: StaleRooms) -> None:
    with context.services.database.transaction() as session:
        number = unfinished(session, policy.name, but=context.request.key)
    if number is not None:
        raise CommandError(
            f"Sweep {number} by the policy {code(policy.name)} is not over. `run show {number}` tells how far it is."
        )


def _waiting_sweep(session: Session, number: int) -> Run:
    """Raises CommandError."""
    try:
        run = runs.get(session, number, lock=True)
    except runs.NoSuchRun as error:
        raise CommandError(str(error)) from error
    if run.kind != KIND:
        raise CommandError(f"Run {number} is no sweep: it is {quote(run.title)}.")
    if State(run.state) is not State.AWAITING_APPROVAL:
        raise CommandError(
            f"Sweep {number} waits for nobody: it is {run.state}. `run show {number}` tells more."
        )
    return run


def _check_theirs(context: Context, room_id: str) -> None:
    """Everyone may keep a room they are in; another one only whom a rule allows it. Raises CommandError."""
    services, person = context.services, context.request.person
    asked = services.question(context.command, person, context.request.place, context.arguments)
    if services.policy.decide(asked).rule != "open to all" or services.relations.is_member(person, room_id):
        return
    raise CommandError(
        "You are not in that room, as far as I can see. Whoever is in it can say `room keep` there."
    )


def _longest(context: Context, holding: Run | None) -> timedelta:
    """How long a room may be kept: as the policy says that has it in hand, or else the most generous one."""
    if holding is not None and (policy := stale_policy(context.services, holding.arguments["policy"])):
        return policy.keep
    return max((each.keep for each in context.services.policies.file.stale_rooms), default=_KEEP)


def _dry_run(context: Context, policy: StaleRooms, *, whole: bool = False) -> _DryRun:
    """Go through the listing, one call for each 1,000 rooms. Raises CommandError.

    `whole`: keep the rooms that are spared too. Otherwise memory grows with those that are chosen only.
    """
    services, dry = context.services, _DryRun(policy)
    now, here = datetime.now(UTC), context.request.place.room_id
    with in_words():
        for rooms in pages(services.webex, Patience(_PATIENCE)):
            dry.rooms += len(rooms)
            with services.database.transaction() as session:
                known = kept.remember(session, rooms)
                others = sweep_items.in_other_hands(session, list(known), 0)
            for room in rooms:
                found = judge(policy, room, known[room.id], now, in_sweep=others.get(room.id))
                if isinstance(found, Chosen) and (
                    room.id == here or is_report_room(policy, room, known[room.id])
                ):
                    found = Spared(room, found.idle, Why.PROTECTED, "It is the one I report to.")
                if isinstance(found, Chosen):
                    dry.chosen.append(found)
                elif found is not None:
                    dry.left_alone[found.why.value] += 1
                    if whole:
                        dry.spared.append(found)
        if any(needs_membership(policy, each.room) for each in dry.chosen):
            mine = services.webex.list_memberships(page_size=1000)
            dry.moderated = frozenset(each.room_id for each in mine if each.is_moderator)
    dry.chosen.sort(key=lambda each: (each.idle.since or now, each.room.id))
    return dry


def _shown(dry: _DryRun) -> str:
    policy = dry.policy
    head = (
        f"**{quote(policy.name)}** (idle for {how_long(policy.idle)}: {policy.action}): {len(dry.chosen)} of my "
        f"{counted(dry.rooms, 'room')} {'is' if len(dry.chosen) == 1 else 'are'} stale."
    )
    if dry.left_alone:
        spared = ", ".join(f"{number} {why}" for why, number in sorted(dry.left_alone.items()))
        head += f" Left alone: {spared}."
    if not dry.chosen:
        return head
    now = datetime.now(UTC)
    rows = [
        (each.room.title, f"{_days(each, now)} d", each.idle.measure.value, dry.fate(each))
        for each in dry.chosen[:_SHOWN]
    ]
    parts = [head, Rows(("room", "idle", "by", "would be"), rows, widest=40).table()]
    if len(dry.chosen) > _SHOWN:
        parts.append(
            f"The {_SHOWN} that are idle for longest; `room stale {policy.name} --as csv` gives all."
        )
    parts.append(f"Nothing is done yet: `room sweep {policy.name}` gives them notice.{_asks_first(dry)}")
    return "\n\n".join(parts)


def _file(dry: _DryRun, kind: FileKind) -> Reply:
    rows = [_row(each, dry.fate(each), "") for each in dry.chosen]
    rows += [_row(each, "spared", each.says) for each in dry.spared]
    head = ("room", "id", "kind", "idle since", "by", "would be", "why")
    return Rows(head, rows).reply(kind, f"stale-{dry.policy.name}")


def _row(each: Chosen | Spared, fate: str, why: str) -> tuple[Cell, ...]:
    room, idle = each.room, each.idle
    return (room.title, room.id, kind_of(room), idle.since, idle.measure.value, fate, why)


def _asks_first(dry: _DryRun) -> str:
    reason = over_threshold(dry.policy, len(dry.chosen), dry.rooms)
    return (
        f" That is {reason}, so that it asks once more before any notice (`room sweep-go`)." if reason else ""
    )


def _days(chosen: Chosen, now: datetime) -> int:
    return (now - chosen.idle.since).days if chosen.idle.since is not None else 0


COMMANDS: tuple[Command, ...] = (room_stale, room_sweep, room_sweep_go, room_keep)
RUN_KINDS: tuple[RunKind, ...] = (sweep_kind(words_button, may_begin),)
