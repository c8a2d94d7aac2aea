package evidence

import (
	"cmp"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// Arrival is the first record with a set of identities that is not withdrawn.
type Arrival struct {
	Set     int64
	Members []int     // all that count, the unlinked and the shared included
	At      time.Time // when it arrived; its own time plays no part
}

// Seat walks the birth identity of an id to a steadier one (S9) and returns where it ends. made is when the id was made.
//
// From a weak identity, or a strong one whose type is LATEST, it goes to the strongest identity that is not shared (part.Shared) of the first
// arrival after it that shows both, if that one is steadier (strong LATEST over weak, strong EARLIEST over both) and not kept apart from it;
// arrivals that offer no such identity are passed over. From there it goes on in the same way, through all arrivals after it. Arrivals of one
// instant count in the order of their sets' numbers. number is the id's own, of the same count: it tells what came before the id and after it
// where both were made in one transaction.
func Seat(types *identity.Registry, part Part, arrivals []Arrival, birth int, made time.Time, number int64) int {
	arrivals = slices.DeleteFunc(slices.Clone(arrivals), func(a Arrival) bool {
		return cmp.Or(a.At.Compare(made), cmp.Compare(a.Set, number)) <= 0
	})
	slices.SortFunc(arrivals, func(a, b Arrival) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Set, b.Set))
	})
	for {
		next := steadier(types, part, arrivals, birth)
		if next < 0 {
			return birth
		}
		birth = next
	}
}

// steadier is the next seat; -1 when there is none. It is always steadier, so two steps are the most.
func steadier(types *identity.Registry, part Part, arrivals []Arrival, from int) int {
	steady := settingOf(types, part.Identities[from].Type).steady
	if steady == 2 {
		return -1
	}
	for _, a := range arrivals {
		if !slices.Contains(a.Members, from) {
			continue
		}
		to := Center(types, part.Identities, part.Shared, a.Members)
		if part.Shared != nil && part.Shared[to] {
			continue // all of them are shared
		}
		if settingOf(types, part.Identities[to].Type).steady > steady && !part.keepsApart(from, to) {
			return to
		}
	}
	return -1
}

func (p *Part) keepsApart(a, b int) bool {
	return slices.ContainsFunc(p.Apart, func(g Apart) bool {
		return slices.Contains(g.A, a) && slices.Contains(g.B, b) || slices.Contains(g.A, b) && slices.Contains(g.B, a)
	})
}
