// Package access says who may call: API keys, their scopes, and the caller of a request.
//
// A secret is shown once, when its key is made; only its SHA-256 digest is kept. That is enough
// because secrets are random (190 bits): there is nothing to guess, so a slow hash would only slow us.
package access

import (
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
)

// Scope is one thing that a key allows. What no scope allows is denied.
type Scope string

// The scopes.
const (
	Read     Scope = "read"     // customers, events, tags, segments, campaigns; identities masked
	Ingest   Scope = "ingest"   // send records
	Manage   Scope = "manage"   // tag customers; define segments, campaigns, types
	Personal Scope = "personal" // see personal data unmasked
	Admin    Scope = "admin"    // everything
)

// Scopes lists all scopes.
func Scopes() []Scope { return []Scope{Read, Ingest, Manage, Personal, Admin} }

// ParseScopes reads the names of scopes: each once, in the order of Scopes. No name at all and an
// unknown one are BAD_USER_INPUT at "scopes".
func ParseScopes(names []string) ([]Scope, error) {
	at := fault.Path{"scopes"}
	var scopes []Scope
	for i, name := range names {
		scope := Scope(strings.ToLower(strings.TrimSpace(name)))
		if !slices.Contains(Scopes(), scope) {
			return nil, fault.Bad(at.With(i), "there is no such scope").WithHint("scopes are %s", listed())
		}
		scopes = append(scopes, scope)
	}
	if len(scopes) == 0 {
		return nil, fault.Bad(at, "a key needs at least one scope").WithHint("scopes are %s", listed())
	}
	slices.SortFunc(scopes, func(a, b Scope) int { return slices.Index(Scopes(), a) - slices.Index(Scopes(), b) })
	return slices.Compact(scopes), nil
}

func listed() string {
	names := make([]string, len(Scopes()))
	for i, scope := range Scopes() {
		names[i] = string(scope)
	}
	return strings.Join(names, ", ")
}
