"""As the Pipeline Input Notification plugin does it: the only push for questions. Pure.

Format: jenkinsci/pipeline-input-notification-plugin, fields of its InputNotificationEvent. `jobUrl` is the
address of the build below the root.
"""

from __future__ import annotations

from playground.jenkins.happenings import Happening, InputChanged
from playground.jenkins.senders.message import Message, Scene
from playground.jenkins.tree import Json


def input_notification(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """PENDING when a pipeline asks, then APPROVED or ABORTED."""
    if not isinstance(happening, InputChanged):
        return ()
    build = happening.build
    body: dict[str, Json] = {
        "jenkinsUrl": scene.world.root_url,
        "jobUrl": build.path,
        "jobFullName": build.job.full_name,
        "buildNumber": build.number,
        "inputId": happening.request.id,
        "submitter": happening.request.submitter,
        "approver": happening.approver,
        "result": happening.result,
    }
    return (Message(happening.result, scene.world.url(build.path), body),)
