package profile

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Row numbers a living customer's row.
type Row = customer.Row

// Handle numbers a customer for the outside.
type Handle = customer.Handle

// Customer is one living person.
type Customer struct {
	Row Row
	// Handle is the oldest one that leads here: the customer's public id.
	Handle Handle
	// CreatedAt is when Handle was made.
	CreatedAt time.Time
	// UpdatedAt is when identities, attributes or tags last changed.
	UpdatedAt time.Time
	// Attributes is the golden record: a JSON object of the surviving values.
	Attributes json.RawMessage
	// Provenance says where each of them comes from: a JSON object of golden.Provenance.
	Provenance json.RawMessage
}

// Attribute is a surviving value and the statement it was taken from.
type Attribute struct {
	Name       string
	Value      json.RawMessage
	Source     int32 // a number of store.Sources; 0: unknown
	ObservedAt time.Time
	IdentityID int64 // the identity that made the statement; 0: unknown
	RecordID   int64 // the record that carried it; 0: unknown
}

// Attribute returns one attribute; false when the customer does not have it. An error means that the stored documents are damaged.
func (c *Customer) Attribute(name string) (Attribute, bool, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(c.Attributes, &values); err != nil {
		return Attribute{}, false, fmt.Errorf("attributes of customer %d: %w", c.Handle, err)
	}
	value, has := values[name]
	if !has {
		return Attribute{}, false, nil
	}
	var origins map[string]golden.Provenance
	if err := json.Unmarshal(c.Provenance, &origins); err != nil {
		return Attribute{}, false, fmt.Errorf("provenance of customer %d: %w", c.Handle, err)
	}
	from := origins[name]
	return Attribute{
		Name: name, Value: value, Source: from.Source, ObservedAt: time.UnixMicro(from.Time).UTC(),
		IdentityID: from.Identity, RecordID: from.Record,
	}, true, nil
}

// ByHandles finds customers by any id they were ever given. The result is in order, nil where an id leads to nobody.
func (r *Reader) ByHandles(ctx context.Context, handles []Handle) ([]*Customer, error) {
	return r.customers(ctx, len(handles), "JOIN customer_handles h ON h.id = given.handle JOIN customers c ON c.id = h.customer_id",
		store.Int64s("handle", int64s(handles)))
}

// ByRows finds customers by their rows. The result is in order, nil where a row is gone.
func (r *Reader) ByRows(ctx context.Context, rows []Row) ([]*Customer, error) {
	return r.customers(ctx, len(rows), "JOIN customers c ON c.id = given.customer", store.Int64s("customer", int64s(rows)))
}

// ByIdentities finds the customers who hold these identities, written in any form that is normalised to the same. The result is in
// order, nil where nobody holds one and where a claim is no identity.
//
// Each costs one probe of the index over identity keys and one fetch of its customer.
func (r *Reader) ByIdentities(ctx context.Context, claims []identity.Claim) ([]*Customer, error) {
	registry := r.types.Registry()
	var (
		found  = make([]*Customer, len(claims))
		places []int
		keys   [][]byte
	)
	for i, claim := range claims {
		id, reason := registry.Normalise(claim)
		if reason != nil {
			continue
		}
		key := id.Key()
		places, keys = append(places, i), append(keys, key[:])
	}
	owners, err := r.customers(ctx, len(keys), holders, store.Bytes("key", keys))
	for i, owner := range owners {
		found[places[i]] = owner
	}
	return found, err
}

// holders joins identity keys to the customers who hold them.
const holders = "JOIN identities i ON i.key = given.key JOIN customers c ON c.id = i.customer_id"

func whose(dialect store.Dialect, n int, joins string, given store.Column) (string, store.Args) {
	var args store.Args
	return "SELECT given.place, c.id, c.public_id, c.created_at, c.updated_at, c.attributes, c.provenance FROM " +
		store.Relation(dialect, "given", &args, places(n), given) + " " + joins, args
}

// customers joins n given rows to customers and puts what it finds in the order given.
func (r *Reader) customers(ctx context.Context, n int, joins string, given store.Column) ([]*Customer, error) {
	found := make([]*Customer, n)
	if n == 0 {
		return found, nil
	}
	query, args := whose(r.db.Dialect(), n, joins, given)
	rows, err := r.db.Query(ctx, query, args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			place            int
			c                Customer
			created, updated store.Instant
		)
		err := row.Scan(&place, &c.Row, &c.Handle, &created, &updated, (*[]byte)(&c.Attributes), (*[]byte)(&c.Provenance))
		c.CreatedAt, c.UpdatedAt = created.Time, updated.Time
		if err == nil {
			found[place] = &c
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find customers: %w", err)
	}
	return found, nil
}
