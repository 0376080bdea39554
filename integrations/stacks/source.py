"""A stack's source in a working folder of one run's own: copied from the folder of stacks, or fetched from Git."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from integrations.stacks.engines import process
from integrations.stacks.engines.process import Stop, Watch
from integrations.stacks.engines.tools import path_of
from integrations.stacks.errors import Cancelled, MissingProgram, SourceRefused
from integrations.stacks.revision import files_of, inside, revision_of
from integrations.stacks.spec import GitSource, Stack

_FETCH_GRACE = 0.0
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
}
_CAREFUL = ("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=true", "-c", "advice.detachedHead=false")


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of one run. `private` lies beside the source, so that no source can hold what is put there."""

    root: Path
    source: Path
    """The copy of the whole source."""
    folder: Path
    """Where in it the engine runs."""
    private: Path
    """Plans, variables, logs."""
    revision: str
    """The SHA-256 over the stack's folder and its source; of a Git source, over the folder, which names the commit."""
    commit: str | None = None

    def remove(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.root)


def prepare(
    stack: Stack,
    root: Path,
    environ: Mapping[str, str],
    stop: Callable[[], Stop] = lambda: Stop.NO,
) -> Workspace:
    """Make the working folder `root`, which must not be there, with modes 0700, and bring the source into it.

    Raises SourceRefused, MissingProgram where Git is wanted and not there, and Cancelled; what was made of the
    folder is then deleted.
    """
    root.mkdir(mode=0o700, parents=True)
    try:
        return _prepared(stack, root, environ, stop)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def revision_now(stack: Stack) -> str:
    """The revision that `prepare` would give now. Raises SourceRefused."""
    return revision_of(stack.folder, *_beside(stack))


def _prepared(stack: Stack, root: Path, environ: Mapping[str, str], stop: Callable[[], Stop]) -> Workspace:
    source, private = root / "source", root / "private"
    private.mkdir(mode=0o700)
    given, revision = stack.spec.source, revision_now(stack)
    if isinstance(given, GitSource):
        _fetch(stack, given, source, private, environ, stop)
    else:
        _copy_inside(stack, source)
        if revision_of(source) != revision_of(stack.folder / given) or revision_now(stack) != revision:
            raise _refused(stack, "it was changed while it was copied; ask again")
    folder = source / stack.spec.folder
    if not inside(folder, source) or not folder.is_dir():
        raise _refused(stack, f"there is no folder {stack.spec.folder!r} in it")
    commit = given.commit if isinstance(given, GitSource) else None
    return Workspace(root, source, folder, private, revision, commit)


def _beside(stack: Stack) -> tuple[Path, ...]:
    """The source, where it does not lie in the stack's folder and so is hashed with it.

    The commit of a Git source stands in the `stack.yaml`, so that the revision of its folder holds it already.
    """
    source = stack.source
    return () if source is None or inside(source, stack.folder) else (source,)


def _copy_inside(stack: Stack, into: Path) -> None:
    source = stack.source
    assert source is not None, "only a Git source has no folder"
    if not inside(source, stack.root):
        raise _refused(stack, f"{str(stack.spec.source)!r} leads out of the folder of stacks")
    if not source.is_dir():
        raise _refused(stack, f"there is no folder {str(stack.spec.source)!r}")
    into.mkdir(mode=0o700)
    for path in files_of(source):
        target = into / path.relative_to(source)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copy2(path, target, follow_symlinks=False)
        except OSError as error:
            raise _refused(stack, f"{path.name} cannot be copied: {error.strerror}") from error


def _fetch(
    stack: Stack,
    source: GitSource,
    into: Path,
    private: Path,
    environ: Mapping[str, str],
    stop: Callable[[], Stop],
) -> None:
    """One commit, without history where the server gives it so; with all of it where it does not."""
    into.mkdir(mode=0o700)
    git = _Git(stack, into, private, environ, stop)
    git("init", "init", "--quiet")
    if not git.succeeds(
        "fetch", "fetch", "--quiet", "--depth=1", "--no-tags", "--", source.git, source.commit
    ):
        git("fetch-all", "fetch", "--quiet", "--no-tags", "--", source.git, "+refs/heads/*:refs/fetched/*")
    git("checkout", "checkout", "--quiet", "--detach", source.commit)
    if git.said("rev-parse", "rev-parse", "HEAD") != [source.commit]:
        raise _refused(stack, f"the repository gave another commit than {source.commit}")
    shutil.rmtree(into / ".git")
    for _path in files_of(into):
        pass  # raises for what is not taken


class _Git:
    """git, in one folder, quiet, asking nobody, and running no hook of the repository's."""

    def __init__(
        self,
        stack: Stack,
        folder: Path,
        private: Path,
        environ: Mapping[str, str],
        stop: Callable[[], Stop],
    ) -> None:
        path = path_of("git", environ)
        if path is None:
            raise MissingProgram(
                f"fetching the source of {stack.name}", "git is not installed where the worker runs"
            )
        self.path = path
        self.stack, self.folder, self.private, self.stop = stack, folder, private, stop
        self.environment = process.environment(environ, given=_QUIET)

    def __call__(self, label: str, *arguments: str) -> None:
        """Run it. Raises SourceRefused with its words."""
        code, _, errors = self._run(label, arguments)
        if code != 0:
            raise _refused(self.stack, " ".join(errors[-3:]) or f"git {arguments[0]} exited with {code}")

    def succeeds(self, label: str, *arguments: str) -> bool:
        """Whether it does."""
        return self._run(label, arguments)[0] == 0

    def said(self, label: str, *arguments: str) -> list[str]:
        """What it says."""
        return self._run(label, arguments)[1]

    def _run(self, label: str, arguments: tuple[str, ...]) -> tuple[int, list[str], list[str]]:
        said: list[str] = []
        errors: list[str] = []
        call = process.Call(
            argv=(self.path, *_CAREFUL, *arguments),
            folder=self.folder,
            private=self.private,
            label=f"git-{label}",
            environment=self.environment,
            grace=_FETCH_GRACE,
        )
        ended = process.run(call, Watch(line=said.append, error_line=errors.append, stop=self.stop))
        if ended.told or ended.killed:
            raise Cancelled(f"fetching the source of {self.stack.name}", "it was stopped")
        return ended.code, said, errors


def _refused(stack: Stack, why: str) -> SourceRefused:
    return SourceRefused(f"fetching the source of {stack.name}", why)
