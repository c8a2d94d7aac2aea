package profile_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// handlesOf shows nil as 0.
func handlesOf(customers []*profile.Customer) []profile.Handle {
	handles := make([]profile.Handle, len(customers))
	for i, c := range customers {
		if c != nil {
			handles[i] = c.Handle
		}
	}
	return handles
}

func wantHandles(t *testing.T, customers []*profile.Customer, err error, want ...profile.Handle) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	got := handlesOf(customers)
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestAnyIDEverGivenLeadsToTheLivingCustomer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1, `{"name":"Li","visits":3}`, `{}`, 11, 12)
		w.customer(2, `{}`, `{}`, 21)
		w.insert("customer_handles", store.Int64s("id", []int64{31}), store.NullInt64s("customer_id", []*int64{nil}),
			store.Int64s("birth_identity_id", []int64{1}), store.Int64s("seat_identity_id", []int64{1}), store.Times("created_at", []time.Time{morning}))

		found, err := w.reader.ByHandles(t.Context(), []profile.Handle{12, 21, 99, 11, 31, 12})
		wantHandles(t, found, err, 11, 21, 0, 11, 0, 11)
		li := found[0]
		if li.Row != 1 || !li.CreatedAt.Equal(minute(0)) || !li.UpdatedAt.Equal(minute(1)) {
			t.Errorf("got %+v", li)
		}
		sameJSON(t, li.Attributes, `{"name":"Li","visits":3}`)

		found, err = w.reader.ByRows(t.Context(), []profile.Row{2, 5, 1})
		wantHandles(t, found, err, 21, 0, 11)
		found, err = w.reader.ByHandles(t.Context(), nil)
		wantHandles(t, found, err)
	})
}

func TestACustomerIsFoundByWhatIdentifiesThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1, `{}`, `{}`, 11)
		w.customer(2, `{}`, `{}`, 21)
		w.identity(1, 1, "phone", "", "+8613912345678")
		w.identity(2, 2, "wechat_openid", "app1", "oAbC")
		w.identity(3, 0, "email", "", "nobody@shop.cn")

		var statements atomic.Int64
		found, err := w.reader.ByIdentities(store.CountStatements(t.Context(), &statements), []identity.Claim{
			{Type: "phone", Value: "139-1234-5678"},
			{Type: "phone", Value: "13800138000"}, // blocked
			{Type: "wechat_openid", Scope: "app2", Value: "oAbC"},
			{Type: "email", Value: "Nobody@Shop.cn"},
			{Type: "no_such_type", Value: "x"},
			{Type: "wechat_openid", Scope: "app1", Value: "oAbC"},
			{Type: "phone", Value: "0086 139 1234 5678"},
		})
		wantHandles(t, found, err, 11, 0, 0, 0, 0, 21, 11)
		if statements.Load() != 1 {
			t.Errorf("%d statements", statements.Load())
		}
		found, err = w.reader.ByIdentities(t.Context(), []identity.Claim{{Type: "phone", Value: "x"}})
		wantHandles(t, found, err, 0)
	})
}

func TestAnAttributeKnowsWhereItComesFrom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1, `{"city":"上海","age":30.10,"note":"x"}`, `{"city":{"t":1773561600000000,"s":2,"i":7,"r":9007199254740993}}`, 11)
		found, err := w.reader.ByRows(t.Context(), []profile.Row{1})
		if err != nil {
			t.Fatal(err)
		}
		origins, err := w.reader.Provenance(t.Context(), []profile.Row{9, 1})
		if err != nil || origins[0] != nil {
			t.Fatal(origins, err)
		}
		city, has, err := found[0].Attribute("city", origins[1])
		if err != nil || !has || string(city.Value) != `"上海"` || city.Source != 2 || !city.ObservedAt.Equal(morning) ||
			city.IdentityID != 7 || city.RecordID != 9007199254740993 {
			t.Errorf("got %+v, %v, %v", city, has, err)
		}
		if age, _, _ := found[0].Attribute("age", origins[1]); string(age.Value) != "30.10" {
			t.Errorf("the number lost digits: %s", age.Value)
		}
		if _, has, err := found[0].Attribute("City", nil); has || err != nil {
			t.Errorf("got %v, %v", has, err)
		}
	})
}
