package feed

import (
	"encoding/binary"
	"errors"
	"time"
)

// EventKey says where an event of a set stands: its time, in whole microseconds, and its number. With the set it is the
// event's primary key.
type EventKey struct {
	OccurredAt time.Time
	ID         int64
}

var errKeys = errors.New("feed: damaged keys of events")

// encoded writes keys as the differences from one to the next, two varints each: the microseconds and the number. A batch's
// numbers are close together, and often its times are. Nil for no keys.
func encoded(keys []EventKey) []byte {
	if len(keys) == 0 {
		return nil
	}
	var micros, id int64
	text := make([]byte, 0, 9+4+8*(len(keys)-1))
	for _, key := range keys {
		at := key.OccurredAt.UnixMicro()
		text = binary.AppendVarint(text, at-micros)
		text = binary.AppendVarint(text, key.ID-id)
		micros, id = at, key.ID
	}
	return text
}

// decoded reads what encoded wrote.
func decoded(text []byte) ([]EventKey, error) {
	var (
		keys       []EventKey
		micros, id int64
	)
	for len(text) > 0 {
		for _, into := range []*int64{&micros, &id} {
			difference, n := binary.Varint(text)
			if n <= 0 {
				return nil, errKeys
			}
			*into += difference
			text = text[n:]
		}
		keys = append(keys, EventKey{OccurredAt: time.UnixMicro(micros).UTC(), ID: id})
	}
	return keys, nil
}
