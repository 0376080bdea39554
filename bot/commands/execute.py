"""The one way in: parse, authorize, confirm, run. Text, cards, the terminal, REST and schedules all end here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.access import audit, confirmations
from bot.commands import help as helptext
from bot.commands.context import Context, Services
from bot.commands.forms import confirmation_card, form_card, form_for
from bot.commands.model import (
    Command,
    CommandError,
    Effect,
    Entry,
    NeedInput,
    Outcome,
    Reply,
    Request,
    Rerun,
    join_words,
)
from bot.commands.parse import Incomplete, Parsed, Unknown, Wrong, parse, words_of
from bot.outbound.quoting import code, fence, quote
from bot.runs.advance import attempt, forget_attempt
from bot.runs.kinds import Interrupted
from bot.store.database import is_fault
from bot.webex import cards

log = structlog.get_logger(__name__)


def execute(request: Request, services: Services) -> Outcome:
    """Carry out one request and say how it ended. The caller stores the outcome and sends the replies.

    Raises SQLAlchemyError or psycopg.Error when the database is away: the request may then be handled
    again, and what must not happen twice is guarded by its key.
    """
    words = request.words or words_of(request.line)
    if isinstance(words, Wrong):
        return _refused("", "wrong", f"I cannot read that.\n\n{fence(words.reason)}")
    if words[-1:] == ("--help",):
        words = ("help", *words[:-1])
    try:
        parsed = parse(words or ("help",), services.registry)
    except Exception:  # a parameter type's bug; its asker is told as of a handler's
        log.exception("command.unreadable", correlation_id=request.correlation_id)
        return Outcome((_broken(request),), "", "wrong", "", "error")
    match parsed:
        case Unknown():
            return _unknown(parsed, request, services)
        case Incomplete():
            return _incomplete(parsed, request, services)
        case Wrong(command=None):
            return _refused("", "wrong", parsed.reason)
        case Wrong(command=Command() as command):
            return _wrong(command, parsed.reason, request, services)
        case Parsed():
            return _gate(parsed, words or ("help",), request, services)
    raise AssertionError(f"parse gave {parsed!r}")


def record(request: Request, outcome: Outcome, services: Services, started: float) -> audit.Entry:
    """The audit row of an executed request, its line redacted. `started` is time.monotonic() at its start."""
    return audit.Entry(
        request_key=request.key,
        correlation_id=request.correlation_id,
        entry=request.entry.value,
        person=request.person,
        room_id=request.place.room_id,
        command=outcome.command,
        line=services.redactor.redact(outcome.line or request.text),
        decision=outcome.decision,
        rule=outcome.rule,
        result=outcome.result,
        duration_ms=round((time.monotonic() - started) * 1000),
    )


def _gate(parsed: Parsed, words: tuple[str, ...], request: Request, services: Services) -> Outcome:
    command = parsed.command
    question = services.question(command, request.person, request.place, parsed.arguments)
    decision = services.policy.decide(question)
    if not decision.allowed:
        return _denied(command, decision.rule, decision.reason)
    context = Context(request, services, command)
    try:
        if command.effect is Effect.DESTROY:
            digest = confirmations.digest(words, parsed.arguments)
            if request.confirmed is None:
                return _ask_confirmation(context, parsed, words, digest, decision.rule)
            with services.database.transaction() as session:
                if confirmations.expected_digest(session, request.confirmed) != digest:
                    return _refused(command.name, "denied", "What was confirmed is not what would run now.")
        result = _run(context, parsed)
    except NeedInput as need:
        form = need.form
        reply = Reply(need.hint, card=_card(lambda: form_card(form), request, services))
        return _outcome(command, "incomplete", decision.rule, "asked for input", reply)
    except CommandError as error:
        return _outcome(command, "allowed", decision.rule, "refused", Reply(f"⚠️ {error}"))
    except Interrupted as interruption:
        return _outcome(command, "allowed", decision.rule, "interrupted", _interrupted(interruption))
    except Exception as error:  # a command's bug is told to its asker, once, and does not stop the worker
        if isinstance(error, SQLAlchemyError | psycopg.Error) and not is_fault(error):
            raise
        log.exception("command.broken", command=command.name, correlation_id=request.correlation_id)
        return _outcome(command, "allowed", decision.rule, "error", _broken(request))
    if isinstance(result, Rerun):
        line = f"{result.request.text} ({request.text})"
        return replace(execute(result.request, services), line=line)
    return _outcome(command, "allowed", decision.rule, "ok", result)


def _run(context: Context, parsed: Parsed) -> Reply | Rerun:
    """Call the handler; one that may not be entered twice goes through an attempt row.

    Of its first answer the words, the mentions and the run are remembered for a second entry.
    """
    command = parsed.command
    callback = command.click.callback
    assert callback is not None  # command() made it from a function
    if command.repeatable:
        result: Reply | Rerun = callback(context, **parsed.parameters)
        return result

    given: list[Reply] = []

    def effect() -> Mapping[str, Any]:
        try:
            reply: Reply = callback(context, **parsed.parameters)
        except CommandError as error:
            return {"refused": str(error)}
        given.append(reply)
        return {"markdown": reply.markdown, "mentions": list(reply.mentions), "run_id": reply.run_id}

    services = context.services
    key = f"request:{context.request.key}"
    what = f"running {code(context.request.text)}"
    try:
        outcome = attempt(services.database, key, what, effect, services.redactor)
    except NeedInput:  # nothing was done yet: a second entry asks again
        forget_attempt(services.database, key)
        raise
    if given:
        return given[0]
    if "markdown" in outcome:
        return Reply(outcome["markdown"], mentions=tuple(outcome["mentions"]), run_id=outcome["run_id"])
    raise CommandError(str(outcome.get("refused", "It was tried before, and ended in an error of mine.")))


def _ask_confirmation(
    context: Context, parsed: Parsed, words: tuple[str, ...], digest: str, rule: str
) -> Outcome:
    command, request, services = parsed.command, context.request, context.services
    assert command.says is not None  # command() refuses a destroying command without it
    what = command.says(context, parsed.parameters)
    seconds = services.settings.confirm_seconds
    with services.database.transaction() as session:
        answer = confirmations.ask(
            session,
            person=request.person,
            room_id=request.place.room_id,
            words=words,
            digest=digest,
            effect=what,
            seconds=seconds,
        )
    text = f"⚠️ {what}\n\nSay `confirm {answer}` within {seconds:.0f} s to do it, or `leave {answer}`."
    card = _card(lambda: confirmation_card(what, answer), request, services)
    return _outcome(command, "confirmation asked", rule, f"code {answer}", Reply(text, card=card))


def _card(
    build: Callable[[], Mapping[str, Any]], request: Request, services: Services
) -> Mapping[str, Any] | None:
    """The card, where it can be shown: in a room, not too large, and with no secret in the words it carries.

    A redacted word would come back as another one. The reply's text does without the card.
    """
    if request.entry not in (Entry.TEXT, Entry.CARD):
        return None
    try:
        card = build()
    except cards.CardError as error:
        log.warning("command.card_left_out", correlation_id=request.correlation_id, error=str(error))
        return None
    return card if services.redactor.redact_value(card) == card else None


def _unknown(parsed: Unknown, request: Request, services: Services) -> Outcome:
    def allowed(name: str) -> bool:
        command = services.registry.get(name)
        return command is not None and services.may_ever(command, request.person, request.place).allowed

    of_noun = services.registry.of_noun(parsed.noun) if parsed.noun else ()
    commands = tuple(each for each in of_noun if allowed(each.name))
    if parsed.noun and commands and len(parsed.words) == 1:
        return Outcome((Reply(helptext.one_noun(parsed.noun, commands)),), "", "unknown", "", "helped")
    near = [f"`{name}`" for name in parsed.suggestions if allowed(name)][:3]
    typed = code(join_words(parsed.words)[:80])
    about = f"help {parsed.noun}" if commands else "help"
    hint = f"Did you mean {' or '.join(near)}?" if near else f"`{about}` shows what I can do for you here."
    return Outcome((Reply(f"I know no {typed}. {hint}"),), "", "unknown", "", "no such command")


def _incomplete(parsed: Incomplete, request: Request, services: Services) -> Outcome:
    command = parsed.command
    decision = services.may_ever(command, request.person, request.place)
    if not decision.allowed:
        return _denied(command, decision.rule, decision.reason)
    missing = ", ".join(command.written(name) for name in parsed.missing)
    text = f"`{command.name}` needs {missing or 'more words'}. {helptext.usage_hint(command)}"
    card = None
    if parsed.missing:
        form = form_for(command, parsed.rest, parsed.missing)
        card = _card(lambda: form_card(form), request, services)
    return _outcome(command, "incomplete", decision.rule, "asked for input", Reply(text, card=card))


def _wrong(command: Command, reason: str, request: Request, services: Services) -> Outcome:
    decision = services.may_ever(command, request.person, request.place)
    if not decision.allowed:
        return _denied(command, decision.rule, decision.reason)
    reason = quote(services.redactor.redact(reason))
    text = f"⚠️ {reason}{'' if reason.endswith(('.', '?')) else '.'} {helptext.usage_hint(command)}"
    return _outcome(command, "wrong", decision.rule, "usage", Reply(text))


def _denied(command: Command, rule: str, reason: str) -> Outcome:
    text = (
        f"⛔ You may not run `{command.name}` here. {reason} `whoami` shows who I take you for; "
        "one of my owners can grant it."
    )
    return _outcome(command, "denied", rule, "denied", Reply(text))


def _interrupted(interruption: Interrupted) -> Reply:
    return Reply(
        f"❓ I was interrupted while {interruption.what}. Whether it happened I do not know, and I repeat "
        "nothing by myself: please look, and say it again if it is still to be done."
    )


def _broken(request: Request) -> Reply:
    return Reply(
        "💥 That ended in an error of mine, not of yours. It is in my log under "
        f"`{request.correlation_id or request.key}`; my owners can find it there."
    )


def _refused(name: str, decision: str, text: str) -> Outcome:
    return Outcome((Reply(f"⚠️ {text}"),), name, decision, "", "refused")


def _outcome(command: Command, decision: str, rule: str, result: str, reply: Reply) -> Outcome:
    return Outcome((reply,), command.name, decision, rule, result)


def confirmed(request: Request, code: str, words: tuple[str, ...]) -> Request:
    """The request that runs what was confirmed, under the key and the rights of the one who confirms."""
    return replace(request, words=words, line="", confirmed=code)
