"""What people read of a change of configuration: the question, the live message, the report, the history. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.commands.model import File
from bot.commands.rows import Cell, Rows
from bot.outbound.quoting import code, fence, quote
from bot.runs.states import State
from integrations.switches.changing.draft import Draft, Planned
from integrations.switches.changing.model import ChangeOrder, Held, Holds
from integrations.switches.changing.record import Blocker
from integrations.switches.render.words import counted, names
from integrations.switches.store.models import SwitchChange, SwitchChangeState

_SHOWN_DIFF = 1_200
_MARKS = {
    State.DONE: "✅",
    State.PARTIAL: "⚠️",
    State.FAILED: "↩️",
    State.CANCELLED: "🚫",
    State.LOST: "❓",
}
_TOLD: Mapping[Holds, str] = {
    Holds.NEW: "hold the new configuration",
    Holds.BACK: "were changed and are rolled back",
    Holds.OLD: "hold the old configuration",
    Holds.WAITING: "were not begun, and hold the old configuration",
    Holds.NEITHER: "hold neither the old nor the new configuration",
    Holds.UNKNOWN: "do not answer, and what they hold is not known",
    Holds.BUSY: "are in work",
}
"""In the order in which they are told."""
_ONE: Mapping[Holds, str] = {
    Holds.NEW: "holds the new configuration",
    Holds.BACK: "was changed and is rolled back",
    Holds.OLD: "holds the old configuration",
    Holds.WAITING: "was not begun, and holds the old configuration",
    Holds.NEITHER: "holds neither the old nor the new configuration",
    Holds.UNKNOWN: "does not answer, and what it holds is not known",
    Holds.BUSY: "is in work",
}


_TOLD_BACK = (Holds.BACK, Holds.WAITING, Holds.NEITHER, Holds.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a run in words, and every switch in a file."""

    why: str
    live: str
    told: str
    file: tuple[str, bytes]


def title(order: ChangeOrder, line_count: int) -> str:
    """What the run is called."""
    return f"{counted(line_count, 'line')} on {counted(len(order.switches), 'switch')}"


def question(order: ChangeOrder, found: Draft, line_count: int) -> str:
    """What exactly would happen, asked before anything does."""
    groups = grouped(found.planned)
    summary = "\n".join(_group_line(each) for each in groups)
    biggest = next((each[0].diff for each in groups if not each[0].is_nothing), "")
    cut = biggest if len(biggest) <= _SHOWN_DIFF else f"{biggest[:_SHOWN_DIFF]}\n…"
    return (
        f"Change **{counted(len(order.switches), 'switch')}** ({quote(order.target)}), "
        f"{counted(line_count, 'line')}?\n\n{summary}\n\n"
        f"{fence(cut, 'diff')}\n\n{_how(order)} The diff of every switch is in the file."
    )


def _how(order: ChangeOrder) -> str:
    canary = names(order.switches[: order.canaries])
    told = [f"A checkpoint on each, first {canary}"]
    rest = len(order.switches) - order.canaries
    if rest > 0:
        pause = f" after {order.pause:.0f} s" if order.pause else ""
        told.append(f"then{pause} {counted(rest, 'switch')} in batches of {order.batch:,}")
    failures = "the first failure" if order.max_failures == 1 else f"{order.max_failures} failures"
    saved = "Saved at the end." if order.save else "Not saved to the startup configuration (`--save`)."
    checks = "The lines must be in force" + (
        "" if order.ignore_health else ", and ports, BGP and vPC no worse"
    )
    if order.verify is not None:
        says = f" says {code(order.expect)}" if order.expect is not None else " is taken"
        checks += f", and {code(order.verify)}{says}"
    return f"{', '.join(told)}. {checks}; at {failures} all of it is rolled back. {saved}"


def grouped(planned: Iterable[Planned]) -> list[list[Planned]]:
    """Switches with the same diff together, the most first; those with nothing to do last."""
    found: dict[str, list[Planned]] = {}
    for each in planned:
        found.setdefault(each.diff, []).append(each)
    return sorted(found.values(), key=lambda group: (group[0].is_nothing, -len(group), group[0].switch))


def _group_line(group: Sequence[Planned]) -> str:
    first, who = group[0], names([each.switch for each in group])
    if first.is_nothing:
        return f"- {counted(len(group), 'switch')}: nothing to do ({who})"
    return f"- {counted(len(group), 'switch')}: +{first.plus} −{first.minus} ({who})"


def diff_file(found: Draft, text: str) -> File:
    """Every switch's diff, equal ones once, below the lines as they were written. All of it is masked before."""
    parts = ["# The lines, as written", text, ""]
    for group in grouped(found.planned):
        parts.append(f"# {counted(len(group), 'switch')}: {', '.join(each.switch for each in group)}")
        parts += [group[0].diff or "(nothing to do)", ""]
    return File("switch-config-draft.txt", "\n".join(parts).encode())


def started(the_title: str) -> str:
    """The first text of the live message."""
    return f"🔧 **{the_title}**: about to begin."


def waiting(the_title: str, other: Blocker) -> str:
    """Another run has the switches."""
    return (
        f"⏳ **{the_title}** waits for run {other.run_id} ({quote(other.title)}, {quote(other.requester)}), which has "
        f"{names(other.switches)}."
    )


def live(the_title: str, rows: Sequence[SwitchChangeState], doing: str) -> str:
    """How far it is."""
    done = sum(row.state == Holds.NEW for row in rows)
    back = sum(row.state == Holds.BACK for row in rows)
    told = [f"{done:,}/{len(rows):,} changed"]
    told += [f"{back:,} rolled back"] if back else []
    failed = sum(row.failed for row in rows)
    told += [f"{failed:,} failed"] if failed else []
    return f"🔧 **{the_title}**: {', '.join(told)}; {doing}."


def stage(number: int, of: int) -> str:
    """Which batch it is at."""
    return "canary" if number == 0 else f"batch {number} of {of}"


def silent(who: Sequence[str], until: float) -> str:
    """Some do not answer."""
    at = time.strftime("%H:%M:%S UTC", time.gmtime(until))
    return f"{names(who)} {'does' if len(who) == 1 else 'do'} not answer, looked for until {at}"


def log_line(switch: str, held: Held) -> str:
    """A line of the run's log."""
    return f"{switch}: {held.holds.value}{f' ({held.detail})' if held.detail else ''}"


def no_inventory(the_title: str, why: str) -> str:
    """The inventory cannot be read in the middle of it."""
    return f"⏳ **{the_title}** waits: the inventory cannot be read. {quote(why, 400)}"


def report(
    run_id: int,
    the_title: str,
    rows: Sequence[SwitchChangeState],
    nothing: Sequence[str],
    state: State,
    why: str,
    *,
    saved: bool,
) -> Report:
    """How a change ended: which switches hold what."""
    told = [f"- {_count_line(holds, mine)}" for holds in _TOLD if (mine := _holding(rows, holds))]
    told += [f"- {counted(len(nothing), 'switch')} held all of it before"] if nothing else []
    causes = _causes(rows)
    because = f": {quote(why, 400)}" if why else ""
    head = f"{_MARKS[state]} **{the_title}** (run {run_id}) {_ended(state)}{because}."
    after = _after(run_id, rows, state, saved)
    parts = [head, "\n".join(told), "\n".join(causes), after, "Every switch is in the file."]
    short = f"{_MARKS[state]} **{the_title}** {_ended(state)}{because}."
    counts = ", ".join(
        f"{len(_holding(rows, holds)):,} {holds.value}" for holds in _TOLD if _holding(rows, holds)
    )
    return Report(
        f"{_ended(state)}{f' ({why})' if why else ''}: {counts or 'nothing to do'}",
        short,
        "\n\n".join(filter(None, parts)),
        states_file(f"switch-change-{run_id}", rows, nothing),
    )


def _ended(state: State) -> str:
    return {
        State.DONE: "is done",
        State.PARTIAL: "ended in part",
        State.FAILED: "was taken back",
        State.CANCELLED: "was called off and taken back",
        State.LOST: "is lost",
    }[state]


def _holding(rows: Iterable[SwitchChangeState], holds: Holds) -> list[str]:
    return [row.switch for row in rows if row.state == holds.value]


def _count_line(holds: Holds, mine: Sequence[str]) -> str:
    told = _ONE[holds] if len(mine) == 1 else _TOLD[holds]
    return f"{counted(len(mine), 'switch')} {told}: {names(mine)}"


def _causes(rows: Iterable[SwitchChangeState]) -> list[str]:
    """Why switches failed, the most frequent first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.failed:
            found.setdefault(row.detail, []).append(row.switch)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    shown = [f"{names(mine)}: {quote(detail, 300)}" for detail, mine in ordered[:5]]
    return shown + ([f"and {len(ordered) - 5} more reasons, in the file"] if len(ordered) > 5 else [])


def _after(run_id: int, rows: Sequence[SwitchChangeState], state: State, saved: bool) -> str:
    told = []
    if state is State.DONE and not saved:
        told.append("It is not saved: a switch that restarts comes back with its startup configuration.")
    if any(row.state in (Holds.NEW, Holds.NEITHER, Holds.UNKNOWN) for row in rows):
        told.append(f"`switch rollback {run_id}` takes it back.")
    if state is State.LOST:
        told.append(
            f"I repeat nothing by myself: look, then `run cancel {run_id}` frees the switches for others."
        )
    return " ".join(told)


def states_file(
    name: str, rows: Iterable[SwitchChangeState], nothing: Sequence[str] = ()
) -> tuple[str, bytes]:
    """Every switch and what it holds, as CSV."""
    cells: list[Sequence[Cell]] = [
        (row.switch, row.state, "yes" if row.saved else "no", row.checkpoint, row.detail) for row in rows
    ]
    cells += [(each, Holds.NOTHING.value, "", "", "") for each in nothing]
    file = Rows(("switch", "holds", "saved", "checkpoint", "detail"), cells).file("csv", name)
    return file.name, file.content


def rollback_question(change: SwitchChange, count: int, moved: Sequence[str], save: bool) -> str:
    """What taking back would do."""
    since = (
        f"\n\n⚠️ {counted(len(moved), 'switch')} changed since ({names(moved)}): that goes back too."
        if moved
        else ""
    )
    saved = "Saved at the end." if save else "Not saved to the startup configuration (`--save`)."
    return (
        f"Roll **{counted(count, 'switch')}** back to what they held before run {change.run_id} of "
        f"{quote(change.requester)} ({quote(change.target)})? {saved} What it undoes on every switch is in the "
        f"file.{since}"
    )


def patch_file(run_id: int, found: Mapping[str, Sequence[str]]) -> File:
    """What taking a run back does, by what is done: the most switches first."""
    parts = [f"# What rolling back run {run_id} does", ""]
    for patch, mine in sorted(found.items(), key=lambda pair: -len(pair[1])):
        parts += [f"# {counted(len(mine), 'switch')}: {', '.join(mine)}", patch or "(nothing)", ""]
    return File(f"switch-rollback-{run_id}.txt", "\n".join(parts).encode())


def history(found: Sequence[tuple[SwitchChange, Mapping[str, int]]]) -> Rows:
    """The last changes."""
    rows = [
        (
            change.run_id,
            change.asked_at,
            change.requester,
            f"takes back run {change.of_run}" if change.of_run else _first_line(change.lines),
            change.target,
            ", ".join(f"{count:,} {state}" for state, count in counts.items()),
        )
        for change, counts in found
    ]
    return Rows(("run", "UTC", "who", "lines", "target", "holds"), rows, widest=30)


def _first_line(text: str) -> str:
    first, *more = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return f"{first} (+{len(more)})" if more else first


def one_change(change: SwitchChange, rows: Sequence[SwitchChangeState]) -> str:
    """One change: who, when, which lines, and what came of it."""
    told = "\n".join(f"- {_count_line(holds, mine)}" for holds in _TOLD if (mine := _holding(rows, holds)))
    what = f"takes back run {change.of_run}" if change.of_run else f"on {quote(change.target)}"
    ended = quote(change.result, 400) or "goes on"
    head = f"**Run {change.run_id}** {what}, {quote(change.requester)}, {change.asked_at:%Y-%m-%d %H:%M} UTC: {ended}"
    shown = "" if change.of_run else fence(change.lines)
    return "\n\n".join(filter(None, (head, shown, told)))


def live_back(the_title: str, rows: Sequence[SwitchChangeState]) -> str:
    """How far taking back is."""
    back = sum(row.state == Holds.BACK for row in rows)
    return f"↩️ **{the_title}**: {back:,}/{len(rows):,} rolled back."


def report_back(run_id: int, the_title: str, rows: Sequence[SwitchChangeState], state: State) -> Report:
    """How taking back ended."""
    ended = {State.DONE: "is done", State.CANCELLED: "was called off"}.get(state, "ended in part")
    told = [f"- {_back_line(holds, mine)}" for holds in _TOLD_BACK if (mine := _holding(rows, holds))]
    counts = ", ".join(
        f"{len(mine):,} {holds.value}" for holds in _TOLD_BACK if (mine := _holding(rows, holds))
    )
    head = f"{_MARKS[state]} **{the_title}** (run {run_id}) {ended}."
    parts = [head, "\n".join(told), "\n".join(_causes(rows)), "Every switch is in the file."]
    short = f"{_MARKS[state]} **{the_title}** {ended}: {counts}."
    file = states_file(f"switch-rollback-{run_id}", rows)
    return Report(f"{ended}: {counts}", short, "\n\n".join(filter(None, parts)), file)


def _back_line(holds: Holds, mine: Sequence[str]) -> str:
    if holds is Holds.WAITING:
        return (
            f"{counted(len(mine), 'switch')} {'is' if len(mine) == 1 else 'are'} left as found: {names(mine)}"
        )
    return _count_line(holds, mine)
