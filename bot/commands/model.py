"""What goes into a command and what comes out: requests, effects, replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import click

from bot.access.scopes import Scope
from bot.commands.parameters import is_secret


class Effect(StrEnum):
    """How much a command can hurt. `destroy` always asks its asker to confirm."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


class Entry(StrEnum):
    """By which door a request came in. All doors lead to `execute`, and to the same gate."""

    TEXT = "text"
    CARD = "card"
    TERMINAL = "terminal"
    REST = "rest"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request was made: a room, or no room at all (terminal, REST).

    `ids` holds the room's id first and, after a migration, the ids it had before.
    """

    ids: tuple[str, ...] = ()
    title: str = ""
    type: str = "none"

    @property
    def room_id(self) -> str | None:
        """The room's present id."""
        return self.ids[0] if self.ids else None


@dataclass(frozen=True, slots=True)
class Request:
    """One thing somebody asks for.

    `key` is unique to the request and the same when it is handled again after a crash. Exactly one of
    `line` (typed) and `words` (a submitted form, a confirmed command) carries what is asked.
    """

    key: str
    entry: Entry
    person: str
    place: Place = Place()
    line: str = ""
    words: tuple[str, ...] = ()
    parent_id: str | None = None
    correlation_id: str = ""
    received_at: datetime | None = None
    message_id: str | None = None
    """The message it was written in, where it was written in one."""
    present: bool = False
    """Whether Webex itself has just shown that the person is in the room; otherwise it is asked."""
    scope: Scope | None = None
    """What the REST token it came by may be used for."""
    confirmed: str | None = None
    """The code of the confirmation that let it pass."""
    approved: str | None = None
    """The code of the approval that lets it pass."""

    @property
    def text(self) -> str:
        """What was asked, as one line."""
        return self.line or join_words(self.words)


@dataclass(frozen=True, slots=True)
class File:
    """A file to go with a reply."""

    name: str
    content: bytes
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the asker sees. The answer first, then how to do the next thing.

    `mentions` lists the mentions this reply may make, as they are written after `<@`
    (`personEmail:ada@example.com`); any other is made inert. Where
    `run_id` is set, a room sees the run's live message in place of `markdown`. `reveals` is a text of its
    own that goes to the asker past the redactor and is stored nowhere, so that it comes once or not at all.
    `direct` sends it to the asker alone, in our direct room: the room it was asked in may be one just left.
    """

    markdown: str
    card: Mapping[str, Any] | None = None
    file: File | None = None
    mentions: tuple[str, ...] = ()
    run_id: int | None = None
    reveals: str = field(default="", repr=False)
    direct: bool = False


Handler = Callable[..., "Reply | Rerun"]


@dataclass(frozen=True, slots=True)
class Said:
    """What exactly a command will do, and a file with all of it where that is too much for a message."""

    text: str
    file: File | None = None


Says = Callable[[Any, Mapping[str, Any]], "str | Said"]
"""Given the Context and the parameters, what exactly a command will do. It may raise NeedInput or CommandError."""
Resolve = Callable[[Any, Mapping[str, Any]], Mapping[str, tuple[str, ...]]]
"""Given the Context and the parameters, the arguments by name as they really are: short names made full ones."""
Plan = Callable[[Any, Mapping[str, Any]], str]
"""Given the Context and the parameters, a fingerprint of what would be done now (a plan's hash, a revision)."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """A handler's answer that stands for another request: `confirm` gives the confirmed command back."""

    request: Request


@dataclass(frozen=True, slots=True)
class Command:
    """A declared command.

    `name` is `noun verb`, or one word. `click` holds the parameters and calls the handler with a
    Context first. `repeatable` says that the handler may be entered twice for one request (it only
    reads, or starts a run under the request's key); any other is guarded by an attempt row.
    """

    name: str
    click: click.Command
    effect: Effect
    examples: tuple[str, ...]
    repeatable: bool
    summary: str
    details: str
    says: Says | None = None
    """What exactly will happen, asked before a confirmation (which `destroy` always needs) or an approval."""
    resolve: Resolve | None = None
    """What was meant by words that may be short for something: the policy decides about that."""
    quotes: bool = False
    """Whether its words hold another command, as those of `why` do."""
    plan: Plan | None = None
    """What a confirmation and an approval are bound to beside the arguments: where it changes, they are void."""

    @property
    def words(self) -> tuple[str, ...]:
        """The name, word by word."""
        return tuple(self.name.split())

    def said(self, context: Any, parameters: Mapping[str, Any]) -> Said:
        """What exactly it will do; nothing where it does not say."""
        says = self.says(context, parameters) if self.says else ""
        return Said(says) if isinstance(says, str) else says

    @property
    def takes_secrets(self) -> bool:
        """Whether a parameter is typed as secret: then what was asked is nowhere kept as it was typed."""
        return any(is_secret(each) for each in self.click.params)

    @property
    def usage(self) -> str:
        """The command line with its parameters, as help shows it."""
        shown = [_usage(each) for each in self.click.params if not getattr(each, "hidden", False)]
        return " ".join([self.name, *shown])

    def written(self, parameter: str) -> str:
        """A parameter by its name, as usage shows it: `NUMBER`, `--to`."""
        return next(_written(each) for each in self.click.params if each.name == parameter)


def _usage(parameter: click.Parameter) -> str:
    shown = _written(parameter)
    if isinstance(parameter, click.Option):
        shown += "" if parameter.is_flag else " …"
    elif parameter.nargs != 1:
        shown += "…"
    return shown if parameter.required else f"[{shown}]"


def _written(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        return parameter.opts[-1]
    return parameter.make_metavar(click.Context(click.Command("x"))).strip("[]{}.")


def command(
    name: str,
    *,
    effect: Effect = Effect.READ,
    examples: tuple[str, ...] = (),
    repeatable: bool | None = None,
    says: Says | None = None,
    resolve: Resolve | None = None,
    plan: Plan | None = None,
    options_first: bool = False,
    quotes: bool = False,
) -> Callable[[Handler], Command]:
    """Declare a command. Click's `argument` and `option` decorators go below it; the docstring is its help.

    With `options_first`, what looks like an option behind the first argument belongs to that argument.
    Raises ValueError at import for a declaration without docstring, or a `destroy` that cannot say
    what it will do, or that takes secrets: what waits for a yes is kept, and a secret may not be.
    """

    def declare(handler: Handler) -> Command:
        text = (handler.__doc__ or "").strip()
        if not text:
            raise ValueError(f"The command {name!r} has no docstring, so it would have no help.")
        if effect is Effect.DESTROY and says is None:
            raise ValueError(f"The command {name!r} destroys and must say what exactly will happen.")
        summary, _, details = text.partition("\n")
        words = {"ignore_unknown_options": True, "allow_interspersed_args": False} if options_first else {}
        made = click.command(name=name, add_help_option=False, context_settings=words)(handler)
        if effect is Effect.DESTROY and any(is_secret(each) for each in made.params):
            raise ValueError(f"The command {name!r} destroys, and so may take no secrets.")
        return Command(
            name=name,
            click=made,
            effect=effect,
            examples=examples,
            repeatable=effect is Effect.READ if repeatable is None else repeatable,
            summary=summary.strip(),
            details="\n".join(line.strip() for line in details.strip().splitlines()),
            says=says,
            resolve=resolve,
            plan=plan,
            quotes=quotes,
        )

    return declare


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a card form.

    `choices` makes it a list to pick from; `many` takes several words, `multiline` several lines.
    """

    name: str
    label: str
    required: bool = True
    choices: tuple[str, ...] = ()
    default: str = ""
    toggle: bool = False
    prefix: str = ""
    """Put before the value when the form becomes words: `--tail ` or `BRANCH=`."""
    many: bool = False
    multiline: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A question for the arguments a command still needs."""

    title: str
    words: tuple[str, ...]
    fields: tuple[FormField, ...]


class NeedInput(Exception):
    """Raised by a handler that finds it needs more (a Jenkins job with parameters): opens a form."""

    def __init__(self, form: Form, hint: str) -> None:
        super().__init__(hint)
        self.form = form
        self.hint = hint


class CommandError(Exception):
    """What a person did or asked cannot be done; the text is shown to them as it is.

    It says what was attempted, what came back and what to do.
    """


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: for the audit row, and for whoever waits for the replies."""

    replies: tuple[Reply, ...]
    command: str
    decision: str
    rule: str
    result: str
    line: str = ""
    """What was carried out, where the request only stood for it (a confirmation)."""
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The parameters by name, as words; what is typed as secret is masked."""
    approvers: tuple[str, ...] = ()
    """Who agreed, where that was needed."""
    reason: str = ""
    """Where it was denied: why, in a sentence."""


def join_words(words: tuple[str, ...]) -> str:
    """Words as one typed line: those with blanks or quotes are quoted."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if word and not any(character.isspace() or character in "\"'`\\" for character in word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
