"""A person's own user and API token in Jenkins: what is asked for, how it is tried, and the client that uses it."""

from __future__ import annotations

from bot.access.credentials import Credential, CredentialField, CredentialKind, CredentialRefused
from bot.commands.context import Services
from bot.outbound.quoting import quote
from integrations.jenkins.client import JenkinsClient, connect_as
from integrations.jenkins.errors import JenkinsError, Unauthorized
from integrations.jenkins.settings import Server, account


def check(credential: Credential, settings: Server) -> str:
    """The name Jenkins knows the credential's owner by (`me/api/json`). Raises CredentialRefused."""
    if settings.url is None:
        raise CredentialRefused("No Jenkins is set up here: `JENKINS_URL` is not set.")
    token = credential.secrets["token"].get_secret_value()
    client = connect_as(credential.plain["user"], token, url=settings.url, timeout=settings.timeout)
    try:
        return client.whoami()
    except Unauthorized as error:
        raise CredentialRefused(
            f"{quote(settings.url)} does not take this user with this token: it answered 401. The user is the "
            "name you log in with; the token is an API token, and not your password."
        ) from error
    except JenkinsError as error:
        raise CredentialRefused(quote(str(error), 600)) from error


CREDENTIALS = CredentialKind(
    fields=(
        CredentialField("user", "Your user name in Jenkins", secret=False),
        CredentialField("token", "An API token of that user"),
    ),
    check=check,
    about="You make an API token in Jenkins: your user, Security, Add new token.",
)


def client_as(person: str, services: Services, bot: JenkinsClient) -> JenkinsClient | None:
    """A client that acts as this person; None where they gave no credential for that server.

    `bot` is the bot's own client of it. Raises CredentialError where what they gave cannot be opened.
    """
    with services.database.transaction() as session:
        credential = services.vault.find(session, person, account(bot.name))
    if credential is None:
        return None
    return bot.of_person(credential.plain["user"], credential.secrets["token"].get_secret_value())
