package identity

import "strings"

// planOf is the numbering plan of a region (ISO 3166, two letters); nil when there is none here.
func planOf(region string) *phonePlan { return phonePlans[strings.ToUpper(strings.TrimSpace(region))] }

// chinaPlan: mobiles 1[3-9] and nine digits; area codes 10, 2x and 3xx to 9xx before seven or eight digits.
var chinaPlan = &phonePlan{
	country: "86", trunk: "0",
	mobile: shapes("1[3-9]XXXXXXXXX"),
	fixed:  shapes("10XXXXXXX? 2XXXXXXXX? [3-9]XXXXXXXXX?"),
}

// northAmericaPlan: mobiles and fixed numbers look alike, so all are dialled like mobiles.
var northAmericaPlan = &phonePlan{
	country: "1", exit: "011",
	mobile: shapes("[2-9][0-8]X[2-9]XXXXXX"),
}

// phonePlans are conservative: numbers for persons only, as the national plans notified to the ITU
// (E.129 and E.164 communications) have them. Where a plan is in doubt, the number is dropped.
var phonePlans = map[string]*phonePlan{
	"CN": chinaPlan,
	"US": northAmericaPlan,
	"CA": northAmericaPlan,
	"GB": {
		country: "44", trunk: "0",
		mobile: shapes("7[1-57-9]XXXXXXXX"),
		fixed:  shapes("1XXXXXXXX? [23]XXXXXXXXX"),
	},
	"JP": {
		country: "81", trunk: "0", exit: "010",
		mobile: shapes("[5-9]0[1-9]XXXXXXX"),
		fixed:  shapes("[1-9]XXXXXXXX"),
	},
	"KR": {
		country: "82", trunk: "0", carriers: []string{"001", "002"},
		mobile: shapes("10XXXXXXXX 1[16-9]XXXXXXX?"),
		fixed:  shapes("2[1-9]XXXXXX? [3-6][1-5][1-9]XXXXXX? 70XXXXXXXX"),
	},
	"HK": {
		country: "852", carriers: []string{"001"},
		mobile: shapes("[4-79]XXXXXXX"),
		fixed:  shapes("[23]XXXXXXX"),
	},
	"MO": {
		country: "853",
		mobile:  shapes("6XXXXXXX"),
		fixed:   shapes("[28]XXXXXXX"),
	},
	"TW": {
		country: "886", trunk: "0", carriers: []string{"002"},
		mobile: shapes("9XXXXXXXX"),
		fixed:  shapes("[2-8]XXXXXXX?"),
	},
	"SG": {
		country: "65", carriers: []string{"001", "002"},
		mobile: shapes("[89]XXXXXXX"),
		fixed:  shapes("[36]XXXXXXX"),
	},
	"DE": {
		country: "49", trunk: "0",
		mobile: shapes("1[567]XXXXXXXX?"),
		fixed:  shapes("[2-9]XXXXXXX???"),
	},
	"FR": {
		country: "33", trunk: "0",
		mobile: shapes("[67]XXXXXXXX"),
		fixed:  shapes("[1-59]XXXXXXXX"),
	},
	"AU": {
		country: "61", trunk: "0", exit: "0011",
		mobile: shapes("4XXXXXXXX"),
		fixed:  shapes("[2378]XXXXXXXX"),
	},
	"IN": {
		country: "91", trunk: "0",
		mobile: shapes("[6-9]XXXXXXXXX"),
		fixed:  shapes("[1-8]XXXXXXXXX"),
	},
	"TH": {
		country: "66", trunk: "0", carriers: []string{"001"},
		mobile: shapes("[689]XXXXXXXX"),
		fixed:  shapes("[2-57]XXXXXXX"),
	},
	"MY": {
		country: "60", trunk: "0",
		mobile: shapes("1[02-46-9]XXXXXXX 11XXXXXXXX"),
		fixed:  shapes("3XXXXXXXX [4-79]XXXXXXX 8[2-9]XXXXXX"),
	},
	"VN": {
		country: "84", trunk: "0",
		mobile: shapes("[35789]XXXXXXXX"),
		fixed:  shapes("2XXXXXXXXX"),
	},
	"ID": {
		country: "62", trunk: "0", carriers: []string{"001"},
		mobile: shapes("8[1-9]XXXXXXX???"),
		fixed:  shapes("[2-7]XXXXXXXX??"),
	},
	"PH": {
		country: "63", trunk: "0",
		mobile: shapes("9XXXXXXXXX"),
		fixed:  shapes("[2-8]XXXXXXXX"),
	},
}
