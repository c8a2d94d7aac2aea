package personal

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The glance that rules texts out is a matter of speed alone: the databases do without it.
func TestNoTextOfShapeIsRuledOutAtAGlance(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"13812345678", "138", "1234", "5678", "+86", "+1", "650", "2530000", "86", "0", ".0", "tel", "ID", ":", " ", "-", ".", "/", "(", ")", "（home）", "(home)", "１３８", "１２３４", "٥٦٧٨", "＋", "＠", "@", "﹫",
		"a", "b.cn", "ｂ．ｃｎ", "110105", "19900307", "123", "X", "x", "\u200b", "\u00a0", "\u3000", "电话", "📞", "“", "、", ",", ";", "<", "𝟏𝟑𝟖",
	}
	random := rand.New(rand.NewPCG(1, 2))
	glanced := regexp.MustCompile(Glance())
	recognised := 0
	for range 100_000 {
		text := ""
		for range 1 + random.IntN(7) {
			text += pieces[random.IntN(len(pieces))]
		}
		want := shaped.MatchString(fold(text))
		if got := Like(text); got != want {
			t.Fatalf("%q: %t, want %t", text, got, want)
		}
		if like([]byte(text)) != want {
			t.Fatalf("%q as bytes", text)
		}
		if want {
			recognised++
			if !glanced.MatchString(text) {
				t.Fatalf("%q is ruled out at a glance", text)
			}
		}
	}
	if recognised < 500 {
		t.Errorf("%d texts are of shape", recognised)
	}
}

func TestFoldingLeavesASCIIAndTellsWhatSQLDoes(t *testing.T) {
	t.Parallel()
	from, to := Folding()
	letters, as := []rune(from), []rune(to)
	glanced := regexp.MustCompile(Glance())
	seen := map[rune]bool{}
	for i, letter := range letters {
		if letter < utf8.RuneSelf || seen[letter] {
			t.Errorf("%U", letter)
		}
		seen[letter] = true
		want := ""
		if i < len(as) {
			want = string(as[i])
		}
		if want >= "0" && want <= "9" && !glanced.MatchString(strings.Repeat(string(letter), 8)) {
			t.Errorf("%U is a digit", letter)
		}
		if got := fold(string(letter)); got != want {
			t.Errorf("%U becomes %q, not %q", letter, got, want)
		}
	}
}
