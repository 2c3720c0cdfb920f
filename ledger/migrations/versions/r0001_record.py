"""The record, append-only, with the ledger's operational tables, and the key store, as of 0.1.0; on PostgreSQL the other rooms'
operational tables too, which a data folder got from the rooms as each was opened (0003).

Before deploying: nothing runs yet. After: nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator

revision = "0001"
down_revision = None

POSTGRESQL = """
CREATE TABLE touchline.tenants (
    number bigint NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    hash bytea NOT NULL
);
CREATE TABLE touchline.facts (
    tenant bigint NOT NULL,
    place bigint NOT NULL,
    recorded bigint NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant, place)
) PARTITION BY RANGE (tenant, place);
CREATE TABLE touchline.facts_rest PARTITION OF touchline.facts DEFAULT;
CREATE TABLE touchline.verdicts (
    tenant bigint NOT NULL,
    place bigint NOT NULL,
    recorded bigint NOT NULL,
    after bigint NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant, place)
) PARTITION BY RANGE (tenant, place);
CREATE TABLE touchline.verdicts_rest PARTITION OF touchline.verdicts DEFAULT;
CREATE TABLE touchline.fact_ids (
    tenant bigint NOT NULL,
    event_id bytea NOT NULL,
    place bigint NOT NULL,
    PRIMARY KEY (tenant, event_id)
) PARTITION BY HASH (tenant, event_id);
CREATE TABLE touchline.corrections (
    tenant bigint NOT NULL,
    target bytea NOT NULL,
    place bigint NOT NULL,
    event_id bytea NOT NULL,
    PRIMARY KEY (tenant, target)
);
CREATE TABLE touchline.about (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);
CREATE TABLE touchline.counters (
    tenant bigint NOT NULL PRIMARY KEY,
    place bigint NOT NULL,
    recorded bigint NOT NULL,
    hash bytea NOT NULL,
    floor bigint NOT NULL
) WITH (fillfactor = 40);
CREATE TABLE touchline.engines (
    tenant bigint NOT NULL PRIMARY KEY,
    decided bigint NOT NULL,
    advanced bigint NOT NULL,
    verdict_place bigint NOT NULL,
    verdict_recorded bigint NOT NULL,
    verdict_hash bytea NOT NULL,
    epoch bigint NOT NULL,
    owner text COLLATE "C" NOT NULL,
    set_name text COLLATE "C" NOT NULL,
    fold_version text COLLATE "C" NOT NULL
) WITH (fillfactor = 40);
CREATE TABLE touchline.api_keys (
    digest bytea NOT NULL PRIMARY KEY,
    tenant bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    write_only bigint NOT NULL
);
CREATE TABLE touchline.leases (
    tenant bigint NOT NULL PRIMARY KEY,
    owner text COLLATE "C" NOT NULL,
    until bigint NOT NULL
) WITH (fillfactor = 40);
CREATE TABLE touchline.active_set (
    one bigint NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    fold_version text COLLATE "C" NOT NULL
);
CREATE TABLE touchline.erasure_cursors (
    tenant bigint NOT NULL PRIMARY KEY,
    place bigint NOT NULL
);
CREATE TABLE touchline.erasures (
    tenant bigint NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    basis text COLLATE "C" NOT NULL,
    executed bigint NOT NULL,
    PRIMARY KEY (tenant, event_id)
);
CREATE TABLE touchline.alert_cursors (
    tenant bigint NOT NULL PRIMARY KEY,
    verdict_place bigint NOT NULL,
    fact_place bigint NOT NULL,
    past_verdicts bigint NOT NULL,
    past_facts bigint NOT NULL,
    past_time bigint NOT NULL
);
CREATE TABLE touchline.alerts (
    tenant bigint NOT NULL,
    place bigint NOT NULL,
    verdict_id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    obligation text COLLATE "C" NOT NULL,
    "row" text COLLATE "C" NOT NULL,
    zh text COLLATE "C" NOT NULL,
    en text COLLATE "C" NOT NULL,
    promise_id text COLLATE "C" NOT NULL,
    case_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    house_id text COLLATE "C" NOT NULL,
    due bigint NOT NULL,
    "time" bigint NOT NULL,
    recorded bigint NOT NULL,
    since bigint NOT NULL,
    born_late bigint NOT NULL,
    owes text COLLATE "C" NOT NULL,
    "to" text COLLATE "C" NOT NULL,
    silent text COLLATE "C" NOT NULL,
    retracts text COLLATE "C" NOT NULL,
    retracted_by text COLLATE "C" NOT NULL,
    acknowledged_by text COLLATE "C" NOT NULL,
    acknowledged_at bigint NOT NULL,
    acknowledged_event text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, place)
);
CREATE UNIQUE INDEX alerts_verdict ON touchline.alerts (tenant, verdict_id);
CREATE INDEX alerts_promise ON touchline.alerts (tenant, promise_id, place);
CREATE TABLE touchline.alert_deliveries (
    tenant bigint NOT NULL,
    verdict_id text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    next_attempt bigint NOT NULL,
    maybe bigint NOT NULL,
    delivered_at bigint NOT NULL,
    last_error text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, verdict_id, channel)
);
CREATE INDEX alert_deliveries_due ON touchline.alert_deliveries (channel, state, next_attempt);
CREATE TABLE touchline.alert_calls (
    channel text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (channel, at, number)
);
"""

IDS = 16
"""Parts of the id table."""

GUARDS = """
CREATE FUNCTION touchline.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION touchline.no_truncate(part regclass, name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s EXECUTE FUNCTION touchline.append_only(%L)', part, name);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_truncate', part);
END
$$;
"""

GUARD = """
CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON touchline.{t} FOR EACH ROW EXECUTE FUNCTION touchline.append_only('{t}');
ALTER TABLE touchline.{t} ENABLE ALWAYS TRIGGER no_change;
SELECT touchline.no_truncate(part, '{t}')
    FROM (SELECT 'touchline.{t}'::regclass UNION SELECT relid FROM pg_partition_tree('touchline.{t}')) AS parts (part);
"""
"""Row by row, so that every part of a partitioned table has it too, those made later as well; TRUNCATE knows no rows, so
each part gets its own."""

RANGES = """
INSERT INTO touchline.about (name, value) VALUES ('range', '4194304');
CREATE FUNCTION touchline.provide_ranges() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = touchline, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    size bigint := (SELECT value::bigint FROM about WHERE name = 'range');
    wanted record;
    taken boolean;
    made integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('touchline.provide_ranges', 0)) THEN
        RETURN 0;
    END IF;
    FOR wanted IN
        WITH heads (lane, tenant, place) AS (
            SELECT 'facts', tenant, place FROM counters
            UNION ALL SELECT 'verdicts', tenant, verdict_place FROM engines
            UNION ALL SELECT lane, last + ahead, 0
                FROM (SELECT coalesce(max(number), 0) AS last FROM tenants) AS known,
                    generate_series(1, 4) AS ahead, unnest(ARRAY['facts', 'verdicts']) AS lane
        ), ranges (lane, tenant, k) AS (
            SELECT lane, tenant, place / size FROM heads
            UNION SELECT lane, tenant, place / size + 1 FROM heads WHERE place % size > size / 2
        )
        SELECT lane, tenant, k, format('%s_%s_%s', lane, tenant, k) AS part FROM ranges
        WHERE to_regclass(format('touchline.%s_%s_%s', lane, tenant, k)) IS NULL
        ORDER BY lane, tenant, k
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE tenant = %s AND place >= %s AND place < %s)',
            wanted.lane || '_rest', wanted.tenant, wanted.k * size, (wanted.k + 1) * size) INTO taken;
        CONTINUE WHEN taken;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS)', wanted.part, wanted.lane);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s, %s) TO (%s, %s)', wanted.lane,
            wanted.part, wanted.tenant, wanted.k * size, wanted.tenant, (wanted.k + 1) * size);
        PERFORM no_truncate(to_regclass(wanted.part), wanted.lane);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION touchline.provide_ranges() FROM PUBLIC;
REVOKE ALL ON FUNCTION touchline.no_truncate(regclass, text) FROM PUBLIC;
SELECT touchline.provide_ranges();
"""
"""Parts of the lanes are made ahead of need, for the application role may make none by itself. Nothing waits for one: what
finds no range of its own stands in the lane's rest for good."""


SQLITE = """
CREATE TABLE tenants (
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (number),
    UNIQUE (name)
) STRICT;
CREATE TABLE facts (
    tenant INTEGER NOT NULL,
    place INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant, place)
) WITHOUT ROWID, STRICT;
CREATE TABLE verdicts (
    tenant INTEGER NOT NULL,
    place INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    "after" INTEGER NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant, place)
) WITHOUT ROWID, STRICT;
CREATE TABLE fact_ids (
    tenant INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (tenant, event_id)
) WITHOUT ROWID, STRICT;
CREATE TABLE corrections (
    tenant INTEGER NOT NULL,
    target BLOB NOT NULL,
    place INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    PRIMARY KEY (tenant, target)
) WITHOUT ROWID, STRICT;
CREATE TABLE about (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID, STRICT;
CREATE TABLE counters (
    tenant INTEGER NOT NULL,
    place INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    hash BLOB NOT NULL,
    floor INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;
CREATE TABLE engines (
    tenant INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    advanced INTEGER NOT NULL,
    verdict_place INTEGER NOT NULL,
    verdict_recorded INTEGER NOT NULL,
    verdict_hash BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL,
    set_name TEXT NOT NULL,
    fold_version TEXT NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;
CREATE TABLE api_keys (
    digest BLOB NOT NULL,
    tenant INTEGER NOT NULL,
    source TEXT NOT NULL,
    write_only INTEGER NOT NULL,
    PRIMARY KEY (digest)
) WITHOUT ROWID, STRICT;
"""

STOP = "CREATE TRIGGER {t}_no_{act} BEFORE {ACT} ON {t} BEGIN SELECT RAISE(ABORT, '{t} is append-only'); END"
TAKEN = (
    "CREATE TRIGGER {t}_no_replace BEFORE INSERT ON {t} WHEN {taken}"
    " BEGIN SELECT RAISE(FAIL, '{t} is append-only'); END"
)
UNIQUE = {
    "tenants": (("number",), ("name",)),
    "facts": (("tenant", "place"),),
    "verdicts": (("tenant", "place"),),
    "fact_ids": (("tenant", "event_id"),),
    "corrections": (("tenant", "target"),),
}
"""Record tables, each with its unique keys."""

KEYS = {
    "sqlite": """
CREATE TABLE secrets (
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID, STRICT;
CREATE TABLE persons (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (tenant, person)
) WITHOUT ROWID, STRICT;
CREATE TABLE person_keys (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    retention TEXT NOT NULL,
    "key" BLOB NOT NULL,
    PRIMARY KEY (tenant, person, retention)
) WITHOUT ROWID, STRICT;
CREATE TABLE tombstones (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    erased INTEGER NOT NULL,
    PRIMARY KEY (tenant, person)
) WITHOUT ROWID, STRICT;
CREATE TABLE blind_index (
    mac BLOB NOT NULL,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (mac)
) WITHOUT ROWID, STRICT;
CREATE INDEX blind_index_person ON blind_index (tenant, person);
CREATE TABLE conflicts (
    tenant TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    kept TEXT NOT NULL,
    other TEXT NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (tenant, event_id, kind)
) WITHOUT ROWID, STRICT;
""",
    "postgresql": """
CREATE TABLE touchline_keys.blind_index (
    mac BYTEA NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (mac)
);
CREATE INDEX blind_index_person ON touchline_keys.blind_index (tenant, person);
CREATE TABLE touchline_keys.conflicts (
    tenant TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    kept TEXT COLLATE "C" NOT NULL,
    other TEXT COLLATE "C" NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY (tenant, event_id, kind)
);
CREATE TABLE touchline_keys.person_keys (
    tenant TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    retention TEXT COLLATE "C" NOT NULL,
    key BYTEA NOT NULL,
    PRIMARY KEY (tenant, person, retention)
);
CREATE TABLE touchline_keys.persons (
    tenant TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, person)
);
CREATE TABLE touchline_keys.secrets (
    name TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE touchline_keys.tombstones (
    tenant TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    erased BIGINT NOT NULL,
    PRIMARY KEY (tenant, person)
);
""",
}


def sqlite(store: str) -> Iterator[str]:
    if store == "keys":
        yield KEYS["sqlite"]
        return
    yield SQLITE
    for table, keys in UNIQUE.items():
        for act in ("update", "delete"):
            yield STOP.format(t=table, act=act, ACT=act.upper())
        taken = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key)})"
            for key in keys
        )
        yield TAKEN.format(t=table, taken=taken)


def upgrade() -> None:
    from alembic import op

    if op.get_context().opts["store"] == "keys":
        op.execute(KEYS["postgresql"])
        return
    op.execute(POSTGRESQL)
    for part in range(IDS):
        op.execute(
            f"CREATE TABLE touchline.fact_ids_{part} PARTITION OF touchline.fact_ids"
            f" FOR VALUES WITH (MODULUS {IDS}, REMAINDER {part})"
        )
    op.execute(GUARDS)
    for table in UNIQUE:
        op.execute(GUARD.format(t=table))
    op.execute(RANGES.replace(":", r"\:"))


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back")
