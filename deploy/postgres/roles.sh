#!/bin/sh
# Run by PostgreSQL's image when its volume is empty: the two roles of docs/postgresql.md, with the passwords that stand in the
# files from which the services read their URLs. The owner makes the tables; the application can change no record.
set -eu
psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set owner `sed -n 's#^postgresql://touchline_owner:\([0-9a-f]*\)@.*#\1#p' /run/secrets/owner_database`
\set application `sed -n 's#^postgresql://touchline:\([0-9a-f]*\)@.*#\1#p' /run/secrets/database`
SELECT length(:'owner') >= 32 AND length(:'application') >= 32 AS found \gset
\if :found
CREATE ROLE touchline_owner LOGIN PASSWORD :'owner';
CREATE ROLE touchline LOGIN PASSWORD :'application';
ALTER DATABASE touchline OWNER TO touchline_owner;
\else
DO $$ BEGIN RAISE 'the passwords of both roles must stand in /run/secrets'; END $$;
\endif
SQL
