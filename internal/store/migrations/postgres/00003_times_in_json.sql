-- +goose Up
-- What texts in JSON say of days and instants, as the segment language reads them: strictly, and NULL for all other
-- texts. They are checked before they are cast, for a failed cast would fail the whole query. None is STRICT, so that
-- the planner can put the body in the place of the call.

-- +goose StatementBegin
CREATE FUNCTION onecdp_day(given text) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN given ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' AND left(given, 4) <> '0000' THEN
    CASE WHEN substr(given, 9, 2)::int <= CASE substr(given, 6, 2)
        WHEN '02' THEN CASE WHEN left(given, 4)::int % 4 = 0 AND (left(given, 4)::int % 100 <> 0 OR left(given, 4)::int % 400 = 0) THEN 29 ELSE 28 END
        WHEN '04' THEN 30 WHEN '06' THEN 30 WHEN '09' THEN 30 WHEN '11' THEN 30
        ELSE 31 END
      THEN make_date(left(given, 4)::int, substr(given, 6, 2)::int, substr(given, 9, 2)::int) END
  END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION onecdp_instant(given text) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN given ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$' THEN
    CASE WHEN read.instant >= '0001-01-01 00:00:00+00'::timestamptz AND read.instant < '10000-01-01 00:00:00+00'::timestamptz THEN read.instant END
  END
  FROM (SELECT CASE WHEN given ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$' THEN
    (onecdp_day(left(given, 10))::timestamp + make_interval(
      hours => substr(given, 12, 2)::int, mins => substr(given, 15, 2)::int, secs => substr(given, 18, 2)::int) - CASE
        WHEN right(given, 1) = 'Z' THEN interval '0'
        WHEN substr(right(given, 6), 1, 1) = '-' THEN -make_interval(hours => substr(right(given, 6), 2, 2)::int, mins => right(given, 2)::int)
        ELSE make_interval(hours => substr(right(given, 6), 2, 2)::int, mins => right(given, 2)::int) END
    + rpad(left(coalesce(substring(given from '\.([0-9]+)'), ''), 6), 6, '0')::int * interval '1 microsecond') AT TIME ZONE 'UTC'
  END AS instant) AS read
$$;
-- +goose StatementEnd
