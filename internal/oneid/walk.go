package oneid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

// JobKind is the kind of the jobs that make a changed identity type count for what was stored before. Their subject is the type's name; without one
// everything is decided again. They walk the sets of identities by number; the cursor is the last one looked at.
const JobKind = "identity_type"

// What a step of such a job does at most. Looking at a set that the change does not concern costs little; what has to be decided again
// is locked meanwhile.
const (
	lookedAtOnce  = 2_000
	looks         = 10
	decidedAtOnce = 200
)

// Step does a step of a job of JobKind. Whoever shows something meanwhile obeys the rules in force; the job reads by them, too, even if they
// have changed once more since it was added: then another job follows it.
func (s *Service) Step(ctx context.Context, j job.Job) (job.Step, error) {
	if err := s.Refresh(ctx); err != nil {
		return job.Step{}, err
	}
	found, err := s.lookOn(ctx, j)
	if err != nil {
		return job.Step{}, err
	}
	step := job.Step{Cursor: found.cursor, Done: found.done, Finished: found.end}
	if j.Done == 0 {
		if step.Total, err = s.countSets(ctx); err != nil {
			return job.Step{}, err
		}
	}
	if len(found.sets) == 0 {
		return step, nil
	}
	for {
		step.Changed, err = s.Redo(ctx, found.sets, Origin{Kind: "setting", ID: j.ID, Actor: j.Actor})
		if !errors.Is(err, ErrRulesMoved) {
			break
		}
		if err := s.Refresh(ctx); err != nil {
			return job.Step{}, err
		}
	}
	if err != nil {
		return job.Step{}, fmt.Errorf("decide again whose identity sets are: %w", err)
	}
	return step, nil
}

func (s *Service) countSets(ctx context.Context) (int64, error) {
	rows, err := s.db.Query(ctx, "SELECT count(*) FROM identity_sets")
	counted, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return 0, fmt.Errorf("count the identity sets: %w", err)
	}
	return counted[0], nil
}

// look is what a step finds to do.
type look struct {
	sets   []int64 // to be read and decided again
	cursor int64
	done   int64
	end    bool // there are no sets after these
}

// lookOn finds the next sets that a change concerns.
func (s *Service) lookOn(ctx context.Context, j job.Job) (look, error) {
	found := look{cursor: j.Cursor}
	for range looks {
		sets, err := s.setsAfter(ctx, found.cursor)
		if err != nil {
			return found, err
		}
		for i, set := range sets {
			concerned, err := concerns(identity.TypeName(j.Subject), set)
			if err != nil {
				return found, err
			}
			found.cursor, found.done = set.id, found.done+1
			if concerned {
				found.sets = append(found.sets, set.id)
			}
			if len(found.sets) == decidedAtOnce {
				found.end = i == len(sets)-1 && len(sets) < lookedAtOnce
				return found, nil
			}
		}
		if len(sets) < lookedAtOnce {
			found.end = true
			return found, nil
		}
	}
	return found, nil
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

// concerns says whether a changed type may make a difference to a set, or to those whom it ties: when the set names it. A record's identities of
// other types count as before, and evidence without the type is followed as before.
func concerns(changed identity.TypeName, set storedSet) (bool, error) {
	if changed == "" {
		return true, nil
	}
	claims, err := claimsOf(set.claims)
	if err != nil {
		return false, fmt.Errorf("the claims of set %d: %w", set.id, err)
	}
	return slices.ContainsFunc(claims, func(c identity.Claim) bool { return c.Type == string(changed) }), nil
}

// claimsOf reads the identities that a set was sent as.
func claimsOf(text []byte) ([]identity.Claim, error) {
	var claims []identity.Claim
	return claims, json.Unmarshal(text, &claims)
}
