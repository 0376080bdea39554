"""The run behind `switch rollback`: every switch goes back to the checkpoint of a change, once, and is looked at."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.context import Services
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State
from integrations.switches.changing import one_switch
from integrations.switches.changing.model import ROLLBACK, Held, Holds, RollbackOrder
from integrations.switches.changing.one_switch import Site
from integrations.switches.changing.record import Record
from integrations.switches.changing.step import CHUNK, Step
from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.model import InventoryError
from integrations.switches.render import changes as render
from integrations.switches.store.models import SwitchChange, SwitchChangeState

_INVENTORY_POLL = 10.0


class BackStep(Step):
    """One step of taking a change back."""

    def __init__(
        self, view: RunView, control: StepControl, services: Services, client: SwitchesClient
    ) -> None:
        super().__init__(view, control, services, client)
        self.order = RollbackOrder.model_validate(view.arguments)
        self.of = Record(services.database, self.order.of_run)
        self.old: Mapping[str, SwitchChangeState] = {row.switch: row for row in self.of.rows()}
        self.rows = self.record.rows()

    def one(self, row: SwitchChangeState) -> Held:
        """Take one switch back; what it holds of the change is written down there too."""
        switch = self.switches.get(row.switch)
        if switch is None:
            return Held(Holds.UNKNOWN, "it has left the inventory", failed=True)
        site = Site(self.control, self.client, row.checkpoint)
        if (moved := one_switch.changed_since(site, switch, self.order.present.get(row.switch))) is not None:
            return Held(Holds.WAITING, moved, failed=True)
        held = one_switch.roll_back(site, switch, row.before)
        self.of.held(row.switch, Held(held.holds, held.detail, after=held.after))
        return held


def _move(step: BackStep) -> Wait | End:
    if step.progress.phase == "begin":
        return _begin(step)
    waiting = [row for row in step.rows if row.state in (Holds.WAITING, Holds.BUSY) and not row.failed]
    if not waiting or step.view.cancel_requested_by is not None:
        return _saved(step)
    step.control.show(render.live_back(step.view.title, step.rows))
    step.each(waiting[:CHUNK], step.one, marked=True)
    step.rows = step.record.rows()
    return step.wait(live=render.live_back(step.view.title, step.rows))


def _begin(step: BackStep) -> Wait | End:
    view, order = step.view, step.order
    change = SwitchChange(
        run_id=view.id,
        of_run=order.of_run,
        requester=view.requester,
        room_id=view.room_id,
        target=f"run {order.of_run}",
        lines="",
    )
    rows = [
        SwitchChangeState(
            run_id=view.id,
            switch=name,
            place=place,
            stage=1,
            state=Holds.WAITING.value,
            before=step.old[name].before,
            checkpoint=step.old[name].checkpoint,
        )
        for place, name in enumerate(order.switches)
    ]
    # The change itself may be lost, and then has not ended: taking it back is what it waits for.
    if (other := step.record.begin(change, rows, beside=order.of_run)) is not None:
        return step.waits_for(other)
    return step.wait(phase="back", log=(f"Begins: {len(rows)} switches.",))


def _saved(step: BackStep) -> Wait | End:
    """Save, where that was asked for; then the end."""
    back = [row for row in step.rows if row.state == Holds.BACK and row.switch in step.switches]
    tried = step.record.begun("save", [row.switch for row in back])
    left = [row for row in back if not row.saved and not tried.get(row.switch)][:CHUNK]
    if not step.order.save or not left or step.view.cancel_requested_by is not None:
        return _end(step)
    step.each(left, lambda row: _one_saved(step, row))
    step.rows = step.record.rows()
    return step.wait(live=render.live_back(step.view.title, step.rows))


def _one_saved(step: BackStep, row: SwitchChangeState) -> Held:
    why = one_switch.save(Site(step.control, step.client, row.checkpoint), step.switches[row.switch])
    if why is None:
        step.record.saved(row.switch)
        return Held(Holds.BACK)
    return Held(Holds.BACK, why, failed=True)


def _end(step: BackStep) -> End:
    held = {row.state for row in step.rows}
    whole = held <= {Holds.BACK.value} and not any(row.failed for row in step.rows)
    ended = State.CANCELLED if step.view.cancel_requested_by else State.PARTIAL
    report = render.report_back(step.view.id, step.view.title, step.rows, State.DONE if whole else ended)
    step.record.end(report.why)
    step.of.end(f"taken back by run {step.view.id}: {report.why}")
    return End(
        State.DONE if whole else ended,
        report.why,
        report.live,
        report.told,
        log=(report.why,),
        file=report.file,
    )


def _step(view: RunView, control: StepControl, services: Services) -> Wait | End:
    """Move the taking back on by one step."""
    client = services.clients.get("switches")
    if not isinstance(client, SwitchesClient):
        says = f"❓ **{view.title}**: switches are not set up here any more."
        return End(State.FAILED, "not set up", live=says, told=says)
    try:
        return _move(BackStep(view, control, services, client))
    except InventoryError as error:
        live = render.no_inventory(view.title, str(error))
        return Wait(_INVENTORY_POLL, view.state, live=live, why="the inventory cannot be read")


ROLLBACK_RUN = RunKind(ROLLBACK, _step, resumable=True)
