package profile

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// named is the condition on the name of event e, to follow others; empty when every name will do.
func named(dialect store.Dialect, names []string, args *store.Args) string {
	if names == nil {
		return ""
	}
	storable := make([]string, 0, len(names))
	for _, name := range names {
		if name, err := value.Text(name, nil); err == nil { // what cannot be stored is the name of no event
			storable = append(storable, name)
		}
	}
	wanted := "SELECT n.id FROM " + store.Relation(dialect, "wanted", args, store.Texts("name", storable)) +
		" JOIN event_names n ON n.name = wanted.name"
	return " AND " + dialect.Among("e.name_id", wanted)
}

type placedEvent struct {
	Event

	place                 int
	name, source, channel int32 // channel 0: none
}

// events reads rows of (place, customer, eventColumns) and puts words for their numbers.
func (r *Reader) events(ctx context.Context, rows *sql.Rows, err error) ([]placedEvent, error) {
	all, err := store.Collect(rows, err, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, r.nameEvents(ctx, all)
}

// nameEvents puts words for the numbers of names, sources and channels.
func (r *Reader) nameEvents(ctx context.Context, all []placedEvent) error {
	names, sources, channels := make([]int32, len(all)), make([]int32, len(all)), make([]int32, 0, len(all))
	for i := range all {
		names[i], sources[i] = all[i].name, all[i].source
		if all[i].channel != 0 {
			channels = append(channels, all[i].channel)
		}
	}
	for dictionary, numbers := range map[store.Dictionary][]int32{store.EventNames: names, store.Sources: sources, store.Channels: channels} {
		if err := r.db.LoadWords(ctx, dictionary, numbers); err != nil {
			return fmt.Errorf("read %s: %w", dictionary, err)
		}
	}
	for i := range all {
		e := &all[i]
		e.Name, e.Source = r.words(store.EventNames, e.name), r.words(store.Sources, e.source)
		if e.channel != 0 {
			e.Channel = new(r.words(store.Channels, e.channel))
		}
	}
	return nil
}

func scanEvent(row store.Row, e *placedEvent) error {
	var (
		occurred, received store.Instant
		channel            *int32
	)
	err := row.Scan(&e.place, &e.Customer, &e.Set, &occurred, &e.ID, &received, &e.name, &e.source, &channel, &e.Amount, (*[]byte)(&e.Properties))
	e.OccurredAt, e.ReceivedAt = occurred.Time, received.Time
	if channel != nil {
		e.channel = *channel
	}
	return err
}
