package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// person is somebody of the demo world, with everything by which the channels know them. What a channel does not know is "".
type person struct {
	number int
	random *rand.Rand

	name, gender, city, level string
	birthday                  string
	phone, email, member      string
	openid, unionid           string
	tmall, douyin             string
	cookie, device, tablet    string
	shop                      shop
	group                     *community
	joins, quiet              int // days before now of the first and the last sign of life
	sessions                  int
	loose                     bool // the Tmall account was never tied to the rest
	favourite                 string
}

// newPerson makes the person with this number. Everyone has a stream of chance of their own, so that one person more
// changes nobody else.
func newPerson(seed uint64, number int) *person {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	p := &person{number: number, random: r}
	p.gender = pick(r, []string{"female", "female", "female", "male", "male"})
	p.name = surnames[zipf(r, len(surnames))] + pick(r, given[p.gender])
	p.shop = shops[zipf(r, len(shops))]
	p.city = p.shop.city
	p.level = pick(r, levels)
	p.birthday = fmt.Sprintf("%04d-%02d-%02d", 1960+r.IntN(47), 1+r.IntN(12), 1+r.IntN(28))
	p.favourite = products[zipf(r, len(products))].category
	// Pareto: half of the people show up a few times, some every other day.
	p.sessions = min(90, int(2*math.Pow(1-r.Float64(), -1/1.25)))
	p.joins = 2 + r.IntN(363)
	if p.quiet = r.IntN(20); r.IntN(3) == 0 {
		p.quiet = r.IntN(p.joins)
	}
	p.quiet = min(p.quiet, p.joins-1)
	p.identify(seed)
	return p
}

// identify hands out identities. One in twelve only ever was a visitor of the web site.
func (p *person) identify(seed uint64) {
	r := p.random
	p.cookie = fmt.Sprintf("c%08x%06d", uint32(seed), p.number)
	if r.IntN(12) == 0 {
		p.sessions = min(p.sessions, 4)
		return
	}
	// The number keeps phones apart: nine digits from it and a bijection that hides the order.
	n := (uint64(p.number)*7_368_787 + seed%9_000_000) % 99_999_989
	p.phone = pick(r, []string{"135", "136", "137", "150", "158", "177", "186", "188"}) + fmt.Sprintf("%08d", n)
	p.device = fmt.Sprintf("qh-%08x-%05d", uint32(seed), p.number)
	if p.number%50 < 2 {
		p.tablet = fmt.Sprintf("qh-%08x-home-%03d", uint32(seed), p.number/50) // two people, one household
	}
	if r.IntN(100) < 60 {
		p.member = fmt.Sprintf("M%06d", 100_000+p.number)
	}
	if r.IntN(100) < 70 {
		p.openid = fmt.Sprintf("oQh%08x%08d", r.Uint32(), p.number)
		p.unionid = fmt.Sprintf("uQh%08x%08d", r.Uint32(), p.number)
	}
	if r.IntN(100) < 35 {
		p.tmall = fmt.Sprintf("AAH%08x%07d", r.Uint32(), p.number)
		p.loose = r.IntN(10) == 0
	}
	if r.IntN(100) < 20 {
		p.douyin = fmt.Sprintf("_000%08x%07d", r.Uint32(), p.number)
	}
	if r.IntN(100) < 30 {
		p.email = fmt.Sprintf("user%05d@%s", p.number, pick(r, []string{"example.com", "mail.example.cn", "example.org"}))
	}
	if p.unionid != "" && r.IntN(100) < 40 {
		p.group = &communities[zipf(r, len(communities))]
	}
}

// visitor says whether nobody knows who it is.
func (p *person) visitor() bool { return p.phone == "" }

// shanghai is the zone of the shops. China has had no summer time since 1991.
var shanghai = time.FixedZone("CST", 8*3600)

// moment is a time some days before now, in the hours when people shop; never after now.
func (p *person) moment(now time.Time, daysBefore int) time.Time {
	hours := [...]int{8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 21, 21, 22, 23}
	day := now.In(shanghai).AddDate(0, 0, -daysBefore)
	at := time.Date(day.Year(), day.Month(), day.Day(), pick(p.random, hours[:]), p.random.IntN(60), p.random.IntN(60), 0, shanghai)
	if at.After(now) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// zipf picks a place below n; the first is the most likely, the k-th about 1/k of it.
func zipf(r *rand.Rand, n int) int {
	return int(math.Exp(r.Float64()*math.Log(float64(n+1)))) - 1
}
