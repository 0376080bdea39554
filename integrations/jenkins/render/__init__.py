"""Jenkins' values as markdown for a room; pure functions, a file for each thing they tell of."""

from integrations.jenkins.render.answers import job_file, job_list, job_rows, job_status
from integrations.jenkins.render.events import change, event
from integrations.jenkins.render.following import (
    after_lost,
    away,
    ended,
    ending,
    left_to_the_others,
    looking,
    lost,
    not_started,
    queued,
    requested,
    running,
    stage_lines,
    stopping,
    taken_out,
    told,
)
from integrations.jenkins.render.words import (
    build_name,
    counted,
    duration,
    ended_as,
    typed_build,
    with_values,
)

__all__ = [
    "after_lost",
    "away",
    "build_name",
    "change",
    "counted",
    "duration",
    "ended",
    "ended_as",
    "ending",
    "event",
    "job_file",
    "job_list",
    "job_rows",
    "job_status",
    "left_to_the_others",
    "looking",
    "lost",
    "not_started",
    "queued",
    "requested",
    "running",
    "stage_lines",
    "stopping",
    "taken_out",
    "told",
    "typed_build",
    "with_values",
]
