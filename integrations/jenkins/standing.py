"""How the bot stands with a Jenkins, for doctor: with what it logs in, what is installed, whether reports arrive.

Everything here is a read; the one POST is to the remote API itself, which changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import Session

from bot.inbound.inbox import DOOR
from bot.store.models import InboxEvent
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import Forbidden, NotFound
from integrations.jenkins.servers import Servers
from integrations.jenkins.store.models import JenkinsBuild

PLUGINS = {
    "pipeline-rest-api": "the stages of Pipelines and their questions",
    "junit": "tests",
}
"""The plugins whose answers are asked for, by short name, and what there is to tell with each."""


def needs_crumb(client: JenkinsClient) -> bool:
    """Whether what I log in with is a password: Jenkins lets nothing be changed with it without a crumb (measured)."""
    try:
        client.transport.post("api/json", "asking Jenkins whether I need a crumb", query={"tree": "mode"})
    except Forbidden as error:
        return "crumb" in error.came_back.casefold()
    return False


def missing_plugins(client: JenkinsClient) -> tuple[str, ...] | None:
    """Those of `PLUGINS` that are not there or not active; None where I may not see which there are."""
    asked = "asking Jenkins for its plugins"
    try:
        data = client.info(asked, "pluginManager", "plugins[shortName,active]")
    except (Forbidden, NotFound):
        return None
    active = client.typed(asked, lambda: {each["shortName"] for each in data["plugins"] if each["active"]})
    return tuple(name for name in PLUGINS if name not in active)


def last_report(session: Session, servers: Servers, server: str) -> datetime | None:
    """When the newest report came that is kept of this server; which that is, is told as `hooks.server_of` tells it."""
    door, url = InboxEvent.payload[DOOR].astext, func.coalesce(InboxEvent.payload["url"].astext, "")
    below = {each.name: url.startswith(each.url, autoescape=True) for each in servers.every()}
    mine = below.pop(server)
    nobodys = ~or_(*below.values()) if below else true()
    by_address = or_(mine, nobodys) if server == servers.default else mine
    query = select(func.max(InboxEvent.received_at)).where(
        InboxEvent.source == "jenkins", or_(door == server, and_(door.is_(None), by_address))
    )
    return session.scalar(query)


def last_end(session: Session, server: str) -> datetime | None:
    """When the newest build ended that is known of this server, by its own clock."""
    ends = func.max(JenkinsBuild.started + JenkinsBuild.duration)
    return session.scalar(select(func.to_timestamp(ends)).where(JenkinsBuild.server == server))
