package oneid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

// JobKind is the kind of the jobs that make a changed identity type count for what was stored before. Their subject is the type's name; without one
// everything is decided again. They walk the sets of identities by number; the cursor is the last one looked at.
const JobKind = "identity_type"

// How much such a job does at once. To look costs little and holds nobody up; those about whom is decided are locked meanwhile.
const (
	lookedAtOnce  = 2_000
	looksPerStep  = 5
	enoughToRedo  = 400
	decidedAtOnce = 200
)

// walk is what a server remembers of the job that it is at: what it has found to be right, or has decided, by the rules in force. It spares
// work; a server that takes over knows nothing of it.
type walk struct {
	job, version int64
	rows         map[Row]int    // customers that are right, and how many identities they had
	shared       map[int64]bool // shared identities that were looked at again
}

// Step does a step of a job of JobKind. Whoever shows something meanwhile obeys the rules in force; the job reads by them, too, even if they
// have changed once more since it was added: then another job follows it.
//
// What is in question is a set that is read otherwise now, and a customer or a shared identity that a set naming the type belongs to. The evidence of
// others does not hold the type, and is followed as before.
func (s *Service) Step(ctx context.Context, j job.Job) (job.Step, error) {
	if err := s.Refresh(ctx); err != nil {
		return job.Step{}, err
	}
	rules := s.Rules()
	w := s.walked.Swap(nil) // where the step fails, what it took for done may not be
	if w == nil || w.job != j.ID || w.version != rules.Version {
		w = &walk{job: j.ID, version: rules.Version, rows: map[Row]int{}, shared: map[int64]bool{}}
	}
	step, questions, err := s.lookOn(ctx, rules, w, j)
	if err != nil {
		return job.Step{}, fmt.Errorf("look at identity sets: %w", err)
	}
	for some := range slices.Chunk(questions, decidedAtOnce) {
		var sets, anew []int64
		for _, one := range some {
			sets, anew = append(sets, one.set), append(anew, one.anew...)
		}
		changed, err := s.Redo(ctx, sets, anew, Origin{Kind: "setting", ID: j.ID, Actor: j.Actor})
		if errors.Is(err, ErrRulesMoved) { // once more, by the new ones
			again, err := s.Step(ctx, j)
			again.Changed = append(again.Changed, step.Changed...)
			return again, err
		}
		if err != nil {
			return job.Step{}, fmt.Errorf("decide again whose identity sets are: %w", err)
		}
		step.Changed = append(step.Changed, changed...)
		if err := s.remember(ctx, w, sets); err != nil {
			return job.Step{}, fmt.Errorf("look at what was decided: %w", err)
		}
	}
	s.walked.Store(w)
	return step, nil
}

// lookOn goes on looking at sets until there is enough to do, and returns those that are to be read and decided again.
func (s *Service) lookOn(ctx context.Context, rules *Rules, w *walk, j job.Job) (step job.Step, questions []question, err error) {
	step.Cursor = j.Cursor
	if j.Done == 0 {
		if step.Total, err = s.countSets(ctx); err != nil {
			return step, nil, err
		}
	}
	for range looksPerStep {
		found, err := s.setsAfter(ctx, step.Cursor)
		if err != nil {
			return step, nil, err
		}
		inQuestion, err := s.inQuestion(ctx, rules, w, identity.TypeName(j.Subject), found)
		if err != nil {
			return step, nil, err
		}
		questions, step.Done = append(questions, inQuestion...), step.Done+int64(len(found))
		if len(found) > 0 {
			step.Cursor = found[len(found)-1].id
		}
		if step.Finished = len(found) < lookedAtOnce; step.Finished || len(questions) >= enoughToRedo {
			break
		}
	}
	return step, questions, nil
}

// question is a set that is to be read and decided again.
type question struct {
	set  int64
	anew []int64 // shared members that the job has not looked at again yet
}

// inQuestion finds the sets that are to be read and decided again.
func (s *Service) inQuestion(ctx context.Context, rules *Rules, w *walk, changed identity.TypeName, sets []storedSet) ([]question, error) {
	var named []int64
	read := map[int64][][16]byte{}
	for _, set := range sets {
		claims, err := claimsOf(set.claims)
		if err != nil {
			return nil, fmt.Errorf("the claims of set %d: %w", set.id, err)
		}
		if changed != "" && !slices.ContainsFunc(claims, func(c identity.Claim) bool { return c.Type == string(changed) }) {
			continue
		}
		kept, _ := rules.Read(claims)
		keys := make([][16]byte, len(kept))
		for i, id := range kept {
			keys[i] = id.Key()
		}
		named, read[set.id] = append(named, set.id), keys
	}
	members, err := s.standings(ctx, named)
	if err != nil {
		return nil, err
	}
	again := map[int64]*question{}
	ask := func(set int64) *question {
		if again[set] == nil {
			again[set] = &question{set: set}
		}
		return again[set]
	}
	doubted := map[Row]int64{} // and a set that leads to it
	for _, id := range named {
		for _, one := range members[id] {
			if one.shared && !w.shared[one.identity] {
				w.shared[one.identity] = true
				ask(id).anew = append(ask(id).anew, one.identity)
			}
			if size, known := w.rows[one.row]; one.row != 0 && (!known || size != one.size) && doubted[one.row] == 0 {
				doubted[one.row], w.rows[one.row] = id, one.size
			}
		}
		if !sameKeys(read[id], members[id]) {
			ask(id)
		}
	}
	wrong, err := s.notPlain(ctx, rules, slices.Sorted(maps.Keys(doubted)))
	if err != nil {
		return nil, err
	}
	for row := range wrong {
		ask(doubted[row])
	}
	sorted := make([]question, 0, len(again))
	for _, id := range slices.Sorted(maps.Keys(again)) {
		sorted = append(sorted, *again[id])
	}
	return sorted, nil
}

// standing is a member of a set, as it stands.
type standing struct {
	identity int64
	key      [16]byte
	shared   bool
	row      Row // 0: nobody's
	size     int // of the customer
}

// standings reads the members of sets.
func (s *Service) standings(ctx context.Context, sets []int64) (map[int64][]standing, error) {
	members := map[int64][]standing{}
	if len(sets) == 0 {
		return members, nil
	}
	var args store.Args
	given := store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", sets))
	rows, err := s.db.Query(ctx, "SELECT m.set_id, i.id, i.key, i.shared, coalesce(c.id, 0), coalesce(c.identity_count, 0) FROM "+given+
		" JOIN identity_set_members m ON m.set_id = given.id JOIN identities i ON i.id = m.identity_id LEFT JOIN customers c ON c.id = i.customer_id", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			set int64
			one standing
			key []byte
		)
		if err := row.Scan(&set, &one.identity, &key, &one.shared, &one.row, &one.size); err != nil {
			return err
		}
		copy(one.key[:], key)
		members[set] = append(members[set], one)
		return nil
	})
	return members, err
}

// sameKeys says whether the identities that count now are the members of a set.
func sameKeys(keys [][16]byte, members []standing) bool {
	if len(keys) != len(members) {
		return false
	}
	for _, one := range members {
		if !slices.ContainsFunc(keys, func(key [16]byte) bool { return bytes.Equal(key[:], one.key[:]) }) {
			return false
		}
	}
	return true
}

// remember notes whom sets were decided about: their customers, and all that take part in the same disputes.
func (s *Service) remember(ctx context.Context, w *walk, sets []int64) error {
	var args store.Args
	given := store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", sets))
	rows, err := s.db.Query(ctx, "WITH decided AS (SELECT DISTINCT c.id, c.identity_count, c.part_id FROM "+given+" JOIN identity_set_members m ON m.set_id = given.id"+
		" JOIN identities i ON i.id = m.identity_id JOIN customers c ON c.id = i.customer_id)"+
		" SELECT id, identity_count FROM decided UNION SELECT c.id, c.identity_count FROM decided d JOIN customers c ON c.part_id = d.part_id WHERE c.part_id IS NOT NULL", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var customer Row
		var size int
		err := row.Scan(&customer, &size)
		w.rows[customer] = size
		return err
	})
	return err
}

func (s *Service) countSets(ctx context.Context) (int64, error) {
	rows, err := s.db.Query(ctx, "SELECT count(*) FROM identity_sets")
	counted, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return 0, fmt.Errorf("count the identity sets: %w", err)
	}
	return counted[0], nil
}

// storedSet is a set as it was sent.
type storedSet struct {
	id     int64
	claims []byte
}

func (s *Service) setsAfter(ctx context.Context, after int64) ([]storedSet, error) {
	rows, err := s.db.Query(ctx, "SELECT id, claims FROM identity_sets WHERE id > $1 ORDER BY id LIMIT $2", after, lookedAtOnce)
	sets, err := store.Collect(rows, err, func(row store.Row, set *storedSet) error { return row.Scan(&set.id, &set.claims) })
	if err != nil {
		return nil, fmt.Errorf("read identity sets: %w", err)
	}
	return sets, nil
}

// claimsOf reads the identities that a set was sent as.
func claimsOf(text []byte) ([]identity.Claim, error) {
	var claims []identity.Claim
	return claims, json.Unmarshal(text, &claims)
}
