// Package identity knows what an identity is: the types, how a value is cleaned, blocked and
// normalised, and which of two identities is the stronger one.
//
// It is pure. Everything here depends on its arguments alone, so that two servers with the same
// settings make the same identities of the same records.
package identity

import (
	"errors"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
)

// TypeName names a type of identity: phone, email, wechat_openid. Names are compared exactly.
type TypeName string

// Strength says whether a type says who a person is.
type Strength string

// Strong types say who a person is. Weak types (devices, cookies) are attached to people and never join two.
const (
	Strong Strength = "STRONG"
	Weak   Strength = "WEAK"
)

// ConflictPolicy says which of two links wins when a customer can have only one of them.
type ConflictPolicy string

// Earliest prefers the link seen first, Latest the one seen last.
const (
	Earliest ConflictPolicy = "EARLIEST"
	Latest   ConflictPolicy = "LATEST"
)

// ScopeMode says what a scope (an appid, a shop system) means to a type.
type ScopeMode uint8

// A type without scope ignores one that is given; where it is required, a claim without one is no identity.
const (
	ScopeNone ScopeMode = iota
	ScopeOptional
	ScopeRequired
)

// MaxCharacters is the length, in Unicode code points, above which a value or a scope is invalid.
const MaxCharacters = 512

// Type holds the settings of one type of identity.
type Type struct {
	Name             TypeName
	Strength         Strength
	Priority         float64        // lower is stronger
	MaxPerCustomer   *int           // values of one scope that a customer may have; nil: no limit
	LimitWindow      string         // ISO 8601 duration in which MaxPerCustomer counts; "": for ever
	OnConflict       ConflictPolicy // which link wins when MaxPerCustomer allows only one
	MaxOwners        *int           // people a value may have before it is shared; nil: no limit
	Normalizer       string         // one of Normalizers
	RequiresVerified bool           // claims that are not verified are dropped
	Sensitive        bool           // values are personal data and masked where they are shown
	Scope            ScopeMode      // see ScopeOf
	Blocked          []string       // values that are nobody's; /.../ is an RE2 pattern for the whole value
}

// NewType is a type as it starts when it is first defined.
func NewType(name TypeName) Type {
	return Type{
		Name: name, Strength: Weak, Priority: 50, OnConflict: Latest,
		Normalizer: "trim", Scope: ScopeOptional,
	}
}

// ScopeOf is the scope mode of a type with this name and normalizer: what the built-in type of the
// name has, optional for any other, and always required with the normalizer scoped.
func ScopeOf(name TypeName, normalizer string) ScopeMode {
	if normalizer == "scoped" {
		return ScopeRequired
	}
	if i := slices.IndexFunc(builtin, func(t Type) bool { return t.Name == name }); i >= 0 {
		return builtin[i].Scope
	}
	return ScopeOptional
}

// SingleValued says that a customer has at most one value of the type and scope, at any time.
func (t Type) SingleValued() bool {
	return t.MaxPerCustomer != nil && *t.MaxPerCustomer == 1 && t.LimitWindow == ""
}

// Window is the length of LimitWindow; 0 when there is none or it is not valid.
func (t Type) Window() time.Duration {
	window, _ := ParseWindow(t.LimitWindow)
	return window
}

// Validate finds every fault of the settings. The errors are BAD_USER_INPUT, their paths start at
// the setting's name as IdentityTypeInput spells it, and no message repeats a blocked value.
func (t Type) Validate() error {
	_, err := compile(t, nil)
	return err
}

func (t Type) faults() []error {
	var faults []error
	bad := func(field, format string, args ...any) {
		faults = append(faults, fault.Bad(fault.Path{field}, format, args...))
	}
	switch {
	case t.Name == "":
		bad("name", "an identity type needs a name")
	case utf8.RuneCountInString(string(t.Name)) > MaxCharacters || !storable(string(t.Name)):
		bad("name", "the name has at most %d characters and none that cannot be stored", MaxCharacters)
	}
	if t.Strength != Strong && t.Strength != Weak {
		bad("strength", "the strength is STRONG or WEAK")
	}
	if math.IsNaN(t.Priority) || math.IsInf(t.Priority, 0) {
		bad("priority", "the priority is a finite number")
	}
	if t.MaxPerCustomer != nil && *t.MaxPerCustomer < 1 {
		bad("maxPerCustomer", "the limit is at least 1, or null for none")
	}
	if t.MaxOwners != nil && *t.MaxOwners < 1 {
		bad("maxOwners", "the limit is at least 1, or null for none")
	}
	if t.OnConflict != Earliest && t.OnConflict != Latest {
		bad("onConflict", "the policy is EARLIEST or LATEST")
	}
	if _, err := ParseWindow(t.LimitWindow); err != nil {
		bad("limitWindow", "%s", err)
	}
	return faults
}

func (t Type) clone() Type {
	t.Blocked = slices.Clone(t.Blocked)
	t.MaxPerCustomer, t.MaxOwners = cloneInt(t.MaxPerCustomer), cloneInt(t.MaxOwners)
	return t
}

func cloneInt(n *int) *int {
	if n == nil {
		return nil
	}
	return new(*n)
}

// ParseWindow reads an ISO 8601 duration made of weeks, days of 24 hours, hours, minutes and whole
// seconds, such as P30D or P1DT12H; "" is 0. A window must be longer than nothing.
func ParseWindow(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wrong := errors.New("the window is an ISO 8601 duration of weeks, days, hours, minutes and seconds, longer than 0, such as P30D")
	rest, ok := text, false
	if rest, ok = cutByte(rest, 'P'); !ok {
		return 0, wrong
	}
	units := []struct {
		letter byte
		length time.Duration
		clock  bool
	}{
		{'W', 7 * 24 * time.Hour, false}, {'D', 24 * time.Hour, false},
		{'H', time.Hour, true}, {'M', time.Minute, true}, {'S', time.Second, true},
	}
	var total time.Duration
	clock := false
	for _, unit := range units {
		if unit.clock && !clock {
			if rest == "" {
				break
			}
			if rest, clock = cutByte(rest, 'T'); !clock || rest == "" {
				return 0, wrong
			}
		}
		digits := 0
		var count int64
		for digits < len(rest) && isDigit(rest[digits]) && digits < 12 {
			count = count*10 + int64(rest[digits]-'0')
			digits++
		}
		if digits == 0 || digits == len(rest) || rest[digits] != unit.letter {
			continue
		}
		if count > int64((math.MaxInt64-total)/unit.length) {
			return 0, wrong
		}
		total += time.Duration(count) * unit.length
		rest = rest[digits+1:]
	}
	if rest != "" || total == 0 {
		return 0, wrong
	}
	return total, nil
}

func cutByte(text string, first byte) (string, bool) {
	if text == "" || text[0] != first {
		return text, false
	}
	return text[1:], true
}
