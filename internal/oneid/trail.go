package oneid

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// AuditPages is the list of what changed about who is who. Numbers of entries are not in the order of time, so a place in it is a time,
// in microseconds, and a number.
var AuditPages = page.Connection{Name: "audit: newest first", Keys: 2}

// AuditQuery chooses among the changes about who is who.
type AuditQuery struct {
	page.Request

	// Customer asks for what is about the identities that a customer holds, and the ids that lead to them; 0: everybody.
	Customer Row
	// Identity asks for what is about one identity; nil: all.
	Identity *identity.Claim
	// Since and Until bound the times: at or after the one, before the other.
	Since, Until *time.Time
}

// AuditEntry is one change about who is who, or the verdict on a link.
type AuditEntry struct {
	ID              int64
	At              time.Time
	Kind            string
	Identity, Other int64  // numbers of identities, of a link the stronger and the weaker end; 0: none
	Before, After   Handle // 0: nobody
	Rule            string // as the Reason of an Edge; "": nothing had to be decided
	Cause           string // record, operation, setting, match
	CauseID         int64  // of the record, the operation or the job
	Actor, Reason   string // who did it, and why in their words
}

const auditColumns = "a.id, a.at, a.kind, coalesce(a.identity_id, 0), coalesce(a.other_id, 0), coalesce(a.before_id, 0), coalesce(a.after_id, 0), a.rule, a.cause, a.cause_id, a.actor, a.reason"

func collectAudit(rows *sql.Rows, err error) ([]AuditEntry, error) {
	return store.Collect(rows, err, func(row store.Row, e *AuditEntry) error {
		var at store.Instant
		err := row.Scan(&e.ID, &at, &e.Kind, &e.Identity, &e.Other, &e.Before, &e.After, &e.Rule, &e.Cause, &e.CauseID, &e.Actor, &e.Reason)
		e.At = at.Time
		return err
	})
}

// Audit is a page of what changed, newest first.
func (s *Service) Audit(ctx context.Context, query AuditQuery) (page.Page[AuditEntry], error) {
	place := func(e AuditEntry) []int64 { return []int64{e.At.UnixMicro(), e.ID} }
	about, known := s.about(query)
	if !known {
		return page.Cut(query.Request, nil, place), nil
	}
	var args store.Args
	conditions := query.times(&args)
	if query.After != nil {
		conditions = append(conditions, "(a.at, a.id) < ("+args.Bind(time.UnixMicro(query.After[0]).UTC())+", "+args.Bind(query.After[1])+")")
	}
	limit := args.Bind(int64(query.Limit()))
	text := "SELECT " + auditColumns + " FROM audit_entries a" + where(conditions)
	if about != nil {
		text = "SELECT * FROM (" + about.union(s.db.Dialect(), &args, func(key string) string {
			return s.db.Dialect().FirstOfEach("audit_entries", "a", strings.Join(append([]string{key}, conditions...), " AND "), "a.at DESC, a.id DESC", limit)
		}, strings.Replace(auditColumns, "a.id, a.at", "a.id AS id, a.at AS at", 1)) + ") AS found"
	}
	entries, err := collectAudit(s.db.Query(ctx, text+" ORDER BY at DESC, id DESC LIMIT "+limit, args...))
	if err != nil {
		return page.Page[AuditEntry]{}, fmt.Errorf("read the audit: %w", err)
	}
	return page.Cut(query.Request, entries, place), nil
}

// CountAudit is how many entries all pages hold.
func (s *Service) CountAudit(ctx context.Context, query AuditQuery) (int64, error) {
	about, known := s.about(query)
	if !known {
		return 0, nil
	}
	var args store.Args
	conditions := query.times(&args)
	text := "SELECT count(*) FROM audit_entries a" + where(conditions)
	if about != nil {
		text = "SELECT count(*) FROM (" + about.union(s.db.Dialect(), &args, func(key string) string {
			return " JOIN audit_entries a ON " + strings.Join(append([]string{key}, conditions...), " AND ")
		}, "a.id AS id") + ") AS found"
	}
	rows, err := s.db.Query(ctx, text, args...)
	counts, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return 0, fmt.Errorf("count the audit: %w", err)
	}
	return counts[0], nil
}

// AuditByID finds entries. The result is in order, nil where there is none.
func (s *Service) AuditByID(ctx context.Context, ids []int64) ([]*AuditEntry, error) {
	found := make([]*AuditEntry, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var args store.Args
	given := store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", ids))
	entries, err := collectAudit(s.db.Query(ctx, "SELECT "+auditColumns+" FROM audit_entries a WHERE a.id IN (SELECT id FROM "+given+")", args...))
	if err != nil {
		return nil, fmt.Errorf("find entries of the audit: %w", err)
	}
	byID := map[int64]*AuditEntry{}
	for i := range entries {
		byID[entries[i].ID] = &entries[i]
	}
	for i, id := range ids {
		found[i] = byID[id]
	}
	return found, nil
}

// subject is whom a part of the audit is about: relations, in a FROM clause, of the numbers of identities and of ids of customers.
type subject struct {
	identities, handles func(d store.Dialect, args *store.Args) string
}

// about finds whom a query is about; nil: everybody. It is false where there can be no entry.
func (s *Service) about(query AuditQuery) (*subject, bool) {
	switch {
	case query.Identity != nil:
		id, reason := s.Registry().Normalise(*query.Identity)
		if reason != nil {
			return nil, false
		}
		key := id.Key()
		return &subject{identities: func(d store.Dialect, args *store.Args) string {
			return "(SELECT i.id FROM " + store.Relation(d, "k", args, store.Bytes("key", [][]byte{key[:]})) + " JOIN identities i ON i.key = k.key) AS given"
		}}, true
	case query.Customer != 0:
		of := func(table string) func(store.Dialect, *store.Args) string {
			return func(_ store.Dialect, args *store.Args) string {
				return "(SELECT o.id FROM " + table + " o WHERE o.customer_id = " + args.Bind(int64(query.Customer)) + ") AS given"
			}
		}
		return &subject{identities: of("identities"), handles: of("customer_handles")}, true
	}
	return nil, true
}

// union selects columns of the entries about somebody, each once. join joins entries to the numbers given, by a condition.
func (a *subject) union(d store.Dialect, args *store.Args, join func(condition string) string, columns string) string {
	var parts []string
	add := func(numbers func(store.Dialect, *store.Args) string, conditions ...string) {
		for _, condition := range conditions {
			parts = append(parts, "SELECT "+columns+" FROM "+numbers(d, args)+join(condition))
		}
	}
	add(a.identities, "a.identity_id = given.id", "a.other_id = given.id")
	if a.handles != nil {
		// An identity's first customer, which it has no longer, is told where it went from there: such entries need no index.
		add(a.handles, "a.before_id = given.id AND a.before_id IS NOT NULL", "a.after_id = given.id AND a.before_id IS NOT NULL")
	}
	return strings.Join(parts, " UNION ")
}

func (q AuditQuery) times(args *store.Args) []string {
	var conditions []string
	if q.Since != nil {
		conditions = append(conditions, "a.at >= "+args.Bind(*q.Since))
	}
	if q.Until != nil {
		conditions = append(conditions, "a.at < "+args.Bind(*q.Until))
	}
	return conditions
}

func where(conditions []string) string {
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}
