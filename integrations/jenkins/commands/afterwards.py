"""Look how Jenkins stands after it was asked for a change, and never let that hide that it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.commands.model import CommandError
from bot.outbound.quoting import quote
from integrations.jenkins.errors import JenkinsError


@contextmanager
def looked_up(lost: JenkinsError | None, doing: str) -> Iterator[None]:
    """Within, Jenkins is looked at after a change was asked of it; where that does not go, the change is named.

    `lost` is the error of the change itself, where its answer was lost; `doing` is what was asked, in markdown.
    """
    try:
        yield
    except JenkinsError as error:
        first = f"{quote(str(lost), 600)} " if lost else ""
        raise CommandError(
            f"{first}{doing} was asked of Jenkins, and I could not look what came of it. {quote(str(error), 600)}"
        ) from error
