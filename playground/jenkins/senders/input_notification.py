"""As the Pipeline Input Notification plugin does it: the only push for questions. Pure.

Format: jenkinsci/pipeline-input-notification-plugin, InputNotificationEvent and InputNotificationGraphListener.
`jobUrl` is the address of the build below the root. `inputId` is as the Jenkinsfile has it: its first letter may
be small, or it may be missing. `submitter` comes only with the question, and who approved is known only where the
pipeline has a submitterParameter.
"""

from __future__ import annotations

from playground.jenkins.happenings import Happening, InputChanged
from playground.jenkins.senders.message import Message, Scene
from playground.jenkins.tree import Json


def input_notification(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """PENDING when a pipeline asks, then APPROVED or ABORTED."""
    if not isinstance(happening, InputChanged):
        return ()
    build, request = happening.build, happening.request
    pending = happening.result == "PENDING"
    unknown = happening.result == "APPROVED" and request.submitter_parameter is None
    body: dict[str, Json] = {
        "jenkinsUrl": scene.world.root_url,
        "jobUrl": build.path,
        "jobFullName": build.job.full_name,
        "buildNumber": build.number,
        "inputId": request.written_id,
        "submitter": request.submitter if pending else None,
        "approver": None if unknown else happening.approver,
        "result": happening.result,
    }
    return (Message(happening.result, scene.world.url(build.path), body),)
