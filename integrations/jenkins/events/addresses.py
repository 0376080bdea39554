"""Jobs and builds out of the addresses Jenkins gives them, where a report's own name says less. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

from bot.integration import UnreadableEvent
from integrations.jenkins.events.untrusted import clean

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")


def job_in(address: str) -> str:
    """The full name of a job by its address: `job/team/job/api/` is `team/api`.

    The address may be absolute, and may lead through a context path and views. Raises UnreadableEvent.
    """
    names, rest = _walk(address)
    if not names or rest:
        raise UnreadableEvent(
            f"The url {clean(address, 200)!r} is no job's: it must read like job/team/job/api/."
        )
    return "/".join(names)


def build_in(address: str) -> tuple[str, int]:
    """The full name of a job and the number of its build, by any address of that build.

    Raises UnreadableEvent.
    """
    names, rest = _walk(address)
    if not names or not rest or not _NUMBER.fullmatch(rest[0]):
        raise UnreadableEvent(
            f"The url {clean(address, 200)!r} is no build's: it must read like job/team/job/api/142/."
        )
    return "/".join(names), int(rest[0])


def absolute(root: str, address: str) -> str:
    """A relative address under Jenkins' root; as it is where no root is known."""
    try:
        return urljoin(f"{root.rstrip('/')}/", address) if root and address else address
    except ValueError:  # `http://[`, say: then there is nothing to join
        return address


def _walk(address: str) -> tuple[list[str], list[str]]:
    """The names of folders and job on the way, and the segments behind them.

    The pair `view/<name>` may stand anywhere before a job, and anything before the first pair (the context
    path). Branches of a multibranch job are named with `%2F`, which is `%252F` in an address; a proxy that
    decodes it once too often makes no folder of it.
    """
    try:
        segments = [each for each in urlsplit(address).path.split("/") if each]
    except ValueError:
        return [], []
    names: list[str] = []
    at = 0
    while at < len(segments):
        if segments[at] in ("job", "view") and at + 1 < len(segments):
            if segments[at] == "job":
                names.append(unquote(segments[at + 1]).replace("/", "%2F"))
            at += 2
        elif names or segments[at] in ("job", "view"):
            break
        else:
            at += 1
    return names, segments[at:]
