package identity_test

import (
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

func TestEmail(t *testing.T) {
	r := registry(t)
	for input, want := range map[string]string{
		" John.Doe@Example.COM": "john.doe@example.com", "MAILTO:jo@x.com": "jo@x.com", "<mailto:jo@x.com>": "jo@x.com", "mailto:<jo@x.com>": "jo@x.com", "< jo@x.com >": "jo@x.com",
		`"<jo@x.com>"`: "jo@x.com", "<'jo@x.com'>": "jo@x.com", "jo@x.com...": "jo@x.com", "jo@x.com。": "jo@x.com", "jo@x。com": "jo@x.com", "jo@X．Com｡": "jo@x.com",
		"Jo\u200b@x.com\ufeff": "jo@x.com", "jo.d+a.b@x.com": "jo.d+a.b@x.com", "jo.d+a@gmail.com": "jo.d+a@gmail.com", "jo@googlemail.com": "jo@googlemail.com",
		"user@例子.中国": "user@xn--fsqu00a.xn--fiqs8s", "USER@例子。中国.": "user@xn--fsqu00a.xn--fiqs8s", "张伟@例子.中国": "张伟@xn--fsqu00a.xn--fiqs8s", "jo@BÜCHER.de": "jo@xn--bcher-kva.de",
		"jo@bücher.de": "jo@xn--bcher-kva.de", "jo@straße.de": "jo@xn--strae-oqa.de", "ÉVA@x.com": "éva@x.com", "o'neil@x.com": "o'neil@x.com", "jo@a-b.x1.com": "jo@a-b.x1.com", "jo@1.2.3.4": "jo@1.2.3.4",
		"jo": invalid, "jo@": invalid, "@": invalid, "jo@x": invalid, "jo@x.": invalid, "jo@localhost": invalid, "jo@@x.com": invalid, "jo@x.com@y.com": invalid, "jo＠x＠y.com": invalid,
		"a b@x.com": invalid, "jo @x.com": invalid, "jo@ x.com": invalid, "jo@x .com": invalid, "a,b@x.com": invalid, "a;b@x.com": invalid, "a@x.com,b": invalid, "a\u3000b@x.com": invalid,
		"jo@x_y.com": invalid, "jo@[1.2.3.4]": invalid, "jo@x.com?subject=hi": invalid, "jo@x..com": invalid, "jo@.com": invalid, "John Doe <jo@x.com>": invalid, "John<jo@x.com>": invalid,
		"jo@x.com/": invalid, "jo@例 子.中国": invalid, "jo@中国": invalid, "mailto:": invalid,
	} {
		expect(t, r, identity.Claim{Type: "email", Value: input}, want)
	}
}

func TestEmailProvider(t *testing.T) {
	r := registry(t, ofNormalizer()...)
	for input, want := range map[string]string{
		"n09j.o+a@gmail.com": "n09jo@gmail.com", "N09JO@GoogleMail.com.": "n09jo@gmail.com", "jo+a+b@gmail.com": "jo@gmail.com", "j.o.+x.y@gmail.com": "jo@gmail.com",
		"j.o+a@x.com": "j.o+a@x.com", "j.o+a@mail.gmail.com": "j.o+a@mail.gmail.com", "j.o+a@gmail.com.cn": "j.o+a@gmail.com.cn",
		"+a@gmail.com": invalid, "...@gmail.com": invalid, ".'jo@gmail.com": "jo@gmail.com", "mail.to:jo@gmail.com": "jo@gmail.com", "j o@gmail.com": invalid,
	} {
		expect(t, r, identity.Claim{Type: "x_email_provider", Value: input}, want)
	}
}
