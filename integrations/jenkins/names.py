"""Find the job somebody means: by its exact name, a unique ending of it, or what comes nearest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

from integrations.jenkins.model import shown_name


class NoSuchJob(Exception):
    """No job, or more than one, is named so. `likely` holds the full names that may be meant."""

    def __init__(self, typed: str, likely: tuple[str, ...], *, ambiguous: bool = False) -> None:
        super().__init__(typed)
        self.typed = typed
        self.likely = likely
        self.ambiguous = ambiguous


def find_name(typed: str, full_names: Sequence[str]) -> str:
    """The full name that `typed` stands for; capitals make no difference. Raises NoSuchJob.

    `deploy` finds `team/deploy` if no other job ends so, and `feature/x` finds `mb/feature%2Fx`.
    """
    wanted = typed.strip("/").casefold()
    spelled = {name: (name.casefold(), shown_name(name).casefold()) for name in full_names}
    for fits in (lambda name: name == wanted, lambda name: name.endswith(f"/{wanted}")):
        found = tuple(name for name, spellings in spelled.items() if any(map(fits, spellings)))
        if len(found) == 1:
            return found[0]
        if found:
            raise NoSuchJob(typed, found[:5], ambiguous=True)
    within = [name for name, (_, shown) in spelled.items() if shown.startswith(f"{wanted}/")]
    lasts = {shown.rpartition("/")[2]: name for name, (_, shown) in spelled.items()}
    shown_names = {shown: name for name, (_, shown) in spelled.items()}
    near = [shown_names[each] for each in get_close_matches(wanted, list(shown_names), n=3, cutoff=0.6)]
    near += [lasts[each] for each in get_close_matches(wanted, list(lasts), n=3, cutoff=0.6)]
    raise NoSuchJob(typed, tuple(dict.fromkeys([*within[:5], *near]))[:5])


def matches(full_name: str, glob: str) -> bool:
    """Whether a glob means this job, by its full name or as people write it; capitals make no difference."""
    spellings = (full_name.casefold(), shown_name(full_name).casefold())
    return any(fnmatchcase(each, glob.casefold()) for each in spellings)


def named_in(url: str) -> tuple[str, int | None]:
    """The full name and the build's number in an address that Jenkins gives; an empty name where there is no job.

    `…/job/team/job/api/12/` is `team/api` and 12; what follows the number is no part of it.
    """
    segments = [unquote(each) for each in urlsplit(url).path.split("/") if each]
    names: list[str] = []
    while "job" in segments[:1] or (not names and "job" in segments):
        at = segments.index("job")
        names += segments[at + 1 : at + 2]
        segments = segments[at + 2 :]
    number = int(segments[0]) if segments and segments[0].isdecimal() else None
    return "/".join(names), number
