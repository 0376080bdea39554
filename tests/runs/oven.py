"""An integration for these tests: an oven that bakes, resumably or not, and notes each loaf in a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, Field

from bot.commands.context import Context
from bot.commands.model import Effect, Reply, command
from bot.integration import Integration
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State


class OvenSettings(BaseModel):
    """Where loaves are noted."""

    loaves: Path = Field(Path("/nonexistent"), alias="OVEN_LOAVES")


def _bake(view: RunView, control: StepControl, services: Any) -> Wait | End:
    """Light the oven once, then bake for so many steps."""

    def light() -> Mapping[str, Any]:
        with services.clients["oven"].open("a") as file:
            file.write(f"lit for run {view.id}\n")
        time.sleep(view.arguments.get("lighting", 0))
        return {"lit": True}

    if view.cancel_requested_by:
        return End(
            State.CANCELLED, "cancelled", live="🚫 **bread**: taken out", told="🚫 **bread**: taken out."
        )
    control.attempt("light", "lighting the oven", light)
    if view.arguments.get("bell"):
        control.post("lit", f"🔔 **bread**: the oven of run {view.id} is lit.")
    baked = int(view.progress.get("baked", 0)) + 1
    control.log(f"minute {baked}")
    time.sleep(view.arguments.get("seconds", 0))
    if baked < view.arguments["minutes"]:
        return Wait(0.0, State.RUNNING, progress={"baked": baked}, live=f"🍞 **bread**: minute {baked}")
    return End(
        State.DONE,
        "baked",
        live="✅ **bread**: baked",
        told="✅ **bread** is baked.",
        progress={"baked": baked},
    )


@command("oven bake", effect=Effect.CHANGE, repeatable=True, examples=("oven bake 1",))
@click.argument("minutes", type=int)
@click.option("--seconds", type=float, default=0.0, help="how long a minute takes")
@click.option("--lighting", type=float, default=0.0, help="seconds the lighting takes")
@click.option("--once", is_flag=True, help="may not be resumed")
@click.option("--bell", is_flag=True, help="tell when the oven is lit")
def bake(context: Context, minutes: int, seconds: float, lighting: float, once: bool, bell: bool) -> Reply:
    """Bake bread."""
    kind = "oven.once" if once else "oven.bake"
    arguments = {"minutes": minutes, "seconds": seconds, "lighting": lighting, "bell": bell}
    return context.start_run(kind, "bread", arguments, live="🍞 **bread**: the oven is cold", lock_key="oven")


integration = Integration(
    name="oven",
    settings=OvenSettings,
    client=lambda settings, _: settings.loaves,
    commands=(bake,),
    run_kinds=(RunKind("oven.bake", _bake), RunKind("oven.once", _bake, resumable=False)),
)
