package readbench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"time"
)

// processors tells what the two sides of a request have used of the processors. Unlike rates, that hardly depends on what else the machine does.
type processors struct {
	program  time.Duration // this process: the server and the clients
	database time.Duration // PostgreSQL's processes for the world; 0 where it runs elsewhere or the system does not tell
}

// used is the use so far. The database must be the world's, reached by its own pool.
func used(ctx context.Context, world *sql.DB) (processors, error) {
	rows, err := world.QueryContext(ctx, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
	if err != nil {
		return processors{}, err
	}
	defer rows.Close()
	var all processors
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return processors{}, err
		}
		// Linux: nanoseconds on a processor, nanoseconds in the queue, times it ran.
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		running, _, _ := bytes.Cut(text, []byte(" "))
		nanoseconds, _ := strconv.ParseInt(string(running), 10, 64)
		all.database += time.Duration(nanoseconds)
	}
	all.program = processorTime()
	return all, rows.Err()
}

func (p processors) since(before processors) processors {
	return processors{p.program - before.program, p.database - before.database}
}
