package segment

import (
	"context"
	"database/sql"
	"slices"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// words are the numbers of the names that a rule uses. A name without a number has never been seen.
type words struct {
	events, channels, sources, tags map[string]int64
	segments                        map[string]rule.Node // what references stand for
	masked                          map[string]bool      // the references to segments that compare masked values
}

// lookUp finds the names of rules and of the segments it refers to: one statement per dictionary used.
func lookUp(ctx context.Context, q store.Querier, roots ...rule.Node) (*words, error) {
	w := &words{segments: map[string]rule.Node{}, masked: map[string]bool{}}
	if err := w.expand(ctx, q, roots); err != nil {
		return nil, err
	}
	var events, tags []string
	channels, sources := false, false
	visit := func(n rule.Node) {
		switch n := n.(type) {
		case *rule.Tag:
			tags = append(tags, n.Key)
		case *rule.Event:
			events = append(events, n.Names...)
			for _, p := range n.Where {
				channels = channels || p.Name == rule.ChannelProperty
				sources = sources || p.Name == rule.SourceProperty
			}
		}
	}
	for _, root := range roots {
		rule.Walk(root, visit)
	}
	for _, referred := range w.segments {
		rule.Walk(referred, visit)
	}
	var err error
	if w.events, err = numbers(ctx, q, "SELECT w.id, w.name FROM ", " JOIN event_names w ON w.name = given.name", events); err != nil {
		return nil, err
	}
	if w.tags, err = numbers(ctx, q, "SELECT w.id, w.key FROM ", " JOIN tags w ON w.key = given.name", tags); err != nil {
		return nil, err
	}
	if channels {
		if w.channels, err = scanNumbers(q.Query(ctx, "SELECT id, name FROM channels")); err != nil {
			return nil, err
		}
	}
	if sources {
		if w.sources, err = scanNumbers(q.Query(ctx, "SELECT id, name FROM sources")); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func numbers(ctx context.Context, q store.Querier, before, after string, names []string) (map[string]int64, error) {
	if len(names) == 0 {
		return nil, nil
	}
	slices.Sort(names)
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Texts("name", slices.Compact(names)))
	return scanNumbers(q.Query(ctx, before+given+after, args...))
}

func scanNumbers(rows *sql.Rows, err error) (map[string]int64, error) {
	found := map[string]int64{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			number int64
			word   string
		)
		err := row.Scan(&number, &word)
		found[word] = number
		return err
	})
	return found, err
}
