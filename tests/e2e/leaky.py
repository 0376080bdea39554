"""An integration that leaks wherever one can: into replies, files, logs, exceptions, runs and their outputs."""

from __future__ import annotations

import json
from typing import Any

import click
import structlog
from pydantic import BaseModel, Field, SecretStr

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, File, Reply, command
from bot.commands.parameters import ASSIGNMENT, Assignment
from bot.integration import CheckResult, Integration
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State

log = structlog.get_logger(__name__)


class LeakySettings(BaseModel):
    """A secret of its own."""

    key: SecretStr = Field(SecretStr(""), alias="LEAKY_KEY")


def _everything(context: Context) -> str:
    """Every secret this process can lay hands on, as a careless author might print them."""
    settings = context.services.settings
    return json.dumps(
        {
            "settings": repr(settings) + settings.model_dump_json(),
            "environment": dict(settings.environment),
            "client": context.services.clients["leaky"],
        }
    )


@command("leak reply", examples=("leak reply",))
def leak_reply(context: Context) -> Reply:
    """Say every secret, and send them as a file."""
    everything = _everything(context)
    return Reply(everything, file=File("secrets.json", everything.encode(), "application/json"))


@command("leak error", examples=("leak error",))
def leak_error(context: Context) -> Reply:
    """End in an exception that carries them."""
    everything = _everything(context)
    raise RuntimeError(f"connecting with {everything}")


@command("leak refusal", examples=("leak refusal",))
def leak_refusal(context: Context) -> Reply:
    """Tell the asker what went wrong, secrets and all."""
    raise CommandError(f"I asked with {_everything(context)}, and was refused.")


@command("leak log", examples=("leak log",))
def leak_log(context: Context) -> Reply:
    """Write them to the log, as text and as fields."""
    everything = _everything(context)
    log.warning("leak.text", everything=everything, parts=[everything, {"key": everything}])
    return Reply("Written.")


@command("leak run", effect=Effect.CHANGE, repeatable=True, examples=("leak run token=abc",))
@click.argument("arguments", nargs=-1, type=ASSIGNMENT)
def leak_run(context: Context, arguments: tuple[Assignment, ...]) -> Reply:
    """Start a run whose arguments, log, outputs and end hold them."""
    given = {each.name: each.value for each in arguments} | {"everything": _everything(context)}
    return context.start_run("leaky", f"leak with {given}", given, live=f"Leaking {given}")


def _leak(view: RunView, control: StepControl, services: Any) -> Wait | End:
    key = services.clients["leaky"]
    outputs = {"db_password": {"sensitive": True, "type": "string", "value": key}}
    control.log(f'db_password = "{key}"')
    control.attempt("apply", f"applying with {key}", lambda: {"outputs": outputs})
    if view.state is State.REQUESTED:
        return Wait(
            0.0, State.RUNNING, progress={"outputs": outputs}, live=f"outputs: {outputs}", why=str(outputs)
        )
    return End(State.DONE, f"outputs {outputs}", live=f"✅ {outputs}", told=f"✅ {json.dumps(outputs)}")


def _check(services: Any) -> tuple[CheckResult, ...]:
    return (CheckResult("leaky", False, f"the key {services.clients['leaky']} was refused"),)


integration = Integration(
    name="leaky",
    settings=LeakySettings,
    client=lambda settings, _core: settings.key.get_secret_value(),
    commands=(leak_reply, leak_error, leak_refusal, leak_log, leak_run),
    run_kinds=(RunKind("leaky", _leak),),
    checks=(_check,),
)
