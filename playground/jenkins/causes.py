"""Why a build runs, and what is new in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """Why a build runs. `kind` is the Java class; the other fields belong to the kinds that have them."""

    description: str
    kind: str
    user: str | None = None
    upstream: tuple[str, int] | None = None
    remote: tuple[str, str | None] | None = None
    replayed: int | None = None

    @classmethod
    def by_user(cls, user: str) -> Cause:
        """Started by a person, or by a bot that calls itself one."""
        return cls(f"Started by user {user}", "hudson.model.Cause$UserIdCause", user=user)

    @classmethod
    def by_step(cls, job: str, number: int) -> Cause:
        """Started by a `build` step of a pipeline."""
        return cls(_upstream(job, number), BUILD_STEP, upstream=(job, number))

    @classmethod
    def by_build(cls, job: str, number: int) -> Cause:
        """Triggered when a build of another job ended."""
        return cls(_upstream(job, number), "hudson.model.Cause$UpstreamCause", upstream=(job, number))

    @classmethod
    def by_remote(cls, host: str, note: str | None) -> Cause:
        """Started with the job's own token; `note` is the `cause` the caller gave."""
        description = f"Started by remote host {host}" + (f" with note: {note}" if note is not None else "")
        return cls(description, "hudson.model.Cause$RemoteCause", remote=(host, note))

    @classmethod
    def by_replay(cls, number: int) -> Cause:
        """Runs an earlier build again."""
        kind = "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause"
        return cls(f"Replayed #{number}", kind, replayed=number)

    @property
    def started_by(self) -> str:
        """One word on who or what it was, as two senders put it; a user's name, or SCM, TIMER, UPSTREAM, UNKNOWN."""
        if self.user is not None:
            return self.user
        if self.upstream is not None:
            return "UPSTREAM"
        return {BY_TIMER: "TIMER", BY_CHANGE: "SCM"}.get(self, "UNKNOWN")


BUILD_STEP = "org.jenkinsci.plugins.workflow.support.steps.build.BuildUpstreamCause"
BY_TIMER = Cause("Started by timer", "hudson.triggers.TimerTrigger$TimerTriggerCause")
BY_CHANGE = Cause("Started by an SCM change", "hudson.triggers.SCMTrigger$SCMTriggerCause")


def _upstream(job: str, number: int) -> str:
    return f'Started by upstream project "{job}" build number {number}'


@dataclass(frozen=True)
class Change:
    """A commit that is new in a build."""

    commit: str
    author: str
    email: str
    message: str
    files: tuple[str, ...] = ()
