-- +goose Up
-- onecdp_instant in PL/pgSQL. It reads the instant once and compares it twice, which no single expression does, and so the planner
-- could not put its body in the place of the call: each call of a function in SQL begins a query of its own, which took most of the time.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION onecdp_instant(given text) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  instant timestamptz;
BEGIN
  IF given IS NULL OR given !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$' THEN
    RETURN NULL;
  END IF;
  instant := (onecdp_day(left(given, 10))::timestamp + make_interval(
      hours => substr(given, 12, 2)::int, mins => substr(given, 15, 2)::int, secs => substr(given, 18, 2)::int) - CASE
        WHEN right(given, 1) = 'Z' THEN interval '0'
        WHEN substr(right(given, 6), 1, 1) = '-' THEN -make_interval(hours => substr(right(given, 6), 2, 2)::int, mins => right(given, 2)::int)
        ELSE make_interval(hours => substr(right(given, 6), 2, 2)::int, mins => right(given, 2)::int) END
    + rpad(left(coalesce(substring(given from '\.([0-9]+)'), ''), 6), 6, '0')::int * interval '1 microsecond') AT TIME ZONE 'UTC';
  IF instant >= '0001-01-01 00:00:00+00'::timestamptz AND instant < '10000-01-01 00:00:00+00'::timestamptz THEN
    RETURN instant;
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd
