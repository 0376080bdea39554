"""Packer as a program: validate, inspect, build several images side by side, and tell which of them came out.

An image is made, and there is nothing to destroy afterwards that packer would know of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.stacks.engines import process, saved
from integrations.stacks.engines.files import write_private
from integrations.stacks.engines.model import (
    Change,
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
    outcome_of,
)
from integrations.stacks.engines.packer_stream import Artifacts, error_of, read_line, words_of
from integrations.stacks.engines.process import Ended, Watch
from integrations.stacks.engines.secrecy import redaction
from integrations.stacks.engines.tools import find_tool
from integrations.stacks.errors import Cancelled, EngineFailed, NotOffered
from integrations.stacks.spec.model import Packer as Told

_ALWAYS = {"CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1", "PACKER_LOG": "0"}
_VARIABLES = "variables.pkrvars.json"


@dataclass
class _Heard:
    listener: Listener
    builders: dict[str, str] = field(default_factory=dict)
    """The type of each, by its name."""
    artifacts: Artifacts = field(default_factory=Artifacts)
    errors: dict[str, Diagnostic] = field(default_factory=dict)
    """What ended each builder."""
    complaints: list[str] = field(default_factory=list)
    speaking: set[str] = field(default_factory=set)

    def line(self, text: str) -> None:
        """Take in one line."""
        line = read_line(text)
        if line is None:
            self._tell(Said(text))
        elif line.kind == "template-builder" and len(line.data) > 1:
            self.builders[line.data[0]] = line.data[1]
        elif line.kind == "artifact":
            if made := self.artifacts.add(line):
                self._tell(Moved(made.builder, "build", Phase.DONE))
        elif line.kind == "error":
            self.errors[line.target] = error_of(line)
            self._tell(Moved(line.target, "build", Phase.ERRORED))
            self._tell(Diagnosed(self.errors[line.target]))
        elif line.kind == "ui" and (words := words_of(line)):
            if line.data[0] == "error" and not words.builder:
                self.complaints = [*self.complaints[-9:], words.text]
            if words.builder and words.builder not in self.speaking:
                self.speaking.add(words.builder)
                self._tell(Moved(words.builder, "build", Phase.STARTED))
            self._tell(Said(words.text, words.builder))

    def words(self, text: str) -> None:
        """Take in a line of its errors."""
        if text.strip():
            self._tell(Said(text))

    def _tell(self, event: Event) -> None:
        self.listener.event(event)


class Packer:
    """The engine of `engine: packer`."""

    def tool(self, job: Job) -> Tool:
        """packer."""
        return find_tool(job.spec, job.environ)

    def plan(self, job: Job, purpose: Purpose, listener: Listener) -> Plan:
        """Validate the template, and say which builders would run: nothing is made."""
        if purpose is Purpose.DESTROY:
            raise _nothing_to_destroy(job)
        attempted = f"planning {job.spec.name}"
        write_private(job.private / _VARIABLES, json.dumps(self._variables(job)))
        self._run(job, listener, "validate", attempted, "validate", *self._arguments(job))
        inspected = self._run(job, listener, "inspect", attempted, "inspect", self._template(job))
        told = self._told(job)
        builders = [name for name in inspected.builders if not told.only or name in told.only]
        if not builders:
            raise EngineFailed(attempted, f"there is no builder {' or '.join(told.only)} in {told.template}")
        changes = [Change(f"{inspected.builders[name]}.{name}", ("create",)) for name in sorted(builders)]
        return saved.save(job, purpose, "apply", changes)

    def apply(self, job: Job, plan: Plan, listener: Listener) -> Result:
        """Build. What some builders made stays where others end in an error: that is partial."""
        attempted = f"building {job.spec.name}"
        saved.check(attempted, job, plan)
        write_private(job.private / _VARIABLES, json.dumps(self._variables(job)))
        heard = _Heard(listener)
        arguments = ("build", "-machine-readable", "-color=false", f"-on-error={self._told(job).on_error}")
        ended = self._ran(job, heard, "build", *arguments, *self._arguments(job))
        artifacts = heard.artifacts.all
        errors = tuple(heard.errors.values()) or tuple(
            Diagnostic("error", " ".join(text.split())) for text in heard.complaints if ended.code != 0
        )
        return Result(
            outcome=outcome_of(ended, touched=bool(artifacts)),
            counts=Counts(add=len({each.builder for each in artifacts})),
            diagnostics=errors,
            artifacts=artifacts,
            outputs={each.builder: Output(each.id) for each in artifacts},
            left_running=ended.left,
        )

    def destroy(self, job: Job, listener: Listener) -> Result:
        """Not offered."""
        raise _nothing_to_destroy(job)

    def refresh(self, job: Job, listener: Listener) -> Plan:
        """Not offered: packer does not look at what it has made."""
        raise NotOffered(f"looking at what {job.spec.name} has made", "packer keeps no account of its images")

    def outputs(self, job: Job, listener: Listener) -> Mapping[str, Output]:
        """None beside those of the build itself."""
        return {}

    def held(self, job: Job, listener: Listener) -> tuple[Held, ...]:
        """None: packer keeps no account of its images."""
        return ()

    def _arguments(self, job: Job) -> tuple[str, ...]:
        only = (f"-only={','.join(self._told(job).only)}",) if self._told(job).only else ()
        return (f"-var-file={job.private / _VARIABLES}", *only, self._template(job))

    def _template(self, job: Job) -> str:
        return self._told(job).template

    @staticmethod
    def _told(job: Job) -> Told:
        assert job.spec.packer is not None, "the types see to it"
        return job.spec.packer

    @staticmethod
    def _variables(job: Job) -> dict[str, str]:
        """Packer's JSON templates take text only."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in job.values.revealed().items()
        }

    def _run(self, job: Job, listener: Listener, label: str, attempted: str, *arguments: str) -> _Heard:
        """Run what changes nothing. Raises EngineFailed and Cancelled."""
        heard = _Heard(listener)
        ended = self._ran(job, heard, label, arguments[0], "-machine-readable", *arguments[1:])
        if ended.told or ended.killed:
            raise Cancelled(attempted, "it was stopped, and nothing was changed")
        if ended.code != 0:
            says = "; ".join(" ".join(text.split()) for text in heard.complaints[:3])
            raise EngineFailed(attempted, says or f"packer exited with {ended.code} and said nothing")
        return heard

    def _ran(self, job: Job, heard: _Heard, label: str, *arguments: str) -> Ended:
        call = process.Call(
            argv=(self.tool(job).path, *arguments),
            folder=job.folder,
            private=job.private,
            label=label,
            environment=process.environment(job.environ, job.spec.environment, _ALWAYS),
        )
        redact = redaction(job, heard.listener)
        return process.run(call, Watch(heard.line, heard.words, heard.listener.stop, redact))


def _nothing_to_destroy(job: Job) -> NotOffered:
    return NotOffered(
        f"destroying {job.spec.name}",
        "packer makes images and keeps no account of them",
        "They are deleted where they lie.",
    )
