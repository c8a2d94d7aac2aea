package scalar

import (
	"encoding/json"
	"io"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// MarshalString writes a text.
func MarshalString(text string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendString(nil, text)) })
}

// AppendString appends what MarshalString writes.
func AppendString(b []byte, text string) []byte { return value.AppendText(b, text) }

// UnmarshalString reads a text and brings it to NFC. Anything but a text is refused, and so is a text that cannot be kept: one with a
// NUL or a lone surrogate. Null is the empty text where a text must be.
func UnmarshalString(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return value.Text(v, nil)
	default:
		return "", fault.Bad(nil, "this is not a text")
	}
}

// MarshalInt writes a whole number.
func MarshalInt(n int) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendInt(nil, n)) })
}

// AppendInt appends what MarshalInt writes.
func AppendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// MarshalID writes a global id.
func MarshalID(id string) graphql.Marshaler { return MarshalString(id) }

// AppendID appends what MarshalID writes.
func AppendID(b []byte, id string) []byte { return AppendString(b, id) }

// UnmarshalID reads a global id, a text; as everywhere in GraphQL a whole number stands for its digits.
func UnmarshalID(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return value.Text(v, nil)
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v.String(), nil
		}
	case int64:
		return strconv.FormatInt(v, 10), nil
	case int:
		return strconv.Itoa(v), nil
	}
	return "", fault.Bad(nil, "this is not an ID")
}

// UnmarshalInt reads a whole number of 32 bits, as the GraphQL specification has it; a text is none.
func UnmarshalInt(v any) (int, error) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case int:
		n = int64(v)
	case json.Number:
		parsed, err := v.Int64()
		if err != nil {
			return 0, notWhole()
		}
		n = parsed
	default:
		return 0, notWhole()
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, notWhole()
	}
	return int(n), nil
}

func notWhole() error { return fault.Bad(nil, "this is not a whole number of 32 bits") }

// Micros is an amount in micro-units. It is written as the exact decimal number.
type Micros int64

// MarshalMicros writes an amount: 1500000 is 1.5.
func MarshalMicros(amount Micros) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendMicros(nil, amount)) })
}

// AppendMicros appends what MarshalMicros writes.
func AppendMicros(b []byte, amount Micros) []byte {
	return append(b, value.FormatMicros(int64(amount))...)
}

// UnmarshalMicros reads an amount.
func UnmarshalMicros(v any) (Micros, error) {
	if number, ok := Exact(v).(json.Number); ok {
		if micros, ok := value.Micros(number); ok {
			return Micros(micros), nil
		}
	}
	return 0, fault.Bad(nil, "this is not an amount of at most six decimals")
}
