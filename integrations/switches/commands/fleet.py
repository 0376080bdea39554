"""A question to many switches: answered at once for a few of them, by a run whose message counts for more."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.commands.context import Context, Services
from bot.commands.model import CommandError, File, Reply
from bot.outbound.quoting import quote
from bot.rooms import bulk
from bot.rooms.bulk import Came
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State
from integrations.switches.client import SwitchesClient
from integrations.switches.commands.asking import in_words
from integrations.switches.errors import SwitchError
from integrations.switches.inventory.model import Switch
from integrations.switches.masking import mask_value
from integrations.switches.question import Result
from integrations.switches.render.failures import again, failures, reason, worth_asking_again
from integrations.switches.render.words import counted, names
from integrations.switches.sessions import Form

DIRECTLY = 50
"""Switches up to which the asker simply waits for the reply."""
PATIENCE = 30.0
"""Seconds between two times of asking up to which they simply wait."""
_LOOK_EVERY = 1.0
"""Seconds between two looks at whether a run was cancelled, and between two counts in its message."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of whom, as a run keeps it. `before` and `after` are the words around the target, for `retry`."""

    title: str
    switches: tuple[str, ...]
    commands: tuple[str, ...]
    form: Form = "json"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    apart: float | None = None
    """Seconds between two times of asking; None where it is asked once."""

    @classmethod
    def kept(cls, arguments: Mapping[str, Any]) -> Order:
        """The order that a run has kept."""
        lists = {name: tuple(arguments[name]) for name in ("switches", "commands", "before", "after")}
        return cls(**{**arguments, **lists})


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of an order, for whom it is to be told. Secrets in the outputs are masked."""

    order: Order
    results: tuple[Result, ...]
    person: str
    room_id: str | None
    request_key: str
    services: Services
    earlier: tuple[Result, ...] = ()
    """The results of the first of two times."""

    @property
    def answered(self) -> tuple[Result, ...]:
        """The switches that answered at all, with whatever each command gave."""
        return tuple(result for result in self.results if result.error is None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told: the answer as markdown, a file beside it, and the errors to be told under it."""

    markdown: str
    file: File | None = None
    errors: tuple[SwitchError, ...] = ()


Tell = Callable[[Asked], Answer]
"""Makes an answer of results. It may raise CommandError where the order does not fit what came back."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of question. `masked` is False where nothing of the outputs but typed facts is told."""

    name: str
    tell: Tell
    masked: bool = True

    @property
    def kind(self) -> RunKind:
        """The run that asks many; it only reads, and so may begin anew."""
        return RunKind(self.name, self._step, resumable=True)

    def ask(self, context: Context, order: Order, switches: Sequence[Switch]) -> Reply:
        """Ask these switches and answer, or start the run that does. Raises CommandError."""
        request = context.request
        is_long = len(switches) > DIRECTLY or (order.apart or 0.0) > PATIENCE
        # Where there is no room, nobody would see the run's message and its answer.
        if is_long and request.place.room_id is not None:
            return context.start_run(self.name, order.title, asdict(order), live=_count(order, 0))
        client, earlier = _client(context.services), tuple[Result, ...]()
        if order.apart is not None:
            earlier = client.ask(switches, order.commands, form=order.form)
            time.sleep(order.apart)
        results = client.ask(switches, order.commands, form=order.form)
        asked = Asked(
            order,
            self._shown(results),
            request.person,
            request.place.room_id,
            request.key,
            context.services,
            self._shown(earlier),
        )
        answer = self.tell(asked)
        return Reply(_whole(asked, answer), file=answer.file)

    def _shown(self, results: Sequence[Result]) -> tuple[Result, ...]:
        return tuple(masked(each) for each in results) if self.masked else tuple(results)

    def _step(self, view: RunView, control: StepControl, services: Services) -> Wait | End:
        order = Order.kept(view.arguments)
        try:
            earlier, results, gone = _asked_twice(control, _client(services), order)
            if earlier is None or results is None:
                told = f"🚫 **{quote(view.title)}** was cancelled."
                return End(State.CANCELLED, "cancelled on the way", live=told, told=told)
            shown, key = self._shown(results), f"run:{view.id}"
            asked = Asked(order, shown, view.requester, view.room_id, key, services, self._shown(earlier))
            return _end(asked, self.tell(asked), gone)
        except CommandError as error:
            live = f"⚠️ **{quote(view.title)}**: no answer."
            return End(State.FAILED, str(error), live=live, told=f"⚠️ {error}")


def masked(result: Result) -> Result:
    """The same with the secrets in its outputs made unreadable."""
    outputs = tuple(replace(each, body=mask_value(each.body)) for each in result.outputs)
    return replace(result, outputs=outputs)


def _client(services: Services) -> SwitchesClient:
    client: SwitchesClient = services.clients["switches"]
    return client


def _asked_twice(
    control: StepControl, client: SwitchesClient, order: Order
) -> tuple[tuple[Result, ...] | None, tuple[Result, ...] | None, tuple[str, ...]]:
    """The results of both times (of the first none, where it is asked once), and who left; None where cancelled."""
    earlier: tuple[Result, ...] | None = ()
    if order.apart is not None:
        earlier, gone = _asked_by(control, client, order)
        if earlier is None or not _waited(control, order):
            return None, None, gone
    return (earlier, *_asked_by(control, client, order))


def _asked_by(
    control: StepControl, client: SwitchesClient, order: Order
) -> tuple[tuple[Result, ...] | None, tuple[str, ...]]:
    """The results in the order's order, counted in the run's message as they arrive; None where it was cancelled.

    And who has left the inventory since it was ordered. Raises CommandError where that cannot be read.
    """
    with in_words():
        known = client.inventory().switches
    switches = [known[name] for name in order.switches if name in known]
    question = client.start(switches, order.commands, form=order.form)
    found: dict[str, Result] = {}
    looked, cancelled = time.monotonic(), False
    try:
        for result in question.ticking(_LOOK_EVERY):
            if result is not None:
                found[result.switch.name] = result
            if not cancelled and time.monotonic() - looked >= _LOOK_EVERY:
                looked = time.monotonic()
                if cancelled := control.cancelled():
                    question.cancel()
                else:
                    control.show(_count(order, len(found)))
    finally:
        question.cancel()
    gone = tuple(name for name in order.switches if name not in known)
    return None if cancelled else tuple(found[switch.name] for switch in switches), gone


def _waited(control: StepControl, order: Order) -> bool:
    """Let the time between two times of asking go by; False where the run was cancelled meanwhile."""
    until = time.monotonic() + (order.apart or 0.0)
    control.show(f"⏱ **{quote(order.title)}**: counted once, and again in {order.apart:.0f} s")
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_EVERY))
        if control.cancelled():
            return False
    return True


def _count(order: Order, answered: int) -> str:
    return f"🔎 **{quote(order.title)}**: {answered}/{len(order.switches)}"


def _end(asked: Asked, answer: Answer, gone: Sequence[str]) -> End:
    failed = len({error.switch for error in answer.errors})
    total = len(asked.results)
    state = State.DONE if not failed else State.PARTIAL if failed < total else State.FAILED
    mark = {State.DONE: "✅", State.PARTIAL: "⚠️", State.FAILED: "❌"}[state]
    says = f"{total - failed:,} of {counted(total, 'switch')} answered"
    file = (answer.file.name, answer.file.content) if answer.file else None
    live = f"{mark} **{quote(asked.order.title)}**: {says}."
    left = f"\n\nLeft the inventory meanwhile, and not asked: {names(gone)}." if gone else ""
    return End(state, says, live=live, told=_whole(asked, answer) + left, file=file, log=(says,))


def _whole(asked: Asked, answer: Answer) -> str:
    """The answer, then who failed, then how to ask those again."""
    order = asked.order
    number = _kept(asked, answer.errors)
    below = failures(answer.errors, len(asked.results))
    return "\n\n".join(
        filter(None, (answer.markdown, below, again(answer.errors, number, order.before, order.after)))
    )


def _kept(asked: Asked, errors: Sequence[SwitchError]) -> int | None:
    """Keep who failed for `retry`; the number it knows them by. An order without words is not done again in parts."""
    if not asked.order.before:
        return None
    order, failed = asked.order, {error.switch: error for error in errors}
    results = [_came(result.switch.name, failed.get(result.switch.name)) for result in asked.results]
    with asked.services.database.transaction() as session:
        return bulk.keep(
            session,
            results,
            request_key=asked.request_key,
            person=asked.person,
            room_id=asked.room_id,
            words=order.before,
            after=order.after,
            redactor=asked.services.redactor,
        )


def _came(switch: str, error: SwitchError | None) -> bulk.Result:
    if error is None:
        return bulk.Result(switch, Came.DONE, "")
    came = Came.FAILED if worth_asking_again(error) else Came.IMPOSSIBLE
    return bulk.Result(switch, came, reason(error))
