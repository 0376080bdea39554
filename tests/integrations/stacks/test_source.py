"""A stack's source in a folder of one run's own, from the folder of stacks or from Git, and its revision."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.stacks.engines.process import Stop
from integrations.stacks.errors import Cancelled, SourceRefused
from integrations.stacks.revision import revision_of
from integrations.stacks.source import prepare, revision_now
from integrations.stacks.spec import Stack, read_stack
from tests.integrations.stacks.programs import needed
from tests.integrations.stacks.test_spec import shelved

LOCAL = "{name: eth, engine: terraform, source: %s}"
MAIN = {"tf/main.tf": "# nothing\n", "tf/bin/run": "#!/bin/sh\n"}


def stack(folder: Path, source: str = "tf", files: dict[str, str] | None = None) -> Stack:
    """A stack in this folder of stacks."""
    return read_stack(shelved(folder, LOCAL % source, name="eth", files=MAIN if files is None else files))


# --- from the folder of stacks


def test_it_is_copied_into_a_folder_that_nobody_else_can_read(tmp_path: Path) -> None:
    of = stack(tmp_path / "stacks")
    (of.folder / "tf/bin/run").chmod(0o755)
    (of.folder / "tf/link").symlink_to("main.tf")
    (of.folder / "tf/.terraform").mkdir()
    (of.folder / "tf/.terraform/x").write_text("left out")
    (of.folder / "tf/terraform.tfstate.backup").write_text("left out")
    space = prepare(of, tmp_path / "work" / "run-7", os.environ)
    there = sorted(str(path.relative_to(space.source)) for path in space.source.rglob("*"))
    assert there == ["bin", "bin/run", "link", "main.tf"]
    assert (space.source / "bin/run").stat().st_mode & stat.S_IXUSR
    assert (space.source / "link").readlink() == Path("main.tf")
    assert (space.folder, space.commit) == (space.source, None)
    for path in (space.root, space.source, space.private):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    space.remove()
    assert not space.root.exists()


def test_its_revision_is_that_of_the_files_that_were_copied(tmp_path: Path) -> None:
    of = stack(tmp_path / "stacks")
    space = prepare(of, tmp_path / "run", os.environ)
    assert space.revision == revision_now(of)
    (of.folder / "tf/main.tf").write_text("# changed")
    assert revision_now(of) != space.revision


def test_a_source_beside_the_stack_counts_to_its_revision(tmp_path: Path) -> None:
    shelved(tmp_path / "stacks", "", name="shared", files={"main.tf": "# nothing"})
    of = stack(tmp_path / "stacks", "../shared", {})
    space = prepare(of, tmp_path / "run", os.environ)
    assert space.revision == revision_now(of)
    (tmp_path / "stacks/shared/main.tf").write_text("# changed")
    assert revision_now(of) != space.revision


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "tf/new").touch(),
        lambda folder: (folder / "tf/main.tf").rename(folder / "tf/other.tf"),
        lambda folder: (folder / "tf/main.tf").write_text("# else\n"),
        lambda folder: (folder / "tf/main.tf").chmod(0o755),
        lambda folder: (folder / "stack.yaml").write_text(
            "{name: eth, engine: terraform, source: tf, about: x}"
        ),
        lambda folder: [(folder / "tf/main.tf").unlink(), (folder / "tf/main.tf").symlink_to("bin/run")],
    ],
)
def test_whatever_changes_in_a_stacks_folder_changes_its_revision(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    of = stack(tmp_path)
    before = revision_of(of.folder)
    change(of.folder)
    assert revision_of(of.folder) != before


def test_where_a_stack_lies_and_when_it_was_written_does_not_count(tmp_path: Path) -> None:
    one, two = stack(tmp_path / "one"), stack(tmp_path / "two")
    os.utime(two.folder / "tf/main.tf", (1, 1))
    assert revision_of(one.folder) == revision_of(two.folder)


def test_what_leads_out_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    of = stack(tmp_path / "stacks")
    (of.folder / "tf/keys").symlink_to("/etc")
    with pytest.raises(SourceRefused, match="Reading the source eth: the link tf/keys leads out of it"):
        prepare(of, tmp_path / "run", os.environ)
    assert not (tmp_path / "run").exists()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    of = stack(tmp_path / "stacks")
    os.mkfifo(of.folder / "tf/pipe")
    with pytest.raises(SourceRefused, match="pipe is neither a file nor a link"):
        prepare(of, tmp_path / "run", os.environ)


def test_what_changes_while_it_is_copied_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = stack(tmp_path / "stacks")
    copy = shutil.copy2

    def copy_and_write(path: Path, target: Path, **more: bool) -> object:
        done = copy(path, target, **more)
        path.write_text("# written meanwhile")
        return done

    monkeypatch.setattr(shutil, "copy2", copy_and_write)
    with pytest.raises(SourceRefused, match="it was changed while it was copied; ask again"):
        prepare(of, tmp_path / "run", os.environ)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_there_already_is_not_used_again(tmp_path: Path) -> None:
    of = stack(tmp_path / "stacks")
    prepare(of, tmp_path / "run", os.environ)
    with pytest.raises(FileExistsError):
        prepare(of, tmp_path / "run", os.environ)


# --- from Git


class Repository:
    """A Git repository with a few commits, reached by a file:// URL."""

    def __init__(self, folder: Path) -> None:
        needed("git", "apt-get install git")
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
        identity |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)} | identity
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")
        return self.git("rev-parse", "HEAD")

    def stack(self, stacks: Path, commit: str, folder: str = "tf") -> Stack:
        source = f'{{git: "file://{self.folder}", commit: "{commit}"}}'
        text = f"{{name: eth, engine: terraform, folder: {folder}, source: {source}}}"
        return read_stack(shelved(stacks, text, name="eth", files={}))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_a_commit_is_fetched_whatever_its_branch_is_now(repository: Repository, tmp_path: Path) -> None:
    pinned = repository.commit(tf__main="one", other="x")
    repository.commit(tf__main="two")
    of = repository.stack(tmp_path / "stacks", pinned)
    space = prepare(of, tmp_path / "run", os.environ)
    assert (space.folder / "main").read_text() == "one"
    assert (space.folder, space.commit) == (space.source / "tf", pinned)
    assert not (space.source / ".git").exists()
    assert space.revision == revision_now(of)
    assert revision_now(repository.stack(tmp_path / "stacks", "0" * 40)) != space.revision


def test_a_commit_that_is_not_there_is_told_in_gits_words(repository: Repository, tmp_path: Path) -> None:
    repository.commit(tf__main="one")
    with pytest.raises(
        SourceRefused, match=r"Fetching the source of eth: .*(?i:not our ref|unable to read|reference)"
    ):
        prepare(repository.stack(tmp_path / "stacks", "0" * 40), tmp_path / "run", os.environ)
    assert not (tmp_path / "run").exists()


def test_no_hook_and_no_link_out_of_a_repository_is_followed(repository: Repository, tmp_path: Path) -> None:
    (repository.folder / "keys").symlink_to("/etc")
    pinned = repository.commit(tf__main="one")
    with pytest.raises(SourceRefused, match="the link keys leads out of it"):
        prepare(repository.stack(tmp_path / "stacks", pinned), tmp_path / "run", os.environ)


def test_a_folder_that_the_commit_does_not_have_is_told(repository: Repository, tmp_path: Path) -> None:
    pinned = repository.commit(tf__main="one")
    with pytest.raises(SourceRefused, match="there is no folder 'ft' in it"):
        prepare(repository.stack(tmp_path / "stacks", pinned, "ft"), tmp_path / "run", os.environ)


def test_fetching_can_be_stopped(repository: Repository, tmp_path: Path) -> None:
    pinned = repository.commit(tf__main="one")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 1000\n")
    slow.chmod(0o755)
    with pytest.raises(Cancelled, match="Fetching the source of eth: it was stopped"):
        prepare(
            repository.stack(tmp_path / "stacks", pinned),
            tmp_path / "run",
            {"PATH": f"{slow.parent}:/usr/bin:/bin"},
            lambda: Stop.GENTLY,
        )
    assert not (tmp_path / "run").exists()
