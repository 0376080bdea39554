"""What a build's run is started with, and what its steps have found out: both stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from integrations.jenkins.model import Values
from integrations.jenkins.settings import MAIN

KIND = "jenkins.build"


class BuildOrder(BaseModel):
    """What a build run is started with."""

    model_config = ConfigDict(frozen=True)

    job: str
    server: str = MAIN
    noun: str = "jenkins"
    """How a command to that server is begun in the room it was asked in."""
    parameterised: bool
    given: Values
    """The parameters to send; those left out are Jenkins' to fill in."""
    expected: Values
    """The parameters the build will show, defaults included."""
    next_number: int
    """The job's next build number before anything was asked: what is older is not ours."""
    as_user: str | None = None
    """The user in Jenkins that the requester is by their own credential; None: the bot's own account."""
    requester: str | None = None
    """Who the build's cause shall name, an e-mail address; None where that is left to Jenkins."""

    @property
    def cause(self) -> str | None:
        """What Jenkins shall give as the build's reason."""
        return f"Asked for by {self.requester} in Webex" if self.requester else None


class Progress(BaseModel):
    """What earlier steps of the run found out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    job: str | None = None
    """What the job is called since it was renamed; None: as in the order."""
    queue_id: int | None = None
    joined: bool = False
    shared: bool = False
    """Others asked for the same build: a cancelled run leaves it alone."""
    number: int | None = None
    jenkins_session: str | None = None
    looking: int = 0
    """Looks for a build whose trigger's answer was lost, and how that came about."""
    lost_by: str = ""
    polls: int = 0
    away_since: float | None = None
    stopped: bool = False
    questions: Mapping[str, int] = {}
    """How often each of its questions was put into the thread, by id."""
    waiting: tuple[str, ...] = ()
    """The questions that waited for an answer at the last look, by id."""
    taken_over: bool = False
    """Begun as the requester, and followed as the bot's own account since their credential is gone."""
