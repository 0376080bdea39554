"""What a room subscribed to, in words. Pure."""

from __future__ import annotations

from bot.outbound.quoting import code
from integrations.jenkins.relay.wishes import Tells, Wish


def said(wish: Wish) -> str:
    """What is told of the jobs: `what breaks, every 5th failure in a row, what recovers; only of main`."""
    told = {
        Tells.CHANGES: f"what breaks, {_nth(wish.every)} failure in a row, what recovers",
        Tells.FAILURES: "every failure, what recovers",
        Tells.ALL: "every finished build",
    }[wish.tells]
    only = [
        *([f"of the branches {_listed(wish.branches)}"] if wish.branches else []),
        *(
            [f"of those that end {_listed(tuple(each.value.lower() for each in wish.results))}"]
            if wish.results
            else []
        ),
        *([f"of what {_listed(wish.people)} asked for or changed"] if wish.people else []),
    ]
    words = f"{told}; only {' and '.join(only)}" if only else told
    return f"{words}; by the template {code(wish.template)}" if wish.template else words


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(code(each) for each in names)


def _nth(every: int) -> str:
    return {1: "each", 2: "every second", 3: "every third"}.get(every, f"every {every}th")
