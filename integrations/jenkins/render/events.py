"""What Jenkins reports by itself, as a subscribed room hears of it. Pure."""

from __future__ import annotations

from bot.outbound.quoting import code, link, quote
from integrations.jenkins.events.model import BuildEvent, Unknown
from integrations.jenkins.model import Result
from integrations.jenkins.render.words import MARKS, build_name, counted, ended_as


def event(event: BuildEvent, before: Result | None, url: str) -> str:
    """A finished build as a subscribed room hears of it. `before` is the last result told there."""
    branch = f" on {quote(event.branch, 80)}" if event.branch else ""
    name = f"{MARKS[event.result]} {build_name(event.full_name, event.number)}{branch}"
    head = f"{name} {change(event.result, before, event.duration)}."
    opened = f" {link('Open', url)}" if url else ""
    return f"{head}{opened}{_tests(event)}"


def change(now: Result | None, before: Result | None, seconds: float | None) -> str:
    """What a result means after the one before, and how long it took."""
    plain = ended_as(now, seconds)
    if now is Result.SUCCESS and before in (Result.FAILURE, Result.UNSTABLE):
        return f"is back to normal: it {plain}"
    if now is Result.FAILURE and before:
        return f"is {'still failing' if before is Result.FAILURE else 'broken'}: it {plain}"
    return plain.replace("is unstable", "is still unstable") if now is before is Result.UNSTABLE else plain


def _tests(event: BuildEvent) -> str:
    if not event.tests_failed:
        return ""
    names = ", ".join(code(each, 100) for each in event.failed_tests[:3])
    more = f" and {event.tests_failed - 3} more" if event.tests_failed > 3 else ""
    which = f": {names}{more}" if names else ""
    return f"\n{event.tests_failed} of {counted(event.tests, 'test')} failed{which}."


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
