// Package scalar reads and writes the leaf values of the API, and takes in the inputs that others read: see UnmarshalObject.
//
// What cannot be read is a BAD_USER_INPUT without a place; the place is the argument's, which the caller adds.
package scalar

import (
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// MarshalTime writes an instant in RFC 3339, in UTC, with as many decimals as it needs.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var space [40]byte
		_, _ = w.Write(AppendTime(space[:0], t)) // into memory
	})
}

// AppendTime appends what MarshalTime writes.
func AppendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// UnmarshalTime reads an instant; what is finer than a microsecond is cut off.
func UnmarshalTime(v any) (time.Time, error) {
	if text, ok := v.(string); ok {
		if instant, ok := value.ParseInstant(text); ok {
			return instant, nil
		}
	}
	return time.Time{}, fault.Bad(nil, "this is not a time").
		WithHint("RFC 3339 with an offset, such as 2026-03-15T12:00:00+08:00")
}
