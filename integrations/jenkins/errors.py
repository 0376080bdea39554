"""What can go wrong with Jenkins, as types; each text says what was asked, what came back and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping


class JenkinsError(Exception):
    """Jenkins did not do what it was asked. The text holds no secret: neither URL queries nor headers.

    `maybe_done` says that a request to change something may have been carried out all the same.
    """

    advice = ""

    def __init__(self, asked: str, came_back: str, advice: str = "", *, maybe_done: bool = False) -> None:
        self.asked = asked
        self.came_back = came_back
        self.maybe_done = maybe_done
        self.kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(self).__name__).lower()
        """Its type in words, as `bad answer`."""
        super().__init__(f"{asked[:1].upper()}{asked[1:]}: {came_back}. {advice or self.advice}".strip())


class Unauthorized(JenkinsError):
    """401: Jenkins does not know this user with this token."""

    advice = "Make a new API token in Jenkins (your user, Security) and set JENKINS_USER and JENKINS_TOKEN."


class Forbidden(JenkinsError):
    """403: the user may not, or is not logged in at all (Jenkins then says "No valid crumb")."""

    advice = (
        "Either the user of JENKINS_USER lacks the permission, or JENKINS_TOKEN is a password: "
        "an API token needs no crumb."
    )


class NotFound(JenkinsError):
    """404: there is no such thing, or the user may not see it."""

    advice = "It may have been renamed or deleted, or JENKINS_USER may not see it."


class Disabled(JenkinsError):
    """409: the job is disabled."""

    advice = "Enable it in Jenkins first."


class BadParameter(JenkinsError):
    """400, 414 or 500 to a trigger: Jenkins does not take the parameters."""

    advice = "Compare the parameters with the job's in Jenkins."


class Starting(JenkinsError):
    """503: Jenkins is booting, and has done nothing."""

    advice = "It usually takes less than a minute; say it again then."


class Unreachable(JenkinsError):
    """No answer: nobody listens, the connection broke, or the time was up."""

    advice = "Check that Jenkins runs and that JENKINS_URL is right as seen from here."


class CredentialGone(JenkinsError):
    """The person's own credential, with which this was to be done, is not there any more."""


class BadAnswer(JenkinsError):
    """An answer that is not Jenkins', or not of the shape it documents."""

    advice = "Check that JENKINS_URL is the root of Jenkins itself, not of a login page before it."


ADVICE_TO_A_PERSON: Mapping[type[JenkinsError], str] = {
    Unauthorized: (
        "I asked with the API token you gave me, and nothing is done with another in its place. Make a new one in "
        "Jenkins (your user, Security) and tell me in our direct room: credentials set jenkins. Or have it done as "
        "my own account: credentials forget jenkins."
    ),
    Forbidden: (
        "I asked as you: either your user in Jenkins lacks the permission, or what you gave me is a password: an "
        "API token needs no crumb."
    ),
    NotFound: "It may have been renamed or deleted, or your user in Jenkins may not see it.",
}
"""What to do about an answer to a call made as a person, with the credential they gave."""


def lacking(permission: str, *, personal: bool) -> str:
    """What to do about a 403 to something that takes this permission in Jenkins, as `Job/Cancel`."""
    if personal:
        return (
            f"I asked as you: your user in Jenkins needs the permission {permission} for it, unless what you gave "
            "me is a password: an API token needs no crumb."
        )
    return (
        f"The user of JENKINS_USER needs the permission {permission} for it, unless JENKINS_TOKEN is a password: "
        "an API token needs no crumb."
    )
