package identity_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

// sharedFile reads a file of the specification, which lies beside the repository.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	content, err := os.ReadFile(filepath.Join(dir, "..", "shared", name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the specification is not here:", err)
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
