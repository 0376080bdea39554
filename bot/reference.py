"""`python -m bot reference DIR`: write the reference pages from the code, so that they cannot say anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.access.policy import OPEN_COMMANDS
from bot.app import make_app
from bot.assembly import Parts, make_web
from bot.commands.builtin import COMMANDS
from bot.commands.model import Command, Effect
from bot.commands.registry import Registry
from bot.config_file import AccessRule, ApprovalRule, ConfigFile, LimitRule, Rate
from bot.durations import span
from bot.guest_policy import Guests
from bot.health import COUNTED, COUNTERS, GAUGES
from bot.integration import Integration, Loaded, find_integrations
from bot.outbound.redact import Redactor
from bot.settings import Settings
from bot.stale_policy import StaleRooms
from bot.store.database import Database

READ_ELSEWHERE = (
    ("SPARKOPS_CONFIG", "`sparkops.yaml`", "The path of `sparkops.yaml`; one that is named must be there."),
    ("PLAYGROUND_PORT", "`8081`", "The port of the playground under `run`; 0 takes a free one."),
    ("HOST", "`0.0.0.0`", "The address the web process listens on; under `run`, `127.0.0.1`."),
    ("WEB_CONCURRENCY", "`2`", "Web processes; under `run`, 1."),
    ("WEB_THREADS", "`16`", "Threads of each web process."),
    (
        "SPARKOPS_POSTGRES_USER",
        "`nobody`",
        "The account that runs the embedded PostgreSQL where root starts it.",
    ),
)
"""What is read before there are settings, or by others than the settings: name, default, meaning."""

_MADE = "<!-- Written by `make docs` from the code. Change it there. -->"
_EFFECTS = {
    Effect.READ: "",
    Effect.CHANGE: " It changes something.",
    Effect.DESTROY: " It destroys something, and asks its asker to confirm.",
}


def write(folder: Path) -> tuple[Path, ...]:
    """Write every page into `folder`, making it where it is missing; returns the files. Raises OSError."""
    integrations = find_integrations(Settings.model_validate({}))
    registry = Registry([*COMMANDS, *(command for each in integrations for command in each.commands)])
    pages = {
        "commands.md": commands_page(registry),
        "settings.md": settings_page(integrations),
        "http.md": http_page(registry, integrations),
        "metrics.md": metrics_page(integrations),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (folder / name).write_text(page, encoding="utf-8")
    return tuple(folder / name for name in pages)


def commands_page(registry: Registry) -> str:
    """Every command by its noun: how it is written, what it does, its options, examples."""
    lines = [
        "# Commands", "", _MADE, "",
        "Mention the bot in a room, or write to it directly. The same lines work in the terminal "
        "(`python -m bot chat`) and over REST.", "",
        "Brackets mean that it may be left out, `…` that there may be several. A missing argument opens a form.",
    ]  # fmt: skip
    for noun, group in groupby(registry, key=lambda each: each.words[0]):
        lines += ["", f"## {noun}"]
        for each in group:
            lines += ["", *_command(each)]
    return _page(lines)


def _command(command: Command) -> Iterator[str]:
    if len(command.words) > 1:
        yield from (f"### {command.name}", "")
    yield f"`{command.usage}`"
    yield ""
    yield f"{command.summary}{_EFFECTS[command.effect]}"
    if command.name in OPEN_COMMANDS:
        yield "Everyone may run it where no rule denies it."
    if command.details:
        yield from ("", command.details)
    options = [each for each in command.click.params if isinstance(each, click.Option)]
    if options:
        rows = [(f"`{', '.join(each.opts)}`", each.help or "", _option_default(each)) for each in options]
        yield from ("", *_table(("option", "", "default"), rows))
    if command.examples:
        yield from ("", "```chat", *command.examples, "```")


def _option_default(option: click.Option) -> str:
    return f"`{option.default}`" if isinstance(option.default, int | str) and not option.is_flag else ""


def settings_page(integrations: Iterable[Integration]) -> str:
    """Every environment variable and every key of sparkops.yaml."""
    lines = [
        "# Settings", "", _MADE, "",
        "Settings come from the environment. In place of `NAME`, `NAME_FILE` may name a file that holds the "
        "value, for every name but those in the second table. `python -m bot doctor` says what is missing.",
        "", "## The bot", "", *_environment(Settings),
        "", "## Read before there are settings", "", *_table(
            ("name", "default", "what it is"),
            [(f"`{name}`", default, says) for name, default, says in READ_ELSEWHERE],
        ),
    ]  # fmt: skip
    for each in integrations:
        if each.settings is not None:
            lines += ["", f"## The integration {each.name}", "", *_environment(each.settings)]
    lines += [
        "", "## sparkops.yaml", "",
        "`${NAME}` stands for a variable of the environment. Secrets do not belong into this file.",
        "", *_keys(ConfigFile),
        *_part("A rule of `access`", AccessRule),
        *_part("A rule of `approvals`", ApprovalRule),
        *_part("A rule of `limits`", LimitRule),
        *_part("A policy of `stale_rooms`", StaleRooms),
        *_part("`guests`", Guests),
    ]  # fmt: skip
    return _page(lines)


def _part(title: str, model: type[BaseModel]) -> list[str]:
    """The keys of one kind of entry in `sparkops.yaml`."""
    return ["", f"### {title}", "", cleandoc(model.__doc__ or ""), "", *_keys(model)]


def _environment(model: type[BaseModel]) -> list[str]:
    rows = [
        (f"`{field.alias}`", _default(field), _one_line(field.description or ""))
        for field in model.model_fields.values()
        if field.alias
    ]
    return _table(("name", "default", "what it is"), rows)


def _keys(model: type[BaseModel]) -> list[str]:
    rows = [
        (f"`{field.alias or name}`", _default(field), _one_line(field.description or ""))
        for name, field in model.model_fields.items()
    ]
    return _table(("key", "default", "what it is"), rows)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(needed)"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, SecretStr | Guests) or value in ("", (), {}):
        return ""
    if isinstance(value, timedelta):
        return f"`{span(value)}`"
    if isinstance(value, BaseModel) and not isinstance(value, Rate):
        return ""  # its keys have a table of their own
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{value}`"


def http_page(registry: Registry, integrations: Iterable[Integration]) -> str:
    """Every route of the web process, as its view's docstring tells it."""
    settings = Settings.model_validate({"WEBEX_WEBHOOK_SECRET": "none"})
    loaded = {each.name: _loaded(each) for each in integrations if each.routes is not None}
    parts = Parts(settings, loaded, Redactor(()), registry, {})
    app = make_app(
        make_web(parts, Database("postgresql://nowhere/none"))
    )  # nothing connects before a request
    lines = ["# HTTP", "", _MADE]
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        if rule.endpoint == "static":
            continue
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        shown = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule.rule)
        says = cleandoc(app.view_functions[rule.endpoint].__doc__ or "")
        lines += ["", f"## {' '.join(methods)} `{shown}`", "", says]
    hooks = [f"`/hooks/{each.name}/<secret>`" for each in integrations if each.hook is not None]
    if hooks:
        lines += ["", "## Integrations with a hook", "", *(f"- {each}" for each in hooks)]
    return _page(lines)


def _loaded(integration: Integration) -> Loaded:
    return Loaded(integration, integration.settings.model_validate({}) if integration.settings else None)


def metrics_page(integrations: Iterable[Integration]) -> str:
    """Every figure `/metrics` shows."""
    counted = COUNTED | {name: told for each in integrations for name, told in each.counted.items()}
    rows = [
        *_metrics({name: (says, labels) for name, (says, labels, _query) in GAUGES.items()}, "gauge", ""),
        *_metrics(
            {name: (says, labels) for name, (says, labels, _query) in COUNTERS.items()}, "counter", "_total"
        ),
        *_metrics({f"sparkops_{name}": told for name, told in counted.items()}, "counter", "_total"),
    ]
    intro = (
        "`GET /metrics` answers in Prometheus' text format. The figures are read from the database at each "
        "scrape, so every web process tells the same: scrape one. A counter that never counted is not shown."
    )
    return _page(
        ["# Metrics", "", _MADE, "", intro, "", *_table(("name", "kind", "labels", "what it is"), rows)]
    )


def _metrics(told: Mapping[str, tuple[str, str]], kind: str, suffix: str) -> Iterator[tuple[str, ...]]:
    for name, (says, labels) in told.items():
        shown = ", ".join(f"`{label}`" for label in labels.split(",") if label)
        yield f"`{name}{suffix}`", kind, shown, f"{says}."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
