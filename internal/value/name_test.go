package value_test

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

func TestANameIsATextThatSaysSomething(t *testing.T) {
	t.Parallel()
	at := fault.Path{"name"}
	for in, want := range map[string]string{
		"a":                               "a",
		" a b ":                           " a b ",
		"e\u0301":                         "\u00e9",
		strings.Repeat("\u6807", 255):     strings.Repeat("\u6807", 255),
		strings.Repeat("\U0001F600", 255): strings.Repeat("\U0001F600", 255),
		strings.Repeat("\u1112\u1161\u11ab", 255):       strings.Repeat("\ud55c", 255), // short after NFC
		strings.Repeat("\u03b1\u0313\u0300\u0345", 255): strings.Repeat("\u1f82", 255),
	} {
		if got, err := value.Name(in, at, value.MaxName); err != nil || got != want {
			t.Errorf("%.20q: %.20q, %v", in, got, err)
		}
	}
	for _, wrong := range []string{
		"", " ", "\t\n", "\u3000", "a\x00", "\xff", "a\ufdd0", strings.Repeat("a", 256), strings.Repeat("\u0958", 128), // two characters each in NFC
		strings.Repeat("e\u0301", 256), strings.Repeat("x", 1_000_000), strings.Repeat(" ", 1_000_000),
	} {
		got, err := value.Name(wrong, at, value.MaxName)
		faults := fault.All(err)
		if got != "" || len(faults) != 1 || faults[0].Code != fault.BadUserInput || faults[0].Path.String() != "name" || len(err.Error()) > 100 {
			t.Errorf("%.20q: %.20q, %v", wrong, got, err)
		}
	}
}
