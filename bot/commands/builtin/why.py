"""`why`: which rule decides whether a command may be run, what else it would take, and what would change that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import click
from sqlalchemy import func, or_, select

from bot.access import grants
from bot.access.policy import Decision, Question
from bot.access.wording import access_in_words, approval_in_words, given_in_words, limit_in_words
from bot.commands.context import Context, Services
from bot.commands.gate import authorize
from bot.commands.model import Command, CommandError, Effect, Place, Reply, Request, command, join_words
from bot.commands.parse import Incomplete, Parsed, Unknown, Wrong, parse
from bot.outbound.quoting import code, quote
from bot.store.models import KnownRoom

_NOWHERE = {"direct": Place(type="direct"), "none": Place()}
_KINDS = frozenset({"direct", "group", "none", "*"})
_AT_MOST = 20
"""Rules named on the way to being let in; more are not told one by one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a request. `in_room` is what it says of the same request, made by one in the room."""

    command: Command
    request: Request
    arguments: Mapping[str, tuple[str, ...]]
    decision: Decision
    in_room: Decision
    is_exact: bool
    """Whether the arguments are all there; if not, some may be let in and others not."""
    note: str = ""


@command(
    "why",
    options_first=True,
    quotes=True,
    examples=("why run cancel 1", "why --person ada@example.com --room direct run list"),
)
@click.option("--person", help="somebody else's e-mail; only owners may ask")
@click.option("--room", help="another room's title or id, `direct` or `none`; only owners may ask")
@click.argument("words", nargs=-1, required=True, metavar="COMMAND")
def why(context: Context, person: str | None, room: str | None, words: tuple[str, ...]) -> Reply:
    """Tell which rule decides whether a command may be run, and what would change that.

    Nothing is run and nobody is asked. `--person` and `--room` stand before the command.
    """
    services = context.services
    request = _as_asked(context, person, room)
    found = verdict(words, request, services)
    question = services.question(found.command, request.person, request.place, found.arguments)
    lines = [_head(found, context.request), ""]
    lines += [f"- {line}" for line in _reasons(found, question, services)]
    if not found.decision.allowed and (steps := _remedies(found, question, services)):
        lines += ["", "To change that:", "", *(f"- {step}" for step in steps)]
    return Reply("\n".join(lines))


def verdict(words: tuple[str, ...], request: Request, services: Services) -> Verdict:
    """What the gate says of these words by this person in this place.

    Raises CommandError for words that name no command.
    """
    parsed = parse(words, services.registry)
    match parsed:
        case Parsed():
            each, arguments, note = parsed.command, parsed.arguments, ""
            if each.resolve is not None:
                note = (
                    "This is about the words as typed: what they are short for is looked up when it is run."
                )
        case Incomplete():
            each, arguments = parsed.command, {}
            missing = ", ".join(code(each.written(name)) for name in parsed.missing)
            note = f"Words are missing ({missing}), and whether it may be run may depend on them."
        case Wrong(command=Command() as each):
            arguments, note = {}, f"As it stands it cannot be read: {quote(parsed.reason)}"
        case Wrong() | Unknown():
            raise _no_command(words, parsed, request, services)
    is_exact = isinstance(parsed, Parsed)

    def asked(by: Request) -> Decision:
        return authorize(each, by, arguments, services, any_arguments=not is_exact)

    in_room = asked(replace(request, present=True))
    return Verdict(each, request, arguments, asked(request), in_room, is_exact, note)


def _as_asked(context: Context, person: str | None, room: str | None) -> Request:
    """The request as the one asked about would make it. Raises CommandError."""
    request = context.request
    is_other = person is not None and person.casefold() != request.person.casefold()
    if (is_other or room is not None) and not context.services.policy.is_owner(request.person):
        raise CommandError(
            "Only owners may ask for another person or another room. `why` without these is for you."
        )
    if not is_other and room is None:
        return request
    place = _place(context.services, room) if room is not None else request.place
    if is_other and room is None and place.type == "direct":
        place = _NOWHERE["direct"]  # theirs, not the one this is asked in
    asked = replace(request, place=place, present=False)
    return replace(asked, person=person, scope=None) if is_other and person else asked


def _place(services: Services, room: str) -> Place:
    """The room of that id or title, or the kind of place. Raises CommandError: none, or several."""
    if kind := _NOWHERE.get(room.casefold()):
        return kind
    by_title = (func.lower(KnownRoom.title) == room.lower()) & (KnownRoom.type == "group")
    by_id = or_(KnownRoom.room_id == room, KnownRoom.former_ids["ids"].contains([room]))
    with services.database.transaction() as session:
        found = session.scalars(
            select(KnownRoom).where(or_(by_id, by_title)).order_by(KnownRoom.room_id)
        ).all()
    if not found:
        raise CommandError(
            f"I know no room {code(room)}. I know those I was spoken to in; `direct` and `none` stand for a "
            "direct room and for no room."
        )
    if len(found) > 1:
        ids = ", ".join(code(each.room_id) for each in found)
        raise CommandError(f"{len(found)} rooms are called {code(room)}. Name one by its id: {ids}.")
    known = found[0]
    return Place((known.room_id, *known.former_ids.get("ids", [])), known.title, known.type)


def _no_command(
    words: tuple[str, ...], parsed: Wrong | Unknown, request: Request, services: Services
) -> CommandError:
    near = [
        code(name)
        for name in (parsed.suggestions if isinstance(parsed, Unknown) else ())
        if (each := services.registry.get(name))
        and services.may_ever(each, request.person, request.place).allowed
    ]
    hint = f"Did you mean {' or '.join(near[:3])}?" if near else "`help` shows what I can do for you here."
    return CommandError(f"I know no command {code(join_words(words)[:80])}. {hint}")


def _head(found: Verdict, asker: Request) -> str:
    request = found.request
    who = "You" if request.person == asker.person else quote(request.person)
    may = "✅ {} may run" if found.decision.allowed else "⛔ {} may not run"
    some = ", with some arguments at least" if found.decision.allowed and not found.is_exact else ""
    where = _where(request.place, is_here=request.place == asker.place)
    return f"{may.format(who)} `{found.command.name}` {where}{some}."


def _where(place: Place, *, is_here: bool) -> str:
    if is_here:
        return "here"
    if place.type == "none":
        return "without a room"
    return "in a direct room" if place.type == "direct" else f"in the room {quote(place.title)}"


def _reasons(found: Verdict, question: Question, services: Services) -> Iterator[str]:
    """The rule that decides, then everything else that would count, each as a line."""
    policy = services.policy
    yield f"**Rule**: {_rule(found.in_room, services)}"
    if membership := _membership(found.request, services):
        yield f"**Membership**: {membership}"
    if found.command.effect is Effect.DESTROY:
        yield "**Confirmation**: it destroys, so whoever asks for it is asked to confirm."
    for approval in policy.approvals_for(question):
        yield f"**Approval**: {approval_in_words(approval, policy)}."
    for limit in policy.limits_for(question):
        yield f"**Limit**: {limit_in_words(limit)}."
    if found.note:
        yield f"**Note**: {found.note}"


def _rule(decision: Decision, services: Services) -> str:
    """The deciding rule, quoted; what is decided without one, in the decision's own words."""
    if number := grants.number_of(decision.rule):
        with services.database.transaction() as session:
            given = grants.find(session, number, services.policy.groups)
        if given is not None:
            return f"{given.name}: {given_in_words(given)}"
    written = next((each for each in services.policy.rules if each.name == decision.rule), None)
    if written is not None:
        return f"{written.name}, in `sparkops.yaml`: {access_in_words(written.says)}."
    return f"{quote(decision.rule)}: {decision.reason}"


def _membership(request: Request, services: Services) -> str:
    if request.place.room_id is None or request.present:
        return ""
    match services.relations.is_member(request.person, request.place.room_id):
        case True:
            return "they are in that room."
        case False:
            return "they are not in that room, and only who is may run anything there."
        case None:
            return "I could not find out whether they are in that room; until I can, nothing is let through."


def _remedies(found: Verdict, question: Question, services: Services) -> list[str]:
    """What to do, in order, to be let in: each rule in the way, then what lets in, then the room."""
    steps: list[str] = []
    policy, any_arguments = services.policy, not found.is_exact
    decision = policy.decide(question, any_arguments=any_arguments)
    if decision.allowed and not found.in_room.allowed:
        steps.append("Come with a token whose scope covers it.")
    names = {each.name for each in policy.rules}
    while not decision.allowed and len(steps) < _AT_MOST:
        steps.append(_remedy(decision, found))
        if decision.rule not in names:
            break
        policy = replace(policy, rules=tuple(each for each in policy.rules if each.name != decision.rule))
        decision = policy.decide(question, any_arguments=any_arguments)
    if found.in_room != found.decision:
        steps.append(f"Add {quote(found.request.person)} to the room.")
    return steps


def _remedy(decision: Decision, found: Verdict) -> str:
    if number := grants.number_of(decision.rule):
        return f"An owner can `access revoke {number}`."
    if decision.rule == "nothing allows it":
        words = (
            "access",
            "grant",
            found.request.person,
            found.command.name,
            "--rooms",
            _room(found.request.place),
        )
        return f"An owner can {code(join_words(words))}."
    if decision.rule == "bots":
        return "List its e-mail in `SPARKOPS_ALLOWED_BOTS`, and start me again."
    return f"Whoever keeps `sparkops.yaml` can change {decision.rule}; then `access reload`."


def _room(place: Place) -> str:
    """The place as a rule says it: by its title, where that cannot mean anything else."""
    if place.type != "group" or place.room_id is None:
        return place.type
    is_plain = (
        place.title.strip() and not set(place.title) & set("*?") and place.title.casefold() not in _KINDS
    )
    return place.title if is_plain else place.room_id


COMMANDS: tuple[Command, ...] = (why,)
