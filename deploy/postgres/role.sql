-- The roles of price_assets: one that reads what price lists are made from, and one that owns the ledger. Either alone, or both:
--
--   READER_PASSWORD=… psql "$SOURCE" -v tables='shop.products, shop.prices' -f role.sql
--   LEDGER_PASSWORD=… psql "$LEDGER" -v ledger=price_lists_ledger -f role.sql
--
--   tables       what the reader may SELECT from, with commas between: schema.table (or a view), or a schema: all tables and views that it has now
--   reader       the reader's name; price_lists_reader by default
--   ledger       the name of the ledger's owner, and of the schema for its tables: EXPORT_RUNS_URL=postgresql://NAME:PASSWORD@HOST/DATABASE
--   connections  so many at once, of each role; 30 by default. A run takes two of the reader's, and a third one to cancel its query
--
-- It may be run again: what is named is granted, what is not named any more is revoked, and a password stays as it is where none is given.
-- Run it as a superuser, or as an owner of the tables and the database who may create roles; with psql 15 or newer.

\set ON_ERROR_STOP on
\set QUIET on
\set SHOW_CONTEXT never
\if :{?tables} \else \set tables '' \endif
\if :{?reader} \else \set reader price_lists_reader \endif
\if :{?ledger} \else \set ledger '' \endif
\if :{?connections} \else \set connections 30 \endif
-- From the environment, since arguments show in the list of processes.
\set reader_password ''
\getenv reader_password READER_PASSWORD
\set ledger_password ''
\getenv ledger_password LEDGER_PASSWORD

BEGIN;
SET LOCAL password_encryption = 'scram-sha-256';
-- psql puts no variable into a quoted body, so they are handed over as settings of this transaction. No statement of DDL, which servers log, holds
-- a password.
SELECT set_config('price_assets.tables', :'tables', true), set_config('price_assets.reader', :'reader', true),
       set_config('price_assets.ledger', :'ledger', true), set_config('price_assets.connections', :'connections', true),
       set_config('price_assets.reader_password', :'reader_password', true), set_config('price_assets.ledger_password', :'ledger_password', true)
\g /dev/null

CREATE OR REPLACE FUNCTION pg_temp.make_role(wanted text, password text, variable text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    there pg_roles;
    connections text := current_setting('price_assets.connections');
BEGIN
    IF connections !~ '^[1-9][0-9]{0,4}$' THEN
        RAISE EXCEPTION 'connections is %: give a whole number from 1 on', quote_literal(connections);
    END IF;
    SELECT * INTO there FROM pg_roles WHERE rolname = wanted;
    IF there.rolname IS NULL THEN
        IF password = '' THEN
            RAISE EXCEPTION 'The role % is new and wants a password: set the environment variable %', quote_ident(wanted), variable;
        END IF;
        EXECUTE format('CREATE ROLE %I', wanted);
    ELSIF there.rolsuper OR there.rolcreaterole OR there.rolcreatedb OR there.rolreplication OR there.rolbypassrls THEN
        RAISE EXCEPTION 'The role % is there already, and a superuser or nearly one: give another name', quote_ident(wanted);
    ELSIF EXISTS (SELECT FROM pg_auth_members WHERE member = there.oid) THEN
        RAISE EXCEPTION 'The role % is there already, and has the rights of %: give another name', quote_ident(wanted),
            (SELECT string_agg(roleid::regrole::text, ', ') FROM pg_auth_members WHERE member = there.oid);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN CONNECTION LIMIT %s', wanted, connections);
    IF password <> '' THEN
        EXECUTE format('ALTER ROLE %I PASSWORD %L', wanted, password);
    END IF;
    -- For whatever else connects with it: price_assets sets its own times in each transaction.
    EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', wanted, '15min');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', wanted, '30s');
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', wanted, '5min');
    IF NOT has_database_privilege(wanted, current_database(), 'CONNECT') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
    END IF;
END $$;

-- What the variable `tables` names.
CREATE OR REPLACE FUNCTION pg_temp.named_tables() RETURNS SETOF regclass LANGUAGE plpgsql AS $$
DECLARE
    item text;
    parts text[];
BEGIN
    FOREACH item IN ARRAY string_to_array(current_setting('price_assets.tables'), ',') LOOP
        item := btrim(item, E' \t\n');
        BEGIN
            parts := parse_ident(item);
        EXCEPTION WHEN invalid_parameter_value THEN
            RAISE EXCEPTION 'tables: % is no name: write schema.table, or a schema, with commas between', quote_literal(item);
        END;
        RETURN QUERY SELECT pg_class.oid::regclass FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname = parts[1]
              AND (cardinality(parts) = 1 OR cardinality(parts) = 2 AND relname = parts[2]);
        IF NOT FOUND AND cardinality(parts) = 1 THEN
            RAISE EXCEPTION 'tables: there is no schema % with tables in database %; a table is written with its schema: public.%',
                item, current_database(), item;
        ELSIF NOT FOUND THEN
            RAISE EXCEPTION 'tables: there is no table or view % in database %', item, current_database();
        END IF;
    END LOOP;
END $$;

DO $$
DECLARE
    reader text := current_setting('price_assets.reader');
    named regclass[];
    reader_id oid;
    told text;
    each record;
BEGIN
    IF current_setting('price_assets.tables') = '' THEN
        IF current_setting('price_assets.ledger') = '' THEN
            RAISE EXCEPTION 'There is nothing to do: give -v tables=… for the reader, -v ledger=… for the owner of the ledger, or both';
        END IF;
        RETURN;
    END IF;
    named := ARRAY(SELECT DISTINCT named_tables FROM pg_temp.named_tables());
    PERFORM pg_temp.make_role(reader, current_setting('price_assets.reader_password'), 'READER_PASSWORD');
    SELECT oid INTO reader_id FROM pg_roles WHERE rolname = reader;
    IF EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = reader_id AND deptype = 'o') THEN
        RAISE EXCEPTION 'The role % is there already, and owns what it therefore may change: give another name', quote_ident(reader);
    END IF;
    EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', reader);

    -- What it was given before, and is not named now or is more than reading.
    FOR each IN
        SELECT DISTINCT pg_class.oid::regclass AS name, relkind
        FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attacl IS NOT NULL,
             LATERAL (SELECT * FROM aclexplode(relacl) UNION ALL SELECT * FROM aclexplode(attacl)) AS given
        WHERE grantee = reader_id AND (pg_class.oid <> ALL (named) OR privilege_type <> 'SELECT' OR is_grantable)
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %I', CASE each.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, each.name, reader);
    END LOOP;
    FOR each IN
        SELECT DISTINCT nspname AS name FROM pg_namespace, aclexplode(nspacl)
        WHERE grantee = reader_id
          AND (privilege_type <> 'USAGE' OR is_grantable OR pg_namespace.oid NOT IN (SELECT relnamespace FROM pg_class WHERE oid = ANY (named)))
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', each.name, reader);
    END LOOP;
    FOR each IN SELECT DISTINCT relnamespace::regnamespace AS name FROM pg_class WHERE oid = ANY (named) LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', each.name, reader);
    END LOOP;
    FOR each IN SELECT unnest(named) AS name LOOP
        EXECUTE format('GRANT SELECT ON TABLE %s TO %I', each.name, reader);
        IF NOT has_table_privilege(reader, each.name, 'SELECT') THEN  -- of rights that one may not give, GRANT may only warn
            RAISE EXCEPTION '% may not let others read %: run this as its owner', current_user, each.name;
        END IF;
    END LOOP;

    -- Rights that everybody has it has too; they are not this script's to take.
    SELECT string_agg(format('%I.%I', nspname, relname), ', ' ORDER BY nspname, relname) INTO told
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(reader, pg_namespace.oid, 'USAGE')
      AND has_table_privilege(reader, pg_class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE');
    IF told IS NOT NULL THEN
        RAISE WARNING 'Everybody may change %, and so may %: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON % FROM PUBLIC', told, quote_ident(reader), told;
    END IF;
    SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname) INTO told FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(reader, oid, 'CREATE');
    IF told IS NOT NULL THEN
        RAISE WARNING 'Everybody may create tables in %, and so may %: REVOKE CREATE ON SCHEMA % FROM PUBLIC', told, quote_ident(reader), told;
    END IF;
END $$;

DO $$
DECLARE
    ledger text := current_setting('price_assets.ledger');
BEGIN
    IF ledger = '' THEN
        RETURN;
    END IF;
    IF current_setting('price_assets.tables') <> '' AND ledger = current_setting('price_assets.reader') THEN
        RAISE EXCEPTION 'The ledger wants an owner of its own: % only reads', quote_ident(ledger);
    END IF;
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = ledger AND NOT EXISTS (
        SELECT FROM pg_roles WHERE rolname = ledger AND has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'CREATE'))) THEN
        RAISE EXCEPTION 'The schema % is there already, and not the ledger''s: give another name', quote_ident(ledger);
    END IF;
    PERFORM pg_temp.make_role(ledger, current_setting('price_assets.ledger_password'), 'LEDGER_PASSWORD');
    IF to_regnamespace(quote_ident(ledger)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', ledger);
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO %1$I', ledger);
    END IF;
    -- Where an unqualified table is made and looked for; its functions keep it.
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %1$I', ledger, current_database());
END $$;
COMMIT;
