package doctor

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

const (
	oldestPostgres = 130000 // the change feed reads snapshots by functions that came with it
	clockWarn      = 2 * time.Second
	clockFail      = time.Minute
)

// parameters are the settings of a PostgreSQL server as our sessions have them: name to value, in the unit that pg_settings has.
type parameters map[string]string

// is says whether a setting has one of the values.
func (p parameters) is(name string, values ...string) bool {
	for _, value := range values {
		if p[name] == value {
			return true
		}
	}
	return false
}

// number is a setting's number; without the setting it is what is said of it.
func (p parameters) number(name string, otherwise float64) float64 {
	n, err := strconv.ParseFloat(p[name], 64)
	if err != nil {
		return otherwise
	}
	return n
}

func (e *examination) postgres(ctx context.Context) ([]Finding, error) {
	settings, err := e.parameters(ctx)
	if err != nil {
		return nil, err
	}
	began := store.Now()
	var theirs store.Instant
	rows, err := e.db.QueryFresh(ctx, "SELECT clock_timestamp()")
	if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error { return row.Scan(&theirs) }); err != nil {
		return nil, err
	}
	took := store.Now().Sub(began)
	encrypted, err := e.text(ctx, "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	collation, err := e.collation(ctx, settings)
	if err != nil {
		return nil, err
	}
	taken, err := e.text(ctx, "SELECT count(*)::text FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	inUse, _ := strconv.Atoi(taken)
	findings := []Finding{
		postgresVersion(settings, took), encoding(settings["server_encoding"], "UTF8"), durability(settings), isolation(settings),
		connections(settings, most(e.db.Stats().Pools), inUse), clocks(theirs.Sub(began.Add(took/2)), took),
		line(e.options.DatabaseURL, encrypted == "true"), autovacuum(settings), collation,
	}
	return append(findings, logged(settings)...), nil
}

func (e *examination) parameters(ctx context.Context) (parameters, error) {
	settings := parameters{}
	rows, err := e.db.QueryFresh(ctx, "SELECT name, coalesce(setting, '') FROM pg_settings")
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var name, value string
		if err := row.Scan(&name, &value); err != nil {
			return err
		}
		settings[name] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the server's settings: %w", err)
	}
	return settings, nil
}

func postgresVersion(settings parameters, took time.Duration) Finding {
	message := fmt.Sprintf("PostgreSQL %s, answers in %s", settings["server_version"], took.Round(100*time.Microsecond))
	if settings.number("server_version_num", 0) < oldestPostgres {
		return failed("database", message, "13 or later is needed: the change feed rests on pg_current_snapshot")
	}
	return ok("database", message)
}

func encoding(found, wanted string) Finding {
	if found != wanted {
		return failed("encoding", "the database keeps "+found, "make it anew with the encoding "+wanted+", so that every name can be stored")
	}
	return ok("encoding", found)
}

// durability: what was answered is on disk.
func durability(settings parameters) Finding {
	for _, name := range []string{"fsync", "full_page_writes"} {
		if settings[name] == "off" {
			return failed("durability", name+" is off: a crash of the machine can destroy the database", "set "+name+" = on")
		}
	}
	if settings["synchronous_commit"] == "off" {
		return failed("durability", "synchronous_commit is off: a crash loses records that were answered as stored", "set synchronous_commit = on")
	}
	return ok("durability", "fsync, full_page_writes and synchronous_commit are on")
}

// isolation: transactions lock, and then read again what they had read before. Under a snapshot of their own they would see it as it was.
func isolation(settings parameters) Finding {
	if level := settings["default_transaction_isolation"]; level != "read committed" {
		return failed("isolation", "transactions are "+level+": what is read again under a lock is not what stands there then", "set default_transaction_isolation = 'read committed' for the role")
	}
	return ok("isolation", "read committed")
}

// most is how many connections a server may take.
func most(pools []store.Pool) int {
	total := 0
	for _, pool := range pools {
		total += pool.MaxOpenConnections
	}
	return total
}

func connections(settings parameters, pool, taken int) Finding {
	room := int(settings.number("max_connections", 0) - settings.number("superuser_reserved_connections", 0) - settings.number("reserved_connections", 0))
	message := fmt.Sprintf("%d for all, %d taken; a server takes up to %d", room, taken, pool)
	const advice = "raise max_connections, or run fewer servers"
	switch {
	case room < pool:
		return failed("connections", message, advice)
	case room-taken < pool:
		return warn("connections", message, advice)
	}
	return ok("connections", message)
}

// clocks compares the database's clock with ours; off is known but for took.
func clocks(off, took time.Duration) Finding {
	message := fmt.Sprintf("the database's differs by %s (± %s)", off.Round(time.Millisecond), took.Round(time.Millisecond))
	const advice = "let NTP keep the time of all machines: records are dated by the clock of the server that takes them"
	switch off := off.Abs() - took; {
	case off > clockFail:
		return failed("clock", message, advice)
	case off > clockWarn:
		return warn("clock", message, advice)
	}
	return ok("clock", message)
}

// line says whether strangers can read what goes between us and the database.
func line(databaseURL string, encrypted bool) Finding {
	parsed, err := url.Parse(databaseURL)
	if err != nil {
		return warn("line", "the URL cannot be read", "")
	}
	host, mode := parsed.Hostname(), parsed.Query().Get("sslmode")
	ip := net.ParseIP(host)
	switch {
	case host == "" || host == "localhost" || (ip != nil && ip.IsLoopback()):
		return ok("line", "does not leave the machine")
	case !encrypted:
		return failed("line", "is not encrypted, and leaves the machine", "set sslmode=verify-full in the database URL")
	case mode == "verify-full" || mode == "verify-ca":
		return ok("line", "is encrypted, and the server is who it says")
	}
	return warn("line", "is encrypted, but anybody could stand in for the server", "set sslmode=verify-full and sslrootcert in the database URL")
}

func autovacuum(settings parameters) Finding {
	if settings["autovacuum"] == "off" {
		return warn("autovacuum", "is off: tables grow, plans get worse, and one day the server stops to protect its transaction numbers", "set autovacuum = on")
	}
	return ok("autovacuum", "on")
}

// collation: an operating system that sorts texts in another way than when the indexes were made does not find what is in them.
func (e *examination) collation(ctx context.Context, settings parameters) (Finding, error) {
	if settings.number("server_version_num", 0) < 150000 {
		return ok("collation", "not told before PostgreSQL 15"), nil
	}
	differs, err := e.text(ctx, "SELECT (datcollversion <> pg_database_collation_actual_version(oid))::text FROM pg_database WHERE datname = current_database() AND datcollversion IS NOT NULL")
	if err != nil {
		return Finding{}, err
	}
	if differs == "true" {
		return failed("collation", "the operating system sorts texts in another way than when the indexes were made, so unique names may be found twice", "REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION"), nil
	}
	return ok("collation", "is that of the indexes"), nil
}
