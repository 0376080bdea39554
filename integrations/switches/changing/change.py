"""The run behind `switch config`: canaries, then batches; at the first failure too many all of it goes back.

    begin → changing ⇄ pausing → saving → the end
               └→ going back → watching → the end

Every phase is entered anew at each step and goes by what the record says of each switch, so a worker that dies
leaves nothing behind but switches that were in work. Those whose lines were being sent are looked at, and the run
ends there: it sends nothing again and takes nothing back by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bot.commands.context import Services
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State
from integrations.switches.changing import one_switch
from integrations.switches.changing.lines import LinesError, read, rendered
from integrations.switches.changing.looking import Look, look
from integrations.switches.changing.model import CHANGE, ChangeOrder, Held, Holds
from integrations.switches.changing.one_switch import Site
from integrations.switches.changing.running import digest
from integrations.switches.changing.step import CHUNK, Step
from integrations.switches.client import SwitchesClient
from integrations.switches.errors import SwitchError
from integrations.switches.inventory.model import InventoryError, Switch
from integrations.switches.render import changes as render
from integrations.switches.store.models import SwitchChange, SwitchChangeState

_WATCH_EVERY = 5.0
_INVENTORY_POLL = 10.0
_CHANGED = frozenset({Holds.NEW.value, Holds.NEITHER.value})


class ChangeStep(Step):
    """One step of a change."""

    def __init__(
        self, view: RunView, control: StepControl, services: Services, client: SwitchesClient
    ) -> None:
        super().__init__(view, control, services, client)
        self.order = ChangeOrder.model_validate(view.arguments)
        self.site = Site(
            control,
            client,
            self.order.checkpoint(view.id),
            self.order,
            read(self.order.text),
            {name: self.switches[name] for name in self.order.switches if name in self.switches},
        )
        self.rows = self.record.rows()

    def having(self, *holds: Holds) -> list[SwitchChangeState]:
        """The switches that hold one of these."""
        return [row for row in self.rows if row.state in {each.value for each in holds}]

    def refresh(self) -> None:
        """Read the record again."""
        self.rows = self.record.rows()

    def live(self, doing: str) -> str:
        """The live message."""
        return render.live(self.view.title, self.rows, doing)

    def show(self, doing: str) -> None:
        """Have the live message show it now."""
        self.control.show(self.live(doing))

    def why_not_good(self, row: SwitchChangeState, switch: Switch, found: Look) -> str | None:
        """What is wrong with a switch that was changed before; None where all is well."""
        try:
            lines = rendered(self.site.lines, switch)
        except LinesError as error:  # its variables were taken out of the inventory meanwhile
            return str(error)
        return one_switch.why_not_good(self.site, switch, lines, found, tuple(row.ill))

    def keeps(self) -> bool:
        """Whether what is changed stays where the run is called off."""
        change = self.record.change()
        return change is not None and change.keep


def _begin(step: ChangeStep) -> Wait | End:
    order, view = step.order, step.view
    change = SwitchChange(
        run_id=view.id, requester=view.requester, room_id=view.room_id, target=order.target, lines=order.text
    )
    rows = [
        SwitchChangeState(
            run_id=view.id,
            switch=name,
            place=place,
            stage=order.stage(place),
            state=Holds.WAITING.value,
            before=order.before[name],
            checkpoint=order.checkpoint(view.id),
        )
        for place, name in enumerate(order.switches)
    ]
    if (other := step.record.begin(change, rows)) is not None:
        return step.waits_for(other)
    step.refresh()
    says = f"Begins: {len(rows)} switches, {order.canaries} as canaries, then batches of {order.batch}."
    return step.wait(live=step.live("begins"), log=(says,), phase="changing")


def _changing(step: ChangeStep) -> Wait | End:
    if (settled := _settled(step)) is not None:
        return settled
    if (over := _stopped(step)) is not None:
        return over
    waiting = step.having(Holds.WAITING)
    if not waiting:
        return step.wait(phase="saving")
    stage = waiting[0].stage
    if stage > 0 and not step.progress.paused:
        until = time.time() + step.order.pause
        return step.wait(live=step.live("canary changed, looking"), phase="pausing", until=until)
    batch = [row for row in waiting if row.stage == stage][:CHUNK]
    step.show(render.stage(stage, step.order.stages))
    left = step.order.max_failures - sum(row.failed for row in step.rows)
    met: list[Held] = []

    def is_enough(held: Held) -> bool:
        if held.failed:
            met.append(held)
        return bool(met) and (stage == 0 or len(met) >= left)

    came = step.each(batch, _work(step), is_enough, marked=True)
    step.refresh()
    return step.wait(
        live=step.live(render.stage(stage, step.order.stages)),
        interrupted=any(each.interrupted for each in came),
    )


def _settled(step: ChangeStep) -> Wait | End | None:
    """Switches that were in work when a worker died. None where there are none, or none had begun to be changed."""
    busy = step.having(Holds.BUSY)
    if not busy:
        return None
    # A switch goes on with what it was sent although nobody waits for its answer: it is given its time.
    age = step.record.youngest_open("apply", [row.switch for row in busy])
    if age is not None and (left := step.client.settings.config_timeout - age) > 0:
        return step.wait(left, live=step.live("interrupted, about to look what the switches hold"))
    begun = step.record.begun("apply", [row.switch for row in busy])
    step.record.mark([row.switch for row in busy if row.switch not in begun], Holds.WAITING)
    mine = [row for row in busy if row.switch in begun]
    came = step.each(mine, _work(step), heed_cancel=False, marked=True)
    step.refresh()
    if any(each.interrupted for each in came):
        return step.wait(phase="end", interrupted=True, why="I was interrupted while changing switches")
    return None


def _work(step: ChangeStep) -> Callable[[SwitchChangeState], Held]:
    return lambda row: one_switch.change(step.site, row.switch, row.before)


def _stopped(step: ChangeStep) -> Wait | End | None:
    """Whether it ends here: called off, a canary failed, or too many did."""
    if step.progress.interrupted:
        return step.wait(phase="end", why="I was interrupted while changing switches")
    failed = [row for row in step.rows if row.failed]
    if step.view.cancel_requested_by is not None:
        why = f"called off by {step.view.cancel_requested_by}"
        if step.keeps():
            return step.wait(phase="watching", until=time.time(), why=f"{why}; what was changed is kept")
        return _goes_back(step, why)
    if any(row.stage == 0 for row in failed):
        return _goes_back(step, f"the canary {failed[0].switch} failed: {failed[0].detail}")
    if len(failed) >= step.order.max_failures:
        told = f"{failed[0].switch} failed: {failed[0].detail}"
        return _goes_back(
            step, told if len(failed) == 1 else f"{len(failed)} switches failed, the first: {told}"
        )
    return None


def _goes_back(step: ChangeStep, why: str) -> Wait:
    log = (f"Goes back: {why}.",)
    return step.wait(live=step.live("going back"), phase="back", going_back=True, why=why, log=log)


def _pausing(step: ChangeStep) -> Wait | End:
    """Time for what follows from a change (BGP's hold timers, say); then the canaries are looked at once more."""
    if step.view.cancel_requested_by is not None:
        return step.wait(phase="changing")
    left = step.progress.until - time.time()
    if left > 0:
        return step.wait(min(left, 30.0), live=step.live("canary changed, looking"))
    canaries = [row for row in step.having(Holds.NEW) if row.stage == 0 and row.switch in step.switches]
    step.each(canaries, lambda row: _still_good(step, row), heed_cancel=False, doing="after the pause, ")
    return step.wait(phase="changing", paused=True)


def _still_good(step: ChangeStep, row: SwitchChangeState) -> Held:
    switch = step.switches[row.switch]
    try:
        found = look(step.client, switch)
    except SwitchError as error:
        return Held(Holds.UNKNOWN, f"after the pause: {error.cause}", failed=True)
    why = step.why_not_good(row, switch, found)
    if why is None:
        return Held(Holds.NEW)
    return Held(Holds.NEW, f"after the pause: {why}", failed=True)


def _back(step: ChangeStep) -> Wait | End:
    """Take back whatever was changed."""
    changed = [row for row in step.rows if row.state in _CHANGED | {Holds.BUSY.value}]
    tried = step.record.begun("rollback", [row.switch for row in changed])
    # What was tried and did not go back is not tried again; what was cut short is looked at.
    left = [row for row in changed if row.switch not in tried or row.state == Holds.BUSY.value][:CHUNK]
    if not left:
        until = time.time() + step.client.settings.config_watch
        return step.wait(phase="watching", until=until)
    step.show("going back")
    step.each(left, lambda row: _one_back(step, row), heed_cancel=False, marked=True)
    step.refresh()
    return step.wait(live=step.live("going back"))


def _one_back(step: ChangeStep, row: SwitchChangeState) -> Held:
    switch = step.switches.get(row.switch)
    if switch is None:
        return Held(Holds.UNKNOWN, "it has left the inventory: not rolled back", failed=True)
    return one_switch.roll_back(step.site, switch, row.before)


def _watching(step: ChangeStep) -> Wait | End:
    """Look for those that fell silent, for a while; whoever comes back is told, and goes back where all do."""
    silent = [row for row in step.having(Holds.UNKNOWN) if row.switch in step.switches]
    over = time.time() >= step.progress.until or (
        step.view.cancel_requested_by is not None and not step.progress.going_back
    )
    step.each(silent, lambda row: _come_back(step, row), heed_cancel=False, doing="looked for, ")
    step.refresh()
    still = [row.switch for row in step.having(Holds.UNKNOWN)]
    if not still or over:
        return step.wait(phase="end")
    return step.wait(_WATCH_EVERY, live=step.live(render.silent(still, step.progress.until)))


def _come_back(step: ChangeStep, row: SwitchChangeState) -> Held:
    switch = step.switches[row.switch]
    try:
        found = look(step.client, switch)
    except SwitchError:
        return Held(Holds.UNKNOWN)
    now = digest(found.running)
    if now == row.before:
        return Held(Holds.OLD, f"{row.detail}; it answers again, and holds what it held before")
    if not step.progress.going_back and step.why_not_good(row, switch, found) is None:
        return Held(Holds.NEW, f"{row.detail}; it answers again, and holds all of it", after=now)
    if step.record.begun("rollback", [row.switch]):
        return Held(Holds.NEITHER, f"{row.detail}; it answers again, and holds neither", after=now)
    back = one_switch.roll_back(step.site, switch, row.before)
    return Held(back.holds, f"{row.detail}; it answers again", failed=True, after=back.after)


def _saving(step: ChangeStep) -> Wait | End:
    """Startup configurations, once all else is done."""
    unknown = bool(step.having(Holds.UNKNOWN))
    after = step.wait(
        phase="watching", until=time.time() + (step.client.settings.config_watch if unknown else 0)
    )
    if not step.order.save or step.view.cancel_requested_by is not None:
        return after
    new = [row for row in step.having(Holds.NEW) if row.switch in step.switches]
    tried = step.record.begun("save", [row.switch for row in new])
    left = [row for row in new if not row.saved and tried.get(row.switch) is None][:CHUNK]
    cut = [row for row in new if tried.get(row.switch) is False]
    if not left and not cut:
        return after
    step.show("saving")
    step.each([*left, *cut], lambda row: _one_saved(step, row), doing="saving, ")
    step.refresh()
    return step.wait(live=step.live("saving")) if left else after


def _one_saved(step: ChangeStep, row: SwitchChangeState) -> Held:
    why = one_switch.save(step.site, step.switches[row.switch])
    if why is None:
        step.record.saved(row.switch)
        return Held(Holds.NEW)
    return Held(Holds.NEW, why, failed=True)


def _end(step: ChangeStep) -> Wait | End:
    rows, progress = step.rows, step.progress
    lost = progress.interrupted and any(row.state == Holds.UNKNOWN.value for row in rows)
    state = State.LOST if lost else _state(step)
    why = progress.why
    report = render.report(
        step.view.id, step.view.title, rows, step.order.nothing, state, why, saved=step.order.save
    )
    step.record.end(report.why)
    return End(state, report.why, report.live, report.told, log=(report.why,), file=report.file)


def _state(step: ChangeStep) -> State:
    held = {row.state for row in step.rows}
    if held <= {Holds.NEW.value} and not any(row.failed for row in step.rows):
        return State.DONE
    if held <= {Holds.OLD.value, Holds.BACK.value, Holds.WAITING.value} and not step.progress.interrupted:
        return State.CANCELLED if step.view.cancel_requested_by else State.FAILED
    return State.PARTIAL


_PHASES: Mapping[str, Callable[[ChangeStep], Wait | End]] = {
    "begin": _begin,
    "changing": _changing,
    "pausing": _pausing,
    "back": _back,
    "watching": _watching,
    "saving": _saving,
    "end": _end,
}


def _step(view: RunView, control: StepControl, services: Services) -> Wait | End:
    """Move a change on by one step."""
    client = services.clients.get("switches")
    phase = str(view.progress.get("phase", "begin"))
    if not isinstance(client, SwitchesClient):
        says = f"❓ **{view.title}**: switches are not set up here any more."
        return End(State.FAILED if phase == "begin" else State.LOST, "not set up", live=says, told=says)
    try:
        return _PHASES[phase](ChangeStep(view, control, services, client))
    except InventoryError as error:
        live = render.no_inventory(view.title, str(error))
        return Wait(_INVENTORY_POLL, view.state, live=live, why="the inventory cannot be read")


CHANGE_RUN = RunKind(CHANGE, _step, resumable=True)
