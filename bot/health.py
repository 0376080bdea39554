"""`/healthz` (alive), `/readyz` (database, queue, Webex), `/metrics` (Prometheus)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.inbound.web import Web
from bot.integration import Loaded
from bot.runs.ownership import IS_ALIVE
from bot.store.database import Database

blueprint = Blueprint("health", __name__)

_READY = text(f"""
    SELECT (SELECT value FROM facts WHERE name = 'webex') AS webex,
           (SELECT extract(epoch FROM now() - updated_at) FROM facts WHERE name = 'webex') AS watched,
           (SELECT value FROM facts WHERE name = 'policy') AS policy,
           (SELECT count(*) FROM executors WHERE {IS_ALIVE}) AS executors,
           (SELECT extract(epoch FROM now() - min(received_at)) FROM inbox WHERE state = 'queued') AS oldest
""")
_UNWATCHED_AFTER = 300.0
"""Seconds without a look at the webhooks (once a minute, when the clock says so) until that is said."""
_STUCK_AFTER = 60.0
"""Seconds an event may lie queued before the queue is called stuck."""

GAUGES = {
    "sparkops_inbox": ("Events by source and state", "source,state",
        "SELECT source, state, count(*) FROM inbox GROUP BY 1, 2"),
    "sparkops_outbox": ("Messages by state", "state", "SELECT state, count(*) FROM outbox GROUP BY 1"),
    "sparkops_runs": ("Runs by kind and state", "kind,state", "SELECT kind, state, count(*) FROM runs GROUP BY 1, 2"),
    "sparkops_executors": ("Workers that own work", "", f"SELECT count(*) FROM executors WHERE {IS_ALIVE}"),
    "sparkops_inbox_lag_seconds": ("Age of the oldest event not yet handled", "",
        "SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0)::float FROM inbox "
        "WHERE state IN ('queued', 'waiting', 'handling')"),
    "sparkops_dead_letters": ("Events set aside after repeated failure", "",
        "SELECT count(*) FROM inbox WHERE state = 'dead'"),
    "sparkops_audit_unsealed": ("Audit rows not sealed yet", "", "SELECT count(*) FROM audit WHERE seq IS NULL"),
    "sparkops_audit_lag_seconds": ("Age of the oldest sealed audit row that the sink does not have", "",
        "SELECT coalesce((SELECT extract(epoch FROM now() - audit.at) FROM facts JOIN audit "
        "ON audit.seq = (facts.value->>'seq')::bigint + 1 WHERE facts.name = 'audit shipped'), 0)::float"),
}  # fmt: skip
COUNTERS = {
    "sparkops_requests": ("Requests by entry, decision and result", "entry,decision,result",
        "SELECT entry, decision, CASE WHEN result LIKE 'code %' THEN 'asked' ELSE result END, count(*) "
        "FROM audit WHERE entry <> 'run' GROUP BY 1, 2, 3"),
}  # fmt: skip
COUNTED = {
    "inbound_refused": ("Deliveries refused, none of them acted on", "reason,source"),
    "inbound_dropped": ("Deliveries dropped unread: from the bot itself or another bot", "reason,source"),
    "inbound_duplicates": ("Deliveries of what was stored already", "source"),
    "outbox_sent_again": ("Messages sent again, since their sender died or was refused", ""),
}
"""What the processes count themselves (`Counters.count`), shown as `sparkops_<name>_total`.

What integrations count stands with them (`Integration.counted`).
"""


@blueprint.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers. Nothing else is looked at."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> tuple[dict[str, Any], int]:
    """Whether an event would be stored, handled and answered; each part by name, in words."""
    web: Web = current_app.extensions["sparkops"]
    try:
        with web.database.transaction() as session:
            row = session.execute(_READY).one()
    except SQLAlchemyError:
        return {"ready": False, "database": "The database is away."}, 503
    webex = row.webex or {"ok": False, "says": "No worker has spoken with Webex yet."}
    queue = "ok" if row.executors else "No worker is running."
    if row.oldest is not None and row.oldest > _STUCK_AFTER:
        queue = f"An event has been waiting for {row.oldest:.0f} s."
    clock = "ok"
    if row.watched is not None and row.watched > _UNWATCHED_AFTER:
        clock = f"The webhooks were last looked at {row.watched / 60:.0f} minutes ago: is the clock running?"
    is_ready = bool(webex["ok"]) and queue == "ok" and clock == "ok"
    told = {"ready": is_ready, "database": "ok", "queue": queue, "clock": clock, "webex": webex["says"]}
    told["policy"] = "ok" if row.policy is None or row.policy["ok"] else row.policy["says"]
    return told, 200 if is_ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """What the tables and the counters tell, in Prometheus' text format."""
    web: Web = current_app.extensions["sparkops"]
    web.counters.flush()
    registry = CollectorRegistry()
    try:
        registry.register(_FromTables(web.database, web.integrations.values()))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except SQLAlchemyError:
        return Response("# The database is away.\n", status=503, mimetype="text/plain")


class _FromTables(Collector):
    """Reads the figures at each scrape: they are the same whichever process is asked."""

    def __init__(self, database: Database, integrations: Iterable[Loaded]) -> None:
        self._database = database
        self._counted = {**COUNTED}
        for each in integrations:
            self._counted |= each.integration.counted

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Every figure, in one transaction."""
        with self._database.transaction() as session:
            for kinds, family in ((GAUGES, GaugeMetricFamily), (COUNTERS, CounterMetricFamily)):
                for name, (says, labels, query) in kinds.items():
                    metric = family(name, says, labels=labels.split(",") if labels else [])
                    for *values, figure in session.execute(text(query)):
                        metric.add_metric([str(value) for value in values], float(figure))
                    yield metric
            rows = session.execute(text("SELECT name, labels, value FROM counters ORDER BY 1, 2"))
            yield from _counted(self._counted, rows)


def _counted(counted: Mapping[str, tuple[str, str]], rows: Any) -> Iterator[CounterMetricFamily]:
    """Each counter that is described, also before anything was counted; rows another version has left are not shown."""
    families = {
        name: CounterMetricFamily(f"sparkops_{name}", says, labels=labels.split(",") if labels else [])
        for name, (says, labels) in counted.items()
    }
    for name, labels, value in rows:
        pairs = dict(pair.split("=", 1) for pair in labels.split(",")) if labels else {}
        if family := families.get(name):
            family.add_metric([pairs[key].strip('"') for key in sorted(pairs)], float(value))
    yield from families.values()
