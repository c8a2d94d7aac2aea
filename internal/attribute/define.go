package attribute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Input says how an attribute is to survive from now on. What is nil keeps its value, which is LATEST without sources for an attribute
// that was never defined.
type Input struct {
	Name         string
	Survivorship *golden.Survivorship
	Sources      []string // the most trusted first
}

// clean returns the input in NFC, or a BAD_USER_INPUT for each field that is wrong.
func (in Input) clean(at fault.Path) (Input, error) {
	var faults []error
	var err error
	in.Name, err = value.Name(in.Name, at.With("name"), MaxName)
	faults = append(faults, err)
	if in.Survivorship != nil && !slices.Contains(golden.Survivorships(), *in.Survivorship) {
		faults = append(faults, fault.Bad(at.With("survivorship"), "there is no such survivorship"))
	}
	in.Sources = slices.Clone(in.Sources)
	for i, source := range in.Sources {
		in.Sources[i], err = value.Name(source, at.With("sources", i), MaxName)
		faults = append(faults, err)
		if err == nil && slices.Contains(in.Sources[:i], in.Sources[i]) {
			faults = append(faults, fault.Bad(at.With("sources", i), "the source is named twice"))
		}
	}
	return in, errors.Join(faults...)
}

// Defined is what became of Define.
type Defined struct {
	Type Type  // as it is now
	Job  int64 // the job that makes golden records again; 0: there is nothing to do
}

// Define sets how an attribute survives, for all that was ever said of it. at is the place of the input. It is BAD_USER_INPUT at name,
// survivorship or sources, all that are wrong at once; sources are wrong where the attribute does not survive by SOURCE_PRIORITY.
//
// New statements and merges obey at once. Golden records that exist are made again by a job; until it has been through, whoever
// touches one makes the attribute again from all statements.
func (s *Service) Define(ctx context.Context, in Input, actor string, at fault.Path) (Defined, error) {
	in, err := in.clean(at)
	if err != nil {
		return Defined{}, err
	}
	if err := s.db.EnsureWords(ctx, store.Sources, in.Sources); err != nil {
		return Defined{}, err
	}
	ids, err := s.db.ReserveIDs(ctx, 1)
	if err != nil {
		return Defined{}, err
	}
	number := ids.Next()
	var defined Defined
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		after, needsJob, err := define(ctx, tx, in, at)
		defined = Defined{Type: after}
		if err != nil || !needsJob {
			return err
		}
		defined.Job = number
		if err := unsettle(ctx, tx, after.ID, number); err != nil {
			return err
		}
		return job.Add(ctx, tx, number, JobKind, after.Name, actor)
	})
	if err != nil {
		return Defined{}, fmt.Errorf("define an attribute: %w", err)
	}
	return defined, nil
}

// define changes the row of an attribute. needsJob tells that there may be golden records by the policy before.
func define(ctx context.Context, tx *store.Tx, in Input, at fault.Path) (after Type, needsJob bool, err error) {
	before, isNew, err := lock(ctx, tx, in.Name)
	if err != nil {
		return Type{}, false, err
	}
	after = before
	if in.Survivorship != nil {
		after.Survivorship = *in.Survivorship
	}
	if in.Sources != nil {
		after.Sources = in.Sources
	}
	if len(in.Sources) > 0 && after.Survivorship != golden.SourcePriority {
		return Type{}, false, fault.Bad(at.With("sources"), "sources count for SOURCE_PRIORITY only").WithHint("the attribute survives by %s", after.Survivorship)
	}
	if after.Survivorship == before.Survivorship && slices.Equal(after.Sources, before.Sources) {
		return after, false, nil
	}
	if err := write(ctx, tx, after); err != nil {
		return Type{}, false, err
	}
	return after, !isNew && !samePolicy(before, after), raise(ctx, tx)
}

func write(ctx context.Context, tx *store.Tx, t Type) error {
	sources := make([]any, len(t.Sources))
	for i, source := range t.Sources {
		sources[i] = source
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", []int64{int64(t.ID)}),
		store.Texts("survivorship", []golden.Survivorship{t.Survivorship}), store.Documents("sources", [][]byte{value.JSON(sources)}))
	_, err := tx.Exec(ctx, "UPDATE attribute_types SET survivorship = given.survivorship, sources = given.sources FROM "+given+
		" WHERE attribute_types.id = given.id", args...)
	return err
}

// lock finds or makes the row of an attribute, which is locked then. Nobody can have used a row that is new: whoever wants to waits for this
// transaction.
func lock(ctx context.Context, tx *store.Tx, name string) (found Type, isNew bool, err error) {
	added, err := tx.InsertRows(ctx, "attribute_types", "ON CONFLICT DO NOTHING", store.Texts("name", []string{name}))
	if err != nil {
		return Type{}, false, err
	}
	rows, err := tx.Query(ctx, "SELECT id, survivorship, coalesce(sources, '[]') FROM attribute_types WHERE name = $1"+tx.Dialect().ForUpdate(), name)
	all, err := store.Collect(rows, err, func(row store.Row, into *Type) error {
		var sources []byte
		if err := row.Scan(&into.ID, &into.Survivorship, &sources); err != nil {
			return err
		}
		into.Name = name
		return json.Unmarshal(sources, &into.Sources)
	})
	if err == nil && len(all) == 0 {
		err = errors.New("the row of an attribute is gone")
	}
	if err != nil {
		return Type{}, false, err
	}
	return all[0], added == 1, nil
}

func samePolicy(a, b Type) bool {
	return a.Survivorship == b.Survivorship && (a.Survivorship != golden.SourcePriority || slices.Equal(a.Sources, b.Sources))
}
