"""Terraform and OpenTofu as programs: init, plan, apply, destroy, refresh, outputs.

Variables go in by a file of mode 0600, the state's credential by the environment, and nothing secret by an
argument. `TF_CLI_CONFIG_FILE`, `TF_LOG` and `TF_CLI_ARGS` of the bot's own environment are not passed on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from integrations.stacks.engines import process, terraform_json
from integrations.stacks.engines.files import write_private
from integrations.stacks.engines.model import (
    Counted,
    Counts,
    Diagnosed,
    Diagnostic,
    Event,
    Held,
    Job,
    Listener,
    Moved,
    Output,
    Phase,
    Plan,
    Purpose,
    Result,
    Said,
    Tool,
    digest_of,
    outcome_of,
)
from integrations.stacks.engines.process import Ended, Stop, Watch
from integrations.stacks.engines.saved import check_digest
from integrations.stacks.engines.secrecy import redaction
from integrations.stacks.engines.terraform_stream import NewLanguage, read_line
from integrations.stacks.engines.tools import find_tool
from integrations.stacks.errors import Cancelled, EngineFailed, StalePlan, UnknownStream

_ALWAYS = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
_BACKEND = "zz_sparkops_backend_override.tf.json"
"""An override file: its backend takes the place of the source's own
(developer.hashicorp.com/terraform/language/files/override)."""
_VARIABLES = "variables.tfvars.json"
_MOST_DIAGNOSTICS = 50
_MOST_WORDS = 60
_ANNOUNCED = ("Terraform encountered problems", "OpenTofu encountered problems")


@dataclass
class _Heard:
    """What is kept of a stream, whatever its length."""

    listener: Listener
    counts: Counts | None = None
    touched: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    new_language: str = ""

    def line(self, line: str) -> None:
        """Take in one line."""
        try:
            event = read_line(line)
        except NewLanguage as error:
            self.new_language = str(error)
            return
        if event is not None:
            self._keep(event)
            self.listener.event(event)

    def words(self, line: str) -> None:
        """Take in a line that is no JSON."""
        if line.strip():
            self.listener.event(Said(line))

    def stop(self) -> Stop:
        """A language that is not understood is no ground to go on."""
        return Stop.GENTLY if self.new_language else self.listener.stop()

    def _keep(self, event: Event) -> None:
        if isinstance(event, Counted):
            self.counts = event.counts
        elif isinstance(event, Moved) and event.phase is Phase.STARTED:
            self.touched += 1  # what was begun and not ended may be there all the same
        elif isinstance(event, Diagnosed) and len(self.diagnostics) < _MOST_DIAGNOSTICS:
            self.diagnostics.append(event.diagnostic)

    @property
    def errors(self) -> list[Diagnostic]:
        """What it ends with."""
        return [each for each in self.diagnostics if each.severity == "error"]


class Terraform:
    """The engine of `engine: terraform`."""

    def tool(self, job: Job) -> Tool:
        """terraform or tofu."""
        return find_tool(job.spec, job.environ)

    def plan(self, job: Job, purpose: Purpose, listener: Listener) -> Plan:
        """Initialise, plan, and save the plan in the job's private folder."""
        return self._plan(job, purpose, listener, purpose.value)

    def apply(self, job: Job, plan: Plan, listener: Listener) -> Result:
        """Apply the saved plan, if it is still the one that was made."""
        attempted = f"applying the plan of {job.spec.name}"
        check_digest(attempted, plan)
        self._be_initialised(job, listener)
        ended, heard = self._run(
            job, listener, "apply-saved", "apply", "-json", "-input=false", "-no-color", str(plan.file)
        )
        self._refuse_new_language(attempted, heard)
        if ended.code != 0 and not heard.touched:
            _raise_known(attempted, heard)
        counts = heard.counts if ended.code == 0 else None
        return Result(
            outcome_of(ended, touched=bool(heard.touched)),
            counts,
            tuple(heard.diagnostics),
            left_running=ended.left,
        )

    def destroy(self, job: Job, listener: Listener) -> Result:
        """A normal plan to destroy, applied."""
        return self.apply(job, self.plan(job, Purpose.DESTROY, listener), listener)

    def refresh(self, job: Job, listener: Listener) -> Plan:
        """A normal plan: `-refresh-only` also reports what providers have only written differently."""
        return self._plan(job, Purpose.APPLY, listener, "refresh")

    def outputs(self, job: Job, listener: Listener) -> Mapping[str, Output]:
        """The outputs in the state."""
        self._be_initialised(job, listener)
        return terraform_json.outputs_of(self._shown(job, listener, "output", "-json", "-no-color"))

    def held(self, job: Job, listener: Listener) -> tuple[Held, ...]:
        """The resources in the state."""
        self._be_initialised(job, listener)
        return terraform_json.held_of(self._shown(job, listener, "show", "-json", "-no-color"))

    def unlock(self, job: Job, lock_id: str, listener: Listener) -> None:
        """Free the lock of a state that is kept elsewhere. Raises EngineFailed where there is no such lock."""
        self._initialise(job, listener)
        ended, heard = self._run(job, listener, "unlock", "force-unlock", "-force", "-no-color", lock_id)
        if ended.code != 0:
            raise _failed(f"freeing the lock {lock_id} of {job.spec.name}", ended, heard)

    def _plan(self, job: Job, purpose: Purpose, listener: Listener, label: str) -> Plan:
        attempted = f"planning {'to destroy ' if purpose is Purpose.DESTROY else ''}{job.spec.name}"
        self._initialise(job, listener)
        file = job.private / f"{label}.plan"
        variables = write_private(job.private / _VARIABLES, json.dumps(job.values.revealed()))
        more = ["-destroy"] if purpose is Purpose.DESTROY else []
        ended, heard = self._run(
            job, listener, f"{label}-plan",
            "plan", "-json", "-input=false", "-no-color", "-detailed-exitcode",
            f"-out={file}", f"-var-file={variables}", *more,
        )  # fmt: skip
        self._refuse_new_language(attempted, heard)
        if ended.code not in (0, 2):
            _raise_known(attempted, heard)
            raise _failed(attempted, ended, heard)
        file.chmod(0o600)
        shown = self._shown(job, listener, "show", "-json", "-no-color", str(file))
        return Plan(
            purpose=purpose,
            file=file,
            digest=digest_of(file),
            counts=heard.counts or Counts(),
            changes=terraform_json.changes_of(shown),
            drift=terraform_json.changes_of(shown, "resource_drift"),
            has_changes=ended.code == 2,
            warnings=tuple(each for each in heard.diagnostics if each.severity == "warning"),
        )

    def _be_initialised(self, job: Job, listener: Listener) -> None:
        """Initialise where this copy of the source was not: what is asked about was planned or made elsewhere."""
        if not (job.folder / ".terraform").is_dir():
            self._initialise(job, listener)

    def _initialise(self, job: Job, listener: Listener) -> None:
        if job.state is not None:
            write_private(job.folder / _BACKEND, json.dumps({"terraform": [{"backend": {"http": {}}}]}))
        ended, heard = self._run(
            job, listener, "init", "init", "-input=false", "-no-color", "-reconfigure", as_json=False
        )
        if ended.code != 0:
            raise _failed(f"initialising {job.spec.name}", ended, heard)

    def _shown(self, job: Job, listener: Listener, *arguments: str) -> dict[str, Any]:
        """What a program tells as one JSON object: read from its file, told nobody, and deleted.

        All values stand in it in plain text, so that it goes through no log.
        """
        said: list[str] = []
        call = self._call(job, f"shown-{arguments[0]}", arguments)
        quiet = Watch(error_line=said.append, stop=listener.stop, redact=redaction(job, listener))
        ended, content = process.run_and_read(call, quiet)
        if ended.code != 0:
            words = " ".join(line.strip() for line in said[-5:]) or f"it exited with {ended.code}"
            raise EngineFailed(f"asking for {arguments[0]} of {job.spec.name}", words)
        shown: dict[str, Any] = json.loads(content)
        return shown

    def _run(
        self, job: Job, listener: Listener, label: str, *arguments: str, as_json: bool = True
    ) -> tuple[Ended, _Heard]:
        heard = _Heard(listener)
        words: list[str] = []

        def complain(line: str) -> None:
            heard.words(line)
            words[:] = [*words[-_MOST_WORDS:], line.strip(" │╷╵")]

        line: Callable[[str], None] = heard.line if as_json else heard.words
        watch = Watch(line=line, error_line=complain, stop=heard.stop, redact=redaction(job, listener))
        ended = process.run(self._call(job, label, arguments), watch)
        if ended.code not in (0, 2) and not heard.errors and any(words):
            heard.diagnostics += _errors_in(words)
        return ended, heard

    def _call(self, job: Job, label: str, arguments: tuple[str, ...]) -> process.Call:
        given = dict(_ALWAYS)
        if job.state is not None:
            state = job.state
            given |= dict.fromkeys(_ADDRESSES, state.address)
            given |= {
                "TF_HTTP_USERNAME": state.username,
                "TF_HTTP_PASSWORD": state.password.get_secret_value(),
            }
        return process.Call(
            argv=(self.tool(job).path, *arguments),
            folder=job.folder,
            private=job.private,
            label=label,
            environment=process.environment(job.environ, job.spec.environment, given),
        )

    @staticmethod
    def _refuse_new_language(attempted: str, heard: _Heard) -> None:
        if heard.new_language:
            raise UnknownStream(
                attempted,
                f"the program speaks version {heard.new_language} of its language, and I read 1",
                "A newer Sparkops may; until then an older terraform is needed.",
            )


_ADDRESSES = ("TF_HTTP_ADDRESS", "TF_HTTP_LOCK_ADDRESS", "TF_HTTP_UNLOCK_ADDRESS")


def _raise_known(attempted: str, heard: _Heard) -> None:
    """Raises the kinds of failure that say what to do next."""
    for each in heard.errors:
        if each.summary == terraform_json.LOCK_SUMMARY:
            raise terraform_json.lock_held(attempted, each.detail)
        if each.summary == terraform_json.STALE_SUMMARY:
            raise StalePlan(
                attempted,
                "the state has changed since it was planned",
                "Plan it again: what was approved was for another state. Nothing was changed.",
            )


def _errors_in(words: list[str]) -> list[Diagnostic]:
    """The errors of a text that is set for a terminal, each as one line, without the one that only announces them."""
    begins = [number for number, line in enumerate(words) if line.startswith("Error: ")] or [0]
    parts = [words[begin:end] for begin, end in pairwise([*begins, len(words)])]
    said = [" ".join(filter(None, part)).removeprefix("Error: ") for part in parts]
    telling = [each for each in said if not each.startswith(_ANNOUNCED)]
    return [
        Diagnostic("error", each) for each in dict.fromkeys(telling or said)
    ]  # init says some of them twice


def _failed(attempted: str, ended: Ended, heard: _Heard) -> EngineFailed | Cancelled:
    if ended.told or ended.killed:
        return Cancelled(attempted, "it was stopped, and nothing was changed")
    says = (
        "; ".join(str(each) for each in heard.errors[:3]) or f"it exited with {ended.code} and said nothing"
    )
    return EngineFailed(attempted, says)
