package demo

import "time"

// The well-known person of the examples: 张伟. The mini program knew one customer and the shop another, until the phone
// number was given to both.
const (
	KnownName   = "张伟"
	KnownPhone  = "13912345678"
	KnownMember = "M100000"
	KnownOpenID = "oQhZhangWei0001"
)

// knownNumber is their number; the others begin at 1.
const knownNumber = 0

func knownPerson(now time.Time) []happening {
	p := &person{
		number: knownNumber, name: KnownName, gender: "male", city: "上海", level: "gold", birthday: "1988-08-18", phone: KnownPhone, email: "zhangwei@example.com",
		member: KnownMember, openid: KnownOpenID, unionid: "uQhZhangWei0001", tmall: "AAHZhangWei0001", cookie: "c-zhangwei", device: "qh-zhangwei-phone",
		shop: shops[0], favourite: "茶",
	}
	j := &journey{person: p, now: now}
	tablet := known("device_id", "", "qh-zhangwei-tablet")
	phone := known("device_id", "", p.device)
	cookie := known("anonymous_id", "", p.cookie)
	look := func(days int, hour int, source, channel string, item product, who ...any) {
		j.add(before(now, days, hour), source, channel, event(viewed, object{"sku": item.sku, "name": item.name, "category": item.category, "price": yuan(item.price)}), nil, who...)
	}
	buy := func(days, hour int, source, channel, id string, item product, quantity int, who ...any) {
		line := object{"sku": item.sku, "name": item.name, "category": item.category, "price": yuan(item.price), "quantity": quantity}
		j.add(before(now, days, hour), source, channel,
			event(ordered, object{"order_id": id, "currency": "CNY", "amount": yuan(item.price * quantity), "products": []any{line}}), nil, who...)
	}
	longjing, shirt, set, pan := products[0], products[2], products[12], products[7]

	look(320, 21, "web", "web", longjing, cookie)
	look(318, 22, "web", "web", set, cookie)
	look(300, 20, "mini_program", "mini_program", longjing, p.byOpenID())
	j.add(before(now, 299, 20), "mini_program", "mini_program", nil, object{"nickname": "伟哥爱喝茶", "favourite_category": "茶"}, p.byOpenID(), p.byUnionID(), phone)
	buy(299, 21, "mini_program", "mini_program", "QH-ZW-0001", longjing, 2, p.byOpenID())
	j.add(before(now, 260, 15), "crm", "store:sh-001", event(visited, object{"store": "sh-001"}), nil, p.byMember())
	buy(260, 16, "pos", "store:sh-001", "QH-ZW-0002", shirt, 1, p.byMember())
	j.add(before(now, 259, 10), "crm", "store:sh-001", nil,
		object{"name": p.name, "gender": p.gender, "birthday": p.birthday, "city": p.city, "level": "silver"}, p.byMember(), p.byPhone())
	look(200, 21, "app", "app", set, tablet)
	j.add(before(now, 199, 9), "mini_program", "mini_program", nil, nil, p.byOpenID(), p.byPhone(), phone) // here the two become one
	j.add(before(now, 190, 20), "app", "app", nil, nil, p.byPhone(), tablet)
	buy(188, 20, "app", "app", "QH-ZW-0003", set, 1, p.byPhone(), tablet)
	j.add(before(now, 180, 19), "wecom", "wecom_group", event(joined, object{"group": "wc-sh-01", "name": "青禾上海老友群", "leader": "M100001"}), nil, p.byUnionID())
	j.add(before(now, 150, 12), "tmall", "tmall", nil, object{"tmall_nickname": "t_zhangwei", "city": "苏州"}, p.byTmall(), p.byPhone())
	buy(149, 12, "tmall", "tmall", "QH-ZW-0004", pan, 1, p.byTmall())
	j.add(before(now, 145, 18), "tmall", "tmall", event(refunded, object{"order_id": "QH-ZW-0004", "amount": yuan(pan.price), "reason": "quality"}), nil, p.byTmall())
	j.add(before(now, 144, 10), "service", "hotline", event(complains, object{"order_id": "QH-ZW-0004", "topic": "quality"}), nil, p.byPhone())
	j.add(before(now, 90, 22), "crm", "store:sh-001", nil, object{"level": "gold", "city": "上海"}, p.byMember(), known("email", "", p.email))
	look(40, 21, "web", "web", longjing, cookie, p.byPhone())
	j.add(before(now, 30, 20), "mini_program", "mini_program", event(shared, object{"sku": longjing.sku, "scene": "group"}), nil, p.byOpenID())
	j.add(before(now, 29, 20), "mini_program", "mini_program", event(invited, object{"code": "INV0", "reward": "coupon"}), nil, p.byOpenID())
	j.add(before(now, 10, 21), "mini_program", "mini_program",
		event(added, object{"sku": longjing.sku, "name": longjing.name, "category": longjing.category, "price": yuan(longjing.price)}), nil, p.byOpenID())
	buy(10, 22, "mini_program", "mini_program", "QH-ZW-0005", longjing, 3, p.byOpenID())
	j.add(before(now, 3, 14), "pos", "store:sh-001", event(visited, object{"store": "sh-001"}), nil, p.byMember())
	buy(3, 15, "pos", "store:sh-001", "QH-ZW-0006", products[6], 1, p.byMember())
	return j.records
}

// before is an hour of the day some days before now, in Shanghai.
func before(now time.Time, days, hour int) time.Time {
	day := now.In(shanghai).AddDate(0, 0, -days)
	return time.Date(day.Year(), day.Month(), day.Day(), hour, 12, 0, 0, shanghai)
}
