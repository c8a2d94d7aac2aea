package identity_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
)

// sharedFile reads a file of the specification, which lies beside the repository.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(dbtest.Shared(t, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func registry(t testing.TB, types ...identity.Type) *identity.Registry {
	t.Helper()
	return registryIn(t, "CN", types...)
}

func registryIn(t testing.TB, region string, types ...identity.Type) *identity.Registry {
	t.Helper()
	r, err := identity.NewRegistry(append(identity.Defaults(), types...), region)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ofNormalizer declares a type x_NAME for each normalizer, so that a test can name it alone.
func ofNormalizer() []identity.Type {
	var types []identity.Type
	for _, name := range identity.Normalizers() {
		typ := identity.NewType(identity.TypeName("x_" + name))
		typ.Normalizer = name
		types = append(types, typ)
	}
	return types
}

// expect checks one value: want is the normalised value, or the reason in angle brackets.
func expect(t *testing.T, r *identity.Registry, claim identity.Claim, want string) {
	t.Helper()
	id, reason := r.Normalise(claim)
	got := id.Value
	if reason != nil {
		got = "<" + reason.String() + ">"
	}
	if got != want {
		t.Errorf("%s %q: got %q, want %q", claim.Type, claim.Value, got, want)
	}
	if reason != nil {
		return
	}
	again, reason := r.Normalise(identity.Claim{Type: claim.Type, Scope: id.Scope, Value: id.Value})
	if reason != nil || again != id {
		t.Errorf("%s %q: normalised again it is %q (%v)", claim.Type, id.Value, again.Value, reason)
	}
}

func TestSharedCases(t *testing.T) {
	var cases []struct {
		Type, Scope, Input, Reason string
		Expected                   *string
	}
	if err := json.Unmarshal(sharedFile(t, "cases/normalise.json"), &cases); err != nil {
		t.Fatal(err)
	}
	r := registry(t)
	for _, c := range cases {
		want := "<" + c.Reason + ">"
		if c.Expected != nil {
			want = *c.Expected
		}
		expect(t, r, identity.Claim{Type: c.Type, Scope: c.Scope, Value: c.Input}, want)
	}
}
