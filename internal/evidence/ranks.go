package evidence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// ranks numbers identities by their strength, so that the rule can be worked out in integers: 0 is the strongest.
type ranks struct {
	order []int   // by rank: the place among the identities
	rank  []int32 // by place: the rank
	text  []int32 // by rank: the place in the order of (type, scope, value)
	kind  []int32 // by rank: the place in kinds
	kinds []kind  // strongest first; identities of one kind have neighbouring ranks
}

// kind is a type and scope.
type kind struct {
	*setting
	first, end int32 // its ranks
}

// setting is what the rule asks about a type.
type setting struct {
	name     identity.TypeName
	number   float64 // the priority as declared
	priority int32   // types of one priority have one number; lower is stronger
	strong   bool
	latest   bool
	steady   int           // how steady a seat of an id: 0 weak, 1 strong LATEST, 2 strong EARLIEST
	limit    int           // values per customer and scope; 0: no limit
	window   time.Duration // in which the limit counts; 0: always
	single   bool
	owners   int // above which a value is shared; 0: never
}

func settingOf(types *identity.Registry, name identity.TypeName) *setting {
	t, _ := types.Type(name)
	s := &setting{
		name: name, number: types.Priority(name), strong: t.Strength == identity.Strong,
		latest: t.OnConflict != identity.Earliest, window: t.Window(), single: t.SingleValued(),
	}
	switch {
	case s.strong && s.latest:
		s.steady = 1
	case s.strong:
		s.steady = 2
	}
	if t.MaxPerCustomer != nil {
		s.limit = *t.MaxPerCustomer
	}
	if t.MaxOwners != nil {
		s.owners = *t.MaxOwners
	}
	return s
}

// newRanks sorts the identities by (priority, type, scope, value).
func newRanks(types *identity.Registry, identities []identity.Identity) *ranks {
	n := len(identities)
	r := &ranks{order: make([]int, n), rank: make([]int32, n), text: make([]int32, n), kind: make([]int32, n)}

	settings := make([]*setting, 0, 8)
	numbers := make(map[identity.TypeName]int32, 8)
	typeOf := make([]int32, n)
	for i, id := range identities {
		number, known := numbers[id.Type]
		if !known {
			number = int32(len(settings))
			numbers[id.Type] = number
			settings = append(settings, settingOf(types, id.Type))
		}
		typeOf[i] = number
		r.order[i] = i
	}
	sorted := slices.Clone(settings)
	slices.SortFunc(sorted, func(a, b *setting) int {
		return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(string(a.name), string(b.name)))
	})
	place := make([]int32, len(settings))
	for i, s := range sorted {
		if i > 0 {
			s.priority = sorted[i-1].priority
			if s.number != sorted[i-1].number {
				s.priority++
			}
		}
		place[numbers[s.name]] = int32(i)
	}

	slices.SortFunc(r.order, func(a, b int) int {
		if c := place[typeOf[a]] - place[typeOf[b]]; c != 0 {
			return int(c)
		}
		x, y := &identities[a], &identities[b]
		if c := strings.Compare(x.Scope, y.Scope); c != 0 {
			return c
		}
		return strings.Compare(x.Value, y.Value)
	})
	for i, at := range r.order {
		r.rank[at] = int32(i)
		id := &identities[at]
		if before := i - 1; before < 0 || identities[r.order[before]].Type != id.Type || identities[r.order[before]].Scope != id.Scope {
			r.kinds = append(r.kinds, kind{setting: settings[typeOf[at]], first: int32(i)})
		}
		last := len(r.kinds) - 1
		r.kind[i] = int32(last)
		r.kinds[last].end = int32(i) + 1
	}
	r.sortText()
	return r
}

// sortText finds the order of (type, scope, value): inside a kind, and between the scopes of a type, it is the
// order of ranks.
func (r *ranks) sortText() {
	byName := make([]int32, len(r.kinds))
	for i := range byName {
		byName[i] = int32(i)
	}
	slices.SortStableFunc(byName, func(a, b int32) int {
		return strings.Compare(string(r.kinds[a].name), string(r.kinds[b].name))
	})
	next := int32(0)
	for _, k := range byName {
		for i := r.kinds[k].first; i < r.kinds[k].end; i++ {
			r.text[i] = next
			next++
		}
	}
}

// of is the type and scope of the identity with a rank.
func (r *ranks) of(rank int32) *kind { return &r.kinds[r.kind[rank]] }

// classOf is the class of a link that records show.
func (r *ranks) classOf(a, b int32) int {
	switch x, y := r.of(a).strong, r.of(b).strong; {
	case x && y:
		return ClassStrong
	case x || y:
		return ClassMixed
	}
	return ClassWeak
}
