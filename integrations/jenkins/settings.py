"""What the Jenkins integration is told: which server, as whom, and which secrets its hook takes."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bot.settings import SecretWords, revealed


class JenkinsSettings(BaseModel):
    """One Jenkins. Everything may be left out: the commands then say what to set."""

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    url: str | None = Field(None, alias="JENKINS_URL")
    """The root as a browser sees it, with the context path if there is one."""
    user: str | None = Field(None, alias="JENKINS_USER")
    """The user the bot is in Jenkins."""
    token: SecretStr | None = Field(None, alias="JENKINS_TOKEN")
    """The user's API token: unlike a password it needs no crumb (measured on 2.463)."""
    hook_secrets: SecretWords = Field((), alias="JENKINS_HOOK_SECRET")
    """What `/hooks/jenkins/…` may end in; several, so that one can be replaced without a gap."""
    timeout: float = Field(10.0, alias="JENKINS_TIMEOUT", gt=0, le=120)
    """Seconds to wait for an answer."""
    log_search_mb: int = Field(500, alias="JENKINS_LOG_SEARCH_MB", ge=1, le=100_000)
    """Megabytes of a log that `jenkins log --grep` reads at most."""

    @field_validator("url")
    @classmethod
    def _root(cls, url: str | None) -> str | None:
        """The root with a slash at its end. Raises ValueError for what is no plain web address."""
        if url is None:
            return None
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be a web address such as https://jenkins.example.com/")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("it must hold no user, token or query: those are JENKINS_USER and JENKINS_TOKEN")
        return url.strip().rstrip("/") + "/"

    def missing(self) -> tuple[str, ...]:
        """The environment's names that are still to be set before anything works."""
        wanted = {"JENKINS_URL": self.url, "JENKINS_USER": self.user, "JENKINS_TOKEN": self.token}
        return tuple(name for name, value in wanted.items() if not value)


def hook_secrets(settings: JenkinsSettings) -> tuple[str, ...]:
    """The secrets the hook's URL may end in."""
    return revealed(settings.hook_secrets)
