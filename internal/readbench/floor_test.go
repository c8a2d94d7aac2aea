package readbench

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/value"
)

// floorPool is the number of connections of the floor's pool.
const floorPool = 8

// Fields and rows inside of the aggregated texts are told apart by two control characters, which neither JSON nor names hold.
const (
	endOfField = "\x1f"
	endOfRow   = "\x1e"
)

// The statements. One row per customer, whose lists are aggregated into texts by the database: a text is passed on by lib/pq as it is, while each
// row and each column more costs database/sql's Scan.
const (
	floorIdentities = `(SELECT string_agg(i.type_id || E'\x1f' || i.scope || E'\x1f' || i.value, E'\x1e') FROM identities i WHERE i.customer_id = c.id)`
	floorTags       = `(SELECT string_agg(t.key || E'\x1f' || t.name || E'\x1f' || h.value::text || E'\x1f' || h.computed_at::text, E'\x1e' ORDER BY t.key)
  FROM customer_tags h JOIN tags t ON t.id = h.tag_id WHERE h.customer_id = c.id AND h.current AND (h.valid_until IS NULL OR h.valid_until > now()))`
	floorEvents = `(SELECT string_agg(e.id || E'\x1f' || e.name_id || E'\x1f' || e.occurred_at::text || E'\x1f' || coalesce(e.channel_id, 0) || E'\x1f' ||
    coalesce(e.amount::text, '') || E'\x1f' || e.properties::text, E'\x1e')
  FROM (SELECT e.* FROM set_owners o CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.set_id = o.set_id AND e.occurred_at <= now()
      AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until)) ORDER BY e.occurred_at DESC, e.id DESC LIMIT 21) e
    WHERE o.customer_id = c.id ORDER BY e.occurred_at DESC, e.id DESC LIMIT 21) e)`

	floorProfileSQL = `SELECT c.public_id, c.created_at::text, c.attributes::text, ` + floorIdentities + `, ` + floorTags + `, ` + floorEvents + `
FROM identities k JOIN customers c ON c.id = k.customer_id WHERE k.key = $1`
	floorPageSQL = `SELECT c.public_id, c.created_at::text, c.attributes::text, ` + floorIdentities + `, ` + floorTags + `
FROM customers c WHERE c.public_id > $1 ORDER BY c.public_id LIMIT 51`
)

// floor is the page written by hand: no GraphQL, no keys, no limits, nothing but this.
type floor struct {
	profile, page *sql.Stmt

	// The dictionaries never change a word once it has a number.
	types, names, channels map[string]word
}

// word is a word of a dictionary, quoted, and its place in the dictionary's order.
type word struct {
	quoted string
	place  int
}

// newFloor prepares the statements on a pool, which the caller closes.
func newFloor(ctx context.Context, db *sql.DB) (*floor, error) {
	db.SetMaxOpenConns(floorPool)
	db.SetMaxIdleConns(floorPool)
	f := &floor{}
	var errs [5]error
	f.profile, errs[0] = db.PrepareContext(ctx, floorProfileSQL)
	f.page, errs[1] = db.PrepareContext(ctx, floorPageSQL)
	f.types, errs[2] = dictionary(ctx, db, "identity_types ORDER BY priority, name")
	f.names, errs[3] = dictionary(ctx, db, "event_names")
	f.channels, errs[4] = dictionary(ctx, db, "channels")
	return f, errors.Join(errs[:]...)
}

// dictionary is the words of a table by their numbers.
func dictionary(ctx context.Context, db *sql.DB, table string) (map[string]word, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, name FROM "+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	words := map[string]word{}
	for rows.Next() {
		var number, text string
		if err := rows.Scan(&number, &text); err != nil {
			return nil, err
		}
		words[number] = word{string(value.AppendText(nil, text)), len(words)}
	}
	return words, rows.Err()
}

// ServeHTTP answers /profile?type=&scope=&value= and /customers?after=.
func (f *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var body []byte
	var err error
	switch r.URL.Path {
	case "/profile":
		key := identity.Identity{Type: identity.TypeName(query.Get("type")), Scope: query.Get("scope"), Value: query.Get("value")}.Key()
		body, err = f.appendProfile(r.Context(), make([]byte, 0, 6<<10), key[:])
	case "/customers":
		after, _ := strconv.ParseInt(query.Get("after"), 10, 64)
		body, err = f.appendPage(r.Context(), make([]byte, 0, 48<<10), after)
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func (f *floor) appendProfile(ctx context.Context, b, key []byte) ([]byte, error) {
	rows, err := f.profile.QueryContext(ctx, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return append(b, `{"data":{"customerByIdentity":null}}`...), rows.Err()
	}
	var (
		id                     int64
		created                string
		attributes             string
		identities, tags, seen sql.NullString
	)
	if err := rows.Scan(&id, &created, &attributes, &identities, &tags, &seen); err != nil {
		return nil, err
	}
	b = append(b, `{"data":{"customerByIdentity":`...)
	b = f.appendCustomer(b, id, created, attributes, identities.String, tags.String)
	b = f.appendEvents(append(b, `,"events":{"edges":[`...), seen.String)
	return append(b, `}}}`...), rows.Err()
}

func (f *floor) appendPage(ctx context.Context, b []byte, after int64) ([]byte, error) {
	rows, err := f.page.QueryContext(ctx, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	b = append(b, `{"data":{"customers":{"edges":[`...)
	count, last := 0, int64(0)
	for rows.Next() {
		if count++; count > 50 {
			break
		}
		var (
			id               int64
			created          string
			attributes       string
			identities, tags sql.NullString
		)
		if err := rows.Scan(&id, &created, &attributes, &identities, &tags); err != nil {
			return nil, err
		}
		if count > 1 {
			b = append(b, ',')
		}
		b = f.appendCustomer(append(b, `{"node":`...), id, created, attributes, identities.String, tags.String)
		b = append(b, `}}`...)
		last = id
	}
	b = append(b, `],`...)
	if count == 0 {
		return append(appendPageInfo(b, false, ""), `}}}`...), rows.Err()
	}
	_, end := page.Cut(segment.Members.Start(1), []int64{last}, func(id int64) []int64 { return []int64{id} }).Ends()
	return append(appendPageInfo(b, count > 50, *end), `}}}`...), rows.Err()
}

// appendCustomer writes what both pages show of a customer; the object stays open.
func (f *floor) appendCustomer(b []byte, id int64, created, attributes, identities, tags string) []byte {
	b = append(append(append(b, `{"id":"`...), gid.Encode(gid.Customer, id)...), `","createdAt":`...)
	b = append(appendTime(b, created), `,"attributes":`...)
	b = append(append(b, attributes...), `,"identities":[`...)
	for i, one := range f.inOrder(identities) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"type":`...), one.kind.quoted...), `,"scope":`...)
		b = append(value.AppendText(b, one.scope), `,"value":`...)
		b = append(value.AppendText(b, one.value), '}')
	}
	b = append(b, `],"tags":[`...)
	for i := 0; tags != ""; i++ {
		var row, key, name, set string
		row, tags, _ = strings.Cut(tags, endOfRow)
		key, row, _ = strings.Cut(row, endOfField)
		name, row, _ = strings.Cut(row, endOfField)
		set, row, _ = strings.Cut(row, endOfField)
		if i > 0 {
			b = append(b, ',')
		}
		b = append(value.AppendText(append(b, `{"tag":{"key":`...), key), `,"name":`...)
		b = append(value.AppendText(b, name), `},"value":`...)
		b = append(append(b, set...), `,"computedAt":`...)
		b = append(appendTime(b, row), '}')
	}
	return append(b, ']')
}

// floorIdentity is what the page shows of an identity.
type floorIdentity struct {
	kind         word
	scope, value string
}

// inOrder reads identities, strongest type first.
func (f *floor) inOrder(identities string) []floorIdentity {
	all := make([]floorIdentity, 0, 4)
	for identities != "" {
		var row, kind string
		var one floorIdentity
		row, identities, _ = strings.Cut(identities, endOfRow)
		kind, row, _ = strings.Cut(row, endOfField)
		one.kind = f.types[kind]
		one.scope, one.value, _ = strings.Cut(row, endOfField)
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b floorIdentity) int {
		return cmp.Or(cmp.Compare(a.kind.place, b.kind.place), strings.Compare(a.scope, b.scope), strings.Compare(a.value, b.value))
	})
	return all
}

// appendEvents writes twenty edges and the page's end; the list is open already.
func (f *floor) appendEvents(b []byte, events string) []byte {
	var last profile.EventKey
	var lastTime, lastID string
	more := false
	for i := 0; events != ""; i++ {
		if more = i == 20; more {
			break
		}
		var row, id, name, at, channel, amount string
		row, events, _ = strings.Cut(events, endOfRow)
		id, row, _ = strings.Cut(row, endOfField)
		name, row, _ = strings.Cut(row, endOfField)
		at, row, _ = strings.Cut(row, endOfField)
		channel, row, _ = strings.Cut(row, endOfField)
		amount, row, _ = strings.Cut(row, endOfField)
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"node":{"name":`...), f.names[name].quoted...), `,"occurredAt":`...)
		b = append(appendTime(b, at), `,"channel":`...)
		if word, known := f.channels[channel]; known {
			b = append(b, word.quoted...)
		} else {
			b = append(b, `null`...)
		}
		b = append(b, `,"amount":`...)
		if amount == "" {
			b = append(b, `null`...)
		} else {
			micros, _ := strconv.ParseInt(amount, 10, 64) // the database wrote it
			b = append(b, value.FormatMicros(micros)...)
		}
		b = append(append(append(b, `,"properties":`...), row...), `}}`...)
		lastTime, lastID = at, id
	}
	b = append(b, `],`...)
	if lastID == "" {
		return appendPageInfo(b, false, "")
	}
	last.OccurredAt, _ = time.Parse("2006-01-02 15:04:05.999999Z07", lastTime)
	last.ID, _ = strconv.ParseInt(lastID, 10, 64)
	_, end := page.Cut(profile.EventPages.Start(1), []profile.EventKey{last}, func(key profile.EventKey) []int64 {
		return []int64{key.OccurredAt.UnixMicro(), key.ID}
	}).Ends()
	return appendPageInfo(b, more, *end)
}

// appendPageInfo writes the end of a connection's object.
func appendPageInfo(b []byte, more bool, end string) []byte {
	b = strconv.AppendBool(append(b, `"pageInfo":{"hasNextPage":`...), more)
	if end == "" {
		return append(b, `,"endCursor":null}}`...)
	}
	return append(append(append(b, `,"endCursor":"`...), end...), `"}}`...)
}

// appendTime writes PostgreSQL's text of an instant, which is in UTC: 2025-01-31 12:00:00.5+00.
func appendTime(b []byte, at string) []byte {
	b = append(append(append(b, '"'), at[:10]...), 'T')
	return append(append(b, at[11:len(at)-3]...), 'Z', '"')
}
