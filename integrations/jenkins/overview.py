"""What a job is beside its builds, and how the whole of Jenkins stands at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from integrations.jenkins.agents import Agent, agents, waiting, works
from integrations.jenkins.client import JenkinsClient, raw_path
from integrations.jenkins.model import ListedJob, Text, Wire
from integrations.jenkins.names import named_in

_DETAILS = (
    "description,color,healthReport[description,score],"
    "downstreamProjects[url],upstreamProjects[url],property[branch[name]]"
)


class Health(Wire):
    """One of Jenkins' health reports; `score` from 0 (storm) to 100 (sun)."""

    says: str = Field("", alias="description")
    score: int


def _named(projects: Any) -> Any:
    return tuple(name for name, _ in (named_in(each["url"]) for each in projects or ()) if name)


Projects = Annotated[tuple[str, ...], BeforeValidator(_named)]


class JobDetails(Wire):
    """What is told of a job beside its parameters and builds. Jenkins names neighbours for freestyle jobs only."""

    description: Text = ""
    health: tuple[Health, ...] = Field((), alias="healthReport")
    downstream: Projects = Field((), alias="downstreamProjects")
    upstream: Projects = Field((), alias="upstreamProjects")
    kind: str = Field("", alias="_class")

    @property
    def is_pipeline(self) -> bool:
        """Whether it is a Pipeline."""
        return self.kind.endswith("WorkflowJob")


def job_details(client: JenkinsClient, full_name: str) -> JobDetails:
    """What a job is."""
    asked = f"asking Jenkins for the job {full_name}"
    data = client.info(asked, raw_path(full_name, asked), _DETAILS)
    return client.typed(asked, lambda: JobDetails.model_validate(data))


@dataclass(frozen=True, slots=True)
class Overview:
    """Jenkins at a glance."""

    url: str
    version: str | None
    quieting_down: bool
    agents: tuple[Agent, ...]
    running: int
    """Builds, those that wait for a person or an executor among them."""
    waiting: int
    jobs: tuple[ListedJob, ...]

    def count(self, colour: str) -> int:
        """Jobs whose last build that ended had this colour (`red`, `yellow`, `blue` …)."""
        return sum(each.ball.removesuffix("_anime") == colour for each in self.jobs)


def overview(client: JenkinsClient) -> Overview:
    """Four questions to Jenkins, whatever its size."""
    nodes = agents(client)
    running = {
        (work.full_name, work.number) for agent in nodes for work in works(agent, nodes) if work.full_name
    }
    return Overview(
        url=client.url,
        quieting_down=client.quieting().on,
        agents=nodes,
        running=len(running),
        waiting=len(waiting(client)),
        jobs=client.jobs(),
        version=client.version,
    )
