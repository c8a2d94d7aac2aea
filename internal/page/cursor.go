package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// A cursor is the key values as varints behind the first bytes of a SHA-256 over them and the connection's name. The sum is no
// secret: it keeps cursors in their lists and finds damage. Whoever makes one by hand sees no more than paging shows.
const (
	sumBytes      = 6
	longestCursor = 256
)

var encoding = base64.RawURLEncoding.Strict()

func (c Connection) seal(keys []int64) string {
	if len(keys) != c.Keys {
		panic("page: " + c.Name + " with " + strconv.Itoa(len(keys)) + " keys")
	}
	var values []byte
	for _, key := range keys {
		values = binary.AppendVarint(values, key)
	}
	return encoding.EncodeToString(append(c.sum(values), values...))
}

func (c Connection) sum(values []byte) []byte {
	sum := sha256.Sum256(append(append([]byte(c.Name), 0), values...))
	return sum[:sumBytes:sumBytes]
}

// open reads what seal wrote, and nothing else.
func (c Connection) open(cursor string) ([]int64, bool) {
	if len(cursor) > longestCursor {
		return nil, false
	}
	data, err := encoding.DecodeString(cursor)
	if err != nil || len(data) < sumBytes {
		return nil, false
	}
	keys := make([]int64, 0, c.Keys)
	for rest := data[sumBytes:]; len(rest) > 0; {
		key, size := binary.Varint(rest)
		if size <= 0 || len(keys) == c.Keys {
			return nil, false
		}
		keys, rest = append(keys, key), rest[size:]
	}
	if len(keys) != c.Keys || c.seal(keys) != cursor {
		return nil, false
	}
	return keys, true
}
