package onebench

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// The crowd. Its people come to a shop by Zipf's law: the first customer with one record in a hundred, half of them with one record or none.
const (
	crowdPeople = 20_000
	crowdBefore = 60_000 // records before anything is measured
	mergeEvery  = 50     // one record in so many shows that two customers are one
	familyShare = 0.03   // of the people share a telephone with another, and half of these a tablet
)

// crowd makes up records as they come to a shop. Everybody has an account and a telephone number, most have an account of WeChat and devices, and come
// by what suits them. Until a record shows both, a visitor with an anonymous browser and an openid and the account are two customers.
type crowd struct {
	draw      *rand.Rand
	who       *rand.Zipf
	apart     []int // who is still two customers
	merged    []bool
	message   int
	devices   int
	at        time.Time
	strangers int
}

func newCrowd() *crowd {
	draw := rand.New(rand.NewPCG(20250101, 7))
	c := &crowd{draw: draw, who: rand.NewZipf(draw, 1.1, 30, crowdPeople-1), merged: make([]bool, crowdPeople), at: start}
	for _, person := range draw.Perm(crowdPeople) {
		if person%3 == 0 { // the others never come as a visitor
			c.apart = append(c.apart, person)
		}
	}
	return c
}

// next is the next record of the crowd.
func (c *crowd) next() map[string]any {
	c.message++
	c.at = c.at.Add(time.Duration(c.draw.IntN(10_000)) * time.Millisecond)
	var claims []any
	person := int(c.who.Uint64())
	switch {
	case c.message%mergeEvery == 0 && len(c.apart) > 0:
		person, c.apart = c.apart[0], c.apart[1:]
		c.merged[person] = true
		claims = []any{member(person), openid(person)}
	case c.message%mergeEvery == 1: // somebody never seen
		c.strangers++
		claims = []any{claim("anonymous_id", fmt.Sprintf("stranger-%d", c.strangers))}
	case c.message%mergeEvery == 2: // a new device
		c.devices++
		claims = []any{member(person), claim("device_id", fmt.Sprintf("new-%d", c.devices))}
	default:
		claims = c.usual(person)
	}
	r := record(c.at, "viewed", claims...)
	r["messageId"] = fmt.Sprintf("m%09d", c.message)
	return r
}

// usual is how a person shows as a rule.
func (c *crowd) usual(person int) []any {
	way := c.draw.IntN(10)
	visits := person%3 == 0
	switch {
	case visits && way < 4:
		return []any{openid(person), claim("anonymous_id", fmt.Sprintf("browser-%d", person))}
	case way < 6:
		return []any{member(person), phone(person)}
	case way < 8:
		if inFamily(person) && person%4 < 2 {
			return []any{member(person), claim("device_id", fmt.Sprintf("tablet-%d", person/2))}
		}
		return []any{member(person), claim("device_id", fmt.Sprintf("device-%d", person))}
	default:
		return []any{member(person)}
	}
}

// first shows everybody once: account and telephone number, and the visitors as such.
func (c *crowd) first() []map[string]any {
	var all []map[string]any
	for person := range crowdPeople {
		all = append(all, record(start, "registered", member(person), phone(person)), record(start, "viewed", member(person)))
		if person%3 == 0 {
			all = append(all, record(start, "visited", openid(person), claim("anonymous_id", fmt.Sprintf("browser-%d", person))))
		}
	}
	return all
}

func inFamily(person int) bool {
	return person%1000 >= 500 && float64(person%1000-500)/1000 < familyShare
}

func member(person int) map[string]any { return claim("member_no", fmt.Sprintf("M%06d", person)) }

// phone is a person's number; that of a family is one.
func phone(person int) map[string]any {
	if inFamily(person) {
		person -= person % 2
	}
	return claim("phone", fmt.Sprintf("139%08d", person))
}

func openid(person int) map[string]any {
	return scoped("wechat_openid", "wx1", fmt.Sprintf("o%06d", person))
}
