package onetest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/value"
)

// Center is the identity whose the event and the statements of a record are (S10); false: the record belongs to nobody.
func (l *Log) Center(a *Answer, r *Record) (identity.Identity, bool) {
	members := l.members(r)
	for _, id := range members {
		if !a.Shared[id] {
			return id, true
		}
	}
	if len(members) == 0 {
		return identity.Identity{}, false
	}
	return members[0], true
}

// Owner is the customer that a record belongs to, as a place in Customers; -1: nobody.
func (l *Log) Owner(a *Answer, r *Record) int {
	center, some := l.Center(a, r)
	if !some {
		return -1
	}
	if l.strong(center) {
		return a.Of[center]
	}
	var from *time.Time
	for _, since := range l.unlinks(center) {
		if since.Before(r.At) && (from == nil || since.After(*from)) {
			from = &since
		}
	}
	type tie struct {
		at    time.Time
		owner identity.Identity
	}
	var ties []tie
	for _, other := range l.Records {
		star := slices.DeleteFunc(l.members(other), func(id identity.Identity) bool { return a.Shared[id] })
		if !slices.Contains(star, center) || from != nil && !other.At.After(*from) {
			continue
		}
		switch {
		case star[0] == center: // its rays
			for _, id := range star[1:] {
				if l.strong(id) {
					ties = append(ties, tie{other.At, id})
				}
			}
		case l.strong(star[0]):
			ties = append(ties, tie{other.At, star[0]})
		}
	}
	if len(ties) == 0 {
		return a.Of[center]
	}
	until := slices.MinFunc(ties, func(x, y tie) int { return x.at.Compare(y.at) }).at
	if r.At.After(until) {
		until = r.At
	}
	ties = slices.DeleteFunc(ties, func(t tie) bool { return t.at.After(until) })
	return a.Of[slices.MaxFunc(ties, func(x, y tie) int { return cmp.Or(x.at.Compare(y.at), compareText(x.owner, y.owner)) }).owner]
}

// Attributes are the golden record of a customer where every attribute is LATEST, as canonical JSON.
func (l *Log) Attributes(a *Answer, customer int) string {
	type statement struct {
		at       time.Time
		identity identity.Identity
		source   string
		text     string
		value    any
	}
	said := map[string][]statement{}
	for _, r := range l.Records {
		if len(r.Attributes) == 0 || l.Owner(a, r) != customer {
			continue
		}
		center, _ := l.Center(a, r)
		for name, v := range r.Attributes {
			if v != nil {
				said[name] = append(said[name], statement{r.At, center, r.Source, string(value.JSON(v)), v})
			}
		}
	}
	record := map[string]any{}
	for name, statements := range said {
		full := slices.DeleteFunc(slices.Clone(statements), func(s statement) bool {
			return s.text == `""` || s.text == `[]` || s.text == `{}`
		})
		if len(full) == 0 {
			full = statements
		}
		record[name] = slices.MaxFunc(full, func(x, y statement) int {
			return cmp.Or(x.at.Compare(y.at), compareText(x.identity, y.identity), strings.Compare(x.source, y.source), strings.Compare(x.text, y.text))
		}).value
	}
	return string(value.JSON(record))
}
