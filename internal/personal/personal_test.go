package personal_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/personal"
)

func TestMasksShowTheEndsOnly(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"+8613912345671":             "+86139****5671",
		"+862162881234":              "+86****234",
		"+442079460958":              "+44****958",
		"+16502530000":               "+16****000",
		"13812345678":                "13****78",
		"li.na@example.com":          "l****a@example.com",
		"anna@example.com":           "a****a@example.com",
		"x@example.com":              "****@example.com",
		"mailto:li.na@example.com":   "l****a@example.com",
		"li.na@example.com;13812345": "****",
		"li.na@example.1381234567":   "****",
		"a@b@c":                      "****",
		"11010519491231002X":         "1101****002X",
		"A1":                         "****",
		"":                           "****",
		"王小明王小明王小":                   "王小****王小",
		"+1":                         "****",
		strings.Repeat("a", 64):      "aaaa****aaaa",
	} {
		if got := personal.Mask(value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

func TestMostlyHalfIsShown(t *testing.T) {
	t.Parallel()
	for length := range 40 {
		text := strings.Repeat("x", length)
		if shown := utf8.RuneCountInString(personal.Mask(text)) - 4; 2*shown > length {
			t.Errorf("%d of %d characters are shown", shown, length)
		}
	}
}

func TestTextsArePersonalByShape(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"13812345678", "138 1234 5678", "138-1234-5678", " 13812345678\n", "+8613812345678", "+86 138 1234 5678", "8613812345678",
		"008613812345678", "(+86)13812345678", "(+86) 138-1234-5678", "电话：13812345678", "手机13812345678，李娜", "+1 (650) 253-0000",
		"+442079460958", "110105194912310021", "11010519491231002X", "11010519491231002x", "a@b.cn", "li.na+shop@mail.example.com", "李娜@例子.公司",
		"mailto:li.na@example.com", "<li.na@example.com>", "li na li.na@example.com",
		"１３８１２３４５６７８", "＋８６－１３８－１２３４－５６７８", "138\u00a01234\u00a05678", "138\u30001234\u30005678", "138\u200b12345678", "138\u20131234\u20135678", "٠١٣٨١٢٣٤٥٦٧٨", "𝟏𝟑𝟖12345678",
		"139.8060.2506", "138/1234/5678", "138   1234   5678", "138_12345678", "138\t1234\t5678", "013812345678", "13812345678.0", "tel:13812345678", "Tel 138 1234 5678", "📞tel:13812345678", "phone no. 13812345678",
		"+86.138.1234.5678", "+86(0)13812345678", "86-138-1234-5678", "+1.650.253.0000", "+33.1.23.45.67.89", "+47 22 12 34 56", "+44 (0)20 7946 0958", "+65 6123 4567", "+352 2712345",
		"13812345678/13912345678", "13812345678; 13912345678", "13812345678，13912345678", "13812345678、+86 13912345678、13712345678", "13812345678 或 13912345678", "13812345678(home)", "13812345678（自己）",
		"110105 19900307 1234", "110105-19900307-123X", "１１０１０５１９９００３０７１２３Ｘ", "110105 1990 03 07 123x", "身份证110105199003071234",
		"a＠b.com", "ａ＠ｂ．ｃｏｍ", "a @ b.com", "a@b.com, c@d.com", "a@b.com;c@d.com", "a@b.com/c@d.com", "Li Na <a@b.com>, Wang <c@d.com>", "a@b.com (home)", "a@b.com（家）", "a﹫b.com", "a@b\u200b.com", "@a@b.social",
		"https://user:pass@host.example.com/x", "a@b.com:25", "a@b.com?subject=x", "a@b.xn--p1ai",
	} {
		if !personal.Like(text) {
			t.Errorf("%q is not recognised", text)
		}
	}
	for _, text := range []string{
		"", "1", "12812345678", "1381234567", "138123456789", "1773549600000", "2026-03-15", "2026-03-15T12:00:00+08:00", "2026-03-15 12:00:00", "138000000.00",
		"202603150000012345", "110105199913310021", "order 13812345678 paid", "@example", "a @ b.c", "a@b", "+100", "wx8f2c11aa90b13812345678", "2,199.00", "SKU-13812345678",
		"+31.2304167", "+12345678", "+123456789", "+12 345 678", "+31.23041+121.47370", "138.12345678", "lib@1.2.30", "1.2.3@beta.1", "13812345678.00", "+1.2.30.40", "15/03/2026 10:30", "110105 1990 0307", "１２３４５６", "a＠b",
		"13812345678 ext 1", "6901234567890", "138 1234 567", "20260315120000", "user@localhost", "meet @bob at the shop", "，，，，，，，，，，，，", "“tel: +86”",
	} {
		if personal.Like(text) {
			t.Errorf("%q is taken for personal", text)
		}
	}
}

func TestNamesArePersonalByTheirLastWords(t *testing.T) {
	t.Parallel()
	names := personal.NewNames("member_card", "x1")
	for _, name := range []string{
		"phone", "Phone", "PHONE", "phone_number", "phoneNumber", "phone-number", "Phone Number", "contact.phone", "receiver_phone", "receiverPhone", "phone2", "phone_2",
		"mobile", "mobilePhone", "tel", "email", "e-mail", "E-Mail", "emailAddress", "buyeremail", "idCardNo", "id_card", "national_id", "nationalID", "passport",
		"手机", "手机号", "收货人手机号", "备用电话", "邮箱", "身份证号", "身份证号码1", "ｐｈｏｎｅ", "member_card", "memberCard", "x1",
	} {
		for range 2 { // the second time it is remembered
			if !names.Has(name) {
				t.Errorf("%s is not personal", name)
			}
		}
	}
	for _, name := range []string{"", "name", "city", "smartphone", "phone_brand", "email_sha256", "email_opt_in", "hotel", "card", "id", "member", "x", "order_id", "手机品牌", "_", "123"} {
		if names.Has(name) {
			t.Errorf("%s is personal", name)
		}
	}
	if !names.Has("contact.phone.home") || !names.Has("phone.work") || names.Has("contact.city") {
		t.Error("paths lead below names")
	}
}

func TestWhatQualifiesANameChangesNothing(t *testing.T) {
	t.Parallel()
	names := personal.NewNames()
	for _, name := range []string{
		"phone_home", "tel_home", "phone_main", "mobile_primary", "mobile_cn", "phone_list", "phoneList", "mobile_list", "phones_all", "phone_e164", "phoneE164", "phone_raw", "phoneStr", "phone_no_1st",
		"contact_number", "whatsapp", "fax", "传真", "座机", "固话", "手机号(必填)", "手机号（选填）", "手机号｜备用", "手机号备用", "联系人手机1号", "联系电话二", "邮箱号码", "身份证号码原文", "sfzhm", "idcard_front", "phone(brand new)",
		"phone[0]", "phones[0].value", "phone_list_2_raw", "pho\u200bne", "phone\u200b", "Tel.", "tel:", "userphone", "buyeridcard", "leademail", "idcard", "IDCard", "id_card", "paid_id_card",
	} {
		if !names.Has(name) {
			t.Errorf("%s is not personal", name)
		}
	}
	for _, name := range []string{
		"prepaid_card", "prepaidCard", "paid_card_no", "paidCardNo", "prepaidcard", "voicemail", "international_id", "automobileno", "headphoneNo", "smartphone_number", "home", "list", "raw", "备用", "1st", "hotel_home",
		"valid_number", "android_no", "detail", "cocktail", "mailing_consent", "phone_brand_list", "email_sha256", "[]", "()", "...", "",
	} {
		if names.Has(name) {
			t.Errorf("%s is personal", name)
		}
	}
}

func TestNamesAreNearPersonalOnesByAnyWord(t *testing.T) {
	t.Parallel()
	names := personal.NewNames("member_card")
	for _, name := range []string{"phone_brand", "phone_hash", "email_count", "phone2_hash", "手机品牌", "收件人手机尾号", "member_card_level", "a.phone_model.b", "buyeremail_status"} {
		if !names.Near(name) || names.Has(name) {
			t.Errorf("%s is not near", name)
		}
	}
	for _, name := range []string{"phone", "city", "prepaid_card", "hotel_name", "member_level", "品牌", "", strings.Repeat("a_", 5000), strings.Repeat("机", 5000)} {
		if names.Near(name) {
			t.Errorf("%.40s is near", name)
		}
	}
}

func TestNamesAreBoundInMemory(t *testing.T) {
	t.Parallel()
	names := personal.NewNames()
	for i := range 5000 {
		name := strings.Repeat("n", i%100) + string(rune('a'+i%26)) + strings.Repeat("m", i/100)
		if names.Has(name) || !names.Has(name+"_phone") {
			t.Fatalf("%s", name)
		}
	}
}

func TestDocumentsKeepEverythingElse(t *testing.T) {
	t.Parallel()
	names := personal.NewNames()
	for text, want := range map[string]string{
		`{}`:  `{}`,
		`[ ]`: `[ ]`,
		`{"city": "上海", "n": 12.50, "list": [1, {"a": null}], "t": "2026-03-15T12:00:00Z", "e": "a\"b\\"}`:                                    ``,
		`{"b": 1, "phone": "+8613812345671", "a": 2}`:                                                                                         `{"b": 1, "phone": "+86138****5671", "a": 2}`,
		`{"phone":13812345671,"ok":true}`:                                                                                                     `{"phone":"13****71","ok":true}`,
		`{"phone":-1.5e3,"emails":7,"open_rate_email":0.31,"tel":95588.5}`:                                                                    ``,
		`{"phone":1.38e10,"tel":6288123,"mobile":13812345678.0,"fax":1e999}`:                                                                  `{"phone":"1****0","tel":"6****3","mobile":"138****8.0","fax":"1****9"}`,
		`{"phone.work":62881234,"contact":{"phone_home":[13812345678]}}`:                                                                      `{"phone.work":"62****34","contact":{"phone_home":["13****78"]}}`,
		`{"phone_hash":13812345678,"phones_sold":12345678,"phone_info":{"id":110105199003071234,"at":1773549600000},"email_seen":1773549600}`: `{"phone_hash":"13****78","phones_sold":12345678,"phone_info":{"id":"1101****1234","at":1773549600000},"email_seen":1773549600}`,
		`{"phone_model":"P60","phone_note":"13812345678"}`:                                                                                    `{"phone_model":"P60","phone_note":"13****78"}`,
		`{"phone":null,"mobile":true,"tel":false}`:                                                                                            ``,
		`{"contact":{"phones":[{"home":"021 6288","n":[7]},"x"],"city":"上海"}}`:                                                                `{"contact":{"phones":[{"home":"02****88","n":[7]},"****"],"city":"上海"}}`,
		`{"remark":"13812345671","x":["li.na@example.com","y"]}`:                                                                              `{"remark":"13****71","x":["l****a@example.com","y"]}`,
		`{"remark":"\t13812345671\n"}`:                                                                                                        `{"remark":"\t13****71\n"}`,
		`{"remark":"\u0031381234567\u0031"}`:                                                                                                  `{"remark":"13****71"}`,
		`{"pho\u006ee":"secret words"}`:                                                                                                       `{"pho\u006ee":"sec****rds"}`,
		`{"13812345671":"home"}`:                                                                                                              `{"13****71":"home"}`,
		`"13812345671"`:                                                                                                                       `"13****71"`,
		` [ "a" , "13812345671" ] `:                                                                                                           ` [ "a" , "13****71" ] `,
	} {
		if want == "" {
			want = text
		}
		got := names.Document([]byte(text))
		if string(got) != want {
			t.Errorf("%s\nbecomes %s\nnot     %s", text, got, want)
		}
		if want == text && len(text) > 0 && &got[0] != &[]byte(got)[0] {
			t.Errorf("%s was copied", text)
		}
	}
}

func TestNothingIsShownOfWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	names := personal.NewNames()
	for _, text := range []string{``, `{`, `{"a"`, `{"a":}`, `{"a":1`, `{"a":1,}x`, `[1`, `[1 2]`, `"abc`, `{"a":1} {"phone":"1"}`, `{a:1}`, `"\"`} {
		if got := string(names.Document([]byte(text))); got != "null" {
			t.Errorf("%s becomes %s", text, got)
		}
	}
}

func TestAValueIsMaskedByItsName(t *testing.T) {
	t.Parallel()
	names := personal.NewNames()
	if got := string(names.Value("phone", []byte(`["x12345",1,1234567]`))); got != `["x****5",1,"1****7"]` {
		t.Error(got)
	}
	if got := string(names.Value("city", []byte(`"x12345"`))); got != `"x12345"` {
		t.Error(got)
	}
}

const harmless = `{"age": 31, "city": "上海市", "name": "王小明", "level": "gold", "tags": ["a", "b"], "since": "2026-03-15T12:00:00+08:00", "points": 12345678, "address": {"street": "南京西路 1266 号", "zip": "200040"}}`

func TestMaskingNothingAllocatesNothing(t *testing.T) {
	names := personal.NewNames()
	text := []byte(harmless)
	if n := testing.AllocsPerRun(100, func() { names.Document(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDocument(b *testing.B) {
	names := personal.NewNames()
	for name, text := range map[string]string{"harmless": harmless, "phone": strings.Replace(harmless, `"age": 31`, `"phone": "13812345671"`, 1), "remark": strings.Replace(harmless, `"gold"`, `"13812345671"`, 1)} {
		b.Run(name, func(b *testing.B) {
			document := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				names.Document(document)
			}
		})
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(harmless))
	f.Add([]byte(`{"phone":{"a":[1,"x",null,true]},"r":"\u00e9 a@b.cn"}`))
	names := personal.NewNames()
	f.Fuzz(func(t *testing.T, text []byte) {
		once := names.Document(text)
		if strings.Contains(string(once), "13812345671") && strings.Contains(string(text), `:"13812345671"`) {
			t.Errorf("%s shows %s", text, once)
		}
	})
}
