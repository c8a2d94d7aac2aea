package scalar

import (
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/internal/value"
)

// MarshalRaw writes JSON that is stored: byte for byte as it is.
func MarshalRaw(text json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendRaw(nil, text)) }) // into memory
}

// AppendRaw appends what MarshalRaw writes.
func AppendRaw(b []byte, text json.RawMessage) []byte {
	if len(text) == 0 {
		return append(b, "null"...)
	}
	if b == nil {
		return text
	}
	return append(b, text...)
}

// UnmarshalRaw reads a JSON value and writes it canonically.
func UnmarshalRaw(v any) (json.RawMessage, error) {
	read, err := UnmarshalAny(v)
	return value.JSON(read), err
}

// MarshalAny writes a JSON value canonically, and what is JSON already as it is.
func MarshalAny(v any) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendAny(nil, v)) }) // into memory
}

// AppendAny appends what MarshalAny writes.
func AppendAny(b []byte, v any) []byte {
	if text, written := v.(json.RawMessage); written {
		return AppendRaw(b, text)
	}
	return AppendRaw(b, value.JSON(v))
}

// UnmarshalAny reads a JSON value: numbers exact, texts in NFC. What value.Clean refuses is refused.
func UnmarshalAny(v any) (any, error) { return value.Clean(Exact(v), nil) }
