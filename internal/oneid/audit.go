package oneid

import (
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// auditEntry is one change of who is who, for the record.
type auditEntry struct {
	kind, rule      string
	identity, other int64
	before, after   Handle
	by              *Origin // nil: the transaction's
}

// addAudit writes entries. Their numbers are in the order in which they happened.
func addAudit(ctx context.Context, tx *store.Tx, a *Attempt, entries []auditEntry, by Origin) error {
	n := len(entries)
	if n == 0 {
		return nil
	}
	if err := a.Enough(n); err != nil {
		return err
	}
	numbers, causes := make([]int64, n), make([]int64, n)
	kinds, rules, origins, actors, reasons := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	identities, others, befores, afters := make([]*int64, n), make([]*int64, n), make([]*int64, n), make([]*int64, n)
	for i, one := range entries {
		origin := one.by
		if origin == nil {
			origin = &by
		}
		numbers[i], causes[i] = a.Next(), origin.ID
		kinds[i], rules[i], origins[i], actors[i], reasons[i] = one.kind, one.rule, origin.Kind, origin.Actor, origin.Reason
		identities[i], others[i] = orNull(one.identity), orNull(one.other)
		befores[i], afters[i] = orNull(int64(one.before)), orNull(int64(one.after))
	}
	_, err := tx.InsertRows(ctx, "audit_entries", "", store.Int64s("id", numbers), store.AlwaysAt("at", tx.Now), store.Texts("kind", kinds),
		store.NullInt64s("identity_id", identities), store.NullInt64s("other_id", others), store.NullInt64s("before_id", befores), store.NullInt64s("after_id", afters),
		store.Texts("rule", rules), store.Texts("cause", origins), store.Int64s("cause_id", causes), store.Texts("actor", actors), store.Texts("reason", reasons))
	return err
}

func orNull(number int64) *int64 {
	if number == 0 {
		return nil
	}
	return &number
}

// tieWords says what ties two customers.
func tieWords(byHand bool, a, b identity.TypeName) string {
	if byHand {
		return "somebody linked " + string(a) + " and " + string(b)
	}
	return "one record shows " + string(a) + " and " + string(b)
}

func addMerges(ctx context.Context, tx *store.Tx, merges []Merge) error {
	n := len(merges)
	numbers, survivors, merged := make([]int64, n), make([]int64, n), make([]int64, n)
	records, operations := make([]*int64, n), make([]*int64, n)
	causes, reasons, actors, times := make([]string, n), make([]string, n), make([]string, n), make([]time.Time, n)
	for i, m := range merges {
		numbers[i], survivors[i], merged[i] = m.ID, int64(m.Survivor), int64(m.Merged)
		causes[i], actors[i], reasons[i], times[i] = m.By.Kind, m.By.Actor, m.Why, tx.Now
		if m.By.Reason != "" {
			reasons[i] = m.By.Reason
		}
		if m.By.Kind == "record" {
			records[i] = orNull(m.By.ID)
		} else {
			operations[i] = orNull(m.By.ID)
		}
	}
	_, err := tx.InsertRows(ctx, "merges", "", store.Int64s("id", numbers), store.Int64s("survivor_id", survivors),
		store.Int64s("merged_id", merged), store.Texts("cause", causes), store.Texts("reason", reasons),
		store.Texts("actor", actors), store.NullInt64s("record_id", records), store.NullInt64s("operation_id", operations), store.Times("merged_at", times))
	return err
}

// mergeSide is an identity that a customer held just before a merge.
type mergeSide struct {
	merge, identity int64
	survivor        bool
}

func addSides(ctx context.Context, tx *store.Tx, sides []mergeSide) error {
	n := len(sides)
	merges, identities, survivors := make([]int64, n), make([]int64, n), make([]bool, n)
	for i, one := range sides {
		merges[i], identities[i], survivors[i] = one.merge, one.identity, one.survivor
	}
	_, err := tx.InsertRows(ctx, "merge_sides", "", store.Int64s("merge_id", merges), store.Int64s("identity_id", identities), store.Bools("survivor", survivors))
	return err
}

// sidesOf reads what customers, who are about to be merged, hold: their strong identities, or all where there is none.
func (w *work) sidesOf(ctx context.Context, rows []Row) (map[Row][]int64, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	newcomers := map[int64]bool{} // they are stored already, with their customer to be
	for _, group := range w.plan.Groups {
		for _, id := range group.Joins {
			newcomers[w.before.number[id]] = true
		}
	}
	var args store.Args
	given := store.Relation(w.tx.Dialect(), "given", &args, store.Int64s("id", numbersOf(rows)))
	found, err := w.tx.Query(ctx, "SELECT i.customer_id, i.id, i.type_id FROM "+given+" JOIN identities i ON i.customer_id = given.id ORDER BY i.id", args...)
	strong, all := map[Row][]int64{}, map[Row][]int64{}
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var owner Row
		var number int64
		var typ int32
		if err := row.Scan(&owner, &number, &typ); err != nil {
			return err
		}
		if newcomers[number] {
			return nil
		}
		all[owner] = append(all[owner], number)
		if w.a.strong(w.a.TypeName(typ)) {
			strong[owner] = append(strong[owner], number)
		}
		return nil
	})
	for owner, numbers := range all {
		if len(strong[owner]) == 0 {
			strong[owner] = slices.Clone(numbers)
		}
	}
	return strong, err
}
