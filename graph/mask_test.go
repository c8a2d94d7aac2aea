package graph

import (
	"strings"
	"testing"
)

func TestMasksShowTheEndsOnly(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"+8613912345671":        "+86139****5671",
		"+16502530000":          "+16****000",
		"li.na@example.com":     "l****a@example.com",
		"x@example.com":         "****@example.com",
		"11010519491231002X":    "1101****002X",
		"A1":                    "****",
		"":                      "****",
		"王小明王小明王小":              "王小****王小",
		"+" + "1":               "****",
		strings.Repeat("a", 64): "aaaa****aaaa",
	} {
		got := mask(value)
		if got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}
