package graph

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
)

// auditOf is a page of what changed about a customer.
func (r *Resolver) auditOf(ctx context.Context, customer *model.Customer, first *int, after *string) (*model.AuditEntryConnection, error) {
	return r.auditPage(ctx, oneid.AuditQuery{Customer: customer.Row}, first, after)
}

// audit is a page of what changed about who is who.
func (r *Resolver) audit(ctx context.Context, id *identity.Claim, since, until *time.Time, first *int, after *string) (*model.AuditEntryConnection, error) {
	if id != nil {
		if _, err := r.lookUp(ctx, &ahead{}, *id); err != nil {
			return nil, err
		}
	}
	return r.auditPage(ctx, oneid.AuditQuery{Identity: id, Since: since, Until: until}, first, after)
}

func (r *Resolver) auditPage(ctx context.Context, query oneid.AuditQuery, first *int, after *string) (*model.AuditEntryConnection, error) {
	request, err := oneid.AuditPages.Read(first, after, 20, nil)
	if err != nil {
		return nil, err
	}
	query.Request = request
	found, err := r.OneID.Audit(ctx, query)
	if err != nil {
		return nil, err
	}
	return connection(found, entriesShown(found.Items), func(ctx context.Context) (int, error) {
		return whole(r.OneID.CountAudit(ctx, query))
	}), nil
}

// auditEntry finds an entry; nil when there is none.
func (r *Resolver) auditEntry(ctx context.Context, id int64) (*model.AuditEntry, error) {
	found, err := r.OneID.AuditByID(ctx, []int64{id})
	if err != nil || found[0] == nil {
		return nil, err
	}
	return entriesShown([]oneid.AuditEntry{*found[0]})[0], nil
}

// entriesShown makes one group of entries.
func entriesShown(found []oneid.AuditEntry) []*model.AuditEntry {
	group := &together.Group[*model.AuditEntry]{Members: make([]*model.AuditEntry, len(found))}
	for i, one := range found {
		group.Members[i] = &model.AuditEntry{
			Number: one.ID, At: one.At, Change: one.Kind, Ends: [2]int64{one.Identity, one.Other},
			From: int64(one.Before), To: int64(one.After), Decided: one.Rule, Cause: one.Cause, CauseNumber: one.CauseID,
			Actor: one.Actor, Reason: one.Reason, Mates: group, Place: i,
		}
	}
	return group.Members
}

// aboutIdentity is one end of what an entry is about; nil when it has none.
func (r *Resolver) aboutIdentity(ctx context.Context, entry *model.AuditEntry, which int) (*model.Identity, error) {
	if entry.Ends[which] == 0 {
		return nil, nil
	}
	all, err := together.Load(ctx, entry.Mates, "ends", func(ctx context.Context, mates []*model.AuditEntry) ([]*model.Identity, error) {
		ids := make([]int64, 0, 2*len(mates))
		for _, mate := range mates {
			ids = append(ids, mate.Ends[0], mate.Ends[1])
		}
		return r.identitiesByID(ctx, ids)
	})
	if err != nil {
		return nil, err
	}
	return all[2*entry.Place+which], nil
}

// ledBy is the operation that led to an entry; nil when something else did.
func (r *Resolver) ledBy(ctx context.Context, entry *model.AuditEntry) (*model.Operation, error) {
	return ofCause(ctx, entry, "operation", r.operationsByID)
}

// ledByJob is the job that led to an entry; nil when something else did.
func (r *Resolver) ledByJob(ctx context.Context, entry *model.AuditEntry) (*model.Job, error) {
	return ofCause(ctx, entry, "setting", r.jobsByID)
}

// ofCause finds what led to an entry, of entries with that cause; read finds nothing for 0.
func ofCause[T any](ctx context.Context, entry *model.AuditEntry, cause string, read func(context.Context, []int64) ([]*T, error)) (*T, error) {
	if entry.Cause != cause {
		return nil, nil
	}
	all, err := together.Load(ctx, entry.Mates, "cause "+cause, func(ctx context.Context, mates []*model.AuditEntry) ([]*T, error) {
		ids := make([]int64, len(mates))
		for i, mate := range mates {
			if mate.Cause == cause {
				ids[i] = mate.CauseNumber
			}
		}
		return read(ctx, ids)
	})
	if err != nil {
		return nil, err
	}
	return all[entry.Place], nil
}
