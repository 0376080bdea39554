"""The one way in: parse, authorize, confirm, run. Text, cards, the terminal, REST and schedules all end here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.access import audit
from bot.commands import help as helptext
from bot.commands.context import Context, Services
from bot.commands.forms import form_card, form_for
from bot.commands.gate import authorize, hold, resolved
from bot.commands.model import (
    Command,
    CommandError,
    NeedInput,
    Outcome,
    Reply,
    Request,
    Rerun,
    join_words,
)
from bot.commands.outcomes import Passed, card_for, denied, outcome, refused
from bot.commands.parse import Incomplete, Parsed, Unknown, Wrong, parse, words_of
from bot.commands.secrecy import shown_in_public, veiled, wrong_door
from bot.outbound.quoting import code, fence, quote
from bot.runs.advance import attempt, forget_attempt
from bot.runs.kinds import Interrupted
from bot.store.database import is_fault

log = structlog.get_logger(__name__)


def execute(request: Request, services: Services) -> Outcome:
    """Carry out one request and say how it ended. The caller stores the outcome and sends the replies.

    Raises SQLAlchemyError or psycopg.Error when the database is away, WebexError when a message with a secret
    cannot be deleted for the moment: the request may then be handled again, and what must not happen twice is
    guarded by its key.
    """
    if told := shown_in_public(request, services):
        return told
    words = request.words or words_of(request.line)
    if isinstance(words, Wrong):
        return refused("", "wrong", f"I cannot read that.\n\n{fence(words.reason)}")
    if words[-1:] == ("--help",):
        words = ("help", *words[:-1])
    try:
        parsed = parse(words or ("help",), services.registry)
    except Exception:  # a parameter type's bug; its asker is told as of a handler's
        log.exception("command.unreadable", correlation_id=request.correlation_id)
        return Outcome((_broken(request),), "", "wrong", "", "error")
    typed = words or ("help",)
    seen, words = veiled(parsed, typed, request, services.registry)
    ended = wrong_door(parsed, typed, seen, services) or _answered(parsed, words, seen, services)
    return ended if seen is request else replace(ended, line=ended.line or seen.text)


def _answered(
    parsed: Parsed | Unknown | Incomplete | Wrong,
    words: tuple[str, ...],
    request: Request,
    services: Services,
) -> Outcome:
    match parsed:
        case Unknown():
            return _unknown(parsed, request, services)
        case Incomplete():
            return _incomplete(parsed, request, services)
        case Wrong(command=None):
            return refused("", "wrong", parsed.reason)
        case Wrong(command=Command() as command):
            return _wrong(command, parsed.reason, request, services)
        case Parsed():
            return _gate(parsed, words, request, services)
    raise AssertionError(f"parse gave {parsed!r}")


def record(request: Request, outcome: Outcome, services: Services, started: float) -> audit.Entry:
    """The audit row of an executed request, redacted. `started` is time.monotonic() at its start."""
    redact = services.redactor.redact
    return audit.Entry(
        request_key=request.key,
        correlation_id=request.correlation_id,
        entry=request.entry.value,
        person=request.person,
        room_id=request.place.room_id,
        command=outcome.command,
        line=redact(outcome.line or request.text),
        decision=outcome.decision,
        rule=redact(outcome.rule),
        result=redact(outcome.result),
        duration_ms=round((time.monotonic() - started) * 1000),
        arguments=audit.redacted(outcome.arguments, services.redactor),
        approval=request.approved,
        approvers=outcome.approvers,
    )


def _gate(parsed: Parsed, words: tuple[str, ...], request: Request, services: Services) -> Outcome:
    command = parsed.command
    context = Context(request, services, command, parsed.arguments)
    decision = authorize(command, request, parsed.arguments, services, any_arguments=bool(command.resolve))
    if not decision.allowed:
        return replace(denied(command, decision), arguments=parsed.arguments)
    passed = Passed(decision.rule)
    try:
        if command.resolve is not None:
            parsed = replace(parsed, arguments=resolved(parsed, context))
            context = replace(context, arguments=parsed.arguments)
            decision = authorize(command, request, parsed.arguments, services)
            if not decision.allowed:
                return replace(denied(command, decision), arguments=parsed.arguments)
        held = hold(parsed, words, decision.rule, context)
        if isinstance(held, Outcome):
            return replace(held, arguments=parsed.arguments)
        passed = held
        result = _run(context, parsed)
    except NeedInput as need:
        form = need.form
        reply = Reply(need.hint, card=card_for(lambda: form_card(form), request, services))
        ended = outcome(command, "incomplete", passed.rule, "asked for input", reply)
    except CommandError as error:
        ended = outcome(command, "allowed", passed.rule, "refused", Reply(f"⚠️ {error}"))
    except Interrupted as interruption:
        ended = outcome(command, "allowed", passed.rule, "interrupted", _interrupted(interruption))
    except Exception as error:  # a command's bug is told to its asker, once, and does not stop the worker
        if isinstance(error, SQLAlchemyError | psycopg.Error) and not is_fault(error):
            raise
        log.exception("command.broken", command=command.name, correlation_id=request.correlation_id)
        ended = outcome(command, "allowed", passed.rule, "error", _broken(request))
    else:
        if isinstance(result, Rerun):
            line = f"{result.request.text} ({request.text})"
            return replace(execute(result.request, services), line=line)
        ended = outcome(command, "allowed", passed.rule, "ok", result)
    return replace(ended, arguments=parsed.arguments, approvers=passed.approvers)


def _run(context: Context, parsed: Parsed) -> Reply | Rerun:
    """Call the handler; one that may not be entered twice goes through an attempt row.

    Of its first answer the words, the mentions, the run and where it goes are remembered for a second entry.
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
        return {
            "markdown": reply.markdown,
            "mentions": list(reply.mentions),
            "run_id": reply.run_id,
            "direct": reply.direct,
        }

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
        return Reply(
            outcome["markdown"],
            mentions=tuple(outcome["mentions"]),
            run_id=outcome["run_id"],
            direct=bool(outcome.get("direct")),
        )
    raise CommandError(str(outcome.get("refused", "It was tried before, and ended in an error of mine.")))


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
    decision = authorize(command, request, {}, services, any_arguments=True)
    if not decision.allowed:
        return denied(command, decision)
    missing = ", ".join(command.written(name) for name in parsed.missing)
    text = f"`{command.name}` needs {missing or 'more words'}. {helptext.usage_hint(command)}"
    card = None
    if parsed.missing:
        form = form_for(command, parsed.rest, parsed.missing)
        card = card_for(lambda: form_card(form), request, services)
    return outcome(command, "incomplete", decision.rule, "asked for input", Reply(text, card=card))


def _wrong(command: Command, reason: str, request: Request, services: Services) -> Outcome:
    decision = authorize(command, request, {}, services, any_arguments=True)
    if not decision.allowed:
        return denied(command, decision)
    reason = quote(services.redactor.redact(reason))
    text = f"⚠️ {reason}{'' if reason.endswith(('.', '?')) else '.'} {helptext.usage_hint(command)}"
    return outcome(command, "wrong", decision.rule, "usage", Reply(text))


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


def confirmed(request: Request, code: str, words: tuple[str, ...]) -> Request:
    """The request that runs what was confirmed, under the key and the rights of the one who confirms."""
    return replace(request, words=words, line="", confirmed=code)
