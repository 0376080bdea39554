"""`switch snapshot`, `switch snapshots`, `switch diff`, `switch forget`: before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import code, quote
from bot.runs.kinds import RunKind
from integrations.switches.answers import trimmed
from integrations.switches.client import SwitchesClient, failures
from integrations.switches.commands.asking import checked, client_of, switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.commands.words import commands_in, title_of
from integrations.switches.errors import SwitchError, TooLarge
from integrations.switches.normalise import tables
from integrations.switches.question import Result
from integrations.switches.render import snapshots as shown
from integrations.switches.render.snapshots import Changed
from integrations.switches.render.words import counted
from integrations.switches.snapshot_diff import Change, Diff
from integrations.switches.snapshot_diff import diff as diff_of
from integrations.switches.store import snapshots
from integrations.switches.store.snapshots import Answered, CannotKeep, Snapshot, Taken

DEFAULT_SHOWS = (
    "show version",
    "show module",
    "show interface brief",
    "show port-channel summary",
    "show vpc",
    "show lldp neighbors",
    "show bgp all summary vrf all",
)
"""What is kept where nobody says what: that by which one sees whether a maintenance left everything as it was."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class NameType(click.ParamType[str]):
    """A snapshot's name: letters, digits, `.`, `_` and `-`; capitals make no difference."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """In small letters."""
        told = str(value).lower()
        if not _NAME.fullmatch(told):
            self.fail(
                f"{told[:50]!r} is no name of a snapshot: take letters, digits, `.`, `_` and `-`, 40 at most.",
                param,
                ctx,
            )
        return told


NAME = NameType()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except CannotKeep as error:
        raise CommandError(quote(str(error), 600)) from error


@command(
    "switch snapshot",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=targeted,
    examples=(
        "switch snapshot @leaf before-upgrade",
        'switch snapshot leaf01 before "show vlan brief" "show interface status"',
    ),
)
@click.argument("target")
@click.argument("name", type=NAME)
@click.argument("shows", nargs=-1)
@click.option("--replace", "replaces", is_flag=True, help="in place of the snapshot of that name")
def snapshot(context: Context, target: str, name: str, shows: tuple[str, ...], replaces: bool) -> Reply:
    """Keep what switches say now, so that `switch diff` can tell later what has changed.

    Without shows: versions, modules, interfaces, port-channels, vPC, neighbours and BGP. Secrets are hidden
    before anything is kept, and a snapshot is forgotten after a month.
    """
    commands = tuple(each.command for each in checked(context, commands_in(shows) or DEFAULT_SHOWS))
    switches = switches_of(context)
    order = Order(
        title=f"snapshot {name}: {title_of(commands, len(switches))}",
        switches=tuple(each.name for each in switches),
        commands=commands,
        options={"name": name, "target": target, "replaces": replaces, "key": context.request.key},
    )
    with _in_words(), context.services.database.transaction() as session:
        snapshots.refuse_unless_free(session, _taken(order, context.request.person, 1.0))
    return SNAPSHOT.ask(context, order, switches)


def _taken(order: Order, person: str, days: float) -> Taken:
    told = order.options
    return Taken(
        told["name"], told["target"], order.commands, person, told["key"], days, bool(told["replaces"])
    )


def keep(asked: Asked) -> Answer:
    """Keep what was answered. Raises CommandError where it cannot be, and nothing is kept then."""
    client: SwitchesClient = asked.services.clients["switches"]
    contents: dict[str, bytes] = {}
    too_large: list[SwitchError] = []
    for result in asked.answered:
        content = snapshots.packed(said(result))
        if content is None:
            says = f"its answers are longer than the {snapshots.MOST_OF_A_SWITCH:,} characters that are kept"
            too_large.append(TooLarge(result.switch.name, says))
        else:
            contents[result.switch.name] = content
    if not contents:
        return Answer("Nothing is kept.", errors=(*failures(asked.results), *too_large))
    taken = _taken(asked.order, asked.person, client.settings.snapshot_days)
    with _in_words(), asked.services.database.transaction() as session:
        kept = snapshots.keep(session, taken, contents)
    unanswered = tuple(each.error for each in asked.results if each.error is not None)
    return Answer(shown.taken(kept, len(asked.results)), errors=(*unanswered, *too_large))


def said(result: Result) -> Answered:
    """What a switch said to each show, as it is kept and compared; what it did not take is not there."""
    return {
        each.command: trimmed(each.body) if isinstance(each.body, str) else tables(each.body)
        for each in result.outputs
        if each.error is None
    }


@command("switch snapshots", examples=("switch snapshots", "switch snapshots --as csv"))
@as_option
def list_snapshots(context: Context, kind: FileKind | None) -> Reply:
    """List the snapshots: of which switches and shows, by whom, until when they are kept."""
    with context.services.database.transaction() as session:
        found = snapshots.every(session)
    if not found:
        return Reply("There are no snapshots. `switch snapshot TARGET NAME` takes one.")
    above = f"{counted(len(found), 'snapshot')}:"
    below = "`switch diff TARGET NAME` tells what has changed since one."
    return shown.listed(found).reply(kind, "switch-snapshots", above=above, below=below)


@command(
    "switch forget",
    effect=Effect.CHANGE,
    repeatable=True,
    examples=("switch forget before-upgrade",),
)
@click.argument("name", type=NAME)
def forget(context: Context, name: str) -> Reply:
    """Forget a snapshot before its time."""
    with context.services.database.transaction() as session:
        gone = snapshots.forget(session, name)
    if not gone:
        raise CommandError(f"There is no snapshot {code(name)}. `switch snapshots` lists them.")
    return Reply(f"🗑️ The snapshot {code(name)} is forgotten.")


@command(
    "switch diff",
    resolve=targeted,
    examples=(
        "switch diff @leaf before-upgrade",
        "switch diff @leaf before-upgrade after-upgrade --as csv",
    ),
)
@click.argument("target")
@click.argument("name", type=NAME)
@click.argument("other", type=NAME, required=False)
@as_option
def diff(context: Context, target: str, name: str, other: str | None, kind: FileKind | None) -> Reply:
    """Tell what has changed since a snapshot, or between two.

    Times, ages, counters and loads are left out, since they always change.
    """
    before, after = _found(context, name), _found(context, other) if other else None
    checked(context, before.shows)
    switches = switches_of(context)
    order = Order(
        title=f"{name} against now, on {counted(len(switches), 'switch')}",
        switches=tuple(each.name for each in switches),
        commands=before.shows,
        before=("switch", "diff"),
        after=(name, *(("--as", kind) if kind else ())),
        options={"name": name, "kind": kind},
    )
    if after is None:
        return DIFF.ask(context, order, switches)
    checked(context, after.shows)
    with context.services.database.transaction() as session:
        old, new = snapshots.answers(session, before), snapshots.answers(session, after)
    if not set(before.shows) & set(after.shows):
        raise CommandError(f"{code(before.name)} and {code(after.name)} have no show in common.")
    answer = _told(before, after, order.switches, _only(old, order), _only(new, order), kind)
    return Reply(answer.markdown, file=answer.file)


def _found(context: Context, name: str) -> Snapshot:
    client_of(context)
    with context.services.database.transaction() as session:
        found = snapshots.find(session, name)
    if found is None:
        raise CommandError(f"There is no snapshot {code(name)}. `switch snapshots` lists them.")
    return found


def _only(answers: Mapping[str, Answered], order: Order) -> dict[str, Answered]:
    return {name: answers[name] for name in order.switches if name in answers}


def since(asked: Asked) -> Answer:
    """What has changed since the snapshot."""
    with asked.services.database.transaction() as session:
        before = snapshots.find(session, asked.order.options["name"])
        old = snapshots.answers(session, before) if before is not None else {}
    if before is None:
        raise CommandError(f"The snapshot {code(asked.order.options['name'])} is forgotten meanwhile.")
    now = {each.switch.name: said(each) for each in asked.answered}
    order = asked.order
    answer = _told(before, None, order.switches, _only(old, order), now, order.options["kind"])
    errors = tuple(each.error for each in asked.results if each.error is not None)
    return Answer(answer.markdown, answer.file, errors)


def _told(
    before: Snapshot,
    after: Snapshot | None,
    asked: Sequence[str],
    old: Mapping[str, Answered],
    new: Mapping[str, Answered],
    kind: FileKind | None,
) -> Answer:
    both = [name for name in asked if name in old and name in new]
    missing = {before.name: [name for name in asked if name not in old]}
    if after is not None:
        missing[after.name] = [name for name in asked if name not in new]
    if not both:
        return Answer(f"Nothing can be compared.\n\n{shown.not_in(missing)}".strip())
    shows = [show for show in before.shows if after is None or show in after.shows]
    found = [change for name in both for change in _changes(name, old[name], new[name], shows)]
    structured = [each for each in found if not each.diff.lines]
    rows = shown.changes(structured, shown.MOST)
    parts = [shown.summary(before, after, found, len(both), datetime.now(UTC))]
    if kind is None and rows.rows:
        parts.append(rows.table())
    if kind is None:
        parts.append(shown.texts(found))
    parts.append(shown.not_in(missing))
    if after is not None:
        parts.append(shown.only_in(before, after))
    file = None
    whole = shown.changes(found)
    if kind is not None or len(whole.rows) > shown.MOST:
        file = whole.file(kind or "csv", f"switch-diff-{before.name}")
        parts.append(f"All of it is in **{quote(file.name)}**.")
    return Answer("\n\n".join(filter(None, parts)), file)


def _changes(switch: str, old: Answered, new: Answered, shows: Sequence[str]) -> Iterator[Changed]:
    """What changed in each show that was asked both times, table by table."""
    for show in shows:
        was, now = old.get(show), new.get(show)
        if isinstance(was, str) and isinstance(now, str):
            pairs: Sequence[tuple[Any, Any]] = [(was, now)]
        elif isinstance(was, Mapping) and isinstance(now, Mapping):
            pairs = [(was.get(name, []), now.get(name, [])) for name in dict.fromkeys((*was, *now))]
        else:
            before, after = shown.kind_of(was), shown.kind_of(now)
            if before != after:
                yield Changed(switch, show, Diff(changed=(Change("", "answer", before, after),)))
            continue
        for one, two in pairs:
            if found := diff_of(one, two):
                yield Changed(switch, show, found)


SNAPSHOT = Topic("switch snapshot", keep)
DIFF = Topic("switch diff", since)
COMMANDS: tuple[Command, ...] = (snapshot, list_snapshots, diff, forget)
RUN_KINDS: tuple[RunKind, ...] = (SNAPSHOT.kind, DIFF.kind)
