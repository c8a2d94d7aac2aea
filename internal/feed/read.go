package feed

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/store"
)

// Position is a place in the feed. The zero Position is its beginning.
type Position struct {
	base   string // all that this snapshot saw has been read
	window string // the snapshot being read; "" when all of it has been
	after  int64  // the last row read of it
}

// String is the position in a form that ParsePosition reads.
func (p Position) String() string {
	return p.base + "|" + p.window + "|" + strconv.FormatInt(p.after, 10)
}

// ParsePosition reads what String wrote; "" is the beginning.
func ParsePosition(text string) (Position, error) {
	if text == "" {
		return Position{}, nil
	}
	parts := strings.Split(text, "|")
	if len(parts) != 3 {
		return Position{}, errors.New("feed: not a position")
	}
	after, err := strconv.ParseInt(parts[2], 10, 64)
	return Position{base: parts[0], window: parts[1], after: after}, err
}

// Now is the position after everything committed so far.
func Now(ctx context.Context, db *store.DB) (Position, error) {
	rows, err := db.Query(ctx, "SELECT "+db.Dialect().Snapshot())
	seen, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	if err != nil {
		return Position{}, err
	}
	return Position{base: seen[0]}, nil
}

// Until is the position from which Read reads what was committed between p and now, both of which must be Now's, and no more.
func (p Position) Until(now Position) Position { return Position{base: p.base, window: now.base} }

// Open tells that Read, going on from here, reads on in the window it has begun.
func (p Position) Open() bool { return p.window != "" }

// Read returns at most limit changes after a position, and the position after those. With nothing new it
// returns no changes and a position to go on from. Once the changes carry limit events it returns no more of them, however few
// they are: what a reader makes of a reading is bounded, too. From an open position it returns the same changes every time.
func Read(ctx context.Context, db *store.DB, from Position, limit int) ([]Change, Position, error) {
	if !from.Open() {
		now, err := Now(ctx, db)
		if err != nil {
			return nil, from, err
		}
		from = from.Until(now)
	}
	changes, err := read(ctx, db, from, 0, limit)
	if err != nil {
		return nil, from, err
	}
	whole := len(changes) < limit
	events := 0
	for i := range changes {
		if events += len(changes[i].Events); events >= limit && i+1 < len(changes) {
			changes, whole = changes[:i+1], false
			break
		}
	}
	if whole {
		return changes, Position{base: from.window}, nil
	}
	from.after = changes[len(changes)-1].Number
	return changes, from, nil
}

// Again returns the changes that Read returned from an open position, by the numbers of the first and the last of them.
func Again(ctx context.Context, db *store.DB, from Position, first, last int64) ([]Change, error) {
	from.after = first - 1
	return read(ctx, db, from, last, int(last-first)+1)
}

// read reads rows of a window; last 0: to its end. The beginning of a window is found by the numbers of its transactions, and its
// rows are sorted; that is done once. The rest of a large one is read in the order of the rows, from the last one on: what follows
// is nearly all of the same window.
func read(ctx context.Context, db *store.DB, from Position, last int64, limit int) ([]Change, error) {
	query, args := reading(db.Dialect(), from, last, limit)
	ask := db.Query
	if from.begins() {
		ask = db.QueryFresh // a plan for any window would be one for a large part of the feed
	}
	rows, err := ask(ctx, query, args...)
	return store.Collect(rows, err, scanChange)
}

// begins tells that the position is the beginning of a window, and not that of the feed.
func (p Position) begins() bool { return p.base != "" && p.after == 0 }

func reading(dialect store.Dialect, from Position, last int64, limit int) (string, store.Args) {
	var args store.Args
	number, order := "tx_number + 0", "id"
	if from.begins() {
		number, order = "tx_number", "id + 0"
	}
	query := "SELECT id, kind, coalesce(customer_id, 0), coalesce(set_id, 0), coalesce(subject_id, 0), event_keys, at FROM changes WHERE " +
		dialect.CommittedBetween(&args, number, from.base, from.window) + " AND id > " + args.Bind(from.after)
	if last > 0 {
		query += " AND id <= " + args.Bind(last)
	}
	return query + " ORDER BY " + order + " LIMIT " + args.Bind(limit), args
}

func scanChange(row store.Row, into *Change) error {
	var (
		kinds string
		keys  []byte
		at    store.Instant
	)
	err := row.Scan(&into.Number, &kinds, &into.Customer, &into.Set, &into.Subject, &keys, &at)
	if err != nil {
		return err
	}
	for kind := range strings.FieldsSeq(kinds) {
		into.Kinds = append(into.Kinds, Kind(kind))
	}
	into.At = at.Time
	into.Events, err = decoded(keys)
	return err
}
