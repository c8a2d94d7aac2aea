package onetest

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// ReadOperations reads what operators decided and what is in force of it, for logs whose operations depend on what they met. Retractions are
// told by the records.
func ReadOperations(ctx context.Context, db *store.DB) ([]*Operation, error) {
	type part struct{ operation, part int64 }
	type sides struct {
		kind  string
		sides [2][]identity.Identity
		since time.Time
	}
	var parts []part
	found := map[part]*sides{}
	err := each(ctx, db, func(row store.Row) error {
		var at part
		var kind string
		var side int
		var id identity.Identity
		var since *store.Instant
		if err := row.Scan(&at.operation, &at.part, &kind, &side, &id.Type, &id.Scope, &id.Value, &since); err != nil {
			return err
		}
		if found[at] == nil {
			found[at] = &sides{kind: kind}
			parts = append(parts, at)
		}
		found[at].sides[side] = append(found[at].sides[side], id)
		if since != nil {
			found[at].since = since.Time
		}
		return nil
	}, "SELECT d.operation_id, d.part, d.kind, d.side, t.name, i.scope, i.value, d.since FROM decisions d JOIN operations o ON o.id = d.operation_id AND o.active"+
		" JOIN identities i ON i.id = d.identity_id JOIN identity_types t ON t.id = i.type_id ORDER BY d.operation_id, d.part, d.side, d.identity_id")
	if err != nil {
		return nil, err
	}
	var operations []*Operation
	for _, at := range parts {
		one := found[at]
		o := &Operation{Kind: one.kind}
		switch one.kind {
		case "link":
			o.Links = pairs(one.sides)
		case "apart":
			o.Apart = pairs(one.sides)
		case "unlink":
			o.Unlinks = []Unlink{{one.sides[0][0], one.since}}
		case "block":
			o.Blocks = one.sides[0]
		}
		operations = append(operations, o)
	}
	retracted := &Operation{Kind: "retract"}
	err = each(ctx, db, func(row store.Row) error {
		var message Message
		err := row.Scan(&message.Source, &message.ID)
		retracted.Retracts = append(retracted.Retracts, message)
		return err
	}, "SELECT w.name, r.message_id FROM records r JOIN sources w ON w.id = r.source_id WHERE r.withdrawn")
	return append(operations, retracted), err
}

func pairs(sides [2][]identity.Identity) (all []Pair) {
	for _, a := range sides[0] {
		for _, b := range sides[1] {
			all = append(all, Pair{a, b})
		}
	}
	return all
}
