package identity_test

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/identity"
)

var someIdentity = rapid.Custom(func(t *rapid.T) identity.Identity {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aAbZ0é张\ufb01\U0001f600")), 0, 3, -1)
	return identity.Identity{
		Type:  identity.TypeName(rapid.SampledFrom([]string{"user_id", "phone", "wechat_openid", "tie_a", "tie_b", "mac", "undeclared"}).Draw(t, "type")),
		Scope: text.Draw(t, "scope"), Value: text.Draw(t, "value"),
	}
})

func tiedRegistry(t testing.TB) *identity.Registry {
	a, b := identity.NewType("tie_a"), identity.NewType("tie_b")
	a.Priority, b.Priority = 5, 5
	return registry(t, b, a)
}

func byRunes(a, b string) int { return slices.Compare([]rune(a), []rune(b)) }

func TestCompareIsTheOrderOfTheRules(t *testing.T) {
	r := tiedRegistry(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someIdentity.Draw(t, "a"), someIdentity.Draw(t, "b"), someIdentity.Draw(t, "c")
		want := cmp.Or(cmp.Compare(r.Priority(a.Type), r.Priority(b.Type)), byRunes(string(a.Type), string(b.Type)), byRunes(a.Scope, b.Scope), byRunes(a.Value, b.Value))
		if got := r.Compare(a, b); got != want {
			t.Fatalf("%v, %v: got %d, want %d", a, b, got, want)
		}
		if r.Compare(a, b) != -r.Compare(b, a) || (r.Compare(a, b) == 0) != (a == b) {
			t.Fatal("not antisymmetric")
		}
		if r.Compare(a, b) <= 0 && r.Compare(b, c) <= 0 && r.Compare(a, c) > 0 {
			t.Fatal("not transitive")
		}
		strongest, ok := r.Strongest([]identity.Identity{a, b, c})
		if !ok || r.Compare(strongest, a) > 0 || r.Compare(strongest, b) > 0 || r.Compare(strongest, c) > 0 {
			t.Fatalf("%v is not the strongest", strongest)
		}
	})
	if _, ok := r.Strongest(nil); ok {
		t.Error("nothing has no strongest")
	}
}

func TestTypesAreSortedByStrength(t *testing.T) {
	types := tiedRegistry(t).Types()
	for i := 1; i < len(types); i++ {
		if a, b := types[i-1], types[i]; a.Priority > b.Priority || a.Priority == b.Priority && a.Name >= b.Name {
			t.Errorf("%s before %s", a.Name, b.Name)
		}
	}
}

func TestKeyIsAHashOfAllParts(t *testing.T) {
	id := identity.Identity{Type: "phone", Scope: "s", Value: "+861"}
	sum := sha256.Sum256([]byte("phone\x00s\x00+861"))
	if id.Key() != [16]byte(sum[:16]) {
		t.Error("another hash")
	}
	if (identity.Identity{Type: "a", Scope: "b"}).Key() == (identity.Identity{Type: "a", Value: "b"}).Key() {
		t.Error("scope and value are mixed up")
	}
}
