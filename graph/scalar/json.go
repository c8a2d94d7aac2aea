package scalar

import (
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/internal/value"
)

// MarshalRaw writes JSON that is stored: byte for byte as it is.
func MarshalRaw(text json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if len(text) == 0 {
			text = json.RawMessage("null")
		}
		_, _ = w.Write(text) // into memory
	})
}

// UnmarshalRaw reads a JSON value and writes it canonically.
func UnmarshalRaw(v any) (json.RawMessage, error) {
	read, err := UnmarshalAny(v)
	return value.JSON(read), err
}

// MarshalAny writes a JSON value canonically, and what is JSON already as it is.
func MarshalAny(v any) graphql.Marshaler {
	if text, written := v.(json.RawMessage); written {
		return MarshalRaw(text)
	}
	return MarshalRaw(value.JSON(v))
}

// UnmarshalAny reads a JSON value: numbers exact, texts in NFC. What value.Clean refuses is refused.
func UnmarshalAny(v any) (any, error) { return value.Clean(Exact(v), nil) }
