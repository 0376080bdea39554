"""What was read of a build's log: as many lines as a message takes, and all of them as a file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from bot.commands.model import File, Reply, join_words
from bot.outbound.quoting import code, fence, quote
from integrations.jenkins.logs import Found, Step, Stopped, Tail
from integrations.jenkins.model import Stage
from integrations.jenkins.render.words import build_name, counted, file_name, megabytes
from integrations.jenkins.search import Line, Wanted

_BYTES = 4_500
"""UTF-8 bytes of log lines in a message, of the 7,439 that Webex takes; with the words around them it stays one."""
_WIDEST = 400
"""Characters of a line in a message; the file has all that was read of it."""


def tail(full_name: str, number: int, tail: Tail, broken: Stage | None, noun: str = "jenkins") -> Reply:
    """The last lines of a log, and the stage to look at where a Pipeline broke."""
    name = build_name(full_name, number)
    if not tail.lines:
        return Reply(f"📜 {name} has printed nothing{' yet' if tail.running else ''}.")
    size = counted(len(tail.lines), "line")
    which = (
        f"all {size} of its log" if tail.whole else f"the last {size} of its log of {megabytes(tail.size)}"
    )
    running = "; it still runs" if tail.running else ""
    short = (noun, "log", full_name, f"#{number}")
    below = f"{code(join_words((*short, '--grep', 'error')))} searches all of it."
    if broken:
        look = code(join_words((*short, "--stage", broken.name)))
        below = f"It broke in stage **{quote(broken.name)}**: {look} shows only that. {below}"
    return _reply(f"📜 {name}, {which}{running}:", tail.lines, below, file_name(full_name, number, "log.txt"))


def found(full_name: str, number: int, typed: str, found: Found, wanted: Wanted) -> Reply:
    """What a search came to: lines with their numbers, and how far it came."""
    name = build_name(full_name, number)
    hits = f"{found.hits:,} of" if found.hits else "none of the"
    head = (
        f"🔎 {name}: {hits} {found.looked_at:,} lines {'holds' if found.hits == 1 else 'hold'} {code(typed)}."
    )
    stopped = _stopped(found)
    if not found.hits:
        return Reply("\n\n".join(filter(None, [head, stopped])))
    kept = sum(line.hit for line in found.lines)
    if kept < found.hits:
        which = "last" if wanted.last else "first"
        more = "" if wanted.last else "; `--tail N` shows the last N"
        head = f"{head} These are the {which} {kept}{more}."
    file = file_name(full_name, number, "found.txt")
    return _reply(head, _numbered(found.lines), stopped, file, keep_last=wanted.last)


def _stopped(found: Found) -> str:
    if found.stopped is None:
        return ""
    why = "the time was up" if found.stopped is Stopped.TIME else "I read no more of one log"
    return (
        f"⚠️ I stopped after {megabytes(found.read)}: {why}. What the log holds behind that, I have not seen."
    )


def _numbered(lines: Sequence[Line]) -> list[str]:
    """As grep shows them: `12: found`, `13- beside it`, and `--` where lines are left out."""
    width = len(str(lines[-1].number))
    shown = [f"{line.number:>{width}}{':' if line.hit else '-'} {line.text}" for line in lines]
    gaps = [before.number + 1 < after.number for before, after in pairwise(lines)]
    return [
        each
        for line, gap in zip(shown, [*gaps, False], strict=True)
        for each in ([line, "--"] if gap else [line])
    ]


def stage(
    full_name: str,
    number: int,
    stage: Stage,
    steps: Sequence[Step],
    fits: Callable[[str], bool] | None,
    most: int,
) -> Reply:
    """What the steps of a stage printed, its last lines; with `fits` only the lines that do."""
    name = f"stage **{quote(stage.name)}** of {build_name(full_name, number)}"
    why = f" It ended with: {quote(stage.error.message)}" if stage.error and stage.error.message else ""
    lines = [line for step in steps for line in _step_lines(step, fits)]
    if not lines:
        nothing = "printed nothing that fits" if fits else "printed nothing of its own"
        return Reply(f"📜 {name[:1].upper()}{name[1:]} {nothing}.{why}")
    cut = " Of a long step Jenkins gives only the end." if any(step.cut for step in steps) else ""
    which = "all it printed" if len(lines) <= most else f"its last {most} lines"
    head = f"📜 {name[:1].upper()}{name[1:]}, {which}.{why}{cut}"
    return _reply(head, lines[-most:], "", file_name(full_name, number, "stage.txt"))


def _step_lines(step: Step, fits: Callable[[str], bool] | None) -> list[str]:
    lines = [line for line in step.lines if fits is None or fits(line)]
    about = " ".join(step.about.split())[:80]
    return [f"[{step.name}{f': {about}' if about else ''}]", *lines] if lines else []


def _reply(head: str, lines: Sequence[str], below: str, file: str, *, keep_last: bool = True) -> Reply:
    """A message with the lines, the first or the last where there is no room for all, and then a file as well."""
    fitting = _fitting(lines, keep_last=keep_last)
    shown = (lines[-fitting:] if keep_last else lines[:fitting]) if fitting else ()
    whole = len(shown) == len(lines) and all(len(line) <= _WIDEST for line in lines)
    block = fence("\n".join(_cut(line) for line in shown))
    note = "" if whole else f"All of it is in **{quote(file)}**."
    text = "\n\n".join(filter(None, [head, block, note, below]))
    return Reply(text, file=None if whole else File(file, "".join(f"{line}\n" for line in lines).encode()))


def _fitting(lines: Sequence[str], *, keep_last: bool) -> int:
    room = _BYTES
    for count, line in enumerate(reversed(lines) if keep_last else lines):
        room -= len(_cut(line).encode()) + 1
        if room < 0:
            return count
    return len(lines)


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
