package oneid

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// LinkIdentities says that two identities are one person's, whatever limits say. Nobody else is merged: who has one of them
// may lose it to the other's customer. Linking an identity with itself is BAD_USER_INPUT. Here as in all that follows, what cannot be an
// identity is nobody's: then nothing is done, and the outcome has no operation.
func (s *Service) LinkIdentities(ctx context.Context, a, b identity.Claim, by Author) (Outcome, error) {
	return s.operate(ctx, "linkIdentities", by, func(ctx context.Context, o *operating) error {
		one, err := o.read(a)
		if err != nil {
			return err
		}
		other, err := o.read(b)
		if err != nil {
			return err
		}
		if one == other {
			return fault.Bad(fault.Path{"b"}, "this is the same identity as a")
		}
		numbers, err := o.number(ctx, one, other)
		o.link(0, numbers[:1], numbers[1:])
		return err
	}, ended)
}

// KeepApart says that no one of left is the same person as anyone of right. It beats links of all kinds.
func (s *Service) KeepApart(ctx context.Context, left, right []identity.Claim, by Author) (Outcome, error) {
	return s.operate(ctx, "keepApart", by, func(ctx context.Context, o *operating) error {
		var sides [2][]identity.Identity
		for i, side := range [][]identity.Claim{left, right} {
			name := []string{"left", "right"}[i]
			if len(side) == 0 {
				return fault.Bad(fault.Path{name}, "name at least one identity")
			}
			for j, claim := range side {
				id, err := o.read(claim)
				if err != nil {
					continue // nobody's
				}
				if i == 1 && slices.Contains(sides[0], id) {
					return fault.Bad(fault.Path{name, j}, "this identity stands on both sides")
				}
				if !slices.Contains(sides[i], id) {
					sides[i] = append(sides[i], id)
				}
			}
		}
		if len(sides[0]) == 0 || len(sides[1]) == 0 {
			return errNothingToDo
		}
		numbers, err := o.number(ctx, append(slices.Clone(sides[0]), sides[1]...)...)
		o.decide(0, "apart", numbers[:len(sides[0])], numbers[len(sides[0]):])
		return err
	}, ended)
}

// UnlinkIdentity says that records up to and including since (nil: now) tie an identity to nobody any more; later ones do.
func (s *Service) UnlinkIdentity(ctx context.Context, id identity.Claim, since *time.Time, by Author) (Outcome, error) {
	return s.operate(ctx, "unlinkIdentity", by, func(ctx context.Context, o *operating) error {
		one, err := o.read(id)
		if err != nil {
			return err
		}
		numbers, err := o.number(ctx, one)
		if err != nil {
			return err
		}
		at := o.tx.Now
		if since != nil {
			at = since.UTC().Truncate(time.Microsecond)
		}
		o.decisions = append(o.decisions, decision{operation: o.op.ID, identity: numbers[0], kind: "unlink", since: at})
		return nil
	}, ended)
}

// MoveIdentity gives an identity to a customer: what was known of it until now ties it to nobody, and it is linked with the strongest
// identity of the customer.
func (s *Service) MoveIdentity(ctx context.Context, id identity.Claim, to Handle, by Author) (Outcome, error) {
	return s.operate(ctx, "moveIdentity", by, func(ctx context.Context, o *operating) error {
		one, err := o.read(id)
		if err != nil {
			return err
		}
		held, err := o.heldBy(ctx, to, fault.Path{"to"})
		if err != nil {
			return err
		}
		held = slices.DeleteFunc(held, func(h heldIdentity) bool { return h.Identity == one })
		if len(held) == 0 {
			return fault.New(fault.Conflict, "this is all that the customer is known by").At(fault.Path{"to"})
		}
		numbers, err := o.number(ctx, one)
		if err != nil {
			return err
		}
		o.decisions = append(o.decisions, decision{operation: o.op.ID, group: 1, identity: numbers[0], kind: "unlink", since: o.tx.Now})
		o.link(0, []int64{held[0].number}, numbers)
		return nil
	}, ended)
}

// heldIdentity is an identity that a customer holds.
type heldIdentity struct {
	identity.Identity

	number int64
}

// heldBy lists what a customer is known by, the strongest first; a customer that does not exist is NOT_FOUND.
func (o *operating) heldBy(ctx context.Context, handle Handle, at fault.Path) ([]heldIdentity, error) {
	rows, err := o.tx.Query(ctx, "SELECT i.id, i.type_id, i.scope, i.value FROM customer_handles h JOIN identities i ON i.customer_id = h.customer_id WHERE h.id = $1", int64(handle))
	held, err := store.Collect(rows, err, func(row store.Row, into *heldIdentity) error {
		var typ int32
		err := row.Scan(&into.number, &typ, &into.Scope, &into.Value)
		into.Type = o.a.TypeName(typ)
		return err
	})
	if err == nil && len(held) == 0 {
		err = fault.New(fault.NotFound, "there is no such customer").At(at)
	}
	slices.SortFunc(held, func(a, b heldIdentity) int { return o.a.Registry.Compare(a.Identity, b.Identity) })
	return held, err
}

// BlockIdentity says that a value stands for nobody: it is dropped from all records, past and to come.
func (s *Service) BlockIdentity(ctx context.Context, id identity.Claim, by Author) (Outcome, error) {
	return s.operate(ctx, "blockIdentity", by, func(ctx context.Context, o *operating) error {
		one, err := o.read(id)
		if err != nil {
			return err
		}
		numbers, err := o.number(ctx, one)
		if err != nil {
			return err
		}
		o.decisions = append(o.decisions, decision{operation: o.op.ID, identity: numbers[0], kind: "block"})
		o.blocked = numbers
		return o.rereadNaming(ctx, numbers[0])
	}, ended)
}

// mostAtOnce is how many sets an operation reads again itself; of more it leaves them to a job.
const mostAtOnce = 2_000

// rereadNaming has the sets read again that name an identity which is to be blocked, or to count again.
func (o *operating) rereadNaming(ctx context.Context, number int64) error {
	if _, err := LockVersion(ctx, o.tx); err != nil {
		return err
	}
	rows, err := o.tx.Query(ctx, "SELECT set_id FROM identity_set_members WHERE identity_id = $1 UNION SELECT m.set_id FROM set_mentions m JOIN identities i ON i.key = m.key WHERE i.id = $2 ORDER BY 1", number, number)
	sets, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return err
	}
	o.raise = true
	if len(sets) > mostAtOnce {
		rows, err := o.tx.Query(ctx, "SELECT type_id FROM identities WHERE id = $1", number)
		types, err := store.Collect(rows, err, func(row store.Row, into *int32) error { return row.Scan(into) })
		if err == nil && len(types) == 1 {
			o.later = o.a.TypeName(types[0])
		}
		return err
	}
	o.seeds.Anew = append(o.seeds.Anew, number)
	o.sets = append(o.sets, sets...)
	o.seeds.Sets = append(o.seeds.Sets, sets...)
	return o.seedSets(ctx, sets)
}

// seedSets makes all members of sets, as they are and as they may become, seeds.
func (o *operating) seedSets(ctx context.Context, sets []int64) error {
	if len(sets) == 0 {
		return nil
	}
	members, err := membersOf(ctx, o.tx, sets)
	if err != nil {
		return err
	}
	for _, all := range members {
		o.seeds.Identities = append(o.seeds.Identities, all...)
	}
	var args store.Args
	given := store.Relation(o.tx.Dialect(), "given", &args, store.Int64s("id", sets))
	rows, err := o.tx.Query(ctx, "SELECT i.id FROM "+given+" JOIN set_mentions m ON m.set_id = given.id JOIN identities i ON i.key = m.key", args...)
	mentioned, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	o.seeds.Identities = append(o.seeds.Identities, mentioned...)
	return err
}

// RetractRecord makes a record as if it had never come. An unknown one is NOT_FOUND. The message id stays used. messageKey is the id as
// the tables spell it.
func (s *Service) RetractRecord(ctx context.Context, source, messageKey string, by Author) (Outcome, error) {
	return s.operate(ctx, "retractRecord", by, func(ctx context.Context, o *operating) error {
		rows, err := o.tx.Query(ctx, "SELECT id FROM sources WHERE name = $1", source)
		sources, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
		if err != nil {
			return err
		}
		unknown := fault.New(fault.NotFound, "there is no record of this source with this message id").At(fault.Path{"messageId"})
		if len(sources) == 0 {
			return unknown
		}
		record, err := o.record(ctx, sources[0], messageKey)
		if err != nil {
			return err
		}
		switch {
		case record == nil:
			return unknown
		case record.withdrawn:
			return fault.New(fault.Conflict, "this record is retracted already").At(fault.Path{"messageId"})
		}
		o.subject, o.subjectKey = &record.id, strconv.FormatInt(record.source, 10)+":"+record.message
		return o.withdraw(ctx, record, true)
	}, ended)
}

// storedRecord is a record as the tables have it.
type storedRecord struct {
	id, source, set int64
	message         string
	at              time.Time
	withdrawn       bool
}

// record finds a record; nil when there is none.
func (o *operating) record(ctx context.Context, source int64, message string) (*storedRecord, error) {
	rows, err := o.tx.Query(ctx, "SELECT id, set_id, occurred_at, withdrawn FROM records WHERE source_id = $1 AND message_id = $2"+o.tx.Dialect().ForUpdate(), source, message)
	found, err := store.Collect(rows, err, func(row store.Row, into *storedRecord) error {
		var at store.Instant
		err := row.Scan(&into.id, &into.set, &at, &into.withdrawn)
		into.source, into.message, into.at = source, message, at.Time
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// withdraw plans to take a record away, or to bring it back. What came with a withdrawn record lies under the negative of its set's number,
// where nobody looks; that is the one case in which an event is touched.
func (o *operating) withdraw(ctx context.Context, record *storedRecord, away bool) error {
	from, to := record.set, -record.set
	set := max(from, to)
	if err := o.seedSets(ctx, []int64{set}); err != nil {
		return err
	}
	members, err := membersOf(ctx, o.tx, []int64{set})
	if err != nil {
		return err
	}
	o.named = append(o.named, members[set]...)
	if o.seeds.Restated == nil {
		o.seeds.Restated = map[int64]bool{}
	}
	o.seeds.Restated[set] = true
	o.seeds.Sets = append(o.seeds.Sets, set)
	o.changes = append(o.changes, func(ctx context.Context) error {
		for _, statement := range []string{
			"UPDATE events SET set_id = $1 WHERE set_id = $2 AND occurred_at = $3 AND id = $4",
			"UPDATE observations SET set_id = $1 WHERE set_id = $2 AND observed_at = $3 AND record_id = $4",
		} {
			if _, err := o.tx.Exec(ctx, statement, to, from, record.at, record.id); err != nil {
				return err
			}
		}
		if _, err := o.tx.Exec(ctx, "UPDATE records SET set_id = $1, withdrawn = $2 WHERE source_id = $3 AND message_id = $4", to, away, record.source, record.message); err != nil {
			return err
		}
		_, err := o.tx.Exec(ctx, "UPDATE identity_sets SET arrived_at = (SELECT min(r.received_at) FROM (SELECT received_at FROM events WHERE set_id = $1"+
			" UNION ALL SELECT received_at FROM records WHERE set_id = $2 AND quiet) AS r) WHERE id = $3", set, set, set)
		return err
	})
	return nil
}
