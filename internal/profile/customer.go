package profile

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
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

// Attribute returns one attribute; false when the customer does not have it. provenance is what Provenance returns of the customer. An
// error means that the stored documents are damaged.
func (c *Customer) Attribute(name string, provenance json.RawMessage) (Attribute, bool, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(c.Attributes, &values); err != nil {
		return Attribute{}, false, fmt.Errorf("attributes of customer %d: %w", c.Handle, err)
	}
	value, has := values[name]
	if !has {
		return Attribute{}, false, nil
	}
	var origins map[string]golden.Provenance
	if err := json.Unmarshal(provenance, &origins); err != nil && len(provenance) > 0 {
		return Attribute{}, false, fmt.Errorf("provenance of customer %d: %w", c.Handle, err)
	}
	from := origins[name]
	return Attribute{
		Name: name, Value: value, Source: from.Source, ObservedAt: time.UnixMicro(from.Time).UTC(),
		IdentityID: from.Identity, RecordID: from.Record,
	}, true, nil
}

// Provenance says where the attributes of each customer come from: a JSON object of golden.Provenance. nil where a row is gone.
func (r *Reader) Provenance(ctx context.Context, customers []Row) ([]json.RawMessage, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, distinct(customers))
	rows, err := r.db.Query(ctx, "SELECT c.id, c.provenance FROM "+given+" JOIN customers c ON c.id = given.customer", args...)
	origins := map[Row]json.RawMessage{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			customer Row
			origin   []byte
		)
		err := row.Scan(&customer, &origin)
		origins[customer] = origin
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read provenance: %w", err)
	}
	return inOrder(customers, origins), nil
}

// ByHandles finds customers by any id they were ever given. The result is in order, nil where an id leads to nobody.
func (r *Reader) ByHandles(ctx context.Context, handles []Handle, ahead ...Ahead) ([]*Customer, error) {
	return r.customers(ctx, ahead, len(handles), "JOIN customer_handles h ON h.id = given.handle JOIN customers c ON c.id = h.customer_id",
		store.Int64s("handle", int64s(handles)))
}

// ByRows finds customers by their rows. The result is in order, nil where a row is gone.
func (r *Reader) ByRows(ctx context.Context, rows []Row) ([]*Customer, error) {
	return r.customers(ctx, nil, len(rows), "JOIN customers c ON c.id = given.customer", store.Int64s("customer", int64s(rows)))
}

// ByIdentities finds the customers who hold these identities, written in any form that is normalised to the same. The result is in
// order, nil where nobody holds one and where a claim is no identity.
//
// Each costs one probe of the index over identity keys and one fetch of its customer.
func (r *Reader) ByIdentities(ctx context.Context, claims []identity.Claim, ahead ...Ahead) ([]*Customer, error) {
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
	owners, err := r.customers(ctx, ahead, len(keys), holders, store.Bytes("key", keys))
	for i, owner := range owners {
		found[places[i]] = owner
	}
	return found, err
}

// holders joins identity keys to the customers who hold them.
const holders = "JOIN identities i ON i.key = given.key JOIN customers c ON c.id = i.customer_id"

// columns selects what is read of customers c, with what is read ahead of them. The texts are few, and long enough to be kept.
func (r *Reader) columns(place string, ahead []Ahead, args *store.Args) string {
	key := place
	for _, one := range ahead {
		key += " " + one.Shape
	}
	if text, kept := r.texts.Load(key); kept {
		for _, one := range ahead {
			one.Bind(args)
		}
		return text.(string)
	}
	text := customerColumns(place, ahead, args)
	r.texts.Store(key, text)
	return text
}

func customerColumns(place string, ahead []Ahead, args *store.Args) string {
	var query strings.Builder
	query.WriteString("SELECT " + place + ", c.id, c.public_id, c.created_at, c.updated_at, c.attributes")
	for _, one := range ahead {
		query.WriteString(", (" + one.Expression(args) + ")")
	}
	return query.String()
}

// customers joins n given rows to customers and puts what it finds in the order given.
func (r *Reader) customers(ctx context.Context, ahead []Ahead, n int, joins string, given ...store.Column) ([]*Customer, error) {
	if n == 0 {
		return []*Customer{}, nil
	}
	var args store.Args
	query := r.columns("given.place", ahead, &args) + " FROM " +
		store.Relation(r.db.Dialect(), "given", &args, append([]store.Column{places(n)}, given...)...) + " " + joins
	return r.read(ctx, query, args, ahead, n)
}

// Everybody returns a page of all customers by their ids. request has one key, the id of the customer before.
func (r *Reader) Everybody(ctx context.Context, request page.Request, ahead ...Ahead) (page.Page[*Customer], error) {
	var args store.Args
	query := r.columns("-1", ahead, &args) + " FROM customers c"
	if request.After != nil {
		query += " WHERE c.public_id > " + args.Bind(request.After[0])
	}
	query += " ORDER BY c.public_id LIMIT " + args.Bind(int64(request.Limit()))
	found, err := r.read(ctx, query, args, ahead, request.Limit())
	if err != nil {
		return page.Page[*Customer]{}, err
	}
	for len(found) > 0 && found[len(found)-1] == nil {
		found = found[:len(found)-1]
	}
	return page.Cut(request, found, func(c *Customer) []int64 { return []int64{int64(c.Handle)} }), nil
}

// read reads at most n rows of customerColumns. They stand in the places that they name; -1 is the order in which they come.
func (r *Reader) read(ctx context.Context, query string, args store.Args, ahead []Ahead, n int) ([]*Customer, error) {
	rows, err := r.db.Query(ctx, query, args...)
	var (
		found            = make([]*Customer, n)
		all              = make([]Customer, 0, n)
		gathered         = make([][][]byte, len(ahead)) // by list, then by place
		lists            = make([][]byte, len(ahead))
		place            int
		created, updated store.Instant
		targets          = make([]any, 6+len(ahead))
	)
	for i := range ahead {
		gathered[i], targets[6+i] = make([][]byte, n), &lists[i]
	}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		all = append(all, Customer{})
		c := &all[len(all)-1]
		targets[0], targets[1], targets[2], targets[3], targets[4], targets[5] = &place, &c.Row, &c.Handle, &created, &updated, (*[]byte)(&c.Attributes)
		if err := row.Scan(targets...); err != nil {
			return err
		}
		if place < 0 {
			place = len(all) - 1
		}
		found[place] = c
		for i := range lists {
			gathered[i][place], lists[i] = lists[i], nil
		}
		c.CreatedAt, c.UpdatedAt = created.Time, updated.Time
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find customers: %w", err)
	}
	return found, takeAhead(ctx, found, ahead, gathered)
}

// takeAhead hands on what was read ahead of the customers who were found.
func takeAhead(ctx context.Context, found []*Customer, ahead []Ahead, gathered [][][]byte) error {
	if len(ahead) == 0 {
		return nil
	}
	var rows []Row
	for place, one := range found {
		if one == nil {
			continue
		}
		for i := range gathered {
			gathered[i][len(rows)] = gathered[i][place]
		}
		rows = append(rows, one.Row)
	}
	for i, one := range ahead {
		if err := one.Take(ctx, rows, gathered[i][:len(rows)]); err != nil {
			return err
		}
	}
	return nil
}
