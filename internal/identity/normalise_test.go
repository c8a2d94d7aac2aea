package identity_test

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

const (
	invalid = "<invalid>"
	blocked = "<blocked>"
)

func TestCleaning(t *testing.T) {
	r := registry(t)
	for input, want := range map[string]string{
		"  alice\t\r\n":                 "alice",
		"'alice'":                       "alice",
		`"alice"`:                       "alice",
		`"'alice'"`:                     "alice",
		`' " alice " '`:                 "alice",
		"＇alice＂":                       "alice",
		"\ufeffalice\u200b":             "alice",
		"\u200b \u200balice\u2060":      "alice",
		"al\u200bi\u00adce":             "alice",
		"\u202aalice\u202c":             "alice",
		"\u3000ａｌｉｃｅ\u00a0":             "alice",
		"o'neil":                        "o'neil",
		"e\u0301":                       "é",
		"e\u200b\u0301":                 "é",
		"①②":                            "12",
		"ﬁne":                           "fine",
		"Case Stays":                    "Case Stays",
		"0012":                          "0012",
		"张伟":                            "张伟",
		"\U000e0041x\U000e007f":         "x",
		"a\xffb":                        invalid,
		"a\x00b":                        invalid,
		strings.Repeat("ab", 256):       strings.Repeat("ab", 256),
		strings.Repeat("ab", 256) + "c": invalid,
		strings.Repeat("张伟", 256):       strings.Repeat("张伟", 256),
		strings.Repeat("张伟", 256) + "x": invalid,
		strings.Repeat("\ufdfa", 29):    invalid, // NFKC makes 18 characters of one
	} {
		expect(t, r, identity.Claim{Type: "user_id", Value: input}, want)
	}
}

func TestJunk(t *testing.T) {
	r := registry(t)
	for _, input := range strings.Split(
		"|null|NULL|Null|none|nil|undefined|UNDEFINED|nan|NaN|n/a|N/A|na|NA|unknown|Anonymous|guest|TEST|0|-1|true|FALSE|"+
			"[object object]|[object Object]|void|default|ID|email|distinct_id|distinctId|NOT_AUTHENTICATED|无|未知|匿名|"+
			" null |'null'|\"undefined\"|'\"null\"'|ｎｕｌｌ|\u200bnull\ufeff|n\u200bull|－１|"+
			"00|0.0|0:0|- -|...|::|-|0000-00-00|0.0.0.0|00:00:00:00:00:00|0 0|０００|\u30000|''|\"\"|' '|\u200b|"+
			"aaaaaa|AAAAAA|aAaAaA|1111111|------|xxxxxxxxxxxx|无无无无无无|？？？？？？|******", "|") {
		expect(t, r, identity.Claim{Type: "user_id", Value: input}, blocked)
	}
	for _, input := range []string{
		"nulls", "1", "-2", "00-01", "aaaaa", "aaaaab", "无名", "guest1", "tester", "null,null", "n / a", "无无无无无", "true1", "empty", "0x0",
	} {
		expect(t, r, identity.Claim{Type: "user_id", Value: input}, input)
	}
}

func TestBlockedBeforeAndAfterNormalising(t *testing.T) {
	r := registry(t)
	for _, c := range []struct{ typ, input string }{
		{"phone", "138 0013 8000"}, {"phone", "+86 138-0013-8000"}, {"phone", "0086 13800138000"}, {"phone", "013800138000"},
		{"phone", "１３８００１３８０００"}, {"phone", "8613888888888"}, {"phone", "138 0000 0000"},
		{"phone", "11111111111"}, {"phone", "000-0000-0000"},
		{"android_id", "9774d56d682e549c"}, {"android_id", "9774D56D682E549C"},
		{"mac", "02-00-00-00-00-00"}, {"mac", "020000000000"}, {"mac", "FF:FF:FF:FF:FF:FF"}, {"mac", "ffffffffffff"}, {"mac", "00:00:00:00:00:00"},
		{"imei", "00000000000000"}, {"imei", "0000000000000012"}, {"imei", "00-000000-000000-0"},
		{"idfa", "{00000000000000000000000000000000}"}, {"email_sha256", strings.Repeat("0", 64)},
		{"national_id", "111111111111111"}, {"email", "NULL"}, {"email", "<null>"},
	} {
		want := blocked
		if c.input == "<null>" {
			want = invalid
		}
		expect(t, r, identity.Claim{Type: c.typ, Value: c.input}, want)
	}
}

func TestBlockListOfAType(t *testing.T) {
	typ := identity.NewType("code")
	typ.Blocked = []string{"Exact", `/noreply.*@shop\.com/`, "/a|b/", "/(?i)demo-[0-9]+/", "/", "/open", "//"}
	lower := identity.NewType("low")
	lower.Normalizer, lower.Blocked = "lower", []string{"Before", "after", "/x[0-9]/"}
	r := registry(t, typ, lower)
	for input, want := range map[string]string{
		"Exact": blocked, " Exact ": blocked, "exact": "exact", "Exact1": "Exact1",
		"noreply+1@shop.com": blocked, "my-noreply@shop.com": "my-noreply@shop.com", "noreply@shop.com.cn": "noreply@shop.com.cn",
		"a": blocked, "b": blocked, "ab": "ab", "DEMO-12": blocked, "demo-12x": "demo-12x",
		"/": blocked, "/open": blocked, "open": "open", "noreply\n@shop.com": "noreply\n@shop.com", "a\nx": "a\nx",
	} {
		expect(t, r, identity.Claim{Type: "code", Value: input}, want)
	}
	for input, want := range map[string]string{
		"Before": blocked, "before": "before", "AFTER": blocked, "X1": blocked, "x12": "x12",
	} {
		expect(t, r, identity.Claim{Type: "low", Value: input}, want)
	}
}

func TestScopes(t *testing.T) {
	r := registry(t, identity.NewType("mine"))
	for _, c := range []struct{ typ, scope, want string }{
		{"user_id", "shop", ""}, {"user_id", "\x00", ""}, {"member_no", "", ""}, {"member_no", " 'Shop' ", "Shop"}, {"member_no", "ＳＨＯＰ", "SHOP"},
		{"mine", "a", "a"}, {"mine", "", ""}, {"wechat_openid", "\u200bwxA ", "wxA"},
		{"wechat_openid", "", "<no scope>"}, {"wechat_openid", " '' ", "<no scope>"}, {"wechat_openid", "\u200b", "<no scope>"},
		{"member_no", "a\x00", "<invalid>"}, {"member_no", strings.Repeat("ab", 300), "<invalid>"}, {"Phone", "", "<undeclared>"}, {"", "", "<undeclared>"},
	} {
		id, reason := r.Normalise(identity.Claim{Type: c.typ, Scope: c.scope, Value: "v1"})
		got := id.Scope
		if reason != nil {
			got = "<" + reason.String() + ">"
		}
		if got != c.want {
			t.Errorf("%s scope %q: got %q, want %q", c.typ, c.scope, got, c.want)
		}
	}
}

func TestNationalID(t *testing.T) {
	r := registry(t)
	for input, want := range map[string]string{
		"340524800101001":   "34052419800101001X",
		"340524 800101 001": "34052419800101001X",
		"３４０５２４８００１０１００１":         "34052419800101001X",
		"34052419800101001ｘ":      "34052419800101001X",
		"34052419800101001Ⅹ":      "34052419800101001X",
		"340524-19800101-001X":    "34052419800101001X",
		"'34052419800101001X":     "34052419800101001X",
		"340524801301001":         invalid, // month 13
		"340524800230001":         invalid,
		"990524800101001":         invalid, // no province 99
		"34052480010100X":         invalid,
		"34052419800101001Y":      invalid,
		"3405241980010100XX":      invalid,
		"34052419800101001":       invalid,
		"34052419800101001X1":     invalid,
		"34052419800101001Х":      invalid, // a Cyrillic letter
		"11010518991231" + "0021": invalid,
	} {
		expect(t, r, identity.Claim{Type: "national_id", Value: input}, want)
	}
	for province := 0; province < 100; province++ {
		want := province >= 11 && province <= 15 || province >= 21 && province <= 23 || province >= 31 && province <= 37 ||
			province >= 41 && province <= 46 || province >= 50 && province <= 54 || province >= 61 && province <= 65 ||
			province == 71 || province >= 81 && province <= 83
		_, reason := r.Normalise(identity.Claim{Type: "national_id", Value: string([]byte{byte('0' + province/10), byte('0' + province%10)}) + "0105491231002"})
		if (reason == nil) != want {
			t.Errorf("province %d: %v", province, reason)
		}
	}
	for day, want := range map[string]bool{"000229": false, "040229": true, "990228": true, "990229": false, "490431": false, "490430": true, "490400": false, "490001": false} {
		_, reason := r.Normalise(identity.Claim{Type: "national_id", Value: "110105" + day + "002"})
		if (reason == nil) != want {
			t.Errorf("born 19%s: %v", day, reason)
		}
	}
}

func TestDevices(t *testing.T) {
	r := registry(t)
	for _, c := range []struct{ typ, input, want string }{
		{"imei", "49-015420-323751-8", "490154203237518"}, {"imei", "49-015420-323751-8/", "490154203237518"}, {"imei", "35 391805 102910 8", invalid},
		{"imei", "４９０１５４２０３２３７５１８", "490154203237518"}, {"imei", "49015420323751", "490154203237518"}, {"imei", "49 015420 323751 01", "490154203237518"},
		{"imei", "49015420323751X", invalid}, {"imei", "49015420323751801", invalid}, {"imei", "4901542032375", invalid}, {"imei", "A1000000000001", invalid}, {"imei", "490154.203237518", invalid},
		{"idfa", "{aebe52e7-03ee-455a-b3c4-e57283966239}", "AEBE52E7-03EE-455A-B3C4-E57283966239"}, {"idfa", "aebe52e703ee455a b3c4e57283966239", "AEBE52E7-03EE-455A-B3C4-E57283966239"},
		{"idfa", "aebe52e7-03ee-455a-b3c4-e5728396623", invalid}, {"idfa", "gebe52e7-03ee-455a-b3c4-e57283966239", invalid}, {"idfa", "aebe52e7-03ee-455a-b3c4-e572839662390", invalid},
		{"idfa", "urn:uuid:aebe52e7-03ee-455a-b3c4-e57283966239", invalid}, {"idfa", strings.Repeat("-", 400) + "aebe52e703ee455ab3c4e57283966239", "AEBE52E7-03EE-455A-B3C4-E57283966239"},
		{"mac", "AABB.CCDD.EE0F", "aa:bb:cc:dd:ee:0f"}, {"mac", "aabbccddee0f", "aa:bb:cc:dd:ee:0f"}, {"mac", "ＡＡ：ＢＢ：ＣＣ：ＤＤ：ＥＥ：０Ｆ", "aa:bb:cc:dd:ee:0f"},
		{"mac", "aabbccddee0", invalid}, {"mac", "aabbccddee0g", invalid}, {"mac", "aa:bb:cc:dd:ee:0f:11", invalid}, {"mac", "aa/bb/cc/dd/ee/0f", invalid},
		{"email_sha256", "0x" + strings.Repeat("ab", 31), invalid}, {"email_sha256", strings.Repeat("AB", 32), strings.Repeat("ab", 32)},
		{"email_sha256", strings.Repeat("ab", 31) + "a", invalid}, {"email_sha256", strings.Repeat("ab", 16) + " " + strings.Repeat("ab", 16), invalid},
		{"oaid", "ÀÉ-X", "àé-x"}, {"oaid", "J\u030c-1", "ǰ-1"}, {"android_id", "ＡＢ12", "ab12"},
		{"device_id", "Case-Stays", "Case-Stays"},
	} {
		expect(t, r, identity.Claim{Type: c.typ, Value: c.input}, c.want)
	}
}

func TestFragments(t *testing.T) {
	r := registry(t)
	for _, c := range []struct{ typ, input, want string }{
		{"email", " ＪＯ@ ", "jo@"}, {"email", "@EXAMPLE.com", "@example.com"}, {"national_id", "002x", "002X"}, {"idfa", "aebe", "AEBE"},
		{"mac", "AA:", "aa:"}, {"android_id", "AB", "ab"}, {"user_id", "Ab", "Ab"}, {"phone", "１３９", "139"}, {"email_sha256", "AB", "ab"},
		{"wechat_openid", "oAb", "oAb"}, {"nothing", " 'X' ", "X"}, {"email", "", ""},
	} {
		if got := r.NormaliseFragment(c.typ, c.input); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.typ, c.input, got, c.want)
		}
	}
}

func TestDerivedHash(t *testing.T) {
	r := registry(t)
	email, _ := r.Normalise(identity.Claim{Type: "email", Value: "n16.A@X.com"})
	got, ok := r.Derived(email)
	want := identity.Identity{Type: "email_sha256", Value: "e9fc8e46c2654ed97ac9e314a69f1600e8c1c3181611906690062dc3b8fc8083"}
	if !ok || got != want {
		t.Errorf("got %v %v", got, ok)
	}
	if _, ok := r.Derived(got); ok {
		t.Error("only emails have a hash")
	}
}
