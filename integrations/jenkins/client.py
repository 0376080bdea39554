"""Talk to one Jenkins: python-jenkins for the reads it has right, own calls for what changes something."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import jenkins
import requests
from pydantic import ValidationError

from integrations.jenkins.errors import BadAnswer, NotFound
from integrations.jenkins.model import Build, Job, ListedJob, QueueItem, Quieting, Stage, Triggered, Values
from integrations.jenkins.transport import Transport

_BUILD = (
    "number,url,building,result,queueId,timestamp,duration,estimatedDuration,"
    "actions[parameters[name,value],causes[shortDescription,userId,originalNumber]]"
)
_PARAMETERS = "property[parameterDefinitions[name,type,description,choices,defaultParameterValue[value]]]"
_JOB = (
    f"fullName,url,buildable,nextBuildNumber,{_PARAMETERS},lastBuild[{_BUILD}],lastCompletedBuild[{_BUILD}]"
)
_QUEUE_ITEM = re.compile(r"/queue/item/(\d+)/?$")
_SCANNED = 50
"""Builds looked through for one that is only known by its queue item."""

Answer = TypeVar("Answer")


def connect_as(user: str, token: str, *, url: str, timeout: float, name: str = "") -> JenkinsClient:
    """The client of a person who gave their own API token. `name` is what the server is called here."""
    return JenkinsClient(url, user, token, timeout=timeout, personal=True, name=name)


class JenkinsClient:
    """One Jenkins as one user. Any thread may use it. Every method raises the errors of `errors`."""

    def __init__(
        self,
        url: str,
        user: str,
        token: str,
        *,
        timeout: float = 10.0,
        personal: bool = False,
        name: str = "",
        trigger_token: str | None = None,
        requester_parameter: str = "REQUESTED_BY",
    ) -> None:
        """`url` is the root; `token` an API token of `user`; `timeout` the seconds to wait for an answer.

        `personal` says that the token is an asker's own; `name` is what the server is called here.
        `trigger_token` is what the jobs take for a cause of its own; `requester_parameter` the parameter that
        holds who asked.
        """
        self.user = user
        self.name = name
        self.requester_parameter = requester_parameter
        self._timeout = timeout
        self._trigger_token = trigger_token
        self.transport = Transport(url.rstrip("/") + "/", user, token, timeout=timeout, personal=personal)

    def of_person(self, user: str, token: str) -> JenkinsClient:
        """The same Jenkins as another user, by an API token they gave."""
        client = connect_as(user, token, url=self.url, timeout=self._timeout, name=self.name)
        client.requester_parameter = self.requester_parameter
        client.transport.counted = self.transport.counted
        return client

    @property
    def personal(self) -> bool:
        """Whether it acts as a person, and not as the bot's own account."""
        return self.transport.personal

    @property
    def url(self) -> str:
        """The root, with a slash at its end."""
        return self.transport.url

    @property
    def jenkins_session(self) -> str | None:
        """The X-Jenkins-Session last seen; it changes when Jenkins is restarted."""
        return self.transport.jenkins_session

    @property
    def version(self) -> str | None:
        """The version Jenkins last said it is."""
        return self.transport.version

    def whoami(self) -> str:
        """The name of the user the token belongs to."""
        return self.read("asking Jenkins who I am", lambda reads: str(reads.get_whoami()["fullName"]))

    def quieting(self) -> Quieting:
        """Whether Jenkins is quieting down: it starts nothing any more."""
        asked = "asking Jenkins whether it is quieting down"
        data = self.info(asked, "", "quietingDown,quietDownReason")
        return self.typed(asked, lambda: Quieting.model_validate(data))

    def jobs(self) -> tuple[ListedJob, ...]:
        """Every job this user may see, in all folders, in Jenkins' order. One request for ten levels."""

        def listed(reads: Reads) -> tuple[ListedJob, ...]:
            found = [each for each in reads.get_all_jobs() if "jobs" not in each]
            return tuple(
                ListedJob.model_validate({**each, "color": each.get("color") or ""}) for each in found
            )

        return self.read("asking Jenkins for its jobs", listed)

    def job(self, full_name: str) -> Job:
        """A job by its exact full name, `team/deploy`. Raises NotFound, for a folder too."""
        asked = f"asking Jenkins for the job {full_name}"
        data = self.info(asked, raw_path(full_name, asked), _JOB)
        if "buildable" not in data:
            raise NotFound(asked, "that is a folder", "The list of jobs shows what is in it.")
        return self.typed(asked, lambda: Job.model_validate(data))

    def build(self, full_name: str, number: int) -> Build:
        """One build."""
        asked = f"asking Jenkins for {full_name} #{number}"
        data = self.info(asked, f"{raw_path(full_name, asked)}/{number}", _BUILD)
        return self.typed(asked, lambda: Build.model_validate(data))

    def builds(self, full_name: str, limit: int = _SCANNED) -> tuple[Build, ...]:
        """The newest builds of a job, newest first."""
        asked = f"asking Jenkins for the builds of {full_name}"
        data = self.builds_as(full_name, _BUILD, limit)
        return self.typed(asked, lambda: tuple(Build.model_validate(each) for each in data))

    def builds_as(self, full_name: str, tree: str, limit: int) -> list[dict[str, Any]]:
        """The same as the remote API gives them, with what `tree` wants of each."""
        asked = f"asking Jenkins for the builds of {full_name}"
        data = self.info(asked, raw_path(full_name, asked), f"builds[{tree}]{{0,{limit}}}")
        return self.typed(asked, lambda: list(data["builds"]))

    def build_of(self, full_name: str, queue_id: int) -> Build | None:
        """The build that a queue item became, among the newest: Jenkins forgets items after five minutes."""
        return next((build for build in self.builds(full_name) if build.queue_id == queue_id), None)

    def queue_item(self, queue_id: int) -> QueueItem:
        """A queue item. Raises NotFound once Jenkins has forgotten it."""
        asked = f"asking Jenkins for queue item {queue_id}"
        return self.read(asked, lambda reads: QueueItem.model_validate(reads.get_queue_item(queue_id)))

    def queue_of(self, full_name: str) -> tuple[QueueItem, ...]:
        """The items of one job that wait in the queue."""
        path = urlsplit(self.url + job_path(full_name)).path

        def waiting(reads: Reads) -> tuple[QueueItem, ...]:
            items = [QueueItem.model_validate(each) for each in reads.get_queue_info()]
            return tuple(each for each in items if urlsplit(each.task.url).path == path)

        return self.read("asking Jenkins for its queue", waiting)

    def stages(self, full_name: str, number: int) -> tuple[Stage, ...]:
        """The stages of a Pipeline build so far; none where the Stage View plugin is missing."""
        asked = f"asking Jenkins for the stages of {full_name} #{number}"

        def described(reads: Reads) -> tuple[Stage, ...]:
            run = reads.get_build_stages(full_name, number)
            return tuple(Stage.model_validate(each) for each in run["stages"])

        try:
            return self.read(asked, described)
        except NotFound:
            return ()

    def trigger(
        self, full_name: str, values: Values, *, parameterised: bool, cause: str | None = None
    ) -> Triggered:
        """Start a build without the quiet period. 201 is a new queue item, 303 an identical one joined.

        A job with parameters takes `buildWithParameters` only, even for its defaults (measured: 400).
        `cause` is what Jenkins shall give as the build's reason. It takes one only beside the job's own token,
        and then names no user (jenkinsci/jenkins, ParameterizedJobMixIn.getBuildCause): without a trigger token
        it is left out, and Jenkins names this client's user. Not for a job with a parameter `token` or `cause`.
        """
        asked = f"starting {full_name}"
        verb = "buildWithParameters" if parameterised else "build"
        path = f"{job_path(full_name)}{verb}"
        form, permission = dict(values), "Job/Build"
        if cause and self._trigger_token:
            form |= {"token": self._trigger_token, "cause": cause}
            permission += " (and JENKINS_TRIGGER_TOKEN must be the job's own token, where it has one)"
        response = self.transport.post(path, asked, query={"delay": "0sec"}, form=form, permission=permission)
        item = _QUEUE_ITEM.search(response.headers.get("Location", ""))
        if response.status_code not in (201, 303) or item is None:
            accepted = response.status_code in (200, 201)
            says = f"Jenkins answered {response.status_code} and named no queue item"
            raise BadAnswer(asked, says, maybe_done=accepted)
        return Triggered(queue_id=int(item[1]), joined=response.status_code == 303)

    def stop(self, full_name: str, number: int) -> None:
        """Ask a build to end. Doing it again, or to an ended build, changes nothing."""
        path = f"{job_path(full_name)}{number}/stop"
        self.transport.post(path, f"stopping {full_name} #{number}", permission="Job/Cancel")

    def cancel(self, queue_id: int) -> None:
        """Take an item out of the queue. Raises NotFound or BadParameter where it has left it."""
        asked = f"taking item {queue_id} out of Jenkins' queue"
        self.transport.post("queue/cancelItem", asked, query={"id": str(queue_id)}, permission="Job/Cancel")

    def info(self, asked: str, item: str, tree: str) -> dict[str, Any]:
        """An object of the remote API: `item` is the path below the root, `tree` what of it is wanted.

        `asked` says for errors what is being done.
        """
        data = self.read(asked, lambda reads: reads.get_info(item, f"?tree={tree}"))
        if not isinstance(data, dict):
            raise BadAnswer(asked, "Jenkins answered with something that is no object")
        return data

    def read(self, asked: str, read: Callable[[Reads], Answer]) -> Answer:
        """What `read` makes of python-jenkins' reads."""
        return self.typed(asked, lambda: read(Reads(self.transport, asked)))

    def typed(self, asked: str, make: Callable[[], Answer]) -> Answer:
        """What `make` gives; an answer it cannot use becomes a BadAnswer, without the answer's content."""
        try:
            return make()
        except (jenkins.JenkinsException, ValidationError, json.JSONDecodeError) as error:
            raise BadAnswer(
                asked, f"the answer is not what Jenkins sends ({type(error).__name__})"
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise BadAnswer(asked, f"the answer lacks what Jenkins sends ({error})") from error


class Reads(jenkins.Jenkins):  # type: ignore[misc]  # python-jenkins has no types
    """python-jenkins for one call: its paths and its walk through folders, over our transport."""

    def __init__(self, transport: Transport, asked: str) -> None:
        super().__init__(transport.url)
        self._transport = transport
        self._asked = asked

    def jenkins_open(self, req: requests.Request, add_crumb: bool = True, resolve_auth: bool = True) -> str:
        """The body of a GET; errors are ours, which python-jenkins passes on untouched."""
        return self._transport.get(str(req.url), self._asked)


def job_path(full_name: str) -> str:
    """A job's path below the root, each part of the name quoted by itself, with a slash at its end."""
    return "".join(f"job/{quote(part, safe='')}/" for part in full_name.split("/"))


def raw_path(full_name: str, asked: str) -> str:
    """The same unquoted and without that slash, as `get_info` takes it.

    Raises NotFound for parts that would lead elsewhere: nobody can have named a job so.
    """
    parts = full_name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise NotFound(asked, "no job can be named so")
    return "/".join(f"job/{part}" for part in parts)
