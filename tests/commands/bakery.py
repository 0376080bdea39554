"""An integration of the tests' own: a bakery, which has a command of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import (
    CommandError,
    Effect,
    File,
    Form,
    FormField,
    NeedInput,
    Reply,
    command,
)
from bot.commands.parameters import ASSIGNMENT, BUILD_NUMBER, DURATION, Assignment
from bot.integration import Integration
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State

SECRET = "sesame-opens-nothing"


class PowerCut(BaseException):
    """The process dies in the middle of a handler: nothing in the bot may catch this."""


@dataclass
class Bakery:
    """What was done, so that a test can see how often."""

    done: list[str] = field(default_factory=list)
    power_cut: bool = False
    road: str = "the bridge"
    """By which bread is shipped now: what a plan is made of."""

    def do(self, what: str) -> None:
        """Do something that others can see."""
        self.done.append(what)
        if self.power_cut:
            raise PowerCut


def _bakery(context: Context) -> Bakery:
    bakery: Bakery = context.services.clients["bakery"]
    return bakery


@command("bread list", examples=("bread list", "bread list --kind rye"))
@click.option("--kind", type=click.Choice(["rye", "wheat"]), help="only this kind")
@click.option("--last", default=5, type=click.IntRange(1, 9), help="how many")
def bread_list(context: Context, kind: str | None, last: int) -> Reply:
    """Show what lies on the shelf."""
    return Reply(f"{last} loaves, {kind or 'any kind'}")


@command("bread bake", effect=Effect.CHANGE, examples=("bread bake rye Sunday round long",))
@click.argument("kind", type=click.Choice(["rye", "wheat"]))
@click.argument("name")
@click.argument("shapes", nargs=-1, required=True)
def bread_bake(context: Context, kind: str, name: str, shapes: tuple[str, ...]) -> Reply:
    """Bake loaves of one kind.

    They are on the shelf in an hour.
    """
    _bakery(context).do(f"{kind} {name} {shapes}")
    return Reply(
        f"Baked {len(shapes)} of {kind} for {name}.",
        mentions=(f"personEmail:{context.request.person}",),
        file=File("bill.txt", b"2 crowns"),
    )


@command("bread order", effect=Effect.CHANGE, examples=("bread order mill FLOUR=rye --to home",))
@click.option("--to", required=True, help="where it goes")
@click.argument("shop")
@click.argument("extras", nargs=-1, type=ASSIGNMENT)
def bread_order(context: Context, to: str, shop: str, extras: tuple[Assignment, ...]) -> Reply:
    """Order what bread is made of."""
    _bakery(context).do(f"{shop} {to} {[str(each) for each in extras]}")
    if shop == "closed":
        raise CommandError("I asked the shop `closed` for flour, and it is closed. Ask another.")
    return Reply(f"Ordered from {shop} to {to}: {', '.join(map(str, extras)) or 'nothing extra'}.")


@command("bread taste", repeatable=True, examples=("bread taste rye SALT=more",))
@click.argument("name")
@click.argument("wishes", nargs=-1, type=ASSIGNMENT)
@click.option("--loud", is_flag=True, help="say it to everybody")
@click.option("--note", help="what to write down")
def bread_taste(
    context: Context, name: str, wishes: tuple[Assignment, ...], loud: bool, note: str | None
) -> Reply:
    """Taste a bread; asks how if nothing is said."""
    if not wishes:
        fields = (
            FormField("SALT", "Salt", choices=("none", "some", "more"), default="some", prefix="SALT="),
            FormField("WARM", "Warm", toggle=True, default="true", prefix="WARM="),
            FormField("SPREAD", "Spread", required=False, prefix="SPREAD="),
            FormField("loud", "Loud", toggle=True, prefix="--loud"),
            FormField("note", "Note", required=False, prefix="--note "),
        )
        form = Form(f"How shall {name} taste?", ("bread", "taste", name), fields)
        raise NeedInput(form, f"Say how {name} shall taste, for example `bread taste {name} SALT=more`.")
    return Reply(f"{name}: {', '.join(map(str, wishes))}, {'loud' if loud else 'quiet'}, note {note!r}")


def _says_throw(_context: Context, parameters: Mapping[str, Any]) -> str:
    return f"Throw away {', '.join(parameters['loaves'])}?"


@command("bread throw", effect=Effect.DESTROY, says=_says_throw, examples=("bread throw stale",))
@click.argument("loaves", nargs=-1, required=True)
def bread_throw(context: Context, loaves: tuple[str, ...]) -> Reply:
    """Throw bread away, for good."""
    _bakery(context).do(f"threw {' '.join(loaves)}")
    return Reply(f"Thrown away: {', '.join(loaves)}.")


def _says_ship(context: Context, parameters: Mapping[str, Any]) -> str:
    return f"Ship bread to {parameters['town']} by {_bakery(context).road}."


@command(
    "bread ship",
    effect=Effect.CHANGE,
    says=_says_ship,
    plan=lambda context, _parameters: _bakery(context).road,
    examples=("bread ship Ulm",),
)
@click.argument("town")
def bread_ship(context: Context, town: str) -> Reply:
    """Ship bread to a town, by the road that was planned."""
    _bakery(context).do(f"shipped to {town} by {_bakery(context).road}")
    return Reply(f"Shipped to {town}.")


@command("oven timer", effect=Effect.CHANGE, repeatable=True, examples=("oven timer 1h30m #3",))
@click.argument("length", type=DURATION)
@click.argument("oven", type=BUILD_NUMBER)
def oven_timer(context: Context, length: Any, oven: int) -> Reply:
    """Set an oven's timer."""
    return Reply(f"Oven {oven} rings in {length}.")


@command("oven explode", examples=("oven explode",))
def oven_explode(context: Context) -> Reply:
    """Do what no command should."""
    raise RuntimeError(f"no fuse, the key was {SECRET}")


@command("oven run", effect=Effect.CHANGE, repeatable=True, examples=("oven run 3",))
@click.argument("oven", type=BUILD_NUMBER)
def oven_run(context: Context, oven: int) -> Reply:
    """Heat an oven, which takes its time."""
    live = f"🔥 **oven {oven}** heats up."
    return context.start_run("heating", f"oven {oven}", {"oven": oven}, live=live, lock_key=f"oven:{oven}")


def _heat(run: RunView, control: StepControl, _services: Any) -> Wait | End:
    if run.state is State.REQUESTED:
        control.log("The door is shut.")
        return Wait(0.0, State.RUNNING, why="the fire is lit", log=("It is 90 degrees warm.",))
    if run.cancel_requested_by:
        return End(State.CANCELLED, f"cancelled by {run.cancel_requested_by}", live="🚫", told="🚫")
    if run.arguments["oven"] == 13:
        return End(State.FAILED, "no fuse", live="❌", told="❌ no fuse")
    return End(State.DONE, "it is hot", live="✅", told="✅ hot", log=("It is 240 degrees warm.",))


COMMANDS = (
    bread_list,
    bread_bake,
    bread_order,
    bread_taste,
    bread_throw,
    bread_ship,
    oven_timer,
    oven_explode,
    oven_run,
)
HEATING = RunKind("heating", _heat)

integration = Integration(
    name="bakery",
    client=lambda _settings, _core: Bakery(),
    commands=COMMANDS,
    run_kinds=(HEATING,),
)
