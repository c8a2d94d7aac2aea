package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// idle is how long a job may wait without a server working on it before that is strange.
const idle = 10 * time.Minute

// jobs looks at the work in the background: until it is done, settings that were changed do not count for all that was stored before.
func (e *examination) jobs(ctx context.Context) error {
	failures, err := e.jobNumbers(ctx, "SELECT id FROM jobs j WHERE state = 'FAILED' AND NOT EXISTS (SELECT 1 FROM jobs later WHERE later.kind = j.kind"+
		" AND later.subject IN ('', j.subject) AND later.state = 'DONE' AND later.created_at > j.created_at) ORDER BY id")
	if err != nil {
		return err
	}
	if len(failures) > 0 {
		finding := failed("jobs-failed", fmt.Sprintf("%d jobs in the background have failed: what was stored before does not obey the settings yet", len(failures)),
			"look at error of jobs in the API and at the server's log, then start a server again: it goes on with them")
		finding.Count, finding.Rows = int64(len(failures)), failures[:min(len(failures), someRows)]
		e.report(finding)
	} else {
		e.report(ok("jobs-failed", "no work in the background has failed"))
	}
	now := store.Now()
	waiting, err := e.jobNumbers(ctx, "SELECT id FROM jobs WHERE state IN ('WAITING', 'RUNNING') AND created_at < $1 AND (leased_until IS NULL OR leased_until < $2)"+
		" AND NOT EXISTS (SELECT 1 FROM jobs other WHERE other.kind = jobs.kind AND other.state = 'RUNNING' AND other.leased_until >= $2) ORDER BY id",
		now.Add(-idle), now.Add(-time.Minute))
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		e.report(ok("jobs-waiting", "no work in the background waits for long"))
		return nil
	}
	finding := warn("jobs-waiting", fmt.Sprintf("%d jobs in the background wait, and no server works on them", len(waiting)),
		"start a server; if one runs, end transactions that are open for long: a job waits for those from before it")
	finding.Count, finding.Rows = int64(len(waiting)), waiting[:min(len(waiting), someRows)]
	e.report(finding)
	return nil
}

func (e *examination) jobNumbers(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := e.db.QueryFresh(ctx, query, args...)
	numbers, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return nil, fmt.Errorf("look at the jobs: %w", err)
	}
	return numbers, nil
}
