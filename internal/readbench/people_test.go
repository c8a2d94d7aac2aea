package readbench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// person is one customer as the systems know them. It depends on the number alone.
type person struct {
	number                         int
	phone, memberNo                string
	openid, unionid                string // "" for those who do not use the mini program
	store                          string
	name, gender, city, level, app string
	birthday                       time.Time
}

var (
	surnames = []string{"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙"}
	given    = []string{"伟", "芳", "娜", "敏", "静", "秀英", "丽", "强", "磊", "洋", "艳", "勇", "子涵", "梓萱", "浩然"}
	cities   = []string{"上海", "北京", "广州", "深圳", "杭州", "成都", "南京", "武汉", "西安", "苏州"}
	levels   = []string{"basic", "basic", "basic", "basic", "silver", "silver", "gold", "platinum"}
	genders  = []string{"female", "female", "male"}
)

const (
	appID   = "wx5d1c0a7be2f94e63"
	openID  = "wechat_openid"
	unionID = "wechat_unionid"
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func newPerson(number int) person {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	p := person{
		number: number, phone: fmt.Sprintf("+861%d%08d", 30+number%70/10, number*7919%100_000_000), memberNo: fmt.Sprintf("M%08d", number),
		store: fmt.Sprintf("store:sh-%03d", 1+r.IntN(40)), name: pick(r, surnames) + pick(r, given), gender: pick(r, genders), city: pick(r, cities),
		level: pick(r, levels), app: []string{"mini_program", "mini_program", "tmall"}[r.IntN(3)],
		birthday: time.Date(1960+r.IntN(46), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC),
	}
	switch number % 5 {
	case 0, 1, 2:
		p.openid = fmt.Sprintf("oGZUI0%016x%06d", r.Uint64(), number%1_000_000)
	case 3:
		p.unionid = fmt.Sprintf("o6_bmj%016x%06d", r.Uint64(), number%1_000_000)
	}
	return p
}

func claim(kind, value string) map[string]any { return map[string]any{"type": kind, "value": value} }

// identities are all that the person is known by: two or three.
func (p person) identities() []any {
	all := []any{claim("phone", p.phone), claim("member_no", p.memberNo)}
	switch {
	case p.openid != "":
		all = append(all, map[string]any{"type": openID, "scope": appID, "value": p.openid})
	case p.unionid != "":
		all = append(all, claim(unionID, p.unionid))
	}
	return all
}

// registration is the record that tells who the person is.
func (p person) registration() map[string]any {
	r := rand.New(rand.NewPCG(seed+1, uint64(p.number)))
	return map[string]any{
		"messageId": fmt.Sprintf("reg-%08d", p.number), "source": "crm", "identities": p.identities(),
		"occurredAt": worldStart.Add(-time.Duration(r.IntN(1000*24*3600)) * time.Second).Format(time.RFC3339),
		"attributes": map[string]any{
			"name": p.name, "gender": p.gender, "city": p.city, "level": p.level, "birthday": p.birthday.Format(time.DateOnly),
			"points": json.Number(strconv.Itoa(r.IntN(20_000))),
		},
	}
}

// happening is one event of the person: in a shop under phone and member number, elsewhere under what the app knows.
func (p person) happening(number int, at time.Time) map[string]any {
	r := rand.New(rand.NewPCG(seed+2, uint64(number)))
	record := map[string]any{
		"messageId": fmt.Sprintf("ev-%09d", number), "occurredAt": at.Format(time.RFC3339Nano),
	}
	inShop := r.IntN(3) == 0
	if inShop {
		record["source"], record["channel"] = "pos", p.store
		record["identities"] = []any{claim("phone", p.phone), claim("member_no", p.memberNo)}
	} else {
		record["source"], record["channel"] = p.app, p.app
		record["identities"] = p.identities()[2:]
		if p.openid == "" && p.unionid == "" {
			record["identities"] = []any{claim("member_no", p.memberNo)}
		}
	}
	record["event"] = eventOf(r, inShop, number)
	return record
}

func eventOf(r *rand.Rand, inShop bool, number int) map[string]any {
	sku := func() string { return fmt.Sprintf("sku-%05d", r.IntN(8000)) }
	decimal := func(most int) json.Number {
		return json.Number(fmt.Sprintf("%d.%02d", 1+r.IntN(most), r.IntN(100)))
	}
	kind := r.IntN(10)
	if inShop && kind > 2 {
		kind %= 3
	}
	name, properties := "", map[string]any{}
	switch kind {
	case 0, 1:
		name = "order"
		items := make([]any, 1+r.IntN(3))
		for i := range items {
			items[i] = map[string]any{"sku": sku(), "quantity": json.Number(strconv.Itoa(1 + r.IntN(3))), "price": decimal(400)}
		}
		properties["amount"], properties["orderNo"], properties["items"] = decimal(1500), fmt.Sprintf("SO%012d", number), items
	case 2:
		name = "store_visit"
		properties["minutes"], properties["advisor"] = json.Number(strconv.Itoa(r.IntN(90))), "导购"+strconv.Itoa(r.IntN(200))
	case 3, 4, 5, 6:
		name = "view"
		properties["sku"], properties["page"], properties["category"] = sku(), "/pages/product/detail", pick(r, []string{"连衣裙", "外套", "鞋", "包", "配饰"})
	case 7:
		name = "add_to_cart"
		properties["sku"], properties["quantity"], properties["price"] = sku(), json.Number(strconv.Itoa(1+r.IntN(3))), decimal(400)
	case 8:
		name = pick(r, []string{"login", "share", "search", "coupon_received"})
		properties["page"], properties["campaign"] = "/pages/home/index", "spring-"+strconv.Itoa(r.IntN(30))
	default:
		name = pick(r, []string{"refund", "coupon_used", "review"})
		properties["total"], properties["orderNo"] = decimal(500), fmt.Sprintf("SO%012d", number)
	}
	return map[string]any{"name": name, "properties": properties}
}
