package oneid

import (
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// calmDown finds the known sets of disputed customers whose records change nothing, so that they need not be decided again.
//
// A link that was accepted may be seen again: that only moves it forward in the order in which links are taken. The sets before it are
// smaller then, so that they break no constraint that they did not break as they are; whatever was rejected still is. Three things
// must be sure: no window counts when its values were last seen; nothing in the set was unlinked; and a weak identity in it is with this
// customer since before.
func (s *Service) calmDown(ctx context.Context, tx *store.Tx, rules *Rules, sets []*Set) error {
	byNumber := map[int64]*Set{}
	var numbers, strong, windowed []int64
	for _, set := range sets {
		numbers = append(numbers, set.ID)
		byNumber[set.ID] = set
	}
	for name, number := range rules.numbers {
		if rules.strong(name) {
			strong = append(strong, int64(number))
		}
		if t, _ := rules.Registry.Type(name); t.LimitWindow != "" {
			windowed = append(windowed, int64(number))
		}
	}
	slices.Sort(strong)
	slices.Sort(windowed)
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbers))
	strongTypes := store.Relation(tx.Dialect(), "strong", &args, store.Int64s("id", strong))
	windowTypes := store.Relation(tx.Dialect(), "windowed", &args, store.Int64s("id", windowed))
	truth := func(condition string) string { return "max(CASE WHEN " + condition + " THEN 1 ELSE 0 END)" }
	rows, err := tx.Query(ctx, "SELECT given.id, count(DISTINCT CASE WHEN i.shared THEN NULL ELSE coalesce(i.customer_id, 0) END), "+
		truth("i.ruled")+", "+truth("i.type_id IN (SELECT id FROM "+windowTypes+")")+", "+
		truth("NOT i.shared AND i.type_id IN (SELECT id FROM "+strongTypes+")")+", "+
		"max(CASE WHEN i.shared OR i.type_id IN (SELECT id FROM "+strongTypes+") THEN NULL ELSE i.handed_at END), count(*)"+
		" FROM "+given+" JOIN identity_sets s ON s.id = given.id JOIN identity_set_members m ON m.set_id = s.id JOIN identities i ON i.id = m.identity_id GROUP BY given.id", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			id                    int64
			customers, members    int
			ruled, windowed, ties int
			handed                *store.Instant
		)
		if err := row.Scan(&id, &customers, &ruled, &windowed, &ties, &handed, &members); err != nil {
			return err
		}
		set := byNumber[id]
		since := handed != nil && ties == 1 && slices.ContainsFunc(set.Times, func(at time.Time) bool { return at.Before(handed.Time) })
		set.calm = customers <= 1 && ruled == 0 && windowed == 0 && !since && members == len(set.Identities)
		return nil
	})
	return err
}
