package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// journey is what one person does, in records.
type journey struct {
	*person
	now     time.Time
	records []happening
	count   int // of messages
	hasApp  bool
}

// happening is a record with its time and its person.
type happening struct {
	at     time.Time
	person int
	record map[string]any
}

// object is a JSON object.
type object = map[string]any

// travel makes the records of one person, by time.
func travel(p *person, now time.Time) []happening {
	j := &journey{person: p, now: now}
	if !p.visitor() {
		j.introduce()
	}
	for range p.sessions {
		j.session(p.moment(now, p.quiet+p.random.IntN(p.joins-p.quiet)))
	}
	slices.SortStableFunc(j.records, func(a, b happening) int { return a.at.Compare(b.at) })
	return j.records
}

// introduce brings the channels together: before it, each knows a part of the person.
func (j *journey) introduce() {
	first := j.moment(j.now, j.joins)
	// Before anybody knew the name there was a browser.
	for range j.random.IntN(4) {
		j.view(first.Add(-time.Duration(1+j.random.IntN(72))*time.Hour), "web", "web", known("anonymous_id", "", j.cookie))
	}
	j.add(first, "web", "web", event(signedUp, nil), nil, known("anonymous_id", "", j.cookie), j.byPhone())
	if j.openid != "" {
		at := j.later(first)
		j.view(at, "mini_program", "mini_program", j.byOpenID())
		j.add(at.Add(2*time.Minute), "mini_program", "mini_program", nil,
			object{"nickname": string([]rune(j.name)[:1]) + "**", "favourite_category": j.favourite}, j.byOpenID(), j.byUnionID())
		j.add(j.later(at), "mini_program", "mini_program", nil, nil, j.byOpenID(), j.byPhone())
	}
	if j.member != "" {
		attributes := object{"name": j.name, "gender": j.gender, "birthday": j.birthday, "city": j.city, "level": j.level}
		identities := []any{j.byMember(), j.byPhone()}
		if j.email != "" {
			identities = append(identities, known("email", "", j.email))
			attributes["email_consent"] = j.random.IntN(2) == 0
		}
		j.add(j.later(first), "crm", "store:"+j.shop.id, nil, attributes, identities...)
	}
	if j.tmall != "" && !j.loose {
		j.add(j.later(first), "tmall", "tmall", nil, object{"tmall_nickname": "t_" + strconv.Itoa(j.number), "city": j.city}, j.byTmall(), j.byPhone())
	}
	if j.douyin != "" {
		j.add(j.later(first), "douyin", "douyin", nil, nil, j.byDouyin(), j.byPhone())
	}
	if j.group != nil {
		j.add(j.later(first), "wecom", "wecom_group", event(joined, object{"group": j.group.id, "name": j.group.name, "leader": j.group.leader}), nil, j.byUnionID())
	}
	if j.tablet != "" {
		// A device that two people use is nobody's evidence: it goes to whoever logged in last.
		at := j.later(first)
		j.add(at, "app", "app", nil, nil, known("device_id", "", j.tablet), j.byPhone())
		j.view(at.Add(time.Hour), "app", "app", known("device_id", "", j.tablet))
	}
	if j.random.IntN(4) == 0 {
		j.add(j.later(first), "app", "app", nil, nil, known("device_id", "", j.device), j.byPhone())
		j.hasApp = true
	}
}

// later is a time between then and now, most often soon.
func (j *journey) later(then time.Time) time.Time {
	span := j.now.Sub(then)
	share := j.random.Float64()
	return then.Add(time.Duration(float64(span) * share * share * share)).Truncate(time.Second)
}

// session is one visit to one channel, from looking around to what follows an order.
func (j *journey) session(at time.Time) {
	source, channel, who := j.door()
	if strings.HasPrefix(channel, "store:") {
		j.add(at, source, channel, event(visited, object{"store": j.shop.id}), nil, who...)
		if j.random.IntN(3) > 0 {
			j.order(at.Add(20*time.Minute), source, channel, who)
		}
		return
	}
	for range 1 + j.random.IntN(3) {
		at = j.view(at, source, channel, who...)
	}
	if j.visitor() || j.random.IntN(100) >= 45 {
		return
	}
	item := j.want()
	at = at.Add(time.Minute)
	j.add(at, source, channel, event(added, object{"sku": item.sku, "name": item.name, "category": item.category, "price": yuan(item.price)}), nil, who...)
	if j.random.IntN(100) < 70 {
		j.order(at.Add(5*time.Minute), source, channel, who)
	}
}

// door is the channel of a session, with the identities that it shows.
func (j *journey) door() (source, channel string, who []any) {
	if j.visitor() {
		return "web", "web", []any{known("anonymous_id", "", j.cookie)}
	}
	type way struct {
		source, channel string
		who             []any
	}
	ways := []way{{"web", "web", []any{known("anonymous_id", "", j.cookie), j.byPhone()}}}
	if j.openid != "" {
		mini := way{"mini_program", "mini_program", []any{j.byOpenID(), j.byUnionID()}}
		ways = append(ways, mini, mini)
	}
	if j.member != "" {
		ways = append(ways, way{"pos", "store:" + j.shop.id, []any{j.byMember()}})
	}
	if j.tmall != "" {
		ways = append(ways, way{"tmall", "tmall", []any{j.byTmall()}})
	}
	if j.douyin != "" {
		ways = append(ways, way{"douyin", "douyin", []any{j.byDouyin()}})
	}
	if j.group != nil {
		ways = append(ways, way{"wecom", "wecom_group", []any{j.byUnionID()}})
	}
	if j.hasApp {
		ways = append(ways, way{"app", "app", []any{known("device_id", "", j.device)}})
	}
	chosen := pick(j.random, ways)
	return chosen.source, chosen.channel, chosen.who
}

// view looks at a product and returns when the next thing may happen.
func (j *journey) view(at time.Time, source, channel string, who ...any) time.Time {
	item := j.want()
	j.add(at, source, channel, event(viewed, object{"sku": item.sku, "name": item.name, "category": item.category, "price": yuan(item.price)}), nil, who...)
	return at.Add(time.Duration(20+j.random.IntN(400)) * time.Second)
}

// order buys one to three things. Now and then a share, an invitation, a refund or a complaint follows.
func (j *journey) order(at time.Time, source, channel string, who []any) {
	id := fmt.Sprintf("QH%05d%04d", j.number, j.count)
	total := 0
	var lines []any
	for range 1 + zipf(j.random, 3) {
		item, quantity := j.want(), 1+zipf(j.random, 3)
		total += item.price * quantity
		lines = append(lines, object{"sku": item.sku, "name": item.name, "category": item.category, "price": yuan(item.price), "quantity": quantity})
	}
	properties := object{"order_id": id, "currency": "CNY", "products": lines}
	if j.random.IntN(5) == 0 {
		properties["coupon"] = "QH-NEW-20"
		total = max(total-2000, 100)
	}
	properties["amount"] = yuan(total)
	j.add(at, source, channel, event(ordered, properties), nil, who...)
	switch chance := j.random.IntN(100); {
	case chance < 4:
		j.add(j.soon(at), source, channel, event(refunded, object{"order_id": id, "amount": yuan(total), "reason": pick(j.random, complaints)}), nil, who...)
	case chance < 6:
		j.add(j.soon(at), "service", "hotline", event(complains, object{"order_id": id, "topic": pick(j.random, complaints)}), nil, j.byPhone())
	case chance < 14 && j.openid != "":
		j.add(j.soon(at), "mini_program", "mini_program", event(shared, object{"sku": lines[0].(object)["sku"], "scene": pick(j.random, []string{"friend", "group", "moments"})}), nil, j.byOpenID())
	case chance < 18 && j.openid != "":
		j.add(j.soon(at), "mini_program", "mini_program", event(invited, object{"code": "INV" + strconv.Itoa(j.number), "reward": "coupon"}), nil, j.byOpenID())
	}
}

// soon is within three days, and not after now.
func (j *journey) soon(at time.Time) time.Time {
	then := at.Add(time.Duration(1+j.random.IntN(72*60)) * time.Minute)
	if then.After(j.now) {
		return at
	}
	return then
}

// want picks a product: half of the time of the favourite category.
func (j *journey) want() product {
	for range 3 {
		item := products[zipf(j.random, len(products))]
		if item.category == j.favourite || j.random.IntN(2) == 0 {
			return item
		}
	}
	return products[zipf(j.random, len(products))]
}

// add makes one record. Nothing happens after now.
func (j *journey) add(at time.Time, source, channel string, event, attributes object, identities ...any) {
	if at.After(j.now) {
		at = j.now
	}
	j.count++
	record := object{
		"messageId":  fmt.Sprintf("demo-%05d-%04d", j.number, j.count),
		"source":     source,
		"channel":    channel,
		"identities": identities,
		"occurredAt": at.Format(time.RFC3339),
	}
	if event != nil {
		record["event"] = event
	}
	if attributes != nil {
		record["attributes"] = attributes
	}
	j.records = append(j.records, happening{at: at, person: j.number, record: record})
}

func (p *person) byPhone() object   { return known("phone", "", p.phone) }
func (p *person) byMember() object  { return known("member_no", memberSystem, p.member) }
func (p *person) byOpenID() object  { return known("wechat_openid", miniProgramApp, p.openid) }
func (p *person) byUnionID() object { return known("wechat_unionid", "", p.unionid) }
func (p *person) byTmall() object   { return known("taobao_ouid", tmallApp, p.tmall) }
func (p *person) byDouyin() object  { return known("douyin_openid", douyinApp, p.douyin) }

func known(typ, scope, value string) object {
	if scope == "" {
		return object{"type": typ, "value": value}
	}
	return object{"type": typ, "scope": scope, "value": value}
}

func event(name string, properties object) object {
	if properties == nil {
		return object{"name": name}
	}
	return object{"name": name, "properties": properties}
}

// yuan writes fen as yuan, exactly.
func yuan(fen int) json.Number {
	return json.Number(fmt.Sprintf("%d.%02d", fen/100, fen%100))
}
