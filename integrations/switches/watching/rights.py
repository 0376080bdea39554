"""May a watch be polled now? Its owner's rights are asked for at every poll, as a schedule's are at every slot."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.commands.gate import may_begin
from bot.outbound.quoting import quote
from bot.runs.kinds import RunView, Undecided
from bot.runs.states import State
from bot.store.models import KnownRoom
from integrations.switches.client import SwitchesClient
from integrations.switches.commands_allowed import CommandRefused, check, rules_of
from integrations.switches.inventory.model import InventoryError, Switch
from integrations.switches.store.watches import SwitchWatch
from integrations.switches.targets.expression import TargetError
from integrations.switches.watching import record


class Denied(Exception):
    """A watch may not go on; the text says why, as a sentence of markdown. `silently`: there is no room to tell."""

    def __init__(self, why: str, *, silently: bool = False) -> None:
        super().__init__(why)
        self.silently = silently


def switches_of(watch: SwitchWatch, services: Services, client: SwitchesClient) -> tuple[Switch, ...]:
    """The switches it may ask now. Raises Denied, and Undecided where nobody can say for the moment."""
    with services.database.transaction() as session:
        if _is_left(session, watch.room_id):
            raise Denied("I am not in its room any more.", silently=True)
    try:
        selection = client.select(watch.target)
    except TargetError as error:
        raise Denied(f"its target means no switch any more: {quote(error.says, 400)}") from error
    except InventoryError as error:
        raise Undecided(str(error)) from error
    if (why := may_begin(_as_a_run(watch, selection.names), services)) is not None:
        raise Denied(why)
    if watch.kind == "show":
        try:
            check(watch.show, rules_of(services.policy.groups_of(watch.owner), client.settings.shows))
        except CommandRefused as error:
            raise Denied(quote(str(error), 400)) from error
    return selection.switches


def _is_left(session: Session, room_id: str) -> bool:
    room = session.get(KnownRoom, room_id)
    return room is not None and room.left


def _as_a_run(watch: SwitchWatch, names: tuple[str, ...]) -> RunView:
    """A poll is to the gate what a run is that begins now: the same person asks the same, later."""
    return RunView(
        id=watch.id,
        kind="switch watch",
        title=watch.name,
        state=State.QUEUED,
        arguments={},
        progress={},
        requester=watch.owner,
        room_id=watch.room_id,
        correlation_id="",
        cancel_requested_by=None,
        asked=record.as_arguments(watch, names),
    )
