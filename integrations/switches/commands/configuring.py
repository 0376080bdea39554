"""`switch config`: change the configuration of many switches."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import (
    Command,
    CommandError,
    Effect,
    Form,
    FormField,
    NeedInput,
    Reply,
    Said,
    command,
)
from bot.commands.parameters import DURATION
from bot.commands.parse import Wrong, words_of
from bot.outbound.quoting import code, quote
from bot.webex import WebexError
from integrations.switches.changing import lines as written
from integrations.switches.changing.allowed import rules_of
from integrations.switches.changing.draft import DRAFTS, Draft, draft
from integrations.switches.changing.lines import Line, LinesError, secrets_of
from integrations.switches.changing.model import CHANGE, ChangeOrder
from integrations.switches.commands.asking import checked, client_of, in_words, switches_of, targeted
from integrations.switches.errors import by_cause
from integrations.switches.render import changes as render
from integrations.switches.render.words import counted, names

_MOST_BYTES = 64_000
_LEFT_OUT = 20
"""Silent switches that are named in the target that leaves them out."""
_BATCH = re.compile(r"(\d{1,5})\s*(%?)")


class BatchType(click.ParamType[str]):
    """A number of switches, or a share of them: `20`, `10%`."""

    name = "20|10%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it; what it comes to hangs on how many switches there are."""
        match = _BATCH.fullmatch(str(value).strip())
        if match is None or int(match[1]) < 1 or (match[2] and int(match[1]) > 100):
            self.fail(
                f"{value!r} is neither a number of switches such as 20 nor a share such as 10%.", param, ctx
            )
        return str(value)


def must_be_on(context: Context) -> None:
    """Raises CommandError where configuration from chat is off, which it is unless an owner turned it on."""
    if client_of(context).settings.config == "off":
        raise CommandError(
            "Changing switches from chat is off here. An owner turns it on: `config: on` below "
            "`integrations: switches:` in `sparkops.yaml` (or `SWITCHES_CONFIG=on`), and starts me again."
        )


def _resolve(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The switches that are meant, and the lines, one by one, as rules see them. Raises NeedInput without lines."""
    must_be_on(context)
    found = targeted(context, parameters)
    return {**found, "line": tuple(line.text for line in _lines(context, parameters))}


def _lines(context: Context, parameters: Mapping[str, Any]) -> tuple[Line, ...]:
    words: tuple[str, ...] = parameters["lines"]
    if not words:
        raise NeedInput(_form(context), "Write the lines, nested by indentation.")
    try:
        return written.read(written.text_of(words))
    except LinesError as error:
        raise CommandError(quote(str(error), 800)) from error


def _form(context: Context) -> Form:
    """A field for the lines; what came with the message as a text file stands in it."""
    request = context.request
    words = request.words or words_of(request.line)
    assert not isinstance(words, Wrong)  # it was read before
    field = FormField("lines", "Lines, nested by indentation", multiline=True, default=_attached(context))
    return Form("Change the configuration of switches", words, (field,))


def _attached(context: Context) -> str:
    """The text attached to the message; empty where there is none. Raises CommandError for what is no text."""
    if context.request.message_id is None:
        return ""
    webex = context.services.webex
    try:
        files = webex.get_message(context.request.message_id).files
        if not files:
            return ""
        name, content = webex.download(files[0], _MOST_BYTES)
        return content.decode("utf-8").replace("\r\n", "\n")
    except WebexError as error:
        raise CommandError(f"I could not read the attached file: {quote(str(error), 400)}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{quote(name)} is not text in UTF-8.") from error


def _draft(context: Context, parameters: Mapping[str, Any]) -> Draft:
    """What it would do, found out once for this request. Raises CommandError."""
    request = context.request
    client = client_of(context)
    found, switches = _lines(context, parameters), switches_of(context)
    rules = rules_of(context.services.policy.groups_of(request.person), client.settings.lines)
    text = written.text_from(found)
    if context.services.redactor.redact(text) != text:
        raise CommandError("The lines hold a secret, and what is typed here is kept. Nothing is sent.")
    context.services.redactor.learn(value for switch in switches for value in secrets_of(switch))
    key = (request.key, request.confirmed, request.approved)
    with in_words():
        try:
            return DRAFTS.get(key, lambda: draft(client, switches, found, rules))
        except LinesError as error:
            raise CommandError(quote(str(error), 800)) from error


def _order(context: Context, parameters: Mapping[str, Any]) -> tuple[ChangeOrder, Draft]:
    """The whole order. Raises CommandError where switches do not answer, or none has anything to do."""
    found = _draft(context, parameters)
    if found.errors:
        raise CommandError(_silent(found, parameters["target"]))
    touched = [each for each in found.planned if not each.is_nothing]
    if not touched:
        held = "it" if len(found.planned) == 1 else "all of them"
        raise CommandError(
            f"Nothing to do: {counted(len(found.planned), 'switch')}, and {held} held it already."
        )
    canaries, order = _canaries(parameters["canary"], [each.switch for each in touched])
    if parameters["expect"] is not None and parameters["verify"] is None:
        raise CommandError('`--expect` says what `--verify "show …"` should answer: write that too.')
    verify = str(checked(context, [parameters["verify"]])[0]) if parameters["verify"] else None
    rest = len(order) - canaries
    return ChangeOrder(
        target=parameters["target"],
        text=written.text_from(_lines(context, parameters)),
        switches=tuple(order),
        nothing=tuple(each.switch for each in found.planned if each.is_nothing),
        sent={each.switch: each.sent for each in touched},
        before={each.switch: each.before for each in touched},
        digest=found.digest,
        canaries=canaries,
        batch=_batch(parameters["batch"], rest),
        pause=parameters["pause"].total_seconds(),
        max_failures=parameters["max_failures"],
        verify=verify,
        expect=parameters["expect"],
        save=parameters["save"],
        ignore_health=parameters["ignore_health"],
    ), found


def _silent(found: Draft, target: str) -> str:
    """Who did not tell what they hold, by why, and how to leave them out."""
    told = "; ".join(f"{names(each.switches)} ({quote(each.cause)})" for each in by_cause(found.errors))
    who = [error.switch for error in found.errors]
    holds = "it holds" if len(who) == 1 else "they hold"
    without = code(f"({target}) {' '.join(f'-{name}' for name in who[:_LEFT_OUT])}")
    count = counted(len(who), "switch")
    return f"{count} did not tell what {holds}: {told}. Nothing is changed. Leave them out: {without}."


def _canaries(given: str, touched: list[str]) -> tuple[int, list[str]]:
    """How many canaries, and the switches with those first. Raises CommandError for a name that is not among them."""
    if given.isdigit():
        return max(1, min(int(given), len(touched))), touched
    first = [each.strip() for each in given.split(",") if each.strip()]
    if strange := [name for name in first if name not in touched]:
        raise CommandError(f"The canary {quote(strange[0])} is not among the switches that would be changed.")
    return len(first), [*first, *(name for name in touched if name not in first)]


def _batch(given: str, rest: int) -> int:
    match = _BATCH.fullmatch(given.strip())
    assert match is not None  # BatchType checked it
    count = math.ceil(rest * int(match[1]) / 100) if match[2] else int(match[1])
    return max(1, count)


def _says(context: Context, parameters: Mapping[str, Any]) -> Said:
    order, found = _order(context, parameters)
    count = len(_lines(context, parameters))
    return Said(render.question(order, found, count), render.diff_file(found, order.text))


def _plan(context: Context, parameters: Mapping[str, Any]) -> str:
    """The exact lines of every switch, what each holds now, and how it is gone about."""
    return _order(context, parameters)[0].model_dump_json()


@command(
    "switch config",
    effect=Effect.DESTROY,
    repeatable=True,
    resolve=_resolve,
    says=_says,
    plan=_plan,
    examples=(
        "switch config leaf01 ntp server 10.0.0.1",
        'switch config @leaf "vlan 210" "  name web" --pause 0s',
    ),
)
@click.argument("target")
@click.argument("lines", nargs=-1)
@click.option("--canary", default="1", metavar="N|NAME", help="how many are changed first, or which")
@click.option(
    "--batch", default="10%", type=BatchType(), help="how many are then changed at a time, or which share"
)
@click.option("--pause", default="30s", type=DURATION, help="how long to look at the canary before the rest")
@click.option(
    "--max-failures", default=1, type=click.IntRange(1, 10_000), help="at how many failures all goes back"
)
@click.option("--verify", metavar="SHOW", help="a show asked of each switch after it was changed")
@click.option("--expect", metavar="TEXT", help="what that show must say")
@click.option("--ignore-health", is_flag=True, help="ports, BGP and vPC may be worse afterwards")
@click.option("--save", is_flag=True, help="copy to the startup configuration at the end")
def switch_config(context: Context, target: str, lines: tuple[str, ...], **options: Any) -> Reply:
    """Change the configuration of switches: a checkpoint, a canary, batches, and back again where it fails.

    A line is a word with blanks in it, or all words together are one. Lines are nested by indentation, and `{name}`,
    `{site}` and the inventory's `vars:` stand for what differs by switch. Without lines a form is opened, with the
    text file that was attached in it. Before anything is done you see what would change on every switch.
    """
    parameters = {"target": target, "lines": lines, **options}
    order, _ = _order(context, parameters)
    title = render.title(order, len(_lines(context, parameters)))
    return context.start_run(CHANGE, title, order.model_dump(mode="json"), live=render.started(title))


COMMANDS: tuple[Command, ...] = (switch_config,)
