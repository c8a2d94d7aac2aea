package graph

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
)

// mostApart is how many identities one side of keepApart takes.
const mostApart = 100

// operate does something in the name of the caller's key.
func (r *Resolver) operate(ctx context.Context, reason string, do func(by oneid.Author) (oneid.Outcome, error)) (*model.OperationPayload, error) {
	caller, _ := access.FromContext(ctx)
	outcome, err := do(oneid.Author{Name: caller.Name, Reason: reason})
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	payload := &model.OperationPayload{UserErrors: wrong, Customers: []*model.Customer{}}
	if len(wrong) > 0 {
		return payload, nil
	}
	if outcome.Operation.ID != 0 { // 0: there was nothing to do
		payload.Operation = operationsShown(outcome.Operation)[0]
	}
	payload.Customers, err = r.concerned(ctx, outcome)
	return payload, err
}

// concerned are the customers that an operation is about, as they are now.
func (r *Resolver) concerned(ctx context.Context, outcome oneid.Outcome) ([]*model.Customer, error) {
	found, err := r.customersByHandle(ctx, outcome.Customers, &ahead{})
	if err != nil {
		return nil, err
	}
	customers, seen := make([]*model.Customer, 0, len(found)), map[profile.Row]bool{}
	for _, one := range found {
		if one != nil && !seen[one.Row] {
			seen[one.Row] = true
			customers = append(customers, one)
		}
	}
	return customers, nil
}

// mergeCustomers says that two customers are one person.
func (r *Resolver) mergeCustomers(ctx context.Context, a, b, reason string) (*model.MergePayload, error) {
	var merge int64
	done, err := r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) {
		one, two, err := pair(a, b)
		if err != nil {
			return oneid.Outcome{}, err
		}
		outcome, err := r.OneID.MergeCustomers(ctx, one, two, by)
		merge = outcome.Merge
		return outcome, err
	})
	if err != nil {
		return nil, err
	}
	payload := &model.MergePayload{UserErrors: done.UserErrors, Operation: done.Operation}
	if len(done.Customers) > 0 {
		payload.Customer = done.Customers[0]
	}
	if merge != 0 {
		payload.Merge, err = r.merge(ctx, merge)
	}
	return payload, err
}

// pair reads the ids of two customers.
func pair(a, b string) (one, two profile.Handle, err error) {
	first, err := gid.DecodeOne(gid.Customer, a, fault.Path{"a"})
	if err != nil {
		return 0, 0, err
	}
	second, err := gid.DecodeOne(gid.Customer, b, fault.Path{"b"})
	return profile.Handle(first), profile.Handle(second), err
}

// unmerge takes two customers apart that were merged.
func (r *Resolver) unmerge(ctx context.Context, merge, reason string) (*model.OperationPayload, error) {
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) {
		number, err := gid.DecodeOne(gid.Merge, merge, fault.Path{"merge"})
		if err != nil {
			return oneid.Outcome{}, err
		}
		return r.OneID.Unmerge(ctx, number, by)
	})
}

// linkIdentities says that two identities are one person's.
func (r *Resolver) linkIdentities(ctx context.Context, a, b identity.Claim, reason string) (*model.OperationPayload, error) {
	if _, err := r.guess(ctx, []identity.Claim{a, b}); err != nil {
		return nil, err
	}
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) { return r.OneID.LinkIdentities(ctx, a, b, by) })
}

// keepApart says that those on the left are never those on the right.
func (r *Resolver) keepApart(ctx context.Context, left, right []*identity.Claim, reason string) (*model.OperationPayload, error) {
	sides := [2][]identity.Claim{claims(left), claims(right)}
	if _, err := r.guess(ctx, append(sides[0:1:1][0], sides[1]...)); err != nil {
		return nil, err
	}
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) {
		for i, side := range []string{"left", "right"} {
			if count := len(sides[i]); count == 0 || count > mostApart {
				return oneid.Outcome{}, fault.Bad(fault.Path{side}, "%d identities; one side has 1 to %d", count, mostApart)
			}
		}
		return r.OneID.KeepApart(ctx, sides[0], sides[1], by)
	})
}

func claims(given []*identity.Claim) []identity.Claim {
	all := make([]identity.Claim, len(given))
	for i, one := range given {
		all[i] = *one
	}
	return all
}

// unlinkIdentity says that the records up to a time no longer tie an identity.
func (r *Resolver) unlinkIdentity(ctx context.Context, id identity.Claim, since *time.Time, reason string) (*model.OperationPayload, error) {
	if _, err := r.guess(ctx, []identity.Claim{id}); err != nil {
		return nil, err
	}
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) { return r.OneID.UnlinkIdentity(ctx, id, since, by) })
}

// moveIdentity gives an identity to another customer.
func (r *Resolver) moveIdentity(ctx context.Context, id identity.Claim, to, reason string) (*model.OperationPayload, error) {
	if _, err := r.guess(ctx, []identity.Claim{id}); err != nil {
		return nil, err
	}
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) {
		handle, err := gid.DecodeOne(gid.Customer, to, fault.Path{"to"})
		if err != nil {
			return oneid.Outcome{}, err
		}
		return r.OneID.MoveIdentity(ctx, id, profile.Handle(handle), by)
	})
}

// blockIdentity says that a value is nobody's.
func (r *Resolver) blockIdentity(ctx context.Context, id identity.Claim, reason string) (*model.OperationPayload, error) {
	if _, err := r.guess(ctx, []identity.Claim{id}); err != nil {
		return nil, err
	}
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) { return r.OneID.BlockIdentity(ctx, id, by) })
}

// retractRecord takes a record back.
func (r *Resolver) retractRecord(ctx context.Context, source, messageID, reason string) (*model.OperationPayload, error) {
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) {
		return r.OneID.RetractRecord(ctx, source, ingest.MessageKey(messageID), by)
	})
}

// undoOperation takes an operation back.
func (r *Resolver) undoOperation(ctx context.Context, operation, reason string) (*model.OperationPayload, error) {
	return r.operate(ctx, reason, func(by oneid.Author) (oneid.Outcome, error) {
		number, err := gid.DecodeOne(gid.Operation, operation, fault.Path{"operation"})
		if err != nil {
			return oneid.Outcome{}, err
		}
		return r.OneID.UndoOperation(ctx, number, by)
	})
}

// operationsShown makes one group of operations.
func operationsShown(found ...oneid.Operation) []*model.Operation {
	group := &together.Group[*model.Operation]{Members: make([]*model.Operation, len(found))}
	for i, one := range found {
		shown := &model.Operation{
			Number: one.ID, Kind: one.Kind, Reason: one.Reason, Actor: one.Actor, At: one.At, Mates: group, Place: i,
		}
		if one.UndoneBy != nil {
			shown.Undone = *one.UndoneBy
		}
		group.Members[i] = shown
	}
	return group.Members
}

// operationsByID reads operations; nil where there is none, and for 0.
func (r *Resolver) operationsByID(ctx context.Context, ids []int64) ([]*model.Operation, error) {
	found, err := r.OneID.OperationsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	var there []oneid.Operation
	for _, one := range found {
		if one != nil {
			there = append(there, *one)
		}
	}
	shown, all := operationsShown(there...), make([]*model.Operation, len(ids))
	for i, one := range found {
		if one != nil {
			all[i], shown = shown[0], shown[1:]
		}
	}
	return all, nil
}

// operation finds an operation; nil when there is none.
func (r *Resolver) operation(ctx context.Context, id int64) (*model.Operation, error) {
	found, err := r.operationsByID(ctx, []int64{id})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// undoneBy is the operation that undid another; nil while it stands.
func (r *Resolver) undoneBy(ctx context.Context, operation *model.Operation) (*model.Operation, error) {
	if operation.Undone == 0 {
		return nil, nil
	}
	all, err := together.Load(ctx, operation.Mates, "undoneBy", func(ctx context.Context, mates []*model.Operation) ([]*model.Operation, error) {
		ids := make([]int64, len(mates))
		for i, mate := range mates {
			ids[i] = mate.Undone
		}
		return r.operationsByID(ctx, ids)
	})
	if err != nil {
		return nil, err
	}
	return all[operation.Place], nil
}

// operations is a page of what was done by hand.
func (r *Resolver) operations(ctx context.Context, first *int, after *string) (*model.OperationConnection, error) {
	request, err := oneid.OperationPages.Read(first, after, 20, nil)
	if err != nil {
		return nil, err
	}
	found, err := r.OneID.Operations(ctx, request)
	if err != nil {
		return nil, err
	}
	return connection(found, operationsShown(found.Items...), func(ctx context.Context) (int, error) {
		return whole(r.OneID.CountOperations(ctx))
	}), nil
}

// connection shows a page of things.
func connection[T, M any](found page.Page[T], shown []*M, count func(context.Context) (int, error)) *model.Connection[M] {
	made := &model.Connection[M]{PageInfo: pageInfo(found), Count: count, Edges: make([]*model.Edge[M], len(shown))}
	for i, one := range shown {
		made.Edges[i] = &model.Edge[M]{Node: one, At: func() string { return found.Cursor(i) }}
	}
	return made
}
