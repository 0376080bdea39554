"""Packer: its lines as they were recorded, and Debian's packer itself with builders that need no cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from integrations.stacks.engines.model import (
    Artifact,
    Change,
    Counts,
    Job,
    Moved,
    Outcome,
    Phase,
    Purpose,
    Said,
)
from integrations.stacks.engines.packer import Packer
from integrations.stacks.engines.packer_stream import Artifacts, Line, Words, read_line, words_of
from integrations.stacks.errors import EngineFailed, NotOffered, PlanChanged
from tests.integrations.stacks.jobs import Hearing, job
from tests.integrations.stacks.programs import needed

# --- its lines


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("1795877886,,ui,say,==> bad: Running it", Words("bad", "Running it")),
        ("1795877886,,ui,message,    good: hello%!(PACKER_COMMA) x", Words("good", "hello, x")),
        ("1795877886,,ui,say,==> my image: a: b", Words("my image", "a: b")),
        ("1795877886,,ui,say,\\n==> Some builds had errors:", Words("Some builds had errors", "")),
        ("1795877886,,ui,message,    good:", None),
        ("1795877886,,ui,say,", None),
        ("1795877886,,ui", None),
    ],
)
def test_who_speaks_stands_before_the_words(line: str, read: Words | None) -> None:
    told = read_line(line)
    assert told is not None
    if read is not None and not read.text:
        read = None
    assert words_of(told) == read


def test_escapes_are_undone_in_each_field_alone() -> None:
    assert read_line("1,good,error,a%!(PACKER_COMMA) b\\nc,d") == Line("good", "error", ("a, b\nc", "d"))
    assert read_line("panic: runtime error, sorry") is None


def test_an_artifact_that_a_post_processor_tells_again_counts_once() -> None:
    gathered = Artifacts()
    lines = [
        f"1,image,artifact,{number},{part}"
        for number in (0, 1)
        for part in ("builder-id,packer.file", "id,File", "string,Stored", "file,0,out.txt", "end")
    ]
    told = [gathered.add(line) for text in lines if (line := read_line(text))]
    assert [each for each in told if each] == [Artifact("image", "File", "Stored", ("out.txt",))]
    assert len(gathered.all) == 1


@given(some.text(), some.sampled_from(("artifact", "ui", "error", "x")))
def test_no_line_however_odd_breaks_the_reader(data: str, kind: str) -> None:
    line = read_line(f"1,target,{kind},{data}")
    assert line is not None
    words_of(line)
    Artifacts().add(line)


# --- the program

TEMPLATE = {
    "variables": {"who": "", "password": ""},
    "sensitive-variables": ["password"],
    "builders": [
        {"type": "file", "name": "image", "content": "hi {{user `who`}}", "target": "out.txt"},
        {"type": "null", "name": "other", "communicator": "none"},
    ],
    "provisioners": [{"type": "shell-local", "inline": ["echo making $PACKER_BUILD_NAME"]}],
    "post-processors": [{"type": "manifest", "output": "manifest.json"}],
}


@pytest.fixture(autouse=True)
def _packer(request: pytest.FixtureRequest) -> None:
    if "tmp_path" in request.fixturenames:
        needed("packer", "apt-get install packer")


def packed(folder: Path, template: Mapping[str, Any], only: tuple[str, ...] = (), **values: object) -> Job:
    """A job of packer's."""
    return job(
        folder,
        {"image.json": json.dumps(template)},
        spec={"engine": "packer", "packer": {"template": "image.json", "only": list(only)}},
        secrets={"password": "hunter2-hunter2"},
        **values,
    )


def provisioned(*commands: str) -> dict[str, Any]:
    return {**TEMPLATE, "provisioners": [{"type": "shell-local", "inline": list(commands)}]}


def test_every_builder_is_planned_and_built_and_its_artifact_told(tmp_path: Path) -> None:
    work, hearing = packed(tmp_path, TEMPLATE, who="a, b"), Hearing()
    plan = Packer().plan(work, Purpose.APPLY, hearing.listener)
    assert plan.changes == (Change("file.image", ("create",)), Change("null.other", ("create",)))
    assert plan.counts == Counts(add=2)
    assert not (work.folder / "out.txt").exists()
    result = Packer().apply(work, plan, hearing.listener)
    assert (result.outcome, result.counts, result.errors) == (Outcome.DONE, Counts(add=2), ())
    assert {each.builder: each.files for each in result.artifacts} == {"image": ("out.txt",), "other": ()}
    assert result.outputs["image"].value == "File"
    assert (work.folder / "out.txt").read_text() == "hi a, b"
    assert Said("making image", "image") in hearing.events
    assert {(each.address, each.phase) for each in hearing.of(Moved)} == {
        (name, phase) for name in ("image", "other") for phase in (Phase.STARTED, Phase.DONE)
    }


def test_what_some_builders_made_while_others_erred_is_partial(tmp_path: Path) -> None:
    work, quiet = (
        packed(tmp_path, provisioned("test $PACKER_BUILD_NAME != other"), who="a"),
        Hearing().listener,
    )
    result = Packer().apply(work, Packer().plan(work, Purpose.APPLY, quiet), quiet)
    assert (result.outcome, result.counts) == (Outcome.PARTIAL, Counts(add=1))
    assert [(each.address, each.summary) for each in result.errors] == [
        ("other", "Script exited with non-zero exit status: 1.Allowed exit codes are: [0]")
    ]
    assert [each.builder for each in result.artifacts] == ["image"]


def test_where_no_builder_made_anything_it_failed(tmp_path: Path) -> None:
    work, quiet = packed(tmp_path, provisioned("exit 3"), who="a"), Hearing().listener
    result = Packer().apply(work, Packer().plan(work, Purpose.APPLY, quiet), quiet)
    assert (result.outcome, result.counts, len(result.errors)) == (Outcome.FAILED, Counts(), 2)


def test_only_the_builders_that_are_named_run(tmp_path: Path) -> None:
    work, quiet = packed(tmp_path, TEMPLATE, only=("other",), who="a"), Hearing().listener
    plan = Packer().plan(work, Purpose.APPLY, quiet)
    assert plan.changes == (Change("null.other", ("create",)),)
    assert [each.builder for each in Packer().apply(work, plan, quiet).artifacts] == ["other"]


def test_a_cancelled_build_is_told_to_stop_with_all_it_started(tmp_path: Path) -> None:
    work = packed(tmp_path, provisioned("echo at it", "exec sleep 1000"), who="a")
    plan = Packer().plan(work, Purpose.APPLY, Hearing().listener)
    result = Packer().apply(work, plan, Hearing(until=Said, text="at it").listener)
    assert (result.outcome, result.artifacts, result.left_running) == (Outcome.CANCELLED, (), 0)


def test_no_secret_is_told_logged_or_in_the_plan(tmp_path: Path) -> None:
    work, hearing = packed(tmp_path, provisioned("echo it is {{user `password`}}"), who="a"), Hearing()
    plan = Packer().plan(work, Purpose.APPLY, hearing.listener)
    result = Packer().apply(work, plan, hearing.listener)
    assert result.outcome is Outcome.DONE
    assert "hunter2" not in repr((plan, result, hearing.events)) + plan.file.read_text()
    assert not [path for path in work.private.glob("*.log") if "hunter2" in path.read_text()]


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ({"builders": [{"type": "nope"}]}, "Unknown builder nope"),
        ({}, "at least one builder must be defined"),
    ],
)
def test_a_template_that_is_wrong_is_told_in_packers_words(
    template: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(EngineFailed, match=f"Planning eth: .*{says}"):
        Packer().plan(packed(tmp_path, template), Purpose.APPLY, Hearing().listener)


def test_a_builder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed) as told:
        Packer().plan(packed(tmp_path, TEMPLATE, only=("aws",), who="a"), Purpose.APPLY, Hearing().listener)
    assert "aws" in str(told.value)


def test_what_was_approved_is_for_these_values_alone(tmp_path: Path) -> None:
    quiet = Hearing().listener
    plan = Packer().plan(packed(tmp_path, TEMPLATE, who="a"), Purpose.APPLY, quiet)
    with pytest.raises(PlanChanged, match="what was approved was for other values"):
        Packer().apply(packed(tmp_path, TEMPLATE, who="b"), plan, quiet)


def test_there_is_nothing_to_destroy(tmp_path: Path) -> None:
    with pytest.raises(NotOffered) as told:
        Packer().plan(packed(tmp_path, TEMPLATE), Purpose.DESTROY, Hearing().listener)
    assert str(told.value) == (
        "Destroying eth: packer makes images and keeps no account of them. They are deleted where they lie."
    )
