package metrics

import (
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/meter"
)

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// What the counters of the services are called. Pools have the names that client_golang's own collector gives them.
var (
	records      = described("onecdp_ingest_records_total", "Records by their answer: accepted, duplicate, rejected; failed: of batches that an error ended.", "status")
	batchSize    = described("onecdp_ingest_batch_records", "Records of a batch, whatever brought it.")
	batchSeconds = described("onecdp_ingest_batch_duration_seconds", "From a batch's first record read to its commit.")

	customers  = described("onecdp_customers_created_total", "Customers that this server made.")
	identities = described("onecdp_identities_created_total", "Identities that this server saw first.")
	merges     = described("onecdp_merges_total", "Merges that this server made.")
	waiting    = described("onecdp_ingest_waiting_writers", "Batches that wait for another of this server, which shows the same new identities.")

	keyChecks  = described("onecdp_key_checks_total", "Secrets of callers that the database was asked about.")
	keyRounds  = described("onecdp_key_check_rounds_total", "Statements that this took: callers who come together share one.")
	keyWaiting = described("onecdp_key_checks_waiting", "Statements of such checks that wait for the one that runs.")

	transactions = described("onecdp_database_transactions_total", "Transactions by end: committed, rolled_back by our own refusal, failed.", "outcome")
	retries      = described("onecdp_database_transaction_retries_total", "Transactions begun again, because the database asked for it or the ground had moved.")
	prepared     = described("onecdp_database_prepared_statements", "Statements that the connections keep prepared; PostgreSQL only.")

	poolMax         = described("go_sql_max_open_connections", "Connections that a pool may open.", "db_name")
	poolOpen        = described("go_sql_open_connections", "Connections that are open.", "db_name")
	poolInUse       = described("go_sql_in_use_connections", "Connections in use.", "db_name")
	poolIdle        = described("go_sql_idle_connections", "Connections that are idle.", "db_name")
	poolWaits       = described("go_sql_wait_count_total", "Waits for a connection.", "db_name")
	poolWaitSeconds = described("go_sql_wait_duration_seconds_total", "Time spent waiting for a connection.", "db_name")
)

// services collects the counters of the services.
type services struct{ from Sources }

// Describe implements prometheus.Collector.
func (s services) Describe(descriptions chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(s, descriptions)
}

// Collect implements prometheus.Collector.
func (s services) Collect(metrics chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, n int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	if s.from.Ingest != nil {
		stats := s.from.Ingest.Stats()
		count(records, stats.Records[ingest.Accepted], "accepted")
		count(records, stats.Records[ingest.Duplicate], "duplicate")
		count(records, stats.Records[ingest.Rejected], "rejected")
		count(records, stats.Failed, "failed")
		metrics <- histogram(batchSize, stats.Sizes)
		metrics <- histogram(batchSeconds, stats.Seconds)
	}
	if s.from.OneID != nil {
		stats := s.from.OneID.Stats()
		count(customers, stats.Customers)
		count(identities, stats.Identities)
		count(merges, stats.Merges)
		gauge(waiting, stats.Waiting)
	}
	if s.from.Access != nil {
		stats := s.from.Access.Stats()
		count(keyChecks, stats.Checked)
		count(keyRounds, stats.Rounds)
		gauge(keyWaiting, stats.Waiting)
	}
	if s.from.Store != nil {
		stats := s.from.Store.Stats()
		count(transactions, stats.Committed, "committed")
		count(transactions, stats.RolledBack, "rolled_back")
		count(transactions, stats.Failed, "failed")
		count(retries, stats.Retries)
		gauge(prepared, stats.Prepared)
		for _, pool := range stats.Pools {
			gauge(poolMax, int64(pool.MaxOpenConnections), pool.Name)
			gauge(poolOpen, int64(pool.OpenConnections), pool.Name)
			gauge(poolInUse, int64(pool.InUse), pool.Name)
			gauge(poolIdle, int64(pool.Idle), pool.Name)
			count(poolWaits, pool.WaitCount, pool.Name)
			metrics <- prometheus.MustNewConstMetric(poolWaitSeconds, prometheus.CounterValue, pool.WaitDuration.Seconds(), pool.Name)
		}
	}
}

func histogram(d *prometheus.Desc, from meter.Distribution) prometheus.Metric {
	return prometheus.MustNewConstHistogram(d, from.Count, from.Sum, from.Up)
}

// buildInfo is 1, with the build in its labels.
func buildInfo() prometheus.Collector {
	version, revision, goVersion := "unknown", "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "onecdp_build_info", Help: "1; the labels tell which build this is.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": goVersion},
	})
	build.Set(1)
	return build
}
