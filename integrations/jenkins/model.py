"""Jobs, parameters, queue items, builds and stages: what Jenkins answers, made typed and immutable.

The shapes are those of `api/json` (Jenkins 2.463) and of the Pipeline Stage View plugin's `wfapi`.
Times are seconds; where Jenkins has none (-1) they are None.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Values = tuple[tuple[str, str], ...]
"""Parameter names with their values, in the job's order."""


class Result(StrEnum):
    """How a build ended (hudson.model.Result)."""

    SUCCESS = "SUCCESS"
    UNSTABLE = "UNSTABLE"
    FAILURE = "FAILURE"
    NOT_BUILT = "NOT_BUILT"
    ABORTED = "ABORTED"


def read_result(value: object) -> Result | None:
    """The result; None for a missing or unknown one, which is never taken for a success."""
    try:
        return Result(str(value).upper())
    except ValueError:
        return None


def shown_name(full_name: str) -> str:
    """A full name as people write it: a multibranch job's `feature%2Flogin` is `feature/login`."""
    return unquote(full_name)


def _seconds(milliseconds: object) -> object:
    if isinstance(milliseconds, int | float):
        return milliseconds / 1000 if milliseconds >= 0 else None
    return milliseconds


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Seconds = Annotated[float | None, BeforeValidator(_seconds)]
Text = Annotated[str, BeforeValidator(lambda text: text or "")]
"""Empty also where Jenkins says null."""
AnyResult = Annotated[Result | None, BeforeValidator(read_result)]


class Wire(BaseModel):
    """A value that Jenkins sends; what else it sends beside is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Cause(Wire):
    """Why a build was asked for."""

    says: str = Field("", alias="shortDescription")
    user: str | None = Field(None, alias="userId")
    replayed: int | None = Field(None, alias="originalNumber")
    """The build that was replayed (workflow-cps, ReplayCause)."""


def _with_actions(data: Any) -> Any:
    """Parameters and causes are scattered over `actions`, among empty and foreign ones: gather them."""
    if not isinstance(data, dict) or not isinstance(data.get("actions"), list):
        return data
    actions = [action for action in data["actions"] if isinstance(action, dict)]
    values = [each for action in actions for each in action.get("parameters") or ()]
    return {
        **data,
        "parameters": [(each["name"], _as_text(each["value"])) for each in values if "value" in each],
        "causes": [cause for action in actions for cause in action.get("causes") or ()],
        "interrupted": any(
            str(action.get("_class", "")).endswith("InterruptedBuildAction") for action in actions
        ),
    }


class Build(Wire):
    """One build. `result` may be set while `building`: only `outcome` tells how it ended."""

    number: int
    url: str
    kind: str = Field("", alias="_class")
    building: bool = False
    result: AnyResult = None
    queue_id: int | None = Field(None, alias="queueId")
    started: Seconds = Field(None, alias="timestamp")
    """Seconds since the epoch."""
    duration: Seconds = None
    estimated: Seconds = Field(None, alias="estimatedDuration")
    parameters: Values = ()
    causes: tuple[Cause, ...] = ()
    interrupted: bool = False
    """Whether somebody stopped it."""

    _gather = model_validator(mode="before")(_with_actions)

    @property
    def outcome(self) -> Result | None:
        """How it ended; None while it runs, and where Jenkins does not say."""
        return None if self.building else self.result

    @property
    def is_pipeline(self) -> bool:
        """Whether it may have stages."""
        return self.kind.endswith("WorkflowRun")

    @property
    def killed(self) -> bool:
        """Whether a restart of Jenkins ended it: ABORTED by nobody (measured).

        A Pipeline survives a restart; one that is ABORTED by nobody has called itself so.
        """
        return self.outcome is Result.ABORTED and not self.interrupted and not self.is_pipeline


class ParameterKind(StrEnum):
    """The kinds that are told apart here; any other is passed on as text."""

    STRING = "String"
    TEXT = "Text"
    CHOICE = "Choice"
    BOOLEAN = "Boolean"
    PASSWORD = "Password"
    RUN = "Run"
    CREDENTIALS = "Credentials"
    FILE = "File"
    OTHER = "Other"


def _kind(class_name: object) -> ParameterKind:
    stem = str(class_name).removesuffix("ParameterDefinition").rpartition(".")[2]
    if "Password" in stem:
        return ParameterKind.PASSWORD
    known = {kind.value: kind for kind in ParameterKind}
    return known.get(stem, ParameterKind.OTHER)


def _default(value: object) -> object:
    if isinstance(value, dict):
        value = value.get("value")
    return None if value is None else _as_text(value)


class ParameterDefinition(Wire):
    """A parameter a job declares. `default` is None where Jenkins does not show it (passwords)."""

    name: str
    kind: Annotated[ParameterKind, BeforeValidator(_kind)] = Field(ParameterKind.OTHER, alias="type")
    default: Annotated[str | None, BeforeValidator(_default)] = Field(None, alias="defaultParameterValue")
    choices: tuple[str, ...] = ()
    description: Text = ""


def _with_definitions(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    properties = [each for each in data.get("property") or () if isinstance(each, dict)]
    return {
        **data,
        "parameters": [one for each in properties for one in each.get("parameterDefinitions") or ()],
    }


class Job(Wire):
    """A job with its parameters and its last builds."""

    full_name: str = Field(alias="fullName")
    url: str
    buildable: bool
    next_number: int = Field(alias="nextBuildNumber")
    parameters: tuple[ParameterDefinition, ...] = ()
    last: Build | None = Field(None, alias="lastBuild")
    last_completed: Build | None = Field(None, alias="lastCompletedBuild")

    _gather = model_validator(mode="before")(_with_definitions)


class ListedJob(Wire):
    """A job as the list of all shows it. `ball` is its colour, as `blue`, `red_anime` or `disabled`."""

    full_name: str = Field(alias="fullname")
    ball: str = Field("notbuilt", alias="color")


class _Task(Wire):
    url: str = ""
    name: str = ""


class _Executable(Wire):
    number: int


class QueueItem(Wire):
    """A request to build, waiting or already gone into a build.

    An item that left may for a moment have neither `executable` nor `cancelled` (measured).
    """

    id: int
    kind: str = Field("", alias="_class")
    task: _Task = _Task()
    parameters: Values = ()
    causes: tuple[Cause, ...] = ()
    blocked: bool = False
    buildable: bool = False
    stuck: bool = False
    why: str | None = None
    """In Jenkins' words, which change at every look and with its language."""
    since: Seconds = Field(None, alias="inQueueSince")
    """Seconds since the epoch."""
    cancelled: bool = False
    executable: _Executable | None = None

    _gather = model_validator(mode="before")(_with_actions)

    @property
    def left(self) -> bool:
        """Whether it is not in the queue any more."""
        return self.kind.endswith("LeftItem")

    @property
    def number(self) -> int | None:
        """The build it became."""
        return self.executable.number if self.executable else None


class _StageError(Wire):
    message: str = ""


class Stage(Wire):
    """A stage or a parallel branch. A parent may say SUCCESS while its branch failed: look at the leaf."""

    id: str = ""
    """The flow node by which its steps are asked for."""
    name: str
    status: str
    duration: Seconds = Field(None, alias="durationMillis")
    error: _StageError | None = None

    @property
    def waits(self) -> bool:
        """Whether it asks a question and waits for the answer."""
        return self.status == "PAUSED_PENDING_INPUT"


def failing_stage(stages: tuple[Stage, ...]) -> Stage | None:
    """The stage that broke: the last one that says why, else the last that failed."""
    failed = [stage for stage in stages if stage.status == "FAILED"]
    telling = [stage for stage in failed if stage.error and stage.error.message]
    return next(reversed(telling or failed), None)


class Quieting(Wire):
    """Whether Jenkins starts nothing any more, as before a restart, and why somebody said so."""

    on: bool = Field(alias="quietingDown")
    reason: Text = Field("", alias="quietDownReason")


class Triggered(Wire):
    """A build asked for. `joined`: Jenkins put the request to an identical one that waited already."""

    queue_id: int
    joined: bool


def carries(values: Values, expected: Mapping[str, str] | Values) -> bool:
    """Whether a build's or queue item's parameters hold all that is expected."""
    return set(dict(expected).items()) <= set(values)
