package clients_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var logSetting = regexp.MustCompile(`(?m)^(log_\w+) = (\S+)`)

func TestTheDatabaseOfComposeLogsNoValuesOfPeople(t *testing.T) {
	t.Parallel()
	compose, operations := read(t, "../compose.yaml"), read(t, "../docs/operations.md")
	settings := logSetting.FindAllStringSubmatch(operations, -1)
	if len(settings) < 3 {
		t.Fatalf("docs/operations.md names %d settings", len(settings))
	}
	for _, setting := range settings {
		if line := "- " + setting[1] + "=" + setting[2] + "\n"; !strings.Contains(compose, line) {
			t.Errorf("compose.yaml has no line %q", line)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
