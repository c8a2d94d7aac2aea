package identity_test

import (
	"testing"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/identity"
)

// An identity is the one spelling of itself: looked up as it is shown, it is found.
func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{
		"13912345678", "+86 (0)139-2222-3333", "010-65529988转8", "１３９", "' \" x \" '", "e\u200b\u0301", "J\u030c", "İD", "ß", "ǅ", "ϔ", "\u0345α",
		"mailto:<.mail.to:j'o+x@GoogleMail.com.>", "user@例子。中国", "jo@xn--fsqu00a.ß", "maİlto:jo@x.com", "340524800101001", "4901542032375101",
		"{aebe52e7-03ee-455a-b3c4-e57283966239}", "AABB.CCDD.EE0F", "null", "\ufdfa", "001 1 415 555 2671", "ᾳ\u0345", "K", "\u1e9e", "\u0130\u0307",
	} {
		f.Add(seed, "scope")
	}
	types := ofNormalizer()
	r := registry(f, types...)
	elsewhere := registryIn(f, "DE", types...)
	f.Fuzz(func(t *testing.T, value, scope string) {
		for _, typ := range types {
			for _, r := range []*identity.Registry{r, elsewhere} {
				id, reason := r.Normalise(identity.Claim{Type: string(typ.Name), Scope: scope, Value: value})
				if reason != nil {
					if id != (identity.Identity{}) || *reason > identity.Blocked {
						t.Fatalf("%v with reason %v", id, *reason)
					}
					continue
				}
				if !utf8.ValidString(id.Value) || utf8.RuneCountInString(id.Value) > identity.MaxCharacters || id.Value == "" {
					t.Fatalf("%q is no value", id.Value)
				}
				again, reason := r.Normalise(identity.Claim{Type: string(typ.Name), Scope: id.Scope, Value: id.Value})
				if reason != nil || again != id {
					t.Fatalf("%s: %q gives %q, that gives %q (%v)", typ.Name, value, id.Value, again.Value, reason)
				}
			}
			fragment := r.NormaliseFragment(string(typ.Name), value)
			if utf8.ValidString(value) && r.NormaliseFragment(string(typ.Name), fragment) != fragment {
				t.Fatalf("%s: fragment %q changes", typ.Name, fragment)
			}
		}
	})
}
