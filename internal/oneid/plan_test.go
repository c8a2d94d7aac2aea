package oneid_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
)

func registry(t interface{ Fatal(...any) }) *identity.Registry {
	r, err := identity.NewRegistry(identity.Defaults(), "CN")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// world keeps what plans made, as the tables would.
type world struct {
	registry *identity.Registry
	max      int
	owner    map[identity.Identity]oneid.Row
	next     oneid.Row
}

// show plans a batch of stars and applies the plan.
func (w *world) show(stars []oneid.Star) oneid.Plan {
	facts := oneid.Facts{Owner: map[identity.Identity]oneid.Row{}, Standings: map[oneid.Row]oneid.Standing{}}
	for _, star := range stars {
		for _, id := range star.Identities {
			if row := w.owner[id]; row != 0 {
				facts.Owner[id] = row
				facts.Standings[row] = w.standing(row)
			}
		}
	}
	plan := oneid.MakePlan(w.registry, w.max, facts, stars)
	for _, group := range plan.Groups {
		var row oneid.Row
		if len(group.Rows) > 0 {
			row = group.Rows[0]
		} else {
			w.next++
			row = w.next
		}
		for id, owner := range w.owner {
			if slices.Contains(group.Rows, owner) {
				w.owner[id] = row
			}
		}
		for _, id := range group.Joins {
			w.owner[id] = row
		}
	}
	return plan
}

func (w *world) standing(row oneid.Row) oneid.Standing {
	s := oneid.Standing{Handle: oneid.Handle(row), CreatedAt: time.Unix(int64(row), 0)}
	for id, owner := range w.owner {
		if owner == row {
			s.Size++
			t, _ := w.registry.Type(id.Type)
			s.Strong = s.Strong || t.Strength == identity.Strong
		}
	}
	return s
}

// parts lists who is together with whom, among the identities that keep tells.
func (w *world) parts(keep func(identity.Identity) bool) string {
	groups := map[oneid.Row][]string{}
	for id, row := range w.owner {
		if keep(id) {
			groups[row] = append(groups[row], fmt.Sprint(id))
		}
	}
	var texts []string
	for _, group := range groups {
		slices.Sort(group)
		texts = append(texts, strings.Join(group, " "))
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
}

// star draws a record's identities: few people, so that they meet often.
func star(t *rapid.T, r *identity.Registry) oneid.Star {
	types := []identity.TypeName{"member_no", "phone", "email", "wechat_openid", "device_id", "anonymous_id"}
	ids := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) identity.Identity {
		return identity.Identity{Type: rapid.SampledFrom(types).Draw(t, "type"), Value: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "value")}
	}), 1, 4, rapid.ID).Draw(t, "identities")
	slices.SortFunc(ids, r.Compare)
	return oneid.Star{Identities: ids, Time: time.Unix(int64(rapid.IntRange(0, 9).Draw(t, "time")), 0)}
}

func TestStrongIdentitiesMeetInAnyOrderAndBatching(t *testing.T) {
	r := registry(t)
	strong := func(id identity.Identity) bool {
		kind, _ := r.Type(id.Type)
		return kind.Strength == identity.Strong
	}
	rapid.Check(t, func(t *rapid.T) {
		stars := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) oneid.Star { return star(t, r) }), 1, 12).Draw(t, "stars")
		one := &world{registry: r, max: 500, owner: map[identity.Identity]oneid.Row{}}
		one.show(stars)
		other := &world{registry: r, max: 500, owner: map[identity.Identity]oneid.Row{}}
		shuffled := rapid.Permutation(stars).Draw(t, "order")
		for len(shuffled) > 0 {
			n := rapid.IntRange(1, len(shuffled)).Draw(t, "batch")
			other.show(shuffled[:n])
			shuffled = shuffled[n:]
		}
		if a, b := one.parts(strong), other.parts(strong); a != b {
			t.Fatalf("at once:\n%s\nin pieces:\n%s", a, b)
		}
	})
}

func TestEveryIdentityHasOneCustomerAndWeakOnesJoinNoTwo(t *testing.T) {
	r := registry(t)
	rapid.Check(t, func(t *rapid.T) {
		stars := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) oneid.Star { return star(t, r) }), 1, 12).Draw(t, "stars")
		w := &world{registry: r, max: 500, owner: map[identity.Identity]oneid.Row{}}
		strongAlone := &world{registry: r, max: 500, owner: map[identity.Identity]oneid.Row{}}
		for _, s := range stars {
			w.show([]oneid.Star{s})
			s.Identities = slices.DeleteFunc(slices.Clone(s.Identities), func(id identity.Identity) bool {
				kind, _ := r.Type(id.Type)
				return kind.Strength == identity.Weak
			})
			if len(s.Identities) > 0 {
				strongAlone.show([]oneid.Star{s})
			}
		}
		for _, s := range stars {
			for _, id := range s.Identities {
				if w.owner[id] == 0 {
					t.Fatalf("%v is nobody's", id)
				}
			}
		}
		strong := func(id identity.Identity) bool { _, known := strongAlone.owner[id]; return known }
		if a, b := w.parts(strong), strongAlone.parts(strong); a != b {
			t.Fatalf("with weak identities:\n%s\nwithout:\n%s", a, b)
		}
	})
}

func TestNobodyGrowsBeyondTheCap(t *testing.T) {
	r := registry(t)
	rapid.Check(t, func(t *rapid.T) {
		w := &world{registry: r, max: 3, owner: map[identity.Identity]oneid.Row{}}
		for range rapid.IntRange(1, 10).Draw(t, "records") {
			w.show([]oneid.Star{star(t, r)})
		}
		for _, row := range w.owner {
			if size := w.standing(row).Size; size > 3 {
				t.Fatalf("a customer of %d identities", size)
			}
		}
	})
}

func TestTheRowThatStaysIsTheLargestAndTheIDTheOldest(t *testing.T) {
	r := registry(t)
	phone, mail := identity.Identity{Type: "phone", Value: "+8613912345678"}, identity.Identity{Type: "email", Value: "a@b.cn"}
	facts := oneid.Facts{
		Owner: map[identity.Identity]oneid.Row{phone: 7, mail: 9},
		Standings: map[oneid.Row]oneid.Standing{
			7: {Handle: 7, CreatedAt: time.Unix(100, 0), Size: 1, Strong: true},
			9: {Handle: 3, CreatedAt: time.Unix(200, 0), Size: 5, Strong: true},
		},
	}
	plan := oneid.MakePlan(r, 500, facts, []oneid.Star{{Identities: []identity.Identity{phone, mail}}})
	if len(plan.Groups) != 1 || !slices.Equal(plan.Groups[0].Rows, []oneid.Row{9, 7}) {
		t.Fatalf("%+v", plan)
	}
	if oldest := plan.Groups[0].Oldest(facts.Standings); oldest != 7 {
		t.Errorf("the oldest is row %d", oldest)
	}
	if cause := plan.Groups[0].Causes[9]; cause.A != "phone" || cause.B != "email" {
		t.Errorf("the cause is %+v", cause)
	}
}
