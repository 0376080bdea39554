"""What is thrown away after a while, and what an operator is left to judge."""

from __future__ import annotations

from sqlalchemy import text

from bot.store.database import Database
from bot.store.tidy import tidy

OLD_AND_NEW = """
    INSERT INTO inbox (source, dedupe_key, payload, correlation_id, state, received_at, finished_at)
    SELECT 'webex', state || age, '{}', 'c', state, now() - age, CASE WHEN state IN ('queued', 'waiting', 'handling')
           THEN NULL ELSE now() - age END
    FROM unnest(ARRAY['done', 'ignored', 'stale', 'dead', 'queued', 'waiting', 'handling']) AS state,
         unnest(ARRAY[interval '6 days', interval '8 days']) AS age;

    INSERT INTO outbox (lane, dedupe_key, body, correlation_id, state, created_at, sent_at)
    SELECT 'room', state || age, '{}', 'c', state, now() - age, CASE WHEN state = 'sent' THEN now() - age END
    FROM unnest(ARRAY['sent', 'pending', 'sending', 'refused']) AS state,
         unnest(ARRAY[interval '6 days', interval '8 days']) AS age;

    INSERT INTO outbox_lanes (lane, owner, not_before)
    VALUES ('idle', NULL, now() - interval '2 days'), ('just idle', NULL, now() - interval '1 hour'),
           ('waiting', NULL, now() + interval '1 hour'), ('in use', gen_random_uuid(), now() - interval '2 days');

    INSERT INTO attempts (key, what, finished_at)
    VALUES ('old', 'w', now() - interval '31 days'), ('new', 'w', now() - interval '29 days'), ('open', 'w', NULL);

    INSERT INTO confirmations (code, person_email, words, digest, effect_text, expires_at)
    VALUES ('OLD', 'p', '{}', 'd', 'e', now() - interval '8 days'), ('NEW', 'p', '{}', 'd', 'e', now());

    INSERT INTO bulk_results (request_key, person_email, words, failed, at)
    VALUES ('old', 'p', '{}', '{}', now() - interval '31 days'), ('new', 'p', '{}', '{}', now() - interval '29 days');

    INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
    VALUES ('default', 'failed.long.ago', '{}', 'todo'), ('default', 'failed.today', '{}', 'todo'),
           ('default', 'queued.long.ago', '{}', 'todo');
    UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name LIKE 'failed%';
    UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name LIKE 'failed%';
    UPDATE procrastinate_events SET at = now() - interval '31 days'
    WHERE job_id IN (SELECT id FROM procrastinate_jobs WHERE task_name LIKE '%ago');
"""


def left(database: Database, query: str) -> list[str]:
    with database.transaction() as session:
        return sorted(session.scalars(text(query)))


def test_ended_things_go_after_a_while_and_what_is_open_or_failed_stays(database: Database) -> None:
    with database.transaction() as session:
        session.connection().exec_driver_sql(OLD_AND_NEW.replace("%", "%%"))
    tidy(database)
    assert left(database, "SELECT dedupe_key FROM inbox") == [
        "dead6 days",
        "dead8 days",
        "done6 days",
        "handling6 days",
        "handling8 days",
        "ignored6 days",
        "queued6 days",
        "queued8 days",
        "stale6 days",
        "waiting6 days",
        "waiting8 days",
    ]
    assert left(database, "SELECT dedupe_key FROM outbox") == [
        "pending6 days",
        "pending8 days",
        "refused6 days",
        "refused8 days",
        "sending6 days",
        "sending8 days",
        "sent6 days",
    ]
    assert left(database, "SELECT lane FROM outbox_lanes") == ["in use", "just idle", "waiting"]
    assert left(database, "SELECT key FROM attempts") == ["new", "open"]
    assert left(database, "SELECT code FROM confirmations") == ["NEW"]
    assert left(database, "SELECT request_key FROM bulk_results") == ["new"]
    assert left(database, "SELECT task_name FROM procrastinate_jobs") == ["failed.today", "queued.long.ago"]
