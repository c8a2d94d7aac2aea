package oneid

import (
	"context"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/store"
)

// earlier are the verdicts on the links of the part before this change. As a rule they are found again from what was known then; where the
// settings have changed, by which they were found, the audit is asked for what it told last.
func (d *redoing) earlier(ctx context.Context) (map[[2]int64]string, error) {
	if d.by.Kind != "setting" {
		return d.past.verdicts(), nil
	}
	var args store.Args
	given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(d.at))))
	rows, err := d.tx.Query(ctx, "SELECT a.identity_id, a.other_id, a.kind, a.rule FROM "+given+" JOIN audit_entries a ON a.identity_id = given.id"+
		" WHERE a.kind IN ('accepted', 'rejected', 'withdrawn') ORDER BY a.at, a.id", args...)
	told := map[[2]int64]string{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var pair [2]int64
		var kind, rule string
		err := row.Scan(&pair[0], &pair[1], &kind, &rule)
		if told[pair] = rule; kind == "withdrawn" || !d.knows(pair) {
			delete(told, pair)
		}
		return err
	})
	return told, err
}

// knows says that all evidence between two identities is in the part: that of one of them is.
func (p *part) knows(pair [2]int64) bool {
	a, here := p.at[pair[0]]
	b, there := p.at[pair[1]]
	return here && there && (p.whole[a] || p.whole[b])
}

// onlyNews leaves out the accepted links that were accepted before: another set has shown them. Where an end is new, so is the link.
func (w *work) onlyNews(ctx context.Context, entries []auditEntry, existed map[int64]bool) ([]auditEntry, error) {
	var places, stronger, weaker []int64
	told := map[[2]int64]bool{}
	known := make([]bool, len(entries))
	for i, one := range entries {
		if one.kind != "accepted" {
			continue
		}
		pair := [2]int64{one.identity, one.other}
		known[i] = told[pair]
		if told[pair] = true; !known[i] && existed[one.identity] && existed[one.other] {
			places, stronger, weaker = append(places, int64(i)), append(stronger, one.identity), append(weaker, one.other)
		}
	}
	if len(places) > 0 {
		var args store.Args
		given := store.Relation(w.tx.Dialect(), "given", &args, store.Int64s("n", places), store.Int64s("a", stronger), store.Int64s("b", weaker))
		rows, err := w.tx.Query(ctx, "SELECT given.n FROM "+given+" WHERE 'accepted' = (SELECT e.kind FROM audit_entries e WHERE e.other_id = given.b AND e.identity_id = given.a"+
			" AND e.kind IN ('accepted', 'rejected', 'withdrawn') ORDER BY e.at DESC, e.id DESC LIMIT 1)", args...)
		if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var place int
			err := row.Scan(&place)
			known[place] = err == nil
			return err
		}); err != nil {
			return nil, err
		}
	}
	news := entries[:0]
	for i, one := range entries {
		if !known[i] {
			news = append(news, one)
		}
	}
	return news, nil
}
