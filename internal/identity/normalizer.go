package identity

import (
	"maps"
	"slices"
)

// normalizer makes the one spelling of a cleaned value; false when the value is invalid.
type normalizer struct {
	normalise  func(string) (string, bool)
	letterCase func(string) string // of the results; nil: as sent
}

// normalizers are all there are, by the name that IdentityTypeInput.normalizer uses. phone gets its
// function when a type is compiled: it depends on the region.
var normalizers = map[string]normalizer{
	"trim":           {verbatim, nil},
	"scoped":         {verbatim, nil},
	"lower":          {func(value string) (string, bool) { return lowerCase(value), true }, lowerCase},
	"phone":          {nil, nil},
	"email":          {email, lowerCase},
	"email_provider": {emailProvider, lowerCase},
	"cn_id":          {nationalID, upperCase},
	"imei":           {imei, nil},
	"uuid":           {uuid, upperCase},
	"mac":            {mac, lowerCase},
	"hex64":          {hex64, lowerCase},
}

// Normalizers are the names of all normalizers, sorted.
func Normalizers() []string { return slices.Sorted(maps.Keys(normalizers)) }

func verbatim(value string) (string, bool) { return value, true }
