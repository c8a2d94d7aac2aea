package store

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/lib/pq"
	"modernc.org/sqlite"
)

// Reason is what kind of failure of the database an error is, without anything of what was read or written; "" when it is none.
func Reason(err error) string {
	var (
		postgres *pq.Error
		embedded *sqlite.Error
	)
	switch {
	case errors.As(err, &postgres):
		return "PostgreSQL: " + postgres.Code.Name() + " (" + string(postgres.Code) + ")"
	case errors.As(err, &embedded):
		if name, known := sqlite.ErrorCodeString[embedded.Code()]; known {
			return name
		}
		return "SQLite: an error"
	case errors.Is(err, ErrStartOver):
		return "other transactions were always faster"
	case errors.Is(err, driver.ErrBadConn):
		return "the connection to the database was lost"
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	}
	return ""
}
