package onebench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// processors is what the two sides of a load have used of the processors. Unlike rates, that hardly depends on what else the machine does.
type processors struct{ program, database time.Duration }

// used is the use so far: of this process, and of PostgreSQL's processes for the database, where the system tells.
func (h *house) used() processors {
	h.Helper()
	rows, err := h.direct.QueryContext(h.Context(), "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
	if err != nil {
		h.Fatal(err)
	}
	defer rows.Close()
	var all processors
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			h.Fatal(err)
		}
		// Linux: nanoseconds on a processor, nanoseconds in the queue, times it ran.
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		running, _, _ := bytes.Cut(text, []byte(" "))
		nanoseconds, _ := strconv.ParseInt(string(running), 10, 64)
		all.database += time.Duration(nanoseconds)
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil {
		all.program = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	return all
}

// load is what was done for a while.
type load struct {
	records int
	took    time.Duration
	used    processors
}

func (l load) rate() float64 { return float64(l.records) / l.took.Seconds() }

// micros is the processor time of one record in the program, and in the database.
func (l load) micros() (program, database float64) {
	return float64(l.used.program.Microseconds()) / float64(l.records), float64(l.used.database.Microseconds()) / float64(l.records)
}

// work is both together.
func (l load) work() float64 {
	program, database := l.micros()
	return program + database
}
