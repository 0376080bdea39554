"""Ansible by ansible-runner as a program: its events as JSON lines, `set_stats` as outputs, check mode as the plan.

Documented at ansible.readthedocs.io/projects/runner (events, `--json`); measured with runner 2.4.3 and core 2.19.
Of events only names and durations are told, never a task's result: what modules return may hold anything. The
status message `starting` carries the whole environment, and is not read at all.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integrations.stacks.engines import process, saved
from integrations.stacks.engines.files import write_private
from integrations.stacks.engines.model import (
    Change,
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
    outcome_of,
)
from integrations.stacks.engines.process import Ended, Watch
from integrations.stacks.engines.secrecy import redaction
from integrations.stacks.engines.tools import find_tool
from integrations.stacks.errors import Cancelled, EngineFailed, NotOffered
from integrations.stacks.spec.model import Ansible as Told

_ENDS = {
    "runner_on_ok": Phase.DONE,
    "runner_on_failed": Phase.ERRORED,
    "runner_on_unreachable": Phase.ERRORED,
}
_OUTPUTS = "outputs.json"


@dataclass
class _Heard:
    listener: Listener
    changed: list[Change] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    ended: bool = False
    """Whether the playbook came to its end, which tells its outputs."""

    def line(self, text: str) -> None:
        """Take in one line; what is no JSON is plain words."""
        try:
            told = json.loads(text)
        except ValueError:
            self.words(text)
            return
        data = told.get("event_data") if isinstance(told, dict) else None
        if isinstance(data, dict):
            self._hear(str(told.get("event")), data)

    def words(self, text: str) -> None:
        """Take in plain words."""
        if text.strip():
            self._tell(Said(text.strip()))

    def _hear(self, event: str, data: Mapping[str, Any]) -> None:
        if event == "playbook_on_task_start":
            self._tell(Said(f"task: {data.get('task')}"))
        elif event == "playbook_on_stats":
            self.ended = True
            outputs = data.get("artifact_data")
            self.outputs = dict(outputs) if isinstance(outputs, dict) else {}
        elif event in _ENDS:
            self._end(_ENDS[event], data)

    def _end(self, phase: Phase, data: Mapping[str, Any]) -> None:
        host, task = str(data.get("host", "")), str(data.get("task", ""))
        given = data.get("res")
        result: Mapping[str, Any] = given if isinstance(given, dict) else {}
        address = f"{host}: {task}"
        if phase is Phase.ERRORED and data.get("ignore_errors"):
            phase = Phase.DONE
        elif phase is Phase.ERRORED:
            said = "its result is not shown (no_log)" if _is_hidden(result) else str(result.get("msg", ""))
            error = Diagnostic("error", f"the task {task!r} failed", " ".join(said.split())[:500], host)
            self.errors.append(error)
            self._tell(Diagnosed(error))
        if phase is Phase.DONE and result.get("changed"):
            self.changed.append(Change(address, ("update",)))
        self._tell(Moved(address, str(data.get("task_action", "")), phase, _seconds(data)))

    def _tell(self, event: Event) -> None:
        self.listener.event(event)


class Ansible:
    """The engine of `engine: ansible`."""

    def tool(self, job: Job) -> Tool:
        """ansible-runner; ansible-core is its own business, and it says so where that is missing."""
        return find_tool(job.spec, job.environ)

    def plan(self, job: Job, purpose: Purpose, listener: Listener) -> Plan:
        """Run the playbook in check mode. What modules cannot foretell is not in it."""
        return self._plan(job, purpose, listener, purpose.value)

    def apply(self, job: Job, plan: Plan, listener: Listener) -> Result:
        """Run the playbook."""
        attempted = f"running {self._playbook(job, plan.purpose)} of {job.spec.name}"
        saved.check(attempted, job, plan)
        ended, heard = self._run(job, plan.purpose, listener, f"{plan.purpose.value}-saved")
        counts = Counts(change=len(heard.changed))
        if ended.code == 0:
            listener.event(Counted(counts, plan.purpose.value))
        if heard.ended:
            write_private(job.private / _OUTPUTS, json.dumps(heard.outputs))
        return Result(
            outcome=outcome_of(ended, touched=bool(heard.changed)),
            counts=counts,
            diagnostics=_diagnostics(ended, heard),
            outputs={name: Output(value) for name, value in heard.outputs.items()},
            left_running=ended.left,
        )

    def destroy(self, job: Job, listener: Listener) -> Result:
        """Run the playbook that takes it away."""
        return self.apply(job, self.plan(job, Purpose.DESTROY, listener), listener)

    def refresh(self, job: Job, listener: Listener) -> Plan:
        """What check mode would change now."""
        return self._plan(job, Purpose.APPLY, listener, "refresh")

    def outputs(self, job: Job, listener: Listener) -> Mapping[str, Output]:
        """What the last run of this job gave out by `set_stats`; ansible itself remembers nothing."""
        file = job.private / _OUTPUTS
        if not file.exists():
            return {}
        return {name: Output(value) for name, value in json.loads(file.read_text(encoding="utf-8")).items()}

    def held(self, job: Job, listener: Listener) -> tuple[Held, ...]:
        """None: ansible keeps no account of what it has made."""
        return ()

    def _plan(self, job: Job, purpose: Purpose, listener: Listener, label: str) -> Plan:
        attempted = f"planning {job.spec.name}"
        ended, heard = self._run(job, purpose, listener, f"{label}-check", "--check")
        if ended.told or ended.killed:
            raise Cancelled(attempted, "it was stopped, and nothing was changed")
        if ended.code != 0:
            says = "; ".join(str(each) for each in _diagnostics(ended, heard)[:3])
            raise EngineFailed(attempted, says)
        return saved.save(job, purpose, label, heard.changed)

    def _run(
        self, job: Job, purpose: Purpose, listener: Listener, label: str, *more: str
    ) -> tuple[Ended, _Heard]:
        folder = self._prepared(job, label, more)
        heard = _Heard(listener)
        call = process.Call(
            argv=(
                self.tool(job).path, "run", str(folder), "--json", "-i", label,
                "-p", self._playbook(job, purpose), "--project-dir", str(job.folder),
            ),
            folder=job.folder,
            private=job.private,
            label=label,
            environment=process.environment(job.environ, job.spec.environment, self._given(job)),
            sweep=True,  # it kills its playbook, whose workers have sessions of their own since ansible-core 2.19
        )  # fmt: skip
        watch = Watch(heard.line, heard.words, listener.stop, redaction(job, listener))
        try:
            return process.run(call, watch), heard
        finally:
            shutil.rmtree(folder)  # its artifacts hold every result of every task

    def _prepared(self, job: Job, label: str, more: tuple[str, ...]) -> Path:
        """A folder as ansible-runner wants it, of mode 0700, with the variables in a file."""
        folder = job.private / f"{label}.runner"
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("", "env", "inventory"):
            (folder / part).mkdir(mode=0o700)
        write_private(folder / "env" / "extravars", json.dumps(job.values.revealed()))
        write_private(folder / "env" / "cmdline", " ".join(more))
        told = self._told(job)
        if told.inventory is None:
            python = json.dumps(told.python or sys.executable)
            host = f"localhost ansible_connection=local ansible_python_interpreter={python}\n"
            write_private(folder / "inventory" / "hosts", host)
        else:
            (folder / "inventory" / "given").symlink_to((job.folder / told.inventory).resolve())
        return folder

    def _given(self, job: Job) -> dict[str, str]:
        """ansible-playbook is looked for beside ansible-runner first; what it writes for itself stays private."""
        beside = str(Path(self.tool(job).path).parent)
        return {
            "PATH": f"{beside}:{job.environ.get('PATH', '/usr/bin:/bin')}",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_LOCAL_TEMP": str(job.private / "ansible-tmp"),
        }

    def _playbook(self, job: Job, purpose: Purpose) -> str:
        told = self._told(job)
        if purpose is Purpose.APPLY:
            return told.playbook
        if told.destroy is None:
            raise NotOffered(
                f"destroying {job.spec.name}",
                "its stack.yaml names no playbook that does",
                "`ansible: {destroy: …}` names one.",
            )
        return told.destroy

    @staticmethod
    def _told(job: Job) -> Told:
        assert job.spec.ansible is not None, "the types see to it"
        return job.spec.ansible


def _diagnostics(ended: Ended, heard: _Heard) -> tuple[Diagnostic, ...]:
    if heard.errors or ended.code == 0 or ended.told or ended.killed:
        return tuple(heard.errors)
    return (Diagnostic("error", f"ansible-runner exited with {ended.code} before any task failed"),)


def _is_hidden(result: Mapping[str, Any]) -> bool:
    return bool(result.get("_ansible_no_log")) or "censored" in result


def _seconds(data: Mapping[str, Any]) -> float:
    duration = data.get("duration")
    return float(duration) if isinstance(duration, int | float) else 0.0
