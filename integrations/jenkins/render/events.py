"""What Jenkins reports by itself, as a subscribed room hears of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.commands.model import join_words
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.events.model import Answer, BuildEvent, InputEvent, Unknown
from integrations.jenkins.model import Result, shown_name
from integrations.jenkins.relay.details import Details
from integrations.jenkins.relay.noise import Change, Past
from integrations.jenkins.render.words import MARKS, build_name, counted, duration, ended_as

_PEOPLE_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A finished build, what it means after those before it, and what else is known of it."""

    event: BuildEvent
    change: Change
    past: Past = field(default_factory=Past)
    details: Details = field(default_factory=Details)
    url: str = ""
    present: Mapping[str, str] = field(default_factory=dict)
    """The Webex address of each culprit who is in the room."""


def event(told: Told) -> str:
    """The message: how it ended and what that means, what broke, who may know why."""
    event = told.event
    branch = f" on {quote(event.branch, 80)}" if event.branch else ""
    name = f"{MARKS[event.result]} {build_name(event.full_name, event.number)}{branch}"
    opened = f" {link('Open', told.url)}" if told.url else ""
    lines = [f"{name} {_says(told)}.{opened}", _stage(told.details), _tests(event), _culprits(told)]
    return "\n".join(filter(None, lines))


def _says(told: Told) -> str:
    event, past = told.event, told.past
    if told.details.killed:
        took = f" after {duration(event.duration)}" if event.duration else ""
        return f"was killed{took} by what looks like a restart of Jenkins"
    plain = ended_as(event.result, event.duration)
    match told.change:
        case Change.RECOVERED:
            return f"is back to normal: it {plain}. {_was_broken(event, past)}"
        case Change.BROKE if past.result and event.result is Result.FAILURE:
            return f"is broken: it {plain}"
        case Change.CHANGED if event.result is Result.FAILURE:
            return f"was unstable and is broken now: it {plain}"
        case Change.CHANGED:
            return f"does not fail any more, but {plain}"
        case Change.STILL:
            again = (
                f"is still failing: it {plain}"
                if event.result is Result.FAILURE
                else plain.replace("is", "is still", 1)
            )
            return f"{again}. That is {past.failures + 1} in a row, since #{past.first}"
        case _:
            return plain


def _was_broken(event: BuildEvent, past: Past) -> str:
    """How long a recovery took, and over how many builds."""
    builds = f"{counted(past.failures, 'build')}, since #{past.first}"
    if past.since is None or event.started is None:
        return f"It was broken for {builds}"
    broken = max(0.0, event.started + (event.duration or 0.0) - past.since)
    return f"It was broken for {duration(broken)} ({builds})"


def _stage(details: Details) -> str:
    if not details.stage:
        return ""
    says = f": {quote(details.stage_says.rstrip('. '), 300)}" if details.stage_says else ""
    return f"Stage **{quote(details.stage, 80)}** broke{says}."


def _tests(event: BuildEvent) -> str:
    if not event.tests_failed:
        return ""
    names = ", ".join(code(each, 100) for each in event.failed_tests[:3])
    more = f" and {event.tests_failed - 3} more" if event.tests_failed > 3 else ""
    which = f": {names}{more}" if names else ""
    return f"{event.tests_failed} of {counted(event.tests, 'test')} failed{which}."


def _culprits(told: Told) -> str:
    """Who changed something, where that is of interest; who is in the room is mentioned."""
    if told.change not in (Change.BROKE, Change.CHANGED) or not told.event.culprits:
        return ""
    shown = [_person(each, told.present) for each in told.event.culprits[:_PEOPLE_SHOWN]]
    more = (
        f" and {len(told.event.culprits) - _PEOPLE_SHOWN} more"
        if len(told.event.culprits) > _PEOPLE_SHOWN
        else ""
    )
    return f"Changes by {', '.join(shown)}{more}."


def _person(culprit: str, present: Mapping[str, str]) -> str:
    if address := present.get(culprit):
        return f"<@personEmail:{address}>"
    return quote(culprit.partition(" <")[0], 80)


def unknown_report(event: Unknown) -> str:
    """What the bot's owners are told, once, of a kind of report nobody here can read."""
    fields = ", ".join(code(each, 60) for each in event.sample_keys[:8]) or "none"
    more = f" and {len(event.sample_keys) - 8} more" if len(event.sample_keys) > 8 else ""
    sender = "a sender I do not know" if event.sender == "?" else code(event.sender)
    return (
        f"❔ Jenkins' hook got a report from {sender} of a kind I cannot read: {code(event.kind, 120)}. "
        f"Its fields: {fields}{more}. I do nothing with reports of this kind, and will not say so for each. "
        "The README of the Jenkins integration names those I read."
    )


def question_told(asked: InputEvent) -> str:
    """A Pipeline's question of which no more is known, or what became of one."""
    name = build_name(asked.full_name, asked.number)
    opened = f" {link('Open', asked.url)}" if asked.url.startswith(("http://", "https://")) else ""
    by = f" by {quote(asked.approver, 80)}" if asked.approver else ""
    match asked.result:
        case Answer.APPROVED:
            return f"▶️ {name} goes on: its question was answered{by}.{opened}"
        case Answer.ABORTED:
            return f"🚫 {name} is aborted: its question was answered with no{by}.{opened}"
        case _:
            return f"⏸️ {name} asks a question and waits for the answer.{opened}"


def server_away(server: str, why: str, seconds: float) -> str:
    """Rooms are told once that a Jenkins does not answer any more."""
    return (
        f"📡 Jenkins **{quote(server)}** has not answered for {duration(seconds)}: {quote(why, 200)}. "
        "What it builds meanwhile I tell when it is back."
    )


def server_restarting(server: str) -> str:
    """Or that one is starting: it shows its boot page."""
    return f"🔄 Jenkins **{quote(server)}** is restarting. What it did meanwhile I tell when it is back."


def server_back(server: str, seconds: float, *, restarted: bool = False) -> str:
    """And that it does again."""
    how = ": it was restarted" if restarted else ""
    return f"📡 Jenkins **{quote(server)}** answers again, after {duration(seconds)}{how}."


def job_gone(topic: str, renamed: Mapping[str, str], noun: str) -> str:
    """No job fits a room's subscription any more; `renamed` are new names by the old ones, as far as known."""
    ends = code(join_words((noun, "unsubscribe", topic)))
    if not renamed:
        again = code(f"{noun} subscribe JOB-GLOB")
        return (
            f"🔗 Jenkins shows me no job {code(topic)} any more: it was renamed or deleted, or I may not see it. "
            f"This room's subscription is kept. {again} hears of it by another name, {ends} ends it."
        )
    shown = list(renamed.items())
    names = ", ".join(f"{code(shown_name(old))} is {code(shown_name(new))} now" for old, new in shown[:3])
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    again = code(join_words((noun, "subscribe", shown[0][1] if len(shown) == 1 else "JOB-GLOB")))
    return (
        f"🔗 Renamed in Jenkins: {names}{more}. No job fits {code(topic)} any more, which this room hears of. "
        f"Its subscription is kept. {again} hears of the new name, {ends} ends the old."
    )
