package segment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/personal"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// suspects are texts that are personal by shape, or nearly.
func suspects() []string {
	texts := []string{
		"", "gold", "上海", "13812345678", "+8613812345678", "+86 138-1234-5678", "(+86) 138 1234 5678", "电话13812345678。", "12812345678", "138123456789", "1381234567",
		"11010519491231002X", "11010519491231002x", "110105194912310021", "991105194912310021", "li.na@example.com", "a@b", "a@b.cn", "a@b@c.cn", "李娜@例子.公司",
		"<li.na@example.com>", "x li.na@example.com", "li na@example.com", "+1 (650) 253-0000", "+1", "2026-03-15T12:00:00+08:00", "1773549600000", "e@例.cn", "a@b.c",
		"１３８１２３４５６７８", "＋８６－１３８－１２３４－５６７８", "٠١٣٨١٢٣٤٥٦٧٨", "𝟏𝟑𝟖12345678", "①③⑧¹²³⁴₅₆₇₈", "139.8060.2506", "138/1234/5678", "138   1234\t5678", "tel:13812345678", "📞Tel 13812345678(home)",
		"13812345678、+86 13912345678", "13812345678.0", "13812345678.00", "+31.2304167", "+1.650.253.0000", "+44 (0)20 7946 0958", "110105-1990-03-07-123X", "a＠b.com", "ａ＠ｂ．ｃｏｍ", "a @ b.com", "a@b.com, c@d.com",
		"a@b.com（家）", "@a@b.social", "lib@1.2.30", "a@b.xn--p1ai", "https://u:p@host.example.com/x", "a@b.com\u200b", "a@b.com\x7f", "a\nb@b.com", "a@b.co\u0085",
	}
	// Blanks and marks of all kinds, which the two engines could see differently.
	for _, mark := range []string{" ", "\t", "\n", "\r", "\f", "\v", "\u0085", "\u00a0", "\u2028", "\u3000", "\u200b", "\ufeff", "٣", "３", "é", "Σ", "İ", "ß", "\U0001F600", "、", "。", "·", "–", "＋", "＠", "（", "\u00ad", "\u202e", "/", "(", "_", "-", ".", "@", "+", ",", ";", "<"} {
		for _, text := range []string{"13812345678", "li.na@example.com", "11010519491231002X", "+16502530000"} {
			texts = append(texts, mark+text, text+mark, text[:4]+mark+text[4:], mark+mark+text+mark+"\n")
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("0123456789138+- ().@xXa.cn例\n１３８＋＠٠\u200b/,")
	for range 400 {
		text := make([]rune, 3+random.IntN(20))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		texts = append(texts, string(text))
	}
	return texts
}

// A masked question compares just the texts that are shown: the databases and the masks agree on the shapes.
func TestMaskedQuestionsCompareWhatIsShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var (
			people []person
			shown  []string
		)
		for i, text := range suspects() {
			document := fmt.Sprintf(`{"x":%s,"list":[1,%[1]s],"number":13812345678}`, value.AppendText(nil, text))
			name := fmt.Sprintf("%d %q", i, text)
			people = append(people, person{
				name: name, attributes: document, tags: []tagged{{key: "k", value: string(value.AppendText(nil, text))}},
				events: []event{{name: "order", source: "api", at: benchmarkAsOf, properties: document}},
			})
			if !personal.Like(text) {
				shown = append(shown, name)
			}
		}
		if len(shown) < 100 || len(people)-len(shown) < 100 {
			t.Fatalf("%d of %d texts are shown", len(shown), len(people))
		}
		w := newWorld(t, db, people)
		for _, is := range []string{`{"gte":""}`, `{"contains":""}`, `{"startsWith":""}`, `{"endsWith":""}`, `{"matches":"(?s).*"}`, `{"between":["","\U0010FFFF"]}`} {
			is = strings.ReplaceAll(is, `\U0010FFFF`, "\U0010FFFF")
			for _, text := range []string{
				`{"attribute":{"name":"x","is":` + is + `}}`, `{"attribute":{"name":"list","is":` + is + `}}`, `{"tag":{"key":"k","is":` + is + `}}`,
				`{"event":{"where":[{"property":"x","is":` + is + `}]}}`, `{"event":{"where":[{"property":"list","is":` + is + `}]}}`,
			} {
				if found := w.askMasked(t, text); !slices.Equal(found, shown) {
					t.Errorf("%s: only found: %v; only shown: %v", text, without(found, shown), without(shown, found))
				}
			}
		}
		if found := w.askMasked(t, `{"attribute":{"name":"number","is":{"gt":1}}}`); len(found) != len(people) {
			t.Errorf("numbers are not masked by shape: %d", len(found))
		}
	})
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(some, one) })
}

// askMasked is ask for who sees personal values masked.
func (w *world) askMasked(tb testing.TB, text string) []string {
	tb.Helper()
	read, err := w.service.ReadMasked(object(tb, text), nil)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return w.found(tb, text, segment.Question{Rule: read, AsOf: benchmarkAsOf, Zone: shanghai, Masked: true})
}
