"""The real ansible-runner with playbooks for this machine: checked, run, failed, cancelled, taken away."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from integrations.stacks.engines.ansible import Ansible
from integrations.stacks.engines.model import (
    Change,
    Counts,
    Diagnostic,
    Job,
    Moved,
    Outcome,
    Output,
    Phase,
    Purpose,
    Said,
)
from integrations.stacks.engines.process import Stop, read_ended
from integrations.stacks.errors import EngineFailed, NotOffered
from tests.integrations.stacks.jobs import Hearing, job
from tests.integrations.stacks.programs import needed
from tests.integrations.stacks.test_chaos import is_ours

SITE = """
    - hosts: all
      gather_facts: false
      tasks:
        - name: write it
          copy: {dest: "{{ target }}", content: "{{ os_pass }}", mode: "0600"}
        - name: log in
          command: "echo {{ os_pass }}"
          no_log: true
          changed_when: false
        - name: tell
          set_stats: {data: {url: "http://x/{{ nodes }}"}}
"""
GONE = """
    - hosts: all
      gather_facts: false
      tasks:
        - name: take it away
          file: {path: "{{ target }}", state: absent}
"""
PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n"
SLEEPING = PLAY + "    - {name: at it, command: 'sleep 1000', when: not ansible_check_mode}\n"


@pytest.fixture(autouse=True)
def _ansible() -> None:
    needed("ansible-runner", "pip install ansible-core ansible-runner")
    needed("ansible-playbook", "pip install ansible-core ansible-runner")


def played(folder: Path, site: str = SITE, *, destroy: bool = True) -> Job:
    """A job of ansible's."""
    told = {"playbook": "site.yml"} | ({"destroy": "gone.yml"} if destroy else {})
    return job(
        folder,
        {"site.yml": site, "gone.yml": GONE},
        spec={"engine": "ansible", "ansible": told},
        secrets={"os_pass": "hunter2-hunter2"},
        nodes=3,
        target=str(folder / "made"),
    )


def test_a_playbook_is_checked_run_and_taken_away(tmp_path: Path) -> None:
    work, hearing, engine = played(tmp_path), Hearing(), Ansible()
    plan = engine.plan(work, Purpose.APPLY, hearing.listener)
    assert plan.changes == (Change("localhost: write it", ("update",)),)
    assert (plan.counts, (tmp_path / "made").exists()) == (Counts(change=1), False)

    result = engine.apply(work, plan, hearing.listener)
    assert (result.outcome, result.counts, result.errors) == (Outcome.DONE, Counts(change=1), ())
    assert result.outputs == {"url": Output("http://x/3")}
    assert engine.outputs(work, hearing.listener) == result.outputs
    assert (tmp_path / "made").read_text() == "hunter2-hunter2"
    assert [each.phase for each in hearing.of(Moved) if each.address == "localhost: write it"] == [
        Phase.DONE,
        Phase.DONE,
    ]
    assert not engine.refresh(work, hearing.listener).has_changes

    gone = engine.destroy(work, hearing.listener)
    assert (gone.outcome, (tmp_path / "made").exists()) == (Outcome.DONE, False)
    assert engine.refresh(work, hearing.listener).has_changes


def test_no_secret_and_no_environment_is_told_logged_or_left(tmp_path: Path) -> None:
    work, hearing = played(tmp_path), Hearing()
    result = Ansible().apply(work, Ansible().plan(work, Purpose.APPLY, hearing.listener), hearing.listener)
    assert "hunter2" not in repr((result, hearing.events))
    left = [path for path in work.private.rglob("*") if path.is_file()]
    assert not [path for path in left if b"hunter2" in path.read_bytes()]
    assert not [path for path in work.private.iterdir() if path.suffix == ".runner"]


def test_a_task_that_fails_is_told_with_its_host_and_what_changed_before_makes_it_partial(
    tmp_path: Path,
) -> None:
    site = PLAY + (
        "    - {name: first, file: {path: '{{ target }}', state: touch, mode: '0600'}}\n"
        "    - {name: look, command: 'false', ignore_errors: true, changed_when: false}\n"
        "    - {name: second, fail: {msg: 'no more room'}, when: not ansible_check_mode}\n"
    )
    work, hearing = played(tmp_path, site), Hearing()
    result = Ansible().apply(work, Ansible().plan(work, Purpose.APPLY, hearing.listener), hearing.listener)
    assert (result.outcome, result.counts) == (Outcome.PARTIAL, Counts(change=1))
    assert result.errors == (Diagnostic("error", "the task 'second' failed", "no more room", "localhost"),)


def test_what_a_hidden_task_says_is_not_told(tmp_path: Path) -> None:
    site = PLAY + "    - {name: hidden, fail: {msg: 'the answer is 42'}, no_log: true}\n"
    with pytest.raises(EngineFailed) as told:
        Ansible().plan(played(tmp_path, site), Purpose.APPLY, Hearing().listener)
    assert str(told.value) == (
        "Planning eth: localhost: the task 'hidden' failed (its result is not shown (no_log))."
    )


def test_a_playbook_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=r"ansible-runner exited with \d+ before any task failed"):
        Ansible().plan(played(tmp_path, "- hosts: ["), Purpose.APPLY, Hearing().listener)


@pytest.mark.parametrize(("stop", "outcome"), [(Stop.GENTLY, Outcome.CANCELLED), (Stop.NOW, Outcome.KILLED)])
def test_a_cancelled_playbook_leaves_no_process(stop: Stop, outcome: Outcome, tmp_path: Path) -> None:
    work = played(tmp_path, SLEEPING)
    plan = Ansible().plan(work, Purpose.APPLY, Hearing().listener)
    result = Ansible().apply(work, plan, Hearing(until=Said, text="task: at it", stop=stop).listener)
    assert (result.outcome, result.left_running) == (outcome, 0)


WORKER = """
import sys
from pathlib import Path
from integrations.stacks.engines.ansible import Ansible
from integrations.stacks.engines.model import Listener, Purpose
from tests.integrations.stacks.test_ansible import SLEEPING, played
work = played(Path(sys.argv[1]), SLEEPING)
plan = Ansible().plan(work, Purpose.APPLY, Listener())
Ansible().apply(work, plan, Listener(lambda event: print(event, flush=True)))
"""


def test_a_playbook_does_not_outlive_its_worker(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        while "task: at it" not in worker.stdout.readline():
            assert worker.poll() is None
        worker.kill()
    while (ended := read_ended(tmp_path / "private" / "apply-saved.ended")) is None:
        time.sleep(0.05)
    assert (ended.told, ended.left) == (True, 0)
    assert not [each.pid for each in psutil.process_iter() if is_ours(each.pid, tmp_path)]


def test_what_no_playbook_takes_away_cannot_be_destroyed(tmp_path: Path) -> None:
    with pytest.raises(NotOffered) as told:
        Ansible().plan(played(tmp_path, destroy=False), Purpose.DESTROY, Hearing().listener)
    assert str(told.value) == (
        "Destroying eth: its stack.yaml names no playbook that does. `ansible: {destroy: …}` names one."
    )
