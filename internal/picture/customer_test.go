package picture_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/picture"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// gallery is a database whose customers are drawn.
type gallery struct {
	*picture.Painter

	t      *testing.T
	reader *profile.Reader
	in     *ingest.Service
	sent   int
}

func open(t *testing.T, db *store.DB) *gallery {
	t.Helper()
	one, err := oneid.Open(t.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
	if err != nil {
		t.Fatal(err)
	}
	reader := profile.New(db, one)
	return &gallery{picture.New(one, reader), t, reader, ingest.New(db, one), 0}
}

// record takes in a record of type=value.
func (g *gallery) record(claims ...string) {
	g.t.Helper()
	var sent []any
	for _, one := range claims {
		typ, value, _ := strings.Cut(one, "=")
		sent = append(sent, map[string]any{"type": typ, "value": value})
	}
	g.sent++
	results, err := g.in.Ingest(g.t.Context(), []map[string]any{{"source": "test", "messageId": fmt.Sprint(g.sent), "identities": sent}}, nil)
	if err != nil || results[0].Status != ingest.Accepted {
		g.t.Fatal(results, err)
	}
}

func (g *gallery) idOf(claim identity.Claim) string {
	g.t.Helper()
	found, err := g.reader.ByIdentities(g.t.Context(), []identity.Claim{claim})
	if err != nil || found[0] == nil {
		g.t.Fatal(found, err)
	}
	return gid.Encode(gid.Customer, int64(found[0].Handle))
}

func (g *gallery) drawn(id string, scopes ...access.Scope) element {
	g.t.Helper()
	svg, err := g.Customer(as(g.t, scopes...), id)
	if err != nil {
		g.t.Fatal(err)
	}
	return parse(g.t, svg)
}

func as(t *testing.T, scopes ...access.Scope) context.Context {
	t.Helper()
	return access.WithCaller(t.Context(), access.Caller{Name: "key", Scopes: scopes})
}

func TestACustomerIsDrawnAsTheKeyMaySeeThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		g := open(t, db)
		g.record("user_id=<script>alert(1)</script>", "phone=13912345678", "phone=13912345671", "device_id=d")
		g.record("user_id=other", "device_id=d")
		id := g.idOf(identity.Claim{Type: "phone", Value: "13912345678"})
		titles := func(svg element, class string) (all []string) {
			for _, one := range svg.all("g", class) {
				all = append(all, one.title())
			}
			return all
		}
		whole, masked := g.drawn(id, access.Read, access.Personal), g.drawn(id, access.Read)
		if got := titles(whole, "node"); len(got) < 3 || got[0] != "user_id <script>alert(1)</script>" || !slices.Contains(got, "phone +8613912345678") {
			t.Errorf("%q", got)
		}
		for _, title := range append(titles(masked, "node"), titles(masked, "edge")...) {
			if strings.Contains(title, "12345") {
				t.Errorf("a key without personal sees %q", title)
			}
		}
		if got := titles(masked, "edge"); !slices.ContainsFunc(got, func(title string) bool { return strings.Contains(title, "rejected: limit") }) {
			t.Errorf("%q", got)
		}
		if title := masked.all("title", "")[0].Text; title != "Identities of customer "+id {
			t.Errorf("%q", title)
		}
	})
}

func TestWhoMayNotReadOrAsksForNobodyGetsNoPicture(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		g := open(t, db)
		g.record("user_id=u")
		id := g.idOf(identity.Claim{Type: "user_id", Value: "u"})
		for name, c := range map[string]struct {
			ctx  context.Context
			id   string
			want fault.Code
		}{
			"no key":           {t.Context(), id, fault.Unauthenticated},
			"no scope":         {as(t, access.Ingest), id, fault.Forbidden},
			"no id":            {as(t, access.Read), "<script>", fault.BadUserInput},
			"another kind":     {as(t, access.Read), gid.Encode(gid.Tag, 1), fault.BadUserInput},
			"nobody":           {as(t, access.Read), gid.Encode(gid.Customer, 1<<40), fault.NotFound},
			"not even a place": {as(t, access.Read), gid.Encode(gid.Customer, int64(customer.Handle(-1))), fault.NotFound},
		} {
			_, err := g.Customer(c.ctx, c.id)
			if faults := fault.All(err); len(faults) != 1 || faults[0].Code != c.want || strings.Contains(err.Error(), "script") {
				t.Errorf("%s: %v", name, err)
			}
		}
		stopped, stop := context.WithCancel(as(t, access.Read))
		stop()
		if svg, err := g.Customer(stopped, id); err == nil || svg != nil {
			t.Error("somebody who has gone gets a picture")
		}
	})
}
