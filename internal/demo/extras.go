package demo

// Segment is a saved segment of the demo world.
type Segment struct {
	Key, Name, Description string
	Where                  map[string]any // a Rule as the API takes it
}

// Campaign is a campaign of the demo world.
type Campaign struct {
	Key, Name, Channel, Stage string
	Segment                   string // the key of its audience
}

// Segments are the segments that the world begins with.
func Segments() []Segment {
	return []Segment{
		{
			Key: "regulars", Name: "常客", Description: "At least three orders in the last 90 days.",
			Where: object{"event": object{"names": []any{ordered}, "within": object{"last": "P90D"}, "is": object{"gte": 3}}},
		},
		{
			Key: "quiet-big-spenders", Name: "沉睡大客户", Description: "1,000 yuan or more in all, and no order in the last 90 days.",
			Where: object{"all": []any{
				object{"event": object{"names": []any{ordered}, "aggregate": "SUM", "property": "amount", "is": object{"gte": 1000}}},
				object{"not": object{"event": object{"names": []any{ordered}, "within": object{"last": "P90D"}}}},
			}},
		},
		{
			Key: "gold-wechat", Name: "金卡微信会员", Description: "Gold or platinum members who can be reached in the mini program.",
			Where: object{"all": []any{
				object{"attribute": object{"name": "level", "is": object{"in": []any{"gold", "platinum"}}}},
				object{"identity": object{"type": "wechat_openid", "scope": miniProgramApp}},
			}},
		},
	}
}

// Campaigns are the campaigns that the world begins with.
func Campaigns() []Campaign {
	return []Campaign{
		{Key: "new-tea", Name: "明前龙井上新", Channel: "wecom_group", Stage: "active", Segment: "regulars"},
		{Key: "come-back", Name: "老客回归礼", Channel: "sms", Stage: "lapsed", Segment: "quiet-big-spenders"},
		{Key: "gold-day", Name: "金卡会员日", Channel: "mini_program", Stage: "loyal", Segment: "gold-wechat"},
	}
}

// mark is a tag of one person.
type mark struct {
	person int
	key    string
	value  any
}

// taggedEvery is how many people come for each one with tags set by hand.
const taggedEvery = 8

// marks are the tags that the brand's people set by hand, for those who are there already.
func marks(seed uint64, people int) []mark {
	all := []mark{
		{knownNumber, "lifecycle", "loyal"}, {knownNumber, "interests", []any{"茶", "厨房"}}, {knownNumber, "vip_service", true},
	}
	for number := taggedEvery; number < people; number += taggedEvery {
		p := newPerson(seed, number)
		if p.visitor() {
			continue
		}
		stage := "active"
		switch {
		case p.quiet > 90:
			stage = "lapsed"
		case p.joins < 30:
			stage = "new"
		case p.sessions > 15:
			stage = "loyal"
		}
		all = append(all, mark{number, "lifecycle", stage}, mark{number, "interests", []any{p.favourite}})
		if p.group != nil {
			all = append(all, mark{number, "community", p.group.name})
		}
	}
	return all
}
