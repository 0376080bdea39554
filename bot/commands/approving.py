"""At the gate: ask others to agree, and see whether they have."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.access import approvals
from bot.access.approvers import Standing, addresses, agreed_by, is_closed, standings
from bot.commands import approval_messages as messages
from bot.commands import approval_words as words_for
from bot.commands.context import Context
from bot.commands.forms import approval_card
from bot.commands.model import Outcome, Reply
from bot.commands.outcomes import NOT_KNOWN, Passed, card_in_room, outcome, refused
from bot.commands.parse import Parsed
from bot.config_file import ApprovalRule
from bot.outbound.quoting import quote
from bot.store.models import Approval, Attempt, Run


def ask_approval(
    parsed: Parsed,
    words: tuple[str, ...],
    digest: str,
    rule: str,
    needs: tuple[ApprovalRule, ...],
    context: Context,
) -> Outcome:
    """Store the request and ask those who may agree. The same request asks once.

    Raises NeedInput and CommandError, as the command's own description of what it will do does.
    """
    command, request, services = parsed.command, context.request, context.services
    if why_not := _cannot_wait(parsed, words, needs, context):
        return refused(command.name, "denied", why_not)
    effect = command.said(context, parsed.parameters)
    asking = approvals.Asking(
        request_key=request.key,
        person=request.person,
        entry=request.entry.value,
        room_id=request.place.room_id,
        room_title=request.place.title,
        room_type=request.place.type,
        parent_id=request.parent_id,
        words=words,
        command=command.name,
        digest=digest,
        effect=services.redactor.redact(effect.text),
        asked={
            "effect": command.effect.value,
            "arguments": {name: list(values) for name, values in parsed.arguments.items()},
        },
        needs=needs,
        confirmed=request.confirmed,
        token_id=request.scope.token_id if request.scope else None,
        correlation_id=request.correlation_id,
    )
    with services.database.transaction() as session:
        way = messages.route(session, needs, request, services.policy, services.relations)
    with services.database.transaction() as session:
        row, is_new = approvals.ask(session, asking)
        if is_new:
            card = card_in_room(lambda: _card(row), request.correlation_id, services)
            messages.ask(session, row, needs, way.spots, card, services.redactor, effect.file)
        text = words_for.told_to_asker(row, needs, way.said)
    return outcome(command, "approval asked", rule, f"code {row.code}", Reply(text))


def _card(row: Approval) -> dict[str, object]:
    line = words_for.command_line(row)
    title = f"{quote(row.person_email)} asks for your yes, {words_for.where(row)}"
    return approval_card(title, quote(line, len(line)), row.effect_text, row.code)


def _cannot_wait(
    parsed: Parsed, words: tuple[str, ...], needs: tuple[ApprovalRule, ...], context: Context
) -> str | None:
    """Why a request cannot be kept until others have agreed, or None."""
    command, person, services = parsed.command, context.request.person, context.services
    if services.redactor.redact_value(list(words)) != list(words):
        return (
            f"`{command.name}` needs the yes of {words_for.needed(needs)} here, and cannot wait for it: "
            "it holds a secret, and secrets are not kept. Say it without the secret, or somewhere it needs "
            "nobody's yes."
        )
    for need in needs:
        possible = addresses(services.policy, need.of, person)
        if is_closed(services.policy, need.of) and len(possible) < need.count:
            others = f"only {len(possible)} but you" if possible else "nobody but you"
            return (
                f"`{command.name}` needs the yes of {words_for.needed([need])} here, and {others} could give it. "
                "One of my owners can change `approvals` in sparkops.yaml."
            )
    return None


def check_approval(parsed: Parsed, digest: str, rule: str, context: Context) -> Passed | Outcome:
    """Whether the approval this request comes with still lets it pass: unchanged, and enough by present policy.

    What has begun under it before (and was cut short by a crash) passes as it did then: its own row says how
    far it came, and nothing is begun twice.
    """
    command, request, services = parsed.command, context.request, context.services
    assert request.approved is not None  # the gate asks only then
    with services.database.transaction() as session:
        row = approvals.taken(session, request.approved)
        if row is None or row.person_email != request.person.casefold():
            return refused(
                command.name, "denied", f"Nothing of yours is approved under {quote(request.approved)}."
            )
        said_yes = approvals.voters(session, row.code)
        question = services.question(command, request.person, request.place, parsed.arguments)
        found = standings(services.policy, question, said_yes)
        passed = Passed(rule, agreed_by(found) or said_yes)
        if row.state == "approved" and _is_begun(session, request.key):
            return passed
        why_not = _why_not_same(row, digest, parsed)
        if why_not is None and _is_enough(found):
            return passed
        if why_not is None and _is_enough(standings(services.policy, question, said_yes, unknown=True)):
            return _not_known(parsed)
        why_not = why_not or _why_not_enough(found)
        if row.state == "approved":
            approvals.void(session, row, why_not)
            told = words_for.not_carried_out(row)
            messages.tell(session, row, told, services.redactor, besides=(messages.spot_of(request),))
    return refused(command.name, "denied", why_not)


def _why_not_same(row: Approval, digest: str, parsed: Parsed) -> str | None:
    """Why this is not what was agreed to, or None."""
    if row.state != "approved":
        return row.reason or f"{row.code} is not approved: it is {row.state}."
    if row.digest != digest:
        moved = "the plan has changed" if parsed.command.plan else "its words stand for something else"
        return f"What was approved is not what would run now: {moved}. Say it again."
    return None


def _is_enough(found: tuple[Standing, ...]) -> bool:
    """Whether nothing lacks; where no rule asks any more, nothing does."""
    return not any(standing.lacks for standing in found)


def _why_not_enough(found: tuple[Standing, ...]) -> str:
    return (
        f"What was approved is not approved any more: it needs the yes of {words_for.lacking(found)}, "
        "since not everybody who agreed may agree now. Say it again."
    )


def _not_known(parsed: Parsed) -> Outcome:
    text = (
        "I could not find out from Webex whether those who agreed still may, so I ran nothing. Say it again."
    )
    return outcome(parsed.command, "denied", NOT_KNOWN, "refused", Reply(f"⚠️ {text}"))


def _is_begun(session: Session, key: str) -> bool:
    """Whether this very request was let pass before, and its handler or its run has begun."""
    entered = session.get(Attempt, f"request:{key}") is not None
    return entered or session.scalars(select(Run.id).where(Run.request_key == key)).first() is not None
