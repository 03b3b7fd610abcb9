"""The ledger's tables, and how they are made and changed: by itself, once, however many processes begin at the same time."""

import psycopg

from price_assets.errors import SettingError
from price_assets.operations.export_runs_connection import LedgerConnection, quoted

LOCK = 0x7072696365
"""The advisory lock that is held meanwhile: "price" in ASCII."""
PATIENCE = 60
"""Seconds that a migration may take, or wait for another process' one."""

BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Upper bounds, in seconds, that the durations of runs are counted under; what took longer is counted under Infinity."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE export_runs (
        run_id text NOT NULL,
        price_list text NOT NULL,
        export_date date NOT NULL,
        status text NOT NULL
            CHECK (status IN ('running', 'success', 'unchanged', 'superseded', 'failed', 'blocked', 'canceled', 'missed', 'withdrawn')),
        trigger text NOT NULL CHECK (trigger IN ('schedule', 'catch-up', 'backfill', 'ui', 'retry', 'accept', 'cli')),
        started timestamptz NOT NULL,
        finished timestamptz,
        revision text,
        rows bigint,
        files int,
        bytes bigint,
        file_bytes jsonb NOT NULL DEFAULT '{}',
        reason text,
        error text,
        PRIMARY KEY (run_id, price_list, export_date)
    );
    CREATE INDEX export_runs_started ON export_runs (started);
    CREATE INDEX export_runs_price_list ON export_runs (price_list, started);
    CREATE INDEX export_runs_day ON export_runs (price_list, export_date, started);
    CREATE INDEX export_runs_published ON export_runs (price_list, export_date, started) WHERE status IN ('success', 'unchanged');
    CREATE INDEX export_runs_running ON export_runs (trigger, started) WHERE status = 'running';

    CREATE TABLE export_notifications (
        id uuid PRIMARY KEY,
        sent timestamptz NOT NULL DEFAULT now(),
        title text NOT NULL,
        channel text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('accepted', 'failed')),
        tries int NOT NULL,
        said text NOT NULL DEFAULT ''
    );
    CREATE INDEX export_notifications_sent ON export_notifications (sent);

    CREATE TABLE export_daemon (
        id int PRIMARY KEY DEFAULT 1 CHECK (id = 1),
        heartbeat timestamptz NOT NULL
    );

    -- The counters of the metrics, which only grow: rows that are deleted, and a run that was given up and published all the same, take nothing back.
    CREATE TABLE export_totals (
        metric text NOT NULL CHECK (metric IN ('seconds_under', 'seconds', 'files', 'failed', 'notifications_failed')),
        price_list text NOT NULL,
        label text NOT NULL,
        total double precision NOT NULL,
        PRIMARY KEY (metric, price_list, label)
    );

    CREATE FUNCTION export_runs_count() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    DECLARE
        took double precision := greatest(extract(epoch FROM NEW.finished - NEW.started), 0);
    BEGIN
        INSERT INTO export_totals AS there (metric, price_list, label, total)
        SELECT metric, NEW.price_list, label, amount
        FROM (
            SELECT 'failed' AS metric, coalesce(NEW.reason, 'other') AS label, 1 AS amount
            WHERE NEW.status IN ('failed', 'blocked', 'missed') AND (TG_OP = 'INSERT' OR OLD.status NOT IN ('failed', 'blocked'))
            UNION ALL
            SELECT 'files', format, 1 FROM jsonb_object_keys(NEW.file_bytes) AS format WHERE NEW.status = 'success'
            UNION ALL
            SELECT 'seconds_under', coalesce((SELECT min(bound) FROM unnest(array[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600]) AS bound
                                              WHERE took <= bound)::text, 'Infinity'), 1
            WHERE took IS NOT NULL AND NEW.status IN ('success', 'unchanged', 'superseded')
            UNION ALL
            SELECT 'seconds', '', took WHERE took IS NOT NULL AND NEW.status IN ('success', 'unchanged', 'superseded')
        ) AS counted
        ORDER BY metric, label
        ON CONFLICT (metric, price_list, label) DO UPDATE SET total = there.total + excluded.total;
        RETURN NULL;
    END $$;
    CREATE TRIGGER export_runs_inserted AFTER INSERT ON export_runs
        FOR EACH ROW WHEN (NEW.status <> 'running') EXECUTE FUNCTION export_runs_count();
    CREATE TRIGGER export_runs_updated AFTER UPDATE ON export_runs
        FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status AND NEW.status <> 'running') EXECUTE FUNCTION export_runs_count();

    CREATE FUNCTION export_notifications_count() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO export_totals AS there (metric, price_list, label, total) VALUES ('notifications_failed', '', '', 1)
        ON CONFLICT (metric, price_list, label) DO UPDATE SET total = there.total + 1;
        RETURN NULL;
    END $$;
    CREATE TRIGGER export_notifications_inserted AFTER INSERT ON export_notifications
        FOR EACH ROW WHEN (NEW.outcome = 'failed') EXECUTE FUNCTION export_notifications_count();

    CREATE VIEW export_runs_shown AS
    SELECT price_list, export_date, status, trigger, started, finished, extract(epoch FROM finished - started)::numeric(12, 1) AS seconds,
           rows, files, bytes, revision, reason, error, run_id,
           NOT EXISTS (SELECT FROM export_runs AS later
                       WHERE later.price_list = runs.price_list AND later.export_date = runs.export_date AND later.started > runs.started) AS newest
    FROM export_runs AS runs;
    """,
)
"""Each is applied once, in order. One that was released is never changed; a new one goes to the end."""


def is_current(connection: LedgerConnection) -> bool:
    """Whether the tables are those of this release or of a newer one. Raises psycopg.Error."""
    return _version(connection) >= len(MIGRATIONS)


def migrate(connection: LedgerConnection) -> None:
    """Bring the tables to this release, within a transaction of the caller's. A newer release's are left as they are.

    Raises psycopg.Error, and SettingError where the role may not do it: that says which right to grant.
    """
    place = connection.execute("SELECT current_user AS role, current_schema() AS schema").fetchone()
    assert place  # noqa: S101 - such a SELECT has one row
    if place["schema"] is None:
        raise SettingError("EXPORT_RUNS_URL: no schema of the role's search_path is there to make the ledger's tables in: create one.")
    connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE}s'".encode())
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    done = _version(connection)
    try:
        if not done:
            connection.execute("CREATE TABLE IF NOT EXISTS export_runs_version (version int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())")
            done = _version(connection)  # a lock does not tell a session what was made while it waited; this statement did
        for version, statements in enumerate(MIGRATIONS[done:], start=done + 1):
            connection.execute(statements.encode())
            connection.execute("INSERT INTO export_runs_version (version) VALUES (%s)", [version])
    except psycopg.errors.InsufficientPrivilege as error:
        said = (error.diag.message_primary or "").rstrip(".")
        role, schema = quoted(place["role"]), quoted(place["schema"])
        way_out = f"Let the owner of the schema run: GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};"
        if done:
            way_out = "Let a process of this release connect once as the role that owns the tables: price-assets runs"
        raise SettingError(f"EXPORT_RUNS_URL: the ledger's tables can't be made by {role}: {said}. {way_out}") from None


def _version(connection: LedgerConnection) -> int:
    there = connection.execute("SELECT to_regclass('export_runs_version') IS NOT NULL AS made").fetchone()
    if there != {"made": True}:
        return 0
    done = connection.execute("SELECT coalesce(max(version), 0) AS done FROM export_runs_version").fetchone()
    return int(done["done"]) if done else 0
