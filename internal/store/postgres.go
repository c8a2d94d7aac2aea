package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

const (
	lockPoll      = 50 * time.Millisecond
	migrationLock = 0x6f6e65636470 // "onecdp": the advisory lock of those who migrate
)

// The connections of a server. What reads by key is short and keeps a processor busy while it runs: more of them than the processors
// can serve only wait on each other there instead of here, which costs a profile a tenth more. Transactions may wait for each other's locks,
// and questions may be long: neither keeps readers waiting.
const (
	fewestReaders    = 4
	postgresWriters  = 8
	postgresAskers   = 8
	readersProcessor = 2
)

func openPostgres(ctx context.Context, databaseURL string) (*DB, error) {
	counters := &counters{}
	reader, err := postgresPool(databaseURL, keptPlans, max(fewestReaders, readersProcessor*runtime.GOMAXPROCS(0)), counters)
	if err != nil {
		return nil, err
	}
	writer, err := postgresPool(databaseURL, keptPlans, postgresWriters, counters)
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	asker, err := postgresPool(databaseURL, freshPlans, postgresAskers, counters)
	if err != nil {
		return nil, errors.Join(err, reader.Close(), writer.Close())
	}
	if err := reader.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the database: %w", err), reader.Close(), writer.Close(), asker.Close())
	}
	return &DB{
		dialect: postgresDialect{}, reader: reader, writer: writer, asker: asker, counters: counters,
		lock: func(ctx context.Context) (func(), error) { return lockAdvisory(ctx, writer) },
	}, nil
}

// How the server plans statements with arguments. What reads by key has one good plan, whatever the key: left to itself the server
// plans such a statement anew each time, because it takes an array of unknown length for ten elements and then finds a plan made for
// one cheaper; planning a profile takes twice as long as reading it. Questions are the opposite: how many have gold level decides how
// they are answered.
const (
	keptPlans  = "force_generic_plan"
	freshPlans = "force_custom_plan"
)

// postgresPool makes a pool of connections that plan in one of these ways.
func postgresPool(databaseURL, plans string, size int, counters *counters) (*sql.DB, error) {
	source, err := postgresSource(databaseURL, plans)
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnector(source)
	if err != nil {
		return nil, errors.New("the database URL cannot be read")
	}
	pool := sql.OpenDB(keeper{connector, &counters.prepared})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool, nil
}

// postgresSource completes the URL with what must never be left to a default: whether the line is
// encrypted (on loopback and sockets it need not be), the time zone, and JIT, which costs our statements more than it gives.
func postgresSource(databaseURL, plans string) (string, error) {
	parsed, err := url.Parse(databaseURL)
	if err != nil {
		return "", errors.New("the database URL cannot be read")
	}
	settings := parsed.Query()
	if !settings.Has("sslmode") {
		settings.Set("sslmode", "require")
		host := parsed.Hostname()
		if ip := net.ParseIP(host); host == "" || host == "localhost" || (ip != nil && ip.IsLoopback()) {
			settings.Set("sslmode", "disable")
		}
	}
	for name, value := range map[string]string{"timezone": "UTC", "jit": "off", "application_name": "onecdp", "connect_timeout": "10", "plan_cache_mode": plans} {
		if !settings.Has(name) {
			settings.Set(name, value)
		}
	}
	parsed.RawQuery = settings.Encode()
	return parsed.String(), nil
}

func lockAdvisory(ctx context.Context, handle *sql.DB) (func(), error) {
	conn, err := handle.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another server's migration: %w", err), conn.Close())
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
		_ = conn.Close()
	}, nil
}

type postgresDialect struct{}

func (postgresDialect) Name() string              { return "postgres" }
func (postgresDialect) OneWriter() bool           { return false }
func (postgresDialect) ForUpdate() string         { return " FOR UPDATE" }
func (postgresDialect) TransactionNumber() string { return "pg_current_xact_id()::text::bigint" }
func (postgresDialect) NextTransaction() string {
	return "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
}

// RunningBefore: a snapshot lists the running transactions of the whole server. Those that are known to be another database's are left
// out: by the lock that each transaction has on its own number. One that has not taken it yet is counted.
func (postgresDialect) RunningBefore(number string) string {
	return "(SELECT count(*) FROM (SELECT x::text::bigint AS number FROM pg_snapshot_xip(pg_current_snapshot()) AS x) AS running WHERE running.number < " + number +
		" AND NOT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'" +
		" AND l.granted AND l.transactionid::text::bigint = running.number % 4294967296 AND a.datname <> current_database()))"
}

func (postgresDialect) Snapshot() string            { return "pg_current_snapshot()::text" }
func (postgresDialect) Greatest(a, b string) string { return "greatest(" + a + ", " + b + ")" }
func (postgresDialect) Least(a, b string) string    { return "least(" + a + ", " + b + ")" }

func (postgresDialect) Among(expression, query string) string {
	return expression + " = ANY (ARRAY(" + query + "))"
}

func (postgresDialect) planFresh() string { return "SET LOCAL plan_cache_mode = " + freshPlans }

func (postgresDialect) Nested(columns ...string) (string, bool) {
	// Not JSON: json_build_array looks its arguments' types up anew for every row, which takes longer than reading the row.
	return "string_agg(ROW(" + strings.Join(columns, ", ") + ")::text, '')", true
}

func (postgresDialect) FirstOfEach(table, alias, condition, order, limit string) string {
	return " CROSS JOIN LATERAL (SELECT * FROM " + table + " AS " + alias + " WHERE " + condition + " ORDER BY " + order + " LIMIT " + limit + ") AS " + alias
}

// CommittedBetween: a snapshot has seen the transactions below its xmax but for those of its list, which were running.
func (postgresDialect) CommittedBetween(args *Args, number, base, window string) string {
	ended, running := snapshotOf(window)
	between := number + " < " + args.Bind(ended) + " AND " + number + " <> ALL (" + args.Bind(running) + "::bigint[])"
	if base == "" {
		return between
	}
	ended, running = snapshotOf(base)
	return between + " AND (" + number + " >= " + args.Bind(ended) + " OR " + number + " = ANY (" + args.Bind(running) + "::bigint[]))"
}

// snapshotOf takes a pg_snapshot, xmin:xmax:list, apart. What is no snapshot has seen nothing.
func snapshotOf(text string) (xmax int64, running pq.Int64Array) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, pq.Int64Array{}
	}
	xmax, _ = strconv.ParseInt(parts[1], 10, 64)
	running = pq.Int64Array{}
	for one := range strings.SplitSeq(parts[2], ",") {
		if number, err := strconv.ParseInt(one, 10, 64); err == nil {
			running = append(running, number)
		}
	}
	return xmax, running
}

// relation sends one array per column.
func (postgresDialect) relation(name string, columns []Column, args *Args) string {
	var names, selects, arrays []string
	for _, column := range columns {
		if column.constant != nil {
			selects = append(selects, args.Bind(column.constant)+"::timestamptz AS "+column.name)
			continue
		}
		names = append(names, column.name)
		selects = append(selects, column.name+column.cast+" AS "+column.name)
		arrays = append(arrays, args.Bind(column.array())+"::"+column.postgres+"[]")
	}
	return "(SELECT " + strings.Join(selects, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") +
		") AS sent(" + strings.Join(names, ", ") + ")) AS " + name
}

// The whole transaction may run again after these: serialization failure, deadlock, lock not available,
// and whatever ended the connection before the commit was sent. A plan that a migration outdated is made anew.
func (postgresDialect) retryable(err error) bool {
	var failure *pq.Error
	if errors.As(err, &failure) {
		switch failure.Code {
		case "40001", "40P01", "55P03", "57P01", "57P02", "57P03":
			return true
		case outdated:
			return strings.Contains(failure.Message, "cached plan")
		}
		return failure.Code.Class() == "08"
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		(errors.As(err, &network) && !network.Timeout())
}

// rolledBack: an answer from the server to COMMIT is certain, silence is not.
func (postgresDialect) rolledBack(err error) bool {
	var failure *pq.Error
	return errors.As(err, &failure) && failure.Code.Class() == "40"
}
