"""The one gate: scope, policy, membership, limits, confirmation, approval. Every request passes it to be run."""

from __future__ import annotations

from collections.abc import Mapping

from bot.access import api_tokens, confirmations, limits
from bot.access.policy import Decision
from bot.access.scopes import Scope
from bot.commands.approving import ask_approval, check_approval
from bot.commands.context import Context, Services
from bot.commands.forms import confirmation_card
from bot.commands.model import Command, Effect, Entry, Outcome, Place, Reply, Request
from bot.commands.outcomes import NOT_KNOWN, Passed, card_for, outcome, refused
from bot.commands.parse import Parsed
from bot.outbound.quoting import quote
from bot.runs.kinds import RunView, Undecided

_NOT_KEPT = (
    "`{name}` needs others' agreement here, and takes a secret, which I do not keep while I wait: I ran nothing. "
    "An owner can leave this command out of `approvals:`."
)


def authorize(
    command: Command,
    request: Request,
    arguments: Mapping[str, tuple[str, ...]],
    services: Services,
    *,
    any_arguments: bool = False,
) -> Decision:
    """May this request be made at all? Its token's scope, the policy, and whether the person is in the room.

    With `any_arguments` the policy is asked whether there are some with which it may.
    """
    question = services.question(command, request.person, request.place, arguments)
    if request.scope is not None:
        decision = request.scope.decide(question)
        if not decision.allowed:
            return decision
    decision = services.policy.decide(question, any_arguments=any_arguments)
    if decision.allowed and not request.present and request.place.room_id is not None:
        return _as_a_member(decision, request, services)
    return decision


def _as_a_member(decision: Decision, request: Request, services: Services) -> Decision:
    assert request.place.room_id is not None  # asked only then
    match services.relations.is_member(request.person, request.place.room_id):
        case True:
            return decision
        case False:
            return Decision(False, "membership", f"{quote(request.person)} is not in that room.")
        case None:
            return Decision(
                False, NOT_KNOWN, "I could not find out from Webex who is in that room. Try again."
            )


def resolved(parsed: Parsed, context: Context) -> Mapping[str, tuple[str, ...]]:
    """The arguments as the policy must see them. Raises CommandError and NeedInput, as the command does."""
    assert parsed.command.resolve is not None
    return {**parsed.arguments, **parsed.command.resolve(context, parsed.parameters)}


def hold(parsed: Parsed, words: tuple[str, ...], rule: str, context: Context) -> Passed | Outcome:
    """What an authorized request still has to pass: limits, its asker's yes, others' yes.

    Lets it pass, or says what it comes to instead. `rule` is the one that authorized it.

    Raises NeedInput and CommandError, as the command's own description of what it will do does.
    """
    command, request, services = parsed.command, context.request, context.services
    if limited := _limited(parsed, context):
        return limited
    question = services.question(command, request.person, request.place, parsed.arguments)
    needs = services.policy.approvals_for(question)
    if command.effect is not Effect.DESTROY and not needs and request.approved is None:
        return Passed(rule)
    if parsed.secrets:
        return refused(command.name, "secret", _NOT_KEPT.format(name=command.name))
    digest = confirmations.digest(words, parsed.arguments, _plan(parsed, context))
    if command.effect is Effect.DESTROY and request.confirmed is None:
        return _ask_confirmation(parsed, words, digest, rule, context)
    if request.approved is not None:  # bound to the digest that its asker had confirmed
        return check_approval(parsed, digest, rule, context)
    if request.confirmed is not None:
        with services.database.transaction() as session:
            if confirmations.expected_digest(session, request.confirmed) != digest:
                return refused(command.name, "denied", "What was confirmed is not what would run now.")
    if not needs:
        return Passed(rule)
    return ask_approval(parsed, words, digest, rule, needs, context)


def _plan(parsed: Parsed, context: Context) -> str:
    return parsed.command.plan(context, parsed.parameters) if parsed.command.plan else ""


def _limited(parsed: Parsed, context: Context) -> Outcome | None:
    """Count the request, once: what was confirmed or approved was counted when it was asked."""
    command, request, services = parsed.command, context.request, context.services
    if request.confirmed or request.approved:
        return None
    question = services.question(command, request.person, request.place, parsed.arguments)
    counting = limits.limits_of(services.policy, question)
    if not counting:
        return None
    with services.database.transaction() as session:
        limited = limits.take(session, counting, question)
    if limited is None:
        return None
    return outcome(command, "limited", limited.name, "limited", Reply(f"🐢 {limited.says}"))


def _ask_confirmation(
    parsed: Parsed, words: tuple[str, ...], digest: str, rule: str, context: Context
) -> Outcome:
    command, request, services = parsed.command, context.request, context.services
    what = command.said(context, parsed.parameters)
    seconds = services.settings.confirm_seconds
    with services.database.transaction() as session:
        code = confirmations.ask(
            session,
            person=request.person,
            room_id=request.place.room_id,
            words=words,
            digest=digest,
            effect=what.text,
            seconds=seconds,
        )
    text = f"⚠️ {what.text}\n\nSay `confirm {code}` within {seconds:.0f} s to do it, or `leave {code}`."
    card = card_for(lambda: confirmation_card(what.text, code), request, services)
    return outcome(
        command, "confirmation asked", rule, f"code {code}", Reply(text, card=card, file=what.file)
    )


def may_begin(view: RunView, services: Services) -> str | None:
    """Whether a run may begin now: its requester may have lost the right while it waited.

    Returns why not, or None. Raises Undecided where Webex, which must be asked, does not answer.
    """
    if not view.asked:
        return None  # started before runs kept what was asked
    command = services.registry.get(str(view.asked["command"]))
    if command is None:
        return f"the command `{view.asked['command']}` is not installed any more."
    place, scope = view.asked["place"], view.asked["scope"]
    # The room may have migrated since, and the token may have been revoked.
    ids = dict.fromkeys([*([view.room_id] if view.room_id else []), *place["ids"]])
    request = Request(
        key=f"run:{view.id}",
        entry=Entry.SCHEDULE,
        person=view.requester,
        place=Place(tuple(ids), place["title"], place["type"]),
        scope=_scope(scope, services) if scope is not None else None,
    )
    arguments = {name: tuple(values) for name, values in view.asked["arguments"].items()}
    decision = authorize(command, request, arguments, services)
    if decision.rule == NOT_KNOWN:
        raise Undecided(decision.reason)
    return None if decision.allowed else decision.reason


def _scope(token_id: int, services: Services) -> Scope:
    """What the REST token by which it came may be used for now."""
    with services.database.transaction() as session:
        return api_tokens.scope_of(session, token_id)
