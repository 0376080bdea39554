"""The tables, as SQLAlchemy models. Their life is told where they are used; here is only their shape."""

from bot.store.models.access import (
    ApiToken,
    Approval,
    ApprovalAsk,
    ApprovalVote,
    AuditRow,
    Bucket,
    Confirmation,
    Credential,
    Grant,
)
from bot.store.models.base import Base
from bot.store.models.messages import (
    InboxEvent,
    LiveMessage,
    NotificationPreferences,
    OutboxLane,
    OutboxMessage,
    Subscription,
    Topic,
)
from bot.store.models.rooms import BulkResult, KnownRoom, SweepItem
from bot.store.models.runs import (
    Attempt,
    Executor,
    Run,
    RunLock,
    RunLogLine,
    RunTransition,
    Schedule,
    ScheduleSlot,
)
from bot.store.models.state import Counter, Fact, PeriodicWork

__all__ = (
    "ApiToken",
    "Approval",
    "ApprovalAsk",
    "ApprovalVote",
    "Attempt",
    "AuditRow",
    "Base",
    "Bucket",
    "BulkResult",
    "Confirmation",
    "Counter",
    "Credential",
    "Executor",
    "Fact",
    "Grant",
    "InboxEvent",
    "KnownRoom",
    "LiveMessage",
    "NotificationPreferences",
    "OutboxLane",
    "OutboxMessage",
    "PeriodicWork",
    "Run",
    "RunLock",
    "RunLogLine",
    "RunTransition",
    "Schedule",
    "ScheduleSlot",
    "Subscription",
    "SweepItem",
    "Topic",
)
