"""What the Jenkins integration is told: which servers, as whom, and which secrets their hooks take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.settings import SecretWords, revealed
from integrations.jenkins.relay.templates import TemplateFault, check

MAIN = "main"
"""The server that the environment names."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")


class Server(BaseModel):
    """One Jenkins. Everything may be left out of the main one: the commands then say what to set."""

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    url: str | None = None
    """The root as a browser sees it, with the context path if there is one."""
    user: str | None = None
    """The user the bot is in Jenkins."""
    token: SecretStr | None = None
    """The user's API token: unlike a password it needs no crumb (measured on 2.463)."""
    hook_secrets: SecretWords = ()
    """What `/hooks/jenkins/…` may end in; several, so that one can be replaced without a gap."""
    timeout: float = Field(10.0, gt=0, le=120)
    """Seconds to wait for an answer."""
    trigger_token: SecretStr | None = None
    """The jobs' own authentication token (Trigger builds remotely): with it, causes name who asked."""
    requester_parameter: str = Field("REQUESTED_BY", min_length=1)
    """The string parameter that is filled with the address of who asked, in jobs that declare it."""

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

    @property
    def complete(self) -> bool:
        """Whether it can be talked to."""
        return bool(self.url and self.user and self.token)


class JenkinsSettings(Server):
    """The Jenkins of the environment, called `main`, and those of `sparkops.yaml`."""

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
    trigger_token: SecretStr | None = Field(None, alias="JENKINS_TRIGGER_TOKEN")
    """The jobs' own authentication token (Trigger builds remotely): with it, causes name who asked."""
    requester_parameter: str = Field("REQUESTED_BY", alias="JENKINS_REQUESTER_PARAMETER", min_length=1)
    """The string parameter that is filled with the address of who asked, in jobs that declare it."""
    look_every: float = Field(15.0, alias="JENKINS_LOOK_EVERY", ge=2, le=3600)
    """Seconds between looks at a server for builds whose report never came; two requests each."""
    log_search_mb: int = Field(500, alias="JENKINS_LOG_SEARCH_MB", ge=1, le=100_000)
    """Megabytes of a log that `jenkins log --grep` reads at most."""
    servers: dict[str, Server] = Field(default_factory=dict)
    """Further servers by name, each with the same fields: `jenkins@NAME jobs` asks one."""
    default: str | None = None
    """The server that is meant where none is named; `main`, or the first of `servers`."""

    committers: dict[str, str] = Field(default_factory=dict)
    """The Webex address of people whom Jenkins or a commit knows by another name: `alice: alice@example.com`."""
    templates: dict[str, str] = Field(default_factory=dict)
    """Jinja templates of reports: `default`, the name of a change (`broke`, `recovered`, ...), or a name of your
    own that a subscription chooses."""

    @field_validator("templates")
    @classmethod
    def _readable(cls, templates: dict[str, str]) -> dict[str, str]:
        """Raises ValueError for one that cannot be read, with its line."""
        for name, source in templates.items():
            try:
                check(source)
            except TemplateFault as fault:
                raise ValueError(f"{name!r} cannot be read: {fault}") from fault
        return templates

    @model_validator(mode="after")
    def _consistent(self) -> JenkinsSettings:
        for name, server in self.servers.items():
            if not _NAME.fullmatch(name) or name == MAIN:
                raise ValueError(
                    f"a server cannot be called {name!r}: a name is in small letters, digits, - and _, "
                    f"and {MAIN!r} is the environment's"
                )
            if not server.complete:
                raise ValueError(f"the server {name!r} needs url, user and token")
        if self.default is not None and self.default not in self.every:
            raise ValueError(f"default names {self.default!r}, and there is no such server")
        return self

    @property
    def every(self) -> Mapping[str, Server]:
        """Each server that can be talked to, by name; the default one comes first."""
        main = {MAIN: self} if self.complete else {}
        named: dict[str, Server] = {**main, **self.servers}
        first = self.default if self.default in named else next(iter(named), MAIN)
        ordered = sorted(named, key=lambda name: name != first)
        return MappingProxyType({name: named[name] for name in ordered})

    def missing(self) -> tuple[str, ...]:
        """The environment's names that are still to be set before the main server works."""
        wanted = {"JENKINS_URL": self.url, "JENKINS_USER": self.user, "JENKINS_TOKEN": self.token}
        return tuple(name for name, value in wanted.items() if not value)


def hook_secrets(settings: JenkinsSettings) -> tuple[str, ...]:
    """The secrets the hook's URL may end in, of all servers."""
    return tuple(dict.fromkeys(secret for secrets in _secrets(settings).values() for secret in secrets))


def sender(settings: JenkinsSettings, secret: str) -> str:
    """The server that knows a secret of the hook; empty where several do, and only the report can tell."""
    names = [name for name, secrets in _secrets(settings).items() if secret in secrets]
    return names[0] if len(names) == 1 else ""


def accounts(settings: JenkinsSettings) -> Mapping[str, Server]:
    """What people may give a credential for: `jenkins` for the main server, `jenkins@prod` for another."""
    return {account(name): server for name, server in {MAIN: settings, **settings.servers}.items()}


def account(server: str) -> str:
    """What a server is called where credentials, subscriptions and stories of several are kept apart."""
    return "jenkins" if server == MAIN else f"jenkins@{server}"


def _secrets(settings: JenkinsSettings) -> dict[str, tuple[str, ...]]:
    named: dict[str, Server] = {MAIN: settings, **settings.servers}
    return {name: revealed(server.hook_secrets) for name, server in named.items()}
