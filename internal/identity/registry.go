package identity

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/personal"
)

// Claim is an identity as it was sent.
type Claim struct {
	Type, Scope, Value string
	Verified           bool
}

// Identity is a normalised identity. Two are the same when they are equal.
type Identity struct {
	Type         TypeName
	Scope, Value string
}

// CompareText orders identities by (type, scope, value), by code points: an order that no setting changes. Registry.Compare is that of strength.
func (id Identity) CompareText(other Identity) int {
	return cmp.Or(strings.Compare(string(id.Type), string(other.Type)), strings.Compare(id.Scope, other.Scope), strings.Compare(id.Value, other.Value))
}

// Key is the first 16 bytes of the SHA-256 of type, scope and value with a NUL between them:
// a short name for indexes. No part holds a NUL, so different identities are hashed differently.
func (id Identity) Key() [16]byte {
	var space [256]byte
	text := append(space[:0], id.Type...)
	text = append(text, 0)
	text = append(text, id.Scope...)
	text = append(text, 0)
	text = append(text, id.Value...)
	sum := sha256.Sum256(text)
	return [16]byte(sum[:16])
}

// Registry holds the types in force, ready to normalise. It never changes and may be used by
// many goroutines; new settings make a new one.
type Registry struct {
	types  map[TypeName]*compiled
	sorted []*compiled
	names  *personal.Names
}

// compiled is a type with its normaliser and block list made ready.
type compiled struct {
	Type
	normalise  func(string) (string, bool)
	letterCase func(string) string
	blocked    blockList
}

// NewRegistry compiles the types. region (ISO 3166, two letters) is the country of phone numbers
// without a country code; for one that has no numbering plan here, only numbers with + are phones.
// The error joins the BAD_USER_INPUT faults of all types; see Type.Validate for their paths.
func NewRegistry(types []Type, region string) (*Registry, error) {
	r := &Registry{types: make(map[TypeName]*compiled, len(types))}
	plan := planOf(region)
	var faults []error
	for _, t := range types {
		c, err := compile(t.clone(), plan)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if r.types[t.Name] != nil {
			faults = append(faults, fault.Bad(fault.Path{"name"}, "the type is defined twice"))
			continue
		}
		r.types[t.Name] = c
		r.sorted = append(r.sorted, c)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	slices.SortFunc(r.sorted, func(a, b *compiled) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(string(a.Name), string(b.Name)))
	})
	r.names = personal.NewNames(r.sensitive()...)
	return r, nil
}

func compile(t Type, home *phonePlan) (*compiled, error) {
	faults := t.faults()
	c := &compiled{Type: t}
	if n, known := normalizers[t.Normalizer]; known {
		c.normalise, c.letterCase = n.normalise, n.letterCase
		if t.Normalizer == "phone" {
			c.normalise = func(value string) (string, bool) { return phone(value, home) }
		}
	} else {
		faults = append(faults, fault.Bad(fault.Path{"normalizer"}, "there is no such normalizer").
			WithHint("one of %s", strings.Join(Normalizers(), ", ")))
	}
	if t.Normalizer == "scoped" {
		c.Scope = ScopeRequired
	}
	blocked, wrong := newBlockList(t.Blocked)
	c.blocked = blocked
	return c, errors.Join(append(faults, wrong...)...)
}

// Type is the type of that name, and whether it is declared. Its slices and pointers are shared: read only.
func (r *Registry) Type(name TypeName) (Type, bool) {
	c := r.types[name]
	if c == nil {
		return Type{}, false
	}
	return c.Type, true
}

// Types are all types by (priority, name), strongest first. The slice is the caller's own.
func (r *Registry) Types() []Type {
	types := make([]Type, len(r.sorted))
	for i, c := range r.sorted {
		types[i] = c.clone()
	}
	return types
}

// Normalise makes the identity of a claim: clean, block, normalise by type, block again. Where the
// claim is no identity, the reason is not nil. Normalising an identity again changes nothing.
// Whether the claim is verified plays no part: that counts in records only.
func (r *Registry) Normalise(c Claim) (Identity, *Reason) {
	t := r.types[TypeName(c.Type)]
	if t == nil {
		return Identity{}, because(Undeclared)
	}
	scope, reason := t.scopeOf(c.Scope)
	if reason != nil {
		return Identity{}, reason
	}
	if !storable(c.Value) {
		return Identity{}, because(Invalid)
	}
	value := clean(c.Value)
	if tooLong(value) {
		return Identity{}, because(Invalid)
	}
	if isJunk(value) || t.blocked.holds(value) {
		return Identity{}, because(Blocked)
	}
	result, ok := t.normalise(value)
	if !ok || tooLong(result) {
		return Identity{}, because(Invalid)
	}
	if result != value && (isJunk(result) || t.blocked.holds(result)) {
		return Identity{}, because(Blocked)
	}
	return Identity{Type: t.Name, Scope: scope, Value: result}, nil
}

func (t *compiled) scopeOf(sent string) (string, *Reason) {
	if t.Scope == ScopeNone {
		return "", nil
	}
	if !storable(sent) {
		return "", because(Invalid)
	}
	scope := clean(sent)
	if scope == "" && t.Scope == ScopeRequired {
		return "", because(NoScope)
	}
	if tooLong(scope) {
		return "", because(Invalid)
	}
	return scope, nil
}

// NormaliseFragment prepares a part of a value, as contains and its like compare it: cleaned, in the
// letter case of the type's values, and nothing more.
func (r *Registry) NormaliseFragment(typ, text string) string {
	text = clean(text)
	if t := r.types[TypeName(typ)]; t != nil && t.letterCase != nil {
		return t.letterCase(text)
	}
	return text
}

// Derived is the email_sha256 that belongs to an email: the hash of its normalised text. It is false
// for other types, and where the hash is no identity (undeclared, blocked).
func (r *Registry) Derived(id Identity) (Identity, bool) {
	if id.Type != Email {
		return Identity{}, false
	}
	sum := sha256.Sum256([]byte(id.Value))
	derived, reason := r.Normalise(Claim{Type: string(EmailSHA256), Value: hex.EncodeToString(sum[:])})
	return derived, reason == nil
}

// Priority is the priority of a type; of an undeclared one +Inf, so that it comes last.
func (r *Registry) Priority(name TypeName) float64 {
	if t := r.types[name]; t != nil {
		return t.Priority
	}
	return math.Inf(1)
}

// Compare orders identities by (priority, type, scope, value), texts by Unicode code point; the
// stronger one is the smaller. The order of UTF-8's bytes is the order of code points.
func (r *Registry) Compare(a, b Identity) int {
	if a.Type != b.Type {
		return cmp.Or(cmp.Compare(r.Priority(a.Type), r.Priority(b.Type)), strings.Compare(string(a.Type), string(b.Type)))
	}
	return cmp.Or(strings.Compare(a.Scope, b.Scope), strings.Compare(a.Value, b.Value))
}

// Strongest is the first of the identities in the order of Compare; false when there is none.
func (r *Registry) Strongest(ids []Identity) (Identity, bool) {
	if len(ids) == 0 {
		return Identity{}, false
	}
	return slices.MinFunc(ids, r.Compare), true
}
