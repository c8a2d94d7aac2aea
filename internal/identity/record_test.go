package identity_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

func TestReadSortsAndFolds(t *testing.T) {
	kept, dropped := registry(t).Read([]identity.Claim{
		{Type: "device_id", Value: "d", Verified: true},
		{Type: "phone", Value: "139 1234 5678", Verified: true},
		{Type: "nothing", Value: "x", Verified: true},
		{Type: "user_id", Value: "null", Verified: true},
		{Type: "wechat_openid", Value: "o", Verified: true},
		{Type: "email", Value: "a@b", Verified: true},
		{Type: "phone", Value: "+8613912345678"},
		{Type: "member_no", Scope: "b", Value: "1", Verified: true},
		{Type: "member_no", Scope: "a", Value: "2", Verified: true},
	})
	wantKept := []identity.Identity{
		{Type: "member_no", Scope: "a", Value: "2"}, {Type: "member_no", Scope: "b", Value: "1"},
		{Type: "phone", Value: "+8613912345678"}, {Type: "device_id", Value: "d"},
	}
	wantDropped := []identity.Dropped{
		{Index: 2, Type: "nothing", Reason: identity.Undeclared}, {Index: 3, Type: "user_id", Reason: identity.Blocked},
		{Index: 4, Type: "wechat_openid", Reason: identity.NoScope}, {Index: 5, Type: "email", Reason: identity.Invalid},
	}
	if !slices.Equal(kept, wantKept) || !slices.Equal(dropped, wantDropped) {
		t.Errorf("kept %v, dropped %v", kept, dropped)
	}
}

func TestReadDropsAmbiguousValues(t *testing.T) {
	r := registry(t)
	user := func(value string) identity.Claim { return identity.Claim{Type: "user_id", Value: value} }
	openid := func(scope, value string) identity.Claim {
		return identity.Claim{Type: "wechat_openid", Scope: scope, Value: value}
	}
	for name, c := range map[string]struct {
		claims  []identity.Claim
		kept    []string
		dropped []int
	}{
		"two values of one":               {[]identity.Claim{user("a"), {Type: "device_id", Value: "d"}, user("b")}, []string{"d"}, []int{0, 2}},
		"one value in three spellings":    {[]identity.Claim{user("a"), user(" a "), user("ａ")}, []string{"a"}, nil},
		"a repeated value beside another": {[]identity.Claim{user("a"), user("a"), user("b")}, nil, []int{0, 1, 2}},
		"a blocked value does not count":  {[]identity.Claim{user("a"), user("null")}, []string{"a"}, []int{1}},
		"scopes are counted apart":        {[]identity.Claim{openid("x", "a"), openid("y", "b"), openid("y", "c")}, []string{"a"}, []int{1, 2}},
		"as many as the limit": {[]identity.Claim{{Type: "phone", Value: "13912345671"}, {Type: "phone", Value: "13912345672"}, {Type: "phone", Value: "13912345673"}},
			[]string{"+8613912345671", "+8613912345672", "+8613912345673"}, nil},
		"one more than the limit": {[]identity.Claim{{Type: "phone", Value: "13912345671"}, {Type: "phone", Value: "13912345672"}, {Type: "phone", Value: "13912345673"}, {Type: "phone", Value: "13912345674"}},
			nil, []int{0, 1, 2, 3}},
		"nothing": {nil, nil, nil},
	} {
		kept, dropped := r.Read(c.claims)
		var values []string
		for _, id := range kept {
			values = append(values, id.Value)
		}
		var places []int
		for _, d := range dropped {
			places = append(places, d.Index)
		}
		if !slices.Equal(values, c.kept) || !slices.Equal(places, c.dropped) {
			t.Errorf("%s: kept %v, dropped %v", name, kept, dropped)
		}
	}
}

func TestReadWithoutBlockedIdentitiesIsLessAmbiguous(t *testing.T) {
	claims := []identity.Claim{{Type: "user_id", Value: "a"}, {Type: "user_id", Value: "b"}}
	kept, dropped := registry(t).ReadWithout(claims, func(id identity.Identity) bool { return id.Value == "b" })
	if len(kept) != 1 || kept[0].Value != "a" || !slices.Equal(dropped, []identity.Dropped{{Index: 1, Type: "user_id", Reason: identity.Blocked}}) {
		t.Errorf("kept %v, dropped %v", kept, dropped)
	}
}

func TestReadDropsUnverifiedClaims(t *testing.T) {
	types := identity.Defaults()
	for i := range types {
		types[i].RequiresVerified = types[i].Name == "phone"
	}
	r, err := identity.NewRegistry(types, "CN")
	if err != nil {
		t.Fatal(err)
	}
	kept, dropped := r.Read([]identity.Claim{{Type: "phone", Value: "13912345678"}, {Type: "email", Value: "a@b.c"}, {Type: "phone", Value: "13912345679", Verified: true}})
	if len(kept) != 2 || kept[0].Value != "+8613912345679" || !slices.Equal(dropped, []identity.Dropped{{Index: 0, Type: "phone", Reason: identity.Unverified}}) {
		t.Errorf("kept %v, dropped %v", kept, dropped)
	}
	// A lookup names the identity whoever verified it.
	if _, reason := r.Normalise(identity.Claim{Type: "phone", Value: "13912345678"}); reason != nil {
		t.Error(reason)
	}
}

// The order of the claims plays no part.
func TestReadIgnoresOrder(t *testing.T) {
	r := registry(t)
	claims := []identity.Claim{
		{Type: "email", Value: "b@x.com"}, {Type: "email", Value: "A@x.com"}, {Type: "user_id", Value: "1"},
		{Type: "user_id", Value: "2"}, {Type: "mac", Value: "aabbccddeeff"}, {Type: "email", Value: "a@X.com"},
	}
	want, _ := r.Read(claims)
	for range 50 {
		claims = append(claims[1:], claims[0])
		claims[0], claims[2] = claims[2], claims[0]
		if got, _ := r.Read(claims); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
