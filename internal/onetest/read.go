package onetest

import (
	"context"
	"fmt"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// State is what a database says of who is who.
type State struct {
	Of         map[identity.Identity]customer.Handle // those that somebody holds
	Shared     map[identity.Identity]bool
	Leads      map[customer.Handle]customer.Handle // every id that was given out, to the living customer's; 0: nobody
	Owner      map[Message]customer.Handle         // of the records that are stored; 0: nobody
	Events     map[Message]customer.Handle         // of their events
	Attributes map[customer.Handle]string          // canonical JSON
}

// Read reads a database. Nobody may write to it meanwhile.
func Read(ctx context.Context, db *store.DB) (*State, error) {
	s := &State{
		Of: map[identity.Identity]customer.Handle{}, Shared: map[identity.Identity]bool{}, Leads: map[customer.Handle]customer.Handle{},
		Owner: map[Message]customer.Handle{}, Events: map[Message]customer.Handle{}, Attributes: map[customer.Handle]string{},
	}
	for _, read := range []func(context.Context, *store.DB) error{s.readIdentities, s.readHandles, s.readRecords, s.readAttributes} {
		if err := read(ctx, db); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func each(ctx context.Context, db *store.DB, scan func(store.Row) error, query string) error {
	rows, err := db.Query(ctx, query)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error { return scan(row) })
	if err != nil {
		err = fmt.Errorf("%s: %w", query, err)
	}
	return err
}

func (s *State) readIdentities(ctx context.Context, db *store.DB) error {
	return each(ctx, db, func(row store.Row) error {
		var id identity.Identity
		var handle customer.Handle
		var shared bool
		err := row.Scan(&id.Type, &id.Scope, &id.Value, &handle, &shared)
		if handle != 0 {
			s.Of[id] = handle
		}
		if shared {
			s.Shared[id] = true
		}
		return err
	}, "SELECT t.name, i.scope, i.value, coalesce(c.public_id, 0), i.shared FROM identities i JOIN identity_types t ON t.id = i.type_id LEFT JOIN customers c ON c.id = i.customer_id")
}

func (s *State) readHandles(ctx context.Context, db *store.DB) error {
	return each(ctx, db, func(row store.Row) error {
		var handle, living customer.Handle
		err := row.Scan(&handle, &living)
		s.Leads[handle] = living
		return err
	}, "SELECT h.id, coalesce(c.public_id, 0) FROM customer_handles h LEFT JOIN customers c ON c.id = h.customer_id")
}

// readRecords reads whose each record and each event is; of message ids only those that ingest keeps as they are sent.
func (s *State) readRecords(ctx context.Context, db *store.DB) error {
	for table, into := range map[string]map[Message]customer.Handle{"records": s.Owner, "events": s.Events} {
		if err := each(ctx, db, func(row store.Row) error {
			var message Message
			var owner customer.Handle
			err := row.Scan(&message.Source, &message.ID, &owner)
			if _, told := into[message]; told {
				return fmt.Errorf("two customers own %v", message)
			}
			into[message] = owner
			return err
		}, "SELECT w.name, r.message_id, coalesce(c.public_id, 0) FROM "+table+" e JOIN records r ON r.id = e.id AND NOT r.withdrawn JOIN sources w ON w.id = r.source_id"+
			" LEFT JOIN set_owners o ON "+customer.OwnedBy("e.set_id", "e.occurred_at", "o")+" LEFT JOIN customers c ON c.id = o.customer_id"); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) readAttributes(ctx context.Context, db *store.DB) error {
	return each(ctx, db, func(row store.Row) error {
		var handle customer.Handle
		var text []byte
		if err := row.Scan(&handle, &text); err != nil {
			return err
		}
		decoded, err := value.Decode(text)
		if err != nil {
			return err
		}
		s.Attributes[handle] = string(value.JSON(decoded))
		return nil
	}, "SELECT public_id, attributes FROM customers")
}
