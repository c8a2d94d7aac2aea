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
