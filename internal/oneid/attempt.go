package oneid

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/store"
)

// Fences: how a known set may be seen again without a lock on its customer, although its time may decide who has a device.
//
// As long as all evidence about a customer is followed, times decide nothing, and a record that shows nothing new only adds rows. But
// another transaction may just be showing the same device with somebody else, and must then know all times. So customers are spread
// over a few fences, locks in the server's memory (PostgreSQL's advisory locks): who adds rows holds the customer's fence shared, who decides about
// a disputed customer holds it alone. A fence is only ever tried for while other locks are held; who must wait begins again and waits first.
const (
	fences     = 256    // few enough for the server's table of locks: 6,400 as a rule
	fenceClass = 0x0cd9 // tells these advisory locks apart from others of the same database
)

func fenceOf(row Row) int32 { return int32(uint64(row) % fences) }

// Attempt is what one run of a transaction that decides who is who has to work with.
type Attempt struct {
	*Rules

	ids   store.IDs
	alone map[int32]bool // fences held alone
	rows  map[Row]bool   // customers that an earlier attempt found to be concerned
}

// Needs says what an attempt lacked. Transact begins again with it; it never reaches a caller.
type Needs struct { //nolint:errname // no failure: what the next attempt is to begin with
	ids           int
	alone, shared map[int32]bool // fences
	rows          map[Row]bool   // customers to be locked
}

// Error implements error.
func (n *Needs) Error() string {
	return fmt.Sprintf("oneid: begin again with %d ids, %d fences, %d customers", n.ids, len(n.alone)+len(n.shared), len(n.rows))
}

// BeginsAgain tells the store that this is no failure.
func (n *Needs) BeginsAgain() {}

// ErrRulesMoved says that the settings changed while a transaction was under way. What was made of the old ones must be made again.
var ErrRulesMoved = errors.New("oneid: the settings have changed")

// Next returns an id that nobody has. Enough must have been called for as many.
func (a *Attempt) Next() int64 { return a.ids.Next() }

// Enough makes sure of n ids; without them the attempt must end.
func (a *Attempt) Enough(n int) error {
	if a.ids.Left() < n {
		return &Needs{ids: n}
	}
	return nil
}

// Supply is the supply of ids of this attempt.
func (a *Attempt) Supply() *store.IDs { return &a.ids }

// fence makes sure that the fences of customers are held alone.
func (a *Attempt) fence(tx *store.Tx, rows []Row) error {
	if tx.Dialect().OneWriter() {
		return nil
	}
	missing := map[int32]bool{}
	for _, row := range rows {
		if fence := fenceOf(row); !a.alone[fence] {
			missing[fence] = true
		}
	}
	if len(missing) > 0 {
		return &Needs{alone: missing}
	}
	return nil
}

// attempts bounds how often a transaction begins anew because it lacked something.
const attempts = 60

// Transact runs do in a transaction with a supply of ids, and again where it ends with Needs.
func (s *Service) Transact(ctx context.Context, rules *Rules, ids int, do func(ctx context.Context, tx *store.Tx, a *Attempt) error) error {
	alone, shared, rows := map[int32]bool{}, map[int32]bool{}, map[Row]bool{}
	var err error
	for range attempts {
		var supply *store.IDs
		if supply, err = s.db.ReserveIDs(ctx, ids); err != nil {
			return err
		}
		attempt := &Attempt{Rules: rules, alone: alone, rows: rows}
		err = s.db.WithTx(ctx, func(tx *store.Tx) error {
			attempt.ids = *supply
			if err := lockFences(ctx, tx, alone, shared); err != nil {
				return err
			}
			if len(alone) > 0 {
				tx.Now = store.Now() // what others did while this one waited came before
			}
			return do(ctx, tx, attempt)
		})
		if err == nil {
			s.db.ReturnIDs(&attempt.ids)
			return nil
		}
		s.db.ReturnIDs(supply)
		var needs *Needs
		if !errors.As(err, &needs) {
			return err
		}
		if needs.ids > 0 {
			ids += needs.ids
		}
		if len(needs.alone) > 0 && len(alone) > 0 { // who waited in vain once takes them all: those that it is about change faster than it gets there
			for fence := range int32(fences) {
				alone[fence] = true
			}
		}
		maps.Copy(alone, needs.alone)
		maps.Copy(shared, needs.shared)
		maps.Copy(rows, needs.rows)
	}
	return fmt.Errorf("gave up after %d attempts: %w", attempts, err)
}

// lockFences takes the fences before anything else is locked, in ascending order.
func lockFences(ctx context.Context, tx *store.Tx, alone, shared map[int32]bool) error {
	if tx.Dialect().OneWriter() || len(alone)+len(shared) == 0 {
		return nil
	}
	all := maps.Clone(shared)
	maps.Copy(all, alone)
	var numbers []int64
	var exclusive []bool
	for _, fence := range slices.Sorted(maps.Keys(all)) {
		numbers, exclusive = append(numbers, int64(fence)), append(exclusive, alone[fence])
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("fence", numbers), store.Bools("exclusive", exclusive))
	_, err := tx.Exec(ctx, fmt.Sprintf("SELECT CASE WHEN exclusive THEN pg_advisory_xact_lock(%d, fence::int) ELSE pg_advisory_xact_lock_shared(%d, fence::int) END FROM %s",
		fenceClass, fenceClass, given), args...)
	return err
}

// tryFence is an expression: whether the fence of a customer, given by its number, is held shared now.
func tryFence(tx *store.Tx, row string) string {
	if tx.Dialect().OneWriter() {
		return "(1 = 1)"
	}
	return fmt.Sprintf("pg_try_advisory_xact_lock_shared(%d, (%s %% %d)::int)", fenceClass, row, fences)
}
