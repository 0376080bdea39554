"""What can go wrong with a switch, as types; each says what was asked, what came back and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SwitchError(Exception):
    """A switch did not do what it was asked. The text holds no secret.

    `cause` is the same for every switch that failed in the same way, so that a thousand failures are a few lines.
    `maybe_done` says that a change may have been carried out all the same.
    """

    cause = "the switch did not answer as it should"
    advice = ""

    def __init__(
        self, switch: str, came_back: str, *, asked: str = "", cause: str = "", maybe_done: bool = False
    ) -> None:
        self.switch = switch
        self.asked = asked
        self.came_back = came_back
        self.maybe_done = maybe_done
        if cause:
            self.cause = cause
        what = f"{switch}, {asked}" if asked else switch
        super().__init__(f"{what}: {came_back}. {self.advice}".strip())


class Unreachable(SwitchError):
    """Nobody listens, the name is not known, or the network says no."""

    cause = "no connection"
    advice = (
        "Check that the switch is up, that `feature nxapi` is on, and its host and port in the inventory."
    )


class Refused(Unreachable):
    """The switch is there, and nothing listens on the port."""

    cause = "connection refused"


class Broken(SwitchError):
    """The connection was closed before the answer was complete."""

    cause = "connection broken"
    advice = "Ask again; if it stays so, look at nginx on the switch (`show nxapi`)."


class TimedOut(SwitchError):
    """No whole answer within the seconds a switch is given."""

    cause = "no answer in time"
    advice = "Ask for less, or give it more time (SWITCHES_TIMEOUT)."


class DeadlinePassed(SwitchError):
    """The time of the whole question was up."""

    cause = "not answered by the deadline"
    advice = "Ask these again."


class Cancelled(SwitchError):
    """Whoever asked called it off."""

    cause = "cancelled"


class Untrusted(SwitchError):
    """Its certificate is not the one that was agreed on. Nothing was sent, no password either."""

    cause = "certificate not trusted"
    advice = (
        "Nothing was sent to it. Pin its fingerprint or name its CA in the inventory (`tls:`); if it was pinned, "
        "find out who answers there."
    )


class OldTls(SwitchError):
    """No common TLS version or cipher."""

    cause = "no common TLS"
    advice = "If it is an old switch, set `legacy_tls: true` for it in the inventory."


class Unauthorized(SwitchError):
    """401: the switch does not take this user with this password."""

    cause = "user or password not taken (401)"
    advice = "Check the user and the password in the inventory, and that AAA answers."


class Forbidden(SwitchError):
    """403: the user may not."""

    cause = "not allowed (403)"
    advice = "The user's role on the switch does not permit it."


class NotNxapi(SwitchError):
    """404 or 405: something answers there that is not NX-API."""

    cause = "no NX-API there"
    advice = "Check host, port and protocol in the inventory, and that `feature nxapi` is on."


class TooBusy(SwitchError):
    """The switch has no session left: NX-API keeps five for each user and address (N9k Programmability Guide)."""

    cause = "all its NX-API sessions are taken"
    advice = "Somebody else asks it too. Ask again in a moment."


class BackEndError(SwitchError):
    """500: the command ran too long or the switch's shell failed."""

    cause = "back-end error (500)"
    advice = "Ask for less; it may be too busy."


class TooLarge(SwitchError):
    """413, or more bytes than are taken here."""

    cause = "answer too large"
    advice = "Narrow the command."


class BadAnswer(SwitchError):
    """An answer that is not of the shape NX-API documents."""

    cause = "answer not understood"
    advice = "Check that this is NX-API itself and no proxy or login page before it."


class HtmlAnswer(BadAnswer):
    """A web page."""

    cause = "a web page instead of an answer"


class XmlAnswer(BadAnswer):
    """XML where JSON was asked for."""

    cause = "XML instead of JSON"


class EmptyAnswer(BadAnswer):
    """Nothing at all."""

    cause = "empty answer"


class TruncatedAnswer(BadAnswer):
    """JSON that ends in its middle."""

    cause = "answer cut off"
    advice = "Ask again; if it stays so, narrow the command."


class CommandError(SwitchError):
    """400: the switch does not know or cannot run the command."""

    cause = "command not taken"
    advice = "Try it on the switch: models and versions differ."


@dataclass(frozen=True, slots=True)
class Failures:
    """Switches that failed in the same way."""

    cause: str
    advice: str
    switches: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many."""
        return len(self.switches)


def by_cause(errors: Iterable[SwitchError]) -> tuple[Failures, ...]:
    """The failures by cause, the most frequent first; each switch once for a cause, in the order met."""
    found: dict[str, tuple[str, dict[str, None]]] = {}
    for error in errors:
        found.setdefault(error.cause, (error.advice, {}))[1][error.switch] = None
    groups = [Failures(cause, advice, tuple(names)) for cause, (advice, names) in found.items()]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.cause)))
