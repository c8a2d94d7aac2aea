package oneid_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// claimOf reads type:value or type/scope:value.
func claimOf(text string) identity.Claim {
	typ, value, _ := strings.Cut(text, ":")
	typ, scope, _ := strings.Cut(typ, "/")
	return identity.Claim{Type: typ, Scope: scope, Value: value, Verified: true}
}

func hashedMail(mail string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(mail))) }

// numbers are the identities that exist, as type:value, by number.
func (p *past) numbers() map[int64]string {
	p.t.Helper()
	rows, err := p.db.Query(p.t.Context(), "SELECT i.id, t.name, i.value FROM identities i JOIN identity_types t ON t.id = i.type_id")
	names := map[int64]string{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var id int64
		var typ, value string
		err := row.Scan(&id, &typ, &value)
		names[id] = typ + ":" + value
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return names
}

func (p *past) rowOf(text string) oneid.Row {
	p.t.Helper()
	id, _ := p.Registry().Normalise(claimOf(text))
	key := id.Key()
	rows, err := p.db.Query(p.t.Context(), "SELECT coalesce(customer_id, 0) FROM identities WHERE key = $1", key[:])
	found, err := store.Collect(rows, err, func(row store.Row, into *oneid.Row) error { return row.Scan(into) })
	if err != nil || len(found) != 1 {
		p.t.Fatal(text, found, err)
	}
	return found[0]
}

// graphOf is the links of whoever holds an identity, as "stronger weaker reason observations source".
func (p *past) graphOf(text string) (edges, nodes []string) {
	p.t.Helper()
	graphs, err := p.Graph(p.t.Context(), []oneid.Row{p.rowOf(text)})
	if err != nil {
		p.t.Fatal(err)
	}
	names := p.numbers()
	for _, e := range graphs[0].Edges {
		if e.Accepted != (e.Reason == "same") || e.First.IsZero() || e.Last.Before(e.First) {
			p.t.Errorf("an edge is %+v", e)
		}
		edges = append(edges, strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s", names[e.A], names[e.B], e.Reason, e.Observations, e.Source)))
	}
	for _, number := range graphs[0].Nodes {
		nodes = append(nodes, names[number])
	}
	return edges, nodes
}

func (p *past) expectGraph(of string, edges, nodes []string) {
	p.t.Helper()
	gotEdges, gotNodes := p.graphOf(of)
	if !slices.Equal(gotEdges, edges) {
		p.t.Errorf("the links are\n%s\nwant\n%s", strings.Join(gotEdges, "\n"), strings.Join(edges, "\n"))
	}
	if nodes != nil && !slices.Equal(gotNodes, nodes) {
		p.t.Errorf("the nodes are %q, want %q", gotNodes, nodes)
	}
}

func TestAGraphShowsTheLinksThatJoinACustomer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601 device_id:d", "user_id:u device_id:d", "user_id:u device_id:d", "email:e@x.cn")
		p.expectGraph("device_id:d", []string{"user_id:u phone:+8613912345601 same 1 test", "user_id:u device_id:d same 3 test"},
			[]string{"user_id:u", "phone:+8613912345601", "device_id:d"})
		p.expectGraph("email:e@x.cn", nil, []string{"email:e@x.cn"})
		graphs, err := p.Graph(t.Context(), []oneid.Row{p.rowOf("email:e@x.cn"), 1 << 40, p.rowOf("user_id:u")})
		if err != nil || len(graphs) != 3 || len(graphs[0].Nodes) != 1 || len(graphs[1].Nodes) != 0 || len(graphs[2].Edges) != 2 {
			t.Errorf("%+v, %v", graphs, err)
		}
		edge := graphs[2].Edges[1]
		if !edge.First.Equal(timeOf(0)) || !edge.Last.Equal(timeOf(2)) {
			t.Errorf("seen from %v to %v", edge.First, edge.Last)
		}
	})
}

func TestAGraphShowsRejectedLinksWithTheirReasons(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("member_no:m1 user_id:u1", "member_no:m2 user_id:u1", "user_id:u2 device_id:d", "user_id:u3 device_id:d")
		p.expectGraph("member_no:m1", []string{"member_no:m1 user_id:u1 same 1 test", "member_no:m2 user_id:u1 limit 1 test"},
			[]string{"member_no:m1", "user_id:u1", "member_no:m2"})
		p.expectGraph("member_no:m2", []string{"member_no:m2 user_id:u1 limit 1 test"}, []string{"member_no:m2", "user_id:u1"})
		p.expectGraph("user_id:u2", []string{"user_id:u2 device_id:d limit 1 test"}, nil)

		p.record("user_id:u4 email:a@x.cn", "member_no:m5 email:b@x.cn")
		if _, err := p.KeepApart(t.Context(), []identity.Claim{claimOf("user_id:u4")}, []identity.Claim{claimOf("email:b@x.cn")}, by); err != nil {
			t.Fatal(err)
		}
		p.expectGraph("user_id:u4", []string{"user_id:u4 email:a@x.cn same 1 test"}, nil) // apart without evidence is no link
		p.record("user_id:u4 member_no:m5")
		p.expectGraph("user_id:u4", []string{"member_no:m5 user_id:u4 same 1 test", "member_no:m5 email:b@x.cn apart 1 test", "user_id:u4 email:a@x.cn same 1 test"}, nil)
	})
}

func TestAGraphShowsLinksToSharedIdentitiesFromBothEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		phone := "phone:+8613912345601"
		p.record("user_id:u1 "+phone, "user_id:u2 "+phone+" email:a@x.cn", "user_id:u3 "+phone, "user_id:u4 "+phone, "user_id:u4 "+phone, phone+" device_id:d")
		p.expectGraph("user_id:u2", []string{"user_id:u2 " + phone + " shared 1 test", "user_id:u2 email:a@x.cn same 1 test"}, []string{"user_id:u2", "email:a@x.cn", phone})
		p.expectGraph(phone, []string{
			"user_id:u1 " + phone + " shared 1 test", "user_id:u2 " + phone + " shared 1 test", "user_id:u3 " + phone + " shared 1 test",
			"user_id:u4 " + phone + " shared 2 test", phone + " device_id:d shared 1 test",
		}, []string{phone, "user_id:u1", "user_id:u2", "user_id:u3", "user_id:u4", "device_id:d"})
		graphs, err := p.Graph(t.Context(), []oneid.Row{p.rowOf("user_id:u4"), p.rowOf(phone)})
		if err != nil || len(graphs[0].Edges) != 1 || len(graphs[1].Edges) != 5 || graphs[1].Edges[3].Observations != 2 || graphs[0].Edges[0].Observations != 2 {
			t.Errorf("%+v, %v", graphs, err)
		}
	})
}

func TestAGraphShowsWhatOperatorsLinkedAndWhatIsDerived(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("email:a@x.cn user_id:u", "email_sha256:"+hashedMail("a@x.cn"))
		p.expectGraph("user_id:u", []string{"user_id:u email:a@x.cn same 1 test", "email:a@x.cn email_sha256:" + hashedMail("a@x.cn") + " same 0"}, nil)
		p.record("phone:+8613912345601")
		done, err := p.LinkIdentities(t.Context(), claimOf("user_id:u"), claimOf("phone:+8613912345601"), by)
		if err != nil {
			t.Fatal(err)
		}
		p.record("phone:+8613912345601 user_id:u")
		graphs, err := p.Graph(t.Context(), []oneid.Row{p.rowOf("user_id:u")})
		if err != nil {
			t.Fatal(err)
		}
		edge := graphs[0].Edges[0]
		if edge.Operation != done.Operation.ID || edge.Observations != 1 || !edge.First.Equal(timeOf(3)) || !edge.Last.Equal(done.Operation.At) || edge.Source != "test" {
			t.Errorf("%+v", edge)
		}
	})
}

func TestAGraphShowsLinksToWhatIsBlocked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601", "phone:+8613912345602", "user_id:u phone:+8613912345602")
		if _, err := p.BlockIdentity(t.Context(), claimOf("phone:+8613912345601"), by); err != nil {
			t.Fatal(err)
		}
		p.expectGraph("user_id:u", []string{"user_id:u phone:+8613912345601 blocked 1 test", "user_id:u phone:+8613912345602 same 1 test"},
			[]string{"user_id:u", "phone:+8613912345602", "phone:+8613912345601"})
	})
}

func TestUnlinkedAndRetractedRecordsShowNoLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601", "user_id:u phone:+8613912345601", "user_id:u phone:+8613912345601")
		if _, err := p.UnlinkIdentity(t.Context(), claimOf("phone:+8613912345601"), new(timeOf(0)), by); err != nil {
			t.Fatal(err)
		}
		p.expectGraph("user_id:u", []string{"user_id:u phone:+8613912345601 same 2 test"}, nil)
		if _, err := p.RetractRecord(t.Context(), "test", "1", by); err != nil {
			t.Fatal(err)
		}
		p.expectGraph("user_id:u", []string{"user_id:u phone:+8613912345601 same 1 test"}, nil)
		if _, err := p.RetractRecord(t.Context(), "test", "2", by); err != nil {
			t.Fatal(err)
		}
		p.expectGraph("user_id:u", nil, []string{"user_id:u"})
	})
}

// A customer as large as one may be answers in a few statements.
func TestALargeCustomerIsExplainedInAFewStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		const cookies = 90
		for i := range cookies {
			p.record(fmt.Sprintf("user_id:u anonymous_id:c%d", i))
		}
		var n atomic.Int64
		start := time.Now()
		graphs, err := p.Graph(store.CountStatements(context.Background(), &n), []oneid.Row{p.rowOf("user_id:u")})
		if err != nil || len(graphs[0].Edges) != cookies || n.Load() > 20 {
			t.Errorf("%d links by %d statements in %v, %v", len(graphs[0].Edges), n.Load(), time.Since(start), err)
		}
	})
}
