"""Take a job's secrets out of all that its engine says."""

from __future__ import annotations

from collections.abc import Callable

from bot.outbound.redact import Redactor
from integrations.stacks.engines.model import Job, Listener


def redaction(job: Job, listener: Listener) -> Callable[[str], str]:
    """What the listener takes out, and beside it this job's own secrets, whatever the bot knows of them."""
    secrets = [each.get_secret_value() for each in job.values.secrets.values()]
    if job.state is not None:
        secrets.append(job.state.password.get_secret_value())
    redactor = Redactor(secrets)
    return lambda text: listener.redact(redactor.redact(text))
